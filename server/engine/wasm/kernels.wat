;; Training kernels for tfjs's wasm backend, on its own memory: what it lacks, or does one value at a time.
;; Pointers are bytes. Matrices are row-major float32 [rows, channels]; `line` is the bytes of a row, a multiple of 16:
;; four channels are worked on at once. Maps are [N, H, W, C], that is N·H·W rows.
(module
  (import "env" "memory" (memory 1))

  ;; y = x where x > 0, slope·x elsewhere; up to `end`, the end of x.
  (func (export "leaky") (param $x i32) (param $y i32) (param $end i32) (param $slope f32)
    (local $v v128) (local $zero v128)
    (loop $next
      (if (i32.lt_u (local.get $x) (local.get $end)) (then
        (local.set $v (v128.load (local.get $x)))
        (v128.store (local.get $y)
          (f32x4.add
            (f32x4.max (local.get $v) (local.get $zero))
            (f32x4.mul (f32x4.min (local.get $v) (local.get $zero)) (f32x4.splat (local.get $slope)))))
        (local.set $x (i32.add (local.get $x) (i32.const 16)))
        (local.set $y (i32.add (local.get $y) (i32.const 16)))
        (br $next)))))

  ;; dx = dy where x > 0, slope·dy elsewhere; up to `end`, the end of x.
  (func (export "leakyGradient")
    (param $dy i32) (param $x i32) (param $dx i32) (param $end i32) (param $slope f32)
    (local $d v128)
    (loop $next
      (if (i32.lt_u (local.get $x) (local.get $end)) (then
        (local.set $d (v128.load (local.get $dy)))
        (v128.store (local.get $dx)
          (v128.bitselect
            (local.get $d)
            (f32x4.mul (local.get $d) (f32x4.splat (local.get $slope)))
            (f32x4.gt (v128.load (local.get $x)) (f32x4.splat (f32.const 0)))))
        (local.set $x (i32.add (local.get $x) (i32.const 16)))
        (local.set $dy (i32.add (local.get $dy) (i32.const 16)))
        (local.set $dx (i32.add (local.get $dx) (i32.const 16)))
        (br $next)))))

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

  ;; One window of a max-pooling: of the size² places at x the first that equals y takes dy, the others 0. `row` is the
  ;; bytes from a place to the one below it.
  (func (export "poolWindows")
    (param $dy i32) (param $x i32) (param $y i32) (param $dx i32)
    (param $windows i32) (param $size i32) (param $line i32) (param $row i32)
    (local $c i32) (local $u i32) (local $v i32) (local $at i32) (local $open v128) (local $hit v128) (local $max v128)
    (loop $window
      (local.set $c (i32.const 0))
      (loop $channels
        (local.set $open (v128.const i32x4 -1 -1 -1 -1))
        (local.set $max (v128.load (i32.add (local.get $y) (local.get $c))))
        (local.set $u (i32.const 0))
        (loop $down
          (local.set $at (i32.add (local.get $c) (i32.mul (local.get $u) (local.get $row))))
          (local.set $v (i32.const 0))
          (loop $right
            (local.set $hit (v128.and (local.get $open)
              (f32x4.eq (local.get $max) (v128.load (i32.add (local.get $x) (local.get $at))))))
            (v128.store (i32.add (local.get $dx) (local.get $at))
              (v128.and (local.get $hit) (v128.load (i32.add (local.get $dy) (local.get $c)))))
            (local.set $open (v128.andnot (local.get $open) (local.get $hit)))
            (local.set $at (i32.add (local.get $at) (local.get $line)))
            (local.set $v (i32.add (local.get $v) (i32.const 1)))
            (br_if $right (i32.lt_u (local.get $v) (local.get $size))))
          (local.set $u (i32.add (local.get $u) (i32.const 1)))
          (br_if $down (i32.lt_u (local.get $u) (local.get $size))))
        (local.set $c (i32.add (local.get $c) (i32.const 16)))
        (br_if $channels (i32.lt_u (local.get $c) (local.get $line))))
      (local.set $x (i32.add (local.get $x) (i32.mul (local.get $size) (local.get $line))))
      (local.set $dx (i32.add (local.get $dx) (i32.mul (local.get $size) (local.get $line))))
      (local.set $y (i32.add (local.get $y) (local.get $line)))
      (local.set $dy (i32.add (local.get $dy) (local.get $line)))
      (br_if $window (local.tee $windows (i32.sub (local.get $windows) (i32.const 1))))))

  ;; Adds Σ x·dy over a rectangle of `rows` × `columns` places to dw [channels]; `skip` is the bytes from the end of a
  ;; row of the rectangle to the next one's beginning. Sixteen channels at once as long as there are so many: four sums
  ;; that don't wait for each other, and whole lines of the cache.
  (func (export "correlate")
    (param $x i32) (param $dy i32) (param $dw i32) (param $rows i32) (param $columns i32) (param $line i32) (param $skip i32)
    (local $c i32) (local $xat i32) (local $at i32) (local $end i32) (local $r i32)
    (local $s v128) (local $s1 v128) (local $s2 v128) (local $s3 v128)
    (loop $channels
      (local.set $s (v128.const f32x4 0 0 0 0))
      (local.set $xat (i32.add (local.get $x) (local.get $c)))
      (local.set $at (i32.add (local.get $dy) (local.get $c)))
      (local.set $r (i32.const 0))
      (if (i32.le_u (i32.add (local.get $c) (i32.const 64)) (local.get $line))
        (then
          (local.set $s1 (local.get $s))
          (local.set $s2 (local.get $s))
          (local.set $s3 (local.get $s))
          (loop $down
            (local.set $end (i32.add (local.get $at) (i32.mul (local.get $columns) (local.get $line))))
            (loop $right
              (local.set $s (f32x4.add (local.get $s)
                (f32x4.mul (v128.load (local.get $xat)) (v128.load (local.get $at)))))
              (local.set $s1 (f32x4.add (local.get $s1)
                (f32x4.mul (v128.load offset=16 (local.get $xat)) (v128.load offset=16 (local.get $at)))))
              (local.set $s2 (f32x4.add (local.get $s2)
                (f32x4.mul (v128.load offset=32 (local.get $xat)) (v128.load offset=32 (local.get $at)))))
              (local.set $s3 (f32x4.add (local.get $s3)
                (f32x4.mul (v128.load offset=48 (local.get $xat)) (v128.load offset=48 (local.get $at)))))
              (local.set $xat (i32.add (local.get $xat) (local.get $line)))
              (local.set $at (i32.add (local.get $at) (local.get $line)))
              (br_if $right (i32.lt_u (local.get $at) (local.get $end))))
            (local.set $xat (i32.add (local.get $xat) (local.get $skip)))
            (local.set $at (i32.add (local.get $at) (local.get $skip)))
            (local.set $r (i32.add (local.get $r) (i32.const 1)))
            (br_if $down (i32.lt_u (local.get $r) (local.get $rows))))
          (call $addPair (i32.add (local.get $dw) (local.get $c)) (local.get $s) (local.get $s1))
          (local.set $c (i32.add (local.get $c) (i32.const 32)))
          (call $addPair (i32.add (local.get $dw) (local.get $c)) (local.get $s2) (local.get $s3))
          (local.set $c (i32.add (local.get $c) (i32.const 32))))
        (else
          (loop $down
            (local.set $end (i32.add (local.get $at) (i32.mul (local.get $columns) (local.get $line))))
            (loop $right
              (local.set $s (f32x4.add (local.get $s)
                (f32x4.mul (v128.load (local.get $xat)) (v128.load (local.get $at)))))
              (local.set $xat (i32.add (local.get $xat) (local.get $line)))
              (local.set $at (i32.add (local.get $at) (local.get $line)))
              (br_if $right (i32.lt_u (local.get $at) (local.get $end))))
            (local.set $xat (i32.add (local.get $xat) (local.get $skip)))
            (local.set $at (i32.add (local.get $at) (local.get $skip)))
            (local.set $r (i32.add (local.get $r) (i32.const 1)))
            (br_if $down (i32.lt_u (local.get $r) (local.get $rows))))
          (v128.store (i32.add (local.get $dw) (local.get $c))
            (f32x4.add (v128.load (i32.add (local.get $dw) (local.get $c))) (local.get $s)))
          (local.set $c (i32.add (local.get $c) (i32.const 16)))))
      (br_if $channels (i32.lt_u (local.get $c) (local.get $line)))))

  ;; Depthwise convolution of one image [height, width, channels] with w [size, size, channels], zeros around: places
  ;; outside are passed over instead of multiplied; sixteen channels at once, as in correlate.
  (func (export "depthwise")
    (param $x i32) (param $w i32) (param $y i32) (param $height i32) (param $width i32) (param $size i32) (param $line i32)
    (local $half i32) (local $r i32) (local $s i32) (local $c i32) (local $u i32) (local $v i32)
    (local $top i32) (local $bottom i32) (local $left i32) (local $right i32)
    (local $xat i32) (local $wat i32) (local $xrow i32) (local $wrow i32)
    (local $sum v128) (local $sum1 v128) (local $sum2 v128) (local $sum3 v128)
    (local.set $half (i32.shr_u (local.get $size) (i32.const 1)))
    (loop $rows
      (local.set $top (call $first (local.get $half) (local.get $r)))
      (local.set $bottom (call $last (local.get $half) (local.get $r) (local.get $height) (local.get $size)))
      (local.set $s (i32.const 0))
      (loop $columns
        (local.set $left (call $first (local.get $half) (local.get $s)))
        (local.set $right (call $last (local.get $half) (local.get $s) (local.get $width) (local.get $size)))
        (local.set $c (i32.const 0))
        (loop $channels
          (local.set $sum (v128.const f32x4 0 0 0 0))
          (local.set $xrow (i32.add (i32.add (local.get $x) (local.get $c)) (i32.mul (local.get $line)
            (i32.add
              (i32.mul (local.get $width) (i32.sub (i32.add (local.get $r) (local.get $top)) (local.get $half)))
              (i32.sub (i32.add (local.get $s) (local.get $left)) (local.get $half))))))
          (local.set $wrow (i32.add (i32.add (local.get $w) (local.get $c)) (i32.mul (local.get $line)
            (i32.add (i32.mul (local.get $size) (local.get $top)) (local.get $left)))))
          (local.set $u (local.get $top))
          (if (i32.le_u (i32.add (local.get $c) (i32.const 64)) (local.get $line))
            (then
              (local.set $sum1 (local.get $sum))
              (local.set $sum2 (local.get $sum))
              (local.set $sum3 (local.get $sum))
              (loop $down
                (local.set $xat (local.get $xrow))
                (local.set $wat (local.get $wrow))
                (local.set $v (local.get $left))
                (loop $across
                  (local.set $sum (f32x4.add (local.get $sum)
                    (f32x4.mul (v128.load (local.get $xat)) (v128.load (local.get $wat)))))
                  (local.set $sum1 (f32x4.add (local.get $sum1)
                    (f32x4.mul (v128.load offset=16 (local.get $xat)) (v128.load offset=16 (local.get $wat)))))
                  (local.set $sum2 (f32x4.add (local.get $sum2)
                    (f32x4.mul (v128.load offset=32 (local.get $xat)) (v128.load offset=32 (local.get $wat)))))
                  (local.set $sum3 (f32x4.add (local.get $sum3)
                    (f32x4.mul (v128.load offset=48 (local.get $xat)) (v128.load offset=48 (local.get $wat)))))
                  (local.set $xat (i32.add (local.get $xat) (local.get $line)))
                  (local.set $wat (i32.add (local.get $wat) (local.get $line)))
                  (local.set $v (i32.add (local.get $v) (i32.const 1)))
                  (br_if $across (i32.lt_u (local.get $v) (local.get $right))))
                (local.set $xrow (i32.add (local.get $xrow) (i32.mul (local.get $width) (local.get $line))))
                (local.set $wrow (i32.add (local.get $wrow) (i32.mul (local.get $size) (local.get $line))))
                (local.set $u (i32.add (local.get $u) (i32.const 1)))
                (br_if $down (i32.lt_u (local.get $u) (local.get $bottom))))
              (v128.store (local.get $y) (local.get $sum))
              (v128.store offset=16 (local.get $y) (local.get $sum1))
              (v128.store offset=32 (local.get $y) (local.get $sum2))
              (v128.store offset=48 (local.get $y) (local.get $sum3))
              (local.set $y (i32.add (local.get $y) (i32.const 64)))
              (local.set $c (i32.add (local.get $c) (i32.const 64))))
            (else
              (loop $down
                (local.set $xat (local.get $xrow))
                (local.set $wat (local.get $wrow))
                (local.set $v (local.get $left))
                (loop $across
                  (local.set $sum (f32x4.add (local.get $sum)
                    (f32x4.mul (v128.load (local.get $xat)) (v128.load (local.get $wat)))))
                  (local.set $xat (i32.add (local.get $xat) (local.get $line)))
                  (local.set $wat (i32.add (local.get $wat) (local.get $line)))
                  (local.set $v (i32.add (local.get $v) (i32.const 1)))
                  (br_if $across (i32.lt_u (local.get $v) (local.get $right))))
                (local.set $xrow (i32.add (local.get $xrow) (i32.mul (local.get $width) (local.get $line))))
                (local.set $wrow (i32.add (local.get $wrow) (i32.mul (local.get $size) (local.get $line))))
                (local.set $u (i32.add (local.get $u) (i32.const 1)))
                (br_if $down (i32.lt_u (local.get $u) (local.get $bottom))))
              (v128.store (local.get $y) (local.get $sum))
              (local.set $y (i32.add (local.get $y) (i32.const 16)))
              (local.set $c (i32.add (local.get $c) (i32.const 16)))))
          (br_if $channels (i32.lt_u (local.get $c) (local.get $line))))
        (local.set $s (i32.add (local.get $s) (i32.const 1)))
        (br_if $columns (i32.lt_u (local.get $s) (local.get $width))))
      (local.set $r (i32.add (local.get $r) (i32.const 1)))
      (br_if $rows (i32.lt_u (local.get $r) (local.get $height)))))

  ;; The first of the kernel's offsets that lies inside at place `at`, and the one after the last of them.
  (func $first (param $half i32) (param $at i32) (result i32)
    (select (i32.sub (local.get $half) (local.get $at)) (i32.const 0) (i32.gt_s (local.get $half) (local.get $at))))
  (func $last (param $half i32) (param $at i32) (param $side i32) (param $size i32) (result i32)
    (local $end i32)
    (local.set $end (i32.sub (i32.add (local.get $side) (local.get $half)) (local.get $at)))
    (select (local.get $end) (local.get $size) (i32.lt_s (local.get $end) (local.get $size))))

  ;; dw [inputs, outputs] += xᵀ·dy, of x [rows, inputs] and dy [rows, outputs]; inputs a multiple of 4, outputs of 8: a
  ;; tile of 4×8 sums stays in registers while the rows go by.
  (func (export "outer")
    (param $x i32) (param $dy i32) (param $dw i32) (param $rows i32) (param $xline i32) (param $line i32)
    (local $i i32) (local $o i32) (local $from i32) (local $at i32) (local $end i32) (local $to i32)
    (local $v v128) (local $d0 v128) (local $d1 v128)
    (local $s00 v128) (local $s01 v128)
    (local $s10 v128) (local $s11 v128)
    (local $s20 v128) (local $s21 v128)
    (local $s30 v128) (local $s31 v128)
    (loop $tiles
      (local.set $o (i32.const 0))
      (loop $right
        (local.set $s00 (v128.const f32x4 0 0 0 0))
        (local.set $s01 (v128.const f32x4 0 0 0 0))
        (local.set $s10 (v128.const f32x4 0 0 0 0))
        (local.set $s11 (v128.const f32x4 0 0 0 0))
        (local.set $s20 (v128.const f32x4 0 0 0 0))
        (local.set $s21 (v128.const f32x4 0 0 0 0))
        (local.set $s30 (v128.const f32x4 0 0 0 0))
        (local.set $s31 (v128.const f32x4 0 0 0 0))
        (local.set $from (i32.add (local.get $x) (local.get $i)))
        (local.set $at (i32.add (local.get $dy) (local.get $o)))
        (local.set $end (i32.add (local.get $at) (i32.mul (local.get $rows) (local.get $line))))
        (loop $down
          (local.set $d0 (v128.load (local.get $at)))
          (local.set $d1 (v128.load offset=16 (local.get $at)))
          (local.set $v (v128.load32_splat (local.get $from)))
          (local.set $s00 (f32x4.add (local.get $s00) (f32x4.mul (local.get $v) (local.get $d0))))
          (local.set $s01 (f32x4.add (local.get $s01) (f32x4.mul (local.get $v) (local.get $d1))))
          (local.set $v (v128.load32_splat offset=4 (local.get $from)))
          (local.set $s10 (f32x4.add (local.get $s10) (f32x4.mul (local.get $v) (local.get $d0))))
          (local.set $s11 (f32x4.add (local.get $s11) (f32x4.mul (local.get $v) (local.get $d1))))
          (local.set $v (v128.load32_splat offset=8 (local.get $from)))
          (local.set $s20 (f32x4.add (local.get $s20) (f32x4.mul (local.get $v) (local.get $d0))))
          (local.set $s21 (f32x4.add (local.get $s21) (f32x4.mul (local.get $v) (local.get $d1))))
          (local.set $v (v128.load32_splat offset=12 (local.get $from)))
          (local.set $s30 (f32x4.add (local.get $s30) (f32x4.mul (local.get $v) (local.get $d0))))
          (local.set $s31 (f32x4.add (local.get $s31) (f32x4.mul (local.get $v) (local.get $d1))))
          (local.set $from (i32.add (local.get $from) (local.get $xline)))
          (local.set $at (i32.add (local.get $at) (local.get $line)))
          (br_if $down (i32.lt_u (local.get $at) (local.get $end))))
        (local.set $to (i32.add (local.get $dw)
          (i32.add (i32.mul (i32.shr_u (local.get $i) (i32.const 2)) (local.get $line)) (local.get $o))))
        (call $addPair (local.get $to) (local.get $s00) (local.get $s01))
        (local.set $to (i32.add (local.get $to) (local.get $line)))
        (call $addPair (local.get $to) (local.get $s10) (local.get $s11))
        (local.set $to (i32.add (local.get $to) (local.get $line)))
        (call $addPair (local.get $to) (local.get $s20) (local.get $s21))
        (local.set $to (i32.add (local.get $to) (local.get $line)))
        (call $addPair (local.get $to) (local.get $s30) (local.get $s31))
        (local.set $o (i32.add (local.get $o) (i32.const 32)))
        (br_if $right (i32.lt_u (local.get $o) (local.get $line))))
      (local.set $i (i32.add (local.get $i) (i32.const 16)))
      (br_if $tiles (i32.lt_u (local.get $i) (local.get $xline)))))

  (func $addPair (param $to i32) (param $v v128) (param $w v128)
    (v128.store (local.get $to) (f32x4.add (v128.load (local.get $to)) (local.get $v)))
    (v128.store offset=16 (local.get $to) (f32x4.add (v128.load offset=16 (local.get $to)) (local.get $w))))
)
