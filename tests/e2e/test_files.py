"""Shared folders: files of the host for WASI programs."""

import os
import random
import re
import zlib

from lib.endtoend import test
from lib.programs import example, from_c, from_rust, native


def folder(context, name="shared"):
    path = context.tmp / name
    path.mkdir()
    return path


@test
def same_as_natively(context):
    """some 150 calls for files, directories, links and attributes have the results they have in a process."""
    ours, theirs = folder(context), folder(context, "native")
    expected = context.run(native(context, "files"), cwd=theirs).out
    result = context.walnut("run", "--dir", f"{ours}::.", from_c(context, "files"))
    context.must(result)
    context.equal(result.out.decode(), expected.decode(), "results")
    context.equal(listing(ours), listing(theirs), "what is left")


def listing(path):
    return sorted((str(p.relative_to(path)), p.is_dir(), p.is_symlink(), p.lstat().st_size if p.is_file() else 0)
                  for p in path.rglob("*"))


@test
def rust_programs(context):
    """Rust's std::fs creates, lists, reads, moves and removes a tree as in a process."""
    ours, theirs = folder(context), folder(context, "native")
    expected = context.run(from_rust(context, "std_files", target=None), theirs).out
    result = context.walnut("run", "--dir", f"{ours}::/data", from_rust(context, "std_files"), "/data")
    context.must(result)
    context.equal(result.out.decode(), expected.decode(), "results")
    context.equal(listing(ours), listing(theirs), "what is left")


@test
def large_files(context):
    """a file of 40 MB is read whole and right, under the host's name and under another."""
    shared = folder(context)
    data = random.Random(1).randbytes(40_000_000)
    (shared / "large").write_bytes(data)
    for option, name in ((str(shared), f"{shared}/large"), (f"{shared}::in:ro", "in/large")):
        result = context.walnut("run", "--dir", option, from_c(context, "folders"), "sum", name)
        context.must(result)
        context.equal(int(result.out), zlib.adler32(data), "sum")


@test(timeout=300)
def written_and_read_back(context):
    """a file of 96 MiB (WALNUT_TEST_FILE_MIB=1024: a whole GiB), written and read in pieces of all sizes, has one checksum to
    all."""
    shared, mib = folder(context), os.environ.get("WALNUT_TEST_FILE_MIB", "96")
    result = context.walnut("run", "--dir", f"{shared}::d", from_c(context, "checksums"), "d/f", mib)
    context.must(result)
    found, size = 1, 0
    with open(shared / "f", "rb") as file:
        while data := file.read(1 << 20):
            found, size = zlib.adler32(data, found), size + len(data)
    context.equal(size, int(mib) << 20, "size")
    context.equal(result.out.decode().split(), [str(found)] * 2, "checksums")


@test
def large_pieces(context):
    """large reads and writes, of pieces that are large, tiny and empty, move the same bytes as in a process."""
    ours, theirs = folder(context), folder(context, "native")
    expected = context.run(native(context, "large_io"), theirs / "f").out
    assert b"not all" not in expected and b"wrong" not in expected, expected
    result = context.walnut("run", "--dir", f"{ours}::/d", from_c(context, "large_io"), "/d/f")
    context.must(result)
    context.equal(result.out.decode(), expected.decode(), "shared folder")
    assert (ours / "f").read_bytes() == (theirs / "f").read_bytes(), "the files differ"
    result = context.walnut("run", "--tmpfs", "/t:16M", from_c(context, "large_io"), "/t/f")
    context.must(result)
    context.equal(result.out.decode(), expected.decode(), "folder in RAM")


@test
def ends_of_files(context):
    """a growing file ends where it does in a process; a small one is read and closed by three notifications."""
    ours, theirs, files = folder(context), folder(context, "native"), 300
    expected = context.run(native(context, "file_ends"), theirs, str(files)).out

    def notifications(count):
        result = context.walnut("run", "--stats", "--dir", f"{ours}::/d", from_c(context, "file_ends"), "/d", str(count))
        context.must(result)
        context.equal(result.out.decode(), expected.decode(), "output")
        return int(re.search(rb"queue notifications +(\d+)", result.err)[1])

    found = notifications(files) - notifications(1)
    assert found <= 3 * (files - 1) + 5, f"{found} for {files - 1} files"  # directories are not remembered for long


@test
def read_in_order(context):
    """what is fetched ahead is what is there, whatever the program writes meanwhile, and by whatever way."""
    ours, theirs = folder(context), folder(context, "native")
    expected = context.must(context.run(native(context, "read_ahead"), theirs, theirs)).out
    result = context.walnut("run", "--dir", f"{ours}::/a", "--dir", f"{ours}::/b", from_c(context, "read_ahead"), "/a", "/b")
    context.must(result)
    context.equal(result.out.decode(), expected.decode(), "results")
    assert (ours / "data").read_bytes() == (theirs / "data").read_bytes(), "the files differ"


