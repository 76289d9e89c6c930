/* Where GDB may connect. */
#ifndef WALNUT_VMM_GDB_LISTEN_H
#define WALNUT_VMM_GDB_LISTEN_H

#include <stdint.h>

struct failure;

/* The parts of "[ADDRESS:]PORT", without an address 127.0.0.1; an IPv6 address stands in
 * brackets. 0, or -EINVAL. */
int gdb_address_split(const char *address, char host[64], uint16_t *port);

/* A non-blocking socket that listens there (port 0: *port gets a free one's number), or a
 * negative errno. */
int gdb_listen(const char *host, uint16_t *port, struct failure *failure);

/* Says on stderr what to tell GDB. */
void gdb_announce(int listener);

#endif
