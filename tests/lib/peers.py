"""The other ends of programs' sockets."""

import socket
import threading

from lib.programs import from_c


def sockets(context):
    """The program; poll() of hundreds of descriptors takes more than the usual 64 KiB of stack."""
    return from_c(context, "sockets", "-Wl,-z,stack-size=1048576")


def connect(port):
    client = socket.create_connection(("127.0.0.1", port), timeout=30)
    return client


def read_all(client):
    data = b""
    while part := client.recv(1 << 16):
        data += part
    return data


class Server:
    """A listener of ours with a thread that serves one client."""

    def __init__(self, serve):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.settimeout(30)
        self.port = self.socket.getsockname()[1]
        self.error = None
        self.thread = threading.Thread(target=self._run, args=(serve,), daemon=True)
        self.thread.start()

    def _run(self, serve):
        try:
            client, _ = self.socket.accept()
            client.settimeout(30)
            with client:
                serve(client)
        except Exception as error:  # told by the test, in its thread
            self.error = error

    def done(self):
        self.thread.join(30)
        assert self.error is None, self.error
        self.socket.close()
