/* The network device: virtio 1.2, section 5.1. All integers are little-endian. */
#ifndef WALNUT_ABI_VIRTIO_NET_H
#define WALNUT_ABI_VIRTIO_NET_H

#include <stdint.h>

#define VIRTIO_NET_F_CSUM 0 /* the device completes checksums */
#define VIRTIO_NET_F_GUEST_CSUM 1
#define VIRTIO_NET_F_MTU 3
#define VIRTIO_NET_F_MAC 5
#define VIRTIO_NET_F_GUEST_TSO4 7
#define VIRTIO_NET_F_GUEST_TSO6 8
#define VIRTIO_NET_F_GUEST_ECN 9
#define VIRTIO_NET_F_GUEST_UFO 10
#define VIRTIO_NET_F_HOST_TSO4 11
#define VIRTIO_NET_F_HOST_TSO6 12
#define VIRTIO_NET_F_HOST_ECN 13
#define VIRTIO_NET_F_HOST_UFO 14
#define VIRTIO_NET_F_MRG_RXBUF 15
#define VIRTIO_NET_F_STATUS 16

enum virtio_net_queue { VIRTIO_NET_RX, VIRTIO_NET_TX, VIRTIO_NET_QUEUE_COUNT };

#define VIRTIO_NET_S_LINK_UP 1u

struct virtio_net_config {
	uint8_t mac[6];
	uint16_t status;
	uint16_t max_queue_pairs;
	uint16_t mtu;
} __attribute__((packed));

/* Before each frame, in both directions. */
struct virtio_net_header {
	uint8_t flags;
	uint8_t gso_type;
	uint16_t hdr_len;
	uint16_t gso_size;
	uint16_t csum_start;
	uint16_t csum_offset; /* from csum_start */
	uint16_t num_buffers; /* to the driver: of this frame */
};
#define VIRTIO_NET_HEADER_NEEDS_CSUM 1u
#define VIRTIO_NET_HEADER_DATA_VALID 2u

_Static_assert(sizeof(struct virtio_net_config) == 12, "configuration");
_Static_assert(sizeof(struct virtio_net_header) == 12, "header");

#endif
