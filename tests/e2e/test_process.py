"""What a process is made of: arguments, environment, clocks, status, signals."""

import json
import os
import signal
import subprocess
import time

from lib.endtoend import test
from lib.programs import from_c, from_wat, native


def act(context, *action, options=(), **keywords):
    return context.walnut("run", *options, from_c(context, "process"), *action, **keywords)


@test
def exit_statuses(context):
    """The exit status is the program's, by return and by exit without cleaning up."""
    for status in (0, 1, 42, 125, 134, 255):
        context.must(act(context, "exit", str(status)), status)
    context.must(act(context, "quick-exit", "7"), 7)


@test
def abort(context):
    """abort() is a trap."""
    context.contains(context.must(act(context, "abort"), 134).err, b"walnut: trap: unreachable\n")


@test
def odd_arguments(context):
    """Arguments pass as bytes: empty ones, newlines, quotes, dashes, no valid UTF-8."""
    odd = [b"", b" ", b"two words", b"line\nbreak", b"\xff\xfe\x80", "ünï→".encode(), b"'\"$`\\", b"--",
           b"--env", b"-O9", b"--help", b"=", b"\x01\x7f"]
    module = from_c(context, "process")
    got = context.must(context.run(os.fsencode(context.project.walnut).decode(), "run", module,
                                   "arguments", *[os.fsdecode(word) for word in odd]))
    context.equal(got.out.decode().split("\n")[:-1], [word.hex() for word in odd], "arguments")


@test
def many_arguments(context):
    """Thousands of arguments and variables, and hundreds of kilobytes."""
    words = [f"argument-number-{number:06d}-{'x' * 10}" for number in range(3000)]
    got = context.must(act(context, "arguments", *words))
    context.equal(got.out.decode().split(), [word.encode().hex() for word in words], "arguments")
    # As many as Linux lets through, and as many variables.
    got = context.must(act(context, "arguments", *["x"] * 50000))
    context.equal(got.out, b"78\n" * 50000, "arguments")
    options = [word for number in range(10000) for word in ("--env", f"V{number}=1")]
    got = context.must(act(context, "environment", options=options))
    context.equal(got.out.count(b"=1\n"), 10000, "variables")


@test
def program_name(context):
    """The program's argument 0 is there."""
    context.contains(context.must(act(context, "name")).out, b"process")


@test
def environment_is_given(context):
    """Exactly the variables of --env, in order, values with = and spaces."""
    got = context.must(act(context, "environment", env={"LEAK": "host"},
                           options=["--env", "A=1", "--env", "B=x=y z", "--env", "EMPTY="]))
    context.equal(got.out, b"A=1\nB=x=y z\nEMPTY=\n", "environment")


@test
def environment_is_empty(context):
    """Without --env the host's environment stays outside."""
    context.equal(context.must(act(context, "environment")).out, b"", "environment")


@test
def clocks(context):
    """Sleeping takes as long as asked for, and the wall clock is the host's."""
    got = context.must(act(context, "sleep", "300"))
    slept, wall = (int(word) for word in got.out.split())
    assert 299 <= slept < 5000, slept
    assert abs(wall - time.time()) < 20, (wall, time.time())


@test
def monotonic_clock(context):
    """The monotonic clock never goes back."""
    context.equal(context.must(act(context, "monotonic")).out, b"never back\n", "output")


@test
def randomness(context):
    """Random bytes differ from run to run and are not all the same."""
    first, second = (context.must(act(context, "random")).out for _ in range(2))
    context.equal(len(first), 65, "length")
    assert first != second and len(set(first)) > 4, (first, second)


