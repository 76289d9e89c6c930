/* Carries FUSE messages through buffers that the server can see and write to at any time: one request that is waited
 * for, and before and behind it some that are not. Data may go there straight from the program's memory,
 * and come straight to it. */
#ifndef WALNUT_RUNTIME_FS_TRANSPORT_H
#define WALNUT_RUNTIME_FS_TRANSPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "virtio/virtq.h"

#define FUSE_DATA_MAX (256u << 10) /* in one READ or WRITE */
#define FUSE_DIRECT_MAX (1u << 20) /* the same, without the buffers */
#define FUSE_DIRECT_PIECES 8
#define FUSE_MESSAGE_MAX (FUSE_DATA_MAX + 12288) /* headers, names and a symlink's target besides */

/* The two buffers, of FUSE_MESSAGE_MAX bytes. */
extern uint8_t fuse_request[], fuse_answer[];

/* Prepares shared directory `number`. False: there is no such device. */
bool fuse_transport_start(uint32_t number);

/* Sends `size` bytes of fuse_request. Returns how many the answer has, at most `room`,
 * in fuse_answer; or -1: the server broke the rules. */
int64_t fuse_transport_exchange(uint32_t number, uint32_t size, uint32_t room);

/* Leaves `size` bytes of fuse_request, at most FUSE_LATER_MAX, to be sent with the next request of that
 * directory. Nobody looks at its answer. False: the server broke the rules. */
#define FUSE_LATER_MAX 1280
bool fuse_transport_later(uint32_t number, uint32_t size);

/* A request of at most FUSE_AHEAD_REQUEST bytes that is under way while others are: it has a place of its
 * own for its answer of at most FUSE_AHEAD_ROOM. The device is not told of it before it has to be. */
#define FUSE_AHEAD_PLACES 2
#define FUSE_AHEAD_REQUEST 128
#define FUSE_AHEAD_ROOM ((64u << 10) + 16)
extern uint8_t fuse_ahead[FUSE_AHEAD_PLACES][FUSE_AHEAD_ROOM];
void fuse_transport_begin(uint32_t number, uint32_t place, uint32_t size, uint32_t room);

/* Waits for it; what fuse_transport_exchange() returns. Each that was begun is ended once, before its place is
 * used again. */
int64_t fuse_transport_end(uint32_t number, uint32_t place);

/* The program's memory that data come from or go to; at least one piece. */
struct fuse_direct {
	struct virtq_piece pieces[FUSE_DIRECT_PIECES];
	uint32_t count;
	uint32_t size; /* of all, at most FUSE_DIRECT_MAX */
};

/* The same with data behind what is in fuse_request, or, of the answer, behind its header of
 * `room` bytes. */
int64_t fuse_transport_send(uint32_t number, uint32_t size, const struct fuse_direct *data, uint32_t room);
int64_t fuse_transport_receive(uint32_t number, uint32_t size, uint32_t room, const struct fuse_direct *data);

#endif
