/* Command port 0x64: 0xfe pulses the processor's reset line. There is no keyboard:
 * the status register reads "nothing here, ready for commands". */
#include "device/i8042.h"

#include <string.h>

#include "device/bus.h"

#define COMMAND_OFFSET 4
#define COMMAND_RESET 0xfe

static void i8042_read(void *device, uint64_t offset, void *data, unsigned size)
{
	memset(data, 0, size);
}

static void i8042_write(void *device, uint64_t offset, const void *data, unsigned size)
{
	struct i8042 *i8042 = device;

	if (offset == COMMAND_OFFSET && *(const uint8_t *)data == COMMAND_RESET)
		i8042->reset_requested = true;
}

static const struct bus_ops i8042_ops = { .read = i8042_read, .write = i8042_write };

void i8042_add(struct i8042 *i8042, struct bus *ports)
{
	bus_add(ports, I8042_PORT, I8042_PORTS, &i8042_ops, i8042);
}
