;; out = the sum of `parts` vectors, `stride` bytes apart, in their order; quarters as in annealed.wat.
(func (export "addParts")
  (param $from i32) (param $out i32) (param $parts i32) (param $stride i32)
  (param $length i32) (param $begin i32) (param $end i32)
  (local $at i32) (local $last i32) (local $p i32) (local $i i32) (local $sum v128)
  (local.set $last (i32.shl (i32.sub $length (i32.const 4)) (i32.const 2)))
  (loop $next
    (local.set $at (i32.shl $begin (i32.const 4)))
    (local.set $at (select $at $last (i32.lt_u $at $last)))
    (local.set $p (i32.add $from $at))
    (local.set $i $parts)
    (local.set $sum (v128.const f32x4 0 0 0 0))
    (loop $each
      (local.set $sum (f32x4.add $sum (v128.load $p)))
      (local.set $p (i32.add $p $stride))
      (br_if $each (local.tee $i (i32.sub $i (i32.const 1)))))
    (v128.store (i32.add $out $at) $sum)
    (br_if $next (i32.lt_u (local.tee $begin (i32.add $begin (i32.const 1))) $end))))

;; Adds four floats to four doubles.
(func $addDoubles (param $out i32) (param $v v128)
  (v128.store $out (f64x2.add (v128.load $out) (f64x2.promote_low_f32x4 $v)))
  (v128.store offset=16 $out
    (f64x2.add (v128.load offset=16 $out)
      (f64x2.promote_low_f32x4 (i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7 $v $v)))))

(func $addFloats (param $to i32) (param $v v128)
  (v128.store $to (f32x4.add (v128.load $to) $v)))

(func $minimum (param $a i32) (param $b i32) (result i32)
  (select $a $b (i32.lt_u $a $b)))
