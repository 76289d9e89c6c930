"""Tail calls need no stack, however many follow each other."""

from lib.endtoend import test
from lib.programs import from_wat

LEVELS = ("-O0", "-O1", "-O2", "-O3")


def program(context):
    return from_wat(context, (context.project.root / "tests" / "e2e" / "programs" / "tail_calls.wat").read_text())


@test(timeout=120)
def unbounded(context):
    """A million tail calls run in one frame: direct ones, through tables, to the host, with
    arguments and results that have no register."""
    module = program(context)
    for level in LEVELS:
        context.must(context.walnut("run", level, module))


@test(timeout=120)
def in_other_hosts(context):
    """So they do in a Linux process, also from one part of a module to another."""
    module = program(context)
    script = context.project.root / "examples" / "linux-host" / "build.sh"
    for name, options in (("whole", ()), ("parts", ("--part-bytes", "1"))):
        target = context.tmp / name
        context.must(context.run(script, "--memory", "based", "--allow-unknown-imports", *options, module,
                                 target, env={"WALNUT_CC": context.project.walnut_cc}))
        context.must(context.run(target))


@test
def ordinary_calls_stay_calls(context):
    """Unbounded recursion beside a tail call still ends in a stack overflow."""
    module = from_wat(context, """(module
        (func $down (param i64) (result i64)
            (if (i64.eqz (local.get 0)) (then (return_call $other)))
            (call $down (i64.add (local.get 0) (i64.const 1))))
        (func $other (result i64) (i64.const 1))
        (func (export "_start") (drop (call $down (i64.const 1)))))""")
    for level in ("-O0", "-O2"):
        got = context.must(context.walnut("run", level, module), 134)
        context.contains(got.err, b"call stack exhausted", b"at down")


@test
def backtrace(context):
    """In a report, the function that was tail-called stands below the caller's caller."""
    module = from_wat(context, """(module (memory 1)
        (func $victim (param i32 i64 i64 i64 i64 i64 i64 i64) (drop (i32.load (local.get 0))))
        (func $gone (param i32) (return_call $victim (local.get 0) (i64.const 1) (i64.const 2)
            (i64.const 3) (i64.const 4) (i64.const 5) (i64.const 6) (i64.const 7)))
        (func $caller (param i32) (call $gone (local.get 0)) (drop (i32.load8_u (i32.const 0))))
        (func (export "_start") (call $caller (i32.const 70000))))""")
    got = context.must(context.walnut("run", "-O0", module), 134)
    context.contains(got.err, b"at victim", b"at caller")
    assert b"gone" not in got.err, got.err
