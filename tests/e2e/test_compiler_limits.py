"""Small modules that ask much of the compiler, and a compiler that is told to go."""

import resource
import signal
import time

from lib.endtoend import test
from lib.programs import HEADER, from_bytes, leb, many_functions, section, vector

ADDRESS_SPACE = 6 << 30  # the compiling thread's stack has one of them


def limited():
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))


def function(code, declared=b"\0"):
    body = declared + code + b"\x0b"
    return leb(len(body)) + body


def program(types, functions, bodies):
    """The first function is _start."""
    return (HEADER + section(1, vector(b"\x60\0\0", *types)) + section(3, vector(*map(leb, functions)))
            + section(7, vector(b"\x06_start\0\0")) + section(10, vector(*bodies)))


def passes(context, data, name):
    """Compiled at each level in bounded memory, it runs without a trap."""
    module = from_bytes(context, data, name)
    for level in ("-O0", "-O1", "-O2", "-O3"):
        context.must(context.run(context.project.walnut_cc, level, "-o", "x.o", module,
                                 preexec_fn=limited))
    for level in ("-O0", "-O2"):
        context.must(context.walnut("run", level, module))


@test
def many_locals(context):
    """Fifty thousand locals in each of two thousand functions cost what is used of them; one
    far behind is zero at first, also in a loop that comes to it again."""
    declared = b"\x01" + leb(50000) + b"\x7f"
    far, other = leb(49999), leb(40000)
    # other += 1; far += 2; again while other < 3; trap unless far == 6
    code = (b"\x03\x40\x20" + other + b"\x41\1\x6a\x21" + other + b"\x20" + far + b"\x41\2\x6a\x21" + far
            + b"\x20" + other + b"\x41\3\x49\x0d\0\x0b\x20" + far + b"\x41\6\x47\x04\x40\0\x0b")
    # A first use behind a conditional: what is read after it was never set.
    late = b"\x20" + other + b"\x41\3\x47\x04\x40\x41\1\x21" + leb(30000) + b"\x0b\x20" + leb(30000) + b"\x04\x40\0\x0b"
    bodies = [function(code + late, declared)] + 1999 * [function(b"", declared)]
    passes(context, program([], 2000 * [0], bodies), "locals.wasm")


@test
def wide_br_tables(context):
    """A br_table of a hundred thousand edges to labels with a thousand operands."""
    count, values = 100000, 1000
    types = [b"\x60\0" + leb(values) + values * b"\x7f"]
    # Five blocks in each other, each ends in the next one's branch; the index is 7: label 2.
    table = b"\x0e" + leb(count) + b"".join(leb(i % 5) for i in range(count)) + leb(0)
    operands = b"".join(b"\x41" + bytes([i % 64]) for i in range(values))
    # What falls out of label i's block goes on with the outermost block, its first operand
    # raised by 1 on each of the ways out.
    step = b"\x0b\x41\1\x6a"
    code = 5 * b"\x02\1" + operands + b"\x41\7" + table + 4 * step + b"\x0b"
    # 999 % 64 = 39, raised behind labels 2 and 3; behind label 4 is no step.
    code += b"\x41\x29\x47\x04\x40\0\x0b" + (values - 1) * b"\x1a"
    passes(context, program(types, [0], [function(code)]), "table.wasm")


@test
def nested_handlers(context):
    """A call in each of a thousand try_tables in each other is compiled; in each of twelve
    thousand, where the clauses would fill memory, it is refused in a line."""
    def nested(depth):
        # (try_table (catch $tag 0) (call $throw) (try_table …
        code = depth * b"\x1f\x40\1\0\0\0\x10\1" + depth * b"\x0b"
        return (HEADER + section(1, vector(b"\x60\0\0")) + section(3, vector(b"\0", b"\0"))
                + section(13, vector(b"\0\0")) + section(7, vector(b"\x06_start\0\0"))
                + section(10, vector(function(code), function(b"\x08\0"))))

    context.must(context.walnut("run", from_bytes(context, nested(1000), "some.wasm")))
    for level in ("-O0", "-O2"):
        got = context.must(context.run(context.project.walnut_cc, level, "-o", "x.o",
                                       from_bytes(context, nested(12000), "many.wasm"),
                                       preexec_fn=limited), 125)
        context.equal(got.err.count(b"\n"), 1, "lines")
        context.contains(got.err, b"function 0: too many handlers in each other")


def compiling(context, **keywords):
    """walnut-cc at work, its signals handled."""
    module = from_bytes(context, many_functions(1500, 20 * bytes.fromhex("4100 4100 280200 4101 6a 360200")),
                        "big.wasm")
    process = context.start([context.project.walnut_cc, "-o", "big.o", module], **keywords)
    while not list(context.tmp.glob("big.o*")):
        assert process.poll() is None
        time.sleep(0.01)
    return process


@test
def aborted(context):
    """Where the C++ library gives up, for want of memory, no file is left."""
    process = compiling(context)
    process.send_signal(signal.SIGABRT)
    context.equal(context.finish(process).status, 125, "status")
    context.equal(list(context.tmp.glob("big.o*")), [], "what is left")


@test
def nohup(context):
    """A signal that the parent wants ignored does not end a compilation."""
    process = compiling(context, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    process.send_signal(signal.SIGHUP)
    context.must(context.finish(process))
    assert (context.tmp / "big.o").exists()
