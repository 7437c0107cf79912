;; The gradient of a product's right factor: xᵀ·dy of x [p, i] and dy [p, o], i a multiple of 4 and o of 8. Units are
;; `cuts` parts of the rows, `block` columns of x in each: unit = row part · blocks + block of columns. The sums of a row
;; part go to out[row part], [i, o].
(func (export "outer")
  (param $x i32) (param $dy i32) (param $out i32) (param $scratch i32) (param $p i32) (param $i i32) (param $o i32)
  (param $rows i32) (param $block i32) (param $tile i32) (param $packed i32)
  (param $begin i32) (param $end i32)
  (local $blocks i32) (local $cut i32) (local $first i32) (local $last i32) (local $from i32) (local $to i32)
  (local $count i32) (local $sums i32) (local $xat i32) (local $at i32) (local $columns i32)
  (local.set $blocks (i32.div_u (i32.sub (i32.add $i $block) (i32.const 1)) $block))
  (loop $units
    (local.set $cut (i32.div_u $begin $blocks))
    (local.set $first (i32.mul (i32.rem_u $begin $blocks) $block))
    (local.set $last (call $minimum $i (i32.add $first $block)))
    (local.set $from (i32.mul $cut $rows))
    (local.set $to (call $minimum $p (i32.add $from $rows)))
    (local.set $sums (i32.add $out (i32.shl (i32.mul $o (i32.add $first (i32.mul $cut $i))) (i32.const 2))))
    (call $clear $sums (i32.shl (i32.mul $o (i32.sub $last $first)) (i32.const 2)))
    (loop $tiles
      (local.set $count (call $minimum (i32.sub $to $from) $tile))
      (local.set $xat (i32.add $x (i32.shl (i32.add $first (i32.mul $from $i)) (i32.const 2))))
      (local.set $at (i32.add $dy (i32.shl (i32.mul $from $o) (i32.const 2))))
      (local.set $columns (i32.sub $last $first))
      (if $packed
        (then (call $packedTile $xat $at $sums
          (i32.add $scratch (i32.mul $begin (i32.shl (i32.mul $tile (i32.add $o (i32.const 4))) (i32.const 2))))
          (i32.shl $i (i32.const 2)) (i32.shl $o (i32.const 2)) $columns $count))
        (else (call $plainTile $xat $at $sums (i32.shl $i (i32.const 2)) (i32.shl $o (i32.const 2)) $columns $count)))
      (br_if $tiles (i32.lt_u (local.tee $from (i32.add $from $count)) $to)))
    (br_if $units (i32.lt_u (local.tee $begin (i32.add $begin (i32.const 1))) $end))))

;; Adds the product of the rows of a tile, few enough for the cache and for the digits of float32 sums.
(func $plainTile
  (param $x i32) (param $dy i32) (param $out i32) (param $xline i32) (param $line i32) (param $columns i32)
  (param $rows i32)
  (local $c i32)
  (loop $strips
    (local.set $c (i32.const 0))
    (loop $right
      (call $outerSums $x $xline (i32.add $dy $c) $line (i32.add $out $c) $line $rows)
      (br_if $right (i32.lt_u (local.tee $c (i32.add $c (i32.const 32))) $line)))
    (local.set $x (i32.add $x (i32.const 16)))
    (local.set $out (i32.add $out (i32.shl $line (i32.const 2))))
    (br_if $strips (local.tee $columns (i32.sub $columns (i32.const 4))))))

;; The same with both factors packed: long rows, whose length is often a power of two, would else fall onto the same few
;; lines of the cache.
(func $packedTile
  (param $x i32) (param $dy i32) (param $out i32) (param $scratch i32) (param $xline i32) (param $line i32)
  (param $columns i32) (param $rows i32)
  (local $panels i32) (local $strip i32) (local $put i32) (local $at i32) (local $n i32) (local $c i32)
  (local.set $strip $scratch)
  (local.set $panels (i32.add $scratch (i32.shl $rows (i32.const 4))))
  (local.set $put $panels)
  (loop $pack
    (local.set $at (i32.add $dy $c))
    (local.set $n $rows)
    (loop $down
      (v128.store $put (v128.load $at))
      (v128.store offset=16 $put (v128.load offset=16 $at))
      (local.set $at (i32.add $at $line))
      (local.set $put (i32.add $put (i32.const 32)))
      (br_if $down (local.tee $n (i32.sub $n (i32.const 1)))))
    (br_if $pack (i32.lt_u (local.tee $c (i32.add $c (i32.const 32))) $line)))
  (loop $strips
    (local.set $at $x)
    (local.set $put $strip)
    (local.set $n $rows)
    (loop $down
      (v128.store $put (v128.load $at))
      (local.set $at (i32.add $at $xline))
      (local.set $put (i32.add $put (i32.const 16)))
      (br_if $down (local.tee $n (i32.sub $n (i32.const 1)))))
    (local.set $c (i32.const 0))
    (local.set $at $panels)
    (loop $right
      (call $outerSums $strip (i32.const 16) $at (i32.const 32) (i32.add $out $c) $line $rows)
      (local.set $at (i32.add $at (i32.shl $rows (i32.const 5))))
      (br_if $right (i32.lt_u (local.tee $c (i32.add $c (i32.const 32))) $line)))
    (local.set $x (i32.add $x (i32.const 16)))
    (local.set $out (i32.add $out (i32.shl $line (i32.const 2))))
    (br_if $strips (local.tee $columns (i32.sub $columns (i32.const 4))))))

;; Adds four columns of x by eight of dy, the sums in registers; `xstep` and `step` are the bytes from row to row.
(func $outerSums
  (param $x i32) (param $xstep i32) (param $dy i32) (param $step i32) (param $out i32) (param $line i32) (param $rows i32)
  (local $v v128) (local $d0 v128) (local $d1 v128)
  (repeat # 4 (local $s# v128) (local $t# v128))
  (loop $next
    (local.set $d0 (v128.load $dy))
    (local.set $d1 (v128.load offset=16 $dy))
    (repeat # 4
      (local.set $v (v128.load32_splat offset=4*# $x))
      (local.set $s# (madd $v $d0 $s#))
      (local.set $t# (madd $v $d1 $t#)))
    (local.set $x (i32.add $x $xstep))
    (local.set $dy (i32.add $dy $step))
    (br_if $next (local.tee $rows (i32.sub $rows (i32.const 1)))))
  (repeat # 4
    (v128.store $out (f32x4.add (v128.load $out) $s#))
    (v128.store offset=16 $out (f32x4.add (v128.load offset=16 $out) $t#))
    (local.set $out (i32.add $out $line))))
