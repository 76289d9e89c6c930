"""Typed references to functions: calls of them, and branches on null."""

from lib.endtoend import test
from lib.programs import from_bytes


def leb(value):
    data = bytearray()
    while value > 127:
        data.append(value & 127 | 128)
        value >>= 7
    return bytes(data) + bytes([value])


def section(number, *items):
    data = leb(len(items)) + b"".join(items)
    return bytes([number]) + leb(len(data)) + data


def body(code):
    code = b"\0" + code + b"\x0b"
    return leb(len(code)) + code


COUNT = b"\xc0\x84\x3d"  # 1000000, signed
UNLESS_TRAP = b"\x45\x04\x40\0\x0b"  # i32.eqz if unreachable end

# Wabt of today writes call_ref without the type's index, so this is put together by hand.
#   type 0: i64 -> i64, type 1: none, type 2: (ref null 0) i64 -> i64, type 3: (ref 0) i64 -> i64
#   function 0: return 42 for 0, else return_call_ref itself with one less
#   function 1: call_ref of its argument; function 2: the same, of one that cannot be null
TYPES = (b"\x60\1\x7e\1\x7e", b"\x60\0\0", b"\x60\2\x63\0\x7e\1\x7e", b"\x60\2\x64\0\x7e\1\x7e")
DOWN = body(b"\x20\0\x50\x04\x40\x42\x2a\x0f\x0b" b"\x20\0\x42\1\x7d\xd2\0\x15\0")
CALL = body(b"\x20\1\x20\0\x14\0")


def program(start):
    """A program of these functions and _start."""
    return (b"\0asm\1\0\0\0" + section(1, *TYPES) + section(3, b"\0", b"\2", b"\3", b"\1") +
            section(7, b"\x06_start\0\3") + section(9, b"\3\0\1\0") +
            section(10, DOWN, CALL, CALL, body(start)))


def levels(context, start, status, *words):
    module = from_bytes(context, program(start))
    for level in ("-O0", "-O2"):
        got = context.must(context.walnut("run", level, module), status)
        context.contains(got.err, *words)


@test
def called(context):
    """A reference is called with its arguments; a tail call of one needs no stack."""
    levels(context, b"".join(b"\xd2\0\x42" + COUNT + b"\x10" + function + b"\x42\x2a\x51" + UNLESS_TRAP
                             for function in (b"\1", b"\2")), 0)


@test
def null(context):
    """Calling null and asserting that null is none trap."""
    levels(context, b"\xd0\0\x42\1\x10\1\x1a", 134, b"walnut: trap: null reference\n", b"offset 0x")
    levels(context, b"\xd0\0\xd4\x1a", 134, b"walnut: trap: null reference\n")


@test
def branches(context):
    """br_on_null and br_on_non_null take the branch they should, with the reference or without."""
    unreachable, drop, end, block = b"\0", b"\x1a", b"\x0b", b"\2"
    null_, func = b"\xd0\0", b"\xd2\0"
    levels(context, b"".join((
        block, b"\x40", null_, b"\xd5\0", drop, unreachable, end,
        block, b"\x40", func, b"\xd5\0", drop, b"\x0c\0", end,
        block, b"\x64\0", func, b"\xd6\0", unreachable, end, b"\xd1", b"\x04\x40", unreachable, end,
        block, b"\x64\0", null_, b"\xd6\0", func, end, b"\xd4", drop)), 0)
