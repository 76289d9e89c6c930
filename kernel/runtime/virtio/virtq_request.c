/* Requests of several buffers; see virtq.h. */
#include "virtio/virtq.h"

void virtq_add_pieces(struct virtq *queue, uint16_t id, const struct virtq_piece *pieces, uint32_t count,
		      uint32_t read_count)
{
	struct virtq_desc *descriptors = &queue->rings->descriptors[id];
	uint32_t writable = 0;

	virtq_add(queue, id, 0, 0, true);
	for (uint32_t i = 0; i < count; i++) {
		bool last = i + 1 == count;

		descriptors[i] = (struct virtq_desc){
			.addr = pieces[i].physical,
			.len = pieces[i].size,
			.flags = (i < read_count ? 0 : VIRTQ_DESC_F_WRITE) | (last ? 0 : VIRTQ_DESC_F_NEXT),
			.next = last ? 0 : (uint16_t)(id + i + 1),
		};
		writable += i < read_count ? 0 : pieces[i].size;
	}
	queue->lengths[id] = writable;
}

void virtq_add_request(struct virtq *queue, uint16_t id, uint64_t request, uint32_t request_size,
		       uint64_t answer, uint32_t answer_size)
{
	const struct virtq_piece pieces[] = { { request, request_size }, { answer, answer_size } };

	virtq_add_pieces(queue, id, pieces, 2, 1);
}
