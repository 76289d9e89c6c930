"""Sizes: the image without an app, and the nucleus in lines."""

import re
import struct

# The smallest program there is: _start, and the memory that WASI asks for.
EMPTY = bytes.fromhex("0061736d01000000" "010401600000" "03020100" "0503010001"
                      "071302" "066d656d6f72790200" "065f73746172740000" "0a040102000b")

PT_LOAD = 1


def measure(bench):
    module = bench.work / "empty.wasm"
    module.write_bytes(EMPTY)
    image = bench.work / "empty.elf"
    bench.run([bench.walnut, "build", module, "-o", image])
    stripped = bench.work / "empty.stripped"
    bench.run(["llvm-strip-19", "--strip-all", "-o", stripped, image])
    in_file, in_memory = loadable(stripped.read_bytes())
    kernel = bench.root / "kernel"
    lines, code = count_lines(kernel / "nucleus", kernel / "boot")
    return {
        "file_bytes": stripped.stat().st_size,
        "load_file_bytes": in_file,
        "load_memory_bytes": in_memory,
        "nucleus_lines": lines,
        "nucleus_code_lines": code,
    }


def loadable(elf):
    """Bytes of all PT_LOAD segments, in the file and in memory."""
    table, = struct.unpack_from("<Q", elf, 32)
    entry_size, count = struct.unpack_from("<HH", elf, 54)
    in_file = in_memory = 0
    for number in range(count):
        at = table + number * entry_size
        kind, = struct.unpack_from("<I", elf, at)
        if kind == PT_LOAD:
            file_size, memory_size = struct.unpack_from("<QQ", elf, at + 32)
            in_file += file_size
            in_memory += memory_size
    return in_file, in_memory


def count_lines(*folders):
    """All lines of C and assembly there, and those that are neither blank nor comment."""
    lines = code = 0
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix not in (".c", ".h", ".S"):
                continue
            text = path.read_text()
            lines += len(text.splitlines())
            bare = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
            code += sum(1 for line in bare.splitlines() if line.strip())
    return lines, code
