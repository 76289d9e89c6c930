/* /dev/kvm: opening it, and calls that say what failed. */
#ifndef WALNUT_VMM_KVM_H
#define WALNUT_VMM_KVM_H

#include <stdbool.h>

struct failure;

/* ioctl(2) that returns the result or a negative errno, with a message that names the
 * call. */
int kvm_call(int fd, unsigned long request, unsigned long argument, const char *what,
	     struct failure *failure);
#define KVM_CALL(fd, request, argument, failure) \
	kvm_call(fd, request, (unsigned long)(argument), #request, failure)

/* Opens /dev/kvm and checks that it is the API we speak. A descriptor, or a negative
 * errno. */
int kvm_open(struct failure *failure);

/* An empty VM's descriptor, or a negative errno. */
int kvm_create_vm(int kvm_fd, struct failure *failure);

/* Whether this KVM runs guests without VMX or SVM: then it emulates what a guest's kernel does, about
 * a microsecond for each instruction and not all of them, and stock kernels do not get far. */
bool kvm_emulates_kernels(void);

#endif
