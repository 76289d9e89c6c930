"""A small assembler for modules in the text format that Debian's wat2wasm cannot read:
exceptions of WebAssembly 3.0. Instructions are folded, or plain without immediates beside
numbers and names; the opcodes come from the compiler's table. The fields are those that
the tests need: imported functions and tags, types, functions, a memory, tables, with
elements or without, declared elements, tags, globals, exports written inline.
"""

import pathlib
import re
import struct

TYPES = {"i32": 0x7F, "i64": 0x7E, "f32": 0x7D, "f64": 0x7C, "v128": 0x7B, "funcref": 0x70,
         "externref": 0x6F, "exnref": 0x69}
HEAPS = {"func": 0x70, "extern": 0x6F, "exn": 0x69}
CLAUSES = {"catch": 0, "catch_ref": 1, "catch_all": 2, "catch_all_ref": 3}
KINDS = {"func": 0, "table": 1, "memory": 2, "global": 3, "tag": 4}
END, ELSE = 0x0B, 0x05
TOKEN = re.compile(r';;[^\n]*|\s+|([()]|"[^"]*"|[^\s()";]+)')


def parse(text):
    """Nested lists of words."""
    stack = [[]]
    for match in TOKEN.finditer(text):
        word = match[1]
        if word == "(":
            stack.append([])
        elif word == ")":
            done = stack.pop()
            stack[-1].append(done)
        elif word:
            stack[-1].append(word)
    return stack[0]


def leb(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def signed(value):
    out = bytearray()
    while not -64 <= value < 64:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value & 0x7F)
    return bytes(out)


def vector(items):
    items = list(items)
    return leb(len(items)) + b"".join(items)


def name(text):
    data = text.strip('"').encode()
    return leb(len(data)) + data


def opcodes(table):
    """{text: (bytes, kind of immediates)}"""
    found = {}
    for value, text, immediate in re.findall(r'^WASM_OPCODE\((\w+), \w+, "([^"]*)", (\w+),',
                                             table.read_text(), re.M):
        number = int(value, 0)
        code = bytes([number]) if number < 0x100 else bytes([number >> 12]) + leb(number & 0xFFF)
        found.setdefault(re.sub(r"^a(?=\d)", "i", text), (code, immediate))
    return found


class Function:
    """The names that a body knows beside the module's."""

    def __init__(self, module, locals_):
        self.module = module
        self.locals = locals_
        self.labels = []
        self.out = bytearray()

    def label(self, word):
        return self.labels[::-1].index(word) if word.startswith("$") else int(word)

    def block_type(self, items):
        """Takes (type …), (param …) and (result …) off the front."""
        params, results = self.module.take_signature(items)
        if not params and len(results) < 2:
            return bytes([TYPES[results[0]]]) if results else b"\x40"
        return signed(self.module.type_index(params, results))

    def open(self, items):
        """A block's label and type; its instructions are what is left."""
        label = items.pop(0) if items and isinstance(items[0], str) and items[0].startswith("$") else None
        return label, self.block_type(items)

    def clause(self, items):
        kind = CLAUSES[items[0]]
        out = bytes([kind])
        if kind < 2:
            out += leb(self.module.index("tag", items[1]))
        return out + leb(self.label(items[-1]))

    def structured(self, op, items):
        label, type_ = self.open(items)
        clauses = b""
        if op == "try_table":
            found = []
            while items and items[0][0] in CLAUSES:
                found.append(self.clause(items.pop(0)))
            clauses = vector(found)
        if op == "if":
            while items and items[0][0] not in ("then", "else"):
                self.instruction(items.pop(0))
        self.out += self.module.opcodes[op][0] + type_ + clauses
        self.labels.append(label)
        if op == "if":
            self.sequence(items[0][1:])
            if len(items) > 1:
                self.out.append(ELSE)
                self.sequence(items[1][1:])
        else:
            self.sequence(items)
        self.labels.pop()
        self.out.append(END)

    def immediates(self, kind, words):
        module = self.module
        if kind == "LABEL":
            return leb(self.label(words[0]))
        if kind == "LOCAL":
            return leb(self.locals[words[0]] if words[0].startswith("$") else int(words[0]))
        if kind in ("FUNC", "GLOBAL", "TAG"):
            return leb(module.index(kind.lower(), words[0]))
        if kind == "I32" or kind == "I64":
            return signed(int(words[0], 0))
        if kind == "F32":
            return struct.pack("<f", float(words[0]))
        if kind == "F64":
            return struct.pack("<d", float(words[0]))
        if kind == "HEAP_TYPE":
            return bytes([HEAPS[words[0]]])
        if kind.startswith("MEMARG_"):
            return bytes([0, 0])
        if kind == "TABLE":
            return leb(module.index("table", words[0]))
        if kind == "MEMORY":
            return bytes([0])
        if kind == "V128":  # i32x4 and four numbers
            return struct.pack("<4i", *(int(word, 0) for word in words[1:]))
        if kind.startswith("LANE_"):
            return bytes([int(words[0])])
        if kind == "NONE":
            return b""
        raise ValueError(f"immediates {kind} are not supported")

    def instruction(self, item):
        if isinstance(item, str):
            item = [item]
        op, items = item[0], list(item[1:])
        if op in ("block", "loop", "if", "try_table"):
            self.structured(op, items)
            return
        code, kind = self.module.opcodes[op]
        if op == "call_indirect":
            type_ = leb(self.module.type_index(*self.module.take_signature(items)))
            self.sequence(items)
            self.out += code + type_ + b"\x00"
            return
        words = []
        while items and isinstance(items[0], str):
            words.append(items.pop(0))
        self.sequence(items)
        self.out += code + self.immediates(kind, words)

    def sequence(self, items):
        for item in items:
            self.instruction(item)


