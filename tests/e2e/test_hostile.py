"""Programs and hosts that mean harm: odd arguments to WASI, stacks and memories that run out,
limits on what the command itself may use."""

import resource

from lib.endtoend import test
from lib.programs import example, from_wat

# i: i32, I: i64. Not proc_exit and proc_raise, which would end the program; the last three
# change what the others see.
FUNCTIONS = {
    "args_get": "ii", "args_sizes_get": "ii", "environ_get": "ii", "environ_sizes_get": "ii",
    "clock_res_get": "ii", "clock_time_get": "iIi", "fd_advise": "iIIi", "fd_allocate": "iII",
    "fd_datasync": "i", "fd_fdstat_get": "ii", "fd_fdstat_set_flags": "ii", "fd_filestat_get": "ii",
    "fd_filestat_set_size": "iI", "fd_filestat_set_times": "iIIi", "fd_pread": "iiiIi",
    "fd_prestat_get": "ii", "fd_prestat_dir_name": "iii", "fd_pwrite": "iiiIi", "fd_read": "iiii",
    "fd_readdir": "iiiIi", "fd_seek": "iIii", "fd_sync": "i", "fd_tell": "ii", "fd_write": "iiii",
    "path_create_directory": "iii", "path_filestat_get": "iiiii", "path_filestat_set_times": "iiiiIIi",
    "path_link": "iiiiiii", "path_open": "iiiiiIIii", "path_readlink": "iiiiii",
    "path_remove_directory": "iii", "path_rename": "iiiiii", "path_symlink": "iiiii",
    "path_unlink_file": "iii", "poll_oneoff": "iiii", "random_get": "ii", "sched_yield": "",
    "sock_accept": "iii", "sock_recv": "iiiiii", "sock_send": "iiiii", "sock_shutdown": "ii",
    "fd_fdstat_set_rights": "iII", "fd_renumber": "ii", "fd_close": "i",
}
ODD = (0, 1, 2, 3, 8, 16, 65528, 65532, 65535, 65536, 65537, 0x7fffffff, 0x80000000, 0xfffffff8,
       0xfffffffc, 0xffffffff)


def odd_calls(rounds):
    """A program that calls each function so often with arguments from ODD. Zeros where
    structures may lie keep a poll from waiting for a clock."""
    types = {"i": "i32", "I": "i64"}
    values = {"i": "(call $value)", "I": "(i64.extend_i32_s (call $value))"}
    imports = "".join(
        f'(import "wasi_snapshot_preview1" "{name}" (func ${name} (param {" ".join(map(types.get, kinds))})'
        " (result i32)))\n" for name, kinds in FUNCTIONS.items())
    loops = "".join(
        f"""(local.set $i (i32.const {rounds}))
        (loop $again
            (memory.fill (i32.const 0) (i32.const 0) (i32.const 256))
            (memory.fill (i32.const 65408) (i32.const 0) (i32.const 128))
            (drop (call ${name} {" ".join(map(values.get, kinds))}))
            (local.set $i (i32.sub (local.get $i) (i32.const 1)))
            (br_if $again (local.get $i)))\n""" for name, kinds in FUNCTIONS.items())
    table = "".join(f"\\{byte:02x}" for value in ODD for byte in value.to_bytes(4, "little"))
    return f"""(module {imports}
        (memory (export "memory") 1)
        (data (i32.const 1024) "{table}")
        (global $seed (mut i32) (i32.const 12345))
        (func $value (result i32)
            (global.set $seed (i32.add (i32.mul (global.get $seed) (i32.const 1664525))
                                       (i32.const 1013904223)))
            (i32.load offset=1024 (i32.shl (i32.shr_u (global.get $seed) (i32.const 28)) (i32.const 2))))
        (func (export "_start") (local $i i32) {loops}))"""


@test
def odd_arguments_to_wasi(context):
    """Pointers and sizes at and past the end of memory: every WASI function answers, none traps."""
    module = from_wat(context, odd_calls(2000))
    context.must(context.walnut("run", module))


