"""The walnut command: its subcommands, options and what they print."""

import os
import re
import signal
import subprocess
import time

from lib.endtoend import test
from lib.programs import example, from_c, from_wat

ADD = """(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 2)
    (func (export "_start"))
    (func (export "seven") (call $exit (i32.const 7)))
    (func (export "nothing")))"""


@test
def version(context):
    """--version prints a name and a version, and nothing else."""
    got = context.must(context.walnut("--version"))
    assert re.fullmatch(rb"walnut \d+\.\d+\.\d+[^\n]*\n", got.out), got.out
    context.equal(got.err, b"", "standard error")


@test
def help_of_each(context):
    """--help of walnut and of each subcommand prints a usage on standard output."""
    for words in ([], ["run"], ["compile"], ["build"], ["inspect"]):
        got = context.must(context.walnut(*words, "--help"))
        context.contains(got.out.lower(), b"usage: walnut " + " ".join(words).encode())
        context.equal(got.err, b"", "standard error")
    context.contains(context.walnut("run", "--help").out, b"--mem", b"--env", b"--accel", b"--invoke",
                     b"--no-cache", b"--target-cpu", b"--stats")


@test
def compile_makes_an_object(context):
    """compile writes an ELF relocatable with the imports undefined, at each level."""
    module, _ = example(context, "hello")
    for level in ("-O0", "-O1", "-O2", "-O3"):
        target = context.tmp / "hello.o"
        context.must(context.walnut("compile", level, module, "-o", target))
        symbols = context.must(context.run("llvm-nm-19", target)).out
        context.contains(symbols, b" U wasi_snapshot_preview1.fd_write\n", b" main._start\n")
        header = target.read_bytes()[:18]
        context.equal((header[:4], header[16]), (b"\x7fELF", 1), "ELF type")


@test
def emit_llvm(context):
    """--emit-llvm writes textual LLVM IR."""
    module, _ = example(context, "hello")
    target = context.tmp / "hello.ll"
    context.must(context.walnut("compile", "--emit-llvm", module, "-o", target))
    context.contains(target.read_text(), "define ", "target triple")


@test
def compile_is_reproducible(context):
    """The same module compiles to the same bytes."""
    module, _ = example(context, "wc")
    for name in ("a.o", "b.o"):
        context.must(context.walnut("compile", module, "-o", name))
    context.equal((context.tmp / "a.o").read_bytes() == (context.tmp / "b.o").read_bytes(), True,
                  "same bytes")


@test
def build_and_run_an_image(context):
    """build writes an image that run takes, with arguments and streams."""
    module, _ = example(context, "wc")
    context.must(context.walnut("build", module, "-o", "wc.elf"))
    got = context.must(context.walnut("run", "wc.elf", input=b"one two\nthree\n"))
    context.equal(got.out.split(), [b"2", b"3", b"14"], "output")
    context.must(context.walnut("build", from_c(context, "process"), "-o", "process.elf"))
    got = context.must(context.walnut("run", "process.elf", "arguments", "x y", ""))
    context.equal(got.out, b"782079\n\n", "arguments")


@test
def levels_agree(context):
    """nbody computes the same at every optimisation level."""
    module, native = example(context, "nbody")
    expected = context.must(context.run(native, "5000")).out
    for level in ("-O0", "-O1", "-O3"):
        context.equal(context.must(context.walnut("run", level, module, "5000")).out, expected, level)


@test
def target_cpu(context):
    """--target-cpu takes a plain CPU; an unknown one is refused."""
    module, _ = example(context, "hello")
    context.must(context.walnut("run", "--target-cpu", "x86-64", module))
    got = context.must(context.walnut("run", "--target-cpu", "pentagon", module), 125)
    context.contains(got.err, b"walnut: ", b"pentagon")


@test
def invoke(context):
    """--invoke calls another export than _start."""
    module = from_wat(context, ADD)
    context.must(context.walnut("run", "--invoke", "seven", module), 7)
    context.must(context.walnut("run", "--invoke", "nothing", module), 0)
    context.must(context.walnut("run", module), 0)


@test
def invoke_without_start(context):
    """--invoke runs a module that has no _start."""
    module = from_wat(context, '(module (func (export "go")))')
    context.must(context.walnut("run", "--invoke", "go", module))


@test
def inspect_module(context):
    """inspect tells a module's imports, memory and size."""
    module, _ = example(context, "hello")
    got = context.must(context.walnut("inspect", module))
    context.contains(got.out, b"wasi_snapshot_preview1", b"fd_write", b"_start")
    context.equal(got.err, b"", "standard error")


@test
def inspect_image(context):
    """inspect knows an image when it sees one."""
    module, _ = example(context, "hello")
    context.must(context.walnut("build", module, "-o", "hello.elf"))
    got = context.must(context.walnut("inspect", "hello.elf"))
    context.contains(got.out.lower(), b"image", b"memory")


