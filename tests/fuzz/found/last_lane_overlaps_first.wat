;; loops: of few iterations, where the first one's store reaches a few bytes into what the last
;; one loads. As lanes of one vector the load came first.
(module
  (memory 1)
  (func $fill (local $i i32)
    (loop $again
      (i32.store8 (local.get $i) (i32.mul (local.get $i) (i32.const 37)))
      (br_if $again (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 256)))))

  (func $sum (result i64) (local $i i32) (local $sum i64)
    (loop $again
      (local.set $sum (i64.add (i64.rotl (local.get $sum) (i64.const 5)) (i64.load8_u (local.get $i))))
      (br_if $again (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 256))))
    (local.get $sum))

  (func (export "four") (result i64) (local $p i32) (local $n i32)
    (call $fill)
    (local.set $p (i32.const 64))
    (local.set $n (i32.const 4))
    (loop $again
      (i32.store offset=13 (local.get $p) (i32.mul (i32.load (local.get $p)) (i32.const 31)))
      (local.set $p (i32.add (local.get $p) (i32.const 4)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (call $sum))

  (func (export "sixteen_bytes") (result i64) (local $p i32) (local $n i32)
    (call $fill)
    (local.set $p (i32.const 64))
    (local.set $n (i32.const 8))
    (loop $again
      (i32.store16 offset=15 (local.get $p)
        (i32.xor (i32.load16_u (local.get $p)) (i32.const 0x1234)))
      (local.set $p (i32.add (local.get $p) (i32.const 2)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (call $sum))

  (func (export "masked") (result i64) (local $p i32) (local $n i32)
    (call $fill)
    (local.set $p (i32.const 64))
    (local.set $n (i32.const 3))
    (loop $again
      (i64.store offset=19 (local.get $p) (i64.mul (i64.load (local.get $p)) (i64.const 31)))
      (local.set $p (i32.add (local.get $p) (i32.const 8)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (call $sum))

  (func (export "down_by_index") (result i64) (local $i i32)
    (call $fill)
    (loop $again
      (i64.store offset=154 (i32.sub (i32.const 64) (i32.shl (local.get $i) (i32.const 3)))
        (i64.mul (i64.const 254)
          (i64.load offset=187 (i32.sub (i32.const 64) (i32.shl (local.get $i) (i32.const 3))))))
      (br_if $again (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 5))))
    (call $sum)))
