;; Of x [P, H·W, channels]: minimum, maximum, sum (each [channels]) and levels [P, channels, H·W] to out, one after the
;; other; channels `begin` to `end` in fours. A level is round(255·(x - minimum) / (maximum - minimum)), half to even.
(func (export "quantise")
  (param $x i32) (param $out i32) (param $probes i32) (param $places i32) (param $line i32)
  (param $smallest f32) (param $begin i32) (param $end i32)
  (local $c i32) (local $at i32) (local $last i32) (local $plane i32) (local $p i32) (local $to i32) (local $to2 i32)
  (local $v v128) (local $min v128) (local $max v128) (local $sum v128) (local $scale v128)
  (local.set $plane (i32.shl $places (i32.const 2)))
  (loop $channels
    (local.set $c (i32.shl $begin (i32.const 4)))
    (local.set $at (i32.add $x $c))
    (local.set $last (i32.add $at (i32.mul (i32.mul $probes $places) $line)))
    (local.set $min (v128.load $at))
    (local.set $max $min)
    (local.set $sum (v128.const f32x4 0 0 0 0))
    (loop $rows
      (local.set $v (v128.load $at))
      (local.set $min (f32x4.min $min $v))
      (local.set $max (f32x4.max $max $v))
      (local.set $sum (f32x4.add $sum $v))
      (local.set $at (i32.add $at $line))
      (br_if $rows (i32.lt_u $at $last)))
    (v128.store (i32.add $out $c) $min)
    (v128.store (i32.add (i32.add $out $line) $c) $max)
    (v128.store (i32.add (i32.add $out (i32.shl $line (i32.const 1))) $c) $sum)
    (local.set $scale
      (f32x4.div (f32x4.splat (f32.const 255)) (f32x4.max (f32x4.sub $max $min) (f32x4.splat $smallest))))
    (local.set $at (i32.add $x $c))
    (local.set $p (i32.const 0))
    (loop $each
      ;; Where the probe's plane of the first of the four channels begins.
      (local.set $to (i32.add
        (i32.add $out (i32.mul $line (i32.const 3)))
        (i32.mul $plane (i32.shr_u (i32.add (i32.mul $p $line) $c) (i32.const 2)))))
      (local.set $last (i32.add $to $plane))
      (loop $across
        (local.set $v (f32x4.nearest (f32x4.mul (f32x4.sub (v128.load $at) $min) $scale)))
        (v128.store32_lane 0 $to $v)
        (v128.store32_lane 1 (local.tee $to2 (i32.add $to $plane)) $v)
        (v128.store32_lane 2 (local.tee $to2 (i32.add $to2 $plane)) $v)
        (v128.store32_lane 3 (i32.add $to2 $plane) $v)
        (local.set $at (i32.add $at $line))
        (br_if $across (i32.lt_u (local.tee $to (i32.add $to (i32.const 4))) $last)))
      (br_if $each (i32.lt_u (local.tee $p (i32.add $p (i32.const 1))) $probes)))
    (br_if $channels (i32.lt_u (local.tee $begin (i32.add $begin (i32.const 1))) $end))))
