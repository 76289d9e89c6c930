"""Sockets: servers and clients in the guest, by TCP and UDP, as far as the policy allows."""

import http.client
import re
import resource
import socket
import subprocess
import threading
import time

from lib.endtoend import test
from lib.peers import Server, connect, read_all, sockets
from lib.programs import example


def start(context, *words, options=("-p", "127.0.0.1:0:0")):
    """Starts the sockets program; returns the process and the port that it printed."""
    process = context.start([context.project.walnut, "run", *options, sockets(context),
                             *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE)
    line = process.stdout.readline()
    found = re.search(rb"(?:listening on|bound to) (\d+)", line)
    assert found, line
    return process, int(found[1])


def run(context, *words, options):
    return context.walnut("run", *options, sockets(context), *words)


@test
def echo_server(context):
    """A server in the guest answers client after client, half-closed connections too."""
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
    context.equal(result.out, b"client from 127.0.0.1\nend: of file\n" * 3, "output")


@test
def large_transfers(context):
    """16 MiB go through the guest and back unchanged while both sides send."""
    process, port = start(context, "echo", "1")
    data = bytes(i * 7 % 251 for i in range(1 << 16)) * 256
    with connect(port) as client:
        sender = threading.Thread(target=lambda: (client.sendall(data),
                                                  client.shutdown(socket.SHUT_WR)))
        sender.start()
        back = read_all(client)
        sender.join()
    assert back == data, f"{len(back)} bytes came back, of {len(data)}"
    context.must(context.finish(process))


@test
def client_that_resets(context):
    """A client that resets its connection is an error to the program, not the end of it."""
    process, port = start(context, "echo", "2")
    with connect(port) as client:
        client.sendall(b"x")
        client.recv(1)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    with connect(port) as client:
        client.sendall(b"y")
        context.equal(client.recv(1), b"y", "echo")
        client.shutdown(socket.SHUT_WR)
        read_all(client)
    result = context.finish(process)
    context.must(result)
    context.contains(result.out, b"end: Connection reset by peer", b"end: of file")


@test
def hundreds_of_clients(context):
    """400 connections are open at once and each gets its own answers, by poll()."""
    process, port = start(context, "crowd")
    clients = [connect(port) for _ in range(400)]
    for turn in range(3):
        for number, client in enumerate(clients):
            client.sendall(b"%d/%d" % (turn, number))
        for number, client in enumerate(clients):
            expected = b"%d/%d" % (turn, number)
            context.equal(client.recv(100), expected, "answer")
    clients[0].sendall(b"quit")
    result = context.finish(process)
    for client in clients:
        client.close()
    context.must(result)
    context.contains(result.out, b"most 400")


@test
def web_server(context):
    """The example answers requests over connections that stay, and over some that do not."""
    module, _ = example(context, "httpd")
    process = context.start([context.project.walnut, "run", "-p", "127.0.0.1:0:0", module, "0"],
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    port = int(process.stdout.readline().split()[-1])
    for _ in range(3):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        for _ in range(50):
            connection.request("GET", "/")
            response = connection.getresponse()
            context.equal((response.status, response.read()), (200, b"Hello, world!\n"), "response")
        connection.close()
    with connect(port) as client:  # two at once, and no more after them
        client.sendall(b"GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nConnection: close\r\n\r\n")
        context.equal(read_all(client).count(b"Hello"), 2, "answers")
    process.terminate()
    context.finish(process)


@test
def few_descriptors(context):
    """Where the host has descriptors for some of the clients only, the others are served after them."""
    module, _ = example(context, "httpd")
    process = context.start([context.project.walnut, "run", "-p", "127.0.0.1:0:0", module, "0"],
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)))
    port = int(process.stdout.readline().split()[-1])
    clients = [connect(port) for _ in range(150)]
    for client in clients:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
    for client in clients:
        context.contains(client.recv(1000), b"Hello, world!")
        client.close()
    process.terminate()
    context.finish(process)


@test
def client_in_the_guest(context):
    """A program connects out, ends its side, and reads the answer to its end."""
    def serve(client):
        text = read_all(client)
        client.sendall(b"got: " + text)

    server = Server(serve)
    result = run(context, "client", str(server.port), options=["--allow-net", "127.0.0.0/8"])
    context.must(result)
    context.equal(result.out, b"got: hello from the guest\n", "output")
    server.done()


@test
def fetch_in_rust(context):
    """The example in Rust gets a page from a server that it finds by name, or says why not."""
    def serve(client):
        request = b""
        while b"\r\n\r\n" not in request:
            request += client.recv(1000)
        client.sendall(b"HTTP/1.0 200 OK\r\n\r\nyou asked: " + request.split(b"\r\n")[0])

    module, _ = example(context, "fetch-rust")
    server = Server(serve)
    result = context.walnut("run", "--allow-net", "127.0.0.1", module, "localhost", str(server.port), "/page")
    context.must(result)
    context.equal(result.out, b"HTTP/1.0 200 OK\r\n\r\nyou asked: GET /page HTTP/1.0", "output")
    server.done()
    result = context.walnut("run", "--allow-net", "10.0.0.1", module, "localhost", str(server.port), "/")
    context.must(result, 1)
    context.contains(result.err, b"fetch: localhost: Permission denied")


