/* The floor under a microVM's start: the least a process can do that deserves the
 * name. Opens /dev/kvm, creates a VM with its interrupt controllers, one page of
 * memory and one vCPU, runs one instruction and exits.
 *
 * The instruction is an OUT: HLT would wait inside an in-kernel interrupt
 * controller for an interrupt that never comes. */
#include <err.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#define CODE_GPA 0x1000
#define PAGE_SIZE_BYTES 0x1000
#define PORT 0xf4

static const uint8_t code[] = { 0xe6, PORT }; /* out %al, $PORT */

static int checked(int result, const char *what)
{
	if (result < 0)
		err(1, "%s", what);
	return result;
}

static void *mapped(void *address, const char *what)
{
	if (address == MAP_FAILED)
		err(1, "%s", what);
	return address;
}

int main(void)
{
	int kvm = checked(open("/dev/kvm", O_RDWR | O_CLOEXEC), "/dev/kvm");
	int vm = checked(ioctl(kvm, KVM_CREATE_VM, 0), "KVM_CREATE_VM");
	struct kvm_userspace_memory_region region = {
		.guest_phys_addr = CODE_GPA,
		.memory_size = PAGE_SIZE_BYTES,
	};
	struct kvm_regs regs = { .rip = CODE_GPA, .rflags = 2 };
	struct kvm_sregs sregs;
	struct kvm_run *run;
	int vcpu, run_size;
	void *page;

	checked(ioctl(vm, KVM_CREATE_IRQCHIP, 0), "KVM_CREATE_IRQCHIP");
	page = mapped(mmap(NULL, PAGE_SIZE_BYTES, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), "guest memory");
	memcpy(page, code, sizeof(code));
	region.userspace_addr = (uintptr_t)page;
	checked(ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region), "KVM_SET_USER_MEMORY_REGION");

	vcpu = checked(ioctl(vm, KVM_CREATE_VCPU, 0), "KVM_CREATE_VCPU");
	run_size = checked(ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0), "KVM_GET_VCPU_MMAP_SIZE");
	run = mapped(mmap(NULL, (size_t)run_size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0),
		     "kvm_run");
	checked(ioctl(vcpu, KVM_GET_SREGS, &sregs), "KVM_GET_SREGS");
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	checked(ioctl(vcpu, KVM_SET_SREGS, &sregs), "KVM_SET_SREGS");
	checked(ioctl(vcpu, KVM_SET_REGS, &regs), "KVM_SET_REGS");
	checked(ioctl(vcpu, KVM_RUN, 0), "KVM_RUN");
	if (run->exit_reason != KVM_EXIT_IO || run->io.port != PORT)
		errx(1, "the guest stopped with exit reason %u", run->exit_reason);
	return 0;
}
