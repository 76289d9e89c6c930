"""Runs tests side by side and reports: one line per outcome, then the totals.

A Test has a name, a purpose, a time limit and a function of one argument, the
context. The function passes by returning, fails by raising, skips by raising Skip. It
may return a list of Outcome instead, when it ran several cases in one go.
"""

import concurrent.futures
import dataclasses
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import traceback
import typing


class Skip(Exception):
    """The test does not apply here; the text says why."""


class Failed(AssertionError):
    """What was expected and what came."""


@dataclasses.dataclass
class Outcome:
    name: str
    state: str  # "pass", "fail" or "skip"
    note: str = ""  # shown on the same line
    detail: str = ""  # shown below it, indented
    seconds: float = 0.0


@dataclasses.dataclass
class Test:
    name: str
    purpose: str
    function: typing.Callable
    timeout: float = 60.0
    alone: bool = False  # measures or exhausts something: nothing else at that time
    lane: str = ""  # tests of one lane share something, and run one after the other


@dataclasses.dataclass
class Result:
    """A finished process."""
    status: int  # exit status; negative: killed by that signal
    out: bytes
    err: bytes
    peak_kib: int = 0

    def text(self):
        return (f"status {self.status}\nstdout: {self.out[-2000:]!r}\n"
                f"stderr: {self.err[-2000:].decode(errors='backslashreplace')}")


_started = []  # by all tests


def ends_with_run(process):
    """Leaves a process, the leader of its group, to the end of the run, however that comes."""
    _started.append(process)


def end_started():
    for process in _started:
        if process.returncode is None:
            end_group(process)


FALLBACK_NOTE = re.compile(rb"^walnut: [^\n]*running under QEMU TCG[^\n]*\n", re.M)


class Context:
    """What a test function is given: its own directory, its deadline, processes."""

    def __init__(self, test, project):
        self.project = project
        self.name = test.name
        slower = 1 if project.kvm_usable else 4
        self.deadline = time.monotonic() + test.timeout * slower
        # Without KVM each run says so; that line is no test's concern but one's.
        self.hide_fallback = True
        self.tmp = pathlib.Path(project.scratch, "tests", test.name.replace("/", "_"))
        self.tmp.mkdir(parents=True)

    def left(self):
        """Seconds until the test's time is up."""
        return max(0.1, self.deadline - time.monotonic())

    def environment(self, extra=None):
        """The environment of a child; an extra of None removes the variable."""
        env = dict(os.environ, XDG_CACHE_HOME=str(self.project.cache), LC_ALL="C.UTF-8")
        for name, value in (extra or {}).items():
            if value is None:
                env.pop(name, None)
            else:
                env[name] = str(value)
        return env

    def start(self, command, env=None, **keywords):
        """A Popen in its own process group, ended with the test at the latest."""
        keywords.setdefault("start_new_session", True)
        process = subprocess.Popen([str(word) for word in command], env=self.environment(env),
                                   cwd=keywords.pop("cwd", self.tmp), **keywords)
        ends_with_run(process)
        return process

    def finish(self, process, input=None):
        """Waits for a started process and returns its Result."""
        try:
            out, err = process.communicate(input, timeout=self.left())
        except subprocess.TimeoutExpired:
            end_group(process)
            out, err = process.communicate()
            raise Failed(f"no end of {process.args[0]} after the test's time limit\n"
                         + Result(process.returncode, out or b"", err or b"").text()) from None
        return Result(process.returncode, out or b"", self.programs_own(err or b""))

    def group_ends(self, process):
        """Waits until nothing of a started process's group runs; what init has yet to reap does not."""
        while left := running_in_group(process.pid):
            if self.left() < 1:
                raise Failed(f"still running: {', '.join(left)}")
            time.sleep(0.01)

    def programs_own(self, text):
        """Standard error without the line that a run without KVM begins with."""
        hide = self.hide_fallback and not self.project.kvm_usable
        return FALLBACK_NOTE.sub(b"", text) if hide else text

    def run(self, *command, input=b"", env=None, **keywords):
        """Runs a command to its end; both outputs are captured unless redirected."""
        keywords.setdefault("stdout", subprocess.PIPE)
        keywords.setdefault("stderr", subprocess.PIPE)
        if "stdin" not in keywords:
            keywords["stdin"] = subprocess.PIPE
        elif input == b"":
            input = None
        return self.finish(self.start(command, env=env, **keywords), input)

    def walnut(self, *arguments, **keywords):
        """Runs the walnut command."""
        return self.run(self.project.walnut, *arguments, **keywords)

    def must(self, result, status=0):
        """The result, which has to have this exit status."""
        if result.status != status:
            raise Failed(f"expected exit status {status}\n{result.text()}")
        return result

    def equal(self, got, expected, what="value"):
        if got != expected:
            raise Failed(f"{what}: expected {shorten(expected)}\n  got {shorten(got)}")

    def contains(self, text, *parts):
        """Every part occurs in the text, bytes or str."""
        for part in parts:
            if part not in text:
                raise Failed(f"expected {part!r} in\n{shorten(text)}")

    def skip(self, reason):
        raise Skip(reason)


