/* I/O ports, by way of the nucleus. */
#ifndef WALNUT_RUNTIME_PORTS_H
#define WALNUT_RUNTIME_PORTS_H

#include <stdint.h>

#include "nucleus/nucleus.h"

static inline uint32_t port_read(uint16_t port, uint32_t size)
{
	return (uint32_t)nucleus_call(NUCLEUS_PORT_READ, port, size, 0, 0);
}

static inline void port_write(uint16_t port, uint32_t size, uint32_t value)
{
	nucleus_call(NUCLEUS_PORT_WRITE, port, size, value, 0);
}

#endif
