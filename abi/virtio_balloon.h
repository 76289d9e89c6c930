/* The memory balloon: virtio 1.2, section 5.5. */
#ifndef WALNUT_ABI_VIRTIO_BALLOON_H
#define WALNUT_ABI_VIRTIO_BALLOON_H

#include <stddef.h>
#include <stdint.h>

#define VIRTIO_BALLOON_F_MUST_TELL_HOST 0
#define VIRTIO_BALLOON_F_STATS_VQ 1
#define VIRTIO_BALLOON_F_DEFLATE_ON_OOM 2
#define VIRTIO_BALLOON_F_FREE_PAGE_HINT 3
#define VIRTIO_BALLOON_F_PAGE_POISON 4
#define VIRTIO_BALLOON_F_PAGE_REPORTING 5

enum virtio_balloon_queue {
	VIRTIO_BALLOON_INFLATE,
	VIRTIO_BALLOON_DEFLATE,
	VIRTIO_BALLOON_STATS,
	VIRTIO_BALLOON_HINTING,
	VIRTIO_BALLOON_REPORTING,
	VIRTIO_BALLOON_QUEUES,
};

/* The unit of page numbers and counts, whatever the guest's pages are. */
#define VIRTIO_BALLOON_PAGE_SHIFT 12

struct virtio_balloon_config {
	uint32_t num_pages; /* that the device wants */
	uint32_t actual;    /* that it has; the driver writes it */
	uint32_t free_page_hint_cmd_id;
	uint32_t poison_val;
};

_Static_assert(sizeof(struct virtio_balloon_config) == 16, "config");

#endif
