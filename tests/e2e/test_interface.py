"""Sockets over a network interface of the machine's own: lwIP in the image, passt outside."""

import contextlib
import http.client
import resource
import shutil
import socket
import struct
import subprocess
import threading
import time

from lib.endtoend import test
from lib.peers import Server, connect, read_all, sockets
from lib.programs import example

GUEST_PORT = 7000


def stack(context):
    """Skips the test where no image can have a TCP/IP stack."""
    if not (context.project.build / "kernel/runtime/net/lwip/libwalnut-lwip.a").exists():
        context.skip("built without lwIP's source")


def gateway(context):
    """The address by which passt's guests reach this machine; without a default route passt does nothing."""
    stack(context)
    if not shutil.which("passt"):
        context.skip("no passt")
    with open("/proc/net/route") as routes:
        for line in routes.readlines()[1:]:
            fields = line.split()
            if fields[1] == "00000000" and fields[2] != "00000000":
                return socket.inet_ntoa(struct.pack("<I", int(fields[2], 16)))
    context.skip("no default route, which passt needs")


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(context, *words, udp=False, options=()):
    """Starts the sockets program behind passt; returns the process and its port on this machine."""
    port = free_port(socket.SOCK_DGRAM if udp else socket.SOCK_STREAM)
    process = context.start([context.project.walnut, "run", "--net", "passt", *(["--allow-net", "all"] if udp else []), "-e", f"PORT={GUEST_PORT}", *options,
                             "-p", f"127.0.0.1:{port}:{GUEST_PORT}" + ("/udp" if udp else ""),
                             sockets(context), *words], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    line = process.stdout.readline()
    context.contains(line, b"%d" % GUEST_PORT)
    return process, port


def run(context, *words, options=(), host="0.0.0.0"):
    return context.walnut("run", "--net", "passt", "--allow-net", "all", *options, "-e", f"HOST={host}",
                          sockets(context), *words)


@test
def echo_over_tcp(context):
    """A server with an address by DHCP answers client after client, half-closed connections too."""
    gateway(context)
    process, port = start(context, "echo", "3")
    for number in range(3):
        with connect(port) as client:
            text = b"client %d\n" % number
            client.sendall(text)
            context.equal(client.recv(100), text, "echo")
            client.sendall(b"more")
            client.shutdown(socket.SHUT_WR)
            context.equal(read_all(client), b"more", "echo after the end of our side")
    result = context.finish(process)
    context.must(result)
    context.equal(result.out.count(b"end: of file\n"), 3, "ends")


def there_and_back(context, data):
    """What an echo server behind passt sends back; None: passt has given the connection up."""
    process, port = start(context, "echo", "1")
    with connect(port) as client:
        sender = threading.Thread(target=send_all, args=(client, data))
        sender.start()
        try:
            back = read_all(client)
        except ConnectionResetError:
            process.kill()
            back = None
        sender.join()
    result = context.finish(process)
    if back is not None:
        context.must(result)
    return back


def send_all(client, data):
    with contextlib.suppress(ConnectionResetError, BrokenPipeError):
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)


@test
def large_transfers_by_frames(context):
    """4 MiB go through lwIP and back unchanged while both sides send."""
    gateway(context)
    data = bytes(i * 7 % 251 for i in range(1 << 16)) * 64
    for _ in range(3):  # once in hundreds of times passt forgets an acknowledgement, see docs/net.md
        back = there_and_back(context, data)
        if back is not None:
            break
    assert back == data, f"{len(back or b'')} bytes came back, of {len(data)}"


@test
def echo_over_udp(context):
    """A datagram server learns who asked, and answers from the port that was asked."""
    gateway(context)
    process, port = start(context, "udp-server", udp=True)
    for _ in range(3):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(30)
            client.sendto(b"hello", ("127.0.0.1", port))
            text, sender = client.recvfrom(100)
            context.contains(text, b": hello")
            context.equal(sender, ("127.0.0.1", port), "its sender")
    context.must(context.finish(process))


