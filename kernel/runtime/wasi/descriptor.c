/* The program's open descriptors; see descriptor.h. */
#include "wasi/descriptor.h"

#include "launch.h"
#include "lib/string.h"
#include "mem/space.h"

#define STREAMS 3
#define DESCRIPTORS_FIRST 16 /* without asking for memory */
#define DESCRIPTORS_MAX (1u << 20)

static struct descriptor first_descriptors[DESCRIPTORS_FIRST];
static struct descriptor *descriptors = first_descriptors;
static uint32_t capacity = DESCRIPTORS_FIRST;
static uint64_t number_limit = DESCRIPTORS_MAX;
static uint32_t lowest = STREAMS; /* none below, from STREAMS up, is free */

void descriptor_init(uint32_t launch_flags)
{
	static const uint32_t terminal_flags[STREAMS] = {
		WALNUT_LAUNCH_TTY_STDIN, WALNUT_LAUNCH_TTY_STDOUT, WALNUT_LAUNCH_TTY_STDERR
	};
	static const enum console_stream streams[STREAMS] = {
		CONSOLE_INPUT, CONSOLE_OUTPUT, CONSOLE_ERROR
	};

	for (uint32_t fd = 0; fd < STREAMS; fd++) {
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

void descriptor_limit(uint64_t limit)
{
	number_limit = limit;
}

struct descriptor *descriptor_get(uint32_t fd)
{
	return fd < capacity && descriptors[fd].open ? &descriptors[fd] : NULL;
}

/* Twice as many. The old ones' memory is lost: all of it together is less than the new. */
static bool grow(void)
{
	struct descriptor *grown;

	if (capacity == DESCRIPTORS_MAX)
		return false;
	grown = space_allocate(2 * capacity * sizeof(*grown));
	if (!grown)
		return false;
	memcpy(grown, descriptors, capacity * sizeof(*grown));
	descriptors = grown;
	capacity *= 2;
	return true;
}

bool descriptor_open(const struct descriptor_ops *ops, void *object, uint64_t rights, uint16_t flags,
		     uint32_t *fd)
{
	while (lowest < capacity && descriptors[lowest].open)
		lowest++;
	if (lowest >= number_limit || (lowest == capacity && !grow()))
		return false;
	*fd = lowest++;
	descriptors[*fd] = (struct descriptor){
		.open = true, .flags = flags, .rights = rights, .ops = ops, .object = object,
	};
	return true;
}

uint8_t descriptor_filetype(const struct descriptor *descriptor)
{
	if (descriptor->ops)
		return descriptor->ops->filetype(descriptor);
	return descriptor->terminal ? WASI_FILETYPE_CHARACTER_DEVICE : WASI_FILETYPE_UNKNOWN;
}

void descriptor_close(struct descriptor *descriptor)
{
	uint32_t fd = (uint32_t)(descriptor - descriptors);

	if (descriptor->ops)
		descriptor->ops->close(descriptor);
	descriptor->open = false;
	if (fd < lowest && fd >= STREAMS)
		lowest = fd;
}
