"""Unit tests and fuzz smoke runs: executables that Meson knows as tests.

A cmocka executable reports in TAP, so that each of its cases is an outcome of its
own. Everything else passes by exit status 0.
"""

import json
import re
import subprocess

from .runner import Failed, Outcome, Test

TAP_LINE = re.compile(r"^(not ok|ok) \d+ - (\S+)(?:\s*# (SKIP|TODO)\s*(.*))?", re.MULTILINE)


def collect(project):
    listing = subprocess.run(["meson", "introspect", str(project.build), "--tests"],
                             stdout=subprocess.PIPE, check=True)
    return [from_meson(entry) for entry in json.loads(listing.stdout)]


def from_meson(entry):
    suites = [suite.split(":")[-1] for suite in entry["suite"]]
    kind = "fuzz" if "fuzz" in suites else "unit"
    name = re.sub(r"^(unit|fuzz)[-_/ ]", "", entry["name"]).replace(" ", "-")

    def function(context):
        result = context.run(*entry["cmd"], cwd=entry["workdir"] or context.project.build,
                             env=dict(entry["env"], CMOCKA_MESSAGE_OUTPUT="TAP"))
        cases = TAP_LINE.findall(result.out.decode(errors="replace")) if kind == "unit" else []
        outcomes = [outcome(f"unit/{name}/{case}", verdict, skip, result)
                    for verdict, case, skip, reason in cases]
        if result.status != 0 and not any(found.state == "fail" for found in outcomes):
            raise Failed(result.text())
        return outcomes

    return Test(f"{kind}/{name}", f"the {kind} test {name} of the {', '.join(suites) or 'project'}",
                function, timeout=max(60, entry["timeout"]))


def outcome(name, verdict, skip, result):
    if skip:
        return Outcome(name, "skip", "the unit test skips itself")
    if verdict == "ok":
        return Outcome(name, "pass")
    return Outcome(name, "fail", "", result.text())
