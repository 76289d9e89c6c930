/* COM1 as the streams' place, where a machine has no console device: what is written goes out as it is,
 * what comes in is input until a Ctrl-D. */
#ifndef WALNUT_RUNTIME_SERIAL_H
#define WALNUT_RUNTIME_SERIAL_H

#include <stdbool.h>
#include <stddef.h>

/* False: there is no such chip. */
bool serial_start(void);

void serial_write(const void *data, size_t size);

/* Bytes that have come; *ended says whether there will be no more. */
size_t serial_available(bool *ended);
size_t serial_read(void *data, size_t size);

#endif
