"""A large real program, which scripts/large-module brings."""

from lib.endtoend import test

MODULE = "large-module/node_modules/@yowasp/yosys/gen/yosys.core.wasm"


@test(timeout=400)
def yosys(context):
    """A program of 30 MB, compiled in more than fifty parts, runs in its microVM."""
    module = context.project.build / MODULE
    if not module.exists():
        context.skip("scripts/large-module has not installed it: no npm or no network")
    got = context.must(context.walnut("run", "-O0", module, "-Q", "-T", "-p",
                                      "help synth_ice40; log sum [expr 1]"))
    context.contains(got.out, b"synth_ice40 [options]", b"sum")
