"""The servers among the examples, and real clients."""

import contextlib
import os
import re
import resource
import shutil
import socket
import struct
import subprocess
import threading
import time

from lib.endtoend import test
from lib.peers import read_all
from lib.programs import example

CLIENTS = int(os.environ.get("WALNUT_TEST_CLIENTS", "1000"))
SOAK = int(os.environ.get("WALNUT_TEST_SOAK", "3000"))


def need(context, *tools):
    for tool in tools:
        if not shutil.which(tool):
            context.skip(f"no {tool}")


@contextlib.contextmanager
def serving(context, name, *options, arguments=("0",), port=0, udp=False):
    """(process, port on this machine) of an example; ended by SIGTERM."""
    published = ["-p", f"127.0.0.1:{port}:{arguments[0]}"]
    if udp:
        published += ["-p", f"127.0.0.1:{port}:{arguments[0]}/udp"]
    process = context.start([context.project.walnut, "run", *published, *options, example(context, name)[0], *arguments],
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    line = process.stdout.readline()
    found = re.fullmatch(rb"listening on (\d+)\n", line)
    assert found, (line, process.stderr.read() if not line else b"")
    yield process, port or int(found[1])
    assert process.poll() is None, "the server has ended"
    process.terminate()
    context.equal(context.finish(process).status, -15)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def connect(port):
    client = socket.create_connection(("127.0.0.1", port), timeout=30)
    return client


def curl(context, port, path, *options):
    got = context.must(context.run("curl", "-s", "--path-as-is", "--max-time", "30", *options, f"http://127.0.0.1:{port}{path}"))
    return got.out


def site(context):
    """A folder of files to be served, and what the large one is."""
    folder = context.tmp / "site"
    (folder / "sub").mkdir(parents=True)
    (folder / "index.html").write_text("<p>first</p>\n")
    (folder / "sub/index.html").write_text("<p>second</p>\n")
    (folder / "with space.txt").write_text("text\n")
    (folder / "empty.json").write_bytes(b"")
    large = os.urandom(1 << 20) * 3 + b"end"
    (folder / "large.bin").write_bytes(large)
    (context.tmp / "outside.txt").write_text("secret")
    (folder / "link.txt").symlink_to("../outside.txt")
    return folder, large


def check_site(context, port, large):
    def status(path, *options):
        return curl(context, port, path, "-o", os.devnull, "-w", "%{http_code} %{content_type} %{size_download}", *options).decode()

    context.equal(status("/"), "200 text/html; charset=utf-8 13")
    context.equal(curl(context, port, "/sub"), b"<p>second</p>\n")
    context.equal(curl(context, port, "/with%20space.txt?a=b"), b"text\n")
    context.equal(status("/empty.json"), "200 application/json 0")
    assert curl(context, port, "/large.bin") == large, "large.bin"
    assert curl(context, port, "/large.bin", "-r", "1000-99999") == large[1000:100000], "a range"
    assert curl(context, port, "/large.bin", "-r", "-1000") == large[-1000:], "the end"
    context.equal(status("/large.bin", "-r", "9999999-"), "416 text/plain 26")
    context.equal(status("/large.bin", "-I").split()[0], "200")
    context.equal(status("/none"), "404 text/plain 14")
    context.equal(status("/large.bin/x")[:3], "404")
    for path in ("/../outside.txt", "/sub/../../outside.txt", "/%2e%2e/outside.txt", "/a%00b", "/%zz"):
        context.equal(status(path)[:3], "400", path)
    assert status("/link.txt")[:3] in ("403", "404"), "a link that leads out"
    context.equal(status("/", "-X", "DELETE")[:3], "405")
    context.equal(status("/", "-H", "X: " + "x" * 9000)[:3], "431")
    # Two pages over one connection.
    both = curl(context, port, "/", "-w", "%{num_connects}\n", f"http://127.0.0.1:{port}/sub/")
    context.equal(sorted(both.split(b"\n")), [b"", b"0", b"1", b"<p>first</p>", b"<p>second</p>"], "pages")


@test
def files_of_a_folder(context):
    """filed serves a shared folder to curl: types, ranges, errors, and nothing from outside."""
    need(context, "curl")
    folder, large = site(context)
    with serving(context, "filed", "--dir", f"{folder}::/:ro") as (_, port):
        check_site(context, port, large)


@test
def files_of_a_bundle(context):
    """The same from a copy in the machine's memory."""
    need(context, "curl")
    folder, large = site(context)
    with serving(context, "filed", "--bundle", f"{folder}::/") as (_, port):
        check_site(context, port, large)


@test
def hello_under_load(context):
    """wrk gets answers only, over connections that stay and over some that do not."""
    need(context, "wrk")
    with serving(context, "httpd") as (_, port):
        for header in ("X: y", "Connection: close"):
            got = context.must(context.run("wrk", "-t1", "-c100", "-d1s", "-H", header, f"http://127.0.0.1:{port}/")).out.decode()
            requests = re.search(r"(\d+) requests in", got)
            assert requests and int(requests[1]) > 0, got
            assert "Non-2xx" not in got, got
            errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", got)
            assert not errors or errors[1] == "0", got


@test
def echo_to_socat_and_nc(context):
    """What socat and nc send by TCP, and socat by UDP, comes back."""
    need(context, "socat", "nc")
    port = free_port()
    text = os.urandom(300000)
    with serving(context, "echod", arguments=("7",), port=port, udp=True):
        got = context.must(context.run("socat", "-t", "10", "-", f"TCP:127.0.0.1:{port}", input=text))
        assert got.out == text, f"{len(got.out)} bytes by socat"
        got = context.must(context.run("nc", "-N", "127.0.0.1", str(port), input=text))
        assert got.out == text, f"{len(got.out)} bytes by nc"
        got = context.must(context.run("socat", "-t", "2", "-", f"UDP:127.0.0.1:{port}", input=b"datagram"))
        context.equal(got.out, b"datagram")


@test
def echo_in_rust(context):
    """The example in Rust, with declarations of its own, for client after client."""
    need(context, "nc")
    with serving(context, "echo-rust") as (_, port):
        for _ in range(3):
            got = context.must(context.run("nc", "-N", "127.0.0.1", str(port), input=b"hello\n" * 1000))
            context.equal(got.out, b"hello\n" * 1000)


@test
def fetch_in_c(context):
    """fetch gets a page from httpd in another machine, and says what a server refused."""
    with serving(context, "httpd") as (_, port):
        got = context.must(context.walnut("run", "--allow-net", "all", example(context, "fetch")[0], f"http://localhost:{port}/"))
        context.equal(got.out, b"Hello, world!\n")
    refused = context.must(context.walnut("run", "--allow-net", "127.0.0.1", example(context, "fetch")[0],
                                          f"http://127.0.0.1:{port}/"), 1)
    context.equal(refused.err, b"fetch: 127.0.0.1: Connection refused\n")


def ask(client, line):
    client.sendall(line)
    answer = b""
    while not answer.endswith(b"\n"):
        part = client.recv(1 << 16)
        assert part, f"the end after {answer!r}"
        answer += part
    return answer


@test
def a_store_for_a_thousand(context):
    """keyd keeps 1,000 clients connected; each reads what another has written. Bad lines harm nobody."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(resource.getrlimit(resource.RLIMIT_NOFILE)[1], CLIENTS + 1000),
                                                resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    with serving(context, "keyd") as (_, port), contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connect(port)) for _ in range(CLIENTS)]
        for number, client in enumerate(clients):
            context.equal(ask(client, b"set key%d value of %d\n" % (number, number)), b"ok\n")
        for number, client in enumerate(clients):
            other = (number + 1) % CLIENTS
            context.equal(ask(client, b"get key%d\r\n" % other), b"value value of %d\n" % other)
        first = clients[0]
        context.equal(ask(first, b"count\n"), b"%d\n" % CLIENTS)
        context.equal(ask(first, b"set key0 again\n") + ask(first, b"get key0\n") + ask(first, b"delete key0\n") +
                      ask(first, b"get key0\n"), b"ok\nvalue again\nok\nnone\n")
        for line in (b"\n", b"set\n", b"set x\n", b"get\n", b"get a b\n", b"\0\xff\n", b"quit now\n"):
            context.equal(ask(first, line), b"error not understood\n", line)
        first.sendall(b"x" * 8192)
        context.equal(read_all(first), b"error line too long\n")
        clients[1].sendall(b"get key2\nget key3\nquit\nget key4\n")
        context.equal(read_all(clients[1]), b"value value of 2\nvalue value of 3\n")


# --- Under fire --------------------------------------------------------------------------


def reset(client):
    """Ends a connection by RST."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def still_serves(context, port):
    with connect(port) as client:
        client.sendall(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
        context.contains(read_all(client), b"\r\n\r\nHello, world!\n")


@test
def clients_that_behave_badly(context):
    """Clients that reset in every state, dribble, never read, or vanish in between: others are served."""
    with serving(context, "httpd") as (_, port), contextlib.ExitStack() as stack:
        for sent in (b"", b"GET", b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n" * 100):
            for wait in (False, True):
                client = connect(port)
                client.sendall(sent)
                if wait and sent.endswith(b"\r\n\r\n"):
                    client.recv(10)
                reset(client)
        dribbling = stack.enter_context(connect(port))
        deaf = stack.enter_context(connect(port))
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.settimeout(0.2)
        with contextlib.suppress(TimeoutError):
            while True:  # until nobody takes more of it
                deaf.send(b"GET / HTTP/1.1\r\n\r\n" * 200)
        for byte in b"GET / HTTP/1.1\r\n\r":
            dribbling.sendall(bytes([byte]))
            still_serves(context, port) if byte in b"/" else None
        dribbling.sendall(b"\n")
        context.contains(dribbling.recv(1000), b"200 OK")
        still_serves(context, port)


@test
def more_clients_at_once_than_wait(context):
    """A flood of connections, more than any backlog: each is answered in the end, or refused by the host."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(resource.getrlimit(resource.RLIMIT_NOFILE)[1], 8192),
                                                resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    with serving(context, "httpd") as (_, port):
        clients = []
        for _ in range(1500):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
            clients.append(client)
        for client in clients:
            client.settimeout(30)
            client.sendall(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
        for client in clients:
            context.contains(read_all(client), b"Hello, world!")
            client.close()
        still_serves(context, port)


@test
def port_in_use(context):
    """A published port that somebody has is an error that names the port."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        got = context.must(context.walnut("run", "-p", f"127.0.0.1:{taken}:80", example(context, "httpd")[0]), 1)
    context.equal(got.err, b"httpd: port 80: Address in use\n")


def machine_size(process):
    """(descriptors, resident KiB) of the machine."""
    found = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True).stdout.split()
    pid = found[0] if found else process.pid
    with open(f"/proc/{pid}/status") as status:
        resident = int(re.search(r"VmRSS:\s+(\d+)", status.read())[1])
    return len(os.listdir(f"/proc/{pid}/fd")), resident


@test
def nothing_is_left_of_clients(context):
    """After thousands of connections, orderly and not, the machine has as many descriptors as before, and no
    more memory but for what it keeps for the next ones."""
    def visits(count):
        for number in range(count):
            client = connect(port)
            client.sendall(b"GET / HTTP/1.1\r\n\r\n")
            if number % 3 == 0:
                reset(client)
                continue
            assert client.recv(1000).startswith(b"HTTP/1.1 200"), "answer"
            client.close()

    with serving(context, "httpd") as (process, port):
        visits(300)
        descriptors, resident = settled(process)
        threads = [threading.Thread(target=visits, args=(SOAK // 4,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        still_serves(context, port)
        after = settled(process, descriptors)
        context.equal(after[0], descriptors, "descriptors")
        assert after[1] <= resident + 2048, f"{resident} KiB before, {after[1]} after"


def settled(process, wanted=None):
    """The size when the last connections are gone: when it stays, or is as wanted."""
    last = machine_size(process)
    for _ in range(100):
        time.sleep(0.1)
        now = machine_size(process)
        if now[0] == (last[0] if wanted is None else wanted):
            return now
        last = now
    return last
