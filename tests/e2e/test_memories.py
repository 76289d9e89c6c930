"""Several memories in one program, and memories with 64-bit indices."""

from lib.endtoend import test
from lib.programs import from_bytes, from_wat

LEVELS = ("-O0", "-O2")
COUNT = 40


def program(context, name):
    return from_wat(context, (context.project.root / "tests" / "e2e" / "programs" / name).read_text())


def process(context, module, name, *options):
    """The module as a Linux process."""
    script = context.project.root / "examples" / "linux-host" / "build.sh"
    target = context.tmp / name
    context.must(context.run(script, *options, module, target,
                             env={"WALNUT_CC": context.project.walnut_cc}))
    return target


@test
def kept_apart(context):
    """Three memories of both widths have their own contents, sizes and growth, in the microVM
    and as a Linux process."""
    module = program(context, "memories.wat")
    for level in LEVELS:
        context.must(context.walnut("run", level, module))
        context.must(context.run(process(context, module, "based" + level, "--memory", "based", level)))


@test
def guarded_in_other_hosts(context):
    """A memory without bounds checks need not be at zero: where memory 0 has 64-bit indices,
    an object of the model `zero` runs in any process."""
    text = """(module (memory i64 1) (memory $b 1)
        (func $victim (param i32) (drop (i32.load $b offset=65533 (local.get 0))))
        (func (export "_start") (i32.store $b (i32.const 65532) (i32.const 1))
            (call $victim (i32.const %d))))"""
    inside, outside = from_wat(context, text % -65536, "a.wasm"), from_wat(context, text % 0, "b.wasm")
    for module in (inside, outside):
        got = context.must(context.run(process(context, module, module.stem, "--memory", "zero")), 134)
        context.contains(got.err, b"out of bounds memory access", b"at victim")


# memory, its pages, an access, whether it traps
ACCESSES = (
    ("i32", 1, "(drop (i32.load $m (i32.const 65532)))", False),
    ("i32", 1, "(drop (i32.load $m (i32.const 65533)))", True),
    ("i32", 1, "(drop (i32.load8_u $m (i32.const -1)))", True),
    ("i32", 1, "(drop (i64.load $m offset=4294967295 (i32.const -1)))", True),
    ("i32", 1, "(i32.store $m offset=65530 (i32.const 4) (i32.const 1))", True),
    ("i32", 0, "(i32.store8 $m (i32.const 0) (i32.const 1))", True),
    ("i32", 40, "(i64.store $m (i32.const 2621432) (i64.const 1))", False),
    ("i32", 40, "(i64.store $m (i32.const 2621433) (i64.const 1))", True),
    ("i32", 1, "(memory.fill $m (i32.const 65535) (i32.const 1) (i32.const 2))", True),
    ("i32", 1, "(memory.copy $m $other (i32.const 65535) (i32.const 0) (i32.const 2))", True),
    ("i32", 2, "(memory.copy $other $m (i32.const 65535) (i32.const 0) (i32.const 2))", True),
    ("i64", 1, "(drop (i32.load $m (i64.const 65532)))", False),
    ("i64", 1, "(drop (i32.load $m (i64.const 65533)))", True),
    ("i64", 1, "(drop (i32.load $m offset=65532 (i64.const 0)))", False),
    ("i64", 1, "(drop (i32.load $m offset=65532 (i64.const 1)))", True),
    ("i64", 1, "(drop (i32.load $m (i64.const -1)))", True),
    ("i64", 1, "(drop (i32.load $m offset=1 (i64.const -1)))", True),
    ("i64", 1, "(i64.store $m (i64.const 4294967296) (i64.const 0))", True),
    ("i64", 0, "(i64.store8 $m (i64.const 0) (i64.const 0))", True),
    ("i64", 1, "(memory.fill $m (i64.const 2) (i32.const 1) (i64.const -1))", True),
    ("i64", 1, "(memory.fill $m (i64.const 65536) (i32.const 1) (i64.const 0))", False),
    ("i64", 1, "(memory.fill $m (i64.const 65537) (i32.const 1) (i64.const 0))", True),
    ("i64", 1, "(memory.copy $m $m (i64.const 0) (i64.const 1) (i64.const 65536))", True),
    ("i64", 1, "(memory.copy $m $other (i64.const -1) (i32.const 0) (i32.const 1))", True),
)


@test(timeout=240)
def each_access_is_bounded(context):
    """The last byte of a further memory can be reached, the next one cannot, by any index and
    offset; the trap names the function, in the microVM and in both models of addressing."""
    for number, (width, pages, access, traps) in enumerate(ACCESSES):
        index = "i64" if width == "i64" else ""
        module = from_wat(context, f"""(module (memory $other 1) (memory $m {index} {pages})
            (func $victim {access}) (func (export "_start") (call $victim)))""", f"{number}.wasm")
        runs = [context.walnut("run", module)]
        if number % 3 == 0:
            runs.append(context.walnut("run", "-O0", module))
            runs.append(context.run(process(context, module, f"p{number}", "--memory", "based")))
        for got in runs:
            context.must(got, 134 if traps else 0)
            if traps:
                context.contains(got.err, b"walnut: trap: out of bounds memory access\n", b"at victim",
                                 b"offset 0x")


def leb(value):
    data = bytearray()
    while value > 127:
        data.append(value & 127 | 128)
        value >>= 7
    return bytes(data) + bytes([value])


def section(number, data):
    return bytes([number]) + leb(len(data)) + data


def load_at(offset, index):
    """A program that loads four bytes at `index` (a small one) with any 64-bit offset, which
    wat2wasm cannot write."""
    body = b"\0\x42" + bytes([index]) + b"\x28\0" + leb(offset) + b"\x1a\x0b"
    return (b"\0asm\1\0\0\0" + section(1, b"\1\x60\0\0") + section(3, b"\1\0") +
            section(5, b"\1\4\1") + section(7, b"\1\x06_start\0\0") +
            section(10, b"\1" + leb(len(body)) + body))


