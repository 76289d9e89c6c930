"""Images on other VMMs: QEMU's machines by each way to load a kernel, with devices and without."""

import shutil
import socket
import subprocess
import time

from lib.endtoend import test
from lib.peers import read_all
from lib.programs import example

MACHINES = ["microvm,acpi=off", "microvm", "pc", "q35"]
WITH_PCI = ["pc", "q35"]
CTRL_D = b"\x04"


def image(context, name, *options, suffix="elf"):
    if not shutil.which("qemu-system-x86_64"):
        context.skip("no QEMU")
    made = context.tmp / f"{name}.{suffix}"
    context.must(context.walnut("build", *options, "-o", made, example(context, name)[0]))
    return made


def qemu(machine, kernel, *options, append=""):
    return ["qemu-system-x86_64", "-M", machine, "-accel", "tcg", "-cpu", "max", "-m", "128", "-nodefaults", "-no-user-config",
            "-display", "none", "-no-reboot", "-serial", "stdio", "-global", "virtio-mmio.force-legacy=false",
            "-device", "isa-debug-exit,iobase=0xf4,iosize=1", "-kernel", kernel,
            "-append", f"walnut.exit_port=0xf4 {append}", *options]


def status_of(result):
    """What the program ended with, as isa-debug-exit passes it on."""
    assert result.status & 1, f"QEMU ended with {result.status}: {result.text()}"
    return result.status >> 1


def newc(files):
    """A cpio archive."""
    data = b""
    for number, (name, content) in enumerate([*files.items(), ("TRAILER!!!", b"")]):
        name = name.encode() + b"\0"
        fields = (number, 0o100644, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name), 0)
        data += b"070701" + b"".join(b"%08X" % field for field in fields) + name
        data += bytes(-len(data) % 4) + content
        data += bytes(-len(data) % 4)
    return data


@test
def hello_at_the_serial_port(context):
    """Without any device an image runs at COM1 on each machine, and its status reaches the caller."""
    kernel = image(context, "hello")
    for machine in MACHINES:
        got = context.run(*qemu(machine, kernel, append="walnut.debug"), input=b"")
        context.equal(status_of(got), 0, machine)
        context.contains(got.out, b"MiB of RAM")
        assert got.out.endswith(b"Hello from WebAssembly!\n"), (machine, got.out)


@test
def hello_on_kvm(context):
    """The same with QEMU on KVM, where QEMU can use it."""
    kernel = image(context, "hello")
    for machine in MACHINES:
        command = qemu(machine, kernel, append="walnut.debug")
        command[command.index("tcg")] = "kvm"
        # Of a model that is not too new for hosts without hardware virtualization.
        command[command.index("max")] = "EPYC,-arch-capabilities"
        got = context.run(*command, input=b"")
        if not got.out and got.status not in (0, 1):
            context.skip("QEMU cannot use KVM here")
        context.equal(status_of(got), 0, machine)
        assert b"clock: kvmclock" in got.out and got.out.endswith(b"Hello from WebAssembly!\n"), (machine, got.out)


@test
def clocks_and_timers(context):
    """What the processor and the host have is taken, in order, and walnut.debug says what that was."""
    kernel = image(context, "hello")
    for cpu, text in (("max", b"clock: TSC at "), ("qemu64,-x2apic", b"timer: local APIC, xAPIC")):
        command = qemu("q35", kernel, append="walnut.debug")
        command[command.index("max")] = cpu
        got = context.run(*command, input=b"")
        context.equal(status_of(got), 0, cpu)
        context.contains(got.out, text)


