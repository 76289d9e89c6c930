"""Each kind of trap ends a program with status 134 and a report that says where."""

import re

from lib.endtoend import test
from lib.programs import from_wat

FRAME = re.compile(rb"^    at (\S+) \(function (\d+), offset 0x([0-9a-f]+)\)$", re.M)


def body_offset(data, function):
    """Where the body of a function (of those defined) begins and ends in the module."""
    at = 8

    def leb():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while True:
        section = data[at]
        at += 1
        size = leb()
        if section != 10:
            at += size
            continue
        leb()
        for _ in range(function):
            size = leb()
            at += size
        size = leb()
        return at, at + size


def traps(context, text, kind, fields=""):
    """Runs a module whose function $victim traps, called by $middle, by _start."""
    module = from_wat(context, f"""(module {fields}
        (func $victim {text})
        (func $middle (call $victim) (call $after))
        (func $after (drop (i32.const 1)))
        (func (export "_start") (call $middle) (call $after)))""")
    got = context.must(context.walnut("run", module), 134)
    context.equal(got.out, b"", "standard output")
    lines = got.err.split(b"\n")
    context.equal(lines[0], b"walnut: trap: " + kind, "first line of the report")
    frames = FRAME.findall(got.err)
    assert frames, got.text()
    # Whatever was inlined into what, the place is in the victim, and so is the offset.
    context.equal(frames[0][:2], (b"victim", b"0"), "innermost frame")
    begin, end = body_offset(module.read_bytes(), 0)
    offset = int(frames[0][2], 16)
    assert begin <= offset < end, f"offset {offset:#x} not in {begin:#x}..{end:#x}\n{got.text()}"
    return got


MEMORY = "(memory 1)"


@test
def unreachable(context):
    """unreachable traps as such."""
    traps(context, "unreachable", b"unreachable")


@test
def load_past_the_end(context):
    """A load just past the memory, and one at the highest address with an offset."""
    traps(context, "(drop (i32.load (i32.const 65533)))", b"out of bounds memory access", MEMORY)
    traps(context, "(drop (i64.load offset=4294967295 (i32.const -1)))",
          b"out of bounds memory access", MEMORY)


@test
def store_past_the_end(context):
    """A store past the memory, of each width."""
    for width, address in (("i32.store8", 65536), ("i32.store16", 65535), ("i32.store", 65533)):
        traps(context, f"({width} (i32.const {address}) (i32.const 1))",
              b"out of bounds memory access", MEMORY)
    traps(context, "(i64.store (i32.const 65529) (i64.const 1))", b"out of bounds memory access",
          MEMORY)


@test
def vector_access_past_the_end(context):
    """Loads and stores of vectors, whole or by lane, reach as far as their width and no further."""
    kind = b"out of bounds memory access"
    for load, width in (("v128.load", 16), ("v128.load8x8_s", 8), ("v128.load16x4_u", 8),
                        ("v128.load8_splat", 1), ("v128.load32_splat", 4), ("v128.load64_zero", 8)):
        traps(context, f"(drop ({load} (i32.const {65536 - width + 1})))", kind, MEMORY)
        traps(context, f"(drop ({load} (i32.const {65536 - width}))) (drop ({load} offset=65536 "
              "(i32.const 0)))", kind, MEMORY)
    vector = "(v128.const i64x2 1 2)"
    for bits in (8, 16, 32, 64):
        place = 65536 - bits // 8
        traps(context, f"(drop (v128.load{bits}_lane 1 (i32.const {place + 1}) {vector}))", kind, MEMORY)
        traps(context, f"(v128.store{bits}_lane 1 (i32.const {place}) {vector}) "
              f"(v128.store{bits}_lane 0 (i32.const {place + 1}) {vector})", kind, MEMORY)
    traps(context, f"(v128.store (i32.const 65521) {vector})", kind, MEMORY)


