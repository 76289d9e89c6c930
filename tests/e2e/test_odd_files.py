"""What is at the edge: names, depths, sizes and kinds of files, folders that change meanwhile, programs that mean harm."""

import os
import socket
import threading

from lib.endtoend import test
from lib.programs import from_c, native

SEEDS = (1, 2, 3)
CALLS = 15_000


def folder(context, name):
    path = context.tmp / name
    path.mkdir()
    return path


def both(context, what, differ=()):
    """The same in a process and in the machine, on a shared folder and in RAM, but for words of the C libraries."""
    ours, theirs = folder(context, "shared"), folder(context, "native")
    expected = context.must(context.run(native(context, "odd_files"), what, theirs)).out.decode()
    for option, place in (("--dir", f"{ours}::/d"), ("--tmpfs", "/d:16M")):
        result = context.walnut("run", option, place, from_c(context, "odd_files"), what, "/d")
        context.must(result)
        found = result.out.decode()
        for theirs_says, ours_says in differ:
            found = found.replace(ours_says, theirs_says)
        context.equal(found, expected, f"results with {option}")
    context.equal(os.listdir(ours), [], "what is left")


@test
def long_names(context):
    """names of 255 bytes, of whatever letters, are names; one byte more is an error."""
    both(context, "names", (("File name too long", "Filename too long"),))


@test
def deep_trees(context):
    """a tree of 150 folders in each other is made, walked and removed."""
    both(context, "deep")


@test
def bundles(context):
    """a bundle has names of 255 bytes, deep trees and names that are no UTF-8; sockets are left out; what is too large is
    refused in one line."""
    tree, deep = os.path.join(os.fsencode(context.tmp), b"tree"), "d/" * 300
    os.makedirs(os.path.join(tree, deep.encode()))
    for name, content in ((b"n" * 255, "longest"), (deep.encode() + b"leaf", "deep"), (b"\xff", "odd")):
        with open(os.path.join(tree, name), "w") as file:
            file.write(content)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.fsdecode(tree) + "/socket")
    program = from_c(context, "folders")
    result = context.walnut("run", "--bundle", "tree::b", program, "read", "b/" + "n" * 255, "read", f"b/{deep}leaf",
                            "count", "b")
    context.must(result)
    context.equal(result.out, b"longest\ndeep\n3\n", "contents")
    for size, text in (((3 << 30), "larger than 2048 MiB"), (300 << 20, "archives (300 MiB) do not fit")):
        os.truncate(os.path.join(tree, b"\xff"), size)
        result = context.walnut("run", "--bundle", "tree::b", program, "count", "b")
        context.must(result, 125)
        context.equal(len(result.err.splitlines()), 1, "one line")
        context.contains(result.err, text.encode())


@test
def more_than_4_gib(context):
    """files are larger than 4 GiB: sizes, offsets, the end, and what lies behind the largest offset."""
    ours, theirs = folder(context, "shared"), folder(context, "native")
    expected = context.must(context.run(native(context, "odd_files"), "big", theirs)).out.decode()
    result = context.walnut("run", "--dir", f"{ours}::/d", from_c(context, "odd_files"), "big", "/d")
    context.must(result)
    context.equal(result.out.decode(), expected, "results")


@test
def other_kinds(context):
    """fifos, sockets, devices, and links to them are listed and looked at, but not opened."""
    tree = folder(context, "tree")
    os.mkfifo(tree / "fifo")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tree / "socket"))
    (tree / "file").touch()
    (tree / "folder").mkdir()
    (tree / "link").symlink_to("fifo")
    expected = ["fifo: other, opened: No such device or address", "file: file, opened: yes",
                "folder: directory, opened: yes", "link: other, opened: No such device or address",
                "socket: socket, opened: No such device or address"]
    if os.geteuid() == 0:
        os.mknod(tree / "device", 0o20666, os.makedev(1, 5))
        expected.insert(0, "device: device, opened: No such device or address")
    result = context.walnut("run", "--dir", f"{tree}::/d", from_c(context, "odd_files"), "kinds", "/d")
    context.must(result)
    context.equal(result.out.decode().splitlines(), expected, "kinds")