def with_streams(context, machine, device, kernel, append="", options=()):
    """(process, the other ends of its input and output) with a port of a console device for each."""
    listeners = []
    words = [*options, "-device", device]
    for number, name in enumerate(("krun-stdin", "krun-stdout")):
        path = context.tmp / f"{len(list(context.tmp.iterdir()))}.socket"
        listeners.append(socket.socket(socket.AF_UNIX))
        listeners[number].bind(str(path))
        listeners[number].listen()
        listeners[number].settimeout(30)
        words += ["-chardev", f"socket,id=c{number},path={path}",
                  "-device", f"virtserialport,chardev=c{number},name={name},nr={number + 1}"]
    process = context.start(qemu(machine, kernel, *words, append=append), stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    streams = []
    for listener in listeners:
        streams.append(listener.accept()[0])
        streams[-1].settimeout(30)
        listener.close()
    return process, *streams


def say_and_hear(given, told, data):
    """Input to its end, and then all output."""
    with given, told:
        given.sendall(data)
        given.shutdown(socket.SHUT_WR)
        return read_all(told)


@test
def interrupts_that_never_come(context):
    """A device whose interrupt line is wrong is looked at now and then, and a line says so."""
    kernel = image(context, "wc")
    # The last of the machine's 24 places has line 47.
    process, given, told = with_streams(context, "microvm", "virtio-serial-device", kernel,
                                        "virtio_mmio.device=512@0xfeb02e00:9")
    time.sleep(2)  # it waits for interrupts by then
    context.equal(say_and_hear(given, told, b"one two\n").split(), [b"1", b"2", b"8"])
    context.contains(context.finish(process).out, b"interrupts of a device do not come")


@test
def interrupt_lines(context):
    """PCI devices without MSI-X interrupt by their lines, which they share: the console's and the random numbers'
    here, 100 times."""
    kernel = image(context, "wc")
    for machine in WITH_PCI:
        process, given, told = with_streams(
            context, machine, "virtio-serial-pci,vectors=0", kernel, "walnut.debug",
            ["-device", "virtio-rng-pci,vectors=0,addr=8"])
        for _ in range(100):
            given.sendall(b"one two\n")
            time.sleep(0.02)  # it waits for interrupts meanwhile
        context.equal(say_and_hear(given, told, b"end\n").split(), [b"101", b"201", b"804"], machine)
        said = context.finish(process).out
        context.contains(said, b"interrupts: lines")
        assert b"do not come" not in said, said


@test
def long_command_lines(context):
    """As much as QEMU's loader takes, some 4 KiB, reaches the program."""
    kernel = image(context, "cat")
    words = " ".join("/none" for _ in range(650))
    got = context.run(*qemu("q35", kernel, append=f"-- {words}"), input=b"")
    context.equal((status_of(got), got.out.count(b"cat: /none: ")), (1, 650))


@test
def statuses(context):
    """A trap and a failure of the kernel have the statuses of walnut run."""
    kernel = image(context, "panics")
    got = context.run(*qemu("pc", kernel), input=b"")
    context.equal(status_of(got), 134 & 127, "a trap")  # QEMU's status has 8 bits, one of them its own
    context.contains(got.out, b"walnut: trap: ")
    archive = context.tmp / "bad"
    archive.write_bytes(b"neither this nor that")
    got = context.run(*qemu("pc", kernel, "-initrd", archive), input=b"")
    context.equal(status_of(got), 125, "no archive")
    context.contains(got.out, b"walnut: the initial ramdisk is neither a launch block nor a cpio archive")


@test
def input_at_the_serial_port(context):
    """What comes over COM1 is the program's input, until Ctrl-D."""
    kernel = image(context, "wc")
    for machine in MACHINES[::2]:
        got = context.run(*qemu(machine, kernel), input=b"one two\nthree\n" + CTRL_D)
        context.equal(got.out.split(), [b"2", b"3", b"14"], machine)


@test
def multiboot(context):
    """QEMU's multiboot loads the flat format: arguments, and files of a module."""
    kernel = image(context, "cat", "--format", "multiboot", suffix="multiboot")
    archive = context.tmp / "files"
    archive.write_bytes(newc({"motd": b"from the archive\n"}))
    for machine in WITH_PCI:
        got = context.run(*qemu(machine, kernel, "-initrd", archive, append="-- /motd"), input=b"")
        context.equal((status_of(got), got.out), (0, b"from the archive\n"), machine)


@test
def arguments_and_files(context):
    """The same by PVH: words behind -- are arguments, the initial RAM disk is the program's root."""
    kernel = image(context, "cat")
    archive = context.tmp / "files"
    archive.write_bytes(newc({"motd": b"from the archive\n"}))
    for machine in MACHINES:
        got = context.run(*qemu(machine, kernel, "-initrd", archive, append='-- /motd "no such file"'), input=b"")
        context.equal(status_of(got), 1, machine)
        context.contains(got.out, b"from the archive\n")
        context.contains(got.out, b"no such file")


@test
def streams_of_a_console_device(context):
    """virtio-console on virtio-mmio, found by words or by ACPI, and on PCI: input, output, and an end of both."""
    kernel = image(context, "sha256sum")
    data = bytes(range(256)) * 200
    expected = context.must(context.run("sha256sum", input=data)).out.split()[0]
    for machine, device in (("microvm,acpi=off", "virtio-serial-device"), ("microvm", "virtio-serial-device"),
                            ("pc", "virtio-serial-pci"), ("q35", "virtio-serial-pci,disable-legacy=on")):
        process, given, told = with_streams(context, machine, device, kernel)
        context.equal(say_and_hear(given, told, data).split()[0], expected, machine)
        context.equal(status_of(context.finish(process)), 0, machine)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


@test
def web_server(context):
    """httpd on virtio-net over MMIO and PCI, with lwIP and QEMU's own network: curl gets its page."""
    if not (context.project.build / "kernel/runtime/net/lwip/libwalnut-lwip.a").exists():
        context.skip("built without lwIP's source")
    if not shutil.which("curl"):
        context.skip("no curl")
    kernel = image(context, "httpd", "--tcpip")
    for machine in MACHINES:
        bus = "pci" if machine in WITH_PCI else "device"
        port = free_port()
        process = context.start(qemu(machine, kernel, "-netdev", f"user,id=n,hostfwd=tcp:127.0.0.1:{port}-:80",
                                     "-device", f"virtio-net-{bus},netdev=n", "-device", f"virtio-rng-{bus}"),
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        context.equal(process.stdout.readline(), b"listening on 80\n", machine)
        got = context.run("curl", "-s", "--max-time", "30", "--retry", "5", "--retry-all-errors", f"http://127.0.0.1:{port}/")
        context.equal(got.out, b"Hello, world!\n", machine)
        process.terminate()
        context.finish(process)


@test
def legacy_devices_are_refused(context):
    """A device that has the old interface only is named, and how to get the new one."""
    kernel = image(context, "hello")
    command = qemu("microvm,acpi=off", kernel, "-device", "virtio-serial-device")
    command[command.index("virtio-mmio.force-legacy=false")] = "virtio-mmio.force-legacy=true"
    got = context.run(*command, input=b"")
    context.equal(status_of(got), 125)
    context.contains(got.out, b"legacy interface (version 1)")
    got = context.run(*qemu("pc", kernel, "-device", "virtio-serial-pci,disable-modern=on"), input=b"")
    context.equal(status_of(got), 125)
    context.contains(got.out, b"legacy interface only")


@test
def too_little_memory(context):
    """RAM that does not hold the image is a line on the serial port, and the end."""
    kernel = image(context, "hello")
    command = qemu("pc", kernel)
    command[command.index("128")] = "12"
    got = context.run(*command, input=b"")
    context.contains(got.out, b"walnut: kernel panic: less RAM than the image needs, which ends at 0x")


@test
def rescue_disc(context):
    """GRUB starts an image from a CD."""
    for tool in ("grub-mkrescue", "xorriso", "mformat"):
        if not shutil.which(tool):
            context.skip(f"no {tool}")
    kernel = image(context, "hello", "--format", "multiboot", suffix="multiboot")
    folder = context.tmp / "disc/boot/grub"
    folder.mkdir(parents=True)
    shutil.copy(kernel, folder.parent / "app")
    (folder / "grub.cfg").write_text("set timeout=0\nmenuentry app { multiboot /boot/app walnut.exit_port=0xf4 }\n")
    disc = context.tmp / "disc.iso"
    context.must(context.run("grub-mkrescue", "-o", disc, context.tmp / "disc"))
    command = qemu("pc", kernel)
    at = command.index("-kernel")
    got = context.run(*command[:at], "-cdrom", disc, input=b"")
    context.equal(status_of(got), 0)
    context.contains(got.out, b"Hello from WebAssembly!")


@test
def wrong_formats(context):
    """--format takes what there is."""
    got = context.must(context.walnut("build", "--format", "iso", example(context, "hello")[0]), 125)
    context.equal(got.err, b"walnut: build: --format iso: it is elf or multiboot\n")
