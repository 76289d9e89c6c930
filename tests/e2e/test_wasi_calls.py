"""Each function of WASI preview 1: its answers to right and wrong uses, on each file system, beside Node's."""

import re
import shutil
import subprocess
import threading

from lib.endtoend import test
from lib.programs import build, from_rust

FUNCTIONS = """
args_get args_sizes_get clock_res_get clock_time_get environ_get environ_sizes_get fd_advise fd_allocate fd_close
fd_datasync fd_fdstat_get fd_fdstat_set_flags fd_fdstat_set_rights fd_filestat_get fd_filestat_set_size
fd_filestat_set_times fd_pread fd_prestat_dir_name fd_prestat_get fd_pwrite fd_read fd_readdir fd_renumber fd_seek
fd_sync fd_tell fd_write path_create_directory path_filestat_get path_filestat_set_times path_link path_open
path_readlink path_remove_directory path_rename path_symlink path_unlink_file poll_oneoff proc_raise random_get
sched_yield sock_accept sock_recv sock_send sock_shutdown""".split()

# Where Node answers otherwise: what is asked, and why Walnut keeps to its answer.
NODE = (
    (r".*: OVERFLOW, not FAULT", "an address outside of memory is EFAULT in POSIX and in Wasmtime"),
    (r".*: NOTCAPABLE, not (BADF|SPIPE|ISDIR|NOTSOCK|NOTDIR)", "rights are gone from the specification since;"
     " what POSIX says of such a descriptor remains"),
    (r"(empty|path_symlink\(text\(\"\"\).*): INVAL, not NOENT", "POSIX: an empty path names nothing"),
    (r"no UTF-8: \w+, not ILSEQ", "the specification: paths are UTF-8"),
    (r"out through a link: NOENT, not NOTCAPABLE|path_symlink: NOTCAPABLE, not SUCCESS", "Node makes no links with .."),
    (r"round through links: .*|path_filestat_get\(ROOT, FOLLOW, text\(\"round\"\).*", "Node follows them for ever"),
    (r"path_symlink\(text\(\"/etc\"\).*: PERM, not NOTCAPABLE", "as any path that leads out"),
    (r"(flags|append): \d+, not \d", "Node shows Linux's own flags"),
    (r".*: SUCCESS, not INVAL", "Node does not look at unknown or contradicting flags, nor at the size 0"),
    (r"fd_allocate.*: INVAL, not FBIG", "POSIX: EFBIG"),
    (r"(accessed|modified|accessed, left alone): \d+, not \d+", "Node keeps whole seconds of times"),
    (r".*: SUCCESS, not SPIPE", "Node's standard input is a file here"),
    (r"fd_prestat_dir_name\(.*: NOBUFS, not NAMETOOLONG", "the specification's example and Wasmtime"),
    (r"fd_prestat_get\(0.*: INVAL, not BADF", "the specification: BADF ends a C library's search"),
    (r"open d: ISDIR|open_as.*DIRECTORY.*: ISDIR, not SUCCESS", "Node's rule for the right to write"),
    (r"open_as\(\"link\", 0, 0.*: SUCCESS, not LOOP", "POSIX's O_NOFOLLOW"),
    (r"links: 3, not 2", "because of the path that is no UTF-8"),
    (r"path_rename\(ROOT, text\(\"f\"\), ROOT, text\(\"g\"\)\): NOENT.*|stat g: NOENT", "the same"),
    (r"path_readlink\(.*: NOBUFS, not SUCCESS|(cut off|nothing of it): 8, not .", "POSIX cuts off"),
    (r"proc_raise.*: NOSYS, not \w+|sock_shutdown.*: NOTSUP, not \w+", "Node does not have it"),
)
NODE_HOST = """
import { readFileSync } from 'node:fs';
import { WASI } from 'node:wasi';
const [path, ...args] = process.argv.slice(2);
const wasi = new WASI({ version: 'preview1', args: ['check', ...args], env: { A: '1', B: '' },
			returnOnExit: true, preopens: { '.': process.cwd() } });
const module = await WebAssembly.compile(readFileSync(path));
process.exitCode = wasi.start(await WebAssembly.instantiate(module, wasi.getImportObject()));
"""
NODE_SECONDS = 10
_lock = threading.Lock()


def module(context):
    sources = context.project.root / "tests" / "e2e" / "programs" / "wasi"
    target = context.project.scratch / "programs" / "check.wasm"
    with _lock:
        if not target.exists():
            target.parent.mkdir(exist_ok=True)
            build([context.project.clang, "--target=wasm32-wasi", "-std=gnu17", "-O1", "-Wall", "-Wextra", "-o",
                   target, *sorted(sources.glob("*.c"))])
    return target


def answers(result, what):
    """The lines about wrong answers; the last line counts them all."""
    lines = result.out.decode().splitlines()
    if not lines or not re.fullmatch(r"[1-9]\d* checks", lines[-1]):
        raise AssertionError(f"{what}: the program did not come to its end\n{result.text()}")
    return lines[:-1]


def beside_node(context, name):
    """What Node answers otherwise is known; it may hang or stop on it."""
    here = context.tmp / "node"
    here.mkdir()
    host = context.tmp / "host.mjs"
    host.write_text(NODE_HOST)
    try:
        got = subprocess.run(["node", "--no-warnings", host, module(context), name, "two words"], cwd=here,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                             timeout=NODE_SECONDS).stdout
    except subprocess.TimeoutExpired as late:
        got = late.stdout or b""
    lines = [line for line in got.decode(errors="replace").splitlines() if not re.fullmatch(r"\d+ checks", line)]
    context.equal([line for line in lines if not any(re.fullmatch(known, line) for known, _ in NODE)], [],
                  "what Node, and not Walnut, answers")


def add(name):
    def function(context):
        options = ["--env", "A=1", "--env", "B="]
        for what, folder in (("shared folder", ["--dir", f"{context.tmp}/shared::."]), ("folder in RAM", ["--tmpfs", "."])):
            (context.tmp / "shared").mkdir(exist_ok=True)
            result = context.walnut("run", *options, *folder, module(context), name, "two words")
            context.must(result)
            context.equal(answers(result, what), [], f"wrong answers, {what}")
        result = context.walnut("run", *options, "--tmpfs", ".", from_rust(context, "wasi_calls"), name, "two words")
        context.must(result)
        context.equal(answers(result, "Rust"), [], "wrong answers, Rust")
        if shutil.which("node"):
            beside_node(context, name)

    function.__name__ = name
    function.__doc__ = f"{name} answers right and wrong uses as specified, on a shared folder and in RAM; Node agrees or is known not to."
    test(function)


for function in FUNCTIONS:
    add(function)


@test
def proc_exit(context):
    """proc_exit ends the program with its status; what was written before is there."""
    result = context.walnut("run", from_rust(context, "wasi_calls"), "proc_exit")
    context.must(result, 42)
    context.equal(answers(result, "Rust"), [], "wrong answers")


@test
def all_functions(context):
    """there is a test for each function."""
    result = context.walnut("run", module(context))
    context.must(result)
    context.equal(sorted(result.out.decode().split()), sorted(FUNCTIONS), "tests")
