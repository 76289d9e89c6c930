"""walnut boot: a kernel of our own at the serial port, on KVM."""

import os
import pathlib
import pty
import signal
import termios
import time

from lib.endtoend import test
from lib.runner import Skip


def kernel(context):
    """The echo kernel as an ELF file."""
    if not context.project.kvm_usable:
        raise Skip("no usable /dev/kvm: Linux guests and the like run on nothing else")
    target = context.tmp / "kernel.elf"
    source = context.project.root / "tests" / "e2e" / "programs" / "echo_kernel.S"
    context.must(context.run("clang-19", "-nostdlib", "-static", "-fuse-ld=lld", "-Wl,-Ttext=0x1000000",
                             "-Wl,--build-id=none", "-o", target, source))
    return target


def read_until(fd, wanted, process=None):
    seen = b""
    while wanted not in seen:
        try:
            more = os.read(fd, 4096)
        except OSError:
            more = b""
        assert more, f"no {wanted!r} in {seen!r}"
        seen += more
    return seen


def on_terminal(context, *options, **keywords):
    """(process, our end of its terminal, settings of the terminal before)."""
    image = kernel(context)
    ours, theirs = pty.openpty()
    before = termios.tcgetattr(theirs)

    def take_terminal():
        import fcntl
        fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)

    process = context.start([context.project.walnut, "boot", "--kernel", image, *options], stdin=theirs,
                            stdout=theirs, stderr=theirs, preexec_fn=take_terminal, **keywords)
    read_until(ours, b"ready")
    return process, ours, theirs, before


def machine(process):
    """The process that the machine is: the child, or with a jail a child of process 1 there."""
    pid = process.pid
    while children := pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text():
        pid = int(children)
    return pid


JAIL_OR_NOT = ((), ("--jail",))


@test
def pipes(context):
    """Without a terminal bytes go through pipes as they are, Ctrl-A too; powering off is status 0."""
    text = bytes(range(1, 113)) * 20  # without q and r
    for jail in JAIL_OR_NOT:
        got = context.must(context.walnut("boot", *jail, "--kernel", kernel(context), input=text + b"q"))
        context.equal(got.out, b"ready\r\n" + text)
        context.equal(got.err, b"")


@test
def end_of_input(context):
    """The end of its input is not the end of the machine, a signal is."""
    process = context.start([context.project.walnut, "boot", "--kernel", kernel(context)],
                            stdin=open(os.devnull, "rb"), stdout=-1, stderr=-1)
    context.equal(process.stdout.read(7), b"ready\r\n")
    process.send_signal(signal.SIGTERM)
    context.equal(context.finish(process).status, -signal.SIGTERM)


@test
def restart(context):
    """A guest that resets its machine finds it new; with --no-reboot that is the end."""
    image = kernel(context)
    for jail in JAIL_OR_NOT:
        process = context.start([context.project.walnut, "boot", *jail, "--kernel", image], stdin=-1, stdout=-1)
        for text in b"ar", b"bq":
            read_until(process.stdout.fileno(), b"ready\r\n")
            os.write(process.stdin.fileno(), text)
        context.equal(context.must(context.finish(process)).out, b"b")
    got = context.must(context.walnut("boot", "--no-reboot", "--kernel", image, input=b"arbq"))
    context.equal(got.out, b"ready\r\na")


@test
def terminal(context):
    """A terminal is raw while the machine runs: Ctrl-C is the guest's, Ctrl-A x leaves; then it is as before."""
    process, ours, theirs, before = on_terminal(context)
    assert not termios.tcgetattr(theirs)[3] & (termios.ICANON | termios.ECHO | termios.ISIG), "not raw"
    os.write(ours, b"x\x03\x01ay")
    assert b"x\x03\x01y" in read_until(ours, b"y"), "keys do not arrive"
    os.write(ours, b"\x01h")
    read_until(ours, b"Ctrl-A x")
    os.write(ours, b"\x01x")
    context.equal(context.finish(process).status, 0)
    context.equal(termios.tcgetattr(theirs), before, "settings")
    os.close(ours)
    os.close(theirs)


@test
def terminal_after_signals(context):
    """The terminal is as before after SIGTERM, SIGHUP and a crash of ours, too."""
    for jail in JAIL_OR_NOT:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGSEGV):
            process, ours, theirs, before = on_terminal(context, *jail)
            os.kill(machine(process) if number == signal.SIGSEGV else process.pid, number)
            if jail and number == signal.SIGSEGV:
                read_until(ours, b"ended without a result: Segmentation fault")
                context.equal(context.finish(process).status, 125)
            else:
                context.equal(context.finish(process).status, -number)
            context.equal(termios.tcgetattr(theirs), before, f"settings after {number.name}")
            os.close(ours)
            os.close(theirs)


