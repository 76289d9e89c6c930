"""What the machine and the Linux guests in it find in their initial RAM file systems.

The machine (host/): busybox, KVM's modules, libkrun and our commands with their libraries,
programs of host/*.c, the cases, and in /guest what guests boot. The guests (guest/): busybox,
virtio's and other modules, programs of guest/*.c, and the cases again.
"""

import os
import pathlib
import re
import shutil
import subprocess

from .initrd import Archive

HOST_MODULES = ("kvm-amd", "virtio_pci", "virtio_console", "loop", "tun")
HOST_TOOLS = ("mkfs.ext4", "e2fsck", "debugfs", "passt")
GUEST_MODULES = ("virtio_mmio", "virtio_pci", "virtio_blk", "virtio_console", "virtio_net",
                 "virtio-rng", "virtio_balloon", "virtiofs", "vmw_vsock_virtio_transport",
                 "overlay", "button")


class Modules:
    """A kernel's modules and what they depend on."""

    def __init__(self, folder):
        self.release = next(re.search(rb"vermagic=(\S+)", path.read_bytes())[1].decode()
                            for path in folder.rglob("*.ko"))
        self._paths = {self._name(path.stem): path for path in folder.rglob("*.ko")}

    @staticmethod
    def _name(text):
        return text.replace("-", "_")

    def path(self, name):
        return self._paths[self._name(name)]

    def needs(self, name):
        """All that have to be there before this one; the nearest first, as modules.dep has it."""
        own = re.search(rb"\0depends=([^\0]*)\0", self.path(name).read_bytes())[1].decode()
        found = []
        for other in filter(None, own.split(",")):
            for need in [other, *self.needs(other)]:
                if need in found:
                    found.remove(need)
                found.append(need)
        return found

    def add(self, archive, wanted):
        """Puts them where modprobe looks."""
        folder = f"lib/modules/{self.release}"
        lines = []
        for name in sorted({need for one in wanted for need in [one, *self.needs(one)]}):
            archive.file(f"{folder}/{self.path(name).name}", self.path(name).read_bytes())
            needs = " ".join(self.path(need).name for need in self.needs(name))
            lines.append(f"{self.path(name).name}: {needs}\n")
        archive.file(f"{folder}/modules.dep", "".join(lines).encode())


def add_busybox(archive):
    archive.program("bin/busybox", open(shutil.which("busybox"), "rb").read())
    listing = subprocess.run(["busybox", "--list"], stdout=subprocess.PIPE, text=True, check=True)
    for name in listing.stdout.split():
        if name != "busybox":
            archive.link(f"bin/{name}", "busybox")
    archive.character_device("dev/console", 5, 1)
    for folder in ("proc", "sys", "dev", "tmp", "run", "mnt", "root"):
        archive.folder(folder)


def libraries(program):
    """The paths of the shared libraries that a program needs."""
    listing = subprocess.run(["ldd", str(program)], stdout=subprocess.PIPE, text=True, check=True)
    return set(re.findall(r"(/\S+) \(0x", listing.stdout))


def add_scripts(archive, source, cases):
    """One side's init and helpers, and every case: each side runs its part."""
    for script in sorted(source.glob("*.sh")):
        archive.file(f"nested/{script.name}", script.read_bytes())
    archive.program("init", (source / "init").read_bytes())
    for case in sorted(cases.glob("*.sh")):
        archive.file(f"nested/cases/{case.name}", case.read_bytes())


def guest_initrd(project, modules, path):
    source = project.root / "tests" / "nested"
    archive = Archive()
    add_busybox(archive)
    modules.add(archive, GUEST_MODULES)
    add_scripts(archive, source / "guest", source / "cases")
    for program in programs(project, "guest"):
        archive.program(f"bin/{program.name}", program.read_bytes())
    archive.write(path)


def programs(project, side):
    """What Meson built from the C files of that side, and of both."""
    source = project.root / "tests" / "nested"
    return [project.build / "tests" / "nested" / side / path.stem
            for path in sorted([*(source / side).glob("*.c"), *source.glob("*.c")])]


def host_initrd(project, path):
    source = project.root / "tests" / "nested"
    linux = project.build / "linux"
    modules = Modules(linux / "modules")
    archive = Archive()
    needed = set()

    add_busybox(archive)
    modules.add(archive, HOST_MODULES)
    add_scripts(archive, source / "host", source / "cases")
    for program in [project.walnut, *programs(project, "host")]:
        archive.program(f"bin/{program.name}", program.read_bytes())
        needed |= libraries(program)
    for tool in HOST_TOOLS:
        found = shutil.which(tool, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
        if found:
            archive.program(f"bin/{tool}", open(found, "rb").read())
            needed |= libraries(found)
    for library in sorted(needed):
        # What was built here is found where the loader looks by itself.
        ours = pathlib.Path(library).is_relative_to(project.build)
        archive.program(f"lib/{pathlib.Path(library).name}" if ours else library,
                        open(library, "rb").read())
    hello = path.with_name("hello.elf")
    subprocess.run([str(project.walnut), "build", str(project.examples / "hello.wasm"), "-o", str(hello)],
                   check=True)
    archive.file("guest/hello.elf", hello.read_bytes())
    for name in ("vmlinux", "vmlinuz"):
        archive.file(f"guest/{name}", (linux / name).read_bytes())
    guest_initrd(project, modules, path.with_name("guest-initrd"))
    archive.file("guest/initrd", path.with_name("guest-initrd").read_bytes())
    archive.write(path)
