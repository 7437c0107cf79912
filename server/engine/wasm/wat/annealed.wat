;; y = x where x > 0, slope·x elsewhere. Here and elsewhere quarters `begin` to `end` are four values each; the last ends
;; at `length` (at least 4) and may overlap the one before: outputs are not inputs, so it computes the same again.
(func (export "leaky")
  (param $x i32) (param $y i32) (param $slope f32) (param $length i32) (param $begin i32) (param $end i32)
  (local $at i32) (local $stop i32) (local $s v128) (local $v v128) (local $zero v128)
  (local.set $s (f32x4.splat $slope))
  (local.set $at (i32.shl $begin (i32.const 4)))
  (local.set $stop (i32.shl (call $minimum $end (i32.shr_u $length (i32.const 2))) (i32.const 4)))
  (loop $again
    (for N 4 1
      (block $few
        (loop $next
          (br_if $few (i32.gt_u (i32.add $at (i32.const 16*N)) $stop))
          (repeat # N
            (local.set $v (v128.load offset=16*# (i32.add $x $at)))
            (v128.store offset=16*# (i32.add $y $at)
              (v128.bitselect $v (f32x4.mul $v $s) (f32x4.gt $v $zero))))
          (local.set $at (i32.add $at (i32.const 16*N)))
          (br $next))))
    (if (i32.gt_u (i32.shl $end (i32.const 2)) $length) (then
      (local.set $end (i32.const 0))
      (local.set $stop (i32.shl $length (i32.const 2)))
      (local.set $at (i32.sub $stop (i32.const 16)))
      (br $again)))))

;; dx = dy where x > 0, slope·dy elsewhere.
(func (export "leakyGradient")
  (param $dy i32) (param $x i32) (param $dx i32) (param $slope f32)
  (param $length i32) (param $begin i32) (param $end i32)
  (local $at i32) (local $stop i32) (local $s v128) (local $d v128) (local $zero v128)
  (local.set $s (f32x4.splat $slope))
  (local.set $at (i32.shl $begin (i32.const 4)))
  (local.set $stop (i32.shl (call $minimum $end (i32.shr_u $length (i32.const 2))) (i32.const 4)))
  (loop $again
    (for N 4 1
      (block $few
        (loop $next
          (br_if $few (i32.gt_u (i32.add $at (i32.const 16*N)) $stop))
          (repeat # N
            (local.set $d (v128.load offset=16*# (i32.add $dy $at)))
            (v128.store offset=16*# (i32.add $dx $at)
              (v128.bitselect $d (f32x4.mul $d $s)
                (f32x4.gt (v128.load offset=16*# (i32.add $x $at)) $zero))))
          (local.set $at (i32.add $at (i32.const 16*N)))
          (br $next))))
    (if (i32.gt_u (i32.shl $end (i32.const 2)) $length) (then
      (local.set $end (i32.const 0))
      (local.set $stop (i32.shl $length (i32.const 2)))
      (local.set $at (i32.sub $stop (i32.const 16)))
      (br $again)))))
