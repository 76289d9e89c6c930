"""A module compiled in parts behaves as one compiled whole (docs/compiler.md)."""

import os
import pty
import re
import signal

from lib.endtoend import test
from lib.programs import example, from_bytes, from_wat, many_functions

# i32.store (0) (i32.add (i32.load (0)) (i32.const 1)), in a loop now and then
STEP = bytes.fromhex("4100 4100 280200 4101 6a 360200")
LOOP = bytes.fromhex("0340") + STEP + bytes.fromhex("4100 280200 0d00 0b")


def compile_(context, module, name, *options, **keywords):
    target = context.tmp / name
    context.must(context.run(context.project.walnut_cc, *options, "-o", target, module, **keywords))
    return target


def process(context, module, name, *options):
    """The module as a Linux process."""
    script = context.project.root / "examples" / "linux-host" / "build.sh"
    target = context.tmp / name
    context.must(context.run(script, "--memory", "based", *options, module, target,
                             env={"WALNUT_CC": context.project.walnut_cc}))
    return target


@test
def programs(context):
    """Programs cut into many parts do what they do natively, at each level."""
    for level, name, arguments, input in (
            ("-O0", "wc", (), b"some words\nin two lines\n"),
            ("-O1", "nbody", ("2000",), b""),
            ("-O2", "sha256sum", (), bytes(range(256)) * 100),
            ("-O2", "wordcount", ("5",), b"a rose is a rose is a rose\n"),
            ("-O3", "adventure", (), b"north\nquit\n")):
        module, native = example(context, name)
        expected = context.run(native, *arguments, input=input)
        got = context.run(process(context, module, name, level, "--part-bytes", "700"),
                          *arguments, input=input)
        context.equal((got.status, got.out, got.err), (expected.status, expected.out, expected.err),
                      name)


@test
def same_object_on_any_number_of_cpus(context):
    """The object does not depend on how many CPUs the compiler may use."""
    module, _ = example(context, "wordcount")
    everywhere = compile_(context, module, "all.o", "--part-bytes", "4000")
    one = min(os.sched_getaffinity(0))
    alone = compile_(context, module, "one.o", "--part-bytes", "4000",
                     preexec_fn=lambda: os.sched_setaffinity(0, {one}))
    context.equal(alone.read_bytes(), everywhere.read_bytes(), "objects")


@test
def shared_symbols_stay_inside(context):
    """What the parts share is local to the object, so that two objects can be linked."""
    module, _ = example(context, "wc")
    target = compile_(context, module, "wc.o", "--part-bytes", "500")
    symbols = context.must(context.run("readelf", "-sW", target)).out.decode()
    names = re.findall(r" (?:GLOBAL|WEAK) +\S+ +\d+ (walnut\.\S+)", symbols)
    assert names and all(name.startswith("walnut.type.") for name in names), names
    assert re.search(r" LOCAL +\S+ +\d+ walnut\.memory\.0\b", symbols), symbols


@test
def traps(context):
    """A backtrace across parts names functions and offsets as one within a part does."""
    module = from_wat(context, """(module (memory 1) (table 3 funcref)
        (elem (i32.const 1) $middle)
        (func $victim (param i32) (drop (i32.load (local.get 0))))
        (func $middle (call $victim (i32.const 70000)) (call $last))
        (func $last (drop (i32.const 1)))
        (func (export "_start")
            (call_indirect (i32.add (i32.const 1) (i32.load (i32.const 0)))) (call $last)))""")
    for level, functions in ("-O0", (b"victim", b"middle")), ("-O2", (b"victim",)):
        whole = process(context, module, f"whole{level}", level)
        parts = process(context, module, f"parts{level}", level, "--part-bytes", "1")
        expected = context.must(context.run(whole), 134)
        context.contains(expected.err, b"offset 0x", *functions)
        context.equal(context.must(context.run(parts), 134).err, expected.err, f"report at {level}")


@test
def errors(context):
    """What is wrong with a part is said once, in a line."""
    module = from_wat(context, """(module
        (import "main" "f" (func $f))
        (func $g (call $f))
        (func (export "f") (call $g))
        (func (export "_start") (call $g)))""")
    target = context.tmp / "x.o"
    got = context.must(context.run(context.project.walnut_cc, "--part-bytes", "1",
                                   "--allow-unknown-imports", "-o", target, module), 125)
    context.equal(got.err.count(b"\n"), 1, "lines")
    context.contains(got.err, b"both imports and exports main.f")
    assert not list(context.tmp.glob("x.o*")), "something is left behind"


@test(timeout=120)
def interrupted(context):
    """A terminal sees how many functions are done; ^C then leaves no process and no file."""
    module = from_bytes(context, many_functions(2000, 20 * (STEP + LOOP)), "big.wasm")
    temporary = context.tmp / "temporary"
    temporary.mkdir()
    ours, theirs = pty.openpty()
    process = context.start([context.project.walnut, "compile", module, "-o", "big.o"],
                            env={"TMPDIR": str(temporary)}, stderr=theirs)
    os.close(theirs)
    seen = b""
    while b" of 2000 functions (" not in seen:
        assert process.poll() is None, seen
        seen += os.read(ours, 4096)
    os.killpg(process.pid, signal.SIGINT)
    context.equal(context.finish(process).status, -signal.SIGINT, "end by the signal")
    os.close(ours)
    context.equal(list(temporary.iterdir()), [], "what is left")
    assert not list(context.tmp.glob("big.o*"))
    context.group_ends(process)


@test(timeout=120)
def verbose(context):
    """Without a terminal -v says in lines how far the compiler is."""
    module = from_bytes(context, many_functions(1000, 20 * (STEP + LOOP)), "big.wasm")
    got = context.must(context.run(context.project.walnut_cc, "--progress", "--verbose", "-O2",
                                   "--input-name", "NAME", "-o", "big.o", module))
    lines = got.err.splitlines()
    assert lines, "nothing said"
    for line in lines:
        assert re.fullmatch(rb"walnut: compiling NAME: (\d+ of 1000 functions \(\d+%\)|\w+)", line), line


@test
def side_tables_survive_garbage_collection(context):
    """The sections that nothing refers to are marked to stay, in objects of several parts too."""
    module, _ = example(context, "wc")
    for options in (), ("--part-bytes", "2000"):
        target = compile_(context, module, "retained.o", *options)
        got = context.must(context.run("llvm-readelf-19", "-hS", target)).out.decode()
        assert re.search(r"OS/ABI:\s+UNIX - GNU", got), got
        assert re.search(r" walnut_map .* WAR ", got), got


@test
def deep_function(context):
    """A function too deep for the optimiser is compiled plainly, beside others that are not."""
    depth = 3000
    text = "(if (i32.eqz (i32.load (global.get $g))) (then " * depth + "(call $last)" + "))" * depth
    module = from_wat(context, f"""(module (memory 1) (global $g (mut i32) (i32.const 8))
        (func $first (global.set $g (i32.const 16)))
        (func $deep {text})
        (func $last unreachable)
        (func (export "_start") (call $first) (call $deep)))""")
    got = context.must(context.run(process(context, module, "deep")), 134)
    context.contains(got.err, b"unreachable", b"at last", b"at deep")