@test
def odd_folders(context):
    """a folder with a name that is no UTF-8, or of 255 bytes, is shared under that name; one that may not be read is refused."""
    program = from_c(context, "folders")
    for name in (b"\xff\xfe", b"n" * 255, b"with space", b"new\nline"):
        path = os.path.join(os.fsencode(context.tmp), name)
        os.mkdir(path)
        with open(os.path.join(path, b"f"), "w") as file:
            file.write("found")
        result = context.walnut("run", "--dir", os.fsdecode(name), program, "read", os.fsdecode(name + b"/f"))
        context.must(result)
        context.equal(result.out, b"found\n", "content")
    closed = folder(context, "closed")
    closed.chmod(0)
    user = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    if user and context.run(*user, "true").status:
        context.skip("setpriv cannot take capabilities away")
    result = context.run(*user, context.project.walnut, "run", "--dir", closed, program, "read", "f")
    context.must(result, 125)
    context.equal(len(result.err.decode().splitlines()), 1, "one line")
    context.contains(result.err, b"Permission denied")


@test
def renamed_meanwhile(context):
    """while a folder's name is now its own, now that of a link to elsewhere, a program never gets elsewhere."""
    shared, outside = folder(context, "shared"), folder(context, "outside")
    (outside / "f").write_text("a secret that nobody reads")
    (shared / "real").mkdir()
    (shared / "real" / "f").write_text("inside")
    (shared / "y").mkdir()
    (shared / "link").symlink_to("../outside")
    (shared / "absolute").symlink_to(outside)
    done = threading.Event()

    def swap():
        while not done.is_set():
            for name in ("real", "link", "real", "absolute"):
                (shared / name).rename(shared / "x")
                (shared / "x").rename(shared / name)

    swapper = threading.Thread(target=swap)
    swapper.start()
    try:
        result = context.walnut("run", "--dir", f"{shared}::.", from_c(context, "races"), "3000")
    finally:
        done.set()
        swapper.join()
    context.must(result)
    context.equal(result.out.decode(), "inside, refused, 0 other\n", "what was found")
    context.equal(sorted(os.listdir(outside)), ["f"], "elsewhere")


@test
def replaced_meanwhile(context):
    """a file that the host replaces again and again, as editors do, is there whenever it is opened."""
    shared = folder(context, "shared")
    (shared / "f").write_text("old")
    done = threading.Event()

    def replace():
        while not done.is_set():
            for content in ("new", "old"):
                (shared / "g").write_text(content)
                (shared / "g").rename(shared / "f")

    replacer = threading.Thread(target=replace)
    replacer.start()
    try:
        result = context.walnut("run", "--dir", f"{shared}::.", from_c(context, "folders"), *["read", "f"] * 3000)
    finally:
        done.set()
        replacer.join()
    context.must(result)
    lines = result.out.decode().splitlines()
    context.equal(len(lines), 3000, "readings")
    assert set(lines) <= {"old", "new"}, set(lines)


@test
def calls_by_chance(context):
    """calls of all functions by chance, on shared folders, archives and memory, hurt neither kernel nor VMM nor anything outside."""
    outside = folder(context, "outside")
    (outside / "f").write_text("secret")
    for name in ("shared", "fixed", "bundle"):
        tree = folder(context, name)
        (tree / "d" / "deep").mkdir(parents=True)
        (tree / "a").write_text("some text\n" * 1000)
        (tree / "d" / "f").write_text("more")
        (tree / "link").symlink_to("d/f")
        (tree / "out").symlink_to("../outside")
    before = (outside / "f").stat()
    for seed in SEEDS:
        result = context.run("bash", "-c", 'ulimit -f 4096; exec "$@"', "bash", context.project.walnut, "run", "--dir", "shared",
                             "--dir", "fixed::fixed:ro", "--bundle", "bundle::bundle", "--tmpfs", "ram:1M",
                             from_c(context, "hostile_calls"), seed, CALLS)
        context.equal(result.status, 0, f"status with seed {seed}")
    after = (outside / "f").stat()
    context.equal((after.st_mtime_ns, after.st_ctime_ns, after.st_nlink), (before.st_mtime_ns, before.st_ctime_ns, 1), "outside")
    context.equal(os.listdir(outside), ["f"], "outside")
    context.equal(sorted(os.listdir(context.tmp / "fixed")), ["a", "d", "link", "out"], "what is read-only")
