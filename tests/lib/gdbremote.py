"""A client of GDB's remote protocol, for what Debian's gdb would never say."""

import re
import socket


class Remote:
    """A connection with `walnut run --gdb 0`, whose Popen is given."""

    def __init__(self, process, deadline=30):
        line = process.stderr.readline()
        found = re.search(rb"target remote 127\.0\.0\.1:(\d+)", line)
        assert found, line
        self.port = int(found[1])
        self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=deadline)
        self.buffer = b""

    def close(self):
        self.socket.close()

    def send_raw(self, data):
        self.socket.sendall(data)

    def send(self, text):
        data = text.encode() if isinstance(text, str) else text
        self.send_raw(b"$" + data + b"#%02x" % (sum(data) & 255))

    def receive(self):
        """The next packet's data; None at the end of the connection."""
        while True:
            found = re.match(rb"[+-]*\$([^#]*)#[0-9a-f]{2}", self.buffer, re.S)
            if found:
                self.buffer = self.buffer[found.end():]
                self.send_raw(b"+")
                return found[1].decode("latin-1")
            try:
                got = self.socket.recv(65536)
            except ConnectionResetError:
                got = b""
            if not got:
                return None
            self.buffer += got

    def ask(self, text):
        self.send(text)
        return self.receive()

    def register(self, number):
        return int.from_bytes(bytes.fromhex(self.ask(f"p{number:x}")), "little")

    def read(self, address, size):
        return bytes.fromhex(self.ask(f"m{address:x},{size:x}"))


RIP, RSP, RBP = 16, 7, 6
