"""Start time and peak memory of a cached hello, against a minimal KVM program."""

from .tools import median, spread


def measure(bench):
    hello = bench.compile_wasm([bench.folder / "hello.c"], bench.work / "hello.wasm")
    floor = bench.work / "floor"
    bench.run([bench.clang, "-O2", bench.folder / "floor.c", "-o", floor])
    command = [bench.walnut, "run", hello]
    first = bench.run(command)
    if first.stdout != "hello, world\n":
        raise RuntimeError(f"hello printed {first.stdout!r}")
    # An odd pair of rounds to warm both up, then the ones that count.
    bench.spawn_time(2, command, [floor])
    walnut, minimal = bench.spawn_time(bench.rounds * 8, command, [floor])
    return {
        "walnut_ms": median(walnut, "ms"), "walnut_spread": spread(walnut, "ms"),
        "floor_ms": median(minimal, "ms"), "floor_spread": spread(minimal, "ms"),
        "ratio": median(walnut, "ms") / median(minimal, "ms"),
        "rss_mib": max(run["rss_mib"] for run in walnut),
        "floor_rss_mib": max(run["rss_mib"] for run in minimal),
        "runs": len(walnut),
    }
