/* Requests of two buffers; see virtq.h. */
#include "virtio/virtq.h"

void virtq_add_request(struct virtq *queue, uint16_t id, uint64_t request, uint32_t request_size,
		       uint64_t answer, uint32_t answer_size)
{
	virtq_add(queue, id, answer, answer_size, true);
	queue->rings->descriptors[id + 1] = queue->rings->descriptors[id];
	queue->rings->descriptors[id] = (struct virtq_desc){
		.addr = request, .len = request_size, .flags = VIRTQ_DESC_F_NEXT, .next = (uint16_t)(id + 1)
	};
}
