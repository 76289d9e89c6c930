"""Changed modules: does Walnut's decoder and validator accept what others accept?

fuzz-mutate changes seed modules and says Walnut's verdict, under sanitizers; V8 and WABT's
wasm-validate are asked for theirs. V8 is right as a rule, WABT is asked where the two differ
and where there is no newer V8. What differs for a reason is in known.txt.
"""

import dataclasses
import pathlib
import re

from fuzz.modules import engines
from fuzz.modules.differential import SUBJECTS, run_command

FOLDER = pathlib.Path(__file__).resolve().parent
NEWER_V8 = 13
GENERATED_SEEDS = 6
EXAMPLE_MAX = 100_000
# Not typed function references and what builds on them: WABT 1.0.32 knows no subtypes.
WABT_OPTIONS = ("--enable-multi-memory", "--enable-memory64", "--enable-extended-const",
                "--enable-tail-call", "--enable-threads", "--enable-relaxed-simd",
                "--enable-exceptions", "--ignore-custom-section-errors")


@dataclasses.dataclass
class Disagreement:
    number: int
    path: pathlib.Path
    ours: str
    v8: str
    wabt: str

    def __str__(self):
        return f"mutant {self.number}:\n  Walnut: {self.ours}\n  V8:     {self.v8}\n  WABT:   {self.wabt}"


def read_known():
    known = []
    for line in (FOLDER / "known.txt").read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            ours, theirs, _ = line.split(" // ", 2)
            known.append((re.compile(ours), re.compile(theirs)))
    return known


class Judges:
    def __init__(self, project, folder):
        self.project, self.folder = project, folder
        self.node = engines.find_node(project)
        self.newer_v8 = engines.v8_version(run_command, self.node) >= NEWER_V8
        self.tools = project.build / "tests" / "fuzz"
        self.known = read_known()
        self.mutants = self.accepted = self.excused = 0
        self.seeds = self.make_seeds()

    def make_seeds(self):
        """One module for each few instructions, small examples, and random modules; of these
        the ones that Walnut accepts."""
        seeds = sorted((self.tools / "compiler" / "seeds").glob("*.wasm"))
        seeds += [path for path in sorted(self.project.examples.glob("*.wasm"))
                  if path.stat().st_size < EXAMPLE_MAX]
        for subject in SUBJECTS.values():
            for seed in range(GENERATED_SEEDS):
                path = self.folder / f"{subject.kind}-{subject.features}-{seed}.wasm"
                run_command(self.tools / "modules" / "fuzz-generate", "--kind", subject.kind,
                            "--features", subject.features, seed, path)
                seeds.append(path)
        result = run_command(self.project.build / "tests" / "spec" / "spec-check",
                             input="".join(f"{path}\n" for path in seeds).encode())
        verdicts = result.out.decode().splitlines()
        return [path for path, verdict in zip(seeds, verdicts) if verdict == "ok"]

    def round(self, seed, count):
        """Disagreements among this many mutants; the files of all others are removed."""
        folder = self.folder / "mutants"
        folder.mkdir(exist_ok=True)
        result = run_command(self.tools / "verdicts" / "fuzz-mutate", seed, count, folder, *self.seeds)
        if result.status:
            raise engines.EngineFailed(f"fuzz-mutate {seed} {count}: {result.text()}")
        ours = [line.split(" ", 1)[1] for line in result.out.decode(errors="replace").splitlines()]
        paths = [folder / f"{number}.wasm" for number in range(count)]
        theirs = self.v8(paths) if self.newer_v8 else [self.wabt(path) for path in paths]
        found = []
        for number, (path, our, their) in enumerate(zip(paths, ours, theirs)):
            self.mutants += 1
            self.accepted += our == "ok"
            if (our == "ok") == (their == "ok"):
                path.unlink()
            elif any(a.search(our) and b.search(their) for a, b in self.known):
                self.excused += 1
                path.unlink()
            else:
                found.append(Disagreement(number, path, our, their, self.wabt(path)))
        return found

    def v8(self, paths):
        result = run_command(self.node, FOLDER / "verdict_v8.mjs",
                             input="".join(f"{path}\n" for path in paths).encode())
        lines = result.out.decode().splitlines()
        if result.status or len(lines) != len(paths):
            raise engines.EngineFailed("node: " + result.text())
        return lines

    def wabt(self, path):
        result = run_command("wasm-validate", *WABT_OPTIONS, path)
        return (result.err.decode(errors="replace").strip() or "refused") if result.status else "ok"
