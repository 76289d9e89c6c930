"""Debugging: what -g keeps, Debian's gdb at work, and hostile clients of the stub."""

import os
import random
import re
import signal
import subprocess
import time

from lib.endtoend import test
from lib.gdbremote import RBP, RIP, Remote
from lib.programs import build


def program(context, name="steps.c", *options):
    source = context.project.root / "tests" / "e2e" / "programs" / name
    target = context.tmp / f"{source.stem}.wasm"
    build([context.project.clang, "--target=wasm32-wasi", "-g", *(options or ("-O0",)), source,
           "-o", target])
    return target


def start(context, module, *arguments, options=("-g", "-O0"), **keywords):
    """The program, waiting for a debugger."""
    keywords.setdefault("stdin", subprocess.DEVNULL)
    return context.start([context.project.walnut, "run", *options, "--gdb", "0", module, *arguments],
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, **keywords)


def debug(context, process, *commands):
    """What gdb prints for the commands; the connection is made first."""
    line = process.stderr.readline().decode()
    port = re.search(r"target remote 127\.0\.0\.1:(\d+)", line)
    assert port, line
    words = [word for command in (f"target remote :{port[1]}", *commands) for word in ("-ex", command)]
    got = context.run("gdb", "-nx", "-batch", "-ex", "set confirm off", *words)
    return got.out.decode() + got.err.decode()


def end(context, process, status):
    result = context.finish(process)
    return context.must(result, status)


def lines_of(text, pattern):
    return re.findall(pattern, text, re.M)


@test
def break_and_backtrace(context):
    """gdb stops at a function and at a line, and names the callers with their lines."""
    process = start(context, program(context))
    text = debug(context, process, "break leaf", "break steps.c:19", "continue", "bt", "continue", "bt",
                 "continue")
    places = lines_of(text, r"^#\d+ .*?(\w+) \(\) at \S*/steps\.c:(\d+)$")
    context.equal([name for name, _ in places], ["leaf", "branch", "main", "branch", "main"], "functions")
    context.equal([int(line) for _, line in places][1:], [17, 29, 19, 29], "lines")
    context.contains(text, "exited with code 052")
    context.equal(end(context, process, 42).out, b"16\n", "standard output")


@test
def optimised_code(context):
    """At -O2 gdb still finds the lines, and functions that were inlined."""
    process = start(context, program(context, "steps.c", "-O2"), options=("-g", "-O2"))
    text = debug(context, process, "break steps.c:11", "continue", "bt", "continue")
    context.contains(text, "leaf", "steps.c:11", "exited with code 052")
    names = lines_of(text, r"^#\d+ .*?(\w+) \(.*\) at \S*/steps\.c:\d+$")
    context.equal(names[:3], ["leaf", "branch", "main"], "backtrace")
    end(context, process, 42)


@test
def stepping(context):
    """next and step follow the source, stepi one instruction, finish a function."""
    process = start(context, program(context))
    text = debug(context, process, "break branch", "continue", "step", "finish",
                 "next", "info line *$pc", "stepi", "continue")
    context.contains(text, "leaf () at ", "exited with code 052")
    assert re.search(r"Line (17|19) of", text), text
    end(context, process, 42)


@test
def registers_and_memory(context):
    """Registers of each kind, and the program's memory by Wasm address, read and written."""
    process = start(context, program(context))
    text = debug(context, process, "break leaf", "continue", "print $rip == (long)&leaf || $rip > 0",
                 "print/x $cs", "print $eflags", "print $xmm0.v2_double", "print $mxcsr", "print $fctrl",
                 "set var $xmm7.v4_int32[2] = 77", "print $xmm7.v4_int32[2]",
                 "set var *(unsigned *)1100 = 0x12345678", "x/4xb 1100", "x/xg 0x7f0000000000",
                 "set var $r15 = 0", "continue")
    context.contains(text, "$2 = 0x1b", "= 8064", "= 77", "0x78\t0x56\t0x34\t0x12",
                     "Cannot access memory at address 0x7f0000000000")


