"""Writes seed inputs for the VMM's fuzz targets: make_seeds.py DIRECTORY."""

import bz2
import gzip
import os
import struct
import sys


def elf() -> bytes:
    header = b"\x7fELF\x02\x01\x01" + bytes(9)
    header += struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0x200000, 64, 0, 0, 64, 56, 2, 0, 0, 0)
    loads = b"".join(
        struct.pack("<IIQQQQQQ", 1, 5, 4096, 0, address, 300, 5000, 4096)
        for address in (0x200000, 0x400000)
    )
    return (header + loads).ljust(4096, b"\0") + bytes(range(256)) * 2


def pvh() -> bytes:
    """The same with a PVH note, in 32 bits."""
    header = b"\x7fELF\x01\x01\x01" + bytes(9)
    header += struct.pack("<HHIIIIIHHHHHH", 2, 3, 1, 0x200000, 52, 0, 0, 52, 32, 2, 0, 0, 0)
    load = struct.pack("<8I", 1, 4096, 0x200000, 0x200000, 300, 5000, 5, 4096)
    note = struct.pack("<8I", 4, 256, 0, 0, 20, 20, 4, 4)
    return ((header + load + note).ljust(256, b"\0")
            + struct.pack("<III4sI", 4, 4, 18, b"Xen\0", 0x200010)).ljust(4608, b"\x90")


