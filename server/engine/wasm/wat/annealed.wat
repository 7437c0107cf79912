;; y = x where x > 0, slope·x elsewhere. Here and below quarters `begin` to `end` are four values each; the last ends at
;; `length` (at least 4) and may overlap the one before: outputs are not inputs, so it computes the same again.
(func (export "leaky")
  (param $x i32) (param $y i32) (param $slope f32) (param $length i32) (param $begin i32) (param $end i32)
  (local $at i32) (local $last i32) (local $v v128) (local $zero v128)
  (local.set $last (i32.shl (i32.sub $length (i32.const 4)) (i32.const 2)))
  (loop $next
    (local.set $at (i32.shl $begin (i32.const 4)))
    (local.set $at (select $at $last (i32.lt_u $at $last)))
    (local.set $v (v128.load (i32.add $x $at)))
    (v128.store (i32.add $y $at)
      (f32x4.add (f32x4.max $v $zero) (f32x4.mul (f32x4.min $v $zero) (f32x4.splat $slope))))
    (br_if $next (i32.lt_u (local.tee $begin (i32.add $begin (i32.const 1))) $end))))

;; dx = dy where x > 0, slope·dy elsewhere.
(func (export "leakyGradient")
  (param $dy i32) (param $x i32) (param $dx i32) (param $slope f32)
  (param $length i32) (param $begin i32) (param $end i32)
  (local $at i32) (local $last i32) (local $d v128) (local $zero v128)
  (local.set $last (i32.shl (i32.sub $length (i32.const 4)) (i32.const 2)))
  (loop $next
    (local.set $at (i32.shl $begin (i32.const 4)))
    (local.set $at (select $at $last (i32.lt_u $at $last)))
    (local.set $d (v128.load (i32.add $dy $at)))
    (v128.store (i32.add $dx $at)
      (v128.bitselect $d
        (f32x4.mul $d (f32x4.splat $slope))
        (f32x4.gt (v128.load (i32.add $x $at)) $zero)))
    (br_if $next (i32.lt_u (local.tee $begin (i32.add $begin (i32.const 1))) $end))))
