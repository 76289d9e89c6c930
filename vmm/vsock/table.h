/* The connections of a device: found by the two ports that packets carry, or by an id that
 * is never used twice, so that news about one that is gone finds nobody. */
#ifndef WALNUT_VMM_VSOCK_TABLE_H
#define WALNUT_VMM_VSOCK_TABLE_H

#include <stdint.h>

#include "vsock/conn.h"

#define VSOCK_CONNS_MAX 16384u

struct vsock_table {
	struct vsock_conn **buckets; /* by hash of the ports */
	uint32_t bucket_count;	     /* a power of two */
	struct vsock_conn **slots;   /* by the id's lower half */
	uint32_t *free_slots;	     /* a stack */
	uint32_t slot_count, slot_capacity, free_count;
	uint32_t count;
	uint32_t generation;
	uint64_t seed; /* a guest that picks ports to collide does not know it */
};

/* Accepts a zeroed table only; vsock_table_destroy() accepts that, too. */
void vsock_table_init(struct vsock_table *table);
/* The table is empty. */
void vsock_table_destroy(struct vsock_table *table);

/* A new connection, zeroed but for ports, id and fd -1. NULL: out of memory, or too many. The
 * ports are not in use yet. */
struct vsock_conn *vsock_table_add(struct vsock_table *table, uint32_t guest_port, uint32_t host_port);

/* Takes its ports away, so that they can be used again; it keeps its id. */
void vsock_table_forget_ports(struct vsock_table *table, struct vsock_conn *conn);

/* Removes and frees it. */
void vsock_table_remove(struct vsock_table *table, struct vsock_conn *conn);

struct vsock_conn *vsock_table_find(const struct vsock_table *table, uint32_t guest_port, uint32_t host_port);
struct vsock_conn *vsock_table_find_id(const struct vsock_table *table, uint64_t id);

/* For a walk over all: the one in this slot or NULL, for slots below slot_count. */
struct vsock_conn *vsock_table_at(const struct vsock_table *table, uint32_t slot);

#endif
