"""walnut run --jail: what is around the machine's process, and that programs do not notice."""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket
import time

from lib.endtoend import test
from lib.programs import example, from_c


def need_jail(context):
    if not context.project.kvm_usable:
        context.skip("needs KVM")
    if context.run("unshare", "--user", "true").status != 0:
        context.skip("no user namespaces here")


def machine_of(group):
    """The machine's process: number 2 where it lives."""
    for status in pathlib.Path("/proc").glob("[0-9]*/status"):
        try:
            text = status.read_text()
        except OSError:  # gone meanwhile
            continue
        if re.search(rf"NSpgid:\t{group}\t", text) and re.search(r"NSpid:\t\d+\t2\n", text) and "Seccomp:\t2" in text:
            return int(status.parent.name)
    return None


@contextlib.contextmanager
def running(context, *options, **keywords):
    """(the command, its machine's process) when it is confined: all walls are closed then."""
    need_jail(context)
    process = context.start([context.project.walnut, "run", "--jail", *options, from_c(context, "process"), "busy"],
                            **keywords)
    try:
        while not (pid := machine_of(process.pid)):
            assert context.left() > 1 and process.poll() is None, "no jail"
            time.sleep(0.01)
        yield process, pid
    finally:
        process.kill()
        process.wait()


def parent_of(pid):
    return int(re.search(r"PPid:\t(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1])


def limits(pid):
    """Name of each limit: (soft, hard)."""
    lines = pathlib.Path(f"/proc/{pid}/limits").read_text().splitlines()[1:]
    return {line[:26].strip(): tuple(line[26:].split()[:2]) for line in lines}


@test
def namespaces(context):
    """Both processes have namespaces of their own; the network is the host's only if sockets may reach something."""
    own = ("user", "mnt", "pid", "ipc", "uts")
    for options, network in (((), True), (("--allow-net", "127.0.0.1:1"), False), (("--publish", "0:1"), False)):
        with running(context, *options) as (process, pid):
            parent = parent_of(pid)
            for inside in (pid, parent):
                for name in (*own, "net"):
                    same = os.readlink(f"/proc/{inside}/ns/{name}") == os.readlink(f"/proc/self/ns/{name}")
                    context.equal(same, name == "net" and not network, f"{name} is the host's")
            context.equal(re.search(r"NSpid:.*\t(\d+)\n", pathlib.Path(f"/proc/{pid}/status").read_text())[1], "2", "pid")


@test
def walls(context):
    """Empty root, no capabilities in any thread, no new ones, filters, nothing of the caller's environment."""
    shared = context.tmp / "shared"
    shared.mkdir()
    for options in ((), ("--dir", shared), ("--allow-net", "all")):
        with running(context, *options, env={"WALNUT_TEST_SECRET": "secret"}) as (process, pid):
            root = pathlib.Path(f"/proc/{pid}/root")
            found = sorted(str(path.relative_to(root)) for path in root.rglob("*"))
            assert set(found) <= ({"etc"} | {f"etc/{name}" for name in ("resolv.conf", "hosts", "nsswitch.conf", "host.conf",
                                                                        "gai.conf")} if "all" in options else set()), found
            context.equal(os.statvfs(root).f_flag & os.ST_RDONLY, os.ST_RDONLY, "read-only")
            context.equal(len(pathlib.Path(f"/proc/{pid}/mounts").read_text().splitlines()), 1, "mounts")
            # The last threads to be confined are those that only build the machine.
            while True:
                status = [(task / "status").read_text() for task in pathlib.Path(f"/proc/{pid}/task").iterdir()]
                if all("Seccomp:\t2" in text or "Name:\tkvm-nx" in text for text in status):  # the kernel's own
                    break
                assert context.left() > 1
            for text in status:
                context.contains(text, "CapPrm:\t0000000000000000", "CapEff:\t0000000000000000",
                                 "CapBnd:\t0000000000000000", "NoNewPrivs:\t1")
            assert b"secret" not in pathlib.Path(f"/proc/{pid}/environ").read_bytes()


@test
def descriptors(context):
    """What the caller had open is closed, but what the machine uses; no directory leads out of the jail."""
    secret = context.tmp / "secret"
    secret.write_text("secret")
    shared = context.tmp / "shared"
    (shared / "below").mkdir(parents=True)
    fd = os.open(secret, os.O_RDONLY)
    folder = os.open(context.tmp, os.O_RDONLY | os.O_DIRECTORY)
    with running(context, "--dir", shared, pass_fds=(fd, folder)) as (process, pid):
        assert os.readlink(f"/proc/{process.pid}/fd/{fd}") == str(secret)
        directories = 0
        for entry in pathlib.Path(f"/proc/{pid}/fd").iterdir():
            name = os.readlink(entry)
            assert "secret" not in name and name != str(context.tmp), name
            if os.path.isdir(entry):
                directories += 1
                inside = os.open(entry, os.O_RDONLY | os.O_DIRECTORY)
                up = os.open("../../../..", os.O_RDONLY | os.O_DIRECTORY, dir_fd=inside)
                assert os.path.sameopenfile(inside, up), f"{name} leads out"
                os.close(inside)
                os.close(up)
        context.equal(directories, 2, "the shared directory, and the descriptors themselves")
    os.close(fd)
    os.close(folder)


@test
def resource_limits(context):
    """No core dumps, no processes, no more descriptors than there are, and files do not grow unless they may."""
    shared = context.tmp / "shared"
    shared.mkdir()
    quiet = {"stdout": -3, "stderr": -3}
    with running(context, **quiet) as (process, pid):
        got = limits(pid)
        for name in ("Max core file size", "Max processes", "Max file size"):
            context.equal(got[name], ("0", "0"), name)
        highest = max(int(entry.name) for entry in pathlib.Path(f"/proc/{pid}/fd").iterdir())
        context.equal(got["Max open files"], (str(highest + 1),) * 2, "descriptors")
    for options, keywords, size in ((("--dir", f"{shared}::/x:ro"), quiet, "0"), (("--dir", shared), quiet, "unlimited"),
                                    ((), {"stdout": open(context.tmp / "out", "wb"), "stderr": -3}, "unlimited")):
        with running(context, *options, **keywords) as (process, pid):
            context.equal(limits(pid)["Max file size"][0], size, f"file size with {options}")


@test
def programs_do_not_notice(context):
    """Streams, arguments, status, traps, folders and archives are as without a jail."""
    need_jail(context)
    process = from_c(context, "process")
    for words, text in (("exit", "7"), b""), (("abort",), b""), (("tty",), b""), (("arguments", "a", "b c"), b""):
        plain = context.walnut("run", process, *words, input=text)
        jailed = context.walnut("run", "--jail", process, *words, input=text)
        context.equal((jailed.status, jailed.out, jailed.err), (plain.status, plain.out, plain.err), words)
    data = os.urandom(1 << 20)
    context.equal(context.must(context.walnut("run", "--jail", example(context, "cat")[0], input=data)).out, data)
    target = context.tmp / "out"
    with open(target, "wb") as file:
        context.must(context.walnut("run", "--jail", example(context, "cat")[0], input=data, stdout=file))
    context.equal(target.read_bytes(), data, "output to a file")
    shared = context.tmp / "shared"
    shared.mkdir()
    (shared / "f").write_text("kept")
    (shared / "out").symlink_to(target)
    folders = from_c(context, "folders")
    words = ("read", "f", "write", "new", "read", "new", "mkdir", "d", "move", "new", "d/moved", "read", "out",
             "remove", "f")
    jailed = context.walnut("run", "--jail", "--dir", f"{shared}::.", folders, *words)
    assert (shared / "d" / "moved").exists() and not (shared / "f").exists()
    shutil.rmtree(shared)
    shared.mkdir()
    (shared / "f").write_text("kept")
    (shared / "out").symlink_to(target)
    plain = context.walnut("run", "--dir", f"{shared}::.", folders, *words)
    context.equal((jailed.status, jailed.out, jailed.err), (plain.status, plain.out, plain.err), "folders")
    got = context.walnut("run", "--jail", "--dir", f"{shared}::.:ro", folders, "read", "d/moved", "write", "x")
    context.contains(got.out, b"Read-only file system")
    got = context.must(context.walnut("run", "--jail", "--bundle", f"{shared}::/b", "--tmpfs", "/t", folders,
                                      "read", "/b/d/moved", "write", "/t/x", "read", "/t/x"))
    assert b"No such" not in got.out, got.out


@test
def relative_paths(context):
    """Folders and files are named from the caller's directory, to the last."""
    need_jail(context)
    (context.tmp / "shared").mkdir()
    (context.tmp / "shared" / "f").write_text("found")
    got = context.must(context.walnut("run", "--jail", "--dir", "shared::.", from_c(context, "folders"), "read", "f"))
    context.contains(got.out, b"found")


@test
def network(context):
    """A jailed program is reached at its published port, and looks up names where it may reach everything."""
    need_jail(context)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    process = context.start([context.project.walnut, "run", "--jail", "-p", f"127.0.0.1:{port}:80",
                             example(context, "httpd")[0], "80"], stdout=-1)
    process.stdout.readline()
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert client.recv(4096).startswith(b"HTTP/1")
    process.kill()
    process.wait()
    got = context.must(context.walnut("run", "--jail", "--allow-net", "all", from_c(context, "sockets"), "resolve",
                                      "localhost", "no-such-name.invalid"))
    context.contains(got.out, b"localhost: 127.0.0.1", b"no-such-name.invalid: error")


@test
def signals(context):
    """Signals to the command end the machine and the command alike; nothing is left behind, whoever dies first."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGKILL):
        with running(context) as (process, pid):
            process.send_signal(number)
            context.equal(process.wait(timeout=context.left()), -number, "status")
            context.group_ends(process)
    for victim, text in ((0, b"Killed"), (1, b"Bad system call")):
        with running(context, stderr=-1) as (process, pid):
            init = parent_of(pid)
            os.kill((init, pid)[victim], (signal.SIGKILL, signal.SIGSYS)[victim])
            got = context.finish(process)
            context.equal(got.status, 125, "status")
            context.contains(got.err, b"the machine's process ended without a result: " + text)
            context.equal(got.err.count(b"\n"), 1, "lines")
            context.group_ends(process)


@test
def job_control(context):
    """Stopped, all of it stops; continued, it goes on."""
    def state(of):
        return pathlib.Path(f"/proc/{of}/stat").read_text().rsplit(")", 1)[1].split()[0]

    # In our session: a group that nobody controls is not stopped.
    with running(context, start_new_session=False, process_group=0) as (process, pid):
        for _ in range(3):
            process.send_signal(signal.SIGTSTP)
            _, status = os.waitpid(process.pid, os.WUNTRACED)
            assert os.WIFSTOPPED(status)
            context.equal(state(pid), "T", "the machine's process")
            process.send_signal(signal.SIGCONT)
            while state(pid) == "T":
                assert context.left() > 1
                time.sleep(0.01)


@test
def refusals(context):
    """Where there can be no jail, one line says so, the status is 125, and the program does not run."""
    need_jail(context)
    hello = example(context, "hello")[0]
    context.must(context.walnut("run", hello))

    def refused(*command, text):
        got = context.must(context.run(*command), 125)
        context.equal(got.out, b"", "output")
        context.equal(got.err.count(b"\n"), 1, "lines")
        context.contains(got.err, b"no jail: " + text)

    walnut = context.project.walnut
    refused(walnut, "run", "--jail", "--accel", "tcg", hello, text=b"QEMU is a program of its own")
    refused(walnut, "run", "--jail", "--gdb", "0", hello, text=b"a debugger has to get in")
    if os.geteuid() == 0:
        # In a user namespace one may make oneself a limit.
        refused("unshare", "--user", "--map-root-user", "sh", "-c",
                f"echo 0 >/proc/sys/user/max_user_namespaces; exec {walnut} run --jail {hello}",
                text=b"there are too many namespaces")
        # And nobody makes any who is in a chroot.
        refused("unshare", "--mount", "sh", "-c", f"mount --rbind / /mnt && exec chroot /mnt {walnut} run --jail {hello}",
                text=b"user namespaces are not permitted here")


@test
def ordinary_users(context):
    """It takes no privilege: a user who may use /dev/kvm has all of it, and files are made in that name."""
    need_jail(context)
    if os.geteuid() != 0:
        context.skip("is what the other tests are")
    shared = context.tmp / "shared"
    shared.mkdir()
    os.chown(shared, 1234, 1234)
    os.mknod(context.tmp / "kvm", 0o20666, os.makedev(10, 232))
    os.chmod(context.tmp / "kvm", 0o666)
    for above in (context.tmp, *context.tmp.parents):
        if not above.stat().st_mode & 1:
            os.chmod(above, above.stat().st_mode | 0o111)
    folders = shutil.copy(from_c(context, "folders"), context.tmp / "folders.wasm")
    cache = context.tmp / "cache"
    cache.mkdir()
    os.chown(cache, 1234, 1234)
    got = context.must(context.run(
        "unshare", "--mount", "sh", "-c",
        f"mount --bind {context.tmp}/kvm /dev/kvm && exec setpriv --reuid 1234 --regid 1234 --clear-groups "
        f"{context.project.walnut} run --jail --dir {shared}::. {folders} write new read new",
        env={"XDG_CACHE_HOME": str(cache)}))
    context.contains(got.out, b"written")
    context.equal((shared / "new").stat().st_uid, 1234, "owner")
