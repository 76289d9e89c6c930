"""Many files and large ones, full disks, files that go away: programs on shared folders."""

import os
import subprocess
import time

from lib.endtoend import test
from lib.programs import example, from_c, native

FILES = 10_000
ENTRIES = 100_000


def folder(context, name):
    path = context.tmp / name
    path.mkdir()
    return path


def as_root_on_small_disk(context, path, size):
    """A disk of that size, mounted at path until the test ends."""
    if os.geteuid() != 0:
        context.skip("only root can mount a small disk")
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", path], capture_output=True).returncode:
        context.skip("no file system can be mounted here")


@test
def grep(context):
    """a search through a tree of 10,000 files finds the lines that it finds in a process."""
    tree = folder(context, "tree")
    for i in range(FILES):
        if i % 100 == 0:
            (tree / str(i // 100)).mkdir()
        (tree / str(i // 100) / f"file{i}").write_text(f"line one of {i}\nthe needle {i}\n" if i % 7 == 0 else "hay\n" * 5)
    expected = context.must(context.run(native(context, "grep"), "needle", "tree")).out
    result = context.walnut("run", "--dir", "tree", from_c(context, "grep"), "needle", "tree")
    context.must(result)
    context.equal(sorted(result.out.splitlines()), sorted(expected.splitlines()), "lines")
    context.equal(len(expected.splitlines()), (FILES + 6) // 7, "lines")


@test
def many_entries(context):
    """a folder of 100,000 entries is listed whole, each entry once."""
    many = folder(context, "many")
    for i in range(ENTRIES):
        os.mknod(many / f"entry{i}")
    result = context.walnut("run", "--dir", "many", from_c(context, "folders"), "names", "many")
    context.must(result)
    names = result.out.decode().split()
    context.equal(len(names), ENTRIES, "entries")
    assert set(names) == {f"entry{i}" for i in range(ENTRIES)}, "other names"


@test
def tar(context):
    """tar packs and unpacks a tree as the host's tar does, in both directions."""
    program, _ = example(context, "tar")
    tree = folder(context, "tree")
    (tree / "deep" / ("d" * 60) / ("e" * 60)).mkdir(parents=True)
    (tree / "deep" / ("d" * 60) / ("e" * 60) / "leaf").write_bytes(os.urandom(100_000))
    (tree / "empty").touch()
    (tree / "link").symlink_to("deep")
    (tree / "large").write_bytes(os.urandom(3_000_001))
    context.must(context.walnut("run", "--dir", ".", program, "c", "ours.tar", "tree"))
    theirs = folder(context, "theirs")
    context.must(context.run("tar", "xf", context.tmp / "ours.tar", cwd=theirs))
    context.must(context.run("diff", "-r", "--no-dereference", tree, theirs / "tree"))
    context.must(context.run("tar", "--format=ustar", "-cf", "host.tar", "tree"))
    ours = folder(context, "ours")
    context.must(context.walnut("run", "--dir", f"{context.tmp}::x", "--dir", f"{ours}::.", program, "x", "x/host.tar"))
    context.must(context.run("diff", "-r", "--no-dereference", tree, ours / "tree"))
    (context.tmp / "bad.tar").write_bytes((context.tmp / "host.tar").read_bytes()[:512] + b"x" * 512)
    result = context.walnut("run", "--dir", ".", program, "t", "bad.tar")
    context.must(result, 1)
    context.contains(result.err, b"bad.tar: not a ustar archive, or damaged")


@test
def full_disk(context):
    """a program that fills the disk is told so, and what was written before is there."""
    disk = folder(context, "disk")
    as_root_on_small_disk(context, disk, "1m")
    try:
        (disk / "ballast").write_bytes(bytes(700_000))
        program, _ = example(context, "tar")
        (context.tmp / "large").write_bytes(os.urandom(600_000))
        result = context.walnut("run", "--dir", f"{context.tmp}::in", "--dir", f"{disk}::out", program, "c",
                                "out/a.tar", "in/large")
        context.must(result, 1)
        context.contains(result.err, b"tar: out/a.tar: No space left on device")
        assert 0 < (disk / "a.tar").stat().st_size <= 400_000
    finally:
        subprocess.run(["umount", disk], check=True)


@test
def not_permitted(context):
    """files that the caller may not read or write are not for the program either."""
    # Root without the capability is as anybody, and may still use /dev/kvm.
    user = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    if user and context.run(*user, "true").status:
        context.skip("setpriv cannot take capabilities away")
    shared = folder(context, "shared")
    (shared / "secret").write_text("secret")
    (shared / "secret").chmod(0)
    (shared / "closed").mkdir(mode=0o555)
    result = context.run(*user, context.project.walnut, "run", "--dir", f"{shared}::.", from_c(context, "folders"), "read",
                         "secret", "write", "secret", "write", "closed/new", "mkdir", "closed/d")
    context.must(result)
    context.equal(result.out.decode(), "Permission denied\n" * 4, "results")


@test
def removed_under_the_reader(context):
    """a file that is removed while a program reads it is read to its end; one that is cut off ends there."""
    shared = folder(context, "shared")
    for name, change in (("gone", lambda path: path.unlink()), ("cut", lambda path: os.truncate(path, 1_000_000))):
        path = shared / name
        data = os.urandom(9_000_000)
        path.write_bytes(data)
        program, _ = example(context, "cat")
        reader, writer = os.pipe()
        run = context.start([context.project.walnut, "run", "--dir", f"{shared}::.", program, name], stdout=writer,
                            stderr=subprocess.PIPE)
        os.close(writer)
        with os.fdopen(reader, "rb") as output:
            first = output.read(1000)  # the pipe is full then, and the file open
            time.sleep(0.1)
            change(path)
            got = first + output.read()
        context.equal(run.wait(), 0, "status")
        run.stderr.close()
        assert data.startswith(got), "other bytes"
        assert len(got) == len(data) if name == "gone" else 1000 <= len(got) < len(data), len(got)