@test
def inspect_reports_what_is_wrong(context):
    """inspect of a broken module fails with the compiler's message."""
    module, _ = example(context, "hello")
    (context.tmp / "cut.wasm").write_bytes(module.read_bytes()[:300])
    got = context.must(context.walnut("inspect", "cut.wasm"), 125)
    context.contains(got.err, b"walnut: ", b"offset")


@test
def stats(context):
    """--stats prints a timeline and counters to stderr after the program's end."""
    module, _ = example(context, "hello")
    got = context.must(context.walnut("run", "--stats", module))
    context.equal(got.out, b"Hello from WebAssembly!\n", "standard output")
    text = got.err.decode().lower()
    for word in ("compile", "link", "vm created", "image loaded", "guest entered", "runtime up",
                 "first instruction", "exit", "irq", "page faults", "memory"):
        context.contains(text, word)


@test
def silence(context):
    """Without -v only the program writes; with -v walnut may."""
    module, _ = example(context, "hello")
    got = context.must(context.walnut("run", "--no-cache", module))
    context.equal((got.out, got.err), (b"Hello from WebAssembly!\n", b""), "output")
    got = context.must(context.walnut("run", "-v", "--no-cache", module))
    context.equal(got.out, b"Hello from WebAssembly!\n", "standard output with -v")


@test
def options_end_at_the_program(context):
    """Options after the program are the program's."""
    got = context.must(context.walnut("run", from_c(context, "process"), "arguments", "--mem", "-v",
                                      "--help"))
    context.equal(bytes.fromhex(got.out.decode().replace("\n", "0a")), b"--mem\n-v\n--help\n", "arguments")


@test
def peak_memory(context):
    """A cached hello stays within a small multiple of its 6 MiB budget."""
    module, _ = example(context, "hello")
    context.must(context.walnut("run", module))
    # By way of a shell: a process is charged with what its parent had when it was made.
    got = context.must(context.run("sh", "-c", '"$0" run --stats "$1"; exit $?',
                                   context.project.walnut, module))
    peak_kib = int(re.search(rb"peak memory RSS KiB\s+(\d+)", got.err)[1])
    assert peak_kib < 12 * 1024, f"{peak_kib} KiB"


@test
def compile_to_a_pipe_without_a_reader(context):
    """^C ends a compilation that waits for a reader of its output, and nothing is left."""
    os.mkfifo(context.tmp / "pipe")
    temporary = context.tmp / "temporary"
    temporary.mkdir()
    process = context.start([context.project.walnut, "compile", example(context, "hello")[0], "-o",
                             "pipe"], env={"TMPDIR": str(temporary)}, stderr=subprocess.PIPE)
    # The object is whole, and the command still waits.
    while not any(path.stat().st_size for path in temporary.glob("*/app.o")):
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    got = context.finish(process)
    context.equal((got.status, got.err), (-signal.SIGINT, b""), "end by the signal")
    context.equal(list(temporary.iterdir()), [], "what is left")


@test
def killed_compilations_are_cleaned_up_after(context):
    """What a killed compilation leaves goes with the next one; another's folder stays."""
    os.mkfifo(context.tmp / "pipe")
    temporary = context.tmp / "temporary"
    (temporary / "walnut-scratch-letter").mkdir(parents=True)
    (temporary / "walnut-scratch-letter" / "mine.txt").write_text("mine")
    environment = {"TMPDIR": str(temporary)}
    module = example(context, "hello")[0]
    process = context.start([context.project.walnut, "compile", module, "-o", "pipe"], env=environment)
    while not any(path.stat().st_size for path in temporary.glob("*/app.o")):
        assert process.poll() is None
        time.sleep(0.02)
    process.kill()
    context.finish(process)
    context.equal(len(list(temporary.iterdir())), 2, "folders after the kill")
    context.must(context.walnut("compile", module, "-o", "hello.o", env=environment))
    context.equal([path.name for path in temporary.iterdir()], ["walnut-scratch-letter"], "what is left")


@test
def output_through_a_link(context):
    """An output that is a symbolic link: the file behind it is replaced, the link stays."""
    (context.tmp / "folder").mkdir()
    (context.tmp / "folder" / "real.o").write_text("old")
    (context.tmp / "link.o").symlink_to("folder/real.o")
    with open(context.tmp / "folder" / "real.o") as reader:
        context.must(context.walnut("compile", example(context, "hello")[0], "-o", "link.o"))
        context.equal(reader.read(), "old", "the old file, for who has it open")
    assert (context.tmp / "link.o").is_symlink()
    context.contains((context.tmp / "folder" / "real.o").read_bytes()[:4], b"\x7fELF")
