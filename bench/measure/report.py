"""Turns the measurements into the tables of docs/benchmarks.md."""

import re

from .files import METADATA, OPERATIONS

BUDGET_START = 1.5
BUDGET_RSS_MIB = 6
BUDGET_IMAGE_KIB = 128
BUDGET_MEAN = 1.05
BUDGET_SINGLE = 1.25
BUDGET_NUCLEUS = 1500
BUDGET_COMPILE_KB = {"-O2": 250, "-O0": 1000}
BUDGET_COMPILE_MEMORY = 60
BUDGET_OVERHEAD_MIB = 5
BUDGET_SEQUENTIAL = 0.7
BUDGET_BULK = 0.5
BUDGET_EXITS = 2
BUDGET_EXIT_US = 5

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
HEAD = ("what", "measured", "budget", "kept")


def budgets(results):
    """Rows of: what, measured, budget, whether it is kept."""
    rows = []

    def add(what, measured, budget, kept):
        rows.append((what, measured, budget, "yes" if kept else "**no**"))

    def failed(what, part):
        rows.append((what, f"not measured: {results[part]['failure']}", "", ""))

    start = results.get("start")
    if start and "failure" in start:
        failed("start of a cached hello", "start")
    elif start:
        add("start of a cached hello, process start to exit",
            f"{start['ratio']:.2f} x the floor ({start['walnut_ms']:.2f} ms against"
            f" {start['floor_ms']:.2f} ms)",
            f"{BUDGET_START} x", start["ratio"] <= BUDGET_START)
        add("peak RSS of the whole VMM process, hello",
            f"{start['rss_mib']:.1f} MiB (floor {start['floor_rss_mib']:.1f})",
            f"{BUDGET_RSS_MIB} MiB", start["rss_mib"] <= BUDGET_RSS_MIB)
    size = results.get("size")
    if size and "failure" in size:
        failed("image size", "size")
    elif size:
        add("image without an app, stripped",
            f"{size['file_bytes'] / 1024:.1f} KiB, of which loaded {size['load_file_bytes'] / 1024:.1f}"
            " KiB",
            f"{BUDGET_IMAGE_KIB} KiB", size["file_bytes"] <= BUDGET_IMAGE_KIB * 1024)
        add("nucleus: C and assembly in kernel/nucleus and kernel/boot",
            f"{size['nucleus_lines']} lines, {size['nucleus_code_lines']} without comments and"
            " blank lines",
            f"{BUDGET_NUCLEUS} lines", size["nucleus_lines"] <= BUDGET_NUCLEUS)
    vmms = results.get("vmms")
    if vmms and "failure" in vmms:
        failed("the VMM beside QEMU's", "vmms")
    elif vmms:
        walnut, qemu = vmms["walnut"], vmms["qemu"]
        ratio = walnut["first_ms"] / qemu["first_ms"]
        add("VMM, process start to the guest's first output",
            f"{ratio:.2f} x QEMU microvm ({walnut['first_ms']:.1f} ms against {qemu['first_ms']:.1f} ms)",
            "below 1 x", ratio < 1)
        add("VMM, memory beyond the guest's",
            f"{walnut['overhead_mib']:.1f} MiB (QEMU microvm {qemu['overhead_mib']:.1f})",
            f"{BUDGET_OVERHEAD_MIB} MiB, and QEMU's",
            walnut["overhead_mib"] <= min(BUDGET_OVERHEAD_MIB, qemu["overhead_mib"]))
        add("VMM, the program, stripped",
            f"{walnut['file_bytes'] / 2**20:.2f} MiB (QEMU {qemu['file_bytes'] / 2**20:.1f})",
            "below QEMU's", walnut["file_bytes"] < qemu["file_bytes"])
    files = results.get("files")
    if files and "failure" in files:
        failed("files of a shared folder", "files")
    elif files:
        for name, what in (("read", "reading"), ("write", "writing")):
            speed = files["ns"]["native"][name] / files["ns"]["walnut"][name]
            add(f"shared folder, {what} 1 GiB in order", f"{speed:.2f} of native speed",
                f"{BUDGET_SEQUENTIAL}", speed >= BUDGET_SEQUENTIAL)
        exits = max(files["notifications"][name] / calls for name, _, calls in OPERATIONS)
        add("shared folder, exits of the guest for each call", f"at most {exits:.2f}", "1", exits < 1.01)
        if "node" in files["ns"]:
            speeds = {name: files["ns"]["node"][name] / files["ns"]["walnut"][name] for name in METADATA}
            slowest = min(speeds, key=speeds.get)
            exit_us = files["exit_ns"] / 1e3
            add("shared folder, " + ", ".join(f"{name} {speed:.2f}" for name, speed in speeds.items()),
                f"{speeds[slowest]:.2f} of Node's speed or more; an exit and its request take {exit_us:.1f} µs",
                f"1 where that is less than {BUDGET_EXIT_US} µs", speeds[slowest] >= 1 or exit_us >= BUDGET_EXIT_US)
    linux = results.get("linux")
    if linux and "failure" in linux:
        failed("Linux to its first process", "linux")
    elif linux:
        ratio = linux["walnut"]["first_ms"] / linux["qemu"]["first_ms"]
        add("VMM, process start to Linux's first process, both VMMs in an emulated machine",
            f"{ratio:.2f} x QEMU microvm", "below 1 x", ratio < 1)
    network = results.get("network")
    if network and "failure" in network:
        failed("servers", "network")
    elif network:
        speeds = network["bulk"]
        share = min(speeds["tsi"][way] / speeds["native"][way] for way in ("send", "receive"))
        add("sockets of the host's (TSI), bytes a second, the slower way", f"{share:.2f} of loopback",
            f"{BUDGET_BULK}", share >= BUDGET_BULK)
        add("exits of the guest for each request of an HTTP server under load", f"{network['exits_per_request']:.2f}",
            f"{BUDGET_EXITS}", network["exits_per_request"] <= BUDGET_EXITS)
    compute = results.get("compute")
    if compute:
        means = compute["means"].get("walnut")
        ratios = {row["program"]: row["walnut"]["ratio"] for row in compute["programs"]
                  if "ratio" in row.get("walnut", {})}
        if means and ratios:
            worst = max(ratios, key=ratios.get)
            add(f"compute, geometric mean of {len(ratios)} programs", f"{means['ratio']:.3f} x native",
                f"{BUDGET_MEAN} x", means["ratio"] <= BUDGET_MEAN)
            over = [name for name in ratios if ratios[name] > BUDGET_SINGLE]
            add("compute, slowest program",
                f"{worst}: {ratios[worst]:.2f} x native; {len(over)} above the budget",
                f"{BUDGET_SINGLE} x", not over)
    compiling = results.get("compiling")
    if compiling and "failure" in compiling:
        failed("compile speed", "compiling")
    elif compiling:
        for level, budget in BUDGET_COMPILE_KB.items():
            speed = compiling[level]["kb_per_s"]
            add(f"compile speed, {level}, {compiling['module']}",
                f"{speed:.0f} KB of Wasm code a second and core ({compiling[level]['cpu_s']:.2f} s)",
                f"{budget} KB", speed >= budget)
        if memory := compiling.get("memory"):
            add(f"compiler's peak memory above LLVM's base, {memory['module']}",
                f"{memory['ratio']:.1f} x the module ({memory['peak_mib']:.0f} MiB, base"
                f" {memory['base_mib']:.0f})",
                f"{BUDGET_COMPILE_MEMORY} x", memory["ratio"] <= BUDGET_COMPILE_MEMORY)
    return rows


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def markdown(results):
    machine = results["machine"]
    parts = [f"Machine: {machine['cpu']}, {machine['memory']} of memory, {machine['kernel']}."
             f" KVM: {machine['kvm']}. Measured on {results['date']}, Walnut {results['version']},"
             f" load average {machine['load']} at the start.",
             table(HEAD, budgets(results))]
    start = results.get("start", {})
    if "ratio" in start:
        parts.append(f"Start: medians of {start['runs']} alternating runs each; half of them lie in"
                     f" {start['walnut_spread']} ms (Walnut) and {start['floor_spread']} ms (floor).")
    if "walnut" in results.get("vmms", {}):
        parts.append(vmm_table(results["vmms"]))
    if "ns" in results.get("files", {}):
        parts.append(files_table(results["files"]))
    if "servers" in results.get("network", {}):
        parts.append(network_table(results["network"]))
    compute = results.get("compute")
    if compute:
        parts.append(compute_table(compute))
    return "\n\n".join(parts) + "\n"


