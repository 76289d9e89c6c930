"""The tests that random modules are in a test run: few, of fixed seeds, and every module
that once was a finding (tests/fuzz/found). `make fuzz` goes on from there."""

import pathlib

from lib.runner import Failed, Skip, Test

from .differential import Fuzzer, Setup

KINDS = ("mixed", "loops", "wild", "numbers")
SEEDS = range(1, 15)


def collect(project):
    tests = [Test(f"fuzz/modules/{kind}", f"random modules ({kind}) do in the microVM what they do "
                  "in V8 and WABT's interpreter", lambda context, kind=kind: random_modules(context, kind),
                  timeout=120) for kind in KINDS]
    for path in sorted((pathlib.Path(__file__).parent.parent / "found").glob("*.wat")):
        tests.append(Test(f"fuzz/found/{path.stem}", f"what {path.name} once showed stays mended",
                          lambda context, path=path: found_before(context, path)))
    return tests


def need_engines(context):
    for tool in ("node", "wasm-interp"):
        if not context.project.tool(tool):
            raise Skip(f"{tool} is not installed")


def random_modules(context, kind):
    need_engines(context)
    fuzzer = Fuzzer(context.project, context.tmp, kind)
    findings = []
    for round_number, first in enumerate(range(0, len(SEEDS), 7)):
        findings += fuzzer.batch(SEEDS[first:first + 7], fuzzer.setups(round_number))
    if findings:
        raise Failed("\n".join(map(str, findings)))


def found_before(context, path):
    """Every setup, since what differed may have moved."""
    need_engines(context)
    module = context.tmp / "found.wasm"
    context.must(context.run("wat2wasm", "--enable-all", path, "-o", module))
    fuzzer = Fuzzer(context.project, context.tmp)
    (expected, difference), = fuzzer.references([module])
    if difference:
        raise Failed(difference)
    for level, based in ((0, False), (1, True), (2, False), (2, True), (3, False)):
        setup = Setup(level, based, fuzzer.walnut.cpus[-1])
        for finding in fuzzer.compare([(0, module, "found", expected)], setup):
            raise Failed(f"{setup}: {finding.text}")
