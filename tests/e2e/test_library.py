"""libkrun.so.1 for programs that are written for libkrun's API."""

import http.client
import json
import re
import shutil
import socket
import subprocess

from lib.endtoend import test
from lib.programs import example, from_bytes, from_c, from_wat


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
    context.equal(sorted(set(declared(context)) ^ set(names)), [], "functions in one of the two only")
    context.equal(len(names), len(set(names)), "number of functions, each once")


def program(context, name, *more):
    """tests/e2e/library/NAME.c, compiled as a user of the library compiles it."""
    root = context.project.root
    target = context.tmp / name
    context.must(context.run(context.project.clang, "-std=gnu17", "-Wall", "-Wextra", "-Werror",
                             "-I", root / "include", root / "tests" / "e2e" / "library" / f"{name}.c",
                             "-o", target, *more))
    return target


def linked(context):
    path = library(context)
    return program(context, "linked", path, f"-Wl,-rpath,{path.parent}")


ECHO = """(module
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $env_sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $env (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func $show (param $sizes i32) (param $to i32)
    (i32.store (i32.const 32) (local.get $to))
    (i32.store (i32.const 36) (i32.load offset=4 (local.get $sizes)))
    (drop (call $write (i32.const 1) (i32.const 32) (i32.const 1) (i32.const 40))))
  (func (export "_start")
    (drop (call $args_sizes (i32.const 0) (i32.const 4)))
    (drop (call $args (i32.const 1024) (i32.const 4096)))
    (call $show (i32.const 0) (i32.const 4096))
    (drop (call $env_sizes (i32.const 8) (i32.const 12)))
    (drop (call $env (i32.const 1024) (i32.const 8192)))
    (call $show (i32.const 8) (i32.const 8192))
    (call $exit (i32.const 42))))
"""


@test()
def runs_a_module(context):
    """A program linked with the library runs a module: arguments, environment, folder, status."""
    module = from_wat(context, ECHO)
    got = context.must(context.run(linked(context), module, "one", "two words"), 42)
    context.equal(got.out.split(b"\0"), [bytes(module), b"one", b"two words", b"MODE=test", b"HOME=/",
                                         b"PWD=/work", b""], "arguments and environment")
    context.equal(got.err, b"", "standard error")


@test()
def runs_a_module_by_dlopen(context):
    """A program that finds the functions by dlsym, as crun does, runs a module."""
    opened = program(context, "opened", "-ldl")
    got = context.must(context.run(opened, library(context), example(context, "wc")[0], input=b"one two\nthree\n"))
    context.equal(got.out.split(), [b"2", b"3", b"14"], "counts")


@test()
def runs_a_module_of_its_root(context):
    """With krun_set_root the program is looked for there, and nothing leads out of it."""
    root = context.tmp / "root"
    (root / "work").mkdir(parents=True)
    outside = shutil.copy(example(context, "hello")[0], context.tmp / "outside.wasm")
    shutil.copy(outside, root / "work" / "app.wasm")
    (root / "link").symlink_to("/work/app.wasm")
    (root / "out").symlink_to(outside)
    (root / "up").symlink_to("../outside.wasm")
    run = linked(context)
    env = {"WALNUT_TEST_ROOT": str(root)}
    for path in ("/work/app.wasm", "app.wasm", "/link", "/../../work/app.wasm"):
        got = context.must(context.run(run, path, env=env))
        context.equal(got.out, b"Hello from WebAssembly!\n", "output")
    for path in ("/out", "/up", outside):
        got = context.must(context.run(run, path, env=env), 99)
        context.contains(got.err, f" in {root}: No such file or directory".encode())


@test()
def runs_a_containers_program(context):
    """Without krun_set_exec the program is that of the configuration which crun leaves in the root."""
    root = context.tmp / "root"
    root.mkdir()
    shutil.copy(from_wat(context, ECHO), root / "app.wasm")
    config = {"process": {"args": ["./app.wasm", "a \"b\""], "env": ["A=1"], "cwd": "/"}, "hostname": "x"}
    (root / ".krun_config.json").write_text(json.dumps(config))
    run = linked(context)
    env = {"WALNUT_TEST_ROOT": str(root)}
    got = context.must(context.run(run, "-", env=env), 42)
    context.equal(got.out.split(b"\0"), [b"./app.wasm", b'a "b"', b"A=1", b"PWD=/", b""], "arguments, environment")
    (root / ".krun_config.json").write_text("{}")
    got = context.must(context.run(run, "-", env=env), 99)
    context.contains(got.err, b"/.krun_config.json: not a container's configuration with a program")
    (root / ".krun_config.json").unlink()
    got = context.must(context.run(run, "-", env=env), 99)
    context.contains(got.err, b"neither a kernel nor a program was set")