def summary(results):
    """For the front page."""
    return (f"{table(HEAD, budgets(results))}\n\nOn {results['machine']['cpu']},"
            f" {results['machine']['kernel']}, KVM {results['machine']['kvm']}.\n")


def vmm_table(vmms):
    walnut, qemu = vmms["walnut"], vmms["qemu"]
    rows = []

    def add(what, key, unit, scale=1):
        rows.append((what, f"{walnut[key] / scale:.2f} {unit}", f"{qemu[key] / scale:.2f} {unit}",
                     f"{walnut[key] / qemu[key]:.3f}"))

    add("process start to the guest's first output", "first_ms", "ms")
    add("process start to its end, the guest resets at once", "whole_ms", "ms")
    add(f"resident memory beyond the {vmms['touched_mib']} MiB that the guest touched", "overhead_mib", "MiB")
    add("program, stripped", "file_bytes", "MiB", 2**20)
    add(f"with its {walnut['libraries']} and {qemu['libraries']} shared libraries", "with_libraries_bytes",
        "MiB", 2**20)
    text = table(("", "walnut boot", f"QEMU {vmms['qemu_version']}, microvm", "ratio"), rows)
    return (f"{text}\n\nMedians of {vmms['runs']} alternating runs each; first output: half of them lie in"
            f" {walnut['first_spread']} ms (Walnut) and {qemu['first_spread']} ms (QEMU). libkrun.so.1,"
            f" stripped: {walnut['library_bytes'] / 1024:.0f} KiB. Lines in vmm/ and abi/:"
            f" {vmms['lines']}, without comments and blank lines {vmms['code_lines']}.")


