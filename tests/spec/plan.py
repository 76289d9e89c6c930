"""From the commands of one .wast file to images and the scripts they run.

An image is a few modules linked with the guest driver and booted once. Modules that
import each other have to share one, compiled with based memories. All others are
compiled as `walnut run` would, memory at address zero, of which an image can hold
one; modules without a memory fill it up. The driver's script format is described in
guest/driver.c.
"""

import dataclasses

from .wasm import FUNC, GLOBAL, MEMORY, TABLE, Module

SPECTEST = {
    b"print": FUNC, b"print_i32": FUNC, b"print_i64": FUNC, b"print_f32": FUNC,
    b"print_f64": FUNC, b"print_i32_f32": FUNC, b"print_f64_f64": FUNC,
    b"global_i32": GLOBAL, b"global_i64": GLOBAL, b"global_f32": GLOBAL,
    b"global_f64": GLOBAL, b"table": TABLE, b"table64": TABLE,
    b"memory": MEMORY, b"shared_memory": MEMORY,
}

# enum walnut_trap_code of abi/app_object.h, by the texts that the suite expects.
TRAPS = {
    "unreachable": 1,
    "out of bounds memory access": 2,
    "out of bounds table access": 3,
    "undefined element": 4,
    "uninitialized element": 5,
    "indirect call type mismatch": 6,
    "integer divide by zero": 7,
    "integer overflow": 8,
    "invalid conversion to integer": 9,
    "unaligned atomic": 11,
    "expected shared memory": 12,
    "null ": 10,  # function, structure, … reference
    "out of bounds array access": 20,
    "cast failure": 21,
    "call stack exhausted": 64,
    "out of memory": 65,
    "uncaught exception": 67,
}

LETTERS = {"i32": "i", "i64": "I", "f32": "f", "f64": "F", "v128": "v", "funcref": "r", "externref": "e",
           "anyref": "a", "exnref": "x"}
MODULES_PER_IMAGE = 40


@dataclasses.dataclass
class Instance:
    """One instantiation: a module, an uninstantiable or an unlinkable one."""
    name: str  # the compiler's module name: m0, m1, …
    file: str
    module: Module
    providers: list  # of each import: (Instance, field), SpectestField, or None: unknown
    commands: list = dataclasses.field(default_factory=list)  # (id, command), creation first
    linked: bool = False  # imports from another instance or is imported by one


@dataclasses.dataclass
class Image:
    based: bool
    instances: list = dataclasses.field(default_factory=list)

    @property
    def has_memory(self):
        return any(instance.module.has_memory for instance in self.instances)

    def commands(self):
        return sorted(((number, command, instance) for instance in self.instances
                       for number, command in instance.commands), key=lambda entry: entry[0])


def instances(commands, folder):
    """The instances of a file with their commands, imports resolved as of their time."""
    found = []
    by_name = {}
    registered = {}
    latest = None
    for number, command in enumerate(commands):
        kind = command["type"]
        if kind in ("module", "assert_uninstantiable", "assert_unlinkable"):
            module = Module((folder / command["filename"]).read_bytes())
            instance = Instance(f"m{len(found)}", command["filename"], module,
                                [resolve(registered, entry) for entry in module.imports])
            instance.commands.append((number, command))
            found.append(instance)
            if kind == "module":
                latest = instance
                if "name" in command:
                    by_name[command["name"]] = instance
        elif kind == "register":
            registered[command["as"].encode()] = by_name[command["name"]] if "name" in command else latest
        elif "action" in command:
            named = command["action"].get("module")
            (by_name[named] if named else latest).commands.append((number, command))
    for instance in found:
        for provider in instance.providers:
            if isinstance(provider, tuple):
                instance.linked = provider[0].linked = True
    return found


def resolve(registered, entry):
    """Who defines an import in the end: re-exports are followed."""
    while entry.module != b"spectest":
        owner = registered.get(entry.module)
        if owner is None or entry.field not in owner.module.exports:
            return None
        behind = owner.module.reexported(entry.field)
        if behind is None:
            return owner, entry.field
        entry = behind
    return SpectestField(entry.field)


@dataclasses.dataclass(frozen=True)
class SpectestField:
    field: bytes


def images(found):
    """Distributes instances over images."""
    linked = [instance for instance in found if instance.linked]
    result = [Image(True, linked)] if linked else []
    open_image = Image(False)
    for instance in found:
        if instance.linked:
            continue
        full = len(open_image.instances) >= MODULES_PER_IMAGE
        if full or (instance.module.has_memory and open_image.has_memory):
            result.append(open_image)
            open_image = Image(False)
        open_image.instances.append(instance)
    if open_image.instances:
        result.append(open_image)
    return result


