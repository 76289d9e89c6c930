;; numbers: a third float result came back on the x87 stack, which quiets signalling NaNs.
(module
  (func $three (result f64 f64 f32)
    f64.const 1 f64.const 2 f32.const nan:0x200000)
  (func $five (result f32 i64 f32 f64 i32 f64)
    f32.const nan:0x1 i64.const 1 f32.const nan:0x2 f64.const nan:0x3 i32.const 4 f64.const nan:0x5)
  (func (export "three") (result i64)
    call $three i32.reinterpret_f32 i64.extend_i32_u
    block (param i64) (result i64) end
    global.set 0 drop drop global.get 0)
  (func (export "last") (result i64)
    call $five i64.reinterpret_f64
    global.set 0 drop drop drop drop drop global.get 0)
  (func (export "fourth") (result i64)
    call $five drop drop i64.reinterpret_f64
    global.set 0 drop drop drop global.get 0)
  (global (mut i64) (i64.const 0)))
