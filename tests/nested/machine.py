"""The machine in which cases run: QEMU emulates a processor with SVM and nested paging, and
Linux in it has a KVM of the ordinary kind. It starts with the first case that is wanted,
serves one case after the other, and ends with the test run. (Two at a time have more virtual
processors than it has emulated ones: kernels that spin for each other hardly get on.)

Its serial port is the kernel's console. By a port of a virtio console we tell it the name of a
case, and it answers with lines "@NAME| text" of the case's log and one "@NAME pass", "fail" or
"skip". (A second serial port for that loses characters when processors are scarce.)

It has one processor. With two, which QEMU 7.2 emulates in threads, they now and then miss that
code or page tables have changed: both stay for ever at a breakpoint of KVM's patching that has long
been replaced, guests crash without a cause, a kernel faults until its stack is full. And two
are no quicker.

A guest that hangs is ended by its case. A machine that no longer says that it is alive has met a
fault of the emulator's: it is replaced, and the case runs again, twice at most.
"""

import re
import subprocess
import sys
import threading
import time

from lib.runner import Failed, end_group, ends_with_run

from .content import host_initrd

MEMORY_MIB = 3072
LIFE_SECONDS = 3600  # however the test run ends, the machine ends
START_SECONDS = 200
CASE_SECONDS = 700
SILENT_SECONDS = 120  # it speaks every five
ATTEMPTS = 3
ANSWER = re.compile(r"@([a-z0-9-]+)(?:\| ?(.*)| (pass|fail|skip))$")


class Lost(Exception):
    """The machine does not answer, or is gone."""


class Running:
    """A case that was asked for."""

    def __init__(self):
        self.log = []
        self.verdict = None
        self.done = threading.Event()


class Machine:
    """One life of QEMU."""

    def __init__(self, project, initrd, console):
        self._console = console
        self._words = []  # of the emulator's own
        self._heard = time.monotonic()
        self._ready = threading.Event()
        self._cases = {}
        self._process = subprocess.Popen(
            ["timeout", str(LIFE_SECONDS), "qemu-system-x86_64", "-M", "q35,accel=tcg,hpet=off",
             "-cpu", "EPYC,+svm,+npt", "-smp", "1", "-m", str(MEMORY_MIB), "-nodefaults",
             "-no-user-config", "-display", "none", "-no-reboot",
             "-kernel", project.build / "linux" / "vmlinuz", "-initrd", initrd,
             "-append", "console=ttyS0 panic=-1 quiet tsc=reliable mitigations=off rdinit=/init",
             "-serial", f"file:{console}", "-chardev", "stdio,id=cases,signal=off",
             "-device", "virtio-serial-pci", "-device", "virtserialport,chardev=cases"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True)
        ends_with_run(self._process)
        threading.Thread(target=self._listen, daemon=True).start()

    def run(self, name):
        """Runs one case; its verdict and its log."""
        case = Running()
        if not self._ready.wait(START_SECONDS) or self._process.poll() is not None:
            raise Lost(f"the machine does not come up{self._last_words()}")
        self._cases[name] = case
        self._tell(name)
        end = time.monotonic() + CASE_SECONDS
        while not case.done.wait(1):
            silent = time.monotonic() - self._heard
            if silent > SILENT_SECONDS or time.monotonic() > end:
                raise Lost(f"the machine has said nothing for {silent:.0f} s{self._last_words()}")
        if not case.verdict:
            raise Lost(f"the machine is gone{self._last_words()}")
        return case.verdict, "\n".join(case.log)

    def end(self):
        end_group(self._process)
        self._process.wait()

    def _last_words(self):
        """What tells why it was lost."""
        status = self._process.poll()
        state = "" if status is None else f", its emulator has ended with status {status}"
        text = self._console.read_text(errors="replace") if self._console.exists() else ""
        return "\n".join([state, *self._words[-10:], *text.splitlines()[-50:]])

    def _tell(self, line):
        try:
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            pass  # it is gone, and _listen() sees that too

    def _listen(self):
        for line in self._process.stdout:
            self._answer(line.decode(errors="replace").rstrip("\r\n"))
        self._ready.set()
        for case in list(self._cases.values()):
            case.done.set()

    def _answer(self, line):
        self._heard = time.monotonic()
        if line == "@alive":
            return
        if line == "@ready":
            self._ready.set()
            return
        match = ANSWER.match(line)
        case = self._cases.get(match[1]) if match else None
        if not case:
            self._words.append(line)
            return
        if match[3]:
            case.verdict = match[3]
            case.done.set()
        else:
            case.log.append(match[2])


class Machines:
    """The machine of a test run, and its replacement."""

    def __init__(self, project):
        self._project = project
        self._machine = None
        self._count = 0

    def run(self, name):
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._get().run(name)
            except Lost as lost:
                self._give_up()
                if attempt == ATTEMPTS:
                    raise Failed(f"{ATTEMPTS} times: {lost}") from None
                print(f"nested/{name}: {lost}\nanother one is started", file=sys.stderr)

    def _get(self):
        folder = self._project.scratch / "nested"
        initrd = folder / "initrd"
        if not folder.exists():
            folder.mkdir()
            host_initrd(self._project, initrd)
        if not self._machine:
            self._count += 1
            self._machine = Machine(self._project, initrd, folder / f"console{self._count}")
        return self._machine

    def _give_up(self):
        self._machine.end()
        self._machine = None
