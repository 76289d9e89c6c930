/* The program's open descriptors; see descriptor.h. */
#include "wasi/descriptor.h"

#include "launch.h"

#define DESCRIPTORS 3

static struct descriptor descriptors[DESCRIPTORS];

void descriptor_init(uint32_t launch_flags)
{
	static const uint32_t terminal_flags[DESCRIPTORS] = {
		WALNUT_LAUNCH_TTY_STDIN, WALNUT_LAUNCH_TTY_STDOUT, WALNUT_LAUNCH_TTY_STDERR
	};
	static const enum console_stream streams[DESCRIPTORS] = {
		CONSOLE_INPUT, CONSOLE_OUTPUT, CONSOLE_ERROR
	};

	for (uint32_t fd = 0; fd < DESCRIPTORS; fd++) {
		/* No right to seek or tell: that is how libraries know a terminal. */
		descriptors[fd] = (struct descriptor){
			.open = console_has(streams[fd]),
			.terminal = launch_flags & terminal_flags[fd],
			.stream = streams[fd],
			.rights = WASI_RIGHT_FD_FDSTAT_SET_FLAGS | WASI_RIGHT_FD_FILESTAT_GET |
				  WASI_RIGHT_POLL_FD_READWRITE |
				  (fd == 0 ? WASI_RIGHT_FD_READ : WASI_RIGHT_FD_WRITE),
		};
	}
}

struct descriptor *descriptor_get(uint32_t fd)
{
	return fd < DESCRIPTORS && descriptors[fd].open ? &descriptors[fd] : NULL;
}
