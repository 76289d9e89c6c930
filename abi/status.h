/* What the guest tells its VMM on the virtio-console port named "walnut-status":
 * a stream of records, each a header and `size` bytes of payload. The last one
 * before the guest resets the machine is EXIT or FAILURE. Works the same on every
 * VMM that has virtio-console; the reader treats it as hostile input. */
#ifndef WALNUT_ABI_STATUS_H
#define WALNUT_ABI_STATUS_H

#include <stdint.h>

#define WALNUT_STATUS_PORT "walnut-status"
#define WALNUT_STDIN_PORT "krun-stdin"
#define WALNUT_STDOUT_PORT "krun-stdout"
#define WALNUT_STDERR_PORT "krun-stderr"

#define WALNUT_STATUS_MAGIC 0x5357 /* "WS" */

enum walnut_status_kind {
	WALNUT_STATUS_EXIT = 1,	    /* struct walnut_status_exit */
	WALNUT_STATUS_FAILURE = 2,  /* text: why the kernel gave up; exit status 125 */
	WALNUT_STATUS_TIMELINE = 3, /* struct walnut_status_timeline, before EXIT */
};

struct walnut_status_header {
	uint16_t magic;
	uint16_t kind;
	uint32_t size; /* of the payload, at most WALNUT_STATUS_MAX */
};
#define WALNUT_STATUS_MAX 512u

struct walnut_status_exit {
	uint32_t status; /* process exit status, 0..255 */
	uint32_t trap;	 /* enum walnut_trap_code, 0: none */
};

/* Times are guest TSC values, 0: not reached. */
struct walnut_status_timeline {
	uint64_t entered;	    /* first instruction of the kernel */
	uint64_t runtime_up;	    /* ring 3 runs, devices ready */
	uint64_t first_instruction; /* of the program */
	uint64_t exit;
	uint64_t irqs;
	uint64_t page_faults;	    /* taken by the guest kernel */
	uint64_t peak_memory_bytes; /* guest RAM handed out: heap, stack, linear memory */
};

#endif
