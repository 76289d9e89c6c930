/* Split virtqueues, device side. Theory of operation:
 *
 * The driver owns descriptor table and available ring, we own the used ring. Every
 * value in them can change under our hands, so each is loaded once (load16(),
 * load_desc()), checked, and used from the local copy. The addresses of the three
 * areas are checked when the queue starts; guest memory never moves or shrinks
 * while a VM lives, so the host pointers stay good. */
#include "virtio/virtq.h"

#include <errno.h>
#include <string.h>

#include "vm/guest_mem.h"

static uint16_t load16(const uint16_t *p)
{
	return __atomic_load_n(p, __ATOMIC_RELAXED);
}

static void store16(uint16_t *p, uint16_t value)
{
	__atomic_store_n(p, value, __ATOMIC_RELAXED);
}

static uint16_t load_acquire16(const uint16_t *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

/* A private copy. Indirect tables may lie anywhere, aligned or not. */
static struct virtq_desc load_desc(const void *table, uint16_t index)
{
	struct virtq_desc desc;

	memcpy(&desc, (const uint8_t *)table + index * sizeof(desc), sizeof(desc));
	/* The compiler must not go back to the guest's one. */
	__asm__ volatile("" : "+m"(desc));
	return desc;
}

/* The event words follow the rings. */
static const uint16_t *used_event(const struct virtq *vq)
{
	return &vq->avail->ring[vq->size];
}

static uint16_t *avail_event(struct virtq *vq)
{
	return (uint16_t *)&vq->used->ring[vq->size];
}

int virtq_start(struct virtq *vq, const struct guest_mem *mem, uint16_t size_max, bool event_idx)
{
	uint64_t size = vq->size;
	uint64_t avail_bytes = sizeof(struct virtq_avail) + (size + 1) * sizeof(uint16_t);
	uint64_t used_bytes = sizeof(struct virtq_used) + size * sizeof(struct virtq_used_elem) + sizeof(uint16_t);

	if (size == 0 || size > size_max || (size & (size - 1)) != 0)
		return -EINVAL;
	if (vq->desc_gpa % VIRTQ_DESC_ALIGN || vq->avail_gpa % VIRTQ_AVAIL_ALIGN ||
	    vq->used_gpa % VIRTQ_USED_ALIGN)
		return -EINVAL;
	vq->desc = guest_mem_range(mem, vq->desc_gpa, size * sizeof(struct virtq_desc));
	vq->avail = guest_mem_range(mem, vq->avail_gpa, avail_bytes);
	vq->used = guest_mem_range(mem, vq->used_gpa, used_bytes);
	if (!vq->desc || !vq->avail || !vq->used)
		return -EINVAL;
	vq->mem = mem;
	vq->event_idx = event_idx;
	vq->next_avail = 0;
	vq->next_used = 0;
	vq->signalled_valid = false;
	vq->ready = true;
	return 0;
}

bool virtq_has_next(const struct virtq *vq)
{
	return load_acquire16(&vq->avail->idx) != vq->next_avail;
}

static int chain_add(struct virtq *vq, struct virtq_chain *chain, const struct virtq_desc *desc)
{
	unsigned count = chain->read_count + chain->write_count;
	void *hva;

	if (desc->len == 0)
		return 0;
	hva = guest_mem_range(vq->mem, desc->addr, desc->len);
	if (!hva || count >= VIRTQ_DEVICE_SIZE_MAX)
		return -EINVAL;
	if (desc->flags & VIRTQ_DESC_F_WRITE) {
		chain->write_count++;
		chain->write_size += desc->len;
	} else {
		if (chain->write_count > 0) /* 2.7.4.2: readable buffers come first */
			return -EINVAL;
		chain->read_count++;
		chain->read_size += desc->len;
	}
	chain->iov[count] = (struct iovec){ .iov_base = hva, .iov_len = desc->len };
	return 0;
}

/* Follows `next` in a table of `table_size` descriptors. `budget` counts down over the
 * whole chain, so that a loop ends: a chain is at most as long as the queue. */
static int table_walk(struct virtq *vq, struct virtq_chain *chain, const void *table,
		      uint32_t table_size, uint16_t index, uint32_t *budget, bool indirect)
{
	for (;;) {
		struct virtq_desc desc;
		int error;

		if (index >= table_size || *budget == 0)
			return -EINVAL;
		(*budget)--;
		desc = load_desc(table, index);
		if (desc.flags & VIRTQ_DESC_F_INDIRECT) {
			const void *inner;
			uint32_t inner_size = desc.len / sizeof(struct virtq_desc);

			/* 2.7.5.3.1: no indirection inside one, and it ends the chain. Linux
			 * may put it behind direct descriptors; NEXT beside it is an error. */
			if (indirect || (desc.flags & VIRTQ_DESC_F_NEXT) || inner_size == 0 ||
			    desc.len % sizeof(struct virtq_desc) || inner_size > VIRTQ_SIZE_MAX)
				return -EINVAL;
			inner = guest_mem_range(vq->mem, desc.addr, desc.len);
			if (!inner)
				return -EINVAL;
			(*budget)++; /* the reference itself is not part of the chain */
			return table_walk(vq, chain, inner, inner_size, 0, budget, true);
		}
		error = chain_add(vq, chain, &desc);
		if (error || !(desc.flags & VIRTQ_DESC_F_NEXT))
			return error;
		index = desc.next;
	}
}

int virtq_next_chain(struct virtq *vq, struct virtq_chain *chain)
{
	uint16_t avail_idx = load_acquire16(&vq->avail->idx);
	uint16_t waiting = (uint16_t)(avail_idx - vq->next_avail);
	uint32_t budget = vq->size;
	int error;

	if (waiting == 0)
		return 0;
	if (waiting > vq->size)
		return -EINVAL;
	chain->head = load16(&vq->avail->ring[vq->next_avail & (vq->size - 1)]);
	chain->read_count = 0;
	chain->write_count = 0;
	chain->read_size = 0;
	chain->write_size = 0;
	error = table_walk(vq, chain, vq->desc, vq->size, chain->head, &budget, false);
	if (error)
		return error;
	vq->next_avail++;
	return 1;
}

void virtq_undo_next(struct virtq *vq)
{
	virtq_undo(vq, 1);
}

void virtq_undo(struct virtq *vq, unsigned count)
{
	vq->next_avail -= (uint16_t)count;
}

void virtq_want_notify(struct virtq *vq, bool want)
{
	if (vq->event_idx) {
		/* An index that has just passed will not come soon. */
		store16(avail_event(vq), want ? vq->next_avail : (uint16_t)(vq->next_avail - 1));
	} else {
		store16(&vq->used->flags, want ? 0 : VIRTQ_USED_F_NO_NOTIFY);
	}
	/* Our wish must be visible before the caller looks at the ring again. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void virtq_complete_many(struct virtq *vq, const uint16_t *heads, const uint32_t *written, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		struct virtq_used_elem *elem = &vq->used->ring[vq->next_used & (vq->size - 1)];

		__atomic_store_n(&elem->id, heads[i], __ATOMIC_RELAXED);
		__atomic_store_n(&elem->len, written[i], __ATOMIC_RELAXED);
		vq->next_used++;
	}
	__atomic_store_n(&vq->used->idx, vq->next_used, __ATOMIC_RELEASE);
}

void virtq_complete(struct virtq *vq, uint16_t head, uint32_t written)
{
	virtq_complete_many(vq, &head, &written, 1);
}

bool virtq_should_interrupt(struct virtq *vq)
{
	uint16_t old = vq->signalled_used;
	uint16_t now = vq->next_used;
	bool valid = vq->signalled_valid;

	vq->signalled_used = now;
	vq->signalled_valid = true;
	if (valid ? old == now : now == 0)
		return false;
	/* Completions must be visible before we read the driver's wish. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!vq->event_idx)
		return !(load16(&vq->avail->flags) & VIRTQ_AVAIL_F_NO_INTERRUPT);
	if (!valid)
		return true;
	/* 2.7.7.1: has now just passed used_event? */
	return (uint16_t)(now - load16(used_event(vq)) - 1) < (uint16_t)(now - old);
}
