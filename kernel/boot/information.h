/* What a loader told us, whichever protocol it spoke. Physical addresses. */
#ifndef WALNUT_KERNEL_BOOT_INFORMATION_H
#define WALNUT_KERNEL_BOOT_INFORMATION_H

#include <stdbool.h>
#include <stdint.h>

#include "nucleus/nucleus.h"

/* nucleus_info and what hosts write, in one page of the image's data. */
struct nucleus_shared {
	struct nucleus_info info;
	uint8_t kvmclock[64] __attribute__((aligned(64)));
	uint8_t kvm_wall_clock[64];
} __attribute__((aligned(1024)));
extern struct nucleus_shared nucleus_shared; /* start.c */

/* Fills in command line, initrd, RSDP and RAM, less the image as *info has it, from
 * the zero page or, when there is one, the PVH start info. False: not what the
 * protocol promises, or out of reach. Runs in ring 3. */
bool boot_information_read(uint64_t zero_page, uint64_t start_info, struct nucleus_info *info);

/* start.c: where ring 3 begins, entered by the nucleus. */
_Noreturn void boot_start(uint64_t zero_page, uint64_t start_info, uint64_t entry_tsc);

#endif