def exchange_us(files):
    return files["ns"]["walnut"]["ask"] / 1e3 / next(calls for name, _, calls in OPERATIONS if name == "ask")


def files_table(files):
    rows = []
    for name, what, times in OPERATIONS:
        native, walnut, node = (files["ns"].get(runner, {}).get(name) for runner in ("native", "walnut", "node"))
        rows.append((what, f"{native / 1e6:.1f}", f"{walnut / native:.2f}", f"{node / native:.2f}" if node else "",
                     f"{files['notifications'][name] / times:.2f}"))
    text = table(("files of a shared folder", "native, ms", "walnut / native", "node / native",
                  "exits of the guest for each call"), rows)
    where = "in the host's memory" if files["in_memory"] else "on a disk"
    return (f"{text}\n\nMedians of {files['rounds']} alternating runs; the folder is {where}. A request that costs the "
            f"host next to nothing, the size of an open file, takes {files['exit_ns'] / 1e3:.1f} µs with an exit, and "
            f"{exchange_us(files):.1f} µs where the share's thread is awake.")


SERVERS = {"native": "native, epoll", "tsi": "walnut, TSI", "passt": "walnut, passt and lwIP",
           "node": "Node's http (JavaScript)"}


def network_table(network):
    rows, native, bulk = [], network["servers"]["native"], network["bulk"]
    for name, server in network["servers"].items():
        ways = bulk.get(name, {})
        rows.append((SERVERS[name], f"{server['rate']:,.0f}", f"{server['rate'] / native['rate']:.2f}",
                     f"{server['p50_ms']:.2f}, {server['p99_ms']:.2f}", f"{server['new_rate']:,.0f}",
                     f"{server['new_rate'] / native['new_rate']:.2f}",
                     *(f"{ways[way]:,.0f} ({ways[way] / bulk['native'][way]:.2f})" if ways else ""
                       for way in ("send", "receive"))))
    text = table(("server", "requests a second", "/ native", "median and 99 % delay, ms", "with new connections",
                  "/ native", "MiB a second to it (/ native)", "from it"), rows)
    return (f"{text}\n\nOne wrk with {network['connections']} connections for {network['seconds']} s each, on the same"
            f" processors. TSI: {network['exits_per_request']:.2f} exits and {network['cpu_us_per_request']:.0f} us of CPU"
            f" time for each request, {network['idle_cpu_ms']:.0f} ms of CPU time in an idle second.")


def compute_table(compute):
    names = [name for name in compute["runners"] if name != "native"]
    head = ["program", "native, ms"] + [f"{name} / native" for name in names]
    if "walnut" in names:
        head.append("walnut / native, first run")
    rows = []
    for row in compute["programs"]:
        native = row["native"]
        cells = [row["program"], f"{native['warm_ms']:.1f}" if "warm_ms" in native else native["failure"]]
        for name in names:
            value = row[name]
            text = f"{value['ratio']:.2f}" if "ratio" in value else value.get("failure", "")
            if name == "walnut" and value.get("ratio", 0) > BUDGET_SINGLE:
                text = f"**{text}**"
            cells.append(text)
        if "walnut" in names:
            first = row["walnut"].get("first_ratio")
            cells.append(f"{first:.2f}" if first else "")
        rows.append(cells)
    mean = compute["means"]
    last = ["geometric mean", ""] + [f"{mean[name]['ratio']:.3f}" if name in mean else "" for name in names]
    if "walnut" in names:
        last.append(f"{mean['walnut']['first_ratio']:.3f}" if "walnut" in mean else "")
    rows.append(last)
    text = table(head, rows)
    for name, reason in compute["skipped"].items():
        text += f"\n\n{name} was skipped: {reason}."
    return text


def replace_measured(document, text):
    """The document with what stands between the two markers replaced."""
    block = f"{BEGIN}\n{text}{END}"
    return re.sub(re.escape(BEGIN) + ".*?" + re.escape(END), lambda _: block, document, flags=re.DOTALL)