@test
def connecting_without_waiting(context):
    """A non-blocking connect() ends as poll() and SO_ERROR say, well or not."""
    server = Server(lambda client: client.recv(1))
    result = run(context, "slow-client", str(server.port), options=["--allow-net", "127.0.0.1"])
    context.must(result)
    context.contains(result.out, b"connect: Operation in progress\npoll: 1\nthen: connected\n")
    server.done()
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    result = run(context, "slow-client", str(port), options=["--allow-net", "127.0.0.1"])
    context.must(result)
    context.contains(result.out, b"then: Connection refused\n")


@test
def bulk_both_ways(context):
    """8 MiB out and 8 MiB in over one connection, with both sums right."""
    sent = bytes((i * 31 >> 4) & 255 for i in range(1 << 20)) * 8
    seen = []

    def serve(client):
        seen.append(read_all(client))
        client.sendall(sent)

    server = Server(serve)
    result = run(context, "bulk", str(server.port), "8", options=["--allow-net", "127.0.0.1"])
    context.must(result)
    server.done()
    assert seen[0] == sent, f"{len(seen[0])} bytes came, of {len(sent)}"
    total = 0
    for byte in sent:
        total = (total * 31 + byte) & 0xffffffffffffffff
    context.equal(result.out, b"%d bytes, sum %016x\n" % (len(sent), total), "output")


@test
def udp_server(context):
    """A datagram server learns who asked, and answers from the port that was asked."""
    process, port = start(context, "udp-server", options=["-p", "127.0.0.1:0:0/udp"])
    for _ in range(3):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(30)
            client.sendto(b"hello", ("127.0.0.1", port))
            text, sender = client.recvfrom(100)
            context.equal(text, b"%d: hello" % client.getsockname()[1], "answer")
            context.equal(sender, ("127.0.0.1", port), "its sender")
    context.must(context.finish(process))


@test
def udp_client(context):
    """Datagrams go out to an address and over a connected socket, and answers come in."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(30)

        def serve():
            for _ in range(2):
                text, sender = server.recvfrom(100)
                server.sendto(text + b" pong", sender)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        result = run(context, "udp-client", str(server.getsockname()[1]),
                     options=["--allow-net", "127.0.0.1"])
        thread.join(30)
    context.must(result)
    context.equal(result.out, b"ping pong\n" * 2, "output")


@test
def first_generation(context):
    """Functions of WasmEdge's first generation work under the names that others have now."""
    process, port = start(context, "old")
    with connect(port) as client:
        client.sendall(b"as it was")
        result = context.finish(process)
    context.must(result)
    context.equal(result.out, b"as it was\n", "output")


