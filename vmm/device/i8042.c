/* Command port 0x64: 0xfe pulses the processor's reset line. There is no keyboard:
 * the status register reads "nothing here, ready for commands". */
#include "device/i8042.h"

#include <string.h>

#include "device/bus.h"
#include "device/power.h"

static void i8042_read(void *device, uint64_t offset, void *data, unsigned size)
{
	memset(data, 0, size);
}

static void i8042_write(void *device, uint64_t offset, const void *data, unsigned size)
{
	if (offset == I8042_COMMAND_PORT - I8042_PORT && *(const uint8_t *)data == I8042_COMMAND_RESET)
		power_request(device, POWER_RESET);
}

static const struct bus_ops i8042_ops = { .read = i8042_read, .write = i8042_write };

void i8042_add(struct power *power, struct bus *ports)
{
	bus_add(ports, I8042_PORT, I8042_PORTS, &i8042_ops, power);
}
