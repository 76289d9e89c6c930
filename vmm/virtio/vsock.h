/* virtio-vsock: streams between the guest and sockets of the host. */
#ifndef WALNUT_VMM_VIRTIO_VSOCK_H
#define WALNUT_VMM_VIRTIO_VSOCK_H

#include "virtio/device.h"
#include "vsock/hub.h"

struct failure;
struct vsock_config;

struct vsock {
	struct virtio_device device;
	struct vsock_hub hub;
	struct event_source events; /* the hub's */
};

extern const struct virtio_device_ops vsock_ops;

/* Opens what the configuration names on the host. 0, or a negative errno and *failure;
 * ops->close is due in both cases. */
int vsock_open(struct vsock *vsock, const struct vsock_config *config, struct failure *failure);

#endif