@test
def stack_runs_out_inside_wasi(context):
    """A stack that ends inside the runtime is the program's stack overflow, not the kernel's fault."""
    calls = {
        "fd_write": "(drop (call $f (i32.const 1) (i32.const 0) (i32.const 2) (i32.const 32)))",
        "random_get": "(drop (call $f (i32.const 64) (i32.const 8)))",
        "clock_time_get": "(drop (call $f (i32.const 0) (i64.const 0) (i32.const 64)))",
        "poll_oneoff": "(drop (call $f (i32.const 128) (i32.const 256) (i32.const 1) (i32.const 300)))",
    }
    for name, call in calls.items():
        types = " ".join({"i": "i32", "I": "i64"}[kind] for kind in FUNCTIONS[name])
        module = from_wat(context, f"""(module
            (import "wasi_snapshot_preview1" "{name}" (func $f (param {types}) (result i32)))
            (memory (export "memory") 1)
            (data (i32.const 0) "\\10\\00\\00\\00\\01\\00\\00\\00\\10\\00\\00\\00\\01\\00\\00\\00x")
            (func $deep (param i32) (result i32)
                {call}
                (i32.add (i32.const 1) (call $deep (i32.add (local.get 0) (i32.const 1)))))
            (func (export "_start") (drop (call $deep (i32.const 0)))))""")
        got = context.must(context.walnut("run", module), 134)
        context.contains(got.err, b"walnut: trap: call stack exhausted\n")


@test
def memory_grows_until_there_is_none(context):
    """memory.grow takes what RAM there is, page by page, then fails; all of it is usable."""
    module = from_wat(context, """(module (memory (export "memory") 1)
        (func (export "_start") (local $at i32)
            (loop $again
                (if (i32.ne (memory.grow (i32.const 1)) (i32.const -1)) (then
                    (br $again))))
            (if (i32.ne (memory.grow (i32.const 65535)) (i32.const -1)) (then unreachable))
            (if (i32.ne (memory.grow (i32.const -1)) (i32.const -1)) (then unreachable))
            (local.set $at (i32.mul (memory.size) (i32.const 65536)))
            (if (i32.lt_u (local.get $at) (i32.const 4000000)) (then unreachable))
            (loop $write
                (local.set $at (i32.sub (local.get $at) (i32.const 4096)))
                (if (i32.load offset=4092 (local.get $at)) (then unreachable))
                (i32.store offset=4092 (local.get $at) (local.get $at))
                (br_if $write (local.get $at)))))""")
    context.must(context.walnut("run", "--mem", "26M", module))


def limited(kind, value):
    """For preexec_fn: the command under a limit."""
    return lambda: resource.setrlimit(kind, (value, value))


@test
def limits_of_the_process(context):
    """Few descriptors, little address space, a small stack: the program runs, or one line says why."""
    module = example(context, "hello")[0]
    hello = context.must(context.walnut("run", module)).out
    cases = [(resource.RLIMIT_NOFILE, count) for count in range(5, 28, 2)]
    cases += [(resource.RLIMIT_AS, mib << 20) for mib in (20, 40, 80, 100, 150, 200, 1000)]
    cases += [(resource.RLIMIT_STACK, 80 << 10), (resource.RLIMIT_FSIZE, 0)]
    for kind, value in cases:
        for words in (("run",), ("run", "--no-cache")):
            if words[1:] and kind == resource.RLIMIT_AS:
                continue  # the dynamic linker of the compiler has words of its own
            got = context.walnut(*words, module, preexec_fn=limited(kind, value))
            if got.status == 0:
                context.equal((got.out, got.err), (hello, b""), f"limit {kind} of {value}")
                continue
            context.equal((got.status, got.out), (125, b""), f"limit {kind} of {value}\n{got.text()}")
            context.equal(got.err.count(b"\n"), 1, f"lines, limit {kind} of {value}\n{got.text()}")
            assert got.err.startswith(b"walnut: "), got.text()
