/* Ring 0's part of the start: gives the image's slots their permissions, drops the
 * identity map, and goes on in ring 3, where reading boot information is safe and,
 * on hosts that emulate ring 0, a thousand times faster. */
#include "internal.h"

#define CPUID_1_ECX_XSAVE (1u << 26)
#define CPUID_7_EBX_FSGSBASE (1u << 0)
#define CPUID_7_EBX_SMEP (1u << 7)
#define CPUID_XSAVE 13
#define XCR0_X87_SSE 0x3
#define XCR0_AVX 0x4
#define XCR0_AVX512 0xe0

/* Loaders put into RAM what fits; where there is none, nothing stays. */
static bool keeps(char *place)
{
	volatile uint64_t *word = (volatile uint64_t *)place;
	uint64_t before = *word;
	bool kept;

	*word = ~before;
	kept = *word == ~before;
	*word = before;
	return kept;
}

_Noreturn void nucleus_start(uint64_t zero_page, uint64_t start_info, uint64_t entry_tsc)
{
	uint64_t pa = (uint64_t)walnut_image_text - VA_KERNEL;
	uint64_t *entry = nucleus_kernel_pd + pa / SLOT_SIZE;

	for (; pa < (uint64_t)walnut_image_rodata - VA_KERNEL; pa += SLOT_SIZE)
		*entry++ = pa | PTE_PS | PTE_U | PTE_P;
	for (; pa < (uint64_t)walnut_image_data - VA_KERNEL; pa += SLOT_SIZE)
		*entry++ = pa | PTE_NX | PTE_PS | PTE_U | PTE_P;

	/* Linear memory begins at address 0. */
	nucleus_pml4[0] = 0;
	__asm__ volatile("mov %0, %%cr3" : : "r"((uint64_t)nucleus_pml4 - VA_KERNEL) : "memory");

	if (!keeps(walnut_stack_top - sizeof(uint64_t)) || !keeps(walnut_image_used - sizeof(uint64_t)))
		nucleus_panic("less RAM than the image needs, which ends at", (uint64_t)walnut_image_used - VA_KERNEL, 0);

	/* As if called: the stack is 16-byte aligned before the return address. */
	nucleus_enter((uint64_t)boot_start, (uint64_t)walnut_stack_top - 8, zero_page, start_info,
		      entry_tsc);
}

int64_t nucleus_enable_features(void)
{
	uint64_t cr4 = CR4_VALUE;
	uint32_t xcr0;

	if (cpuid(7).ebx & CPUID_7_EBX_FSGSBASE)
		cr4 |= CR4_FSGSBASE;
	if (cpuid(7).ebx & CPUID_7_EBX_SMEP)
		cr4 |= CR4_SMEP;
	if (cpuid(1).ecx & CPUID_1_ECX_XSAVE)
		cr4 |= CR4_OSXSAVE;
	__asm__ volatile("mov %0, %%cr4" : : "r"(cr4));
	if (cr4 & CR4_OSXSAVE) {
		xcr0 = cpuid(CPUID_XSAVE).eax & (XCR0_X87_SSE | XCR0_AVX | XCR0_AVX512);
		__asm__ volatile("xsetbv" : : "c"(0), "a"(xcr0), "d"(0));
	}
	return 0;
}
