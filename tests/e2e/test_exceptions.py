"""Exceptions: thrown, caught, passed on, or the end of the program."""

from lib.assembler import assemble
from lib.endtoend import test
from lib.programs import example

EXIT = '(import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))'


def from_text(context, text, name="module"):
    target = context.tmp / f"{name}.wasm"
    target.write_bytes(assemble(text, context.project.root))
    return target


def program(context, name):
    return from_text(context, context.project.root / "tests" / "e2e" / "programs" / f"{name}.wat", name)


def checks(context):
    return program(context, "exceptions")


@test(timeout=120)
def all_uses(context):
    """Payloads, rethrowing, indirect calls, 10,000 frames, a million throws in little memory: at each level."""
    for level in "0123":
        context.must(context.walnut("run", "--no-cache", "--mem", "24M", f"-O{level}", checks(context)))


@test(timeout=120)
def kept(context):
    """Exceptions that are referred to outlive a million that are not, with all their values."""
    for level in "02":
        context.must(context.walnut("run", "--no-cache", "--mem", "24M", f"-O{level}",
                                    program(context, "exceptions_kept")))


@test(timeout=120)
def linux_process(context):
    """The same with the system's unwinder, from objects whole and joined from parts."""
    script = context.project.root / "examples" / "linux-host" / "build.sh"
    for options in (["-O2"], ["-O2", "--part-bytes", "1"], ["-O0", "--part-bytes", "100"]):
        target = context.tmp / "process"
        context.must(context.run(script, "--memory", "based", *options, checks(context), target,
                                 env={"WALNUT_CC": context.project.walnut_cc}))
        context.must(context.run(target))


@test
def uncaught(context):
    """An exception nobody catches ends the program with its tag's name and the place of the throw."""
    module = from_text(context, """(module
        (tag $boom (export "boom") (param i32)) (tag $other)
        (func $thrower (throw $boom (i32.const 1)))
        (func $middle (block $h (try_table (catch $other $h) (call $thrower))))
        (func (export "_start") (call $middle) (call $after))
        (func $after))""")
    for level in "02":
        got = context.must(context.walnut("run", "--no-cache", f"-O{level}", module), 134)
        lines = got.err.split(b"\n")
        context.equal(lines[0], b"walnut: trap: uncaught exception boom", "first line")
        context.contains(lines[1], b"    at <unnamed> (function 0, offset 0x")
        context.contains(lines[2], b"(function 1, offset 0x")
        context.contains(lines[3], b"(function 2, offset 0x")


@test
def traps_are_not_caught(context):
    """Neither a trap nor a stack overflow is an exception, even to catch_all; nor is throwing null."""
    for body, kind in (("(unreachable)", b"unreachable"),
                       ("(call $forever)", b"call stack exhausted"),
                       ("(throw_ref (ref.null exn))", b"null reference")):
        module = from_text(context, f"""(module
            (tag $t) (global $g (mut i32) (i32.const 0))
            (func $forever (if (i32.eqz (global.get $g)) (then (call $forever))) (global.set $g (i32.const 1)))
            (func $body (if (global.get $g) (then (throw $t))) {body})
            (func (export "_start") (block $h (try_table (catch_all $h) (call $body)))))""")
        got = context.must(context.walnut("run", "--no-cache", module), 134)
        context.contains(got.err, b"walnut: trap: " + kind)


@test
def handlers_keep_to_their_instructions(context):
    """A handler of one function does not catch what a call beside its try_table throws."""
    module = from_text(context, f"""(module {EXIT}
        (tag $t)
        (func $throw (throw $t))
        (func $beside (block $h (try_table (catch $t $h) (call $throw)))
            (call $throw) (call $exit (i32.const 1)))
        (func (export "_start")
            (block $h (try_table (catch_all $h) (call $beside)) (call $exit (i32.const 2)))
            (call $exit (i32.const 7))))""")
    for level in "02":
        context.must(context.walnut("run", "--no-cache", f"-O{level}", module), 7)


@test
def others_have_no_tables(context):
    """Programs without exceptions carry neither unwind tables nor an unwinder."""
    module, _ = example(context, "wc")
    image = context.tmp / "wc.elf"
    context.must(context.walnut("build", module, "-o", image))
    sections = context.must(context.run("readelf", "-SW", image)).out.decode()
    for name in ".eh_frame_hdr", ".eh_frame", ".gcc_except_table":
        size = [line.split(name, 1)[1].split()[3] for line in sections.splitlines() if f" {name} " in line]
        context.equal(size, ["000000"], f"size of {name}")
    symbols = context.must(context.run("nm", image)).out.decode()
    assert "unwind_throw" not in symbols, "the unwinder is in the image"
