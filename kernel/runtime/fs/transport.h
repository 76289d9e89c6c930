/* Carries FUSE messages: one request and its answer at a time, through buffers that
 * the server can see and write to at any time. */
#ifndef WALNUT_RUNTIME_FS_TRANSPORT_H
#define WALNUT_RUNTIME_FS_TRANSPORT_H

#include <stdbool.h>
#include <stdint.h>

#define FUSE_DATA_MAX (256u << 10) /* in one READ or WRITE */
#define FUSE_MESSAGE_MAX (FUSE_DATA_MAX + 12288) /* headers, names and a symlink's target besides */

/* The two buffers, of FUSE_MESSAGE_MAX bytes. */
extern uint8_t fuse_request[], fuse_answer[];

/* Prepares shared directory `number`. False: there is no such device. */
bool fuse_transport_start(uint32_t number);

/* Sends `size` bytes of fuse_request. Returns how many the answer has, at most `room`,
 * in fuse_answer; or -1: the server broke the rules. */
int64_t fuse_transport_exchange(uint32_t number, uint32_t size, uint32_t room);

#endif