@test
def fetched_ahead(context):
    """reading 8 MiB in small pieces takes a notification for each 128 KiB."""
    shared, windows = folder(context), 128
    (shared / "data").write_bytes(os.urandom(windows << 16))
    expected = context.must(context.run(native(context, "read_ahead"), shared, shared, "4096")).out
    result = context.walnut("run", "--stats", "--dir", f"{shared}::/d", from_c(context, "read_ahead"), "/d", "/d", "4096")
    context.must(result)
    context.equal(result.out.decode(), expected.decode(), "sum")
    found = int(re.search(rb"queue notifications +(\d+)", result.err)[1])
    assert found <= windows / 2 + 30, f"{found} notifications for {windows} windows"


@test
def read_only(context):
    """a read-only folder is read and not written."""
    shared = folder(context)
    (shared / "f").write_text("kept")
    result = context.walnut("run", "--dir", f"{shared}::.:ro", from_c(context, "folders"), "read", "f",
                            "write", "f", "write", "new", "mkdir", "d", "remove", "f")
    context.must(result)
    error = "Read-only file system"
    context.equal(result.out.decode(), f"kept\n{error}\n{error}\n{error}\n{error}\n", "results")
    context.equal((shared / "f").read_text(), "kept", "what is left")


@test
def ways_out(context):
    """neither .. nor symlinks, absolute or not, lead out of a folder; those that stay inside work."""
    shared = folder(context)
    (context.tmp / "secret").write_text("secret")
    (shared / "d").mkdir()
    (shared / "f").write_text("inside")
    for name, target in (("absolute", str(context.tmp / "secret")), ("relative", "../secret"),
                         ("around", "d/../../secret"), ("dir", ".."), ("proc", "/proc/self/mem"),
                         ("good", "d/../f")):
        (shared / name).symlink_to(target)
    out = ["../secret", "d/../../secret", "absolute", "relative", "around", "dir/secret", "proc"]
    words = [word for name in out for word in ("read", name, "write", name)]
    result = context.walnut("run", "--dir", f"{shared}::.", from_c(context, "folders"), *words, "read", "good",
                            "link", "/etc/passwd")
    context.must(result)
    lines = result.out.decode().splitlines()
    context.equal(lines, ["Capabilities insufficient"] * len(out) * 2 + ["inside"] +
                  ["Capabilities insufficient"], "results")
    context.equal((context.tmp / "secret").read_text(), "secret", "the secret")


@test
def several_folders(context):
    """each folder has its name in the program; nothing else is there, and nothing at all without the option."""
    one, two = folder(context, "one"), folder(context, "two")
    (one / "f").write_text("first")
    (two / "f").write_text("second")
    program = from_c(context, "folders")
    result = context.walnut("run", "--dir", f"{one}::/a", "--dir", f"{two}::/a/b", program, "read", "/a/f",
                            "read", "/a/b/f", "move", "/a/f", "/a/b/g", "read", "/c/f")
    context.must(result)
    context.equal(result.out.decode(), "first\nsecond\nCross-device link\nCapabilities insufficient\n", "results")
    result = context.walnut("run", program, "read", "f")
    context.must(result)
    context.equal(result.out.decode(), "Capabilities insufficient\n", "without folders")


@test
def bad_options(context):
    """a folder that is missing, none, unreadable or named twice is one line on stderr and status 125."""
    shared = folder(context)
    (context.tmp / "file").write_text("")
    program, _ = example(context, "hello")
    for options, text in (([str(context.tmp / "none")], "No such file or directory"),
                          ([str(context.tmp / "file")], "Not a directory"),
                          ([f"{shared}::a", f"/tmp::a"], "another folder named a"),
                          ([f"{shared}::"], "HOST[::GUEST]"), (["/proc::p"], "procfs is not shared")):
        result = context.walnut("run", *[word for option in options for word in ("--dir", option)], program)
        context.must(result, 125)
        context.equal(len(result.err.decode().splitlines()), 1, "one line")
        context.contains(result.err.decode(), text)


@test
def many_entries(context):
    """a directory of 20,000 entries is listed whole, and emptied while it is listed."""
    shared = folder(context)
    (shared / "d").mkdir()
    for i in range(20_000):
        (shared / "d" / f"entry-{i}").touch()
    program = from_c(context, "folders")
    result = context.walnut("run", "--dir", f"{shared}::.", program, "count", "d", "empty", "d", "count", "d")
    context.must(result)
    context.equal(result.out.decode(), "20000\n20000\n0\n", "counts")


@test
def files_of_other_kinds(context):
    """fifos, sockets and files that may not be read are errors for the program, and it goes on."""
    shared = folder(context)
    os.mkfifo(shared / "fifo")
    (shared / "f").write_text("goes on")
    result = context.walnut("run", "--dir", f"{shared}::.", from_c(context, "folders"), "read", "fifo",
                            "write", "fifo", "read", "f")
    context.must(result)
    error = "No such device or address"
    context.equal(result.out.decode(), f"{error}\n{error}\ngoes on\n", "results")


@test
def no_room(context):
    """a host that takes no more (a file size limit) is an error for the program, not the end of it."""
    shared = folder(context)
    result = context.run("bash", "-c", 'ulimit -f 8; "$@"', "bash", context.project.walnut, "run", "--dir",
                         f"{shared}::.", from_c(context, "folders"), "fill", "f", "read", "none")
    context.must(result)
    context.equal(result.out.decode(), "8192 File too large\nNo such file or directory\n", "results")
