"""End-to-end tests: functions of tests/e2e/test_*.py marked with @test.

Each function's docstring says in one sentence what it proves.
"""

import importlib.util

from .runner import Test

_collected = []


def test(function=None, *, timeout=60, alone=False):
    """Marks a function of one argument, the context, as a test."""
    def mark(function):
        if not function.__doc__:
            raise ValueError(f"{function.__name__}: say what it proves in a docstring")
        _collected.append((function, timeout, alone))
        return function
    return mark(function) if function else mark


def collect(project):
    tests = []
    for path in sorted((project.root / "tests" / "e2e").glob("test_*.py")):
        _collected.clear()
        spec = importlib.util.spec_from_file_location(path.stem, path)
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
        area = path.stem.removeprefix("test_")
        for function, timeout, alone in _collected:
            name = f"e2e/{area}/{function.__name__}"
            tests.append(Test(name, " ".join(function.__doc__.split()), function, timeout, alone))
    return tests
