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