@test
def watching_by_steps(context):
    """gdb watches memory by stepping."""
    process = start(context, program(context))
    text = debug(context, process, "set can-use-hw-watchpoints 0", "break leaf", "continue",
                 "watch *(unsigned long *)($rsp - 8)", "continue", "info line *$pc", "kill")
    context.contains(text, "Watchpoint 2", "Old value", "New value")
    assert re.search(r"Line \d+ of \S*steps\.c", text), text
    context.finish(process)


@test
def a_trap_stops_in_the_debugger(context):
    """gdb sees a trap at its line before the report, which follows when it goes on."""
    process = start(context, program(context, "nested.c"))
    text = debug(context, process, "continue", "bt", "continue")
    context.contains(text, "received signal SIGILL", "nested.c:7", "exited with code 0206")
    got = end(context, process, 134)
    context.contains(got.err, b"walnut: trap: unreachable\n    at inlined (function ", b"nested.c:7")


@test
def out_of_bounds_stops_in_the_debugger(context):
    """So does an access out of bounds, as SIGSEGV."""
    process = start(context, program(context, "bounds.c"))
    text = debug(context, process, "continue", "bt", "kill")
    context.contains(text, "received signal SIGSEGV", "bounds.c:7")
    context.finish(process)


@test
def symbols_from_a_built_image(context):
    """An image of `walnut build -g` serves gdb as symbol file."""
    module = program(context)
    image = context.tmp / "steps.elf"
    context.must(context.walnut("build", "-g", "-O0", module, "-o", image))
    got = context.run("gdb", "-nx", "-batch", "-ex", "info line steps.c:11", "-ex", "list leaf", image)
    context.contains(got.out.decode(), "Line 11 of", "counter +=")
    process = start(context, image, options=())
    context.contains(debug(context, process, f"file {image}", "break leaf", "continue", "bt", "kill"),
                     "leaf () at ")
    context.finish(process)


@test
def without_g_nothing_is_kept(context):
    """Without -g neither object nor image has a .debug section; with it they are cached apart."""
    module = program(context)
    for command, suffix in (("compile", ".o"), ("build", ".elf")):
        for options, expected in (((), False), (("-g",), True)):
            output = context.tmp / f"x{len(options)}{suffix}"
            context.must(context.walnut(command, *options, module, "-o", output))
            sections = context.run("llvm-readelf-19", "-S", output).out
            context.equal(b".debug_" in sections, expected, f"{command} {options}")
    for options in (), ("-g",), (), ("-g",):
        context.must(context.walnut("run", *options, module), 42)


@test
def valid_dwarf_at_every_level(context):
    """What -g writes satisfies a verifier: at each level, whole and in parts, linked and not."""
    module = program(context, "nested.c", "-O1")
    for level in "-O0", "-O1", "-O2", "-O3":
        for parts in (), ("--part-bytes", "2000"):
            target = context.tmp / "x.o"
            context.must(context.run(context.project.walnut_cc, "-g", level, *parts, module, "-o", target))
            got = context.must(context.run("llvm-dwarfdump-19", "--verify", target))
            context.contains(got.out, b"No errors.")
            got = context.must(context.run("llvm-dwarfdump-19", "--debug-info", "--debug-line", target))
            context.contains(got.out, b'("looked_up")', b"nested.c", b'("walnut")')
        image = context.tmp / "x.elf"
        context.must(context.walnut("build", "-g", level, module, "-o", image))
        context.contains(context.run("llvm-dwarfdump-19", "--verify", image).out, b"No errors.")


@test
def bytes_for_lines(context):
    """A module without DWARF has its own byte offsets as lines."""
    module = context.tmp / "plain.wasm"
    source = context.project.root / "tests" / "e2e" / "programs" / "steps.c"
    build([context.project.clang, "--target=wasm32-wasi", "-O1", "-Wl,--strip-debug", source, "-o", module])
    process = start(context, module, options=("-g", "-O1"))
    text = debug(context, process, "break leaf", "continue", "bt 1", "kill")
    assert re.search(r"#0 .*leaf \(\) at \S*plain\.wasm:\d+", text), text
    context.finish(process)


