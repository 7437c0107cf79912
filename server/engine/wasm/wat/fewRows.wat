;; Matrix products of few rows, for which packing the right factor would take longer than the product: it is read where it
;; lies. Each sum is taken in the same order as in product.wat.

;; y [p, n] = x [p, k] · w [k, n]; units are panels of eight columns, the last ends at column n (at least 8) and may overlap.
(func (export "productOfFew")
  (param $x i32) (param $w i32) (param $y i32) (param $p i32) (param $k i32) (param $n i32)
  (param $begin i32) (param $end i32)
  (local $xline i32) (local $line i32) (local $column i32) (local $row i32)
  (local.set $xline (i32.shl $k (i32.const 2)))
  (local.set $line (i32.shl $n (i32.const 2)))
  (loop $right
    (local.set $column (call $column $begin $n))
    (local.set $row (i32.const 0))
    (loop $down
      (call $fewRows
        (i32.add $x (i32.mul $row $xline)) (i32.add $w $column) $xline
        (i32.add (i32.add $y $column) (i32.mul $row $line)) $line $k
        (call $minimum (i32.const 3) (i32.sub (i32.sub $p $row) (i32.const 1))))
      (br_if $down (i32.lt_u (local.tee $row (i32.add $row (i32.const 4))) $p)))
    (br_if $right (i32.lt_u (local.tee $begin (i32.add $begin (i32.const 1))) $end))))

;; Rows 0 to $last (3 at most) by eight columns; rows beyond are the last one again.
(func $fewRows
  (param $x0 i32) (param $w i32) (param $xline i32) (param $y i32) (param $line i32) (param $k i32) (param $last i32)
  (local $v v128) (local $w0 v128) (local $w1 v128)
  (for # 1 2 3 (local $x# i32))
  (repeat # 4 (local $s# v128) (local $t# v128))
  (for # 1 2 3
    (local.set $x# (i32.add $x0 (i32.mul $xline (call $minimum (i32.const #) $last)))))
  (loop $next
    (local.set $w0 (v128.load $w))
    (local.set $w1 (v128.load offset=16 $w))
    (repeat # 4
      (local.set $v (v128.load32_splat $x#))
      (local.set $s# (madd $v $w0 $s#))
      (local.set $t# (madd $v $w1 $t#))
      (local.set $x# (i32.add $x# (i32.const 4))))
    (local.set $w (i32.add $w $line))
    (br_if $next (local.tee $k (i32.sub $k (i32.const 1)))))
  (repeat # 4
    (v128.store (i32.add $y (i32.mul $line (call $minimum (i32.const #) $last))) $s#)
    (v128.store offset=16 (i32.add $y (i32.mul $line (call $minimum (i32.const #) $last))) $t#)))
