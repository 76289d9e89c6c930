"""The example programs do in a microVM what they do natively."""

import hashlib
import os
import re

from lib.endtoend import test
from lib.programs import example, from_c, native

LICENSE = "LICENSE"


def alike(context, name, *arguments, input=b"", env=None):
    """Runs both and compares everything; returns the microVM's result."""
    module, native = example(context, name)
    expected = context.run(native, *arguments, input=input, env={"RUST_BACKTRACE": "0"})
    got = context.walnut("run", module, *arguments, input=input)
    context.equal(got.out, expected.out, "standard output")
    context.equal(got.err, expected.err, "standard error")
    context.equal(got.status, expected.status, "exit status")
    return got


def real_text(context):
    """Some real text: whatever of these the machine has."""
    for path in ("/usr/share/common-licenses/GPL-3", str(context.project.root / LICENSE), __file__):
        if os.path.exists(path):
            with open(path, "rb") as file:
                return file.read()


@test
def hello(context):
    """hello prints what it prints natively."""
    alike(context, "hello")


@test
def cat_text(context):
    """cat copies a real text."""
    alike(context, "cat", input=real_text(context))


@test
def cat_all_bytes(context):
    """Every byte value passes both streams unchanged, also without a final newline."""
    data = bytes(range(256)) * 17 + b"end"
    context.equal(alike(context, "cat", input=data).out, data, "output")


@test(timeout=120)
def cat_64_mib(context):
    """64 MiB of random bytes come out of cat with the same checksum."""
    source, target = context.tmp / "in", context.tmp / "out"
    data = os.urandom(1 << 20) * 64
    source.write_bytes(data)
    module, _ = example(context, "cat")
    with open(source, "rb") as stdin, open(target, "wb") as stdout:
        context.must(context.walnut("run", module, stdin=stdin, stdout=stdout))
    context.equal(hashlib.sha256(target.read_bytes()).hexdigest(), hashlib.sha256(data).hexdigest(),
                  "checksum")


@test
def wc_of_text(context):
    """wc counts a real text as the native program does."""
    alike(context, "wc", input=real_text(context))


@test
def wc_of_nothing(context):
    """An empty standard input is end of file at once."""
    alike(context, "wc")


@test
def sha256sum_of_a_binary(context):
    """sha256sum of a real executable agrees with the native program and with hashlib."""
    with open("/bin/ls", "rb") as file:
        data = file.read()
    got = alike(context, "sha256sum", input=data)
    context.equal(got.out.split()[0].decode(), hashlib.sha256(data).hexdigest(), "digest")


@test
def nbody(context):
    """nbody's doubles agree to the last printed digit."""
    alike(context, "nbody", "20000")


@test
def adventure_won(context):
    """The adventure, fed with its whole script, ends as natively."""
    moves = ["look", "north", "east", "north", "take key", "south", "take lamp", "north", "take key",
             "south", "west", "west", "open", "take walnut"]
    got = alike(context, "adventure", input="\n".join(moves).encode() + b"\n")
    context.contains(got.out, b"You have won")


@test
def adventure_given_up(context):
    """Leaving the adventure gives exit status 1, end of input gives 2."""
    context.equal(alike(context, "adventure", input=b"quit\n").status, 1, "status after quit")
    context.equal(alike(context, "adventure", input=b"north\n").status, 2, "status at end of input")


@test
def adventure_as_a_dialogue(context):
    """An interactive program answers each line before the next one is sent."""
    import subprocess
    module, _ = example(context, "adventure")
    game = context.start([context.project.walnut, "run", module], stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def read_until(mark):
        seen = b""
        while not seen.endswith(mark):
            byte = os.read(game.stdout.fileno(), 1)
            if not byte:
                context.must(context.finish(game), -1)
            seen += byte
        return seen

    context.contains(read_until(b"> "), b"THE WALNUT", b"Shore")
    for move, answer in ((b"north\n", b"Path"), (b"east\n", b"Hut"), (b"take lamp\n", b"Taken")):
        game.stdin.write(move)
        game.stdin.flush()
        context.contains(read_until(b"> "), answer)
    game.stdin.write(b"quit\n")
    context.equal(context.finish(game).status, 1, "exit status")


@test
def report(context):
    """Arguments, environment, clock and standard input reach a program."""
    module, _ = example(context, "report")
    got = context.must(context.walnut("run", "--env", "PLACE=here and there", module, "one", "two 2",
                                      input=b"a line\nand another\n"))
    context.equal(got.err, b"", "standard error")
    context.contains(got.out, b"argument 1: one\nargument 2: two 2\n",
                     b"environment: PLACE=here and there\n", b"line 2: and another\n",
                     b"standard input: 2 lines, 19 bytes\n")
    assert re.search(rb"^time: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$", got.out, re.M), got.out
    took = float(re.search(rb"this took ([0-9.]+) seconds", got.out)[1])
    assert 0 <= took < 30, took


@test
def wordcount(context):
    """A Rust program with a hash map and sorting agrees with its native build."""
    alike(context, "wordcount", "25", input=real_text(context))


@test
def wordcount_with_a_bad_argument(context):
    """A Rust program's own error message and exit status come through."""
    got = alike(context, "wordcount", "many")
    context.equal(got.status, 2, "exit status")


@test
def panics(context):
    """A Rust panic prints its message as natively, then the trap report; status 134."""
    module, native = example(context, "panics")
    expected = context.run(native, env={"RUST_BACKTRACE": "0"})
    got = context.must(context.walnut("run", module), 134)
    context.equal(got.out, expected.out, "standard output")
    context.equal(got.err[:len(expected.err)], expected.err, "panic message")
    context.contains(got.err, b"walnut: trap: unreachable\n", b"panicking")


@test
def text_format(context):
    """A .wat file runs as it is."""
    got = context.must(context.walnut("run", context.project.root / "examples" / "hello.wat"))
    context.equal((got.out, got.err), (b"Hello from a .wat\n", b""), "output")


@test
def make_run_prints(context):
    """What `make run` starts prints arguments, environment, input and the time."""
    script = context.project.root / "scripts" / "run-example"
    got = context.must(context.run(script, context.project.build))
    context.contains(got.out, b"argument 2: second argument\n", b"environment: PLACE=a microVM\n",
                     b"line 1: These lines came through\n", b"time: 20")


@test(timeout=120)
def loops(context):
    """Loops that the producer unrolled compute the same as natively, at each level."""
    module = from_c(context, "loops")
    expected = context.must(context.run(native(context, "loops"))).out
    for level in ("-O0", "-O1", "-O2", "-O3"):
        context.equal(context.must(context.walnut("run", level, module)).out == expected, True, level)
