/* See serial.h. The chip is looked at, it does not interrupt: whoever waits for it takes naps. */
#include "serial.h"

#include <stdint.h>

#include "idle.h"
#include "nucleus/nucleus.h"
#include "ports.h"

#define COM1 0x3f8
#define LINE_STATUS (COM1 + 5)
#define SCRATCH (COM1 + 7)
#define LSR_READY 0x01u
#define SCRATCH_PATTERN 0x5au
#define CTRL_D 0x04

static uint8_t input[4096];
static uint32_t first, count;
static bool over, napping;

bool serial_start(void)
{
	port_write(SCRATCH, 1, SCRATCH_PATTERN);
	return port_read(SCRATCH, 1) == SCRATCH_PATTERN;
}

void serial_write(const void *data, size_t size)
{
	nucleus_call(NUCLEUS_SERIAL_WRITE, (uint64_t)data, size, 0, 0);
}

size_t serial_available(bool *ended)
{
	if (!napping) {
		napping = true;
		idle_in_naps();
	}
	while (!over && count < sizeof(input) && (port_read(LINE_STATUS, 1) & LSR_READY)) {
		uint8_t byte = (uint8_t)port_read(COM1, 1);

		if (byte == CTRL_D)
			over = true;
		else
			input[(first + count++) % sizeof(input)] = byte;
	}
	*ended = over && !count;
	return count;
}

size_t serial_read(void *data, size_t size)
{
	uint8_t *to = data;
	size_t done = 0;

	for (; done < size && count; done++, count--) {
		to[done] = input[first];
		first = (first + 1) % sizeof(input);
	}
	return done;
}
