/* The program's open descriptors. */
#ifndef WALNUT_RUNTIME_DESCRIPTOR_H
#define WALNUT_RUNTIME_DESCRIPTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "virtio/console.h"
#include "wasi/wasi.h"

struct descriptor {
	bool open;
	bool terminal;
	enum console_stream stream;
	uint16_t flags;	 /* WASI_FDFLAG_* */
	uint64_t rights; /* WASI_RIGHT_* */
};

/* Opens 0, 1 and 2 as far as their streams lead anywhere. launch_flags:
 * WALNUT_LAUNCH_TTY_*. */
void descriptor_init(uint32_t launch_flags);

/* NULL: not open. */
struct descriptor *descriptor_get(uint32_t fd);

#endif
