#!/usr/bin/env python3
"""Writes a cpio archive to begin fuzzing with: directories, files, links. Argument: the file."""

import sys


def entry(name, mode, data=b""):
    fields = [1, mode, 0, 0, 1, 1, len(data), 0, 0, 0, 0, len(name) + 1, 0]
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + name + b"\0"
    return head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4)


PATH = b"d/e/link/../f"
ENTRIES = (entry(b".", 0o40755), entry(b"d", 0o40755), entry(b"d/e", 0o40755), entry(b"d/f", 0o100644, b"hello"),
           entry(b"d/e/link", 0o120777, b"../e"), entry(b"up", 0o120777, b"../out"), entry(b"./last", 0o100600),
           entry(b"TRAILER!!!", 0))

with open(sys.argv[1], "wb") as seed:
    seed.write(bytes([len(PATH)]) + PATH + b"".join(ENTRIES))
