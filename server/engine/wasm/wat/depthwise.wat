;; Depthwise convolution of maps [N, height, width, channels] with w [size, size, channels], zeros around, and its
;; filter's gradient. Rows of the kernel that lie outside are passed over, columns outside are zeros. `line` is the bytes
;; of a place. Units `begin` to `end` are images.
(func (export "depthwise")
  (param $x i32) (param $w i32) (param $y i32) (param $height i32) (param $width i32) (param $size i32) (param $line i32)
  (param $begin i32) (param $end i32)
  (local $half i32) (local $row i32) (local $r i32) (local $s i32) (local $top i32) (local $rows i32)
  (local $from i32) (local $with i32)
  (local.set $half (i32.shr_u $size (i32.const 1)))
  (local.set $row (i32.mul $width $line))
  (local.set $from (i32.mul $begin (i32.mul $height $row)))
  (local.set $x (i32.add $x $from))
  (local.set $y (i32.add $y $from))
  (loop $images
    (local.set $r (i32.const 0))
    (loop $down
      (local.set $top (call $first $half $r))
      (local.set $rows (i32.sub (call $last $half $r $height $size) $top))
      (local.set $from (i32.add $x (i32.mul $row (i32.sub (i32.add $r $top) $half))))
      (local.set $with (i32.add $w (i32.mul $line (i32.mul $size $top))))
      (local.set $s (i32.const 0))
      (for T 4 3 2 1
        (block $narrow
          (loop $across
            (br_if $narrow (i32.gt_u (i32.add $s (i32.const T)) $width))
            (call $placesT $from $with $y $rows (i32.sub $s $half) $width $size $line)
            (local.set $y (i32.add $y (i32.mul $line (i32.const T))))
            (local.set $s (i32.add $s (i32.const T)))
            (br $across))))
      (br_if $down (i32.lt_u (local.tee $r (i32.add $r (i32.const 1))) $height)))
    (local.set $x (i32.add $x (i32.mul $height $row)))
    (br_if $images (i32.lt_u (local.tee $begin (i32.add $begin (i32.const 1))) $end))))

