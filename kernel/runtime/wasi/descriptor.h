/* The program's open descriptors: standard streams, and objects that bring their own
 * operations, so that only programs that can have them get their code. */
#ifndef WALNUT_RUNTIME_DESCRIPTOR_H
#define WALNUT_RUNTIME_DESCRIPTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "virtio/console.h"
#include "wasi/wasi.h"

struct descriptor;

/* Of what is no stream. Rights are checked by the caller, errnos come back. */
struct descriptor_ops {
	uint8_t (*filetype)(const struct descriptor *descriptor);
	/* The iovecs were checked; sums of their sizes are 32 bits. */
	uint32_t (*read)(struct descriptor *descriptor, uint32_t iovecs, uint32_t count, uint32_t *done);
	uint32_t (*write)(struct descriptor *descriptor, uint32_t iovecs, uint32_t count, uint32_t *done);
	/* Whether reading (or writing) would not wait; fills in size, flags and error. */
	bool (*poll)(struct descriptor *descriptor, bool write, struct wasi_event *event);
	void (*close)(struct descriptor *descriptor);
	/* NULL: it has no position. *position: where it is then. */
	uint32_t (*seek)(struct descriptor *descriptor, int64_t offset, uint32_t whence, uint64_t *position);
	/* NULL: those of streams, which are only noted. */
	uint32_t (*set_flags)(struct descriptor *descriptor, uint16_t flags);
};

struct descriptor {
	bool open;
	bool terminal;
	enum console_stream stream;
	uint16_t flags;	 /* WASI_FDFLAG_* */
	uint64_t rights; /* WASI_RIGHT_* */
	uint64_t inheriting; /* what is opened in this directory can have these */
	const struct descriptor_ops *ops; /* NULL: it is the stream */
	void *object;			  /* the operations' */
};

/* Opens 0, 1 and 2 as far as their streams lead anywhere. launch_flags:
 * WALNUT_LAUNCH_TTY_*. */
void descriptor_init(uint32_t launch_flags);

/* No number from `limit` up is given out; those that are open stay so. */
void descriptor_limit(uint64_t limit);

/* NULL: not open. Valid until the next descriptor_open(). */
struct descriptor *descriptor_get(uint32_t fd);

/* The lowest number that is not open, from 3 up, for this object. False: there are too many,
 * or no memory. */
bool descriptor_open(const struct descriptor_ops *ops, void *object, uint64_t rights, uint16_t flags,
		     uint32_t *fd);

uint8_t descriptor_filetype(const struct descriptor *descriptor);

/* Ends what the descriptor stands for. */
void descriptor_close(struct descriptor *descriptor);

#endif
