"""Folders, compilers and processes that all measurements share."""

import os
import pathlib
import shutil
import statistics
import subprocess

WASM_FLAGS = ["--target=wasm32-wasi", "-mbulk-memory", "-msign-ext", "-mnontrapping-fptoint",
              "-Wl,--strip-all"]
NATIVE_CPU = "x86-64-v2"


class Unavailable(Exception):
    """A measurement cannot be made here; the text says why."""


class Bench:
    def __init__(self, root, build, work, rounds):
        self.root = root
        self.folder = root / "bench"
        self.build = build
        self.work = work
        self.rounds = rounds
        self.walnut = build / "cli" / "walnut"
        self.clang = os.environ.get("CC") or "clang-19"
        self.environment = dict(os.environ, XDG_CACHE_HOME=str(work / "cache"), LC_ALL="C")
        self.environment.pop("NODE_OPTIONS", None)

    def log(self, text):
        print(f"bench: {text}", flush=True)

    def need(self, *programs):
        for program in programs:
            if not shutil.which(str(program)):
                raise Unavailable(f"{pathlib.Path(program).name} is not there")

    def run(self, command, timeout=120, **options):
        """Runs a command that has to succeed; returns what it did."""
        command = [str(word) for word in command]
        try:
            done = subprocess.run(command, env=self.environment, stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True, timeout=timeout, **options)
        except subprocess.TimeoutExpired:
            raise Unavailable(f"{' '.join(command[:3])}: no end within {timeout} s") from None
        if done.returncode != 0:
            words = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[-1]
            raise Unavailable(f"{' '.join(command[:3])}: exit status {done.returncode}: {words}")
        return done

    def compile_native(self, sources, output, *flags):
        self.run([self.clang, "-O3", f"-march={NATIVE_CPU}", *flags, *sources, "-o", output, "-lm"])
        return output

    def compile_wasm(self, sources, output, *flags):
        self.run([self.clang, "-O3", *WASM_FLAGS, *flags, *sources, "-o", output])
        return output

    def which(self, program):
        return pathlib.Path(shutil.which(program))

    def build_launcher(self, *flags):
        launcher = self.work / "-".join(["spawn_time", *flags])
        if not launcher.exists():
            self.run([self.clang, "-O2", "-D_GNU_SOURCE", *flags, self.folder / "spawn_time.c", "-o", launcher])
        return launcher

    def spawn_time(self, rounds, *commands, first=None):
        """Alternates the commands; returns a list of runs for each of them. With a byte as `first`
        each run has the time until it was in the output."""
        words = [self.build_launcher(), *(["-f", first] if first else []), str(rounds)]
        for number, command in enumerate(commands):
            words += (["--"] if number else []) + [str(word) for word in command]
        runs = [[] for _ in commands]
        for line in self.run(words, timeout=600).stdout.splitlines():
            number, run = parse_run(line)
            if run["failure"]:
                raise Unavailable(f"{' '.join(map(str, commands[number][:2]))}: {run['failure']}")
            runs[number].append(run)
        return runs


def parse_run(line):
    """A line of spawn_time's."""
    number, wall_ns, rss_kib, cpu_us, status, *first_ns = map(int, line.split())
    run = {"ms": wall_ns / 1e6, "rss_mib": rss_kib / 1024, "cpu_s": cpu_us / 1e6, "failure": None}
    if first_ns:
        run["first_ms"] = first_ns[0] / 1e6
    if status != 0:
        run["failure"] = f"exit status {status}"
    elif first_ns == [0]:
        run["failure"] = "it did not say what it should"
    return number, run


def median(runs, key):
    return statistics.median(run[key] for run in runs)


def spread(runs, key):
    """The quartiles, as text."""
    low, _, high = statistics.quantiles((run[key] for run in runs), n=4)
    return f"{low:.2f} to {high:.2f}"
