/* Packets to and from the host, for sockets; vsock.c drives the device below. */
#ifndef WALNUT_RUNTIME_LINK_H
#define WALNUT_RUNTIME_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vsock.h"

/* The largest payload of one packet, either way. */
#define LINK_PAYLOAD_MAX 65472u

/* Finds the device and starts it, once. False: there is none. */
bool link_start(void);

/* Whether the host has TSI; otherwise there are streams between ports only. */
bool link_has_tsi(void);

/* Whether the host has Walnut's extension of TSI. */
bool link_is_extended(void);

/* Whether link_send() would take a packet. */
bool link_can_send(void);

/* Sends a packet whose payload is `prefix` and then `data`, together at most
 * LINK_PAYLOAD_MAX bytes; the header's len is filled in. Only after link_can_send(). `more`: another
 * follows at once, and the host may be told of both together. */
void link_send(struct vsock_header *header, const void *prefix, size_t prefix_size, const void *data,
	       size_t size, bool more);

/* Within tsi_packet(), after link_can_keep(): its data stays where it is, until link_release(). */
bool link_can_keep(void);
void link_keep(const uint8_t *data);
void link_release(const uint8_t *data);

/* Hands what has arrived to tsi_packet(). False: nothing had. */
bool link_poll(void);

/* Waits until there may be news, or the TSC reaches `deadline`. */
void link_wait(uint64_t deadline);

#endif
