/* Calls into KVM. */
#include "vm/kvm.h"

#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "failure.h"

int kvm_call(int fd, unsigned long request, unsigned long argument, const char *what,
	     struct failure *failure)
{
	int result;

	do
		result = ioctl(fd, request, argument);
	while (result < 0 && errno == EINTR);
	return result < 0 ? failure_errno(failure, -errno, "%s", what) : result;
}

int kvm_create_vm(int kvm_fd, struct failure *failure)
{
	int fd = KVM_CALL(kvm_fd, KVM_CREATE_VM, 0, failure);

	return fd < 0 ? failure_errno(failure, fd, "/dev/kvm: cannot create a VM") : fd;
}

int kvm_open(struct failure *failure)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int version;

	if (fd < 0)
		return failure_errno(failure, -errno, "/dev/kvm");
	version = KVM_CALL(fd, KVM_GET_API_VERSION, 0, failure);
	if (version == KVM_API_VERSION)
		return fd;
	close(fd);
	if (version < 0)
		return failure_errno(failure, version, "/dev/kvm");
	return failure_set(failure, -ENOTSUP, "/dev/kvm: API version %d", version);
}

bool kvm_emulates_kernels(void)
{
	enum { VMX = 1 << 5, SVM = 1 << 2 }; /* ecx of leaves 1 and 0x80000001 */
	unsigned a, b, c, d;

	if (__get_cpuid(1, &a, &b, &c, &d) && c & VMX)
		return false;
	return !(__get_cpuid(0x80000001, &a, &b, &c, &d) && c & SVM);
}
