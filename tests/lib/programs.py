"""WebAssembly programs for tests: built once for a run, from C, text or bytes."""

import subprocess
import threading

from .runner import Failed

_lock = threading.Lock()


def example(context, name):
    """(module, native executable) of a program of examples/."""
    folder = context.project.examples
    return folder / f"{name}.wasm", folder / name


def from_c(context, name, *flags):
    """The module of tests/e2e/programs/NAME.c; a program always has the same flags."""
    source = context.project.root / "tests" / "e2e" / "programs" / f"{name}.c"
    target = context.project.scratch / "programs" / f"{name}.wasm"
    with _lock:
        if not target.exists():
            target.parent.mkdir(exist_ok=True)
            build([context.project.clang, "--target=wasm32-wasi", "-std=gnu17", "-O2", "-Wall",
                   "-Wextra", f"-I{context.project.root}/examples/include", *flags, "-o", target, source])
    return target


def native(context, name):
    """The same program for this machine."""
    source = context.project.root / "tests" / "e2e" / "programs" / f"{name}.c"
    target = context.project.scratch / "programs" / name
    with _lock:
        if not target.exists():
            target.parent.mkdir(exist_ok=True)
            build([context.project.clang, "-std=gnu17", "-O2", "-Wall", "-Wextra", "-o", target,
                   source])
    return target


def from_rust(context, name, target="wasm32-wasi"):
    """The module of tests/e2e/programs/NAME.rs; target None: the program for this machine."""
    source = context.project.root / "tests" / "e2e" / "programs" / f"{name}.rs"
    built = context.project.scratch / "programs" / (f"{name}_rust.wasm" if target else f"{name}_rust")
    with _lock:
        if not built.exists():
            built.parent.mkdir(exist_ok=True)
            build(["/usr/bin/rustc", "--edition=2021", "-O", *(["--target", target] if target else []),
                   "-o", built, source])
    return built


def from_wat(context, text, name="program.wasm", check=True):
    """A module in the test's own directory, from the text format."""
    target = context.tmp / name
    source = target.with_suffix(".source.wat")
    source.write_text(text)
    build(["wat2wasm", "--enable-all", "--debug-names", *([] if check else ["--no-check"]), source,
           "-o", target])
    return target


def from_bytes(context, data, name="program.wasm"):
    target = context.tmp / name
    target.write_bytes(data)
    return target


def build(command):
    command = [str(word) for word in command]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise Failed(f"{' '.join(command)}:\n{done.stderr}")


# --- The binary format by hand, for modules that no tool would write ----------------

HEADER = b"\0asm\1\0\0\0"


def leb(value):
    """Unsigned LEB128."""
    out = bytearray()
    while True:
        byte = value & 0x7F
        value >>= 7
        out.append(byte | (0x80 if value else 0))
        if not value:
            return bytes(out)


def section(number, payload):
    return bytes([number]) + leb(len(payload)) + payload


def vector(*items):
    return leb(len(items)) + b"".join(items)


def one_function(body, name=b"_start"):
    """A module with one exported function of no parameters and this body."""
    code = b"\0" + body
    return (HEADER + section(1, vector(b"\x60\0\0")) + section(3, vector(b"\0"))
            + section(7, vector(leb(len(name)) + name + b"\0\0"))
            + section(10, vector(leb(len(code)) + code)))


def many_functions(count, body):
    """A module of `count` functions () -> () with this body, all of them in a table; the
    first is _start. It has a memory."""
    code = b"\0" + body + b"\x0b"
    return (HEADER + section(1, vector(b"\x60\0\0")) + section(3, leb(count) + bytes(count))
            + section(4, vector(b"\x70\0" + leb(count))) + section(5, vector(b"\0\1"))
            + section(7, vector(b"\x06_start\0\0"))
            + section(9, vector(b"\0\x41\0\x0b" + vector(*map(leb, range(count)))))
            + section(10, leb(count) + count * (leb(len(code)) + code)))
