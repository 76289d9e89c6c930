/* The CPUID table: KVM_GET_SUPPORTED_CPUID with the host's topology taken out. */
#include "vm/cpuid.h"

#include <errno.h>
#include <linux/kvm.h>
#include <stdlib.h>

#include "failure.h"
#include "vm/kvm.h"

#define ENTRIES_FIRST 128
#define ENTRIES_MAX 1024

#define LEAF_FEATURES 0x1
#define LEAF_CACHES 0x4
#define LEAF_TOPOLOGY 0xb
#define LEAF_TOPOLOGY_V2 0x1f
#define LEAF_AMD_CACHES 0x8000001d
#define LEAF_AMD_SIZES 0x80000008
#define LEAF_AMD_TOPOLOGY 0x8000001e

#define ECX_TSC_DEADLINE (1u << 24)
#define ECX_HYPERVISOR (1u << 31)
#define EBX_LOGICAL_COUNT_SHIFT 16
#define EBX_BRAND_AND_CLFLUSH 0xffffu /* the rest: logical processors, APIC id */
#define EDX_HTT (1u << 28)

static void adapt(struct kvm_cpuid_entry2 *entry)
{
	switch (entry->function) {
	case LEAF_FEATURES:
		entry->ebx = (entry->ebx & EBX_BRAND_AND_CLFLUSH) | 1u << EBX_LOGICAL_COUNT_SHIFT;
		/* KVM leaves these two to us: the local APIC is in the kernel, so its
		 * timer has deadlines. */
		entry->ecx |= ECX_TSC_DEADLINE | ECX_HYPERVISOR;
		entry->edx &= ~EDX_HTT;
		break;
	case LEAF_CACHES:
		entry->eax &= 0x3fffu; /* shared by one thread, one core in the package */
		break;
	case LEAF_AMD_CACHES:
		entry->eax &= 0x3fffu;
		break;
	case LEAF_TOPOLOGY:
	case LEAF_TOPOLOGY_V2:
		entry->eax = 0;
		entry->ebx = entry->index < 2 ? 1 : 0;
		entry->ecx = entry->index | (entry->index < 2 ? entry->index + 1 : 0) << 8;
		entry->edx = 0; /* x2APIC id */
		break;
	case LEAF_AMD_SIZES:
		entry->ecx = 0; /* one core */
		break;
	case LEAF_AMD_TOPOLOGY:
		entry->eax = entry->ebx = entry->ecx = 0;
		break;
	}
}

struct kvm_cpuid2 *cpuid_supported(int kvm_fd, struct failure *failure)
{
	for (unsigned n = ENTRIES_FIRST; n <= ENTRIES_MAX; n *= 2) {
		struct kvm_cpuid2 *cpuid = calloc(1, sizeof(*cpuid) + n * sizeof(cpuid->entries[0]));
		int error;

		if (!cpuid) {
			failure_set(failure, -ENOMEM, "out of memory");
			return NULL;
		}
		cpuid->nent = n;
		error = KVM_CALL(kvm_fd, KVM_GET_SUPPORTED_CPUID, cpuid, failure);
		if (error >= 0) {
			for (unsigned i = 0; i < cpuid->nent; i++)
				adapt(&cpuid->entries[i]);
			return cpuid;
		}
		free(cpuid);
		if (error != -E2BIG)
			break;
	}
	return NULL;
}
