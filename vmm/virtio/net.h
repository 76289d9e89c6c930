/* virtio-net: a network interface of the guest's. */
#ifndef WALNUT_VMM_VIRTIO_NET_H
#define WALNUT_VMM_VIRTIO_NET_H

#include "net/backend.h"
#include "net/pcap.h"
#include "virtio/device.h"

#include "virtio_net.h"

struct failure;
struct net_config;

struct net {
	struct virtio_device device;
	struct net_backend backend;
	struct net_pcap pcap;
	struct event_source ready;	/* the backend's descriptor */
	uint32_t armed;			/* what it waits for */
	struct virtio_net_config config;
	struct net_frame frame;		/* waits for the driver's buffers */
	bool has_frame;
	bool blocked;			/* the backend takes nothing now */
	bool gone;			/* nor ever again */
};

extern const struct virtio_device_ops net_ops;

/* Opens the backend. 0, or a negative errno and *failure; ops->close is due in both cases. */
int net_open(struct net *net, const struct net_config *config, struct failure *failure);

#endif