@test
def many_clients_by_frames(context):
    """200 connections are open at once and each gets its own answers, by poll()."""
    gateway(context)
    process, port = start(context, "crowd")
    clients = [connect(port) for _ in range(200)]
    for turn in range(2):
        for number, client in enumerate(clients):
            client.sendall(b"%d/%d" % (turn, number))
        for number, client in enumerate(clients):
            context.equal(client.recv(100), b"%d/%d" % (turn, number), "answer")
    clients[0].sendall(b"quit")
    result = context.finish(process)
    for client in clients:
        client.close()
    context.must(result)
    context.contains(result.out, b"most 200")


@test
def web_server_for_curl(context):
    """curl gets pages from the example over connections that stay."""
    gateway(context)
    module, _ = example(context, "httpd")
    port = free_port()
    process = context.start([context.project.walnut, "run", "--net", "passt", "-p", f"127.0.0.1:{port}:80",
                             module, "80"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE)
    process.stdout.readline()
    if shutil.which("curl"):
        url = f"http://127.0.0.1:{port}/"
        got = subprocess.run(["curl", "-sS", url, url, url], capture_output=True, timeout=30)
        context.equal((got.returncode, got.stdout, got.stderr), (0, b"Hello, world!\n" * 3, b""), "curl")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for _ in range(50):
        connection.request("GET", "/")
        response = connection.getresponse()
        context.equal((response.status, response.read()), (200, b"Hello, world!\n"), "response")
    connection.close()
    process.terminate()
    context.finish(process)


@test
def client_by_frames(context):
    """A program connects out and gets a page of 2 MiB.

    It does not end its own side first: Debian 12's passt, told so, repeats data and never ends its own."""
    host = gateway(context)
    page = bytes((i * 31 >> 4) & 255 for i in range(1 << 20)) * 2

    def answer(client):
        while b"\r\n\r\n" not in client.recv(10000):
            pass
        client.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + page)

    server = Server(answer)
    module, _ = example(context, "fetch-rust")
    result = context.walnut("run", "--net", "passt", "--allow-net", "all", module, host, str(server.port), "/")
    context.must(result)
    server.done()
    assert result.out == b"HTTP/1.0 200 OK\r\n\r\n" + page, f"{len(result.out)} bytes came"


@test
def refused_by_frames(context):
    """A connection that nobody takes is refused, and names that do not exist are not found."""
    host = gateway(context)
    result = run(context, "slow-client", str(free_port()), host=host)
    context.must(result)
    context.contains(result.out, b"then: Connection refused\n")
    result = run(context, "resolve", "1.2.3.4", "localhost")
    context.must(result)
    context.equal(result.out, b"1.2.3.4: 1.2.3.4 port 8080\nlocalhost: 127.0.0.1 port 8080\n", "names")


@test
def loopback_inside(context):
    """Without --allow-net the machine's own loopback addresses are no way to this one's."""
    host = gateway(context)
    server = Server(lambda client: client.recv(1))
    result = context.walnut("run", "--net", "passt", "-e", f"HOST={host}", sockets(context), "slow-client",
                            str(server.port))
    assert b"then: connected" not in result.out, result.out
    result = run(context, "slow-client", str(server.port), host="127.0.0.1")
    context.contains(result.out, b"then: Connection refused\n")
    connect(server.port).close()
    server.done()


@test
def emulated_by_qemu(context):
    """QEMU's own device and emulator carry the same image: another driver's view of virtio."""
    gateway(context)
    if not shutil.which("qemu-system-x86_64"):
        context.skip("no qemu-system-x86_64")
    process, port = start(context, "echo", "1", options=["--accel", "tcg"])
    with connect(port) as client:
        client.sendall(b"by emulation" * 1000)
        client.shutdown(socket.SHUT_WR)
        context.equal(read_all(client), b"by emulation" * 1000, "echo")
    context.must(context.finish(process))


def packets(data):
    """The frames of a pcap file."""
    magic, = struct.unpack_from("<I", data)
    assert magic == 0xa1b23c4d and struct.unpack_from("<I", data, 20) == (1,), "header"
    at = 24
    while at < len(data):
        _, nanoseconds, size, full = struct.unpack_from("<IIII", data, at)
        assert nanoseconds < 1000000000 and size == full, "record"
        at += 16 + size
        yield data[at - size:at]
    assert at == len(data), "the last record is not whole"


