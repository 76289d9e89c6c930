/* See queue.h. Pieces that are no longer used wait for the next use: RAM is never given
 * back, so the most that was ever waiting at one time is what this takes. */
#include "net/queue.h"

#include "lib/string.h"
#include "mem/space.h"

#define PIECES_AT_ONCE 32

struct queue_piece {
	struct queue_piece *next;
	const uint8_t *data;		      /* `bytes`, or what lies elsewhere */
	void (*release)(const uint8_t *data); /* NULL: it lies here */
	uint32_t start, size;
	bool begins_record;
	uint8_t bytes[QUEUE_PIECE_SIZE - 40];
};
_Static_assert(sizeof(struct queue_piece) == QUEUE_PIECE_SIZE, "piece");

static struct queue_piece *free_pieces;

static bool more_pieces(void)
{
	struct queue_piece *fresh = space_allocate(PIECES_AT_ONCE * sizeof(*fresh));

	for (int i = 0; fresh && i < PIECES_AT_ONCE; i++) {
		fresh[i].next = free_pieces;
		free_pieces = &fresh[i];
	}
	return fresh;
}

static void add_piece(struct queue *queue, bool begins_record)
{
	struct queue_piece *piece = free_pieces;

	free_pieces = piece->next;
	piece->next = NULL;
	piece->data = piece->bytes;
	piece->release = NULL;
	piece->start = piece->size = 0;
	piece->begins_record = begins_record;
	if (queue->last)
		queue->last->next = piece;
	else
		queue->first = piece;
	queue->last = piece;
}

static size_t room(const struct queue *queue)
{
	const struct queue_piece *last = queue->last;

	return last && !last->release ? sizeof(last->bytes) - last->start - last->size : 0;
}

/* Has pieces for `size` more bytes in the free list. */
static bool reserve(size_t size)
{
	const struct queue_piece *piece = free_pieces;
	size_t have = 0;

	for (; piece && have < size; piece = piece->next)
		have += sizeof(piece->bytes);
	for (; have < size; have += PIECES_AT_ONCE * sizeof(piece->bytes)) {
		if (!more_pieces())
			return false;
	}
	return true;
}

static void append(struct queue *queue, const uint8_t *from, size_t size)
{
	while (size) {
		size_t part = room(queue);

		if (!part) {
			add_piece(queue, false);
			continue;
		}
		if (part > size)
			part = size;
		memcpy(queue->last->bytes + queue->last->start + queue->last->size, from, part);
		queue->last->size += (uint32_t)part;
		queue->size += (uint32_t)part;
		from += part;
		size -= part;
	}
}

bool queue_put(struct queue *queue, const void *prefix, size_t prefix_size, const void *data, size_t size,
	       bool record)
{
	/* A piece more: a record begins one. */
	if (!reserve(prefix_size + size + sizeof(queue->first->bytes)))
		return false;
	if (record)
		add_piece(queue, true);
	append(queue, prefix, prefix_size);
	append(queue, data, size);
	return true;
}

bool queue_put_in_place(struct queue *queue, const uint8_t *data, size_t size, void (*release)(const uint8_t *data))
{
	if (!reserve(sizeof(queue->first->bytes)))
		return false;
	add_piece(queue, false);
	queue->last->data = data;
	queue->last->release = release;
	queue->last->size = (uint32_t)size;
	queue->size += (uint32_t)size;
	return true;
}

size_t queue_record_size(const struct queue *queue)
{
	const struct queue_piece *piece = queue->first;
	size_t size = 0;

	for (; piece && (piece == queue->first || !piece->begins_record); piece = piece->next)
		size += piece->size;
	return size;
}

size_t queue_peek(const struct queue *queue, size_t skip, void *to, size_t size, bool record)
{
	size_t done = 0;

	for (const struct queue_piece *piece = queue->first; piece && done < size; piece = piece->next) {
		size_t part = piece->size;

		if (record && piece != queue->first && piece->begins_record)
			break;
		if (skip >= part) {
			skip -= part;
			continue;
		}
		part -= skip;
		if (part > size - done)
			part = size - done;
		memcpy((void *)((uintptr_t)to + done), piece->data + piece->start + skip, part);
		skip = 0;
		done += part;
	}
	return done;
}

static void remove_first(struct queue *queue)
{
	struct queue_piece *piece = queue->first;

	queue->size -= piece->size;
	queue->first = piece->next;
	if (!queue->first)
		queue->last = NULL;
	if (piece->release)
		piece->release(piece->data);
	piece->next = free_pieces;
	free_pieces = piece;
}

void queue_drop(struct queue *queue, size_t size)
{
	while (queue->first && size >= queue->first->size) {
		size -= queue->first->size;
		remove_first(queue);
		if (!size)
			return;
	}
	if (!queue->first)
		return;
	queue->first->start += (uint32_t)size;
	queue->first->size -= (uint32_t)size;
	queue->size -= (uint32_t)size;
}

void queue_clear(struct queue *queue)
{
	while (queue->first)
		remove_first(queue);
}