@test(timeout=120)
def under_emulation(context):
    """Under QEMU the same option gives QEMU's stub, with the same symbols."""
    if not context.project.tool("qemu-system-x86_64"):
        context.skip("no qemu-system-x86_64")
    module = program(context)
    image = context.tmp / "steps.elf"
    context.must(context.walnut("build", "-g", "-O0", module, "-o", image))
    process = start(context, image, options=("--accel", "tcg"))
    text = debug(context, process, f"file {image}", "break leaf", "continue", "bt", "continue")
    context.contains(text, "leaf () at ", "branch () at ", "main () at ")
    context.equal(end(context, process, 42).out, b"16\n", "standard output")


# --- By hand ---------------------------------------------------------------------------

def spinning(context):
    process = start(context, program(context), "spin")
    remote = Remote(process)
    assert remote.ask("qSupported:swbreak+").startswith("PacketSize="), "qSupported"
    remote.ask("?")
    return process, remote


@test
def interrupt_a_loop(context):
    """Ctrl-C in gdb stops a program that computes; it goes on where it was."""
    process, remote = spinning(context)
    places = set()
    for _ in range(3):
        remote.send("c")
        time.sleep(0.3)
        remote.send_raw(b"\x03")
        assert remote.receive().startswith("T02"), "stop reply"
        places.add(remote.register(RIP))
        assert remote.register(RBP) > 0x7e0000000000, "frame pointer"
    assert all(place > 0x7e0000600000 for place in places), places
    before = remote.register(RIP)
    assert remote.ask("vCont;s:1").startswith("T05"), "step"
    assert remote.register(RIP) != before or len(places) == 1
    remote.ask("vKill;1")
    context.equal(context.finish(process).status, -signal.SIGKILL, "status")


@test
def interrupt_a_wait(context):
    """A program that waits for input is stopped where it waits, and its callers are known."""
    process = start(context, program(context), "wait", stdin=subprocess.PIPE)
    remote = Remote(process)
    remote.send("c")
    time.sleep(0.5)
    remote.send_raw(b"\x03")
    assert remote.receive().startswith("T02"), "stop reply"
    frames, frame = [], remote.register(RBP)
    while frame and len(frames) < 40:
        answer = remote.ask(f"m{frame:x},10")
        if len(answer) < 32:
            break
        above = bytes.fromhex(answer)
        frames.append(hex(int.from_bytes(above[8:], "little")))
        frame = int.from_bytes(above[:8], "little")
    assert len(frames) >= 4, frames
    remote.send("c")
    result = context.finish(process, b"x\n")
    context.equal(remote.receive(), "W07", "exit packet")
    context.must(result, 7)


@test
def detach_and_disconnect(context):
    """After detaching, or when the connection breaks, the program runs on without breakpoints."""
    for leave in ("detach", "close"):
        process = start(context, program(context))
        remote = Remote(process)
        place = remote.register(RIP)
        assert place, "rip"
        if leave == "detach":
            context.equal(remote.ask("D"), "OK", "detach")
        remote.close()
        context.equal(end(context, process, 42).out, b"16\n", leave)


@test
def gone_at_any_moment(context):
    """However a debugger leaves between two stops, the program comes to its own end."""
    module = program(context)
    image = context.tmp / "steps.elf"
    context.must(context.walnut("build", "-g", "-O0", module, "-o", image))
    text = context.run("gdb", "-nx", "-batch", "-ex", "info line steps.c:11", image).out.decode()
    place = re.search(r"starts at address 0x([0-9a-f]+)", text)[1]
    for last in ("c", "vCont;s:1", "\x03"):
        process = start(context, image, options=())
        remote = Remote(process)
        context.equal(remote.ask(f"Z0,{place},1"), "OK", "breakpoint")
        remote.send("c")
        if last != "c":
            assert remote.receive().startswith("T05"), "breakpoint"
            remote.send(last)
        remote.close()
        context.equal(end(context, process, 42).out, b"16\n", repr(last))


