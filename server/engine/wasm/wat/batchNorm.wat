;; Matrices are row-major float32 [rows, channels]; `line` is the bytes of a row, a multiple of 16. Rows `begin` to `end`
;; go by in tiles small enough for the cache, each tile by columns of 16, 8 or 4 channels, so that what belongs to a
;; channel stays in registers.

;; Σ d and Σ d² of d = x - pivot[c] over the part's rows to out[part], float64 [2, channels]: float32 sums over the rows
;; of a tile, float64 sums over tiles.
(func (export "squares")
  (param $x i32) (param $pivot i32) (param $out i32) (param $line i32) (param $begin i32) (param $end i32) (param $part i32)
  (local $c i32) (local $rows i32)
  (local.set $out (i32.add $out (i32.shl (i32.mul $part $line) (i32.const 2))))
  (call $clear $out (i32.shl $line (i32.const 2)))
  (loop $tiles
    (local.set $rows (call $minimum (i32.sub $end $begin) (i32.const 64)))
    (local.set $c (i32.const 0))
    (for N 4 2 1
      (block $narrow
        (loop $columns
          (br_if $narrow (i32.gt_u (i32.add $c (i32.const 16*N)) $line))
          (call $squaresN (i32.add (i32.add $x (i32.mul $begin $line)) $c) (i32.add $pivot $c)
            (i32.add $out (i32.shl $c (i32.const 1))) $rows $line)
          (local.set $c (i32.add $c (i32.const 16*N)))
          (br $columns))))
    (br_if $tiles (i32.lt_u (local.tee $begin (i32.add $begin $rows)) $end))))

