;; One update of AdamW: w' = w - w·decay·rate - m'/(√v' + ε)·step, m' = m·beta1 + g·rest1, v' = v·beta2 + g²·rest2.
;;
;; Quarters as in annealed.wat.
(func (export "adamw")
  (param $w i32) (param $m i32) (param $v i32) (param $g i32) (param $decay i32)
  (param $wto i32) (param $mto i32) (param $vto i32)
  (param $rate f32) (param $beta1 f32) (param $rest1 f32) (param $beta2 f32) (param $rest2 f32)
  (param $epsilon f32) (param $step f32) (param $length i32) (param $begin i32) (param $end i32)
  (local $at i32) (local $last i32) (local $x v128) (local $gradient v128) (local $mean v128) (local $square v128)
  (local.set $last (i32.shl (i32.sub $length (i32.const 4)) (i32.const 2)))
  (loop $next
    (local.set $at (i32.shl $begin (i32.const 4)))
    (local.set $at (select $at $last (i32.lt_u $at $last)))
    (local.set $x (v128.load (i32.add $w $at)))
    (local.set $gradient (v128.load (i32.add $g $at)))
    (local.set $mean (f32x4.add
      (f32x4.mul (v128.load (i32.add $m $at)) (f32x4.splat $beta1))
      (f32x4.mul $gradient (f32x4.splat $rest1))))
    (local.set $square (f32x4.add
      (f32x4.mul (v128.load (i32.add $v $at)) (f32x4.splat $beta2))
      (f32x4.mul (f32x4.mul $gradient $gradient) (f32x4.splat $rest2))))
    (v128.store (i32.add $mto $at) $mean)
    (v128.store (i32.add $vto $at) $square)
    (v128.store (i32.add $wto $at)
      (f32x4.sub
        (f32x4.sub $x (f32x4.mul (f32x4.mul $x (v128.load (i32.add $decay $at))) (f32x4.splat $rate)))
        (f32x4.mul
          (f32x4.div $mean
            (f32x4.add (f32x4.sqrt $square) (f32x4.splat $epsilon)))
          (f32x4.splat $step))))
    (br_if $next (i32.lt_u (local.tee $begin (i32.add $begin (i32.const 1))) $end))))
