"""What is wrong is said in one line that begins "walnut: ", with status 125."""

import os
import re
import subprocess

from lib.endtoend import test
from lib.programs import HEADER, example, from_bytes, from_c, from_wat, leb, one_function, section, vector


def refused(context, *words, status=125, **keywords):
    """Runs walnut; it has to fail in one line of its own. Returns that line."""
    got = context.must(context.walnut(*words, **keywords), status)
    context.equal(got.out, b"", "standard output")
    text = got.err.decode(errors="replace")
    if not re.fullmatch(r"walnut: [^\n]+\n", text):
        context.equal(text, "walnut: …, one line", "standard error")
    return text


def refused_module(context, data, *parts):
    text = refused(context, "run", from_bytes(context, data))
    context.contains(text, *parts)
    return text


@test
def component(context):
    """A component (WASI 0.2) is told apart, with what to use instead."""
    refused_module(context, b"\0asm\x0d\0\1\0" + b"\0" * 20, "component", "wasip1")


@test
def not_a_module(context):
    """Files that are something else entirely: empty, text, ELF, a directory, absent."""
    refused_module(context, b"")
    refused_module(context, b"#!/bin/sh\necho hello\n")
    with open("/bin/ls", "rb") as file:
        refused_module(context, file.read())
    refused(context, "run", context.tmp)
    context.contains(refused(context, "run", "no-such-file.wasm"), "no-such-file.wasm",
                     "No such file")


