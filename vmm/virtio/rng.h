/* The entropy device: virtio 1.2, section 5.4. */
#ifndef WALNUT_VMM_VIRTIO_RNG_H
#define WALNUT_VMM_VIRTIO_RNG_H

#include "virtio/device.h"

/* The device has no state of its own: a bare struct virtio_device. */
extern const struct virtio_device_ops rng_ops;

#endif
