"""Seeds for fuzz_interface.c: a client of a listener, an answer to ARP, a datagram, an offer by DHCP."""

import pathlib
import struct
import sys

OWN, PEER = bytes([0x02, 0x56, 0x34, 0x12, 0x02, 0x56]), bytes([2, 2, 2, 2, 2, 2])
OWN_IP, PEER_IP = bytes([10, 0, 2, 15]), bytes([10, 0, 2, 2])


def frame(data, kind=6):
    return struct.pack(">BH", kind, len(data)) + data


def ip(protocol, payload, source=PEER_IP, to=OWN_IP, fragment=0):
    header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 1, fragment, 64, protocol, 0, source, to)
    return frame(OWN + PEER + b"\x08\x00" + header + payload)


def tcp(flags, seq, ack, data=b"", options=b"\x02\x04\x05\xb4"):
    return ip(6, struct.pack(">HHIIBBHHH", 5000, 81, seq, ack, (20 + len(options)) // 4 << 4, flags, 8192, 0, 0) +
              options + data)


def udp(port, data, source_port=6000):
    return ip(17, struct.pack(">HHHH", source_port, port, 8 + len(data), 0) + data)


def socket(number, *words):
    return bytes([4, number, *words])


arp = frame(OWN + PEER + b"\x08\x06" + struct.pack(">HHBBH6s4s6s4s", 1, 0x800, 6, 4, 2, PEER, PEER_IP, OWN, OWN_IP))
time = b"\x02\x01\xf4"
seeds = {
    "listener": socket(0) + socket(0, 1, 0) + socket(0, 0, 1, 9) + arp + tcp(2, 100, 0) + tcp(16, 101, 1) +
    tcp(24, 101, 1, b"hello") + socket(0, 0, 6) + socket(1, 0, 4) + socket(1, 0, 5, 0, 1, 0) + time +
    tcp(17, 106, 1) + socket(1, 0, 8) + time,
    "client": arp + socket(0) + socket(0, 13, 2) + tcp(18, 7, 0x08080809) + socket(0, 0, 7) + tcp(4, 8, 0x08080809),
    "loopback": socket(0) + socket(0, 1, 0) + socket(0, 0, 1, 9) + socket(1) + socket(1, 9, 2) + time +
    socket(0, 0, 6) + socket(1, 0, 5, 0, 2, 0) + time + socket(2, 0, 4) + socket(2, 0, 8) + time,
    "datagrams": socket(0x40) + socket(0x40, 1, 0) + udp(81, b"hello") + socket(0x40, 0, 4) + arp +
    socket(0x40, 13, 5, 13, 1, 0) + ip(17, b"x" * 64, fragment=0x2000) + ip(17, b"y" * 64, fragment=8),
    "dhcp": udp(68, struct.pack(">BBBBIHH4s4s4s4s16s64s128sI", 2, 1, 6, 0, 0x07070707, 0, 0, b"", OWN_IP, PEER_IP,
                                b"", OWN, b"", b"", 0x63825363) +
                b"\x35\x01\x02\x36\x04" + PEER_IP + b"\x01\x04\xff\xff\xff\x00\x06\x08" + PEER_IP * 2 + b"\xff", 67) + time,
    "short": frame((OWN + PEER + b"\x08\x06" + struct.pack(">HHBBH", 1, 0x800, 6, 4, 2) + PEER)[:34]),
    "lies": b"\x01\x01\x00\x40" + bytes(10) + b"\x02\x00" + b"\x01\x02\x10\x00" + bytes(12) + b"\xff",
    "inet6": frame(OWN + PEER + b"\x86\xdd" + struct.pack(">IHBB", 6 << 28, 24, 58, 255) + b"\xfe\x80" + bytes(14) +
                   b"\xff\x02" + bytes(13) + b"\x01" + struct.pack(">BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0) +
                   b"\x01\x01" + PEER),
}
folder = pathlib.Path(sys.argv[1])
folder.mkdir(exist_ok=True)
for name, content in seeds.items():
    (folder / name).write_bytes(content)
