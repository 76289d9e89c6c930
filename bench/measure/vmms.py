"""Walnut's VMM beside QEMU's microvm machine: time until a guest's first instructions, memory of
the VMM beyond the guest's, size.

Both get the same guest (guest.S), which needs no kernel: so this can be measured on every KVM.
No other VMM is in Debian 12; a further one is one more line in commands().
"""

import os
import pathlib
import re
import signal
import subprocess
import time

from .size import count_lines
from .tools import Unavailable, median, spread

RAM_MIB = 256
TOUCHED_MIB = 64
SETTLE_SECONDS = 0.3

# What a guest without a kernel can do without is left out.
QEMU_MACHINE = "microvm,accel=kvm,x-option-roms=off,pit=off,pic=off,rtc=off,acpi=off"
QEMU = ["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
        "-serial", "stdio"]


def walnut_boot(walnut, kernel, ram_mib):
    return [walnut, "boot", "--no-reboot", "--mem", f"{ram_mib}M", "--kernel", kernel]


def qemu_microvm(kernel, ram_mib, machine=QEMU_MACHINE):
    return [*QEMU, "-M", machine, "-m", str(ram_mib), "-kernel", kernel]


def commands(bench, kernel):
    return {"walnut": walnut_boot(bench.walnut, kernel, RAM_MIB), "qemu": qemu_microvm(kernel, RAM_MIB)}


def measure(bench):
    bench.need(QEMU[0])
    once = build_guest(bench, "once")
    times = bench.spawn_time(2, *commands(bench, once).values(), first="!")  # warms up
    times = bench.spawn_time(bench.rounds * 8, *commands(bench, once).values(), first="!")
    result = {"qemu_version": bench.run([QEMU[0], "--version"]).stdout.split()[3].split("(")[0],
              "touched_mib": TOUCHED_MIB, "runs": len(times[0])}
    staying = build_guest(bench, "staying", f"-DTOUCH_MIB={TOUCHED_MIB}", "-DSTAY")
    memory = commands(bench, staying)
    for name, runs in zip(memory, times):
        overheads = [resident_mib(memory[name], bench.environment) - TOUCHED_MIB
                     for _ in range(min(bench.rounds, 3))]
        result[name] = {"first_ms": median(runs, "first_ms"), "first_spread": spread(runs, "first_ms"),
                        "whole_ms": median(runs, "ms"), "overhead_mib": max(overheads)}
    result["walnut"] |= sizes(bench, bench.walnut)
    result["walnut"]["library_bytes"] = stripped_size(bench, bench.build / "vmm" / "libkrun.so.1")
    result["qemu"] |= sizes(bench, bench.which(QEMU[0]))
    result["lines"], result["code_lines"] = count_lines(bench.root / "vmm", bench.root / "abi")
    return result


def build_guest(bench, name, *flags):
    elf = bench.work / f"guest-{name}.elf"
    bench.run([bench.clang, "-nostdlib", "-static", "-no-pie", *flags, "-Wl,-Ttext=0x200000", "-Wl,-e,start",
               "-Wl,--build-id=none", bench.folder / "guest.S", "-o", elf])
    return elf


def resident_mib(command, environment):
    """Of all processes of a VMM whose guest has come to its end and halts."""
    process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, env=environment,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        if process.stdout.read(1) != b"!":
            raise Unavailable(f"{pathlib.Path(command[0]).name}: the guest does not run")
        time.sleep(SETTLE_SECONDS)
        return sum(rss_kib(pid) for pid in tree(process.pid)) / 1024
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def tree(pid):
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(found for child in children for found in tree(int(child)))]


def rss_kib(pid):
    """Exact, which the counter in status is not."""
    rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.search(r"^Rss:\s*(\d+)", rollup, flags=re.M)[1])


def stripped_size(bench, program):
    copy = bench.work / "stripped"
    bench.run(["llvm-strip-19", "--strip-all", "-o", copy, program])
    return copy.stat().st_size


def sizes(bench, program):
    """The program, stripped, and the shared libraries that come with it."""
    listing = bench.run(["ldd", program]).stdout
    libraries = {pathlib.Path(path).resolve() for path in re.findall(r"(/\S+) \(0x", listing)}
    own = stripped_size(bench, program)
    return {"file_bytes": own, "with_libraries_bytes": own + sum(path.stat().st_size for path in libraries),
            "libraries": len(libraries)}