@test
def recorded_frames(context):
    """--pcap has the frames of both directions, as tshark reads them; a full disk ends the record only."""
    gateway(context)
    module = sockets(context)
    record = context.tmp / "frames.pcap"
    context.must(context.walnut("run", "--net", "passt", "--pcap", record, module, "resolve", "1.2.3.4"))
    frames = list(packets(record.read_bytes()))
    assert any(frame[:6] == b"\xff" * 6 and b"\x63\x82\x53\x63" in frame for frame in frames), "a DHCP request"
    assert any(frame[:6] == b"\x5a\x94\xef\xe4\x0c\xee" and b"\x63\x82\x53\x63" in frame for frame in frames), \
        "a DHCP answer"
    if shutil.which("tshark"):
        told = subprocess.run(["tshark", "-r", record], capture_output=True, timeout=60)
        context.equal(told.returncode, 0, "tshark")
        context.contains(told.stdout, b"DHCP Discover", b"DHCP ACK")
    small = context.tmp / "small.pcap"
    result = context.walnut("run", "--net", "passt", "--pcap", small, module, "resolve", "1.2.3.4",
                            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (900, 900)))
    context.must(result)
    context.contains(result.err, b"the record ends here")
    context.equal(len(list(packets(small.read_bytes()))), 2, "whole frames")
    for path in "/dev/full", "/nonexistent/x":
        result = context.walnut("run", "--net", "passt", "--pcap", path, module, "resolve", "1.2.3.4")
        context.must(result, 125)
        context.contains(result.err, path.encode())
    result = context.walnut("run", "--pcap", record, module, "resolve", "1.2.3.4")
    context.must(result, 125)
    context.contains(result.err, b"--pcap", b"goes with --net passt or tap:NAME")


TAP_SCRIPT = """
ip link set lo up
ip tuntap add dev wal0 mode tap && ip addr add 10.9.0.1/24 dev wal0 && ip link set wal0 up || exit 77
"$WALNUT" run --net tap:wal0 --ip 10.9.0.2/24 --gateway 10.9.0.1 $MORE -e PORT=7000 "$MODULE" echo 1 >out 2>err &
while ! grep -q listening out; do kill -0 $! || { cat err; exit 1; }; sleep 0.05; done
python3 - <<'END'
import socket, threading
data = bytes(i * 7 % 251 for i in range(1 << 16)) * 32
client = socket.create_connection(("10.9.0.2", 7000), timeout=30)
def send():
    client.sendall(data)
    client.shutdown(socket.SHUT_WR)
threading.Thread(target=send).start()
back = b""
while part := client.recv(1 << 16):
    back += part
assert back == data, (len(back), len(data))
END
test $? = 0 && wait $!
"""


@test
def echo_by_tap(context):
    """A TAP interface with a static address, checksums left to it: 2 MiB come back; jailed, too."""
    stack(context)
    if subprocess.run(["unshare", "-n", "true"], capture_output=True).returncode or not shutil.which("ip"):
        context.skip("no network namespaces, or no iproute2")
    for more in "", "--jail":
        result = context.run("unshare", "-n", "sh", "-c", TAP_SCRIPT, env={
            "WALNUT": context.project.walnut, "MODULE": sockets(context), "MORE": more})
        if result.status == 77:
            context.skip("TAP interfaces cannot be made here")
        context.must(result)


@test
def bad_interface_options(context):
    """What does not go together is refused by name."""
    stack(context)
    for words, text in ((["--ip", "10.0.0.1/24"], "--ip 10.0.0.1/24: goes with --net passt or tap:NAME"),
                        (["--net", "passt", "--ip", "a b"], "--ip a b: not an address"),
                        (["--net", "passt", "-p", "80"], "--publish 80: not "),
                        (["--net", "passt", "-p", "x:80:80"], "--publish x:80:80: not "),
                        (["--net", "passt", "-p", "1:2x"], "--publish 1:2x: not "),
                        (["--net", "passt", "--allow-net", "10.0.0.0/8"], "with --net passt it is all"),
                        (["--net", "passt", "-p", "127.0.0.1:1:1/udp"], "need --allow-net all"),
                        (["--net", "tap:x", "-p", "1:1"], "--publish 1:1: with --net tap"),
                        (["--net", "tap:"], "--net tap:: it is passt, tap:NAME, tsi or none")):
        result = context.walnut("run", *words, sockets(context), "errors")
        context.must(result, 125)
        context.contains(result.err, text.encode())
