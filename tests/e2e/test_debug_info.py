"""Modules with DWARF: what a trap's report says about the source, and hostile DWARF."""

import random
import re

from lib.endtoend import test
from lib.programs import build, leb, one_function, section

LINE = re.compile(r"^    (at|inlined into) (.*?)(?: \(function \d+(?:, offset 0x[0-9a-f]+)?\))?"
                  r"(?:, (\S+?):(\d+)(?::\d+)?)?$", re.M)


def frames(got):
    """(name, file's last part, line) of each line of the report."""
    return [(name, file.rsplit("/", 1)[-1], int(line or 0))
            for _, name, file, line in LINE.findall(got.err.decode())]


def program(context, name, *options, compiler=None):
    source = context.project.root / "tests" / "e2e" / "programs" / name
    target = context.tmp / f"{source.stem}.wasm"
    build([compiler or context.project.clang, *options, source, "-o", target])
    return target


def from_clang(context, name, *options):
    return program(context, name, "--target=wasm32-wasi", "-g", *options)


def trapping(context, module, *options):
    return context.must(context.walnut("run", *options, module), 134)


@test
def c_with_lines(context):
    """A C program's trap names each function with file and line, inlined or not."""
    for clang_level in "-O0", "-O2":
        module = from_clang(context, "nested.c", clang_level)
        for level in "-O0", "-O2":
            got = frames(trapping(context, module, level))
            context.equal(got[:3], [("inlined", "nested.c", 7), ("looked_up", "nested.c", 16),
                                    ("main", "nested.c", 22)], f"clang {clang_level}, walnut {level}")


@test
def c_plus_plus_names(context):
    """C++ names are readable, with their parameters."""
    module = from_clang(context, "shapes.cc", "-O1", "-fno-exceptions", "-nostdinc++", "-Wl,--no-demangle",
                        "-x", "c++")
    got = frames(trapping(context, module))
    context.equal(got[:3], [("geometry::Grid<double>::at(int) const", "shapes.cc", 10),
                            ("geometry::corner(geometry::Grid<double> const&, int)", "shapes.cc", 17),
                            ("main", "shapes.cc", 25)], "backtrace")


@test(timeout=120)
def rust_names(context):
    """Rust names are readable in both manglings, with lines."""
    rustc = "/usr/bin/rustc"
    for options in ((), ("-C", "symbol-mangling-version=v0")):
        module = program(context, "stack.rs", "--edition=2021", "-g", "-O", "--target", "wasm32-wasi",
                         *options, compiler=rustc)
        got = [frame for frame in frames(trapping(context, module)) if frame[1] == "stack.rs"]
        context.equal([line for _, _, line in got[:3]], [15, 9, 24], "lines")
        assert got[0][0].startswith("stack::shapes::pick"), got
        assert re.fullmatch(r"<?stack::shapes::Stack<(T|u64)>>?::take", got[1][0]), got
        context.equal(got[2][0], "stack::main", "outermost")



def custom(name, payload):
    return section(0, leb(len(name)) + name + payload)


@test
def no_debug_information(context):
    """Without DWARF the report has names and offsets only."""
    module = program(context, "nested.c", "--target=wasm32-wasi", "-O1")
    got = trapping(context, module)
    context.equal([frame[1:] for frame in frames(got)][:3], [("", 0)] * 3, "places")
    context.contains(got.err, b"(function ")


@test
def names_that_are_no_names(context):
    """Mangled nonsense, control characters and huge names do no harm."""
    names = [b"_ZN" + b"3abc" * 5000, b"_RNv" + b"B_" * 5000, b"_Z" + b"N" * 60000,
             b"_Z1f" + b"S_" * 3000, b"\x1b[31mred", b"_RYFG_FGyEvRYFG_FGyEv" + b"RYFG_" * 400]
    for name in names:
        entry = leb(1) + leb(0) + leb(len(name)) + name
        data = one_function(b"\x00\x0b") + custom(b"name", b"\x01" + leb(len(entry)) + entry)
        module = context.tmp / "names.wasm"
        module.write_bytes(data)
        got = trapping(context, module)
        context.contains(got.err, b"walnut: trap: unreachable\n    at ")
        assert b"\x1b" not in got.err and len(got.err) < 2000, got.text()


@test
def garbage_for_dwarf(context):
    """Sections of noise count as no debug information; -v says so."""
    data = one_function(b"\x00\x0b")
    noise = random.Random(1).randbytes(3000)
    for name in b".debug_line", b".debug_info", b".debug_abbrev", b".debug_str":
        data += custom(name, noise)
    module = context.tmp / "noise.wasm"
    module.write_bytes(data)
    got = trapping(context, module, "-v", "--no-cache")
    context.contains(got.err, b"debug information cannot be read and is not used",
                     b"walnut: trap: unreachable\n    at _start (function 0, offset 0x")
    assert b"debug information" not in trapping(context, module, "--no-cache").err


@test(timeout=120)
def damaged_dwarf(context):
    """A module whose DWARF has bytes changed compiles and runs as before."""
    data = bytearray(from_clang(context, "nested.c", "-O1").read_bytes())
    begin = data.index(b".debug_")
    chance = random.Random(2)
    for _ in range(12):
        damaged = bytearray(data)
        for _ in range(chance.choice((1, 10, 1000))):
            damaged[chance.randrange(begin + 200, len(data) - 2000)] = chance.randrange(256)
        module = context.tmp / "damaged.wasm"
        module.write_bytes(damaged)
        got = context.walnut("run", "-O0", "--no-cache", module)
        # Bytes of section headers may be among them: then it is no module, said in one line.
        assert got.status == 134 or (got.status == 125 and got.err.count(b"\n") == 1), got.text()
