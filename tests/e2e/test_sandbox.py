"""The process of a machine is confined."""

import os
import pathlib
import re
import time

from lib.endtoend import test
from lib.programs import from_c


def threads(context, *options, env=None):
    """Filter mode and no_new_privs of each thread of a walnut whose program is running."""
    if not context.project.kvm_usable:
        context.skip("needs KVM")
    process = context.start([context.project.walnut, "run", *options, from_c(context, "process"), "busy"], env=env)
    # The one that settles the VM has ended by then.
    before = cpu_time(process)
    while cpu_time(process) < before + 0.5:
        assert context.left() > 1 and process.poll() is None
        time.sleep(0.05)
    found = []
    for task in pathlib.Path(f"/proc/{process.pid}/task").iterdir():
        text = (task / "status").read_text()
        found.append((re.search(r"Seccomp:\t(\d)", text)[1], re.search(r"NoNewPrivs:\t(\d)", text)[1]))
    process.kill()
    process.wait()
    return found


def cpu_time(process):
    """Seconds of the process's own and its guest's work."""
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


@test
def every_thread_is_confined(context):
    """While a program runs, each thread of its machine has a filter and gains no privileges."""
    shared = context.tmp / "shared"
    shared.mkdir()
    for options in ((), ("--dir", shared), ("--allow-net", "127.0.0.1:1"), ("--allow-net", "all")):
        found = threads(context, *options)
        context.equal(set(found), {("2", "1")}, f"filters with {options}")
        assert len(found) >= (3 if options else 2), found


@test
def sandbox_can_be_turned_off(context):
    """WALNUT_SANDBOX=off leaves the threads as they are."""
    context.equal({mode for mode, _ in threads(context, env={"WALNUT_SANDBOX": "off"})}, {"0"}, "filters")