(for N 4 2 1
  (func $squaresN (param $x i32) (param $pivot i32) (param $out i32) (param $rows i32) (param $line i32)
    (local $d v128)
    (repeat # N (local $p# v128) (local $s# v128) (local $q# v128))
    (repeat # N (local.set $p# (v128.load offset=16*# $pivot)))
    (loop $next
      (repeat # N
        (local.set $d (f32x4.sub (v128.load offset=16*# $x) $p#))
        (local.set $s# (f32x4.add $s# $d))
        (local.set $q# (madd $d $d $q#)))
      (local.set $x (i32.add $x $line))
      (br_if $next (local.tee $rows (i32.sub $rows (i32.const 1)))))
    (repeat # N (call $addDoubles (i32.add $out (i32.const 32*#)) $s#))
    (local.set $out (i32.add $out (i32.shl $line (i32.const 1))))
    (repeat # N (call $addDoubles (i32.add $out (i32.const 32*#)) $q#))))

(func $clear (param $at i32) (param $bytes i32)
  (local $end i32)
  (local.set $end (i32.add $at $bytes))
  (loop $next
    (v128.store $at (v128.const f32x4 0 0 0 0))
    (br_if $next (i32.lt_u (local.tee $at (i32.add $at (i32.const 16))) $end))))

;; Σ dy and Σ dy·(x - pivot[c]) to out[part], as above.
(func (export "products")
  (param $dy i32) (param $x i32) (param $pivot i32) (param $out i32) (param $line i32)
  (param $begin i32) (param $end i32) (param $part i32)
  (local $c i32) (local $rows i32) (local $at i32)
  (local.set $out (i32.add $out (i32.shl (i32.mul $part $line) (i32.const 2))))
  (call $clear $out (i32.shl $line (i32.const 2)))
  (loop $tiles
    (local.set $rows (call $minimum (i32.sub $end $begin) (i32.const 64)))
    (local.set $c (i32.const 0))
    (for N 4 2 1
      (block $narrow
        (loop $columns
          (br_if $narrow (i32.gt_u (i32.add $c (i32.const 16*N)) $line))
          (local.set $at (i32.add (i32.mul $begin $line) $c))
          (call $productsN (i32.add $dy $at) (i32.add $x $at) (i32.add $pivot $c)
            (i32.add $out (i32.shl $c (i32.const 1))) $rows $line)
          (local.set $c (i32.add $c (i32.const 16*N)))
          (br $columns))))
    (br_if $tiles (i32.lt_u (local.tee $begin (i32.add $begin $rows)) $end))))

(for N 4 2 1
  (func $productsN
    (param $dy i32) (param $x i32) (param $pivot i32) (param $out i32) (param $rows i32) (param $line i32)
    (local $d v128)
    (repeat # N (local $p# v128) (local $s# v128) (local $q# v128))
    (repeat # N (local.set $p# (v128.load offset=16*# $pivot)))
    (loop $next
      (repeat # N
        (local.set $d (v128.load offset=16*# $dy))
        (local.set $s# (f32x4.add $s# $d))
        (local.set $q# (madd $d (f32x4.sub (v128.load offset=16*# $x) $p#) $q#)))
      (local.set $x (i32.add $x $line))
      (local.set $dy (i32.add $dy $line))
      (br_if $next (local.tee $rows (i32.sub $rows (i32.const 1)))))
    (repeat # N (call $addDoubles (i32.add $out (i32.const 32*#)) $s#))
    (local.set $out (i32.add $out (i32.shl $line (i32.const 1))))
    (repeat # N (call $addDoubles (i32.add $out (i32.const 32*#)) $q#))))

;; y = (x - centre[c])·a[c] + d[c].
(func (export "affine")
  (param $x i32) (param $y i32) (param $line i32) (param $centre i32) (param $a i32) (param $d i32)
  (param $begin i32) (param $end i32)
  (local $c i32) (local $rows i32) (local $at i32)
  (loop $tiles
    (local.set $rows (call $minimum (i32.sub $end $begin) (i32.const 64)))
    (local.set $c (i32.const 0))
    (for N 4 2 1
      (block $narrow
        (loop $columns
          (br_if $narrow (i32.gt_u (i32.add $c (i32.const 16*N)) $line))
          (local.set $at (i32.add (i32.mul $begin $line) $c))
          (call $affineN (i32.add $x $at) (i32.add $y $at)
            (i32.add $centre $c) (i32.add $a $c) (i32.add $d $c) $rows $line)
          (local.set $c (i32.add $c (i32.const 16*N)))
          (br $columns))))
    (br_if $tiles (i32.lt_u (local.tee $begin (i32.add $begin $rows)) $end))))

(for N 4 2 1
  (func $affineN
    (param $x i32) (param $y i32) (param $centre i32) (param $a i32) (param $d i32) (param $rows i32) (param $line i32)
    (repeat # N (local $m# v128) (local $a# v128) (local $d# v128))
    (repeat # N
      (local.set $m# (v128.load offset=16*# $centre))
      (local.set $a# (v128.load offset=16*# $a))
      (local.set $d# (v128.load offset=16*# $d)))
    (loop $next
      (repeat # N
        (v128.store offset=16*# $y (madd (f32x4.sub (v128.load offset=16*# $x) $m#) $a# $d#)))
      (local.set $x (i32.add $x $line))
      (local.set $y (i32.add $y $line))
      (br_if $next (local.tee $rows (i32.sub $rows (i32.const 1)))))))

;; dx = dy·a[c] + x·b[c] + d[c].
(func (export "affineGradient")
  (param $dy i32) (param $x i32) (param $dx i32) (param $line i32) (param $a i32) (param $b i32) (param $d i32)
  (param $begin i32) (param $end i32)
  (local $c i32) (local $rows i32) (local $at i32)
  (loop $tiles
    (local.set $rows (call $minimum (i32.sub $end $begin) (i32.const 64)))
    (local.set $c (i32.const 0))
    (for N 4 2 1
      (block $narrow
        (loop $columns
          (br_if $narrow (i32.gt_u (i32.add $c (i32.const 16*N)) $line))
          (local.set $at (i32.add (i32.mul $begin $line) $c))
          (call $affineGradientN (i32.add $dy $at) (i32.add $x $at) (i32.add $dx $at)
            (i32.add $a $c) (i32.add $b $c) (i32.add $d $c) $rows $line)
          (local.set $c (i32.add $c (i32.const 16*N)))
          (br $columns))))
    (br_if $tiles (i32.lt_u (local.tee $begin (i32.add $begin $rows)) $end))))

(for N 4 2 1
  (func $affineGradientN
    (param $dy i32) (param $x i32) (param $dx i32)
    (param $a i32) (param $b i32) (param $d i32) (param $rows i32) (param $line i32)
    (repeat # N (local $a# v128) (local $b# v128) (local $d# v128))
    (repeat # N
      (local.set $a# (v128.load offset=16*# $a))
      (local.set $b# (v128.load offset=16*# $b))
      (local.set $d# (v128.load offset=16*# $d)))
    (loop $next
      (repeat # N
        (v128.store offset=16*# $dx
          (madd (v128.load offset=16*# $dy) $a# (madd (v128.load offset=16*# $x) $b# $d#))))
      (local.set $x (i32.add $x $line))
      (local.set $dy (i32.add $dy $line))
      (local.set $dx (i32.add $dx $line))
      (br_if $next (local.tee $rows (i32.sub $rows (i32.const 1)))))))
