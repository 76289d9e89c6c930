"""Says what the figures were measured on."""

import os
import pathlib
import platform
import re


def describe():
    cpuinfo = pathlib.Path("/proc/cpuinfo").read_text()
    model = re.search(r"model name\s*:\s*(.*)", cpuinfo)
    family = re.search(r"cpu family\s*:\s*(\d+)", cpuinfo)
    flags = set((re.search(r"flags\s*:\s*(.*)", cpuinfo) or ["", ""])[1].split())
    memory = re.search(r"MemTotal:\s*(\d+)", pathlib.Path("/proc/meminfo").read_text())
    return {
        "cpu": f"{model[1] if model else platform.machine()}"
               f" (family {family[1] if family else '?'}), {cpuinfo.count('processor')} CPUs",
        "memory": f"{int(memory[1]) // 1024} MiB",
        "kernel": f"Linux {platform.release().split('-')[0]}",
        "kvm": kvm_kind(flags),
        "load": f"{os.getloadavg()[0]:.1f}",
    }


def kvm_kind(flags):
    try:
        with open("/dev/kvm", "rb"):
            pass
    except OSError as error:
        return f"none ({error.strerror})"
    hosted = ", itself a virtual machine" if "hypervisor" in flags else ""
    if "svm" in flags:
        return f"AMD SVM{hosted}"
    if "vmx" in flags:
        return f"Intel VMX{hosted}"
    return f"without hardware virtualization (guest ring 0 is emulated){hosted}"
