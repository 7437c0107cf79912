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
