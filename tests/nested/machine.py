"""The machine in which cases run: QEMU emulates a processor with SVM and nested paging, and
Linux in it has a KVM of the ordinary kind. It starts with the first case that is wanted,
serves one case after the other or several at a time, and ends with the test run.

Its first serial port is the kernel's console. By the second we tell it the name of a case, and
it answers with lines "@NAME| text" of the case's log and one "@NAME pass", "fail" or "skip".
"""

import atexit
import os
import pathlib
import re
import signal
import subprocess
import threading

from lib.runner import Failed

from .content import host_initrd

MEMORY_MIB = 3072
LIFE_SECONDS = 1800  # however the test run ends, the machine ends
ANSWER = re.compile(r"@([a-z0-9-]+)(?:\| ?(.*)| (pass|fail|skip))$")


class Running:
    """A case that was asked for."""

    def __init__(self):
        self.log = []
        self.verdict = None
        self.done = threading.Event()


class Machine:
    def __init__(self, project):
        self._project = project
        self._lock = threading.Lock()
        self._process = None
        self._failure = None
        self._ready = threading.Event()
        self._cases = {}

    def run(self, name, context):
        """Runs one case; its verdict and its log."""
        self._start()
        case = Running()
        self._wait(self._ready, context, "the machine does not come up")
        with self._lock:
            self._cases[name] = case
            self._tell(name)
        self._wait(case.done, context, "no end of the case")
        return case.verdict, "\n".join(case.log)

    def _wait(self, event, context, what):
        event.wait(context.left())
        if self._failure:
            raise Failed(f"{self._failure}\n{self._console_tail()}")
        if not event.is_set():
            raise Failed(f"{what}\n{self._console_tail()}")

    def _console_tail(self):
        console = self._folder / "console"
        text = console.read_text(errors="replace") if console.exists() else ""
        return "\n".join(text.splitlines()[-30:])

    def _tell(self, line):
        try:
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            pass  # it is gone, and _listen() sees that too

    def _start(self):
        with self._lock:
            if self._process or self._failure:
                return
            self._folder = pathlib.Path(self._project.scratch, "nested")
            self._folder.mkdir()
            host_initrd(self._project, self._folder / "initrd")
            self._process = subprocess.Popen(
                ["timeout", str(LIFE_SECONDS), "qemu-system-x86_64", "-M", "q35,accel=tcg,hpet=off",
                 "-cpu", "EPYC,+svm,+npt", "-smp", "2", "-m", str(MEMORY_MIB), "-nodefaults",
                 "-no-user-config", "-display", "none", "-no-reboot",
                 "-kernel", self._project.build / "linux" / "vmlinuz",
                 "-initrd", self._folder / "initrd",
                 "-append", "console=ttyS0 panic=-1 quiet tsc=reliable mitigations=off rdinit=/init",
                 "-serial", f"file:{self._folder / 'console'}", "-serial", "stdio"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                start_new_session=True)
            atexit.register(self._end)
            threading.Thread(target=self._listen, daemon=True).start()

    def _end(self):
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.wait()

    def _listen(self):
        for line in self._process.stdout:
            self._answer(line.decode(errors="replace").rstrip("\r\n"))
        self._failure = "the machine ended"
        self._ready.set()
        for case in list(self._cases.values()):
            case.done.set()

    def _answer(self, line):
        if line == "@ready":
            self._ready.set()
            return
        match = ANSWER.match(line)
        case = self._cases.get(match[1]) if match else None
        if not case:
            return
        if match[3]:
            case.verdict = match[3]
            case.done.set()
        else:
            case.log.append(match[2])
