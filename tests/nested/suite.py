"""Linux guests in the VMM on real KVM, wherever the tests run: tests/nested/cases/*.sh, each
in one machine that QEMU emulates together with its virtualization (machine.py)."""

import re
import shutil

from lib.runner import Failed, Test

from .machine import ATTEMPTS, CASE_SECONDS, START_SECONDS, Machines

TIMEOUT = ATTEMPTS * (START_SECONDS + CASE_SECONDS)


def purpose(case):
    """A case begins with a comment that says what it proves."""
    lines = []
    for line in case.read_text().splitlines():
        if not line.startswith("# "):
            break
        lines.append(line[2:])
    if not lines:
        raise ValueError(f"{case.name}: say what it proves in a comment at its beginning")
    return " ".join(lines)


def lacking(project):
    """Why the machine cannot be had, or None."""
    for tool, package in (("qemu-system-x86_64", "qemu-system-x86"), ("busybox", "busybox-static")):
        if not shutil.which(tool):
            return f"no {tool} (package {package})"
    if not (project.build / "linux" / "complete").exists():
        return "no Linux kernel (`scripts/linux-kernel BUILD` fetches it)"
    return None


def collect(project):
    machines = Machines(project)
    reason = lacking(project)

    def test_of(name, case):
        def function(context):
            if reason:
                context.skip(reason)
            verdict, log = machines.run(name)
            if verdict == "skip":
                context.skip(log.strip() or "the case skips itself")
            if verdict != "pass":
                raise Failed(log)

        return Test(f"nested/{name}", purpose(case), function, timeout=TIMEOUT, lane="nested")

    cases = sorted((project.root / "tests" / "nested" / "cases").glob("*.sh"))
    bad = [case.name for case in cases if not re.fullmatch(r"[a-z0-9-]+\.sh", case.name)]
    if bad:
        raise ValueError(f"tests/nested/cases: names are of a-z, 0-9 and -: {', '.join(bad)}")
    return [test_of(case.stem, case) for case in cases]
