"""What `make install` puts in place works without the source tree."""

import os
import shutil

from lib.endtoend import test
from lib.programs import example


def install(context, prefix="/usr/local"):
    """Installs into a directory of its own; returns the root of it."""
    stage = context.tmp / "stage"
    project = context.project
    context.must(context.run("meson", "install", "-C", project.build, "--no-rebuild", "--quiet",
                             "--destdir", stage))
    binaries = list(stage.rglob("bin/walnut"))
    context.equal(len(binaries), 1, "installed commands")
    return stage, binaries[0].parent.parent


@test(timeout=120)
def files(context):
    """Command, compiler, libraries, headers, kernel archive, pkg-config, man pages."""
    _, root = install(context)
    names = [str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir()]
    for wanted in ("bin/walnut", "libexec/walnut/walnut-cc", "include/libkrun.h", "include/walnut.h",
                   "lib/walnut/libwalnut-kernel.a", "lib/walnut/walnut.ld"):
        context.contains(names, wanted)
    for part in ("libkrun.so", ".pc", "man1/walnut"):
        assert any(part in name for name in names), f"nothing with {part} in {names}"


@test(timeout=120)
def runs_from_elsewhere(context):
    """Moved to another place, the tool compiles, links and runs."""
    stage, root = install(context)
    moved = context.tmp / "moved here"
    shutil.move(root, moved)
    shutil.rmtree(stage)
    module = shutil.copy(example(context, "hello")[0], context.tmp / "hello.wasm")
    got = context.must(context.run(moved / "bin" / "walnut", "run", "--no-cache", module))
    context.equal((got.out, got.err), (b"Hello from WebAssembly!\n", b""), "output")


@test(timeout=120)
def runs_without_the_source_tree(context):
    """With the source and build trees out of sight, the installed tool works."""
    if os.getuid() != 0 or context.run("unshare", "--mount", "true").status:
        context.skip("needs root and mount namespaces to hide the source tree")
    _, root = install(context)
    shutil.copy(example(context, "hello")[0], context.tmp / "hello.wasm")
    hide = 'mount -t tmpfs none "$1" && { test ! -d "$2" || mount -t tmpfs none "$2"; } && ' \
           'cd "$3" && exec "$4" run --no-cache hello.wasm'
    got = context.must(context.run("unshare", "--mount", "sh", "-c", hide, "sh", context.project.root,
                                   context.project.build, context.tmp, root / "bin" / "walnut"))
    context.equal(got.out, b"Hello from WebAssembly!\n", "output")


@test(timeout=120)
def library_is_usable(context):
    """A C program compiles and links against the installed header and library."""
    _, root = install(context)
    source = context.tmp / "probe.c"
    source.write_text("""
        #include <stdio.h>
        #include <walnut.h>
        int main(void)
        {
            char why[256] = "";
            int32_t status = krun_walnut_probe_kvm(why, sizeof(why));
            printf("%d %s\\n", status, why);
            return 0;
        }""")
    library = next(root.rglob("libkrun.so*"))
    context.must(context.run(context.project.clang, "-I", root / "include", source, "-o", "probe",
                             library, f"-Wl,-rpath,{library.parent}"))
    got = context.must(context.run(context.tmp / "probe"))
    context.equal(got.out.startswith(b"0 ") == context.project.kvm_usable, True, "probe of KVM")


@test
def setup_is_quiet(context):
    """scripts/setup with everything in place says and does nothing."""
    setup = context.project.root / "scripts" / "setup"
    if context.run(setup, "--check").status:
        context.skip("packages are missing; this build was not made by `make`")
    got = context.must(context.run(setup))
    context.equal((got.out, got.err), (b"", b""), "output")


@test
def make_help(context):
    """make help lists the targets."""
    got = context.must(context.run("make", "-s", "-C", context.project.root, "help"))
    for target in (b"make run", b"make test", b"make install", b"make bench", b"make clean"):
        context.contains(got.out, target)
