"""The tests that random modules are in a test run: few, of fixed seeds, and every module
that once was a finding (tests/fuzz/found). `make fuzz` goes on from there."""

import pathlib

from lib.runner import Failed, Skip, Test

from fuzz.verdicts.verdicts import Judges
from .differential import SUBJECTS, Fuzzer, Setup
from .engines import find_node

SEEDS = range(1, 7)
MUTANTS = 600


def collect(project):
    tests = [Test(f"fuzz/modules/{subject}", f"random modules ({subject}) do in the microVM what they "
                  "do in V8 and WABT's interpreter",
                  lambda context, subject=subject: random_modules(context, subject), timeout=120)
             for subject in SUBJECTS]
    tests.append(Test("fuzz/verdicts", "decoder and validator accept of changed modules what others "
                      "accept", verdicts, timeout=120))
    for path in sorted((pathlib.Path(__file__).parent.parent / "found").glob("*.wat")):
        tests.append(Test(f"fuzz/found/{path.stem}", f"what {path.name} once showed stays mended",
                          lambda context, path=path: found_before(context, path)))
    return tests


def make_fuzzer(context, subject):
    if not context.project.tool("wasm-interp"):
        raise Skip("wasm-interp is not installed")
    fuzzer = Fuzzer(context.project, context.tmp, find_node(context.project))
    if not fuzzer.can_run(subject):
        raise Skip("no other engine here can run these modules: scripts/newer-node has not installed one: no npm or no network")
    return fuzzer


def random_modules(context, subject):
    fuzzer = make_fuzzer(context, subject)
    round_number = list(SUBJECTS).index(subject)
    findings = fuzzer.batch(subject, SEEDS, fuzzer.setups(round_number))
    if findings:
        raise Failed("\n".join(map(str, findings)))


def found_before(context, path):
    """Every setup, since what differed may have moved. The first line names the subject."""
    subject = path.read_text().split()[1].rstrip(":")
    fuzzer = make_fuzzer(context, subject)
    module = context.tmp / "found.wasm"
    context.must(context.run("wat2wasm", "--enable-all", path, "-o", module))
    (expected, difference), = fuzzer.references([module], subject)
    if difference:
        raise Failed(difference)
    for level, based, part_bytes in ((0, False, 0), (1, True, 0), (2, False, 0), (2, True, 100),
                                     (3, False, 0)):
        setup = Setup(level, based, fuzzer.walnut.cpus[-1], part_bytes)
        for finding in fuzzer.compare([(0, module, subject, expected)], setup):
            raise Failed(f"{setup}: {finding.text}")


def verdicts(context):
    if not context.project.tool("wasm-validate"):
        raise Skip("wasm-validate is not installed")
    judges = Judges(context.project, context.tmp)
    found = judges.round(1, MUTANTS)
    if found:
        raise Failed("\n".join(map(str, found)))