@test
def poll_times_out(context):
    """poll on a silent standard input comes back after its time."""
    program = context.start([context.project.walnut, "run", from_c(context, "process"), "poll", "200"],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out = program.stdout.read()
    context.equal(out, b"timeout\n", "output")
    context.must(context.finish(program))


@test
def poll_sees_input(context):
    """poll wakes up when something arrives, well before its time."""
    program = context.start([context.project.walnut, "run", from_c(context, "process"), "poll", "50000"],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(0.3)
    program.stdin.write(b"x")
    program.stdin.flush()
    context.equal(context.must(context.finish(program)).out, b"input\n", "output")


@test
def sched_yield(context):
    """sched_yield succeeds."""
    context.must(act(context, "yield"))


@test
def no_files(context):
    """Opening a file fails with an errno that says so, and is no crash."""
    got = context.must(act(context, "open", "/etc/passwd"))
    assert got.out.strip() in (b"Capabilities insufficient", b"No such file or directory",
                               b"Bad file descriptor"), got.out


@test
def closed_stream(context):
    """A stream that the program closed is closed for it; the others are not."""
    got = context.must(act(context, "close"))
    context.equal((got.out, got.err), (b"", b"refused\n"), "streams")


@test
def streams_are_separate(context):
    """Standard output and standard error do not mix."""
    got = context.must(act(context, "streams"))
    context.equal((got.out, got.err), (b"to output\n", b"to error\n"), "streams")


@test
def is_a_terminal(context):
    """isatty tells pipes from terminals."""
    context.equal(context.must(act(context, "tty")).out, b"0 0 0\n", "with pipes")


@test
def memory_limit(context):
    """A program that wants more than --mem gets NULL, not a crash."""
    got = context.must(act(context, "allocate", "200", options=["--mem", "64M"]), 3)
    context.contains(got.out, b"no memory after ")


@test
def memory_within_limit(context):
    """Most of --mem can be used; a hundred of 192 MiB are allocated."""
    got = context.must(act(context, "allocate", "100", options=["--mem", "192M"]))
    context.equal(got.out, b"allocated 100 MiB\n", "output")


def end_by_signal(context, number, action):
    program = context.start([context.project.walnut, "run", from_c(context, "process"), action],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(1)
    assert program.poll() is None, context.finish(program).text()
    begin = time.monotonic()
    program.send_signal(number)
    got = context.finish(program)
    assert time.monotonic() - begin < 5, "it took too long to end"
    # By the signal itself, as a shell expects, or the status that says the same.
    assert got.status in (-number, 128 + number), got.text()


@test
def sigint(context):
    """SIGINT ends the VM while the program computes."""
    end_by_signal(context, signal.SIGINT, "busy")


@test
def sigterm(context):
    """SIGTERM ends the VM while the program makes system calls."""
    end_by_signal(context, signal.SIGTERM, "spin")


@test
def sigterm_while_waiting(context):
    """SIGTERM ends the VM while the program waits for input."""
    module = from_c(context, "process")
    program = context.start([context.project.walnut, "run", module, "poll", "100000"],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(1)
    program.send_signal(signal.SIGTERM)
    got = context.finish(program)
    assert got.status in (-signal.SIGTERM, 128 + signal.SIGTERM), got.text()


@test
def proc_raise(context):
    """proc_raise(SIGABRT) ends the program; it does not return silently."""
    module = from_wat(context, """(module
        (import "wasi_snapshot_preview1" "proc_raise" (func $raise (param i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1)
        (func (export "_start") (call $exit (i32.add (i32.const 1) (call $raise (i32.const 6))))))""")
    got = context.walnut("run", module)
    assert got.status not in (0, 1), got.text()


PREVIEW1 = {
    "args_get": "ii", "args_sizes_get": "ii", "clock_res_get": "ii", "clock_time_get": "iIi",
    "environ_get": "ii", "environ_sizes_get": "ii", "fd_advise": "iIIi", "fd_allocate": "iII",
    "fd_close": "i", "fd_datasync": "i", "fd_fdstat_get": "ii", "fd_fdstat_set_flags": "ii",
    "fd_fdstat_set_rights": "iII", "fd_filestat_get": "ii", "fd_filestat_set_size": "iI",
    "fd_filestat_set_times": "iIIi", "fd_pread": "iiiIi", "fd_prestat_dir_name": "iii",
    "fd_prestat_get": "ii", "fd_pwrite": "iiiIi", "fd_read": "iiii", "fd_readdir": "iiiIi",
    "fd_renumber": "ii", "fd_seek": "iIii", "fd_sync": "i", "fd_tell": "ii", "fd_write": "iiii",
    "path_create_directory": "iii", "path_filestat_get": "iiiii",
    "path_filestat_set_times": "iiiiIIi", "path_link": "iiiiiii", "path_open": "iiiiiIIii",
    "path_readlink": "iiiiii", "path_remove_directory": "iii", "path_rename": "iiiiii",
    "path_symlink": "iiiii", "path_unlink_file": "iii", "poll_oneoff": "iiii", "random_get": "ii",
    "sched_yield": "", "sock_accept": "iii", "sock_recv": "iiiiii", "sock_send": "iiiii",
    "sock_shutdown": "ii",
}


@test
def every_preview1_function_links(context):
    """All of preview 1 is linked; with a bad descriptor nothing succeeds silently."""
    lines, calls = [], []
    wide = {"i": "i32", "I": "i64"}
    on_descriptors = [name for name in PREVIEW1 if name.startswith(("fd_", "path_", "sock_"))]
    for name, parameters in PREVIEW1.items():
        types = " ".join(wide[letter] for letter in parameters)
        lines.append(f'(import "wasi_snapshot_preview1" "{name}" (func ${name} (param {types}) '
                     "(result i32)))")
        if name in on_descriptors:
            values = " ".join(f"({wide[letter]}.const {99 if index == 0 else 0})"
                              for index, letter in enumerate(parameters))
            calls.append(f"(if (i32.eqz (call ${name} {values})) (then (call $exit (i32.const "
                         f"{len(calls) + 10}))))")
    module = from_wat(context, f"""(module {' '.join(lines)}
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (import "wasi_snapshot_preview1" "proc_raise" (func $raise (param i32) (result i32)))
        (memory (export "memory") 1)
        (func (export "_start") {' '.join(calls)}))""")
    got = context.walnut("run", module)
    if 10 <= got.status < 10 + len(on_descriptors):
        context.equal(on_descriptors[got.status - 10], "none", "succeeded on descriptor 99")
    context.must(got)


@test
def pointers_out_of_bounds(context):
    """WASI calls with pointers outside the memory answer an errno or trap, never crash."""
    import re
    module = from_wat(context, """(module
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "clock_time_get" (func $time (param i32 i64 i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1)
        (data (i32.const 0) "\\f0\\ff\\00\\00\\00\\01\\00\\00\\ff\\ff\\ff\\ff\\ff\\ff\\ff\\ff")
        (func $must_fail (param i32) (if (i32.eqz (local.get 0)) (then (call $exit (i32.const 9)))))
        (func (export "_start")
            (call $must_fail (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 32)))
            (call $must_fail (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 32)))
            (call $must_fail (call $write (i32.const 1) (i32.const 65532) (i32.const 1) (i32.const 32)))
            (call $must_fail (call $write (i32.const 1) (i32.const 0) (i32.const -1) (i32.const 32)))
            (call $must_fail (call $random (i32.const 65000) (i32.const 1000)))
            (call $must_fail (call $random (i32.const -1) (i32.const -1)))
            (call $must_fail (call $args (i32.const -4) (i32.const 0)))
            (call $must_fail (call $time (i32.const 0) (i64.const 0) (i32.const 65530)))))""")
    got = context.walnut("run", module)
    assert got.status == 0 or (got.status == 134 and re.search(rb"trap: out of bounds", got.err)), \
        got.text()
    context.equal(got.out, b"", "output")


@test
def natively_alike(context):
    """The helper program of these tests does natively what it does in the microVM."""
    for action in (["arguments", "a", ""], ["exit", "3"], ["streams"], ["yield"], ["nonsense"]):
        expected, got = context.run(native(context, "process"), *action), act(context, *action)
        context.equal((got.status, got.out, got.err), (expected.status, expected.out, expected.err),
                      action[0])


@test
def start_function_writes(context):
    """A module's start function may use WASI, too, before _start."""
    module = from_wat(context, """(module
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (data (i32.const 0) "\\10\\00\\00\\00\\03\\00\\00\\00")
        (data (i32.const 16) "up\\0a")
        (func $say (if (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))
            (then unreachable)))
        (start $say)
        (func (export "_start") (call $say)))""")
    context.equal(context.must(context.walnut("run", module)).out, b"up\nup\n", "output")


@test
def too_little_ram(context):
    """What --mem has to be is said truly: by run, by the kernel, and by inspect."""
    module = from_wat(context, """(module (memory (export "memory") 600)
        (func (export "_start")))""")
    image = context.tmp / "image.elf"
    context.must(context.walnut("build", module, "-o", image))
    report = context.must(context.walnut("inspect", "--json", image)).out
    needed = json.loads(report)["ram_mib"]
    context.must(context.walnut("run", "--mem", f"{needed}M", image))
    got = context.must(context.walnut("run", "--mem", f"{needed - 1}M", image), 125)
    context.contains(got.err, b"MiB for its memory, the machine has %d MiB: raise --mem" % (needed - 1))
    # Arguments at the top of RAM take a frame that only the kernel can miss.
    got = context.must(context.walnut("run", "--mem", f"{needed}M", image, *["x" * 100000] * 7), 125)
    context.contains(got.err, b"the program needs 38 MiB of memory, the VM's RAM has 36 MiB left for it")
