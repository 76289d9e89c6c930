/* Address-range dispatch. A handful of ranges: a linear search is the fastest. */
#include "device/bus.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

void bus_add(struct bus *bus, uint64_t base, uint64_t size, const struct bus_ops *ops, void *device)
{
	assert(bus->count < BUS_RANGES_MAX);
	for (unsigned i = 0; i < bus->count; i++)
		assert(base + size <= bus->ranges[i].base ||
		       bus->ranges[i].base + bus->ranges[i].size <= base);
	bus->ranges[bus->count++] = (struct bus_range){ base, size, ops, device };
}

static const struct bus_range *find(const struct bus *bus, uint64_t address, unsigned size)
{
	for (unsigned i = 0; i < bus->count; i++) {
		const struct bus_range *range = &bus->ranges[i];

		if (address >= range->base && address - range->base < range->size)
			return size <= range->size - (address - range->base) ? range : NULL;
	}
	return NULL;
}

void bus_read(const struct bus *bus, uint64_t address, void *data, unsigned size)
{
	const struct bus_range *range = find(bus, address, size);

	if (range)
		range->ops->read(range->device, address - range->base, data, size);
	else
		memset(data, 0xff, size);
}

void bus_write(const struct bus *bus, uint64_t address, const void *data, unsigned size)
{
	const struct bus_range *range = find(bus, address, size);

	if (range)
		range->ops->write(range->device, address - range->base, data, size);
}
