"""A script of the core suite as a list of commands, each a dictionary as wast2json (wabt)
writes them; what 3.0 added has the same shape. Modules become files beside each other.

Text modules are converted by wasm-tools' parser (assemble.mjs).
"""

import json

from . import literals, wast
TOOLS = "node_modules/@bytecodealliance/jco-transpile/vendor/wasm-tools.js"
LANES = {b"i8x16": ("i8", 16), b"i16x8": ("i16", 8), b"i32x4": ("i32", 4), b"i64x2": ("i64", 2),
         b"f32x4": ("f32", 4), b"f64x2": ("f64", 2)}
NULLS = {b"func": "funcref", b"nofunc": "funcref", b"extern": "externref", b"noextern": "externref",
         b"exn": "exnref", b"noexn": "exnref"}
REFERENCES = {b"ref.func": "funcref", b"ref.extern": "externref", b"ref.host": "anyref",
              b"ref.exn": "exnref"}
ASSERTIONS = {b"assert_malformed", b"assert_invalid", b"assert_unlinkable"}

FIELDS = {b"type", b"rec", b"import", b"func", b"table", b"memory", b"global", b"export", b"start",
          b"elem", b"data", b"tag"}


class Script:
    def __init__(self, path, folder):
        self.text = path.read_bytes()
        self.folder = folder
        self.commands = []
        self.texts = []  # (command, text) to convert
        self.definitions = {}

    def read(self):
        line, at = 1, 0
        nodes = wast.parse(self.text)
        if nodes and nodes[0][0] in FIELDS:  # the fields of one module
            self.line = 1
            command = self.add("module", filename="0.wasm", module_type="binary")
            self.texts.append((command, self.text))
            return self.commands
        for node in nodes:
            line += self.text.count(b"\n", at, node.begin)
            at = node.begin
            self.line = line
            self.command(node)
        return self.commands

    def add(self, kind, **fields):
        self.commands.append({"type": kind, "line": self.line, **fields})
        return self.commands[-1]

    def command(self, node):
        head = node[0]
        if head == b"module":
            self.module(node)
        elif head == b"register":
            name = {"name": node[2].decode()} if len(node) > 2 else {}
            self.add("register", **{"as": node[1].decode()}, **name)
        elif head in ASSERTIONS:
            self.contents(self.add(head.decode(), text=node[2].decode()), node[1])
        elif head == b"assert_trap" and node[1][0] == b"module":
            self.contents(self.add("assert_uninstantiable", text=node[2].decode()), node[1])
        elif head in (b"invoke", b"get"):
            self.add("action", action=action(node))
        else:
            self.assertion(head.decode(), node)

    def assertion(self, kind, node):
        if node[1][0] == b"invoke" and len(node) > 2 and isinstance(node[2], wast.String):
            self.add(kind, action=action(node[1]), text=node[2].decode())
        elif len(node) == 3 and node[2][0] == b"either":
            self.add(kind, action=action(node[1]), either=[value(entry) for entry in node[2][1:]])
        else:
            self.add(kind, action=action(node[1]), expected=[value(entry) for entry in node[2:]])

    def module(self, node):
        """(module …), (module definition $M …), (module instance $I $M)"""
        words = [word for word in node[1:3] if type(word) is bytes]
        if words[:1] == [b"instance"]:
            names = [word.decode() for word in node[2:]]
            definition = self.definitions[names[1] if len(names) > 1 else None]
            name = {"name": names[0]} if names else {}
            self.add("module", filename=definition["filename"], **name)
            return
        defined = words[:1] == [b"definition"]
        names = [word.decode() for word in words if word.startswith(b"$")]
        command = self.add("definition" if defined else "module")
        if names:
            command["name"] = names[0]
        self.contents(command, node)
        if defined:
            self.definitions[None] = self.definitions[names[0] if names else None] = command

    def contents(self, command, node):
        """Gives a command its module: a file, or a text to make one of."""
        words = [word for word in node[1:4] if type(word) is bytes]
        strings = b"".join(word for word in node if isinstance(word, wast.String))
        command["filename"] = f"{len(self.commands) - 1}.wasm"
        command["module_type"] = "binary"
        if b"binary" in words:
            (self.folder / command["filename"]).write_bytes(strings)
        elif b"quote" in words:
            self.texts.append((command, strings))
        else:
            text = self.text[node.begin:node.end]
            if words[:1] == [b"definition"]:
                text = text.replace(b"definition", b"", 1)
            self.texts.append((command, text))


def action(node):
    words = list(node)
    named = {"module": words.pop(1).decode()} if not isinstance(words[1], wast.String) else {}
    arguments = {"args": [value(entry) for entry in words[2:]]} if words[0] == b"invoke" else {}
    return {"type": words[0].decode(), "field": words[1].decode(), **named, **arguments}


def value(node):
    """A constant, or a pattern that results are compared with: then there may be no value."""
    head, *words = node
    if head == b"v128.const":
        lane_type, count = LANES[words[0]]
        return {"type": "v128", "lane_type": lane_type,
                "value": [number(lane_type, word) for word in words[1:1 + count]]}
    if head.endswith(b".const"):
        kind = head[:3].decode()
        return {"type": kind, "value": number(kind, words[0])}
    if head == b"ref.null":
        kind = NULLS.get(words[0], "anyref") if words else "ref"
        return {"type": kind, "value": "null"}
    entry = {"type": REFERENCES.get(head, "anyref")}
    if words and head in (b"ref.extern", b"ref.host"):
        entry["value"] = words[0].decode()
    return entry


def number(kind, text):
    if kind[0] == "f":
        return str(literals.floating(text, kind))
    return str(literals.integer(text, int(kind[1:])))


def commands(context, path, tools):
    """Reads a script and makes its modules' files in the context's folder."""
    script = Script(path, context.tmp)
    result = script.read()
    answer = context.must(context.run(
        "node", context.project.root / "tests" / "spec" / "assemble.mjs", tools,
        input=json.dumps([text.hex() for _, text in script.texts]).encode()))
    for (command, _), converted in zip(script.texts, json.loads(answer.out)):
        if "binary" in converted:
            (context.tmp / command["filename"]).write_bytes(bytes.fromhex(converted["binary"]))
        else:
            command["refused"] = converted["refused"]
        if command["type"] == "assert_malformed":
            command.update(module_type="text", read_by=tools)
    return [command for command in result if command["type"] != "module" or "refused" not in command]