class Module:
    def __init__(self, text, table):
        self.opcodes = opcodes(table)
        self.types, self.type_names = [], {}
        self.names = {kind: {} for kind in KINDS}
        self.counts = dict.fromkeys(KINDS, 0)
        self.sections = {number: [] for number in (2, 3, 4, 5, 13, 6, 7, 9, 10)}
        fields = parse(text)[0][1:]
        for field in fields:
            if field[0] == "type":
                self.type_names[field[1]] = self.type_index(*self.take_signature(list(field[2][1:])))
        pending = [self.declare(field) for field in sorted(fields, key=lambda f: f[0] != "import")
                   if field[0] != "type"]
        for complete in pending:
            if complete:
                complete()

    def type_index(self, params, results):
        encoded = b"\x60" + vector(bytes([TYPES[t]]) for t in params) + vector(bytes([TYPES[t]]) for t in results)
        if encoded not in self.types:
            self.types.append(encoded)
        return self.types.index(encoded)

    def take_signature(self, items, names=None):
        params, results = [], []
        while items and isinstance(items[0], list) and items[0][0] in ("type", "param", "result"):
            field = items.pop(0)
            if field[0] == "type":
                return self.signature_of(self.type_names[field[1]])
            words = field[1:]
            if words and words[0].startswith("$"):
                names[words[0]] = len(params)
                words = words[1:]
            (params if field[0] == "param" else results).extend(words)
        return params, results

    def signature_of(self, index):
        letters = {value: key for key, value in TYPES.items()}
        data = self.types[index]
        params = [letters[byte] for byte in data[2:2 + data[1]]]
        return params, [letters[byte] for byte in data[3 + data[1]:]]

    def index(self, kind, word):
        return self.names[kind][word] if word.startswith("$") else int(word)

    def new(self, kind, items):
        """The next of its kind: takes its name and inline exports off the front."""
        number = self.counts[kind]
        self.counts[kind] += 1
        if items and isinstance(items[0], str) and items[0].startswith("$"):
            self.names[kind][items.pop(0)] = number
        while items and isinstance(items[0], list) and items[0][0] == "export":
            self.sections[7].append(name(items.pop(0)[1]) + bytes([KINDS[kind]]) + leb(number))
        return number

    def declare(self, field):
        kind, items = field[0], list(field[1:])
        if kind == "import":
            what = list(items[2][1:])
            kind = items[2][0]
            self.new(kind, what)
            attribute = b"\x00" if kind == "tag" else b""
            self.sections[2].append(name(items[0]) + name(items[1]) + bytes([KINDS[kind]]) + attribute
                                    + leb(self.type_index(*self.take_signature(what, {}))))
            return None
        if kind == "elem":  # declare func …
            return lambda: self.sections[9].append(
                b"\x03\x00" + vector(leb(self.index("func", word)) for word in items[2:]))
        number = self.new(kind, items)
        if kind == "tag":
            self.sections[13].append(b"\x00" + leb(self.type_index(*self.take_signature(items))))
        elif kind == "memory":
            self.sections[5].append(b"\x00" + leb(int(items[0])))
        elif kind == "table":
            return lambda: self.table(number, items)
        elif kind == "global":
            return lambda: self.global_(items)
        else:
            return self.function(items)
        return None

    def table(self, number, items):
        if isinstance(items[0], str) and items[0].isdigit():
            self.sections[4].append(bytes([TYPES[items[1]], 0]) + leb(int(items[0])))
            return
        functions = items[1][1:]
        self.sections[4].append(bytes([TYPES[items[0]], 0]) + leb(len(functions)))
        self.sections[9].append(b"\x02" + leb(number) + b"\x41\x00\x0b\x00"
                                + vector(leb(self.index("func", word)) for word in functions))

    def global_(self, items):
        mutable = isinstance(items[0], list)
        init = Function(self, {})
        init.sequence(items[1:])
        self.sections[6].append(bytes([TYPES[items[0][1] if mutable else items[0]], mutable])
                                + bytes(init.out) + bytes([END]))

    def function(self, items):
        locals_, types = {}, []
        params, results = self.take_signature(items, locals_)
        self.sections[3].append(leb(self.type_index(params, results)))
        while items and items[0][0] == "local":
            words = items.pop(0)[1:]
            if words[0].startswith("$"):
                locals_[words.pop(0)] = len(params) + len(types)
            types += words
        return lambda: self.body(Function(self, locals_), types, items)

    def body(self, function, types, items):
        function.labels.append(None)
        function.sequence(items)
        code = vector(b"\x01" + bytes([TYPES[t]]) for t in types) + bytes(function.out) + bytes([END])
        self.sections[10].append(leb(len(code)) + code)

    def bytes(self):
        out = b"\0asm\1\0\0\0"
        for number, items in {1: self.types, **self.sections}.items():
            if items:
                contents = vector(items)
                out += bytes([number]) + leb(len(contents)) + contents
        return out


def assemble(source, root):
    """The module of a text file, or of a string with a text in it."""
    text = source.read_text() if isinstance(source, pathlib.Path) else source
    return Module(text, root / "compiler" / "wasm" / "opcodes.def").bytes()
