"""Where things are: the source tree, the build directory, tools, scratch space."""

import functools
import os
import pathlib
import shutil


class Project:
    def __init__(self, root, build, scratch):
        self.root = root
        self.build = build
        self.scratch = scratch
        self.cache = scratch / "cache"
        self.cache.mkdir()
        self.walnut = build / "cli" / "walnut"
        self.walnut_cc = build / "compiler" / "translate" / "walnut-cc"
        self.kernel_archive = build / "kernel" / "libwalnut-kernel.a"
        self.kernel_script = root / "kernel" / "walnut.ld"
        self.examples = build / "examples"
        self.clang = os.environ.get("CC") or "clang-19"

    @functools.cached_property
    def kvm_usable(self):
        """Whether a VM can be made here; being able to open the device is not enough."""
        import fcntl
        KVM_CREATE_VM = 0xAE01
        try:
            device = os.open("/dev/kvm", os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            os.close(fcntl.ioctl(device, KVM_CREATE_VM, 0))
            return True
        except OSError:
            return False
        finally:
            os.close(device)

    @functools.cached_property
    def spec_folder(self):
        """The WebAssembly core suite, or None."""
        named = os.environ.get("WALNUT_WASM_SPEC")
        folder = pathlib.Path(named) if named else self.root.parent / "shared" / "wasm-spec"
        return folder.resolve() if (folder / "2.0").is_dir() else None

    def tool(self, name):
        """The path of a program in PATH, or None."""
        return shutil.which(name)
