"""libkrun.so.1 for programs that are written for libkrun's API."""

import re

from lib.endtoend import test


def declared(context):
    """The names of the functions that the public headers declare."""
    text = "".join((context.project.root / "include" / name).read_text() for name in ("libkrun.h", "walnut.h"))
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return sorted(set(re.findall(r"\b(krun_\w+)\(", text)))


def library(context):
    return context.project.build / "vmm" / "libkrun.so.1"


@test()
def exports_are_the_headers_functions(context):
    """The library exports each function of the headers, with a version, and nothing else."""
    got = context.must(context.run("nm", "--dynamic", "--defined-only", library(context)))
    symbols = [line.split()[-1] for line in got.out.decode().splitlines()]
    context.equal(sorted(symbols), sorted(["LIBKRUN_1"] + [f"{name}@@LIBKRUN_1" for name in declared(context)]),
                  "exported symbols")


@test()
def every_function_is_documented(context):
    """docs/libkrun-api.md has each function of the headers in a table, once."""
    lines = (context.project.root / "docs" / "libkrun-api.md").read_text().splitlines()
    names = [name for line in lines if line.startswith("| `krun")
             for name in re.findall(r"`(krun_\w+)`", line.split("|")[1])]
    context.equal(sorted(names), declared(context), "documented functions")
