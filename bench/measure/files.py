"""Files of a shared folder: the same program natively, under Walnut, and under Node's WASI.

The folder is in the host's memory where that is possible, so that the way there is measured and
no disk. Runners alternate, each does all operations in an empty folder; medians count. How often
the guest notifies the VMM for an operation is counted in runs of that operation alone. What an exit
costs is measured on one processor, where no thread looks out for requests.
"""

import os
import pathlib
import re
import shutil
import statistics
import tempfile

from .tools import Unavailable

# Name, what it is, how many calls those are.
OPERATIONS = (("write", "write 1 GiB, 1 MiB at a time", 1024), ("read", "read it, 1 MiB at a time", 1024),
              ("random", "read 4 KiB of it anywhere, 20,000 times", 20000),
              ("ask", "ask an open file's size, 20,000 times", 20000),
              ("create", "create, write and close 10,000 files", 30000), ("stat", "stat each", 10000),
              ("list", "list them", 10000), ("remove", "remove each", 10000))
METADATA = ("create", "stat", "list", "remove")
IN_MEMORY = pathlib.Path("/dev/shm")
ROUNDS_MAX = 3


def measure(bench):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="walnut-bench-", dir=IN_MEMORY if IN_MEMORY.is_dir() else bench.work))
    try:
        if shutil.disk_usage(folder).free < 3 << 30:
            raise Unavailable(f"less than 3 GiB are free in {folder}")
        return measure_in(bench, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measure_in(bench, folder):
    source = bench.folder / "files" / "files.c"
    module = bench.compile_wasm([source], bench.work / "files.wasm")
    runners = {"native": [bench.compile_native([source], bench.work / "files")],
               "walnut": [bench.walnut, "run", "--dir", ".", module]}
    if shutil.which("node"):
        runners["node"] = ["node", "--no-warnings", bench.folder / "node_host.mjs", module]
    names = [name for name, _, _ in OPERATIONS]
    times = {runner: {name: [] for name in names} for runner in runners}
    answers = None
    for _ in range(min(bench.rounds, ROUNDS_MAX)):
        for runner, command in runners.items():
            done = bench.run([*command, *names], cwd=folder, timeout=120)
            empty(folder)
            answers = answers or done.stdout
            if done.stdout != answers:
                raise Unavailable(f"{runner} did something else: {done.stdout!r}")
            for name, ns in re.findall(r"^(\w+) (\d+)$", done.stderr, flags=re.M):
                times[runner][name].append(int(ns))
    medians = {runner: {name: statistics.median(values) for name, values in by_name.items()}
               for runner, by_name in times.items()}
    return {"in_memory": folder.parent == IN_MEMORY, "ns": medians,
            "exit_ns": exit_ns(bench, folder, runners["walnut"]),
            "notifications": notifications(bench, folder, runners["walnut"], names),
            "rounds": min(bench.rounds, ROUNDS_MAX)}


def exit_ns(bench, folder, command):
    """For one request that costs the host next to nothing, with the exit that it takes."""
    calls = next(calls for name, _, calls in OPERATIONS if name == "ask")
    (folder / "large").touch()
    done = bench.run(["taskset", "-c", str(min(os.sched_getaffinity(0))), *command, "ask"], cwd=folder)
    empty(folder)
    return int(re.search(r"^ask (\d+)$", done.stderr, flags=re.M)[1]) / calls


def notifications(bench, folder, command, names):
    """For each operation, how many for all of it, those of starting and ending left out."""
    def count(*operations):
        done = bench.run([*command[:2], "--stats", *command[2:], *operations], cwd=folder)
        return int(re.search(r"queue notifications +(\d+)", done.stderr)[1])

    base = count()
    found = {name: count(name) - base for name in names}
    empty(folder)
    return found


def empty(folder):
    for entry in folder.iterdir():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
