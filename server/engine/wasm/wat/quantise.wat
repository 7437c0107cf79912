;; Of x [P, H·W, channels]: minimum, maximum, sum (each [channels]) and levels [P, channels, H·W] to out, one after the
;; other; channels `begin` to `end` in fours. A level is round(255·(x - minimum) / (maximum - minimum)), half to even.
(func (export "quantise")
  (param $x i32) (param $out i32) (param $probes i32) (param $places i32) (param $line i32)
  (param $smallest f32) (param $begin i32) (param $end i32)
  (local $c i32) (local $at i32) (local $last i32) (local $plane i32) (local $p i32) (local $to i32)
  (local $v v128) (local $min v128) (local $max v128) (local $sum v128)
  (local.set $plane (i32.shl $places (i32.const 2)))
  (loop $channels
    (local.set $c (i32.shl $begin (i32.const 4)))
    (local.set $at (i32.add $x $c))
    (local.set $last (i32.add $at (i32.mul (i32.mul $probes $places) $line)))
    (local.set $min (v128.load $at))
    (local.set $max $min)
    (local.set $sum (v128.const f32x4 0 0 0 0))
    ;; Pseudo-minimum and -maximum are one instruction each; what they make of a NaN does not matter, the sum tells.
    (loop $rows
      (local.set $v (v128.load $at))
      (local.set $min (f32x4.pmin $min $v))
      (local.set $max (f32x4.pmax $max $v))
      (local.set $sum (f32x4.add $sum $v))
      (local.set $at (i32.add $at $line))
      (br_if $rows (i32.lt_u $at $last)))
    (v128.store (i32.add $out $c) $min)
    (v128.store (i32.add (i32.add $out $line) $c) $max)
    (v128.store (i32.add (i32.add $out (i32.shl $line (i32.const 1))) $c) $sum)
    (local.set $at (i32.add $x $c))
    (local.set $p (i32.const 0))
    (loop $each
      ;; Where the probe's plane of the first of the four channels begins.
      (local.set $to (i32.add
        (i32.add $out (i32.mul $line (i32.const 3)))
        (i32.mul $plane (i32.shr_u (i32.add (i32.mul $p $line) $c) (i32.const 2)))))
      (call $levels $at $to $plane $line $min
        (f32x4.div (f32x4.splat (f32.const 255)) (f32x4.max (f32x4.sub $max $min) (f32x4.splat $smallest))))
      (local.set $at (i32.add $at (i32.mul $places $line)))
      (br_if $each (i32.lt_u (local.tee $p (i32.add $p (i32.const 1))) $probes)))
    (br_if $channels (i32.lt_u (local.tee $begin (i32.add $begin (i32.const 1))) $end))))

;; Four planes of levels, four places at once as long as there are so many.
(func $levels
  (param $at i32) (param $to i32) (param $plane i32) (param $line i32) (param $min v128) (param $scale v128)
  (local $last i32) (local $to2 i32)
  (repeat # 4 (local $v# v128) (local $w# v128))
  (local.set $last (i32.add $to $plane))
  (block $few
    (loop $across
      (br_if $few (i32.gt_u (i32.add $to (i32.const 16)) $last))
      (repeat # 4
        (local.set $v# (f32x4.nearest (f32x4.mul (f32x4.sub (v128.load $at) $min) $scale)))
        (local.set $at (i32.add $at $line)))
      (for # 0 2
        (local.set $w# (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 $v# $v#+1))
        (local.set $w#+1 (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 $v# $v#+1)))
      (v128.store $to (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 $w0 $w2))
      (v128.store (local.tee $to2 (i32.add $to $plane))
        (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 $w0 $w2))
      (v128.store (local.tee $to2 (i32.add $to2 $plane))
        (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 $w1 $w3))
      (v128.store (i32.add $to2 $plane)
        (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 $w1 $w3))
      (local.set $to (i32.add $to (i32.const 16)))
      (br $across)))
  (block $none
    (loop $across
      (br_if $none (i32.ge_u $to $last))
      (local.set $v0 (f32x4.nearest (f32x4.mul (f32x4.sub (v128.load $at) $min) $scale)))
      (v128.store32_lane 0 $to $v0)
      (v128.store32_lane 1 (local.tee $to2 (i32.add $to $plane)) $v0)
      (v128.store32_lane 2 (local.tee $to2 (i32.add $to2 $plane)) $v0)
      (v128.store32_lane 3 (i32.add $to2 $plane) $v0)
      (local.set $at (i32.add $at $line))
      (local.set $to (i32.add $to (i32.const 4)))
      (br $across))))
