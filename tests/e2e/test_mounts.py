"""File systems of the guest's own: in RAM (--tmpfs) and in an archive (--bundle)."""

import os

from lib.endtoend import test
from lib.programs import example, from_c, from_rust, native


def folder(context, name="folder"):
    path = context.tmp / name
    path.mkdir()
    return path


@test
def tmpfs_as_natively(context):
    """some 150 calls for files, directories, links and attributes have the results in RAM that they have on disk."""
    expected = context.run(native(context, "files"), cwd=folder(context)).out
    result = context.walnut("run", "--tmpfs", ".", from_c(context, "files"))
    context.must(result)
    # Entries of a directory come in any order.
    context.equal(sorted(result.out.decode().splitlines()), sorted(expected.decode().splitlines()), "results")


@test
def tmpfs_for_rust(context):
    """Rust's std::fs creates, lists, reads, moves and removes a tree in RAM as on disk."""
    expected = context.run(from_rust(context, "std_files", target=None), folder(context)).out
    result = context.walnut("run", "--tmpfs", "/data:8M", from_rust(context, "std_files"), "/data")
    context.must(result)
    context.equal(result.out.decode(), expected.decode(), "results")


@test
def tmpfs_is_full(context):
    """what does not fit is an error for the program; what it removes is free again."""
    program = from_c(context, "folders")
    result = context.walnut("run", "--tmpfs", "t:300K", program, "fill", "t/f", "remove", "t/f", "fill", "t/g")
    context.must(result)
    lines = result.out.decode().splitlines()
    context.equal(lines[0], lines[-1], "the second time")
    context.contains(lines[0], "No space left on device")
    assert 200 << 10 < int(lines[0].split()[0]) <= 300 << 10, lines


@test
def bundle_is_read(context):
    """a bundle shows files, folders and links as they are, and takes no changes."""
    tree = folder(context)
    (tree / "d" / "e").mkdir(parents=True)
    (tree / "d" / "e" / "f").write_text("deep")
    (tree / "link").symlink_to("d/e/../e/f")
    (tree / "out").symlink_to("../secret")
    (tree / "empty").touch()
    os.mkfifo(tree / "fifo")
    for i in range(500):
        (tree / "d" / f"{i}").write_text(f"{i}")
    program = from_c(context, "folders")
    error = "Read-only file system"
    for option, prefix in ((str(tree), "/"), (f"{tree}::in", "in/")):
        result = context.walnut("run", "--bundle", option, program, "read", f"{prefix}d/e/f", "read", f"{prefix}link",
                                "read", f"{prefix}d/499", "count", f"{prefix}d", "read", f"{prefix}out",
                                "read", f"{prefix}fifo", "write", f"{prefix}new", "write", f"{prefix}link",
                                "mkdir", f"{prefix}x", "remove", f"{prefix}link")
        context.must(result)
        context.equal(result.out.decode().splitlines(),
                      ["deep", "deep", "499", "501", "Capabilities insufficient", "No such file or directory",
                       error, error, error, error], "results")


@test
def several_file_systems(context):
    """several file systems side by side are separate, also for renames."""
    tree = folder(context)
    (tree / "f").write_text("bundled")
    program = from_c(context, "folders")
    result = context.walnut("run", "--tmpfs", "/t", "--bundle", f"{tree}::/b", "--dir", f"{tree}::/d", program,
                            "read", "/b/f", "read", "/d/f", "move", "/d/f", "/t/f", "read", "/t/f")
    context.must(result)
    context.equal(result.out.decode().splitlines(),
                  ["bundled", "bundled", "Cross-device link", "No such file or directory"], "results")


@test
def bad_options(context):
    """options that cannot be are one line on stderr and status 125."""
    program, _ = example(context, "hello")
    for options, text in ((["--tmpfs", ""], "GUEST[:SIZE]"), (["--tmpfs", "/t:x"], "GUEST[:SIZE]"),
                          (["--tmpfs", "/t", "--tmpfs", "/t:1M"], "another folder named /t"),
                          (["--bundle", str(context.tmp / "none")], "No such file or directory"),
                          (["--bundle", str(program)], "Not a directory"), (["--bundle", "::x"], "DIR[::GUEST]")):
        result = context.walnut("run", *options, program)
        context.must(result, 125)
        context.equal(len(result.err.decode().splitlines()), 1, "one line")
        context.contains(result.err.decode(), text)


@test
def bundle_in_an_image(context):
    """walnut build puts a folder into the image, and programs read it there."""
    tree = folder(context)
    (tree / "f").write_text("inside")
    image = context.tmp / "image.elf"
    program = from_c(context, "folders")
    context.must(context.walnut("build", "--bundle", f"{tree}::in", program, "-o", image))
    (tree / "f").write_text("later")
    result = context.walnut("run", "--bundle", f"{tree}::out", image, "read", "in/f", "read", "out/f", "mkdir", "in/d")
    context.must(result)
    context.equal(result.out.decode().splitlines(), ["inside", "later", "Read-only file system"], "results")
