/* The socket device: virtio 1.2, section 5.10. All integers are little-endian. */
#ifndef WALNUT_ABI_VSOCK_H
#define WALNUT_ABI_VSOCK_H

#include <stddef.h>
#include <stdint.h>

#define VSOCK_CID_HOST 2u
#define VSOCK_CID_GUEST 3u /* of every guest, as on libkrun */

enum vsock_queue { VSOCK_QUEUE_RX, VSOCK_QUEUE_TX, VSOCK_QUEUE_EVENT, VSOCK_QUEUE_COUNT };

struct virtio_vsock_config {
	uint64_t guest_cid;
};

enum vsock_type {
	VSOCK_TYPE_STREAM = 1,
	VSOCK_TYPE_SEQPACKET = 2,
	VSOCK_TYPE_DGRAM = 3, /* not in the standard: see tsi.h */
};

enum vsock_op {
	VSOCK_OP_INVALID = 0,
	VSOCK_OP_REQUEST = 1,
	VSOCK_OP_RESPONSE = 2,
	VSOCK_OP_RST = 3,
	VSOCK_OP_SHUTDOWN = 4,
	VSOCK_OP_RW = 5,
	VSOCK_OP_CREDIT_UPDATE = 6,
	VSOCK_OP_CREDIT_REQUEST = 7,
};

/* Flags of VSOCK_OP_SHUTDOWN: what the sender of the packet will not do any more. */
#define VSOCK_SHUTDOWN_RECEIVE 1u
#define VSOCK_SHUTDOWN_SEND 2u
#define VSOCK_SHUTDOWN_BOTH 3u

/* The largest payload of a packet. */
#define VSOCK_PAYLOAD_MAX 65536u

struct vsock_header {
	uint64_t src_cid;
	uint64_t dst_cid;
	uint32_t src_port;
	uint32_t dst_port;
	uint32_t len; /* of the payload that follows */
	uint16_t type;
	uint16_t op;
	uint32_t flags;
	uint32_t buf_alloc; /* size of the sender's receive buffer */
	uint32_t fwd_cnt;   /* bytes that ever left it, modulo 2^32 */
} __attribute__((packed));

_Static_assert(sizeof(struct virtio_vsock_config) == 8, "config");
_Static_assert(sizeof(struct vsock_header) == 44, "header");
_Static_assert(offsetof(struct vsock_header, type) == 28, "type");
_Static_assert(offsetof(struct vsock_header, fwd_cnt) == 40, "fwd_cnt");

#endif