@test
def signals_end_a_stopped_program(context):
    """SIGTERM ends walnut while it waits for gdb, and while gdb has the program."""
    for connect in False, True:
        process = start(context, program(context))
        if connect:
            remote = Remote(process)
            assert remote.ask("?").startswith("T05"), "stop reply"
        else:
            process.stderr.readline()
        process.send_signal(signal.SIGTERM)
        context.equal(context.finish(process).status, -signal.SIGTERM, f"connected: {connect}")


@test
def bad_addresses(context):
    """What is no [ADDRESS:]PORT, or cannot be listened at, is refused with one line."""
    module = program(context)
    for address in "", "x", "99999", "localhost:1", "127.0.0.1:", "203.0.113.7:5555", "1.2.3:4x":
        got = context.must(context.walnut("run", "--gdb", address, module), 125)
        context.equal(got.err.count(b"\n"), 1, f"lines for {address!r}: {got.err!r}")
        context.contains(got.err, b"gdb")


@test
def memory_outside_of_the_guest(context):
    """Addresses that are no memory give errors, whatever the length."""
    process, remote = spinning(context)
    for address in (0, 0xffffffff, 0x7dc000000000, 0x7e003e800000, 0x7fffffffffff, 0x800000000000,
                    2**63, 2**64 - 1):
        for size in (1, 8, 0x1000, 2**64 - 1):
            answer = remote.ask(f"m{address:x},{size:x}")
            assert answer.startswith("E") or re.fullmatch(r"([0-9a-f]{2})+", answer), answer
        for packet in (f"M{address:x},1:00", f"Z0,{address:x},1"):
            if address:
                assert remote.ask(packet).startswith(("E", "OK")), packet
    remote.send("k")
    context.finish(process)


@test(timeout=120)
def hostile_packets(context):
    """Noise, wrong sums and absurd numbers are answered or ignored; the guest lives on."""
    process, remote = spinning(context)
    chance = random.Random(4)
    odd = ["", "g", "G", "G00", "p", "pzz", "p1000", "P", "P10", "P10=", "P10=zz", "m", "m,", "mzz,1", "m1",
           "M", "M1,1", "M1,2:0", "X1,5:ab", "Z", "Z0", "Z0,", "Z9,1,1", "z0,1,1", "qXfer:features:read:",
           "qXfer:features:read:target.xml:ffffffffffffffff,ffffffffffffffff",
           "qXfer:exec-file:read:", "qXfer:exec-file:read::0,fff", "vCont;", "vCont;x", "vCont;C", "H", "T99",
           "CZZ", "c" + "f" * 40, "Svv", "vMustReplyEmpty", "\0\0", "qRcmd,41", "QNonStop:1"]
    for packet in odd:
        assert remote.ask(packet) is not None, packet
    for _ in range(200):
        remote.send_raw(chance.randbytes(chance.randrange(1, 400)).replace(b"$c", b"..").replace(b"$k", b".."))
    remote.send_raw(b"$" + b"A" * 100000 + b"#00")
    remote.send_raw(b"#00$?")
    remote.send_raw(b"}")
    remote.close()
    process.send_signal(signal.SIGTERM)
    context.equal(context.finish(process).status, -signal.SIGTERM, "status")


@test
def only_loopback_by_default(context):
    """Without an address the stub listens on 127.0.0.1 only."""
    process = start(context, program(context))
    line = process.stderr.readline().decode()
    port = int(re.search(r":(\d+)$", line.strip())[1])
    listeners = open("/proc/net/tcp", encoding="ascii").read()
    assert f"0100007F:{port:04X} 00000000:0000 0A" in listeners, listeners
    assert f"00000000:{port:04X} 00000000:0000 0A" not in listeners, listeners
    os.killpg(process.pid, signal.SIGTERM)
    context.finish(process)
