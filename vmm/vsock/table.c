/* Hashing with chains; slots in an array that only grows. */
#include "vsock/table.h"

#include <stdlib.h>
#include <sys/random.h>

#define BUCKETS_MIN 64u
#define SLOTS_MIN 64u

void vsock_table_init(struct vsock_table *table)
{
	if (getrandom(&table->seed, sizeof(table->seed), GRND_NONBLOCK) != sizeof(table->seed))
		table->seed = (uintptr_t)table;
}

void vsock_table_destroy(struct vsock_table *table)
{
	free(table->buckets);
	free(table->slots);
	free(table->free_slots);
	*table = (struct vsock_table){ 0 };
}

static struct vsock_conn **bucket(const struct vsock_table *table, uint32_t guest_port, uint32_t host_port)
{
	uint64_t h = ((uint64_t)guest_port << 32 | host_port) ^ table->seed;

	/* The finalizer of MurmurHash3. */
	h = (h ^ h >> 33) * 0xff51afd7ed558ccdull;
	h = (h ^ h >> 33) * 0xc4ceb9fe1a85ec53ull;
	return &table->buckets[(h ^ h >> 33) & (table->bucket_count - 1)];
}

static bool grow_buckets(struct vsock_table *table)
{
	struct vsock_table old = *table;

	if (table->count < table->bucket_count)
		return true;
	table->bucket_count = old.bucket_count ? old.bucket_count * 2 : BUCKETS_MIN;
	table->buckets = calloc(table->bucket_count, sizeof(*table->buckets));
	if (!table->buckets) { /* more crowded, then */
		table->buckets = old.buckets;
		table->bucket_count = old.bucket_count;
		return old.buckets;
	}
	for (uint32_t i = 0; i < old.bucket_count; i++) {
		for (struct vsock_conn *conn = old.buckets[i], *next; conn; conn = next) {
			struct vsock_conn **to = bucket(table, conn->guest_port, conn->host_port);

			next = conn->hash_next;
			conn->hash_next = *to;
			*to = conn;
		}
	}
	free(old.buckets);
	return true;
}

static bool grow_slots(struct vsock_table *table)
{
	uint32_t capacity = table->slot_capacity ? table->slot_capacity * 2 : SLOTS_MIN;
	struct vsock_conn **slots;
	uint32_t *free_slots;

	if (table->free_count > 0 || table->slot_count < table->slot_capacity)
		return true;
	slots = realloc(table->slots, capacity * sizeof(*slots));
	if (slots)
		table->slots = slots;
	free_slots = realloc(table->free_slots, capacity * sizeof(*free_slots));
	if (free_slots)
		table->free_slots = free_slots;
	if (!slots || !free_slots)
		return false;
	table->slot_capacity = capacity;
	return true;
}

struct vsock_conn *vsock_table_add(struct vsock_table *table, uint32_t guest_port, uint32_t host_port)
{
	struct vsock_conn *conn, **head;
	uint32_t slot;

	if (table->count == VSOCK_CONNS_MAX || !grow_buckets(table) || !grow_slots(table))
		return NULL;
	conn = calloc(1, sizeof(*conn));
	if (!conn)
		return NULL;
	slot = table->free_count ? table->free_slots[--table->free_count] : table->slot_count++;
	table->slots[slot] = conn;
	table->count++;
	table->generation = (table->generation + 1) & 0x7fffffff;
	conn->id = (uint64_t)table->generation << 32 | slot;
	conn->guest_port = guest_port;
	conn->host_port = host_port;
	conn->fd = -1;
	head = bucket(table, guest_port, host_port);
	conn->hash_next = *head;
	*head = conn;
	return conn;
}

void vsock_table_forget_ports(struct vsock_table *table, struct vsock_conn *conn)
{
	struct vsock_conn **at = bucket(table, conn->guest_port, conn->host_port);

	while (*at && *at != conn)
		at = &(*at)->hash_next;
	if (*at)
		*at = conn->hash_next;
	conn->hash_next = NULL;
}

void vsock_table_remove(struct vsock_table *table, struct vsock_conn *conn)
{
	uint32_t slot = (uint32_t)conn->id;

	vsock_table_forget_ports(table, conn);
	table->slots[slot] = NULL;
	table->free_slots[table->free_count++] = slot;
	table->count--;
	free(conn);
}

struct vsock_conn *vsock_table_find(const struct vsock_table *table, uint32_t guest_port, uint32_t host_port)
{
	struct vsock_conn *conn = table->bucket_count ? *bucket(table, guest_port, host_port) : NULL;

	while (conn && (conn->guest_port != guest_port || conn->host_port != host_port))
		conn = conn->hash_next;
	return conn;
}

struct vsock_conn *vsock_table_find_id(const struct vsock_table *table, uint64_t id)
{
	uint32_t slot = (uint32_t)id;
	struct vsock_conn *conn = slot < table->slot_count ? table->slots[slot] : NULL;

	return conn && conn->id == id ? conn : NULL;
}

struct vsock_conn *vsock_table_at(const struct vsock_table *table, uint32_t slot)
{
	return slot < table->slot_count ? table->slots[slot] : NULL;
}
