/* Dispatches port and memory-mapped accesses by address range. One bus for each
 * address space of a VM; filled before the guest runs, constant then. */
#ifndef WALNUT_VMM_BUS_H
#define WALNUT_VMM_BUS_H

#include <stdbool.h>
#include <stdint.h>

#define BUS_RANGES_MAX 48

/* size is 1, 2, 4 or 8; data has that many bytes. offset is from the range's base.
 * Called on the vCPU's thread. */
struct bus_ops {
	void (*read)(void *device, uint64_t offset, void *data, unsigned size);
	void (*write)(void *device, uint64_t offset, const void *data, unsigned size);
};

struct bus_range {
	uint64_t base;
	uint64_t size;
	const struct bus_ops *ops;
	void *device;
};

struct bus {
	struct bus_range ranges[BUS_RANGES_MAX];
	unsigned count;
};

/* The range must not overlap another one. */
void bus_add(struct bus *bus, uint64_t base, uint64_t size, const struct bus_ops *ops, void *device);

/* Where nothing lives, reads give all ones and writes go nowhere, as on a PC. */
void bus_read(const struct bus *bus, uint64_t address, void *data, unsigned size);
void bus_write(const struct bus *bus, uint64_t address, const void *data, unsigned size);

#endif