@test
def truncated(context):
    """A module cut anywhere is refused; the message has section and offset."""
    module, _ = example(context, "hello")
    data = module.read_bytes()
    for size in (3, 4, 7, 8 + 1, len(data) // 3, len(data) // 2, len(data) - 1):
        refused_module(context, data[:size])
    text = refused_module(context, data[:len(data) // 2])
    assert re.search(r"offset 0x[0-9a-f]+", text), text


@test
def malformed_section(context):
    """Bytes that are no section, named with their offset."""
    refused_module(context, HEADER + section(77, b"abc"), "offset 0x8")
    refused_module(context, HEADER + section(1, b"\x01\x99"), "type section", "offset 0xa")
    refused_module(context, HEADER + section(3, vector(b"\0")) + section(1, vector(b"\x60\0\0")),
                   "offset")


@test
def invalid_function(context):
    """A type error is placed by section, function and byte offset."""
    data = one_function(b"\x42\x00\x45\x1a\x0b")  # i64.const 0, i32.eqz, drop
    offset = data.index(b"\x42\x00\x45") + 2
    refused_module(context, data, "code section", "function 0", f"offset {offset:#x}")


@test
def invalid_function_index_counts_imports(context):
    """The function in a message is its index in the whole index space."""
    module = from_wat(context, """(module
        (import "wasi_snapshot_preview1" "sched_yield" (func (result i32)))
        (func) (func (export "_start") i32.const 1))""", check=False)
    context.contains(refused(context, "run", module), "function 2")


@test
def unknown_import(context):
    """An import that nothing provides is named, at compile time already."""
    module = from_wat(context, """(module (import "env" "teleport" (func (param i32)))
        (func (export "_start")))""")
    context.contains(refused(context, "run", module), "env", "teleport")
    context.contains(refused(context, "build", module, "-o", "x.elf"), "env", "teleport")
    context.equal((context.tmp / "x.elf").exists(), False, "an output file")


@test
def import_of_another_type(context):
    """An import with a wrong type is refused at compile time."""
    module = from_wat(context, """(module
        (import "wasi_snapshot_preview1" "fd_write" (func (param i64)))
        (func (export "_start")))""")
    context.contains(refused(context, "run", module), "fd_write")


@test
def no_start(context):
    """A module without _start says so."""
    module = from_wat(context, '(module (func (export "main")))')
    context.contains(refused(context, "run", module), "_start")


@test
def more_memory_than_given(context):
    """A module whose memory does not fit --mem: both sizes are named; 125."""
    module = from_wat(context, '(module (memory 4096) (func (export "_start")))')
    text = refused(context, "run", "--mem", "64M", module)
    context.contains(text, "--mem", "256")


@test
def bad_memory_sizes(context):
    """--mem understands sizes and nothing else."""
    module, _ = example(context, "hello")
    for size in ("", "12Q", "-5M", "0", "99999999999999999999G", "M", "1M1"):
        refused(context, "run", "--mem", size, module)


@test(timeout=120)
def garbage_of_100_mb(context):
    """A hundred megabytes of noise are refused quickly, with or without a header."""
    path = context.tmp / "garbage.wasm"
    noise = os.urandom(1 << 20)
    for head in (b"", HEADER, HEADER + section(0, b"\x01x") + b"\x0a" + leb(99 << 20)):
        with open(path, "wb") as file:
            file.write(head)
            for _ in range(100):
                file.write(noise)
        refused(context, "run", path)


@test(timeout=240)
def deeply_nested(context):
    """A hundred thousand nested blocks: compiled or refused in one line, no crash."""
    depth = 100000
    module = from_bytes(context, one_function(b"\x02\x40" * depth + b"\x0b" * depth + b"\x0b"))
    got = context.walnut("run", module)
    if got.status != 0:
        context.must(got, 125)
        assert re.fullmatch(rb"walnut: [^\n]+\n", got.err), got.text()


@test(timeout=120)
def huge_counts(context):
    """Counts that promise more than the file holds allocate nothing for it."""
    many = leb(0xFFFFFFFF)
    for data in (section(1, many), section(3, many), section(7, many), section(2, many),
                 section(1, vector(b"\x60\0\0")) + section(3, vector(b"\0"))
                 + section(10, vector(leb(8) + b"\x01" + many + b"\x7f\x0b"))):
        refused_module(context, HEADER + data)


@test(timeout=120)
def many_locals(context):
    """Fifty thousand locals, the customary limit, compile or are refused in one line."""
    body = vector(leb(50000) + b"\x7e") + b"\x0b"
    module = (HEADER + section(1, vector(b"\x60\0\0")) + section(3, vector(b"\0"))
              + section(7, vector(b"\x06_start\0\0")) + section(10, vector(leb(len(body)) + body)))
    got = context.walnut("run", from_bytes(context, module))
    assert got.status in (0, 125), got.text()


@test
def bad_wat(context):
    """A .wat with an error is refused with wabt's explanation."""
    source = context.tmp / "broken.wat"
    source.write_text("(module (func i32.const)")
    got = context.must(context.walnut("run", source), 125)
    context.contains(got.err, b"walnut: ", b"broken.wat")


@test
def bad_options(context):
    """Unknown commands and options, missing operands."""
    refused(context, "run", "--no-such-option", "x.wasm")
    refused(context, "no-such-command")
    refused(context, "run")
    refused(context, "compile")
    refused(context, "run", "--accel", "quantum", "x.wasm")
    refused(context, "run", "--env", "x.wasm")


@test
def bad_invoke(context):
    """--invoke of an export that is not there, or not a function."""
    module = from_wat(context, '(module (memory (export "memory") 1) (func (export "_start")))')
    for name in ("nowhere", "memory"):
        context.contains(refused(context, "run", "--invoke", name, module), name)


@test
def missing_linker(context):
    """Without ld.lld in PATH the message names it."""
    module = from_wat(context, '(module (func (export "_start")))')
    text = refused(context, "run", "--no-cache", module, env={"PATH": str(context.tmp)})
    context.contains(text, "ld.lld")


@test
def missing_wabt(context):
    """Without wat2wasm in PATH a .wat cannot run, and the message says why."""
    text = refused(context, "run", context.project.root / "examples" / "hello.wat",
                   env={"PATH": str(context.tmp)})
    context.contains(text, "wat2wasm")


@test
def output_cannot_be_written(context):
    """compile and build into a folder that does not exist."""
    module, _ = example(context, "hello")
    for command in ("compile", "build"):
        text = refused(context, command, module, "-o", "no-such-folder/out")
        context.contains(text, "no-such-folder/out")


@test
def output_on_a_full_disk(context):
    """compile to /dev/full fails and says why."""
    module, _ = example(context, "hello")
    context.contains(refused(context, "compile", module, "-o", "/dev/full"), "No space left")


@test
def image_is_damaged(context):
    """An image cut short, and an ELF that is no Walnut image, are refused."""
    module, _ = example(context, "hello")
    image = context.tmp / "hello.elf"
    context.must(context.walnut("build", module, "-o", image))
    data = image.read_bytes()
    for size in (64, 200, len(data) // 2):
        refused(context, "run", from_bytes(context, data[:size], "cut.elf"))


@test
def standard_output_is_a_broken_pipe(context):
    """A program that writes to a closed pipe sees an error, and ends in time."""
    module, _ = example(context, "cat")
    reader, writer = os.pipe()
    os.close(reader)
    with open("/dev/zero", "rb") as zero:
        got = context.walnut("run", module, stdin=zero, stdout=writer)
    os.close(writer)
    context.equal(got.status, 1, "exit status")
    context.contains(got.err, b"cat: standard output: ")


@test
def standard_output_is_closed(context):
    """Started with standard output closed: the program sees an error."""
    module, _ = example(context, "cat")
    got = context.run("/bin/sh", "-c", 'exec "$0" run "$1" >&-', context.project.walnut, module,
                      input=b"text")
    context.equal(got.status, 1, "exit status")
    context.contains(got.err, b"cat: standard output: ")


@test
def standard_input_is_closed(context):
    """Started with standard input closed: end of file or an error, no hang."""
    module, _ = example(context, "wc")
    got = context.run("/bin/sh", "-c", 'exec "$0" run "$1" <&-', context.project.walnut, module)
    assert got.status in (0, 1), got.text()


@test
def standard_output_is_full(context):
    """Output that a full device refuses is not lost silently."""
    module, _ = example(context, "cat")
    with open("/dev/full", "wb") as full:
        got = context.walnut("run", module, input=b"text\n", stdout=full)
    assert got.status != 0, "exit status 0 though the output is lost"
    context.contains(got.err, b"standard output")


@test
def reader_goes_away(context):
    """`walnut run yes-like | head -c 10` ends when the reader does."""
    module, _ = example(context, "cat")
    got = context.run("/bin/sh", "-c", '"$0" run "$1" < /dev/zero 2>/dev/null | head -c 10 | wc -c',
                      context.project.walnut, module)
    context.equal(got.out.strip(), b"10", "bytes that came")


@test
def reactor(context):
    """A module that exports _initialize but no _start says that _start is missing."""
    module = from_wat(context, '(module (func (export "_initialize")))')
    context.contains(refused(context, "run", module), "_start")
