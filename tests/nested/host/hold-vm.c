/* hold-vm: keeps a virtual machine with one vCPU that never runs, for as long as it lives.
 *
 * KVM rewrites instructions of the running kernel when the first machine comes and the last one
 * goes (static keys: preempt notifiers, local APICs that are off). QEMU's emulated processors can
 * miss that a breakpoint, which stands there meanwhile, is replaced: both meet it for ever. With
 * this machine the first never comes and the last never goes. */
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

int main(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int vm = ioctl(kvm, KVM_CREATE_VM, 0);

	if (vm < 0 || ioctl(vm, KVM_CREATE_IRQCHIP, 0) < 0 || ioctl(vm, KVM_CREATE_VCPU, 0) < 0) {
		perror("hold-vm");
		return 1;
	}
	for (;;)
		pause();
}
