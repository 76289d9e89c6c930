#!/usr/bin/env python3
"""Writes the fuzz target's seeds: small valid modules that together have every
section and every instruction of opcodes.def; and DIRECTORY/list, which names them
as libFuzzer's -seed_inputs wants it.

usage: make_seeds.py OPCODES.DEF DIRECTORY
"""
import pathlib
import re
import sys

I32, I64, F32, F64, FUNCREF, EXTERNREF, EXNREF = 0x7F, 0x7E, 0x7D, 0x7C, 0x70, 0x6F, 0x69
CONST = {"i": [0x41, 0], "I": [0x42, 0], "f": [0x43, 0, 0, 0, 0], "F": [0x44] + [0] * 8,
         "V": [0xFD, 12] + [0] * 16, "a": [0x41, 0]}
UNREACHABLE, END, DROP = 0x00, 0x0B, 0x1A

# How many zero bytes make a valid immediate of each kind in the module below.
IMMEDIATE_SIZE = {
    "NONE": 0, "I32": 1, "I64": 1, "F32": 4, "F64": 8, "MEMORY": 1, "TABLE": 1, "DATA": 1,
    "ELEM": 1, "MEMARG_8": 2, "MEMARG_16": 2, "MEMARG_32": 2, "MEMARG_64": 2,
    "MEMARG_128": 2, "MEMARG_LANE_8": 3, "MEMARG_LANE_16": 3, "MEMARG_LANE_32": 3,
    "MEMARG_LANE_64": 3, "V128": 16, "SHUFFLE": 16, "LANE_2": 1, "LANE_4": 1, "LANE_8": 1,
    "LANE_16": 1, "ZERO_BYTE": 1, "MEMORY_INIT": 2, "TABLE_INIT": 2,
}

# The instructions whose type is more than a signature, in functions () -> ().
SPECIAL = {
    "memory_copy": [0x41, 0, 0x41, 0, 0x41, 0, 0xFC, 10, 0, 0],
    "table_copy": [0x41, 0, 0x41, 0, 0x41, 0, 0xFC, 14, 0, 0],
    "block": [0x02, 0x40, 0x0C, 0, END],
    "block_result": [0x02, I32, 0x41, 5, END, DROP],
    "block_type": [0x41, 1, 0x02, 2, 0x45, END, DROP],
    "loop": [0x03, 0x40, 0x41, 0, 0x0D, 0, END],
    "if_else": [0x41, 1, 0x04, I64, 0x42, 1, 0x05, 0x42, 2, END, DROP],
    "br_table": [0x02, 0x40, 0x02, 0x40, 0x41, 1, 0x0E, 2, 0, 1, 2, END, END],
    "return": [0x0F, 0x1B, DROP],
    "unreachable": [UNREACHABLE, 0x6A, DROP],
    "call": [0x41, 0, 0x10, 0, DROP],
    "call_indirect": [0x41, 0, 0x41, 0, 0x11, 2, 0, DROP],
    "select": [0x42, 1, 0x42, 2, 0x41, 0, 0x1B, DROP],
    "select_t": [0xD0, FUNCREF, 0xD0, FUNCREF, 0x41, 0, 0x1C, 1, FUNCREF, DROP],
    "locals": [0x20, 0, 0x22, 0, 0x21, 0],
    "globals": [0x23, 1, 0x24, 1],
    "references": [0xD2, 1, 0xD1, DROP, 0xD0, EXTERNREF, 0xD1, DROP],
    "tables": [0x41, 0, 0x41, 0, 0x25, 0, 0x26, 0, 0xD0, FUNCREF, 0x41, 1, 0xFC, 15, 0, DROP,
               0x41, 0, 0xD0, EXTERNREF, 0x41, 0, 0xFC, 17, 1],
    "exceptions": [0x02, EXNREF, 0x1F, 0x40, 4, 0, 0, 1, 1, 0, 0, 2, 1, 3, 0, 0x08, 0, END,
                   UNREACHABLE, END, 0x0A],
}


def leb(value):
    out = []
    while True:
        byte, value = value & 0x7F, value >> 7
        out.append(byte | (0x80 if value else 0))
        if not value:
            return out


def section(number, contents):
    return [number] + leb(len(contents)) + contents


def name(text):
    return leb(len(text)) + list(text.encode())


def module(code):
    """One of everything around a function 1 with this code."""
    body = [1, 1, I32] + code + [END]
    names = name("name") + [0, 2] + name("m") + [1, 4, 1, 1] + name("f")
    return bytes(
        list(b"\0asm\1\0\0\0")
        + section(1, [4, 0x60, 0, 0, 0x60, 0, 2, I32, I64, 0x60, 1, I32, 1, I32,
                      0x60, 4, I32, I64, F32, F64, 0])
        + section(2, [2] + name("env") + name("f") + [0, 2] + name("env") + name("g") + [3, I32, 0])
        + section(3, [1, 0])
        + section(4, [2, FUNCREF, 1, 1, 2, EXTERNREF, 0, 1])
        + section(5, [1, 0, 1])
        + section(13, [1, 0, 0])
        + section(6, [2, I64, 1, 0x42, 0, END, I32, 0, 0x23, 0, END])
        + section(7, [2] + name("run") + [0, 1] + name("memory") + [2, 0])
        + section(8, [1])
        + section(9, [3, 0, 0x41, 0, END, 1, 1, 3, 0, 1, 0, 5, EXTERNREF, 1, 0xD0, EXTERNREF, END])
        + section(12, [2])
        + section(10, [1] + leb(len(body)) + body)
        + section(11, [2, 0, 0x41, 0, END, 2, 1, 2, 1, 1, 3])
        + section(0, names)
    )


def instruction(value, immediate, signature):
    params, results = signature.split(":")
    code = [byte for letter in params for byte in CONST[letter]]
    code += [value] if value < 0x100 else [value >> 12] + leb(value & 0xFFF)
    zeros = [0] * IMMEDIATE_SIZE[immediate]
    if value >> 12 == 0xFE and immediate.startswith("MEMARG_"):
        zeros[0] = int(immediate[7:]).bit_length() - 4  # atomics want their natural alignment
    return code + zeros + [DROP] * len(results)


def main():
    table, directory = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    directory.mkdir(parents=True, exist_ok=True)
    rows = re.findall(r'^WASM_OPCODE\((\w+), (\w+), "[^"]*", (\w+), "([^"]*)"\)',
                      table.read_text(), re.M)
    seeds = dict(SPECIAL, empty=[])
    # Sixteen instructions to a seed: a fuzzer likes them few and small.
    plain = [row for row in rows if row[3]]
    for first in range(0, len(plain), 16):
        seeds["plain%d" % first] = [byte for value, _, immediate, signature in plain[first:first + 16]
                                    for byte in instruction(int(value, 0), immediate, signature)]
    paths = []
    for title, code in seeds.items():
        paths.append(directory / (title + ".wasm"))
        paths[-1].write_bytes(module(code))
    (directory / "list").write_text(",".join(str(path.resolve()) for path in paths))


main()