@test
def listener_handed_in(context):
    """With --listen a program of preview 1 alone serves a client."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        words = ["run", "--listen", f"127.0.0.1:{port}", sockets(context), "handed"]
        result = context.walnut(*words)
        context.must(result, 125)
        context.contains(result.err, b"cannot listen on port %d: the port is in use" % port)
    process = context.start([context.project.walnut, *words], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    client = None
    while client is None:
        assert process.poll() is None and context.left() > 1, "it does not listen"
        try:
            client = connect(port)
        except ConnectionRefusedError:
            time.sleep(0.01)
    client.sendall(b"over here")
    context.equal(read_all(client), b"over here", "echo")
    client.close()
    context.must(context.finish(process))
    for option in "80:", "x", "1.2.3.4", "127.0.0.1:80x":
        result = context.walnut("run", "--listen", option, *words[3:])
        context.must(result, 125)
        context.contains(result.err, b"--listen %s: not " % option.encode())


@test
def ipv6(context):
    """IPv6 addresses go both ways, in the layout with a family."""
    server = socket.socket(socket.AF_INET6)
    try:
        server.bind(("::1", 0))
    except OSError:
        context.skip("no IPv6 on this host")
    server.listen(1)
    result = run(context, "client6", str(server.getsockname()[1]), options=["--allow-net", "[::1]:1-65535"])
    context.must(result)
    context.equal(result.out, b"kind 6, family 2, ends in 1\n", "output")
    client, _ = server.accept()
    context.equal(read_all(client), b"six", "what was sent")
    server.close()


@test
def refusals_are_told(context):
    """With -v each refused attempt is a line on standard error."""
    result = run(context, "errors", options=["-v", "--allow-net", "127.0.0.1:2-3"])
    context.must(result)
    context.contains(result.err, b"connecting to 127.0.0.1 port 1 is not allowed",
                     b"sending to port 1 is not allowed")


@test
def names_are_looked_up(context):
    """Addresses in digits are always understood, names where every address may be reached."""
    words = ["resolve", "1.2.3.4", "::7", "localhost", "no-such-name.invalid"]
    result = run(context, *words, options=["--allow-net", "10.0.0.0/8"])
    context.must(result)
    digits = (b"1.2.3.4: 1.2.3.4 port 8080\n::7: IPv6 ending in 7 port 8080\n"
              b"localhost: 127.0.0.1 port 8080\n")
    context.equal(result.out, digits + b"no-such-name.invalid: error 2\n", "output")
    # What the host says of a name that cannot be depends on its network: not found, or no answer.
    result = run(context, *words, options=["--allow-net", "all"])
    context.must(result)
    assert re.fullmatch(re.escape(digits) + b"no-such-name.invalid: error (84|6)\n", result.out), result.out


@test
def errors_have_their_numbers(context):
    """What is wrong with a call, or not allowed, is told by the errno that fits."""
    result = run(context, "errors", options=["--allow-net", "127.0.0.1:2-3"])
    context.must(result)
    lines = dict(line.split(": ") for line in result.out.decode().splitlines())
    context.equal(lines, {
        "family": "28", "type": "28", "odd address": "28", "send": "53", "peer": "53",
        "accept": "28", "no socket": "57", "not open": "8", "option": "50",
        "refused by policy": "2", "closed": "8", "datagram refused by policy": "2",
    }, "errnos")


@test
def unix_sockets_by_vsock(context):
    """AF_VSOCK ports lead to Unix sockets of the host, both ways; where nobody is, or no port, that is an error."""
    path = context.tmp / "socket"
    seen = []

    def serve():
        client, _ = server.accept()
        with client:
            seen.append(read_all(client))
            client.sendall(b"from the host\n")

    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        thread = threading.Thread(target=serve)
        thread.start()
        got = context.must(run(context, "vsock", "4294967000", options=("--vsock", f"4294967000:{path}")))
        thread.join(30)
    context.equal((got.out, seen), (b"peer: CID 2\nfrom the host\n", [b"from the guest\n"]))
    for options in (("--vsock", f"5:{path}"), ("--vsock", f"6:{path}"), ("--net", "tsi")):
        got = context.must(run(context, "vsock", "5", options=options), 3)
        context.equal(got.out, b"connect: Connection refused\n", options)
    path.unlink()
    process = context.start([context.project.walnut, "run", "--vsock-listen", f"80:{path}", sockets(context), "vsock-listen", "80"],
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    context.equal(process.stdout.readline(), b"listening\n")
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(30)
        client.connect(str(path))
        client.sendall(b"from a client\n")
        client.shutdown(socket.SHUT_WR)
        context.equal(read_all(client), b"from the guest\n")
    got = context.must(context.finish(process))
    context.equal(got.out, b"peer: CID 2\nfrom a client\n")
    assert not path.exists(), "the socket is still there"
    for argument in ("80", "x:y", "0:y", "80:", "4294967295:y"):
        got = context.must(run(context, "vsock", "5", options=("--vsock", argument)), 125)
        context.equal(got.err, b"walnut: run: --vsock %s: it is PORT:PATH\n" % argument.encode())


@test
def both_ends_in_the_guest(context):
    """A program's sockets reach each other without the host: nothing has to be published or allowed."""
    got = context.must(run(context, "both-ends", options=("--net", "tsi", "-v")))
    context.equal(got.out.split(b"\n", 1)[1], b"over the loop from 127.0.0.1\nthen 0\ndatagram and back\n", "output")
    assert b"not allowed" not in got.err, got.err


@test
def nothing_is_allowed_by_itself(context):
    """Without options there are no sockets, and what is not published is not on the host."""
    for options in ([], ["--net", "none", "--allow-net", "all"]):
        result = run(context, "listen", "0", options=options)
        context.must(result, 3)
        context.equal(result.out, b"open: Permission denied\n", "output")
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        # It would be in use, were it bound.
        result = run(context, "listen", str(taken), options=["-p", "127.0.0.1:0:1"])
        context.must(result)
        result = run(context, "listen", "7", options=["-p", f"127.0.0.1:{taken}:7"])
        context.must(result, 3)
        context.equal(result.out, b"listen: Address in use\n", "output")


@test
def bad_options(context):
    """Ports and addresses that are none are refused by name."""
    for words, text in ((["-p", "80"], "--publish 80: not "), (["-p", "1:1", "-p", "2:1"], "already"),
                        (["--allow-net", "x"], "--allow-net x: not "), (["--net", "x"], "--net x")):
        result = run(context, "errors", options=words)
        context.must(result, 125)
        context.contains(result.err, text.encode())
