"""Linux to its first process, in Walnut's VMM and in QEMU's microvm machine.

Both run in the machine of tests/nested: QEMU emulates a processor with virtualization there, so
that this can be measured where KVM cannot run Linux. What is emulated is slow, and not all of it
equally: only ratios mean something.
"""

import pathlib
import re
import subprocess
import sys

from .tools import Unavailable, median, parse_run
from .vmms import qemu_microvm, walnut_boot

RAM_MIB = 256
WORDS = "console=ttyS0 loglevel=0 panic=-1 tsc=reliable mitigations=off"
ROUNDS_MAX = 3
LIMIT_SECONDS = 400
# Clocks, interrupt controllers and ACPI as Walnut's machine has them.
QEMU_MACHINE = "microvm,accel=kvm,x-option-roms=off"
FIRMWARE = ("bios-microvm.bin", "qboot.rom")

INIT = """#!/bin/sh
export PATH=/bin:/usr/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp
modprobe kvm-amd
spawn_time -f ! {rounds} {commands} 2>&1 | sed 's/^/@ /'
poweroff -f
"""


def measure(bench):
    bench.need("qemu-system-x86_64", "busybox")
    kernels = bench.build / "linux"
    if not (kernels / "complete").exists():
        raise Unavailable("no Linux kernel: scripts/linux-kernel fetches one")
    initrd = bench.work / "outer-initrd"
    commands = guest_commands()
    write_initrd(bench, kernels, initrd, commands)
    output = run_machine(kernels / "vmlinuz", initrd)
    runs = {name: [] for name in commands}
    for line in output:
        if re.fullmatch(r"[\d ]+", line):
            number, run = parse_run(line)
            runs[list(commands)[number]].append(run)
    if not all(runs.values()) or any(run["failure"] for run in sum(runs.values(), [])):
        raise Unavailable(f"in the emulated machine: {' / '.join(output[-3:]) or 'no output'}")
    result = {name: {"first_ms": median(found, "first_ms")} for name, found in runs.items()}
    return result | {"runs": len(runs["walnut"])}


def guest_commands():
    walnut = [*walnut_boot("walnut", "/vmlinux", RAM_MIB), "--initrd", "/initrd", "--cmdline", f"'{WORDS}'"]
    qemu = [*qemu_microvm("/vmlinux", RAM_MIB, QEMU_MACHINE), "-cpu", "host", "-initrd", "/initrd", "-append", f"'{WORDS}'"]
    return {"walnut": walnut, "qemu": qemu}


def write_initrd(bench, kernels, path, commands):
    sys.path.insert(0, str(bench.root / "tests"))
    from nested.content import Modules, add_busybox, libraries
    from nested.initrd import Archive

    archive = Archive()
    add_busybox(archive)
    Modules(kernels / "modules").add(archive, ["kvm-amd"])
    needed = set()
    for program in (bench.walnut, bench.which("qemu-system-x86_64")):
        archive.program(f"usr/bin/{program.name}", program.read_bytes())  # QEMU finds its files from there
        needed |= libraries(program)
    for library in sorted(needed):
        archive.program(library, open(library, "rb").read())
    for firmware in firmware_files(bench):
        archive.file(str(firmware), firmware.read_bytes())
    archive.program("bin/spawn_time", bench.build_launcher("-static").read_bytes())
    archive.file("vmlinux", (kernels / "vmlinux").read_bytes())
    archive.file("initrd", guest_initrd(bench, Archive()))
    words = " -- ".join(" ".join(map(str, command)) for command in commands.values())
    archive.program("init", INIT.format(rounds=min(bench.rounds, ROUNDS_MAX), commands=words).encode())
    archive.write(path)


def firmware_files(bench):
    """What QEMU opens for this machine."""
    listing = bench.run(["qemu-system-x86_64", "-L", "help"]).stdout.split()
    found = (pathlib.Path(folder).resolve() / name for folder in listing for name in FIRMWARE)
    return [path for path in found if path.exists()]


def guest_initrd(bench, archive):
    init = bench.work / "init"
    bench.run([bench.clang, "-Os", "-static", bench.folder / "init.c", "-o", init])
    archive.folder("dev")
    archive.character_device("dev/console", 5, 1)
    archive.program("init", init.read_bytes())
    path = bench.work / "guest-initrd"
    archive.write(path)
    return path.read_bytes()


def run_machine(kernel, initrd):
    """What spawn_time and the VMMs say in it."""
    command = ["qemu-system-x86_64", "-M", "q35,accel=tcg,hpet=off", "-cpu", "EPYC,+svm,+npt", "-smp", "2",
               "-m", "2048", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
               "-kernel", kernel, "-initrd", initrd, "-serial", "stdio",
               "-append", "console=ttyS0 panic=-1 quiet tsc=reliable mitigations=off rdinit=/init"]
    try:
        done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, timeout=LIMIT_SECONDS, text=True, errors="replace")
    except subprocess.TimeoutExpired:
        raise Unavailable(f"the emulated machine did not finish in {LIMIT_SECONDS} s") from None
    return re.findall(r"^@ (.*?)\r?$", done.stdout, flags=re.M)
