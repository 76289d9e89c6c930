"""Compute: each program natively, under Walnut, under Node (V8), and through wasm2c.

Every process runs its kernel three times. Its quickest time counts as the program's
("warm": caches filled, memory touched, V8's optimising tier reached); the first one
is kept too ("first"). Runners alternate; the median over the rounds is the figure.
All checksums have to agree.
"""

import math
import pathlib
import statistics
import subprocess

from .tools import NATIVE_CPU, Unavailable

REPEATS = 3
WASM2C_RUNTIME = pathlib.Path("/usr/share/wabt/wasm2c")


def measure(bench, only=()):
    runners, skipped = prepare(bench)
    programs = sorted(path.stem for path in (bench.folder / "programs").glob("*.c")
                      if path.stem != "main")
    rows = []
    for program in programs:
        if only and program not in only:
            continue
        row = measure_program(bench, program, runners)
        rows.append(row)
        bench.log(f"{program:12} " + "  ".join(
            f"{name} {row[name]['ratio']:.2f} ({row[name]['warm_ms']:.1f} ms)" if "ratio" in row[name]
            else f"{name}: {row[name]['failure']}" for name in runners))
    means = {}
    for name in runners:
        for key in ("ratio", "first_ratio"):
            values = [row[name][key] for row in rows if key in row[name]]
            if values:
                means.setdefault(name, {})[key] = math.exp(statistics.fmean(map(math.log, values)))
    return {"programs": rows, "means": means, "runners": list(runners), "skipped": skipped,
            "rounds": bench.rounds}


def prepare(bench):
    """Runner name to a function that builds a program and returns its command."""
    folder = bench.work / "programs"
    folder.mkdir(exist_ok=True)

    def sources(program):
        return [bench.folder / "programs" / f"{program}.c", bench.folder / "programs" / "main.c"]

    def wasm(program):
        output = folder / f"{program}.wasm"
        flags = ["-msimd128"] if program.startswith("simd_") else []
        return output if output.exists() else bench.compile_wasm(sources(program), output, *flags)

    def native(program):
        return [bench.compile_native(sources(program), folder / program)]

    def walnut(program):
        # The same instruction set on both sides.
        return [bench.walnut, "run", "--target-cpu", NATIVE_CPU, wasm(program)]

    def node(program):
        return ["node", "--no-warnings", bench.folder / "node_host.mjs", wasm(program)]

    def wasm2c(program):
        generated = folder / f"{program}-wasm2c"
        generated.mkdir(exist_ok=True)
        bench.run(["wasm2c", "-n", "bench", wasm(program), "-o", generated / "wasm2c_bench.c"])
        return [bench.compile_native(
            [generated / "wasm2c_bench.c", bench.folder / "wasm2c_host.c",
             WASM2C_RUNTIME / "wasm-rt-impl.c"],
            generated / program, "-w", f"-I{generated}", f"-I{WASM2C_RUNTIME}")]

    runners, skipped = {"native": native}, {}
    for name, build, needed in (("walnut", walnut, [bench.walnut]), ("node", node, ["node"]),
                                ("wasm2c", wasm2c, ["wasm2c"])):
        try:
            bench.need(*needed)
            if name == "wasm2c" and not (WASM2C_RUNTIME / "wasm-rt-impl.c").exists():
                raise Unavailable(f"no wasm-rt-impl.c in {WASM2C_RUNTIME}")
            runners[name] = build
        except Unavailable as error:
            skipped[name] = str(error)
            bench.log(f"{name} skipped: {error}")
    return runners, skipped


def measure_program(bench, program, runners):
    commands, row = {}, {"program": program}
    for name, build in runners.items():
        row[name] = {"warm": [], "first": []}
        try:
            commands[name] = [str(word) for word in build(program)]
        except Unavailable as error:
            row[name]["failure"] = str(error)
    checksum = None
    for _ in range(bench.rounds):
        for name, command in commands.items():
            if "failure" in row[name]:
                continue
            try:
                done = bench.run([*command, "0", str(REPEATS)], timeout=60)
                times = [int(line) for line in done.stderr.split()]
                if len(times) != REPEATS:
                    raise Unavailable(f"unexpected words on stderr: {done.stderr[:80]!r}")
            except (Unavailable, ValueError, subprocess.SubprocessError) as error:
                row[name]["failure"] = str(error)
                continue
            checksum = checksum or done.stdout
            if done.stdout != checksum:
                row[name]["failure"] = f"wrong checksum {done.stdout.strip()}"
                continue
            row[name]["warm"].append(min(times))
            row[name]["first"].append(times[0])
    for name in runners:
        if "failure" in row[name]:
            continue
        row[name]["warm_ms"] = statistics.median(row[name].pop("warm")) / 1e6
        row[name]["first_ms"] = statistics.median(row[name].pop("first")) / 1e6
        if "warm_ms" in row["native"]:
            row[name]["ratio"] = row[name]["warm_ms"] / row["native"]["warm_ms"]
            row[name]["first_ratio"] = row[name]["first_ms"] / row["native"]["first_ms"]
    return row
