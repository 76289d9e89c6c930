/* The CPUID table: KVM_GET_SUPPORTED_CPUID with the host's topology replaced by ours. */
#include "vm/cpuid.h"

#include <errno.h>
#include <linux/kvm.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "failure.h"
#include "vm/kvm.h"

#define ENTRIES_FIRST 128
#define ENTRIES_MAX 1024
#define ENTRIES_ADDED 4 /* two levels of topology, in two leaves */

#define LEAF_FEATURES 0x1
#define LEAF_CACHES 0x4
#define LEAF_TOPOLOGY 0xb
#define LEAF_TOPOLOGY_V2 0x1f
#define LEAF_AMD_FEATURES 0x80000001
#define LEAF_AMD_CACHES 0x8000001d
#define LEAF_AMD_SIZES 0x80000008
#define LEAF_AMD_TOPOLOGY 0x8000001e

#define ECX_VMX (1u << 5)
#define AMD_ECX_SVM (1u << 2)
#define ECX_TSC_DEADLINE (1u << 24)
#define ECX_HYPERVISOR (1u << 31)
#define EBX_LOGICAL_COUNT_SHIFT 16
#define EBX_APIC_ID_SHIFT 24
#define EBX_BRAND_AND_CLFLUSH 0xffffu /* the rest: logical processors, APIC id */
#define EDX_HTT (1u << 28)	      /* the number of logical processors counts */
#define AMD_ECX_CMP_LEGACY (1u << 1)  /* and they are cores */

#define CACHE_LEVEL(eax) ((eax) >> 5 & 7u)
#define CACHE_SHARING_SHIFT 14
#define CACHE_CORES_SHIFT 26
#define CACHE_OWN_BITS 0x3fffu /* the rest: who shares it, cores in the package */
#define AMD_ID_SIZE_SHIFT 12

enum { LEVEL_THREAD = 1, LEVEL_CORE = 2 };

/* Bits of an APIC id that tell `count` cores apart. */
static unsigned id_bits(unsigned count)
{
	unsigned bits = 0;

	while (1u << bits < count)
		bits++;
	return bits;
}

/* Levels of topology: one thread in a core, the cores in the package, no more. */
static void adapt_level(struct kvm_cpuid_entry2 *entry, unsigned id, unsigned count)
{
	bool core = entry->index == 1;

	entry->eax = core ? id_bits(count) : 0;
	entry->ebx = entry->index == 0 ? 1 : core ? count : 0;
	entry->ecx = entry->index | (entry->index == 0 ? LEVEL_THREAD : core ? LEVEL_CORE : 0) << 8;
	entry->edx = id; /* x2APIC id */
}

/* The last level of caches is everybody's, the others are a core's own. */
static void adapt_cache(struct kvm_cpuid_entry2 *entry, unsigned count)
{
	unsigned ids = 1u << id_bits(count);

	entry->eax &= CACHE_OWN_BITS;
	if (CACHE_LEVEL(entry->eax) >= 3)
		entry->eax |= (ids - 1) << CACHE_SHARING_SHIFT;
}

static void adapt(struct kvm_cpuid_entry2 *entry, unsigned id, unsigned count)
{
	unsigned ids = 1u << id_bits(count);

	switch (entry->function) {
	case LEAF_FEATURES:
		entry->ebx = (entry->ebx & EBX_BRAND_AND_CLFLUSH) | ids << EBX_LOGICAL_COUNT_SHIFT |
			     id << EBX_APIC_ID_SHIFT;
		/* KVM leaves these two to us: the local APIC is in the kernel, so its
		 * timer has deadlines. */
		entry->ecx |= ECX_TSC_DEADLINE | ECX_HYPERVISOR;
		entry->edx = count > 1 ? entry->edx | EDX_HTT : entry->edx & ~EDX_HTT;
		break;
	case LEAF_CACHES:
		adapt_cache(entry, count);
		entry->eax |= (ids - 1) << CACHE_CORES_SHIFT;
		break;
	case LEAF_AMD_CACHES:
		adapt_cache(entry, count);
		break;
	case LEAF_TOPOLOGY:
	case LEAF_TOPOLOGY_V2:
		adapt_level(entry, id, count);
		break;
	case LEAF_AMD_FEATURES:
		entry->ecx = count > 1 ? entry->ecx | AMD_ECX_CMP_LEGACY : entry->ecx & ~AMD_ECX_CMP_LEGACY;
		break;
	case LEAF_AMD_SIZES:
		entry->ecx = (count - 1) | id_bits(count) << AMD_ID_SIZE_SHIFT;
		break;
	case LEAF_AMD_TOPOLOGY:
		entry->eax = id;
		entry->ebx = id; /* its core; one thread in that */
		entry->ecx = 0;	 /* one node */
		break;
	}
}

static bool has(const struct kvm_cpuid2 *cpuid, uint32_t function, uint32_t index)
{
	for (unsigned i = 0; i < cpuid->nent; i++)
		if (cpuid->entries[i].function == function && cpuid->entries[i].index == index)
			return true;
	return false;
}

/* KVM tells only that there is such a leaf, not its levels. */
static void add_levels(struct kvm_cpuid2 *cpuid, uint32_t leaf)
{
	if (!has(cpuid, leaf, 0))
		return;
	for (uint32_t level = 1; level <= 2; level++)
		if (!has(cpuid, leaf, level))
			cpuid->entries[cpuid->nent++] = (struct kvm_cpuid_entry2){
				.function = leaf, .index = level, .flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX,
			};
}

struct kvm_cpuid2 *cpuid_copy(const struct kvm_cpuid2 *cpuid)
{
	size_t size = sizeof(*cpuid) + cpuid->nent * sizeof(cpuid->entries[0]);
	struct kvm_cpuid2 *copy = malloc(size + ENTRIES_ADDED * sizeof(cpuid->entries[0]));

	if (!copy)
		return NULL;
	memcpy(copy, cpuid, size);
	add_levels(copy, LEAF_TOPOLOGY);
	add_levels(copy, LEAF_TOPOLOGY_V2);
	return copy;
}

void cpuid_adapt(struct kvm_cpuid2 *cpuid, unsigned id, unsigned count)
{
	for (unsigned i = 0; i < cpuid->nent; i++)
		adapt(&cpuid->entries[i], id, count);
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
		if (error >= 0)
			return cpuid;
		free(cpuid);
		if (error != -E2BIG)
			break;
	}
	return NULL;
}

void cpuid_hide_virtualization(struct kvm_cpuid2 *cpuid)
{
	for (unsigned i = 0; i < cpuid->nent; i++) {
		struct kvm_cpuid_entry2 *entry = &cpuid->entries[i];

		if (entry->function == LEAF_FEATURES)
			entry->ecx &= ~ECX_VMX;
		if (entry->function == LEAF_AMD_FEATURES)
			entry->ecx &= ~AMD_ECX_SVM;
	}
}