@test
def large_offsets(context):
    """Index and offset are added without wrapping around."""
    for offset, index in ((2**64 - 1, 0), (2**64 - 1, 1), (2**64 - 4, 5), (2**64 - 4, 4), (2**63, 0),
                          (2**32, 0), (65533, 0)):
        module = from_bytes(context, load_at(offset, index), f"{offset}-{index}.wasm")
        context.contains(context.must(context.walnut("run", module), 134).err, b"out of bounds memory access")
    context.must(context.walnut("run", from_bytes(context, load_at(65531, 1))))


@test
def more_than_there_is(context):
    """A memory that the machine's RAM cannot hold is refused in a line; growth past it is -1,
    and leaves the memory as it was."""
    for memories, message in (
            ("(memory i64 0x100000)", b"raise --mem"),
            ("(memory 1) (memory 0x8000)", b"raise --mem"),
            ("(memory 1) " + "(memory 1)" * 300, b"address space")):
        module = from_wat(context, f'(module {memories} (func (export "_start")))')
        got = context.must(context.walnut("run", module), 125)
        context.contains(got.err, message)
        assert len(got.err.splitlines()) == 1, got.err
    module = from_wat(context, """(module
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory $a 1) (memory $b 1) (memory $c i64 1)
        (func $check (param i32 i32) (if (i32.eqz (local.get 0)) (then (call $exit (local.get 1)))))
        (func (export "_start")
            (call $check (i32.eq (memory.grow $b (i32.const 0x7fff)) (i32.const -1)) (i32.const 1))
            (call $check (i64.eq (memory.grow $c (i64.const 0x7fff)) (i64.const -1)) (i32.const 2))
            (call $check (i32.eq (memory.size $b) (i32.const 1)) (i32.const 3))
            (call $check (i64.eq (memory.grow $c (i64.const 100)) (i64.const 1)) (i32.const 4))
            (call $check (i32.eq (memory.grow $b (i32.const 100)) (i32.const 1)) (i32.const 5))
            (i32.store $b (i32.const 6600000) (i32.const 1))
            (i32.store $c (i64.const 6600000) (i32.const 1))
            (i32.store $b (i32.const 6619133) (i32.const 1))))""")
    got = context.must(context.walnut("run", module), 134)
    context.contains(got.err, b"out of bounds memory access")


@test
def loops_check_once(context):
    """In a loop over a memory with 64-bit indices the base stays in a register."""
    module = from_wat(context, """(module (memory i64 1)
        (func (export "_start"))
        (func (export "sum") (param i64) (result i32) (local i32)
            (loop $again
                (local.set 1 (i32.add (local.get 1) (i32.load (local.get 0))))
                (local.set 0 (i64.sub (local.get 0) (i64.const 4)))
                (br_if $again (i64.ne (local.get 0) (i64.const 0))))
            (local.get 1)))""")
    context.must(context.run(context.project.walnut_cc, module, "-o", context.tmp / "sum.o"))
    code = context.must(context.run("objdump", "-d", "--no-show-raw-insn", context.tmp / "sum.o")).out.decode()
    body = code[code.index("<main.sum>:"):].split("\n\n")[0]
    assert body.count("(%rip)") == 2, body  # base and size, before the loop


@test
def every_memory_begins_as_zeros(context):
    """Many small memories use up low RAM too, where the boot left its tables, and hold zeros."""
    memories = "\n".join(f"(memory $m{i} 2)" for i in range(COUNT))
    checks = "\n".join(f"""
        (local.set 0 (i32.const 0))
        (loop
          (if (i64.ne (i64.load $m{i} (local.get 0)) (i64.const 0)) (then unreachable))
          (local.set 0 (i32.add (local.get 0) (i32.const 8)))
          (br_if 0 (i32.lt_u (local.get 0) (i32.const 131072))))""" for i in range(COUNT))
    module = from_wat(context, f'(module {memories} (func (export "_start") (local i32) {checks}))')
    context.must(context.walnut("run", module))


# What is done to $a, a page with 64-bit indices, and $b, one with 32-bit indices; whether it traps.
RANGES = (
    ("memory.copy $a $b (i64.const -1) (i32.const 0) (i32.const 2)", True),
    ("memory.copy $a $b (i64.const 65536) (i32.const 0) (i32.const 0)", False),
    ("memory.copy $a $b (i64.const 65537) (i32.const 0) (i32.const 0)", True),
    ("memory.copy $b $a (i32.const -1) (i64.const 0) (i32.const -1)", True),
    ("memory.copy $b $a (i32.const 0) (i64.const -8) (i32.const 8)", True),
    ("memory.copy $a $a (i64.const -8) (i64.const 8) (i64.const 16)", True),
    ("memory.copy $a $a (i64.const 8) (i64.const 0) (i64.const -1)", True),
    ("memory.fill $a (i64.const 1) (i32.const 1) (i64.const -1)", True),
    ("memory.fill $a (i64.const -1) (i32.const 1) (i64.const 1)", True),
    ("memory.fill $a (i64.const 65535) (i32.const 1) (i64.const 1)", False),
)


@test
def ranges_are_bounded(context):
    """Start and length of bulk instructions are added without wrapping around, between memories
    of both widths too."""
    for number, (instruction, traps) in enumerate(RANGES):
        module = from_wat(context, f"""(module (memory $a i64 1) (memory $b 1)
            (func (export "_start") ({instruction})))""", f"range{number}.wasm")
        for level in ("-O0", "-O2"):
            context.must(context.walnut("run", level, module), 134 if traps else 0)
