/* The standard streams and the status channel, over virtio-console (virtio 1.2,
 * section 5.3). With named ports each stream has its own (abi/status.h); without,
 * port 0 is all three and there is no status channel. Without the device COM1 is all three. */
#ifndef WALNUT_RUNTIME_CONSOLE_H
#define WALNUT_RUNTIME_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cmdline.h"

enum console_stream {
	CONSOLE_INPUT,
	CONSOLE_OUTPUT,
	CONSOLE_ERROR,
	CONSOLE_STATUS,
	CONSOLE_STREAMS,
};

/* Finds the device and learns which port is which stream. With `ports` known from
 * the command line that takes no message; else the device says so itself. */
void console_start(const struct cmdline_ports *ports);

/* Whether the stream leads anywhere. */
bool console_has(enum console_stream stream);

enum console_state {
	CONSOLE_BLOCKED, /* an operation would have to wait */
	CONSOLE_READY,
	CONSOLE_CLOSED,	 /* input: end of file; output: the host closed it */
};

/* Never waits. */
enum console_state console_state(enum console_stream stream);

/* Bytes of input that can be read without waiting. */
size_t console_available(void);

/* Takes what has arrived, at most `size` bytes. 0: nothing has, see
 * console_state(). */
size_t console_read(void *data, size_t size);

/* Gives the host as much as there is room for, at most `size` bytes. Fewer, down to
 * 0: see console_state(). */
size_t console_write(enum console_stream stream, const void *data, size_t size);

/* Another device whose news end a wait. */
struct wait_source {
	bool (*news)(void);	    /* whether there are any */
	void (*listen)(bool wanted); /* asks for interrupts, or no more; afterwards it is over */
	uint64_t (*deadline)(void);  /* when there are news by themselves (TSC); NULL: never */
};

/* From now on its news end every console_wait(). */
void console_wait_also(const struct wait_source *source);

/* Lets that device take in its news now. */
void console_take_news(void);

/* Waits until the state of a stream of `streams` (a mask, 1 << enum console_stream)
 * is not CONSOLE_BLOCKED, or the TSC reaches `deadline`. May come back early. */
void console_wait(uint32_t streams, uint64_t deadline);

/* Writes all of it, waiting as needed; false: the host closed the stream. */
bool console_write_all(enum console_stream stream, const void *data, size_t size);

/* Before power-off: sends `records` on the status channel, if there is one, and
 * sees to it that the host gets all output. */
void console_finish(const void *records, size_t size);

#endif
