"""Atomic instructions in a program of one thread."""

from lib.endtoend import test
from lib.programs import from_wat


@test
def results_of_wait(context):
    """A wait says that the value is another, or that time ran out; not before it has."""
    module = from_wat(context, """(module
        (import "wasi_snapshot_preview1" "clock_time_get" (func $time (param i32 i64 i32) (result i32)))
        (memory (export "memory") 1 1 shared)
        (func (export "other") (result i32)
            (i32.atomic.store (i32.const 4) (i32.const 7))
            (memory.atomic.wait32 offset=4 (i32.const 0) (i32.const 8) (i64.const -1)))
        (func (export "timeout") (result i32 i32)
            (drop (call $time (i32.const 1) (i64.const 0) (i32.const 16)))
            (memory.atomic.wait64 (i32.const 8) (i64.const 0) (i64.const 20000000))
            (drop (call $time (i32.const 1) (i64.const 0) (i32.const 24)))
            (i64.ge_u (i64.sub (i64.load (i32.const 24)) (i64.load (i32.const 16))) (i64.const 20000000)))
        (func (export "_start")))""")
    got = context.must(context.walnut("run", "--invoke", "other", module))
    context.equal(got.out, b"1\n", "not equal")
    got = context.must(context.walnut("run", "--invoke", "timeout", module))
    context.equal(got.out, b"2\n1\n", "timed out, and 20 ms later")


@test
def a_lock_and_a_counter(context):
    """Every read-modify-write gives the old value and leaves the new one, shared or not."""
    for memory in ("(memory 1)", "(memory 1 2 shared)"):
        module = from_wat(context, f"""(module {memory}
            (func (export "f") (result i32 i64 i32 i64 i64)
                (i64.atomic.store (i32.const 8) (i64.const 0x0102030405060708))
                (i32.atomic.rmw8.add_u (i32.const 8) (i32.const 0x1ff))
                (i64.atomic.rmw16.xchg_u (i32.const 10) (i64.const 0xabcd))
                (i32.atomic.rmw.cmpxchg (i32.const 12) (i32.const 0x01020304) (i32.const -1))
                (i64.atomic.rmw32.cmpxchg_u (i32.const 12) (i64.const 5) (i64.const 6))
                (atomic.fence)
                (i64.atomic.load (i32.const 8)))
            (func (export "_start")))""")
        got = context.must(context.walnut("run", "--invoke", "f", module))
        expected = [8, 0x0506, 0x01020304, 0xffffffff, 0xffffffffabcd0707 - 2**64]
        context.equal(got.out.split(), [str(number).encode() for number in expected], memory)
