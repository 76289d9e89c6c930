"""Terminals, closed ends, and large streams."""

import os
import pty
import signal
import termios
import time

from lib.endtoend import test
from lib.programs import example, from_c


def on_terminal(context, *words):
    """Starts walnut on a new terminal; returns the process, our end and its settings."""
    ours, theirs = pty.openpty()
    before = termios.tcgetattr(theirs)
    process = context.start([context.project.walnut, *words], stdin=theirs, stdout=theirs,
                            stderr=theirs)
    return process, ours, theirs, before


def read_for(descriptor, mark, seconds=20):
    """Reads from a terminal until a mark is seen."""
    seen, end = b"", time.monotonic() + seconds
    os.set_blocking(descriptor, False)
    while mark not in seen and time.monotonic() < end:
        try:
            seen += os.read(descriptor, 65536)
        except BlockingIOError:
            time.sleep(0.02)
        except OSError:
            break
    assert mark in seen, seen
    return seen


@test
def terminal_is_seen(context):
    """On a terminal isatty is true for the program."""
    process, ours, theirs, _ = on_terminal(context, "run", from_c(context, "process"), "tty")
    read_for(ours, b"1 1 1")
    context.must(context.finish(process))
    os.close(ours), os.close(theirs)


@test
def terminal_dialogue(context):
    """On a terminal a line is read, answered, and ^D is end of file."""
    module, _ = example(context, "adventure")
    process, ours, theirs, before = on_terminal(context, "run", module)
    read_for(ours, b"> ")
    os.write(ours, b"north\n")
    read_for(ours, b"Path")
    os.write(ours, b"\x04")
    read_for(ours, b"The tide takes you home.")
    context.equal(context.finish(process).status, 2, "exit status")
    context.equal(termios.tcgetattr(theirs), before, "terminal settings")
    os.close(ours), os.close(theirs)


@test
def terminal_is_restored(context):
    """The terminal's settings are as before after an exit, a trap and signals."""
    module = from_c(context, "process")
    for action, number in (("yield", None), ("abort", None), ("busy", signal.SIGINT),
                           ("busy", signal.SIGTERM)):
        process, ours, theirs, before = on_terminal(context, "run", module, action)
        if number:
            time.sleep(1)
            process.send_signal(number)
        context.finish(process)
        context.equal(termios.tcgetattr(theirs), before, f"terminal settings after {action}")
        os.close(ours), os.close(theirs)


@test
def control_c(context):
    """^C on the terminal ends the VM."""
    import fcntl
    ours, theirs = pty.openpty()

    def controlling():
        fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)

    process = context.start([context.project.walnut, "run", from_c(context, "process"), "busy"],
                            stdin=theirs, stdout=theirs, stderr=theirs, preexec_fn=controlling)
    time.sleep(1)
    os.write(ours, b"\x03")
    status = context.finish(process).status
    assert status in (-signal.SIGINT, 130), status
    os.close(ours), os.close(theirs)


@test(timeout=120)
def large_standard_error(context):
    """A program that floods both outputs at once loses nothing on either."""
    from lib.programs import from_wat
    module = from_wat(context, """(module
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 4)
        (data (i32.const 0) "\\10\\00\\00\\00\\70\\11\\01\\00")
        (func (export "_start") (local $turn i32)
            (loop $again
                (if (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)) (then unreachable))
                (if (i32.ne (i32.load (i32.const 8)) (i32.const 70000)) (then unreachable))
                (if (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8)) (then unreachable))
                (local.set $turn (i32.add (local.get $turn) (i32.const 1)))
                (br_if $again (i32.lt_u (local.get $turn) (i32.const 50))))))""")
    got = context.must(context.walnut("run", module))
    context.equal((len(got.out), len(got.err)), (3500000, 3500000), "bytes")


