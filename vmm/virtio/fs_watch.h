/* When the thread of a file system device stays awake between requests. A request that finds it so costs
 * no exit and no wake-up, some two microseconds instead of the 5 to 40 of an exit; a thread
 * that waits in vain takes a processor from others, perhaps from the guest.
 *
 * So it watches only after a number of requests in quick succession, each quickly answered, gives up when none has
 * come for FS_WATCH_NS, and each time that it was not worth while the number doubles. */
#ifndef WALNUT_VMM_VIRTIO_FS_WATCH_H
#define WALNUT_VMM_VIRTIO_FS_WATCH_H

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

#define FS_WATCH_NS 50000
#define FS_WATCH_SLOW_NS 100000 /* a request takes long */
#define FS_WATCH_SLOW_MAX 2	/* that do in a row */
#define FS_WATCH_AFTER_MIN 4
#define FS_WATCH_AFTER_MAX 1024
#define FS_WATCH_WORTH 4 /* requests that pay for moving the thread and for waiting in vain at the end */

struct fs_watch {
	uint32_t after; /* how many in quick succession it takes; 0: never */
	uint32_t quick; /* how many there have been */
	bool due;
	uint64_t answered_ns; /* when the last one was */
	int guest_cpu;	      /* where the guest ran when the thread was woken */
	bool moved;	      /* away from there, and back to these: */
	cpu_set_t allowed;
};

/* Never, where this process has one processor. */
void fs_watch_init(struct fs_watch *watch);

/* A processor has brought a request at `now`, and was answered. Whether the thread is to be woken. */
bool fs_watch_notified(struct fs_watch *watch, uint64_t now, uint64_t answered);

/* Whether the thread was woken for that. */
bool fs_watch_due(struct fs_watch *watch);

/* The thread begins to watch: away from the guest's processor, where it was woken if the others are not idle. */
void fs_watch_begin(struct fs_watch *watch);

/* Waits, awake, until the guest's index is another than `seen`; false: it still is after FS_WATCH_NS. */
bool fs_watch_until_changed(const uint16_t *index, uint16_t seen);

/* The thread goes to sleep after that many requests; `in_vain`: because none came. */
void fs_watch_ended(struct fs_watch *watch, uint32_t served, bool in_vain);

#endif
