/* Bytes that have arrived for a socket, in pieces of fixed size that all sockets share, or where they
 * arrived. */
#ifndef WALNUT_RUNTIME_NET_QUEUE_H
#define WALNUT_RUNTIME_NET_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QUEUE_PIECE_SIZE 2048

struct queue_piece;

struct queue {
	struct queue_piece *first, *last;
	uint32_t size; /* bytes in it */
};

/* Appends all of it, as a record if `record`. False: out of memory, nothing was appended. */
bool queue_put(struct queue *queue, const void *prefix, size_t prefix_size, const void *data, size_t size,
	       bool record);

/* Appends all of it, not as a record, without a copy: it stays where it is until release() is told, when
 * it has left the queue. False: out of memory, nothing was appended. */
bool queue_put_in_place(struct queue *queue, const uint8_t *data, size_t size, void (*release)(const uint8_t *data));

/* Copies out what is there after `skip` bytes, and of a queue of records, of the first one
 * only. Returns how much that was. */
size_t queue_peek(const struct queue *queue, size_t skip, void *to, size_t size, bool record);

/* Takes bytes away: at most queue->size. */
void queue_drop(struct queue *queue, size_t size);

/* Bytes of the first record. */
size_t queue_record_size(const struct queue *queue);

void queue_clear(struct queue *queue);

#endif