def script(image):
    """What the guest driver reads: one line per command."""
    lines = ["memory " + ("based" if image.based else "zero")]
    for number, command, instance in image.commands():
        lines.append(f"{number} " + line(command, instance))
    return ("\n".join(lines) + "\nend\n").encode()


def line(command, instance):
    kind = command["type"]
    if "action" not in command:
        expected = {"module": "ok", "assert_unlinkable": "unlinkable"}.get(kind)
        if expected is None:
            expected = trap(command["text"])
        providers = " ".join(provider(entry) for entry in instance.providers)
        return f"instantiate {instance.name} {expected} {providers}".rstrip()
    action = command["action"]
    words = [action["type"], instance.name, hexadecimal(action["field"].encode())]
    words += [value(argument) for argument in action.get("args", [])]
    words.append("=")
    if kind == "assert_return":
        if "either" in command:
            words.append("|".join(value(result) for result in command["either"]))
        words += [value(result) for result in command.get("expected", [])]
    elif kind == "assert_exception":
        words.append(trap("uncaught exception"))
    elif kind in ("assert_trap", "assert_exhaustion"):
        words.append(trap(command["text"]))
    else:
        words.append("any")
    return " ".join(words)


def provider(entry):
    if entry is None:
        return "?"
    if isinstance(entry, SpectestField):
        return "spectest:" + hexadecimal(entry.field) if entry.field in SPECTEST else "?"
    return f"{entry[0].name}:{hexadecimal(entry[1])}"


def trap(text):
    for prefix, code in TRAPS.items():
        if text.startswith(prefix):
            return f"trap:{code}"
    raise ValueError(f"unknown trap text {text!r}")


def hexadecimal(data):
    return "x" + data.hex()


def value(entry):
    """A typed value, in hexadecimal; canonical and arithmetic NaNs are c and a."""
    if entry["type"] == "ref":  # null of any type
        return "|".join(f"{letter}:0" for letter in "reax")
    letter = LETTERS[entry["type"]]
    text = entry.get("value")
    if text is None:
        return f"{letter}:*"
    if letter == "v":
        return "v:" + lanes(entry["lane_type"], text)
    if text != "null" and letter in "ea":  # WALNUT_HOST_REF of abi/gc.h
        return f"{letter}:{int(text) << 2 | 2:x}"
    if letter == "e":
        return "e:0"
    if letter in "rax":
        return f"{letter}:0" if text == "null" else f"{letter}:*"
    if text.startswith("nan:"):
        return f"{letter}:{text[4]}nan"
    return f"{letter}:{int(text) & (2**64 - 1):x}"


def lanes(lane_type, texts):
    """From the highest to the lowest, each in all its digits, a NaN's name filled up to them."""
    digits = int(lane_type[1:]) // 4
    return "".join(f"{text[4]}nan".ljust(digits, "-") if text.startswith("nan:")
                   else f"{int(text) % 16 ** digits:0{digits}x}" for text in reversed(texts))


def linker_symbols(image):
    """Which definition stands behind each import symbol: {symbol: symbol}.

    A module that is registered under another name, or that passes on what it imports,
    is known to the linker only by the name it was compiled under.
    """
    symbols = {}
    for instance in image.instances:
        for entry, target in zip(instance.module.imports, instance.providers):
            name = symbol(entry.module, entry.field)
            if isinstance(target, SpectestField):
                wanted = symbol(b"spectest", target.field) if target.field in SPECTEST else "walnut_spec_missing"
            elif target is None:
                wanted = "walnut_spec_missing"
            else:
                wanted = symbol(target[0].name.encode(), target[1])
            if symbols.setdefault(name, wanted) != wanted:
                raise ValueError(f"import symbol {name} stands for {symbols[name]} and for {wanted}")
    return {name: wanted for name, wanted in symbols.items() if name != wanted}


def symbol(module, field):
    """The symbol of an import or export, as docs/app-object.md writes names."""
    return (escape(module, b".") or "%") + "." + escape(field, b"")


def escape(name, more):
    special = b'%"\\@\x7f' + more
    return "".join(f"%{byte:02x}" if byte <= 32 or byte in special else chr(byte) if byte < 128
                   else bytes([byte]).decode("latin-1") for byte in name)
