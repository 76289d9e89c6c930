/* What processor the guest sees: all that KVM supports here, as cores of one package. */
#ifndef WALNUT_VMM_CPUID_H
#define WALNUT_VMM_CPUID_H

struct failure;
struct kvm_cpuid2;

/* Asks KVM (this takes it some hundred microseconds). Returns memory to be freed, or NULL
 * with a message. */
struct kvm_cpuid2 *cpuid_supported(int kvm_fd, struct failure *failure);

/* A copy to be freed, with room for what cpuid_adapt() adds; NULL: no memory. */
struct kvm_cpuid2 *cpuid_copy(const struct kvm_cpuid2 *cpuid);

/* Makes it that of core `id` of `count`, one thread each, whose APIC id is `id`. May be done
 * again with another id. */
void cpuid_adapt(struct kvm_cpuid2 *cpuid, unsigned id, unsigned count);

/* Takes VMX and SVM out: no virtual machines in the guest. */
void cpuid_hide_virtualization(struct kvm_cpuid2 *cpuid);

#endif
