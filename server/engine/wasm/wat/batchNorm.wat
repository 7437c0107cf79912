;; Adds v to out[c] and w to out[channels + c], float64.
(func $accumulate (param $out i32) (param $line i32) (param $v v128) (param $w v128)
  (call $addDoubles (local.get $out) (local.get $v))
  (call $addDoubles (i32.add (local.get $out) (i32.shl (local.get $line) (i32.const 1))) (local.get $w)))

(func $addDoubles (param $out i32) (param $v v128)
  (v128.store (local.get $out)
    (f64x2.add (v128.load (local.get $out)) (f64x2.promote_low_f32x4 (local.get $v))))
  (v128.store offset=16 (local.get $out)
    (f64x2.add (v128.load offset=16 (local.get $out))
      (f64x2.promote_low_f32x4 (i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7 (local.get $v) (local.get $v))))))

;; Adds Σ d and Σ d² of d = x - pivot[c] to out, float64 [2, channels]. `rows` is at most a tile: 32-bit sums over
;; few rows, 64-bit sums over tiles.
(func (export "squares") (param $x i32) (param $pivot i32) (param $out i32) (param $rows i32) (param $line i32)
  (local $c i32) (local $at i32) (local $end i32) (local $p v128) (local $d v128) (local $s v128) (local $q v128)
  (loop $channels
    (local.set $p (v128.load (i32.add (local.get $pivot) (local.get $c))))
    (local.set $s (v128.const f32x4 0 0 0 0))
    (local.set $q (v128.const f32x4 0 0 0 0))
    (local.set $at (i32.add (local.get $x) (local.get $c)))
    (local.set $end (i32.add (local.get $at) (i32.mul (local.get $rows) (local.get $line))))
    (loop $next
      (local.set $d (f32x4.sub (v128.load (local.get $at)) (local.get $p)))
      (local.set $s (f32x4.add (local.get $s) (local.get $d)))
      (local.set $q (f32x4.add (local.get $q) (f32x4.mul (local.get $d) (local.get $d))))
      (local.set $at (i32.add (local.get $at) (local.get $line)))
      (br_if $next (i32.lt_u (local.get $at) (local.get $end))))
    (call $accumulate
      (i32.add (local.get $out) (i32.shl (local.get $c) (i32.const 1)))
      (local.get $line) (local.get $s) (local.get $q))
    (local.set $c (i32.add (local.get $c) (i32.const 16)))
    (br_if $channels (i32.lt_u (local.get $c) (local.get $line)))))

;; Adds Σ dy and Σ dy·(x - pivot[c]) to out, as above.
(func (export "products")
  (param $dy i32) (param $x i32) (param $pivot i32) (param $out i32) (param $rows i32) (param $line i32)
  (local $c i32) (local $at i32) (local $xat i32) (local $end i32)
  (local $p v128) (local $d v128) (local $s v128) (local $q v128)
  (loop $channels
    (local.set $p (v128.load (i32.add (local.get $pivot) (local.get $c))))
    (local.set $s (v128.const f32x4 0 0 0 0))
    (local.set $q (v128.const f32x4 0 0 0 0))
    (local.set $at (i32.add (local.get $dy) (local.get $c)))
    (local.set $xat (i32.add (local.get $x) (local.get $c)))
    (local.set $end (i32.add (local.get $at) (i32.mul (local.get $rows) (local.get $line))))
    (loop $next
      (local.set $d (v128.load (local.get $at)))
      (local.set $s (f32x4.add (local.get $s) (local.get $d)))
      (local.set $q (f32x4.add (local.get $q)
        (f32x4.mul (local.get $d) (f32x4.sub (v128.load (local.get $xat)) (local.get $p)))))
      (local.set $at (i32.add (local.get $at) (local.get $line)))
      (local.set $xat (i32.add (local.get $xat) (local.get $line)))
      (br_if $next (i32.lt_u (local.get $at) (local.get $end))))
    (call $accumulate
      (i32.add (local.get $out) (i32.shl (local.get $c) (i32.const 1)))
      (local.get $line) (local.get $s) (local.get $q))
    (local.set $c (i32.add (local.get $c) (i32.const 16)))
    (br_if $channels (i32.lt_u (local.get $c) (local.get $line)))))

;; y = (x - centre[c])·a[c] + d[c]; up to `end`, the end of x.
(func (export "affine")
  (param $x i32) (param $y i32) (param $end i32) (param $line i32) (param $centre i32) (param $a i32) (param $d i32)
  (local $c i32)
  (loop $row
    (local.set $c (i32.const 0))
    (loop $channels
      (v128.store (i32.add (local.get $y) (local.get $c))
        (f32x4.add
          (f32x4.mul
            (f32x4.sub
              (v128.load (i32.add (local.get $x) (local.get $c)))
              (v128.load (i32.add (local.get $centre) (local.get $c))))
            (v128.load (i32.add (local.get $a) (local.get $c))))
          (v128.load (i32.add (local.get $d) (local.get $c)))))
      (local.set $c (i32.add (local.get $c) (i32.const 16)))
      (br_if $channels (i32.lt_u (local.get $c) (local.get $line))))
    (local.set $x (i32.add (local.get $x) (local.get $line)))
    (local.set $y (i32.add (local.get $y) (local.get $line)))
    (br_if $row (i32.lt_u (local.get $x) (local.get $end)))))

;; dx = dy·a[c] + (x - centre[c])·b[c] + d[c]; up to `end`, the end of x.
(func (export "affineGradient")
  (param $dy i32) (param $x i32) (param $dx i32) (param $end i32) (param $line i32)
  (param $centre i32) (param $a i32) (param $b i32) (param $d i32)
  (local $c i32)
  (loop $row
    (local.set $c (i32.const 0))
    (loop $channels
      (v128.store (i32.add (local.get $dx) (local.get $c))
        (f32x4.add
          (f32x4.mul
            (v128.load (i32.add (local.get $dy) (local.get $c)))
            (v128.load (i32.add (local.get $a) (local.get $c))))
          (f32x4.add
            (f32x4.mul
              (f32x4.sub
                (v128.load (i32.add (local.get $x) (local.get $c)))
                (v128.load (i32.add (local.get $centre) (local.get $c))))
              (v128.load (i32.add (local.get $b) (local.get $c))))
            (v128.load (i32.add (local.get $d) (local.get $c))))))
      (local.set $c (i32.add (local.get $c) (i32.const 16)))
      (br_if $channels (i32.lt_u (local.get $c) (local.get $line))))
    (local.set $x (i32.add (local.get $x) (local.get $line)))
    (local.set $dy (i32.add (local.get $dy) (local.get $line)))
    (local.set $dx (i32.add (local.get $dx) (local.get $line)))
    (br_if $row (i32.lt_u (local.get $x) (local.get $end)))))