def shorten(value):
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) < 3000 else text[:1500] + " … " + text[-1500:]


def end_group(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def running_in_group(group):
    """The names of a process group's members, zombies left out."""
    names = []
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            name, rest = stat.read_text(errors="replace").rsplit(")", 1)
        except OSError:  # gone meanwhile
            continue
        state, _, pgrp = rest.split()[:3]
        if int(pgrp) == group and state != "Z":
            names.append(name.split("(", 1)[1])
    return names


def run_one(test, project):
    """All outcomes of one test."""
    begin = time.monotonic()
    context = Context(test, project)
    try:
        outcomes = test.function(context)
    except Skip as reason:
        outcomes = [Outcome(test.name, "skip", str(reason))]
    except AssertionError as failure:
        where = traceback.extract_tb(failure.__traceback__)
        lines = [frame for frame in where if "/lib/runner.py" not in frame.filename]
        place = f"{pathlib.Path(lines[-1].filename).name}:{lines[-1].lineno}" if lines else ""
        text = str(failure) or (lines[-1].line if lines else "assertion")
        outcomes = [Outcome(test.name, "fail", place, text)]
    except Exception:
        outcomes = [Outcome(test.name, "fail", "the test itself broke", traceback.format_exc())]
    if not outcomes:
        outcomes = [Outcome(test.name, "pass")]
    took = time.monotonic() - begin
    for outcome in outcomes:
        outcome.seconds = outcome.seconds or took / len(outcomes)
    shutil.rmtree(context.tmp, ignore_errors=True)
    return outcomes


def lanes(tests):
    """The tests in lists, each for one worker: those of a lane together, others alone."""
    shared = {}
    for test in tests:
        shared.setdefault(test.lane or test.name, []).append(test)
    return shared.values()


WORDS = {"pass": "pass", "fail": "FAIL", "skip": "skip"}


def run(tests, project, jobs=2, slowest=0, keep=False, out=sys.stdout):
    """Runs all; returns the exit status. A signal that ends the run leaves no process behind, and
    no scratch directory if it is not to be kept."""
    def end_early(number, frame):
        end_started()
        if not keep:
            shutil.rmtree(project.scratch, ignore_errors=True)
        os._exit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end_early)
    totals = {"pass": 0, "fail": 0, "skip": 0}
    outcomes = []
    lock = threading.Lock()

    def report(results):
        with lock:
            for outcome in results:
                totals[outcome.state] += 1
                outcomes.append(outcome)
                note = f": {outcome.note}" if outcome.note else ""
                print(f"{WORDS[outcome.state]} {outcome.name}{note}", file=out, flush=True)
                if outcome.state == "fail" and outcome.detail:
                    print("     " + shorten(outcome.detail).rstrip().replace("\n", "\n     "),
                          file=out, flush=True)

    def run_each(some):
        for test in some:
            report(run_one(test, project))

    # Long ones first, so that the last minutes keep all workers busy.
    together = sorted(lanes(test for test in tests if not test.alone),
                      key=lambda some: -sum(test.timeout for test in some))
    with concurrent.futures.ThreadPoolExecutor(max_workers=max(1, jobs)) as pool:
        for future in [pool.submit(run_each, some) for some in together]:
            future.result()
    run_each(test for test in tests if test.alone)
    end_started()
    for outcome in sorted(outcomes, key=lambda outcome: -outcome.seconds)[:slowest]:
        print(f"{outcome.seconds:7.2f} s {outcome.name}", file=out)
    print(f"{totals['pass']} passed, {totals['fail']} failed, {totals['skip']} skipped", file=out,
          flush=True)
    return 1 if totals["fail"] else 0
