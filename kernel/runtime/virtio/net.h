/* The network device: virtio 1.2, section 5.1. Frames in and out, without waiting; the host
 * may put anything into them, and the device may lie about them. */
#ifndef WALNUT_RUNTIME_VIRTIO_NET_H
#define WALNUT_RUNTIME_VIRTIO_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "virtio/virtq.h"

/* The largest frame either way. */
#define NET_FRAME_MAX 65535u

struct net_information {
	uint8_t mac[6];
	bool has_mac;
	bool completes_checksums; /* of what is sent, see net_send() */
	uint16_t mtu;		  /* 0: not said */
};

/* A received frame, in the parts that the device has put it in. */
struct net_frame {
	struct { const uint8_t *data; uint32_t size; } parts[VIRTQ_SIZE];
	uint16_t ids[VIRTQ_SIZE];
	uint32_t part_count, size;
	bool checked; /* transport checksums need no look, as the host has seen to them */
};

/* Finds the device and starts it, once. False: there is none. */
bool net_start(struct net_information *information);

/* The next frame. False: there is none. What is no frame is passed over. It stays until
 * net_release(). */
bool net_receive(struct net_frame *frame);
void net_release(const struct net_frame *frame);

/* Room for a frame of NET_FRAME_MAX bytes, or NULL: the device has not taken the others yet. */
uint8_t *net_room(void);

/* Sends what was put into the last net_room(). checksum_start > 0: where the device has to begin
 * to sum, to put the result `checksum_offset` bytes behind. */
void net_send(uint32_t size, uint16_t checksum_start, uint16_t checksum_offset);

/* Tells the device of buffers released and frames sent since the last time. */
void net_publish(void);

/* Asks for interrupts, or no more: for frames, and for room if that was short. */
void net_listen(bool wanted);

#endif
