/* What processor the guest sees: all that KVM supports here, as one core. */
#ifndef WALNUT_VMM_CPUID_H
#define WALNUT_VMM_CPUID_H

struct failure;
struct kvm_cpuid2;

/* Asks KVM (this takes it some hundred microseconds) and adapts the answer. Returns
 * memory to be freed, or NULL with a message. */
struct kvm_cpuid2 *cpuid_supported(int kvm_fd, struct failure *failure);

#endif
