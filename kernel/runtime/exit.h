/* The ways out of the machine. Each tells the VMM how it went (abi/status.h) and
 * powers off. */
#ifndef WALNUT_RUNTIME_EXIT_H
#define WALNUT_RUNTIME_EXIT_H

#include <stddef.h>
#include <stdint.h>

/* When things happened, in TSC ticks; see struct walnut_status_timeline. */
struct exit_times {
	uint64_t runtime_up;
	uint64_t first_instruction;
};
extern struct exit_times exit_times;

struct nucleus_info;
void exit_init(const struct nucleus_info *info);

/* An I/O port that is told the status, in the end, as QEMU's isa-debug-exit is; 0: none. */
void exit_set_port(uint64_t port);

/* The program ended with `status` (0 … 255), by `trap` if that is not 0. */
_Noreturn void runtime_exit(uint32_t status, uint32_t trap);

/* The kernel gives up: `reason` is one line of text for the user. */
_Noreturn void runtime_fail(const char *reason, size_t size);

#endif