@test
def unaligned_atomic(context):
    """An atomic access at no multiple of its width, by the index or by the offset."""
    for text in ("(drop (i32.atomic.load16_u (i32.const 1)))",
                 "(drop (i64.atomic.rmw.add offset=4 (i32.const 8) (i64.const 1)))",
                 "(i32.atomic.store offset=3 (i32.const 0) (i32.const 1))",
                 "(drop (memory.atomic.notify (i32.const 2) (i32.const 1)))"):
        for memory in (MEMORY, "(memory 1 1 shared)"):
            traps(context, text, b"unaligned atomic", memory)


@test
def atomic_past_the_end(context):
    """Atomic accesses past the memory, also those whose result nobody needs."""
    for text in ("(drop (i32.atomic.load (i32.const 65536)))",
                 "(drop (i64.atomic.rmw8.cmpxchg_u (i32.const 65536) (i64.const 1) (i64.const 2)))",
                 "(drop (memory.atomic.notify (i32.const 65536) (i32.const 1)))"):
        for memory in (MEMORY, "(memory 1 1 shared)"):
            traps(context, text, b"out of bounds memory access", memory)


@test
def wait_on_unshared_memory(context):
    """memory.atomic.wait on a memory that no other thread can have."""
    traps(context, "(drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const 0)))",
          b"expected shared memory", MEMORY)


@test
def wait_for_ever(context):
    """A wait without a timeout, which nobody can end, is a trap and no silence."""
    module = from_wat(context, """(module (memory 1 1 shared)
        (func (export "_start") (drop (memory.atomic.wait64 (i32.const 8) (i64.const 0) (i64.const -1)))))""")
    got = context.must(context.walnut("run", module), 134)
    context.contains(got.err, b"walnut: trap: deadlock: ", b"(function 0, offset ")


@test
def bulk_memory_past_the_end(context):
    """memory.fill, memory.copy and memory.init past the memory."""
    for text in ("(memory.fill (i32.const 65000) (i32.const 1) (i32.const 1000))",
                 "(memory.copy (i32.const 65000) (i32.const 0) (i32.const 1000))",
                 "(memory.init 0 (i32.const 65530) (i32.const 0) (i32.const 10))"):
        traps(context, text, b"out of bounds memory access", MEMORY + '(data "0123456789")')


@test
def no_memory_at_all(context):
    """A memory of no pages: the first byte is out of bounds already."""
    traps(context, "(drop (i32.load8_u (i32.const 0)))", b"out of bounds memory access", "(memory 0)")


@test
def table_access(context):
    """table.get past the table."""
    traps(context, "(drop (table.get 0 (i32.const 5)))", b"out of bounds table access",
          "(table 5 externref)")


@test
def undefined_element(context):
    """call_indirect with an index past the table."""
    traps(context, "(call_indirect (i32.const 99))", b"undefined element", "(table 5 funcref)")


@test
def uninitialized_element(context):
    """call_indirect of a null element."""
    traps(context, "(call_indirect (i32.const 3))", b"uninitialized element", "(table 5 funcref)")


@test
def indirect_call_type(context):
    """call_indirect of a function of another type."""
    traps(context, "(call_indirect (param i32) (i32.const 7) (i32.const 0))",
          b"indirect call type mismatch", "(table funcref (elem $middle))")


@test
def divide_by_zero(context):
    """Integer division and remainder by zero."""
    traps(context, "(drop (i32.div_u (i32.const 1) (i32.load (i32.const 0))))",
          b"integer divide by zero", MEMORY)
    traps(context, "(drop (i64.rem_s (i64.const 1) (i64.load (i32.const 0))))",
          b"integer divide by zero", MEMORY)


@test
def division_overflow(context):
    """The one quotient that does not fit."""
    traps(context, "(drop (i32.div_s (i32.const 0x80000000) (i32.sub (i32.load (i32.const 0)) "
          "(i32.const 1))))", b"integer overflow", MEMORY)


