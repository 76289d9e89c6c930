"""Runs generated modules in Walnut's microVM, in V8 and in WABT's interpreter.

What a module does is a list of (export, outcome): a number, or a set of trap codes
(enum walnut_trap_code) of which the engine says that it was one. All exports are
functions () -> i64 and called in order.
"""

import json
import os
import pathlib
import re

FOLDER = pathlib.Path(__file__).resolve().parent
OUT_OF_BOUNDS = 2

# V8 tells fewer kinds of traps apart than Walnut does.
V8_TRAPS = {
    "unreachable": {1},
    "memory access out of bounds": {2},
    "table index is out of bounds": {3, 4},
    "table access out of bounds": {3},
    "table or memory access": {2, 3},
    "null function or function signature mismatch": {5, 6},
    "function signature mismatch": {5, 6},
    "element segment out of bounds": {3},
    "data segment out of bounds": {2},
    "divide by zero": {7},
    "remainder by zero": {7},
    "divide result unrepresentable": {8},
    "float unrepresentable in integer range": {8, 9},
    "dereferencing a null pointer": {10},
    "array element access out of bounds": {20},
    "array index out of bounds": {20},
    "illegal cast": {21},
    "uncaught exception": {67},
    "rethrowing null value": {10},
    "Maximum call stack size exceeded": {64},
    "operation does not support unaligned accesses": {11},
}

WABT_TRAPS = {
    "unreachable executed": {1},
    "out of bounds memory access": {2},
    "out of bounds table access": {3},
    "undefined table index": {4},
    "uninitialized table element": {5},
    "indirect call signature mismatch": {6},
    "integer divide by zero": {7},
    "integer overflow": {8},
    "invalid conversion to integer": {9},
    "atomic memory access alignment": {11},
    "call stack exhausted": {64},
}


class EngineFailed(Exception):
    """An engine broke where it should have run a module."""


def trap_codes(table, text):
    for prefix, codes in table.items():
        if text.startswith(prefix):
            return frozenset(codes)
    raise EngineFailed(f"a trap of no known kind: {text}")


def find_node(project):
    """$NODE, the newer one that `make test` and `make fuzz` install, or the system's."""
    newer = project.build / "node" / "node_modules" / ".bin" / "node"
    return os.environ.get("NODE") or (newer if newer.exists() else project.tool("node"))


def v8_version(run, node):
    """V8's major version; 0 without node."""
    if not node:
        return 0
    result = run(node, "-p", "process.versions.v8")
    return 0 if result.status else int(result.out.split(b".")[0])


def v8(run, node, paths):
    """For each path outcomes, or a text where V8 refuses the module."""
    result = run(node, FOLDER / "engine_v8.mjs",
                 input="".join(f"{path}\n" for path in paths).encode())
    lines = result.out.decode().splitlines()
    if result.status or len(lines) != len(paths):
        raise EngineFailed("node: " + result.text())
    return [from_v8(json.loads(line)) for line in lines]


def from_v8(said):
    if isinstance(said, dict):
        return "V8 refuses the module: " + said["error"]
    return [(name, trap_codes(V8_TRAPS, value[6:]) if value.startswith("trap: ") else int(value, 16))
            for name, value in said]


WABT_LINE = re.compile(r"(\w+)\(\) => (?:i64:(\d+)|error: (.*))$")


def wabt(run, path, features=()):
    """Outcomes, or a text where the interpreter refuses the module."""
    result = run("wasm-interp", *features, "--run-all-exports", path)
    outcomes = []
    for line in result.out.decode(errors="replace").splitlines():
        match = WABT_LINE.match(line)
        if not match:
            raise EngineFailed(f"wasm-interp says: {line}")
        name, value, trap = match.groups()
        outcomes.append((name, trap_codes(WABT_TRAPS, trap) if trap else int(value)))
    return outcomes or "wasm-interp: " + result.text()


class Walnut:
    """Compiles batches, links them with the suite's guest driver and boots them."""

    def __init__(self, project, run, folder):
        self.build, self.run, self.folder = project.build, run, folder
        self.archive, self.script = project.kernel_archive, project.kernel_script
        self.command = project.walnut
        # QEMU's TCG does not know every instruction of the host's CPU.
        self.cpus = ["x86-64-v2", "native"] if project.kvm_usable else ["x86-64-v2"]

    def outcomes(self, modules, level, based, cpu, part_bytes=0):
        """modules: [(path, exports)]; a list of outcomes, or of a text where it failed."""
        tag = f"{level}{'b' if based else 'z'}"
        refused = self.compile(modules, tag, level, based, cpu, part_bytes)
        good = [index for index in range(len(modules)) if index not in refused]
        # At address zero there is room for one memory in an image.
        groups = [good] if based else [[index] for index in good]
        found = dict(refused)
        for group in groups:
            found.update(self.boot(modules, group, tag, based))
        return [found[index] for index in range(len(modules))]

    def compile(self, modules, tag, level, based, cpu, part_bytes):
        model = "based" if based else "zero"
        request = "".join(f"{path} {self.folder / f'{tag}{index}.o'} m{index} {model}\n"
                          for index, (path, _) in enumerate(modules))
        result = self.run(self.build / "tests" / "spec" / "spec-compile", cpu, level, part_bytes,
                          input=request.encode())
        answers = result.out.decode(errors="replace").splitlines()
        answers += [f"compiler died: {result.text()}"] * (len(modules) - len(answers))
        return {index: f"does not compile: {answer}" for index, answer in enumerate(answers)
                if answer != "ok"}

    def boot(self, modules, group, tag, based):
        if not group:
            return {}
        image = self.folder / f"{tag}.elf"
        result = self.run("ld.lld-19", "-static", "-nostdlib", "--gc-sections", "--eh-frame-hdr", "-z",
                          "max-page-size=4096", "-z", "noexecstack", "-T", self.script, "-o", image,
                          "--whole-archive", self.build / "tests" / "spec" / "libspec-driver.a",
                          "--no-whole-archive",
                          *[self.folder / f"{tag}{index}.o" for index in group], self.archive)
        if result.status:
            return {index: "does not link: " + result.text() for index in group}
        lines, calls = ["memory " + ("based" if based else "zero")], []
        for index in group:
            lines.append(f"i{index} instantiate m{index} ok")
            for name in modules[index][1]:
                lines.append(f"{len(calls)} call m{index} x{name.encode().hex()}")
                calls.append((index, name))
        result = self.run(self.command, "run", image, input=("\n".join(lines) + "\nend\n").encode())
        image.unlink()
        return self.read(group, calls, result)

    def read(self, group, calls, result):
        said = dict(line.split(" ", 1) for line in result.out.decode(errors="replace").splitlines()
                    if " " in line)
        found = {}
        for index in group:
            start = said.get(f"i{index}", "said nothing")
            found[index] = [] if start == "ok" else f"instantiation: {start}: {result.text()}"
        for number, (index, name) in enumerate(calls):
            if isinstance(found[index], str):
                continue
            answer = said.get(str(number))
            if answer is None:
                found[index] = f"no outcome of {name}: {result.text()}"
            elif answer.startswith("trap:"):
                found[index].append((name, frozenset([int(answer[5:])])))
            else:
                found[index].append((name, int(answer.split(":")[1], 16)))
        return found