def bzimage() -> bytes:
    image = bytearray(2 * 512 + 4096)
    struct.pack_into("<B", image, 0x1f1, 1)  # setup_sects
    struct.pack_into("<I", image, 0x1f4, 4096 // 16)  # syssize
    struct.pack_into("<HBB4sH", image, 0x1fe, 0xaa55, 0xeb, 0x6a, b"HdrS", 0x020f)
    struct.pack_into("<B", image, 0x211, 1)  # loadflags
    struct.pack_into("<IIBBHI", image, 0x22c, 0x7fffffff, 0x200000, 1, 21, 1, 2047)
    struct.pack_into("<QI", image, 0x258, 0x1000000, 0x100000)  # pref_address, init_size
    return bytes(image)


def plain() -> bytes:
    return elf() + b"\0"  # the last byte chooses the format


def gzipped() -> bytes:
    return b"\x1f\x8b\x08 not yet " + gzip.compress(elf(), mtime=0) + b"\5"


def bzipped() -> bytes:
    return b"BZh9 not yet " + bz2.compress(elf()) + b"\6"


def virtq() -> bytes:
    config = struct.pack("<HHHHHBB", 8, 0, 0, 0x100, 0x200, 0, 0)
    ram = bytearray(0x800)
    descriptors = [
        (0x400, 16, 1, 1), (0x500, 32, 3, 2), (0x600, 64, 2, 0),  # a chain of three
        (0x300, 32, 4, 0),  # an indirect table
    ]
    for i, d in enumerate(descriptors):
        struct.pack_into("<QIHH", ram, 16 * i, *d)
    struct.pack_into("<HH8H", ram, 0x100, 0, 2, 0, 3, 0, 0, 0, 0, 0, 0)
    struct.pack_into("<QIHHQIHH", ram, 0x300, 0x400, 8, 1, 1, 0x500, 8, 2, 0)
    return config + bytes(ram)


def console() -> bytes:
    def memory(at: int, data: bytes) -> bytes:
        return struct.pack("<BHB", 2, at, len(data)) + data

    def offer(queue: int, address: int, size: int, flags: int) -> bytes:
        base = 0x400 * queue
        return (memory(base, struct.pack("<QIHH", address, size, flags, 0))
                + memory(base + 0x100, struct.pack("<HHH", 0, 1, 0)))

    ops = bytes([4])  # start
    ops += offer(2, 0x8000, 64, 2)  # a control buffer
    ops += memory(0x9000, struct.pack("<IHH", 0, 0, 1)) + offer(3, 0x9000, 8, 0)  # DEVICE_READY
    ops += offer(4, 0xa000, 256, 2)  # input
    ops += memory(0xb000, struct.pack("<HHIII", 0x5357, 1, 8, 42, 0)) + offer(11, 0xb000, 16, 0)
    return ops + bytes([3]) + struct.pack("<BBI", 0, 0x70 // 4, 0) + bytes([4, 3])


def block() -> bytes:
    def request(kind: int, sector: int, sectors: int) -> bytes:
        return bytes([0, 0, kind, sector, sectors])

    ranges = bytes([7]) + (0x90000).to_bytes(3, "little") + bytes([16]) + struct.pack("<QII", 4, 8, 1)
    clear = bytes([0, 0, 0x2d, 0]) + struct.pack("<I", 16)
    return (bytes([0]) + request(0x40, 3, 2) + request(1, 5, 1) + b"\3" + request(4, 0, 0) + b"\3"
            + ranges + clear + b"\3" + bytes([6, 32, 1, 0]) + bytes([4, 0xff, 0xff]) + request(0x48, 0, 1) + b"\3"
            + bytes([8, 0, 8]) + request(0x40, 100, 4) + b"\3")


def pci() -> bytes:
    def config(device: int, offset: int, size: int, value: int) -> bytes:
        return b"\1" + struct.pack("<HI", device << 12 | size << 8 | offset, value)

    def write(at: int, size: int, value: int) -> bytes:
        return b"\2" + (size << 20 | at).to_bytes(3, "little") + struct.pack("<H", value)

    def memory(at: int, data: bytes) -> bytes:
        return struct.pack("<BHB", 4, at, len(data)) + data

    offer = memory(0, struct.pack("<QIHH", 0x8000, 64, 2, 0)) + memory(0x100, struct.pack("<HHH", 0, 1, 0))
    return (config(1, 0, 2, 0) + config(1, 0x10, 2, 0xffffffff) + bytes([6, 0]) + offer + write(0x3000, 1, 0) + b"\5"
            + write(0x400c, 2, 0) + config(1, 0x42, 1, 0xc000) + bytes([3, 0, 0x10, 0]) + bytes([6, 1]) + offer
            + write(0xb000, 1, 0) + b"\5" + config(2, 0x10, 2, 0xd1010000) + bytes([0, 0, 0, 8, 0, 0x80]))


def fs() -> bytes:
    root, node, handle = bytes([0]), bytes([1]), bytes([8])
    small = lambda n: bytes([n + 16])
    a, b, d, s, n, user_a = (bytes([i]) for i in (0, 1, 2, 3, 6, 11))
    lookup = lambda at, name: bytes([1, 0x10]) + at + name
    return (bytes([0]) + lookup(root, a) + bytes([14, 1]) + node + small(2)  # open for reading and writing
            + bytes([15, 5]) + node + handle + small(0) + small(100) + small(0) * 2
            + bytes([16, 0x15]) + node + handle + small(0) + small(5) + small(0) * 2 + bytes([40]) + b"abcde"
            + bytes([44, 5]) + root + bytes([9]) + small(0) * 4 + bytes([4, 11]) + node + bytes([254, 9, 1, 0])
            + small(0) * 10 + lookup(root, d) + lookup(bytes([2]), s) + bytes([14, 1]) + bytes([3]) + small(0)
            + bytes([35, 0x12]) + root + small(2) + small(0) + n + bytes([12, 0x21]) + root + bytes([2]) + a + b
            + bytes([27, 1]) + root + small(0) + bytes([28, 5]) + root + bytes([10]) + small(0) + small(200)
            + small(0) * 2 + bytes([9, 0x11]) + root + small(200) + n + bytes([6, 0x20]) + root + n + a
            + bytes([13, 0x11]) + root + node + n + bytes([10, 0x10]) + root + a + bytes([2, 1]) + node + small(1)
            + bytes([21, 0x21]) + node + small(2) + user_a + b + bytes([22, 0x11]) + node + small(9) + user_a
            + bytes([23, 1]) + node + small(100) + bytes([24, 0x10]) + node + user_a
            + bytes([17, 0]) + root + bytes([18, 3]) + node + handle + small(0) * 2 + bytes([38, 0]) + root)


def fs_device() -> bytes:
    def request(opcode: int, args: bytes, how: int = 1) -> bytes:
        return bytes([0, how, opcode]) + (b"" if how & 0xf0 else bytes([len(args)])) + args

    lookup = request(1, b"a\0")
    return (b"\0" + lookup + b"\3" + request(3, bytes(16)) + b"\3" + lookup + bytes([4, 0xff, 0xff]) + lookup + b"\3"
            + bytes([0, 0x21, 1, 0x50, 0]) + b"a\0aaaaaa" + b"\3" + request(2, bytes(8), 0) + b"\3" + request(38, b"")
            + b"\3" + bytes([1, 1, 0, 0, 0, 8, 100, 0, 0, 1, 1, 2, 1, 0, 3, 6, 0, 36, 8]))


def gdb() -> bytes:
    def packet(text: bytes) -> bytes:
        return b"$" + text + b"#%02x" % (sum(text) & 255)

    packets = (b"qSupported:swbreak+", b"?", b"g", b"p10", b"P0=0100000000000000", b"m0,40", b"M10,2:abcd",
               b"X20,2:ab", b"Z0,100,1", b"m100,1", b"z0,100,1", b"vCont?", b"vCont;s:1;c", b"C0b", b"s",
               b"qXfer:features:read:target.xml:0,fff", b"qXfer:exec-file:read:1:0,fff", b"Hg0", b"D", b"k")
    tables = struct.pack("<128Q", 0 | 7, *[i << 12 | 7 for i in range(1, 128)])
    return b"+".join(map(packet, packets)) + b"\x03-" + tables


def vsock() -> bytes:
    def packet(op: int, guest: int, host: int, size: int = 0, flags: int = 0) -> bytes:
        return struct.pack("<BBBBBBBBHH", 0, 0, op, size and 200, size, guest, host, flags, 60000, 0)

    return (packet(1, 4, 1) + bytes([7, 0, 4, 0]) + packet(5, 4, 1, 250)  # connected, data
            + struct.pack("<BBH", 8, 0, 5000) + bytes([4, 0]) + struct.pack("<BBH", 9, 0, 60000)
            + bytes([6, 1, 4, 0]) + packet(2, 2, 0x80) + struct.pack("<BBH", 8, 1, 300) + bytes([4, 0])
            + packet(5, 2, 0x80, 9) + packet(4, 2, 0x80, 0, 2) + bytes([10, 1, 4, 0]) + packet(4, 2, 0x80, 0, 3)
            + packet(3, 4, 1) + bytes([11, 1, 2, 0])
            + bytes([15, 2, 5, 0, 3, 8, 3, 0, 0, 0, 2, 0, 1, 0]) + bytes([15, 0, 5, 1, 3])  # a stream connects
            + bytes([15, 2, 5, 0, 3, 8, 6, 0, 0, 0, 2, 0, 2, 0]) + bytes([15, 1, 5, 16, 6]))  # UDP is bound


def tsi() -> bytes:
    """Streams by TSI between a guest and a host that are both there, with data both ways."""
    def packet(op: int, guest: int, host: int, size: int = 0) -> bytes:
        return struct.pack("<BBBBBBBBHH", 0, 0, op, size and 200, size, guest, host, 0, 60000, 0)

    def message(port: int, data: bytes) -> bytes:
        return bytes([15, 2, 5, port - 1024, 0, len(data)]) + data

    look, write, read = bytes([4, 0]), struct.pack("<BBH", 8, 0, 5000), struct.pack("<BBH", 9, 0, 60000)
    return (message(1024, struct.pack("<IHH", 3, 2, 1)) + bytes([15, 4, 5, 1, 3]) + look  # connects to the server
            + bytes([7, 4]) + packet(1, 3, 0x7f) + look + packet(5, 3, 0x7f, 250) + read + write + look
            + bytes([10, 4]) + look + packet(5, 3, 0x7f, 9) + read + message(1031, struct.pack("<II", 3, 620))
            + message(1024, struct.pack("<IHH", 7, 2, 1)) + bytes([15, 1, 5, 5, 7]) + look  # listens
            + bytes([6, 4]) + look + packet(2, 7, 0x80) + message(1030, struct.pack("<II", 7, 0)) + look
            + packet(5, 7, 0x80, 250) + read + write + look + bytes([11, 4]) + look
            + message(1031, struct.pack("<II", 7, 620)))


def serial() -> bytes:
    out = lambda offset, value: bytes([offset, value])
    take = lambda offset: bytes([8 + offset])
    return (out(3, 0x83) + out(0, 1) + out(1, 0) + out(3, 3) + out(2, 7) + out(4, 11) + out(1, 15)  # as Linux does
            + take(2) + take(5) + take(6) + b"".join(out(0, c) for c in b"login: ") + take(2)
            + bytes([16, 6]) + b"root\1a" + bytes([18]) + take(2) + (take(5) + take(0)) * 8 + bytes([17, 200, 18])
            + out(4, 0x1b) + out(0, 85) + take(0) + take(6) + out(4, 11) + bytes([16, 2, 1]) + b"x" + bytes([18])
            + bytes([19, 200]) + bytes([20, 18, 21, 18]))


SEEDS = {
    "kernel": (plain, pvh, bzimage, gzipped, bzipped), "virtq": (virtq,), "console": (console,), "gdb": (gdb,),
    "vsock": (vsock, tsi), "block": (block,), "pci": (pci,), "fs": (fs,), "fs_device": (fs_device,),
    "serial": (serial,),
}


def net() -> bytes:
    def frame(size: int, flags: int = 0, start: int = 0) -> bytes:
        return struct.pack("<BBBHHH", 0, flags, 0, size, start, 16)

    def wire(size: int) -> bytes:
        return struct.pack("<BH", 5, size)

    return (b"\1" + frame(100) + frame(1000, 1, 34) + wire(60) + b"\4" + wire(9000) + b"\4" + struct.pack("<BH", 7, 60000)
            + frame(60000) * 6 + struct.pack("<BH", 7, 60000) * 8 + bytes([6, 8, 0, 0, 0, 64, 1, 2, 3, 4])
            + struct.pack("<BH", 10, 1500) + bytes([2, 1, 2, 4, 9, 1, 2, 33]) + wire(50000) + b"\4"
            + bytes([1, 0, 3, 0, 0, 255, 1, 2, 8]) + frame(80) + b"\4")


def container() -> bytes:
    return (b'{"ociVersion":"1.0","process":{"user":{"uid":0},"args":["/app.wasm","\\u00e4\\ud83d\\ude00\\n"],'
            b'"env":["A=1"],"cwd":"/"},"root":{"path":"rootfs"},"mounts":[{"options":["ro",1.5e3,null,true]}]}')


def main() -> None:
    for name, seeds in SEEDS.items():
        os.makedirs(os.path.join(sys.argv[1], name), exist_ok=True)
        for number, seed in enumerate(seeds):
            with open(os.path.join(sys.argv[1], name, f"seed{number or ''}"), "wb") as file:
                file.write(seed())


main()
