#include "virtio/fs_watch.h"

#include <sched.h>

#include "vm/clock.h"

#define LOOKS 32 /* between two readings of the clock */

void fs_watch_init(struct fs_watch *watch)
{
	cpu_set_t allowed;

	*watch = (struct fs_watch){ .after = FS_WATCH_AFTER_MIN };
	if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0 || CPU_COUNT(&allowed) < 2)
		watch->after = 0;
}

bool fs_watch_notified(struct fs_watch *watch, uint64_t now, uint64_t answered)
{
	bool quick = now - watch->answered_ns < FS_WATCH_NS && answered - now < FS_WATCH_SLOW_NS;

	watch->quick = quick ? watch->quick + 1 : 0;
	watch->answered_ns = answered;
	if (watch->after == 0 || watch->quick < watch->after)
		return false;
	watch->quick = 0;
	watch->guest_cpu = sched_getcpu();
	watch->due = true;
	return true;
}

bool fs_watch_due(struct fs_watch *watch)
{
	bool due = watch->due;

	watch->due = false;
	return due;
}

void fs_watch_begin(struct fs_watch *watch)
{
	cpu_set_t others;

	if (watch->guest_cpu < 0 || watch->guest_cpu >= CPU_SETSIZE || sched_getcpu() != watch->guest_cpu ||
	    sched_getaffinity(0, sizeof(watch->allowed), &watch->allowed) != 0)
		return;
	others = watch->allowed;
	CPU_CLR(watch->guest_cpu, &others);
	watch->moved = sched_setaffinity(0, sizeof(others), &others) == 0;
}

bool fs_watch_until_changed(const uint16_t *index, uint16_t seen)
{
	uint64_t end = clock_now_ns() + FS_WATCH_NS;

	do {
		for (unsigned i = 0; i < LOOKS; i++) {
			if (__atomic_load_n(index, __ATOMIC_ACQUIRE) != seen)
				return true;
			__builtin_ia32_pause();
		}
	} while (clock_now_ns() < end);
	return false;
}

void fs_watch_ended(struct fs_watch *watch, uint32_t served, bool in_vain)
{
	if (watch->moved)
		sched_setaffinity(0, sizeof(watch->allowed), &watch->allowed);
	watch->moved = false;
	if (served >= FS_WATCH_WORTH)
		watch->after = FS_WATCH_AFTER_MIN;
	else if (in_vain && watch->after < FS_WATCH_AFTER_MAX)
		watch->after *= 2;
}
