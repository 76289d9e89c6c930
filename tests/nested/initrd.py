"""Writes initial RAM file systems: cpio archives in the "newc" format, uncompressed, which
a kernel under emulation unpacks fastest."""

import stat


class Archive:
    def __init__(self):
        self._data = bytearray()
        self._folders = set()
        self._inode = 0

    def _entry(self, path, mode, content=b"", device=(0, 0)):
        self._inode += 1
        name = path.strip("/").encode() + b"\0"
        numbers = (self._inode, mode, 0, 0, 1, 0, len(content), 0, 0, *device, len(name), 0)
        self._append(b"070701" + b"".join(b"%08X" % number for number in numbers) + name)
        self._append(content)

    def _append(self, data):
        self._data += data
        self._data += bytes(-len(self._data) % 4)

    def folder(self, path):
        path = path.strip("/")
        if path and path not in self._folders:
            self._folders.add(path)
            self.folder(path.rpartition("/")[0])
            self._entry(path, stat.S_IFDIR | 0o755)

    def file(self, path, content, mode=0o644):
        self.folder(path.rpartition("/")[0])
        self._entry(path, stat.S_IFREG | mode, content)

    def program(self, path, content):
        self.file(path, content, 0o755)

    def link(self, path, target):
        self.folder(path.rpartition("/")[0])
        self._entry(path, stat.S_IFLNK | 0o777, target.encode())

    def character_device(self, path, major, minor):
        self.folder(path.rpartition("/")[0])
        self._entry(path, stat.S_IFCHR | 0o600, device=(major, minor))

    def write(self, path):
        self._entry("TRAILER!!!", 0)
        path.write_bytes(self._data)
