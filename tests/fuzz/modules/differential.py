"""Random modules in several engines: the same outcomes everywhere, or a finding.

fuzz-generate makes the modules; a finding is told by seed, kind and features, which make
the same module again on any machine, and made smaller by leaving out parts.
"""

import dataclasses
import itertools
import subprocess

from lib.runner import Result

from . import engines

BATCH = 12
COMMAND_TIMEOUT = 120


@dataclasses.dataclass(frozen=True)
class Subject:
    """What modules are made of, and who else can run them."""
    kind: str
    features: str = ""
    wabt: tuple | None = ()  # its options; None: it cannot
    v8: int = 10  # the first major version that can without options


MEMORIES = ("--enable-multi-memory", "--enable-extended-const")
SUBJECTS = {
    "mixed": Subject("mixed"),
    "loops": Subject("loops"),
    "wild": Subject("wild"),
    "numbers": Subject("numbers"),
    "vectors": Subject("numbers", "vectors"),
    "vectors-mixed": Subject("mixed", "vectors"),
    "memories": Subject("mixed", "memories,constants", MEMORIES, 13),
    "memories-loops": Subject("loops", "memories,constants", MEMORIES, 13),
    "atomics": Subject("mixed", "atomics", None, 13),
    "tail-calls": Subject("mixed", "tail-calls", None, 13),
    "exceptions": Subject("mixed", "exceptions,tail-calls", None, 14),
    "aggregates": Subject("mixed", "aggregates,tail-calls", None, 14),
    "everything": Subject("mixed", "vectors,atomics,memories,wide-memories,constants,wide-tables,"
                          "tail-calls,exceptions,aggregates", None, 14),
    "wide": Subject("mixed", "memories,wide-memories,wide-tables,constants,vectors", None, 14),
    "wide-wild": Subject("wild", "memories,wide-memories,wide-tables,constants", None, 14),
}


@dataclasses.dataclass(frozen=True)
class Setup:
    """How Walnut compiles a module."""
    level: int
    based: bool
    cpu: str
    part_bytes: int = 0  # 0: in one part, since these modules are small

    def __str__(self):
        parts = f" --part-bytes {self.part_bytes}" if self.part_bytes else ""
        return f"-O{self.level} --memory {'based' if self.based else 'zero'} {self.cpu}{parts}"


@dataclasses.dataclass
class Finding:
    seed: int
    subject: str
    setup: Setup | None  # None: V8 and WABT differ
    text: str
    skip: str = ""

    def recipe(self):
        subject = SUBJECTS[self.subject]
        return " ".join(["fuzz-generate", f"--kind {subject.kind}",
                         *([f"--features {subject.features}"] if subject.features else []),
                         *([f"--skip {self.skip}"] if self.skip else []), str(self.seed)])

    def __str__(self):
        return f"{self.setup or 'references'}: {self.text}\n  {self.recipe()}"


def run_command(*command, input=b""):
    """A Result, whatever becomes of the command; status -1 when it does not end."""
    try:
        done = subprocess.run([str(word) for word in command], input=input, capture_output=True,
                              timeout=COMMAND_TIMEOUT)
        return Result(done.returncode, done.stdout, done.stderr)
    except subprocess.TimeoutExpired as late:
        return Result(-1, late.stdout or b"", (late.stderr or b"") + b"\nno end of it")