@test
def slow_reader(context):
    """Output waits for a slow reader and arrives whole."""
    module, _ = example(context, "cat")
    data = os.urandom(1 << 16) * 32
    source = context.tmp / "in"
    source.write_bytes(data)
    with open(source, "rb") as stdin:
        import subprocess
        process = context.start([context.project.walnut, "run", module], stdin=stdin,
                                stdout=subprocess.PIPE)
        time.sleep(0.5)
        got = b""
        while True:
            part = os.read(process.stdout.fileno(), 40000)
            if not part:
                break
            got += part
            if len(got) < 400000:
                time.sleep(0.01)
    process.wait()
    context.equal(got == data, True, "same bytes")


@test
def slow_writer(context):
    """Input that arrives in pieces is read in pieces."""
    import subprocess
    module, _ = example(context, "wc")
    process = context.start([context.project.walnut, "run", module], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    for _ in range(5):
        process.stdin.write(b"some words\n")
        process.stdin.flush()
        time.sleep(0.1)
    got = context.must(context.finish(process))
    context.equal(got.out.split(), [b"5", b"10", b"55"], "counts")


@test
def output_to_a_file_appends(context):
    """Standard output redirected with >> keeps what was there."""
    module, _ = example(context, "hello")
    target = context.tmp / "log"
    target.write_bytes(b"before\n")
    with open(target, "ab") as stdout:
        context.must(context.walnut("run", module, stdout=stdout))
    context.equal(target.read_bytes(), b"before\nHello from WebAssembly!\n", "file")


@test
def both_outputs_in_one_file(context):
    """2>&1 into a file keeps the order of separate writes."""
    target = context.tmp / "log"
    with open(target, "wb") as both:
        context.must(context.walnut("run", from_c(context, "process"), "streams", stdout=both,
                                    stderr=both))
    context.equal(context.programs_own(target.read_bytes()), b"to output\nto error\n", "file")


@test
def input_is_not_stolen(context):
    """A program that reads nothing leaves the shell's input for the next command."""
    module, _ = example(context, "hello")
    source = context.tmp / "in"
    source.write_bytes(b"for the next\n")
    got = context.must(context.run("sh", "-c", '"$0" run "$1" < "$2"; cat "$2"', context.project.walnut,
                                   module, source))
    context.contains(got.out, b"for the next\n")


ALTERNATING = """(module
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\\10\\00\\00\\00\\04\\00\\00\\00")
    (data (i32.const 19) "\\0a")
    (func $digit (param $at i32) (param $value i32)
        (i32.store8 (local.get $at)
            (i32.add (i32.const 48) (i32.rem_u (local.get $value) (i32.const 10)))))
    (func (export "_start") (local $i i32)
        (loop $again
            (call $digit (i32.const 16) (i32.div_u (local.get $i) (i32.const 100)))
            (call $digit (i32.const 17) (i32.div_u (local.get $i) (i32.const 10)))
            (call $digit (i32.const 18) (local.get $i))
            ;; three lines to one stream, three to the other
            (if (call $write
                    (i32.add (i32.const 1) (i32.and (i32.const 1) (i32.div_u (local.get $i) (i32.const 3))))
                    (i32.const 0) (i32.const 1) (i32.const 8))
                (then unreachable))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $again (i32.lt_u (local.get $i) (i32.const 600))))))"""


@test
def outputs_keep_their_order(context):
    """What a program writes to both outputs in turn arrives in turn on one pipe or terminal."""
    from lib.programs import from_wat
    if not context.project.kvm_usable:
        context.skip("QEMU has a channel for each stream and no order between them")
    module = from_wat(context, ALTERNATING)
    expected = b"".join(b"%03d\n" % i for i in range(600))
    ours, theirs = os.pipe()
    process = context.start([context.project.walnut, "run", module], stdout=theirs, stderr=theirs)
    os.close(theirs)
    with open(ours, "rb") as pipe:
        got = pipe.read()
    context.must(context.finish(process))
    context.equal(got, expected, "lines on the pipe")
    process, ours, theirs, _ = on_terminal(context, "run", module)
    got = read_for(ours, b"599\r\n")
    context.must(context.finish(process))
    context.equal(got.replace(b"\r", b""), expected, "lines on the terminal")
    os.close(ours), os.close(theirs)
