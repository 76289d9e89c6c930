"""Random modules in several engines: the same outcomes everywhere, or a finding.

fuzz-generate makes the modules; a finding is told by seed, kind and features, which make
the same module again on any machine, and made smaller by leaving out statements.
"""

import dataclasses
import itertools
import subprocess

from lib.runner import Result

from . import engines

BATCH = 12
COMMAND_TIMEOUT = 120


@dataclasses.dataclass(frozen=True)
class Setup:
    """How Walnut compiles a module."""
    level: int
    based: bool
    cpu: str

    def __str__(self):
        return f"-O{self.level} --memory {'based' if self.based else 'zero'} {self.cpu}"


@dataclasses.dataclass
class Finding:
    seed: int
    kind: str
    features: str
    setup: Setup | None  # None: V8 and WABT differ
    text: str
    skip: str = ""

    def recipe(self):
        return " ".join(["fuzz-generate", f"--kind {self.kind}",
                         *([f"--features {self.features}"] if self.features else []),
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
    def __init__(self, project, folder, kind="any", features=""):
        self.project, self.folder = project, folder
        self.kind, self.features = kind, features
        self.walnut = engines.Walnut(project, run_command, folder)
        self.generator = project.build / "tests" / "fuzz" / "modules" / "fuzz-generate"
        self.modules = self.runs = self.exports = self.trapped = 0

    def setups(self, round_number):
        """All setups over time, few in each round."""
        cpus = itertools.cycle(self.walnut.cpus)
        table = [Setup(level, based, next(cpus) if level else cpu)
                 for cpu in self.walnut.cpus
                 for level, based in ((2, False), (0, True), (2, True), (0, False), (3, True), (1, False))]
        return [table[(2 * round_number + step) % len(table)] for step in range(2)]

    # --- Making modules ------------------------------------------------------------

    def make(self, seed, kind, skip="", name=None):
        """(path, kind, statements) of a seed's module."""
        path = self.folder / (name or f"{seed}.wasm")
        words = ["--kind", kind]
        if self.features:
            words += ["--features", self.features]
        if skip:
            words += ["--skip", skip]
        result = run_command(self.generator, *words, seed, path)
        if result.status:
            raise engines.EngineFailed("fuzz-generate: " + result.text())
        kind, statements = result.out.decode().split()
        return path, kind, int(statements)

    # --- Comparing -----------------------------------------------------------------

    def references(self, paths):
        """Per path (outcomes, None) or (None, how V8 and WABT differ)."""
        verdicts = []
        for path, from_v8 in zip(paths, engines.v8(run_command, paths)):
            from_wabt = engines.wabt(run_command, path)
            difference = differ(from_v8, from_wabt, "V8", "WABT", exact=True)
            # WABT tells more kinds of traps apart.
            verdicts.append((None, difference) if difference else (from_wabt, None))
        return verdicts

    def batch(self, seeds, setups):
        """Findings of these seeds' modules; the files of those without one are removed."""
        made = [self.make(seed, self.kind) for seed in seeds]
        findings = []
        good = []
        for seed, (path, kind, _), (expected, difference) in zip(
                seeds, made, self.references([path for path, _, _ in made])):
            self.modules += 1
            if difference:
                findings.append(Finding(seed, kind, self.features, None, difference))
            else:
                self.exports += len(expected)
                self.trapped += sum(isinstance(outcome, frozenset) for _, outcome in expected)
                good.append((seed, path, kind, expected))
        for setup in setups:
            findings += self.compare(good, setup)
        for path, _, _ in made:
            path.unlink()
        return findings

    def compare(self, good, setup):
        got = self.walnut.outcomes([(path, [name for name, _ in expected])
                                    for _, path, _, expected in good],
                                   setup.level, setup.based, setup.cpu)
        self.runs += len(good)
        findings = []
        for (seed, _, kind, expected), outcomes in zip(good, got):
            text = outcomes if isinstance(outcomes, str) else differ(
                expected, outcomes, "reference", "Walnut", exact=setup.based)
            if text:
                findings.append(Finding(seed, kind, self.features, setup, text))
        return findings

    # --- Making findings smaller -----------------------------------------------------

    def still_there(self, finding, skip):
        path, _, _ = self.make(finding.seed, finding.kind, skip, "smaller.wasm")
        try:
            (expected, difference), = self.references([path])
            if finding.setup is None:
                return difference is not None
            return difference is None and bool(
                self.compare([(finding.seed, path, finding.kind, expected)], finding.setup))
        except engines.EngineFailed:
            return False
        finally:
            path.unlink()

    def minimise(self, finding):
        """Leaves out ever smaller runs of statements as long as the finding stays."""
        _, _, count = self.make(finding.seed, finding.kind, "", "smaller.wasm")
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
