/* What the nucleus and ring 3's beginning have in common, beside the calls. */
#ifndef WALNUT_KERNEL_NUCLEUS_SHARED_H
#define WALNUT_KERNEL_NUCLEUS_SHARED_H

#include <stdint.h>

#include "nucleus/nucleus.h"

/* nucleus_info and what hosts write, in one page of the image's data; runtime/boot/start.c has it. */
struct nucleus_shared {
	struct nucleus_info info;
	uint8_t kvmclock[64] __attribute__((aligned(64)));
	uint8_t kvm_wall_clock[64];
} __attribute__((aligned(1024)));
extern struct nucleus_shared nucleus_shared;

/* Where ring 3 begins, in the same file: with the zero page or the loader's magic number, and the start
 * info. */
_Noreturn void boot_start(uint64_t zero_page, uint64_t start_info, uint64_t entry_tsc);

#endif
