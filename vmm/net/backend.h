/* Where a network device's frames go to and come from: a socket to a program that does the
 * network, or a TAP interface of the host. Nothing here waits; each function says whether it could. */
#ifndef WALNUT_VMM_NET_BACKEND_H
#define WALNUT_VMM_NET_BACKEND_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "virtio_net.h" /* abi/ */

struct failure;
struct net_config;

/* The largest IP packet with Ethernet header and VLAN tag; segments to be cut up are no larger. */
#define NET_FRAME_MAX (65535u + 14 + 4)
#define NET_FRAME_MIN 14u

/* A frame for the guest. Valid until the next call. */
struct net_frame {
	struct virtio_net_header header;
	const uint8_t *data;
	size_t size;
};

struct net_backend;

struct net_backend_ops {
	/* 0, or a negative errno and *failure. */
	int (*open)(struct net_backend *backend, const struct net_config *config, struct failure *failure);

	/* 1: *frame is the next one, 0: there is none now, negative: there will be none any more. */
	int (*receive)(struct net_backend *backend, struct net_frame *frame);

	/* Header and frame. 1: taken (or nobody wants it), 0: not now, negative: never again. */
	int (*send)(struct net_backend *backend, const struct iovec *iov, unsigned count, size_t size);

	/* Sends what send() has only collected. 1: all is sent, 0: some waits until the descriptor is
	 * writable, negative: never again. NULL: send() collects nothing. */
	int (*flush)(struct net_backend *backend);

	/* What the driver takes from us: features bits. NULL: does not matter. */
	void (*accept)(struct net_backend *backend, uint64_t features);
};

struct net_backend {
	const struct net_backend_ops *ops;
	int fd; /* the descriptor to wait for */
	uint8_t *in, *out; /* buffers of the backend's own; freed by net_backend_close() */
	size_t in_start, in_end;
	size_t out_start, out_end;
};

extern const struct net_backend_ops net_stream_ops;   /* frames after their length (passt) */
extern const struct net_backend_ops net_datagram_ops; /* a datagram each (gvproxy) */
extern const struct net_backend_ops net_tap_ops;

/* A new descriptor of this TAP interface of the host, or a negative errno and *failure. */
int net_tap_attach(const char *name, struct failure *failure);

/* Opens what the configuration says. net_backend_close(), which accepts a zeroed one, is due in both
 * cases. */
int net_backend_open(struct net_backend *backend, const struct net_config *config, struct failure *failure);
void net_backend_close(struct net_backend *backend);

/* For backends: header and frame taken apart, the frame copied to `to` (NET_FRAME_MAX bytes), with its
 * checksum where the driver left that to us. The frame's size, 0: nothing that could be sent. */
size_t net_frame_gather(uint8_t *to, const struct iovec *iov, unsigned count, size_t size);

/* Completes the Internet checksum (RFC 1071) at csum_offset from csum_start on, where the sum of the
 * pseudo-header is already. -EINVAL: that is not inside the frame. */
int net_checksum(uint8_t *frame, size_t size, const struct virtio_net_header *header);

/* A connected socket of this type, from the configuration's path or a duplicate of its descriptor. A descriptor or a
 * negative errno and *failure. */
int net_socket(const struct net_config *config, int type, struct failure *failure);

#endif
