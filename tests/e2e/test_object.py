"""An app object links with other hosts than the kernel: examples/linux-host."""

from lib.endtoend import test
from lib.programs import example, from_wat


def build(context, module, *options):
    """The module as a Linux process."""
    script = context.project.root / "examples" / "linux-host" / "build.sh"
    target = context.tmp / "process"
    context.must(context.run(script, *options, module, target,
                             env={"WALNUT_CC": context.project.walnut_cc}))
    return target


def alike(context, name, *arguments, input=b""):
    module, native = example(context, name)
    process = build(context, module, "--memory", "based")
    expected = context.run(native, *arguments, input=input)
    got = context.run(process, *arguments, input=input)
    context.equal((got.status, got.out, got.err), (expected.status, expected.out, expected.err), name)


@test
def c_programs(context):
    """C programs do as Linux processes what they do natively."""
    alike(context, "hello")
    alike(context, "wc", input=b"some words\nin two lines\n")
    alike(context, "sha256sum", input=bytes(range(256)) * 100)
    alike(context, "nbody", "2000")
    alike(context, "adventure", input=b"north\nquit\n")


@test
def rust_program(context):
    """So does a Rust program with a hash map."""
    alike(context, "wordcount", "5", input=b"a rose is a rose is a rose\n")


@test
def traps(context):
    """A trap in a based object is reported with function and offset, status 134."""
    module = from_wat(context, """(module (memory 1)
        (func $victim (param i32) (drop (i32.load (local.get 0))))
        (func (export "_start") (call $victim (i32.const 70000))))""")
    got = context.must(context.run(build(context, module, "--memory", "based")), 134)
    context.contains(got.err, b"out of bounds memory access", b"offset 0x")