@test()
def limits_reach_the_module(context):
    """krun_set_rlimits: descriptors and memory of a module are limited; other limits are a line in the log."""
    root = context.tmp / "root"
    root.mkdir()
    shutil.copy(from_c(context, "limits"), root / "app.wasm")
    run = linked(context)

    def under(limits, status=0):
        env = {"WALNUT_TEST_ROOT": str(root), "WALNUT_TEST_LIMITS": limits}
        return context.must(context.run(run, "/app.wasm", env=env), status)

    infinite = 2**64 - 1
    got = under(f"7=20:1000 9={64 << 20}:{infinite}")
    context.equal(got.out, b"descriptors up to 19: No file descriptors available\n1024 pages\n")
    context.equal(got.err, b"")
    got = under(f"7={infinite}:{infinite} 6=100:200 3=1:2")
    assert b"descriptors up to 19" not in got.out and b" 1024 pages" not in got.out
    context.contains(got.err, b"limit 6=100:200: has no meaning for a WebAssembly program\n", b"limit 3=1:2: ")
    context.contains(under("9=65536:65536", 125).err, b"MiB of memory, its limit leaves 0 MiB")
    for wrong in ("7=20", "7=20:", "NOFILE=1:2", "7=1:18446744073709551616"):
        context.contains(under(wrong, 99).err, b"krun_set_rlimits", b"not NUMBER=SOFT:HARD")


@test()
def ports_of_the_host_lead_to_the_module(context):
    """krun_set_port_map: a web server in the guest answers at the host's port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    process = context.start([linked(context), example(context, "httpd")[0], "80"],
                            env={"WALNUT_TEST_PORT": f"{port}:80"}, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    line = process.stdout.readline()
    assert line, process.stderr.read()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/")
    context.equal(connection.getresponse().read(), b"Hello, world!\n", "answer")
    connection.close()
    process.terminate()
    context.finish(process)


@test()
def console_output_goes_to_a_file(context):
    """krun_set_console_output: both streams go to the file, input is empty."""
    output = context.tmp / "console"
    output.write_text("what was there before, and is longer than the greeting of the program")
    got = context.must(context.run(linked(context), example(context, "hello")[0],
                                   env={"WALNUT_TEST_OUTPUT": str(output)}))
    context.equal((got.out, output.read_bytes()), (b"", b"Hello from WebAssembly!\n"), "output, file")


@test()
def ports_are_the_modules_streams(context):
    """A console that was added instead of the implicit one: its ports are the module's streams."""
    path = library(context)
    consoles = program(context, "consoles", path, f"-Wl,-rpath,{path.parent}")
    (context.tmp / "in").write_bytes(b"one two\nthree\n")
    context.must(context.run(consoles, example(context, "wc")[0], "in", "out", "err"))
    context.equal((context.tmp / "out").read_bytes().split(), [b"2", b"3", b"14"], "counts")
    context.equal((context.tmp / "err").read_bytes(), b"")


@test()
def several_machines_at_once(context):
    """Threads of one process run a machine each, some of them in jails; none gets another's streams."""
    if not context.project.kvm_usable or context.run("unshare", "--user", "true").status != 0:
        context.skip("needs KVM and user namespaces")
    path = library(context)
    several = program(context, "several", path, f"-Wl,-rpath,{path.parent}", "-pthread", "-D_GNU_SOURCE")
    context.equal(context.must(context.run(several, example(context, "cat")[0], "8")).out, b"")


@test()
def modules_come_from_the_cache(context):
    """The image that walnut run has made is used: no linker is needed any more."""
    module = example(context, "hello")[0]
    run = linked(context)
    context.must(context.walnut("run", module))
    got = context.must(context.run(run, module, env={"PATH": "/nonexistent"}))
    context.equal(got.out, b"Hello from WebAssembly!\n", "output")


@test()
def says_what_is_wrong(context):
    """No command, a command that fails, a broken module, no such file, something else: each is one line of the log."""
    run = linked(context)
    module = example(context, "hello")[0]
    bad = from_bytes(context, b"\0asm\1\0\0\0\1\xff", "bad.wasm")
    script = from_bytes(context, b"#!/bin/sh\n", "script")
    for path, env, words in (
            (module, {"WALNUT_COMMAND": "/nonexistent/walnut"},
             (b"/nonexistent/walnut: not found or not executable (WALNUT_COMMAND names it)", )),
            (module, {"WALNUT_COMMAND": "/bin/true"}, (bytes(module), b"the walnut command failed")),
            (bad, {}, (bytes(bad) + b": ", )),
            (script, {}, (bytes(script) + b": neither a WebAssembly module nor a Walnut image", )),
            (context.tmp, {}, (b"not a regular file", )),
            (context.tmp / "missing", {}, (b"No such file or directory", ))):
        got = context.must(context.run(run, path, env=env), 99)
        context.contains(got.err, b"walnut: error: krun_start_enter: ", *words)
        context.equal((got.out, got.err.count(b"\n")), (b"", 2), "output, lines")


@test(timeout=120)
def installed_library_finds_the_command(context):
    """Installed somewhere, library and command work together."""
    stage = context.tmp / "stage"
    context.must(context.run("meson", "install", "-C", context.project.build, "--no-rebuild", "--quiet",
                             "--destdir", stage))
    installed = next(stage.rglob("libkrun.so.1"))
    got = context.must(context.run(program(context, "opened", "-ldl"), installed, example(context, "hello")[0]))
    context.equal(got.out, b"Hello from WebAssembly!\n", "output")