class Fuzzer:
    def __init__(self, project, folder, node="node"):
        self.project, self.folder, self.node = project, folder, node
        self.v8_version = engines.v8_version(run_command, node)
        self.walnut = engines.Walnut(project, run_command, folder)
        self.generator = project.build / "tests" / "fuzz" / "modules" / "fuzz-generate"
        self.modules = self.runs = self.exports = self.trapped = 0

    def setups(self, round_number):
        """All setups over time, few in each round."""
        cpus = itertools.cycle(self.walnut.cpus)
        table = [Setup(level, based, next(cpus) if level else cpu, part_bytes)
                 for cpu in self.walnut.cpus
                 for level, based, part_bytes in (
                     (2, False, 0), (0, True, 0), (2, True, 700), (0, False, 0),
                     (3, True, 0), (1, False, 300), (2, True, 0), (2, False, 2000))]
        return [table[(2 * round_number + step) % len(table)] for step in range(2)]

    # --- Making modules ------------------------------------------------------------

    def make(self, seed, subject, skip="", name=None):
        """(path, number of parts) of a seed's module."""
        path = self.folder / (name or f"{seed}.wasm")
        words = ["--kind", SUBJECTS[subject].kind]
        if SUBJECTS[subject].features:
            words += ["--features", SUBJECTS[subject].features]
        if skip:
            words += ["--skip", skip]
        result = run_command(self.generator, *words, seed, path)
        if result.status:
            raise engines.EngineFailed("fuzz-generate: " + result.text())
        return path, int(result.out.split()[1])

    # --- Comparing -----------------------------------------------------------------

    def can_run(self, subject):
        """Whether anybody but Walnut can run these modules here."""
        subject = SUBJECTS[subject]
        return subject.wabt is not None or self.v8_version >= subject.v8

    def references(self, paths, subject):
        """Per path (outcomes, None) or (None, how V8 and WABT differ)."""
        subject = SUBJECTS[subject]
        from_v8 = from_wabt = [None] * len(paths)
        if self.v8_version >= subject.v8:
            from_v8 = engines.v8(run_command, self.node, paths)
        if subject.wabt is not None:
            from_wabt = [engines.wabt(run_command, path, subject.wabt) for path in paths]
        verdicts = []
        for one, other in zip(from_v8, from_wabt):
            broken = [outcomes for outcomes in (one, other) if isinstance(outcomes, str)]
            difference = broken[0] if broken else one and other and differ(
                one, other, "V8", "WABT", exact=True)
            # WABT tells more kinds of traps apart.
            verdicts.append((None, difference) if difference else (other or one, None))
        return verdicts

    def batch(self, subject, seeds, setups):
        """Findings of these seeds' modules; their files are removed."""
        paths = [self.make(seed, subject)[0] for seed in seeds]
        findings = []
        good = []
        for seed, path, (expected, difference) in zip(seeds, paths, self.references(paths, subject)):
            self.modules += 1
            if difference:
                findings.append(Finding(seed, subject, None, difference))
            else:
                self.exports += len(expected)
                self.trapped += sum(isinstance(outcome, frozenset) for _, outcome in expected)
                good.append((seed, path, subject, expected))
        for setup in setups:
            findings += self.compare(good, setup)
        for path in paths:
            path.unlink()
        return findings

    def compare(self, good, setup):
        got = self.walnut.outcomes([(path, [name for name, _ in expected])
                                    for _, path, _, expected in good],
                                   setup.level, setup.based, setup.cpu, setup.part_bytes)
        self.runs += len(good)
        findings = []
        for (seed, _, subject, expected), outcomes in zip(good, got):
            text = outcomes if isinstance(outcomes, str) else differ(
                expected, outcomes, "reference", "Walnut", exact=setup.based)
            if text:
                findings.append(Finding(seed, subject, setup, text))
        return findings

    # --- Making findings smaller -----------------------------------------------------

    def still_there(self, finding, skip):
        path, _ = self.make(finding.seed, finding.subject, skip, "smaller.wasm")
        try:
            (expected, difference), = self.references([path], finding.subject)
            if finding.setup is None:
                return difference is not None
            return difference is None and bool(
                self.compare([(finding.seed, path, finding.subject, expected)], finding.setup))
        except engines.EngineFailed:
            return False
        finally:
            path.unlink()

    def minimise(self, finding):
        """Leaves out ever smaller runs of parts as long as the finding stays."""
        _, count = self.make(finding.seed, finding.subject, "", "smaller.wasm")
        kept = list(range(count))
        size = max(1, count // 2)
        while size:
            at = 0
            while at < len(kept):
                attempt = kept[:at] + kept[at + size:]
                skip = ranges(sorted(set(range(count)) - set(attempt)))
                if self.still_there(finding, skip):
                    kept, finding.skip = attempt, skip
                else:
                    at += size
            size //= 2
        return finding


def ranges(numbers):
    """[1, 2, 3, 7] as "1-3,7"."""
    parts = []
    for number in numbers:
        if parts and parts[-1][1] == number - 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return ",".join(f"{first}-{last}" if first != last else f"{first}" for first, last in parts)


def differ(expected, got, expected_by, got_by, exact):
    """What differs first, as text, or None.

    Not exact: without bounds checks in the code, loads that nobody needs may vanish and
    stores near a trapping access may or may not have happened (docs/decisions.md). So
    nothing is compared from the first access out of bounds on.
    """
    if [name for name, _ in expected] != [name for name, _ in got]:
        return f"{expected_by} and {got_by} ran other exports"
    for (name, wanted), (_, outcome) in zip(expected, got):
        if not exact and isinstance(wanted, frozenset) and engines.OUT_OF_BOUNDS in wanted:
            return None
        both_trap = isinstance(wanted, frozenset) and isinstance(outcome, frozenset)
        if not (wanted & outcome if both_trap else wanted == outcome):
            return f"{name}: {show(wanted)} by {expected_by}, {show(outcome)} by {got_by}"
    return None


def show(outcome):
    if isinstance(outcome, frozenset):
        return "trap " + "/".join(str(code) for code in sorted(outcome))
    return f"{outcome:#x}"
