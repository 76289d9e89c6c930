"""Reads as much of a module as linking in the suite needs: imports and exports.

The modules come from wast2json, so this reader trusts them.
"""

import dataclasses

FUNC, TABLE, MEMORY, GLOBAL, TAG = range(5)


@dataclasses.dataclass
class Import:
    module: bytes
    field: bytes
    kind: int


@dataclasses.dataclass
class Export:
    field: bytes
    kind: int
    index: int


class Module:
    def __init__(self, data):
        self.imports = []
        self.exports = {}
        self.own_memories = 0
        self._data = data
        self._at = 8
        while self._at < len(data):
            section, size = self._byte(), self._leb()
            end = self._at + size
            if section == 2:
                self.imports = [self._import() for _ in range(self._leb())]
            elif section == 5:
                self.own_memories = self._leb()
            elif section == 7:
                for _ in range(self._leb()):
                    export = Export(self._name(), self._byte(), self._leb())
                    self.exports[export.field] = export
            self._at = end

    @property
    def has_memory(self):
        return self.own_memories > 0 or any(entry.kind == MEMORY for entry in self.imports)

    def reexported(self, field):
        """The import behind an export, or None where the module defines it."""
        export = self.exports[field]
        of_kind = [entry for entry in self.imports if entry.kind == export.kind]
        return of_kind[export.index] if export.index < len(of_kind) else None

    def _byte(self):
        self._at += 1
        return self._data[self._at - 1]

    def _leb(self):
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def _name(self):
        size = self._leb()
        self._at += size
        return bytes(self._data[self._at - size:self._at])

    def _type(self):
        if self._byte() in (0x63, 0x64):  # (ref null ht), (ref ht)
            self._leb()

    def _limits(self):
        flags = self._byte()
        self._leb()
        if flags & 1:
            self._leb()

    def _import(self):
        entry = Import(self._name(), self._name(), self._byte())
        if entry.kind == FUNC:
            self._leb()
        elif entry.kind == TABLE:
            self._type()
            self._limits()
        elif entry.kind == MEMORY:
            self._limits()
        elif entry.kind == TAG:
            self._byte()
            self._leb()
        else:
            self._type()
            self._byte()
        return entry
