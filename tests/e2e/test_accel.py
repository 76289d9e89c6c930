"""Accelerators: KVM, QEMU's TCG, the fallback between them, and neither."""

import os

from lib.endtoend import test
from lib.programs import example, from_c, from_wat


def need_qemu(context):
    if not context.project.tool("qemu-system-x86_64"):
        context.skip("no qemu-system-x86_64 in PATH")


def without_kvm(context, *words, **keywords):
    """Runs a command where /dev/kvm is there but is no KVM."""
    if os.getuid() != 0:
        context.skip("needs root to hide /dev/kvm in a mount namespace")
    probe = context.run("unshare", "--mount", "true")
    if probe.status:
        context.skip("no mount namespaces here")
    hide = 'if test -e /dev/kvm; then mount --bind /dev/null /dev/kvm; fi && exec "$@"'
    return context.run("unshare", "--mount", "sh", "-c", hide, "sh", *words, **keywords)


@test(timeout=180)
def tcg_gives_the_same(context):
    """Under TCG programs have the same streams and exit status as under KVM."""
    need_qemu(context)
    text = b"some input\nof two lines\n"
    process = from_c(context, "process")
    programs = [
        ([example(context, "hello")[0]], b""),
        ([example(context, "wc")[0]], text),
        ([example(context, "sha256sum")[0]], os.urandom(100000)),
        ([example(context, "nbody")[0], "1000"], b""),
        ([example(context, "adventure")[0]], b"north\nquit\n"),
        ([example(context, "wordcount")[0]], text),
        ([example(context, "panics")[0]], b""),
        ([process, "exit", "42"], b""),
        ([process, "streams"], b""),
        ([process, "arguments", "a b", "", "ü"], b""),
    ]
    for words, data in programs:
        tcg = context.walnut("run", "--accel", "tcg", *words, input=data)
        if not context.project.kvm_usable:
            expected = {"hello.wasm": 0}.get(words[0].name, tcg.status)
            context.equal(tcg.status, expected, "exit status")
            continue
        kvm = context.walnut("run", "--accel", "kvm", *words, input=data)
        context.equal((tcg.status, tcg.out, tcg.err), (kvm.status, kvm.out, kvm.err), words[0].name)


@test(timeout=120)
def tcg_is_binary_clean(context):
    """A few megabytes pass through cat under TCG unchanged."""
    need_qemu(context)
    data = os.urandom(1 << 20) * 4
    got = context.must(context.walnut("run", "--accel", "tcg", example(context, "cat")[0], input=data))
    context.equal(got.out == data, True, "same bytes")


@test(timeout=120)
def fallback(context):
    """Without KVM, auto says so in one line and runs under TCG."""
    need_qemu(context)
    context.hide_fallback = False
    got = context.must(without_kvm(context, context.project.walnut, "run", example(context, "hello")[0]))
    context.equal(got.out, b"Hello from WebAssembly!\n", "standard output")
    lines = got.err.decode().splitlines()
    context.equal(len(lines), 1, "lines on standard error")
    context.contains(lines[0], "walnut: ", "/dev/kvm", "TCG")


@test
def kvm_is_asked_for(context):
    """--accel kvm without KVM fails with 125 and names the device."""
    got = context.must(without_kvm(context, context.project.walnut, "run", "--accel", "kvm",
                                   example(context, "hello")[0]), 125)
    context.contains(got.err, b"walnut: ", b"/dev/kvm")
    context.equal(got.err.count(b"\n"), 1, "lines")


@test
def neither(context):
    """No KVM and no QEMU: one line that names both, status 125."""
    module, _ = example(context, "hello")
    context.must(context.walnut("build", module, "-o", "hello.elf"))
    got = context.must(without_kvm(context, "/bin/sh", "-c", 'PATH=/nonexistent; exec "$0" run hello.elf',
                                   context.project.walnut), 125)
    context.contains(got.err, b"walnut: ", b"/dev/kvm", b"qemu-system-x86_64")
    context.equal((got.out, got.err.count(b"\n")), (b"", 1), "output and lines")


@test(timeout=120)
def tcg_trap(context):
    """A trap under TCG has the same report as under KVM."""
    need_qemu(context)
    module = from_wat(context, """(module (memory 1)
        (func $victim (drop (i32.load (i32.const 70000))))
        (func (export "_start") (call $victim)))""")
    got = context.must(context.walnut("run", "--accel", "tcg", module), 134)
    context.contains(got.err, b"walnut: trap: out of bounds memory access\n", b"victim (function 0, offset ")


@test(timeout=120)
def signal_under_tcg(context):
    """SIGTERM ends a program under TCG, and QEMU with it."""
    import signal
    import subprocess
    import time
    need_qemu(context)
    program = context.start([context.project.walnut, "run", "--accel", "tcg",
                             from_c(context, "process"), "busy"], stdin=subprocess.DEVNULL)
    time.sleep(4)
    program.send_signal(signal.SIGTERM)
    got = context.finish(program)
    assert got.status in (-signal.SIGTERM, 128 + signal.SIGTERM), got.text()
    time.sleep(0.5)
    left = context.run("ps", "-o", "comm=", "-s", str(program.pid))
    context.equal(b"qemu" in left.out, False, "QEMU still runs")


@test(timeout=120)
def instructions_that_tcg_lacks(context):
    """An image for a CPU with AVX-512 ends under TCG with a line that says why."""
    need_qemu(context)
    module = from_wat(context, """(module (func (export "f") (param i64) (result f64)
        (f64.convert_i64_u (local.get 0))))""")
    words = ("run", "--accel", "tcg", "--invoke", "f", "--target-cpu")
    got = context.must(context.walnut(*words, "x86-64-v4", module, "3"), 125)
    context.contains(got.err, b"compiled for another CPU")
    context.equal(got.err.count(b"\n"), 1, "lines on standard error")
    context.equal(context.must(context.walnut(*words, "x86-64-v3", module, "3")).out, b"3\n", "output")
