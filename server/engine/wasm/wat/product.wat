;; Matrix products. The right factor is packed first: panels of eight columns, each [k, 8]; the last panel ends at column
;; n (at least 8) and may overlap the one before. Four rows by eight columns of sums stay in registers.

;; w [k, n] to panels; units are panels.
(func (export "pack") (param $w i32) (param $to i32) (param $k i32) (param $n i32) (param $begin i32) (param $end i32)
  (local $line i32) (local $at i32) (local $i i32)
  (local.set $line (i32.shl $n (i32.const 2)))
  (local.set $to (i32.add $to (i32.mul $begin (i32.shl $k (i32.const 5)))))
  (loop $panel
    (local.set $at (i32.add $w (call $column $begin $n)))
    (local.set $i $k)
    (loop $down
      (v128.store $to (v128.load $at))
      (v128.store offset=16 $to (v128.load offset=16 $at))
      (local.set $at (i32.add $at $line))
      (local.set $to (i32.add $to (i32.const 32)))
      (br_if $down (local.tee $i (i32.sub $i (i32.const 1)))))
    (br_if $panel (i32.lt_u (local.tee $begin (i32.add $begin (i32.const 1))) $end))))

;; The same of w transposed: w is [n, k].
(func (export "packTransposed")
  (param $w i32) (param $to i32) (param $k i32) (param $n i32) (param $begin i32) (param $end i32)
  (local $line i32) (local $at i32) (local $i i32) (local $c i32) (local $put i32)
  (local.set $line (i32.shl $k (i32.const 2)))
  (local.set $to (i32.add $to (i32.mul $begin (i32.shl $k (i32.const 5)))))
  (loop $panel
    (local.set $at (i32.add $w (i32.mul (i32.shr_u (call $column $begin $n) (i32.const 2)) $line)))
    (local.set $c (i32.const 0))
    (loop $columns
      (local.set $put (i32.add $to (i32.shl $c (i32.const 2))))
      (local.set $i $k)
      (loop $down
        (f32.store $put (f32.load $at))
        (local.set $at (i32.add $at (i32.const 4)))
        (local.set $put (i32.add $put (i32.const 32)))
        (br_if $down (local.tee $i (i32.sub $i (i32.const 1)))))
      (br_if $columns (i32.lt_u (local.tee $c (i32.add $c (i32.const 1))) (i32.const 8))))
    (local.set $to (i32.add $to (i32.shl $k (i32.const 5))))
    (br_if $panel (i32.lt_u (local.tee $begin (i32.add $begin (i32.const 1))) $end))))

;; Where a panel begins, in bytes of a row.
(func $column (param $panel i32) (param $n i32) (result i32)
  (i32.shl
    (call $minimum (i32.shl $panel (i32.const 3)) (i32.sub $n (i32.const 8)))
    (i32.const 2)))

;; y [p, n] = x [p, k] · panels; units are strips of four rows, the last ends at row p (at least 4) and may overlap.
(func (export "product")
  (param $x i32) (param $panels i32) (param $y i32) (param $p i32) (param $k i32) (param $n i32)
  (param $begin i32) (param $end i32)
  (local $xline i32) (local $line i32) (local $size i32) (local $panel i32) (local $count i32)
  (local $strip i32) (local $column i32) (local $row i32)
  (local.set $xline (i32.shl $k (i32.const 2)))
  (local.set $line (i32.shl $n (i32.const 2)))
  (local.set $size (i32.shl $k (i32.const 5)))
  (local.set $count (i32.shr_u (i32.add $n (i32.const 7)) (i32.const 3)))
  (loop $right
    (local.set $column (call $column $panel $n))
    (local.set $strip $begin)
    (loop $down
      (local.set $row (call $minimum (i32.shl $strip (i32.const 2)) (i32.sub $p (i32.const 4))))
      (call $tile
        (i32.add $x (i32.mul $row $xline)) $panels $xline
        (i32.add (i32.add $y $column) (i32.mul $row $line)) $line $size)
      (br_if $down (i32.lt_u (local.tee $strip (i32.add $strip (i32.const 1))) $end)))
    (local.set $panels (i32.add $panels $size))
    (br_if $right (i32.lt_u (local.tee $panel (i32.add $panel (i32.const 1))) $count))))

(func $tile
  (param $x i32) (param $w i32) (param $xline i32) (param $y i32) (param $line i32) (param $size i32)
  (local $end i32) (local $x1 i32) (local $x2 i32) (local $x3 i32) (local $v v128) (local $w0 v128) (local $w1 v128)
  (repeat # 4 (local $s# v128) (local $t# v128))
  (local.set $x1 (i32.add $x $xline))
  (local.set $x2 (i32.add $x1 $xline))
  (local.set $x3 (i32.add $x2 $xline))
  (local.set $end (i32.add $w $size))
  (loop $next
    (local.set $w0 (v128.load $w))
    (local.set $w1 (v128.load offset=16 $w))
    (local.set $v (v128.load32_splat $x))
    (local.set $s0 (madd $v $w0 $s0))
    (local.set $t0 (madd $v $w1 $t0))
    (for # 1 2 3
      (local.set $v (v128.load32_splat $x#))
      (local.set $s# (madd $v $w0 $s#))
      (local.set $t# (madd $v $w1 $t#)))
    (local.set $x (i32.add $x (i32.const 4)))
    (for # 1 2 3 (local.set $x# (i32.add $x# (i32.const 4))))
    (br_if $next (i32.lt_u (local.tee $w (i32.add $w (i32.const 32))) $end)))
  (v128.store $y $s0)
  (v128.store offset=16 $y $t0)
  (for # 1 2 3
    (v128.store (local.tee $y (i32.add $y $line)) $s#)
    (v128.store offset=16 $y $t#)))
