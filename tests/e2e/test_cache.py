"""The image cache: hits, misses, and whatever can go wrong with a directory."""

import os
import subprocess

from lib.endtoend import test
from lib.programs import example


def run_hello(context, cache, **keywords):
    module, _ = example(context, "hello")
    got = context.must(context.walnut("run", module, env={"XDG_CACHE_HOME": cache}, **keywords))
    context.equal(got.out, b"Hello from WebAssembly!\n", "standard output")
    return got


def files_of(cache):
    return sorted(path for path in cache.rglob("*") if path.is_file())


@test
def second_run_does_not_compile(context):
    """A second run needs neither the linker nor a new file."""
    cache = context.tmp / "cache"
    run_hello(context, cache)
    before = [(path, path.stat().st_ino) for path in files_of(cache)]
    module, _ = example(context, "hello")
    tools = context.tmp / "tools"
    tools.mkdir()
    if not context.project.kvm_usable:
        (tools / "qemu-system-x86_64").symlink_to(context.project.tool("qemu-system-x86_64"))
    context.must(context.walnut("run", module, env={"XDG_CACHE_HOME": cache, "PATH": tools}))
    context.equal([(path, path.stat().st_ino) for path in files_of(cache)], before, "files")


@test
def options_have_entries_of_their_own(context):
    """Another optimisation level or CPU is another image."""
    cache = context.tmp / "cache"
    run_hello(context, cache)
    one = len(files_of(cache))
    module, _ = example(context, "hello")
    for options in (["-O0"], ["--target-cpu", "x86-64"]):
        context.must(context.walnut("run", *options, module, env={"XDG_CACHE_HOME": cache}))
    assert len(files_of(cache)) > one, files_of(cache)


@test
def no_cache(context):
    """--no-cache reads and writes none."""
    cache = context.tmp / "cache"
    module, _ = example(context, "hello")
    context.must(context.walnut("run", "--no-cache", module, env={"XDG_CACHE_HOME": cache}))
    context.equal(files_of(cache), [], "files")


@test
def home_is_the_default(context):
    """Without XDG_CACHE_HOME the cache is in ~/.cache."""
    home = context.tmp / "home"
    home.mkdir()
    module, _ = example(context, "hello")
    context.must(context.walnut("run", module, env={"XDG_CACHE_HOME": None, "HOME": home}))
    assert files_of(home / ".cache" / "walnut"), list(home.rglob("*"))


@test
def no_home_at_all(context):
    """With neither variable the program still runs."""
    module, _ = example(context, "hello")
    context.must(context.walnut("run", module, env={"XDG_CACHE_HOME": None, "HOME": None}))


@test
def unwritable(context):
    """A cache that cannot be made or written is no reason to fail."""
    run_hello(context, "/proc/no-such-place")
    run_hello(context, "/dev/null/cache")
    (context.tmp / "file").write_bytes(b"")
    run_hello(context, context.tmp / "file")


@test
def read_only_directory(context):
    """A cache directory without write permission is no reason to fail."""
    cache = context.tmp / "cache"
    (cache / "walnut").mkdir(parents=True)
    os.chmod(cache / "walnut", 0o555)
    # Root passes by permissions unless it gives up the capability to do so.
    user = ["setpriv", "--bounding-set", "-dac_override"] if os.getuid() == 0 else []
    if user and context.run(*user, "true").status:
        context.skip("root cannot give up CAP_DAC_OVERRIDE here")
    module, _ = example(context, "hello")
    context.must(context.run(*user, context.project.walnut, "run", module,
                             env={"XDG_CACHE_HOME": cache}))
    context.equal(files_of(cache), [], "files")


@test
def full_disk(context):
    """A full cache file system: the program runs, nothing half-written stays."""
    if os.getuid() != 0:
        context.skip("needs root to mount a small tmpfs")
    cache = context.tmp / "cache"
    cache.mkdir()
    module, _ = example(context, "hello")
    inner = 'mount -t tmpfs -o size=64k tmpfs "$1" && "$2" run "$3" && find "$1" -type f | wc -l'
    got = context.run("unshare", "--mount", "sh", "-c", inner, "sh", cache, context.project.walnut,
                      module, env={"XDG_CACHE_HOME": cache})
    if b"unshare: " in got.err:
        context.skip("no mount namespaces here")
    context.must(got)
    context.equal(got.out, b"Hello from WebAssembly!\n0\n", "output and number of files")


@test
def damaged_entries(context):
    """Entries cut short, emptied or overwritten are made again, not run."""
    cache = context.tmp / "cache"
    run_hello(context, cache)
    entry = max(files_of(cache), key=lambda path: path.stat().st_size)
    data = entry.read_bytes()
    for damaged in (b"", data[:100], data[:len(data) // 2], os.urandom(len(data)),
                    data[:len(data) - 4096] + bytes(4096)):
        entry.chmod(0o644)
        entry.write_bytes(damaged)
        run_hello(context, cache)


@test
def leftovers(context):
    """A temporary file of a run that was killed does not disturb the next."""
    cache = context.tmp / "cache"
    module, _ = example(context, "wordcount")
    for _ in range(5):
        victim = context.start([context.project.walnut, "run", module],
                               env={"XDG_CACHE_HOME": cache}, stdin=subprocess.DEVNULL)
        try:
            victim.wait(0.15)
        except subprocess.TimeoutExpired:
            os.killpg(victim.pid, 9)
            victim.wait()
    context.must(context.walnut("run", module, env={"XDG_CACHE_HOME": cache}))


@test(timeout=120)
def concurrent_first_runs(context):
    """Eight runs of the same new module at once all work."""
    cache = context.tmp / "cache"
    module, _ = example(context, "hello")
    runs = [context.start([context.project.walnut, "run", module], env={"XDG_CACHE_HOME": cache},
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            for _ in range(8)]
    for run in runs:
        got = context.must(context.finish(run))
        context.equal((got.out, got.err), (b"Hello from WebAssembly!\n", b""), "output")
    context.equal([path for path in files_of(cache) if "tmp" in path.name], [], "temporary files")


@test
def symbolic_link_as_an_entry(context):
    """A cache directory that is a symbolic link works."""
    (context.tmp / "elsewhere").mkdir()
    (context.tmp / "cache").symlink_to("elsewhere")
    run_hello(context, context.tmp / "cache")
