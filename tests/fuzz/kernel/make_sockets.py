"""Inputs that get far in fuzz_sockets.c: what the program and the host do, byte by byte."""

import pathlib
import sys

to = pathlib.Path(sys.argv[1])
to.mkdir(parents=True, exist_ok=True)

STREAM, DATAGRAM = 0, 0x40


def program(slot, *action, vsock=False):
    """An action with the socket of that slot, which is made by the first one."""
    return bytes([3 if vsock else 1, slot, *action])


def bind(address):
    return [address, 0]


def listen(address, backlog):
    return [address, 1, backlog]


def connect(address):
    return [address, 2]


RECEIVE, CLOSE, SHUTDOWN = [0, 4], [0, 8], [0, 3, 2]
ANSWER = bytes([0, 1])  # the host takes what was sent, and answers


def send(size):
    return [0, 5, 0, *size.to_bytes(2, "big")]


def packet(slot, how, flags=0, room=65536, forwarded=0, payload=b"", port=None):
    body = bytes([0, 4, slot, how]) + (b"" if how & 16 else bytes([port or 0]))
    return (body + bytes([flags]) + room.to_bytes(3, "big") + forwarded.to_bytes(3, "big")
            + len(payload).to_bytes(2, "big") + payload)


def large(slot, size):
    return bytes([0, 3, slot]) + size.to_bytes(2, "big")


def op(number, to_peer=True):
    return number << 1 | (32 if to_peer else 0)


REQUEST, RESPONSE, RST, SHUT, RW, CREDIT_REQUEST = 1, 2, 3, 4, 5, 7
seeds = {
    "client": program(0) + program(0, *connect(8)) + ANSWER * 3 + program(0, *send(1000)) + packet(0, op(RW), payload=b"hello")
              + large(0, 20000) * 3 + program(0, *RECEIVE) * 3 + packet(0, op(CREDIT_REQUEST)) + program(0, *SHUTDOWN)
              + packet(0, op(SHUT), flags=2) + program(0, *CLOSE),
    "server": program(0) + program(0, *bind(2)) + program(0, *listen(0, 4)) + ANSWER * 2 + packet(0, op(REQUEST, False), port=7)
              + bytes([1, 0, 0, 6]) + packet(1, op(RW), payload=b"x" * 500) + program(1, *send(300)) + packet(1, op(RST)) + program(0, *CLOSE),
    "datagrams": program(DATAGRAM) + program(DATAGRAM, *bind(1)) + ANSWER + program(DATAGRAM, 9, 5, 0, 100) + ANSWER
                 + packet(0, 1 | op(RW, False) | 64, payload=b"\0" * 40),
    "loop": program(0) + program(0, *bind(6)) + program(0, *listen(0, 2)) + ANSWER * 2 + program(2) + program(2, *connect(6))
            + bytes([1, 0, 0, 6]) + program(2, *send(2000)) + program(1, *RECEIVE) + program(2, *CLOSE),
    "vsock": program(0x80, vsock=True) + program(0x80, *connect(1), vsock=True) + ANSWER * 2 + program(0, *send(10), vsock=True) + packet(0, op(RW), payload=b"y"),
}
for name, data in seeds.items():
    (to / name).write_bytes(data)
