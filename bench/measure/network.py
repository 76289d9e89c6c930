"""Servers: requests a second, their delays, and bytes a second over loopback.

The same answer is given by a native server (epoll), by the example httpd in a microVM over the host's
sockets (TSI) and over an interface of its own (passt), and by Node's own HTTP server; Node's WASI has
no sockets, so that it cannot run the module. wrk asks, with connections that stay and with new ones.
Runners alternate; medians count. All of them share the machine's processors with wrk.
"""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import time

from .tools import Unavailable

CONNECTIONS, SECONDS, ROUNDS_MAX = 32, 3, 3
BULK_MIB = 512
IDLE_SECONDS = 1.0
NODE_SERVER = "require('http').createServer((q, r) => r.end('Hello, world!\\n')).listen(%d, '127.0.0.1'," \
              " () => console.log('listening'))"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@contextlib.contextmanager
def server(bench, command, stderr=subprocess.DEVNULL):
    """A process that has said that it listens."""
    process = subprocess.Popen([str(word) for word in command], env=bench.environment, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=stderr, start_new_session=True)
    try:
        if b"listening" not in process.stdout.readline():
            raise Unavailable(f"{pathlib.Path(command[0]).name}: the server does not start")
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.stdout.close()
        process.wait()


def ask(bench, port, *flags):
    """Requests a second, and delays in ms."""
    text = bench.run(["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "--latency", *flags,
                      f"http://127.0.0.1:{port}/"]).stdout
    found = re.search(r"Requests/sec:\s+([\d.]+)", text)
    requests = re.search(r"(\d+) requests in", text)
    if not found or not requests or int(requests[1]) == 0:
        raise Unavailable(f"wrk got no answers on port {port}")
    scale = {"us": 1e-3, "ms": 1.0, "s": 1e3}
    delays = {part: float(value) * scale[unit]
              for part, value, unit in re.findall(r"(50|99)%\s+([\d.]+)(us|ms|s)", text)}
    return {"rate": float(found[1]), "requests": int(requests[1]), "p50_ms": delays["50"], "p99_ms": delays["99"]}


def runners(bench):
    """Name to the command of a server on a port."""
    hello = bench.compile_native([bench.folder / "network" / "hello.c"], bench.work / "hello", "-D_GNU_SOURCE", "-w")
    httpd = bench.build / "examples" / "httpd.wasm"
    found = {"native": lambda port: [hello, port],
             "tsi": lambda port: [bench.walnut, "run", "--stats", "-p", f"127.0.0.1:{port}:80", httpd]}
    if shutil.which("passt"):
        found["passt"] = lambda port: [bench.walnut, "run", "--net", "passt", "-p", f"127.0.0.1:{port}:80", httpd]
    if shutil.which("node"):
        found["node"] = lambda port: ["node", "-e", NODE_SERVER % port]
    return found


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(bench):
    bench.need("wrk")
    found = {}
    for name, command in runners(bench).items():
        found[name] = {"keep": [], "new": []}
    for _ in range(min(bench.rounds, ROUNDS_MAX)):
        for name, command in runners(bench).items():
            port = free_port()
            with server(bench, command(port)):
                found[name]["keep"].append(ask(bench, port))
                found[name]["new"].append(ask(bench, port, "-H", "Connection: close"))
    result = {"connections": CONNECTIONS, "seconds": SECONDS, "servers": {}}
    for name, runs in found.items():
        result["servers"][name] = {
            "rate": statistics.median(run["rate"] for run in runs["keep"]),
            "p50_ms": statistics.median(run["p50_ms"] for run in runs["keep"]),
            "p99_ms": statistics.median(run["p99_ms"] for run in runs["keep"]),
            "new_rate": statistics.median(run["rate"] for run in runs["new"])}
    return result | exits(bench) | {"bulk": bulk(bench)}


def exits(bench):
    """Of a run under load, for each request; and the CPU time of a server that nobody asks."""
    port, path = free_port(), bench.work / "network-stats"
    with open(path, "wb") as stats:
        with server(bench, runners(bench)["tsi"](port), stderr=stats) as process:
            before = cpu_seconds(process.pid)
            time.sleep(IDLE_SECONDS)
            idle = cpu_seconds(process.pid) - before
            requests = ask(bench, port)["requests"]
            cpu = cpu_seconds(process.pid) - before - idle
    counters = dict(re.findall(r"^  (\S.*?) {2,}(\d+)$", path.read_text(), flags=re.M))
    count = sum(int(value) for name, value in counters.items() if name.startswith("VM exits"))
    count += int(counters["queue notifications"])
    return {"exits_per_request": count / requests, "cpu_us_per_request": cpu / requests * 1e6,
            "idle_cpu_ms": idle * 1000 / IDLE_SECONDS}


def bulk(bench):
    """MiB a second that a client on the host sends and receives."""
    sources = bench.folder / "network"
    client = bench.compile_native([sources / "bulk.c"], bench.work / "bulk", "-w")
    module = bench.compile_wasm([sources / "bulk_server.c"], bench.work / "bulk_server.wasm", "-w",
                                f"-I{bench.root}/examples/include")
    native = bench.compile_native([sources / "bulk_server.c"], bench.work / "bulk_server", "-w")
    commands = {"native": lambda port: [native, port],
                "tsi": lambda port: [bench.walnut, "run", "-p", f"127.0.0.1:{port}:{port}", module, port]}
    if shutil.which("passt"):
        commands["passt"] = lambda port: [bench.walnut, "run", "--net", "passt", "-p", f"127.0.0.1:{port}:{port}",
                                          module, port]
    speeds = {name: {"send": [], "receive": []} for name in commands}
    for _ in range(min(bench.rounds, ROUNDS_MAX)):
        for name, command in commands.items():
            port = free_port()
            with server(bench, command(port)):
                for way in ("send", "receive"):
                    ns = int(bench.run([client, way, port, BULK_MIB]).stdout)
                    speeds[name][way].append(BULK_MIB / (ns / 1e9))
    return {name: {way: statistics.median(values) for way, values in ways.items()} for name, ways in speeds.items()}
