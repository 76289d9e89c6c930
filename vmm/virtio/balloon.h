/* The memory balloon: virtio 1.2, section 5.5. The guest tells which of its pages it does not
 * use, and the host gets them back. */
#ifndef WALNUT_VMM_VIRTIO_BALLOON_H
#define WALNUT_VMM_VIRTIO_BALLOON_H

#include "virtio/device.h"

struct balloon {
	struct virtio_device device; /* first: ops get a pointer to it */
	uint32_t actual; /* pages in the balloon, as the driver says */
};

/* Has no open function: zeroed and attached it is complete. */
extern const struct virtio_device_ops balloon_ops;

#endif
