"""How fast the compiler is, on a real library: zstd, from its Debian source package."""

from .tools import median

SOURCE = "libzstd"
LEVELS = ("-O2", "-O0")


def measure(bench):
    module = build_module(bench)
    code = code_size(module.read_bytes())
    results = {"module": f"zstd as a program, {code / 1024:.0f} KiB of code", "code_bytes": code}
    objects = [bench.work / f"zstd{level}.o" for level in LEVELS]
    commands = [[bench.walnut, "compile", level, module, "-o", output]
                for level, output in zip(LEVELS, objects)]
    for level, runs in zip(LEVELS, bench.spawn_time(min(bench.rounds, 3), *commands)):
        seconds = median(runs, "cpu_s")
        results[level] = {"cpu_s": seconds, "kb_per_s": code / 1000 / seconds,
                          "rss_mib": median(runs, "rss_mib")}
    results["memory"] = memory(bench)
    return results


def memory(bench):
    """Peak memory above what LLVM takes for an empty module, by byte of the module; None
    where the large module is not there (scripts/large-module)."""
    module = bench.build / "large-module/node_modules/@yowasp/yosys/gen/yosys.core.wasm"
    if not module.exists():
        return None
    empty, target = bench.work / "empty.wasm", bench.work / "memory.o"
    empty.write_bytes(b"\0asm\1\0\0\0")
    commands = [[bench.walnut, "compile", "-O0", source, "-o", target] for source in (empty, module)]
    base, peak = (max(run["rss_mib"] for run in runs) for runs in bench.spawn_time(1, *commands))
    size = module.stat().st_size / 2**20
    return {"module": f"Yosys, {size:.1f} MiB, -O0", "base_mib": base, "peak_mib": peak,
            "ratio": (peak - base) / size}


def build_module(bench):
    bench.run([bench.root / "scripts" / "debian-source", bench.build, SOURCE])
    library = bench.build / "source" / SOURCE / "lib"
    sources = [path for part in ("common", "compress", "decompress")
               for path in sorted((library / part).glob("*.c"))]
    return bench.compile_wasm([bench.folder / "zstd_main.c", *sources], bench.work / "zstd.wasm",
                              "-w", f"-I{library}", "-DZSTD_DISABLE_ASM", "-DZSTD_LEGACY_SUPPORT=0")


def code_size(module):
    """Bytes of the code section."""
    at = 8
    while at < len(module):
        kind = module[at]
        size, at = leb128(module, at + 1)
        if kind == 10:
            return size
        at += size
    return 0


def leb128(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7f) << shift
        shift += 7
        at += 1
        if not byte & 0x80:
            return value, at
