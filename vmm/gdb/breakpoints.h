/* Breakpoints: places in guest memory where hlt stands instead of an instruction's first
 * byte (abi/debug_port.h). */
#ifndef WALNUT_VMM_GDB_BREAKPOINTS_H
#define WALNUT_VMM_GDB_BREAKPOINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BREAKPOINTS_MAX 512

struct guest_mem;

struct breakpoint {
	uint64_t address; /* virtual */
	uint64_t gpa;
	uint8_t original;
};

struct breakpoints {
	struct breakpoint list[BREAKPOINTS_MAX];
	unsigned count;
};

/* 0, -ENOSPC, or -EFAULT. One that is there already stays as it is. */
int breakpoint_insert(struct breakpoints *breakpoints, const struct guest_mem *mem, uint64_t address, uint64_t gpa);
/* 0, also where there was none. */
int breakpoint_remove(struct breakpoints *breakpoints, const struct guest_mem *mem, uint64_t address);
void breakpoints_remove_all(struct breakpoints *breakpoints, const struct guest_mem *mem);
bool breakpoint_at(const struct breakpoints *breakpoints, uint64_t address);

/* Replaces, in `data` that was read from gpa, what breakpoints stand for. */
void breakpoints_hide(const struct breakpoints *breakpoints, uint64_t gpa, uint8_t *data, size_t size);
/* The same for a write: changes what they stand for, and leaves them in `data`. */
void breakpoints_keep(struct breakpoints *breakpoints, uint64_t gpa, uint8_t *data, size_t size);

#endif
