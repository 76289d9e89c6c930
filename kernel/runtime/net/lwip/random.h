/* Random numbers for port numbers, transactions and keys. */
#ifndef WALNUT_RUNTIME_LWIP_RANDOM_H
#define WALNUT_RUNTIME_LWIP_RANDOM_H

#include <stddef.h>

/* Ends the machine where there is no source of them. */
void lwip_random_bytes(void *data, size_t size);

#endif
