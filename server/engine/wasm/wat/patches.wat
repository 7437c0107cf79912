;; The patches under a kernel of `size`² places, as rows of size·stretch bytes: [N, rows, columns, size, stretch / 4],
;; zeros outside the image. `place` is the bytes of a place, `line` of a row of the image, `stretch` = size·place.
;; Units `begin` to `end` are rows of patches, `rows` an image; `before` is the padding above and left.
(func (export "patches")
  (param $x i32) (param $to i32) (param $height i32) (param $line i32) (param $rows i32) (param $columns i32)
  (param $size i32) (param $stride i32) (param $before i32) (param $place i32) (param $begin i32) (param $end i32)
  (local $stretch i32) (local $image i32) (local $top i32) (local $row i32) (local $s i32) (local $u i32)
  (local $left i32) (local $k i32)
  (local.set $stretch (i32.mul $size $place))
  (local.set $to (i32.add $to (i32.mul (i32.mul $begin $columns) (i32.mul $size $stretch))))
  (loop $next
    (local.set $image (i32.add $x (i32.mul (i32.mul (i32.div_u $begin $rows) $height) $line)))
    (local.set $top (i32.sub (i32.mul (i32.rem_u $begin $rows) $stride) $before))
    (local.set $s (i32.const 0))
    (loop $across
      (local.set $left (i32.mul (i32.sub (i32.mul $s $stride) $before) $place))
      (local.set $u (i32.const 0))
      (loop $down
        (local.set $row (i32.add $top $u))
        (local.set $k (i32.const 0))
        ;; Compared as unsigned, what lies before the beginning is beyond the end.
        (if (i32.ge_u $row $height)
          (then (loop $zeros
            (f32.store (i32.add $to $k) (f32.const 0))
            (br_if $zeros (i32.lt_u (local.tee $k (i32.add $k (i32.const 4))) $stretch))))
          (else
            (local.set $row (i32.add $image (i32.mul $row $line)))
            (loop $values
              (f32.store (i32.add $to $k)
                (if (result f32) (i32.lt_u (i32.add $left $k) $line)
                  (then (f32.load (i32.add $row (i32.add $left $k))))
                  (else (f32.const 0))))
              (br_if $values (i32.lt_u (local.tee $k (i32.add $k (i32.const 4))) $stretch)))))
        (local.set $to (i32.add $to $stretch))
        (br_if $down (i32.lt_u (local.tee $u (i32.add $u (i32.const 1))) $size)))
      (br_if $across (i32.lt_u (local.tee $s (i32.add $s (i32.const 1))) $columns)))
    (br_if $next (i32.lt_u (local.tee $begin (i32.add $begin (i32.const 1))) $end))))
