;; Max-pooling of maps [N, height, width, channels] without overlap. Units `begin` to `end` are rows of windows: `rows` an
;; image, each of `columns` windows of size² places. `line` is the bytes of a place.

;; Where a row of windows begins in the maps.
(func $window (param $unit i32) (param $rows i32) (param $size i32) (param $height i32) (param $row i32) (result i32)
  (i32.mul $row
    (i32.add
      (i32.mul (i32.div_u $unit $rows) $height)
      (i32.mul (i32.rem_u $unit $rows) $size))))

(func (export "pool")
  (param $x i32) (param $y i32) (param $rows i32) (param $columns i32) (param $size i32)
  (param $height i32) (param $width i32) (param $line i32) (param $begin i32) (param $end i32)
  (local $row i32) (local $narrow i32)
  (local.set $row (i32.mul $width $line))
  (local.set $narrow (i32.mul $columns $line))
  (loop $next
    (call $poolWindows
      (i32.add $x (call $window $begin $rows $size $height $row))
      (i32.add $y (i32.mul $begin $narrow))
      $columns $size $line $row)
    (br_if $next (i32.lt_u (local.tee $begin (i32.add $begin (i32.const 1))) $end))))

(func $poolWindows
  (param $x i32) (param $y i32) (param $windows i32) (param $size i32) (param $line i32) (param $row i32)
  (local $c i32) (local $u i32) (local $v i32) (local $at i32) (local $max v128)
  (loop $window
    (local.set $c (i32.const 0))
    (loop $channels
      (local.set $max (v128.load (i32.add $x $c)))
      (local.set $u (i32.const 0))
      (loop $down
        (local.set $at (i32.add (i32.add $x $c) (i32.mul $u $row)))
        (local.set $v (i32.const 0))
        (loop $right
          (local.set $max (f32x4.pmax (v128.load $at) $max))
          (local.set $at (i32.add $at $line))
          (br_if $right (i32.lt_u (local.tee $v (i32.add $v (i32.const 1))) $size)))
        (br_if $down (i32.lt_u (local.tee $u (i32.add $u (i32.const 1))) $size)))
      (v128.store (i32.add $y $c) $max)
      (br_if $channels (i32.lt_u (local.tee $c (i32.add $c (i32.const 16))) $line)))
    (local.set $x (i32.add $x (i32.mul $size $line)))
    (local.set $y (i32.add $y $line))
    (br_if $window (local.tee $windows (i32.sub $windows (i32.const 1))))))

;; Of the places of a window the first, in reading order, that equals y takes dy, the others 0.
(func (export "poolGradient")
  (param $dy i32) (param $x i32) (param $y i32) (param $dx i32) (param $rows i32) (param $columns i32) (param $size i32)
  (param $height i32) (param $width i32) (param $line i32) (param $begin i32) (param $end i32)
  (local $row i32) (local $narrow i32) (local $at i32) (local $to i32)
  (local.set $row (i32.mul $width $line))
  (local.set $narrow (i32.mul $columns $line))
  (loop $next
    (local.set $at (call $window $begin $rows $size $height $row))
    (local.set $to (i32.mul $begin $narrow))
    (call $gradientWindows
      (i32.add $dy $to) (i32.add $x $at) (i32.add $y $to) (i32.add $dx $at)
      $columns $size $line $row)
    (br_if $next (i32.lt_u (local.tee $begin (i32.add $begin (i32.const 1))) $end))))

(func $gradientWindows
  (param $dy i32) (param $x i32) (param $y i32) (param $dx i32)
  (param $windows i32) (param $size i32) (param $line i32) (param $row i32)
  (local $c i32) (local $u i32) (local $v i32) (local $at i32) (local $open v128) (local $hit v128) (local $max v128)
  (loop $window
    (local.set $c (i32.const 0))
    (loop $channels
      (local.set $open (v128.const i32x4 -1 -1 -1 -1))
      (local.set $max (v128.load (i32.add $y $c)))
      (local.set $u (i32.const 0))
      (loop $down
        (local.set $at (i32.add $c (i32.mul $u $row)))
        (local.set $v (i32.const 0))
        (loop $right
          (local.set $hit (v128.and $open (f32x4.eq $max (v128.load (i32.add $x $at)))))
          (v128.store (i32.add $dx $at) (v128.and $hit (v128.load (i32.add $dy $c))))
          (local.set $open (v128.andnot $open $hit))
          (local.set $at (i32.add $at $line))
          (br_if $right (i32.lt_u (local.tee $v (i32.add $v (i32.const 1))) $size)))
        (br_if $down (i32.lt_u (local.tee $u (i32.add $u (i32.const 1))) $size)))
      (br_if $channels (i32.lt_u (local.tee $c (i32.add $c (i32.const 16))) $line)))
    (local.set $x (i32.add $x (i32.mul $size $line)))
    (local.set $dx (i32.add $dx (i32.mul $size $line)))
    (local.set $y (i32.add $y $line))
    (local.set $dy (i32.add $dy $line))
    (br_if $window (local.tee $windows (i32.sub $windows (i32.const 1))))))