;; T places side by side of one row: under every weight a window of T values moves on by one. `left` is the column under
;; the kernel's first, before 0 at the map's edge.
(for T 4 3 2 1
  (func $placesT
    (param $x i32) (param $w i32) (param $y i32) (param $rows i32) (param $left i32)
    (param $width i32) (param $size i32) (param $line i32)
    (local $c i32) (local $u i32) (local $v i32) (local $at i32) (local $column i32) (local $wat i32) (local $k v128)
    (repeat # T (local $s# v128) (local $x# v128))
    (loop $channels
      (repeat # T (local.set $s# (v128.const f32x4 0 0 0 0)))
      (local.set $wat (i32.add $w $c))
      (local.set $u (i32.const 0))
      (loop $down
        (local.set $column $left)
        (local.set $at (i32.add (i32.add $x $c)
          (i32.mul $line (i32.add $left (i32.mul $u $width)))))
        (repeat # T-1
          (local.set $x# (if (result v128) (i32.lt_u $column $width)
            (then (v128.load $at)) (else (v128.const f32x4 0 0 0 0))))
          (local.set $at (i32.add $at $line))
          (local.set $column (i32.add $column (i32.const 1))))
        (local.set $v $size)
        (loop $across
          (local.set $xT-1 (if (result v128) (i32.lt_u $column $width)
            (then (v128.load $at)) (else (v128.const f32x4 0 0 0 0))))
          (local.set $k (v128.load $wat))
          (repeat # T (local.set $s# (madd $x# $k $s#)))
          (repeat # T-1 (local.set $x# $x#+1))
          (local.set $at (i32.add $at $line))
          (local.set $wat (i32.add $wat $line))
          (local.set $column (i32.add $column (i32.const 1)))
          (br_if $across (local.tee $v (i32.sub $v (i32.const 1)))))
        (br_if $down (i32.lt_u (local.tee $u (i32.add $u (i32.const 1))) $rows)))
      (local.set $at (i32.add $y $c))
      (repeat # T
        (v128.store $at $s#)
        (local.set $at (i32.add $at $line)))
      (br_if $channels (i32.lt_u (local.tee $c (i32.add $c (i32.const 16))) $line)))))

;; The gradient of w over the part's images to out[part], [size, size, channels].
(func (export "filterGradient")
  (param $x i32) (param $dy i32) (param $out i32) (param $height i32) (param $width i32) (param $size i32) (param $line i32)
  (param $begin i32) (param $end i32) (param $part i32)
  (local $half i32) (local $row i32) (local $image i32) (local $u i32) (local $v i32) (local $top i32) (local $rows i32)
  (local $from i32) (local $bytes i32) (local $to i32)
  (local.set $half (i32.shr_u $size (i32.const 1)))
  (local.set $row (i32.mul $width $line))
  (local.set $bytes (i32.mul $line (i32.mul $size $size)))
  (local.set $out (i32.add $out (i32.mul $part $bytes)))
  (call $clear $out $bytes)
  (loop $images
    (local.set $image (i32.mul $begin (i32.mul $height $row)))
    (local.set $u (i32.const 0))
    (loop $down
      ;; Rows of dy that see a row of x from here; `first` and `last` serve the other way round as well.
      (local.set $top (call $first $half $u))
      (local.set $rows (i32.sub (call $last $half $u $height $height) $top))
      (if (i32.gt_s $rows (i32.const 0)) (then
        (local.set $from (i32.add $image (i32.mul $row $top)))
        (local.set $to (i32.add $out (i32.mul $line (i32.mul $u $size))))
        (local.set $v (i32.const 0))
        (for B 7 5 3 1
          (block $narrow
            (loop $across
              (br_if $narrow (i32.gt_u (i32.add $v (i32.const B)) $size))
              (call $weightsB
                (i32.add (i32.add $x $from) (i32.mul $row (i32.sub $u $half)))
                (i32.add $dy $from)
                (i32.add $to (i32.mul $v $line))
                $rows (i32.sub $v $half) $width $line)
              (local.set $v (i32.add $v (i32.const B)))
              (br $across))))))
      (br_if $down (i32.lt_u (local.tee $u (i32.add $u (i32.const 1))) $size)))
    (br_if $images (i32.lt_u (local.tee $begin (i32.add $begin (i32.const 1))) $end))))

;; B weights side by side: under every place a window of B values moves on by one.
(for B 7 5 3 1
  (func $weightsB
    (param $x i32) (param $dy i32) (param $dw i32) (param $rows i32) (param $left i32) (param $width i32) (param $line i32)
    (local $c i32) (local $r i32) (local $at i32) (local $column i32) (local $from i32) (local $end i32) (local $d v128)
    (repeat # B (local $s# v128) (local $x# v128))
    (loop $channels
      (repeat # B (local.set $s# (v128.const f32x4 0 0 0 0)))
      (local.set $from (i32.add $dy $c))
      (local.set $r (i32.const 0))
      (loop $down
        (local.set $column $left)
        (local.set $at (i32.add (i32.add $x $c)
          (i32.mul $line (i32.add $left (i32.mul $r $width)))))
        (repeat # B-1
          (local.set $x# (if (result v128) (i32.lt_u $column $width)
            (then (v128.load $at)) (else (v128.const f32x4 0 0 0 0))))
          (local.set $at (i32.add $at $line))
          (local.set $column (i32.add $column (i32.const 1))))
        (local.set $end (i32.add $from (i32.mul $width $line)))
        (loop $across
          (local.set $xB-1 (if (result v128) (i32.lt_u $column $width)
            (then (v128.load $at)) (else (v128.const f32x4 0 0 0 0))))
          (local.set $d (v128.load $from))
          (repeat # B (local.set $s# (madd $x# $d $s#)))
          (repeat # B-1 (local.set $x# $x#+1))
          (local.set $at (i32.add $at $line))
          (local.set $column (i32.add $column (i32.const 1)))
          (br_if $across (i32.lt_u (local.tee $from (i32.add $from $line)) $end)))
        (br_if $down (i32.lt_u (local.tee $r (i32.add $r (i32.const 1))) $rows)))
      (local.set $at (i32.add $dw $c))
      (repeat # B
        (call $addFloats $at $s#)
        (local.set $at (i32.add $at $line)))
      (br_if $channels (i32.lt_u (local.tee $c (i32.add $c (i32.const 16))) $line)))))

;; The first of the kernel's offsets that lies inside at place `at`, and the one after the last of them.
(func $first (param $half i32) (param $at i32) (result i32)
  (select (i32.sub $half $at) (i32.const 0) (i32.gt_s $half $at)))
(func $last (param $half i32) (param $at i32) (param $side i32) (param $size i32) (result i32)
  (local $end i32)
  (local.set $end (i32.sub (i32.add $side $half) $at))
  (select $end $size (i32.lt_s $end $size)))