@test
def conversions(context):
    """A float too large for the integer, and NaN."""
    traps(context, "(drop (i32.trunc_f32_s (f32.const 3e9)))", b"integer overflow")
    traps(context, "(drop (i64.trunc_f64_u (f64.const nan)))", b"invalid conversion to integer")


@test
def stack_overflow(context):
    """Endless recursion ends as a trap, with a backtrace cut short."""
    module = from_wat(context, """(module (global $depth (mut i32) (i32.const 0))
        (func $deeper (param i32) (result i32)
            (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
            (i32.add (call $deeper (local.get 0)) (global.get $depth)))
        (func (export "_start") (drop (call $deeper (i32.const 1)))))""")
    got = context.must(context.walnut("run", module), 134)
    context.contains(got.err, b"walnut: trap: call stack exhausted\n", b"    at deeper (function 0")
    assert len(got.err) < 20000, len(got.err)


@test
def deep_but_finite_recursion(context):
    """A recursion 10000 deep fits the stack."""
    module = from_wat(context, """(module
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory 1)
        (func $sum (param i32) (result i32)
            (if (result i32) (local.get 0)
                (then (i32.add (i32.load (i32.const 0)) (i32.add (i32.const 1)
                    (call $sum (i32.sub (local.get 0) (i32.const 1))))))
                (else (i32.const 0))))
        (func (export "_start") (call $exit (i32.eq (call $sum (i32.const 10000)) (i32.const 10000)))))""")
    context.must(context.walnut("run", module), 1)


@test
def whole_backtrace(context):
    """The report names every caller, innermost first, with its function index."""
    module = from_wat(context, """(module
        (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
        (memory 1)
        (table funcref (elem $inner $outer))
        (type $plain (func))
        (func $inner unreachable)
        (func $outer (call_indirect (i32.load (i32.const 0))) (drop (call $yield)))
        (func (export "_start") (call_indirect (i32.add (i32.load (i32.const 0)) (i32.const 1)))
            (drop (call $yield))))""")
    got = context.must(context.walnut("run", module), 134)
    context.equal([(name, number) for name, number, _ in FRAME.findall(got.err)][:2],
                  [(b"inner", b"1"), (b"outer", b"2")], "backtrace")
    context.equal(len(FRAME.findall(got.err)) >= 3, True, "three frames")


@test
def trap_in_the_start_function(context):
    """A trap during instantiation is reported like any other."""
    module = from_wat(context, """(module (func $early unreachable) (start $early)
        (func (export "_start")))""")
    got = context.must(context.walnut("run", module), 134)
    context.contains(got.err, b"walnut: trap: unreachable\n    at early (function 0")


@test
def trap_in_a_segment(context):
    """An active segment that does not fit traps at instantiation."""
    module = from_wat(context, """(module (memory 1) (data (i32.const 65535) "ab")
        (func (export "_start")))""")
    got = context.must(context.walnut("run", module), 134)
    context.contains(got.err, b"walnut: trap: out of bounds memory access\n")


@test
def output_before_a_trap_is_kept(context):
    """What a program wrote before its trap arrives first and complete."""
    module = from_wat(context, """(module
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (data (i32.const 0) "\\10\\00\\00\\00\\05\\00\\00\\00") (data (i32.const 16) "early")
        (func (export "_start")
            (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
            (drop (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8)))
            unreachable))""")
    got = context.must(context.walnut("run", module), 134)
    context.equal(got.out, b"early", "standard output")
    context.contains(got.err, b"earlywalnut: trap: unreachable\n")


@test
def trap_without_names(context):
    """Without a name section functions are reported by index."""
    from lib.programs import from_bytes, one_function
    module = from_bytes(context, one_function(b"\x00\x0b"))
    got = context.must(context.walnut("run", module), 134)
    context.contains(got.err, b"walnut: trap: unreachable\n", b"(function 0, offset 0x")
