;; tail-calls: -O3 took a result that nobody needs off a function whose tail call returns it.
(module
  (global $fuel (mut i32) (i32.const 100))
  (global $kept (mut i64) (i64.const 0))
  (func $callee (param i64) (result i64 i64 i64)
    global.get $fuel i32.const 1 i32.sub global.set $fuel
    global.get $fuel i32.const 0 i32.lt_s
    if
      i64.const 1 local.get 0 i64.const 2 return
    end
    local.get 0 i64.const 3 i64.mul call $middle drop global.set $kept drop
    local.get 0 i64.const 1 i64.add call $callee
    global.get $kept i64.add)
  (func $middle (param i64) (result i64 i64 i64)
    global.get $fuel i32.const 1 i32.sub global.set $fuel
    global.get $fuel i32.const 0 i32.lt_s
    if
      i64.const 4 local.get 0 i64.const 5 return
    end
    local.get 0 i64.const 5 i64.mul call $middle drop global.set $kept global.set $kept
    local.get 0 i64.const 7 i64.add call $middle drop global.set $kept global.set $kept
    local.get 0 return_call $callee)
  (func (export "first") (result i64)
    i64.const 9 call $middle drop i64.add global.get $kept i64.xor))
