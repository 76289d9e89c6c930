/* The split virtqueue driver; see virtq.h. Pure: touches its rings only. */
#include "virtio/virtq.h"

#include "lib/string.h"

/* x86 keeps loads and stores in order but for a store before a load. */
#define compiler_barrier() __atomic_signal_fence(__ATOMIC_SEQ_CST)
#define full_barrier() __atomic_thread_fence(__ATOMIC_SEQ_CST)

static uint16_t read_shared(const uint16_t *field)
{
	return *(const volatile uint16_t *)field;
}

static void write_shared(uint16_t *field, uint16_t value)
{
	*(volatile uint16_t *)field = value;
}

void virtq_init(struct virtq *queue, struct virtq_rings *rings, uint16_t number, uint16_t size)
{
	memset(queue, 0, sizeof(*queue));
	queue->rings = rings;
	queue->number = number;
	queue->size = size;
	write_shared(&rings->available.flags, VIRTQ_AVAIL_F_NO_INTERRUPT);
}

void virtq_add(struct virtq *queue, uint16_t id, uint64_t physical, uint32_t size, bool writable)
{
	queue->rings->descriptors[id] = (struct virtq_desc){
		.addr = physical, .len = size, .flags = writable ? VIRTQ_DESC_F_WRITE : 0
	};
	queue->lengths[id] = writable ? size : 0;
	queue->out |= 1u << id;
	queue->rings->available.ring[queue->available_idx % queue->size] = id;
	queue->available_idx++;
}

/* Both lie behind rings of the size in use (virtio 1.2, sections 2.7.6 and 2.7.8). */
static uint16_t *used_event(const struct virtq *queue)
{
	return &queue->rings->available.ring[queue->size];
}

static const uint16_t *avail_event(const struct virtq *queue)
{
	return (const uint16_t *)&queue->rings->used.ring[queue->size];
}

void virtq_use_event_idx(struct virtq *queue)
{
	queue->event_idx = true;
	write_shared(&queue->rings->available.flags, 0); /* has no meaning any more */
	virtq_want_interrupt(queue, false);
}

bool virtq_publish(struct virtq *queue)
{
	uint16_t before = queue->published, event;

	compiler_barrier();
	write_shared(&queue->rings->available.idx, queue->available_idx);
	queue->published = queue->available_idx;
	full_barrier();
	if (!queue->event_idx)
		return !(read_shared(&queue->rings->used.flags) & VIRTQ_USED_F_NO_NOTIFY);
	/* Whether the entry that the device waits for is among the new ones. */
	event = read_shared(avail_event(queue));
	return (uint16_t)(queue->available_idx - event - 1) < (uint16_t)(queue->available_idx - before);
}

bool virtq_ready(const struct virtq *queue)
{
	return queue->rings && read_shared(&queue->rings->used.idx) != queue->used_idx;
}

int virtq_take(struct virtq *queue, uint16_t *id, uint32_t *written)
{
	const volatile struct virtq_used_elem *element;
	uint32_t used_id, length;

	if (!virtq_ready(queue))
		return 0;
	compiler_barrier();
	element = &queue->rings->used.ring[queue->used_idx % queue->size];
	used_id = element->id;
	length = element->len;
	if (used_id >= queue->size || !virtq_has(queue, (uint16_t)used_id) ||
	    length > queue->lengths[used_id])
		return -1;
	queue->used_idx++;
	queue->out &= ~(1u << used_id);
	*id = (uint16_t)used_id;
	*written = length;
	return 1;
}

void virtq_want_interrupt(struct virtq *queue, bool wanted)
{
	if (queue->event_idx)
		write_shared(used_event(queue), wanted ? queue->used_idx : (uint16_t)(queue->used_idx - 1));
	else
		write_shared(&queue->rings->available.flags, wanted ? 0 : VIRTQ_AVAIL_F_NO_INTERRUPT);
	full_barrier();
}