@test
def job_control(context):
    """Stopped, it leaves the terminal as it was; continued, it is raw again and the machine goes on."""
    for jail in JAIL_OR_NOT:
        process, ours, theirs, before = on_terminal(context, *jail)
        os.killpg(process.pid, signal.SIGTSTP)  # as a shell does
        _, status = os.waitpid(process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        while termios.tcgetattr(theirs) != before:
            assert context.left() > 1, "not as it was"
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGCONT)
        while termios.tcgetattr(theirs)[3] & termios.ICANON:
            assert process.poll() is None and context.left() > 1, "not raw"
            time.sleep(0.01)
        os.write(ours, b"zq")
        read_until(ours, b"z")
        context.equal(context.finish(process).status, 0)
        os.close(ours)
        os.close(theirs)


@test
def refusals(context):
    """What cannot be booted is said in one line that names it."""
    def refused(*options, text):
        got = context.must(context.walnut("boot", *options), 125)
        context.equal(got.err.count(b"\n"), 1, "lines")
        assert got.err.startswith(b"walnut: boot: ") and text in got.err, got.err

    here = context.tmp
    (here / "text").write_text("no kernel")
    (here / "empty").write_text("")
    refused(text=b"no kernel given")
    refused("vmlinux", text=b"vmlinux: not an option")
    refused("--kernel", here / "none", text=b"none: No such file or directory")
    refused("--kernel", here, text=b"not a regular file")
    refused("--kernel", here / "text", text=b"not a kernel")
    refused("--kernel", here / "empty", text=b"empty: ")
    for option, value, text in (("--cpus", "0", b"between 1 and 8"), ("--cpus", "9", b"between 1 and 8"),
                                ("--mem", "1M", b"between 16M"), ("--mem", "x", b"not a size"),
                                ("--net", "lan", b"--net lan: it is passt, tap:NAME, tsi or none"),
                                ("--dir", "/tmp::" + 37 * "t", b"1 to 36 bytes"), ("--dir", "::t", b"--dir ::t")):
        refused("--kernel", "k", option, value, text=text)
    if context.project.kvm_usable:
        image = kernel(context)
        refused("--kernel", image, "--initrd", here / "none", text=b"none: No such file or directory")
        refused("--kernel", image, "--disk", here / "none", text=b"none: No such file or directory")
        refused("--kernel", image, "--dir", here / "none", text=b"none: No such file or directory")
        refused("--kernel", image, "--mem", "16M", text=b"does not fit")


@test
def faults(context):
    """What the host does not give is said in one line with status 125: memory, descriptors, a disk that another
    machine has, a network interface, KVM."""
    image = kernel(context)
    disk = context.tmp / "disk"
    disk.write_bytes(bytes(1 << 20))

    def fails(text, *options, limits=()):
        got = context.must(context.run(*limits, context.project.walnut, "boot", "--kernel", image, *options), 125)
        context.equal(got.err.count(b"\n"), 1, f"lines of {got.err!r}")
        assert text in got.err, got.err

    fails(b"boot: cannot reserve 3328 MiB of guest memory", "--mem", "4G", limits=("prlimit", "--as=1000000000"))
    fails(b"Too many open files", limits=("prlimit", "--nofile=12"))
    process = context.start([context.project.walnut, "boot", "--kernel", image, "--disk", disk], stdin=-1, stdout=-1)
    read_until(process.stdout.fileno(), b"ready")
    fails(b"boot: disk %s: disk image busy" % os.fsencode(disk), "--disk", disk)
    fails(b"boot: disk %s: disk image busy" % os.fsencode(disk), "--disk", f"{disk}:ro")
    os.write(process.stdin.fileno(), b"q")
    context.must(context.finish(process))
    unprivileged = ("setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin") if os.geteuid() == 0 else ()
    fails(b"boot: network: ", "--net", "tap:walnut-none", limits=unprivileged)
    if os.geteuid() == 0:
        # Not KVM, whatever its name says.
        fails(b"boot: /dev/kvm: Inappropriate ioctl for device",
              limits=("unshare", "-m", "sh", "-c", 'mount --bind /dev/null /dev/kvm && exec "$@"', "sh"))


@test
def qcow2(context):
    """A qcow2 image is used as the bytes that it is, with a warning: the guest could have written its header."""
    disk = context.tmp / "disk"
    disk.write_bytes(b"QFI\xfb" + bytes(1 << 20))
    got = context.must(context.walnut("boot", "--kernel", kernel(context), "--disk", disk, input=b"q"))
    assert b"warning: disk %s: looks like qcow2" % os.fsencode(disk) in got.err, got.err


@test
def confinement(context):
    """Every thread of the machine's process is confined, whatever devices it has."""
    (context.tmp / "disk").write_bytes(bytes(1 << 20))
    process, ours, theirs, _ = on_terminal(context, "--cpus", "2", "--disk", context.tmp / "disk",
                                           "--dir", context.tmp, "--net", "tsi")
    for task in pathlib.Path(f"/proc/{machine(process)}/task").iterdir():
        text = (task / "status").read_text()
        assert "Seccomp:\t2" in text and "NoNewPrivs:\t1" in text, text
    os.write(ours, b"q")
    context.equal(context.finish(process).status, 0)
    os.close(ours)
    os.close(theirs)
