/* poll_oneoff: looks at all subscriptions, and waits as long as none has anything to
 * report. They are read anew from linear memory each time; relative timeouts count
 * from the call. */
#include "clock.h"
#include "idle.h"
#include "lib/string.h"
#include "wasi/descriptor.h"
#include "wasi/guest.h"

#define WRITABLE_SIZE 4096

WASI_EXPORT(poll_oneoff, uint32_t subscriptions, uint32_t events, uint32_t count, uint32_t event_count);

struct poll {
	uint64_t start_monotonic, start_realtime; /* ns, when called */
	uint64_t deadline; /* the earliest, ns of the monotonic clock */
	uint32_t streams;  /* mask of 1 << enum console_stream */
};

/* When a clock subscription is due on the monotonic clock; false: it is no good. */
static bool due_time(const struct poll *poll, const struct wasi_subscription *subscription, uint64_t *due)
{
	uint64_t now, wait = subscription->clock.timeout;

	switch (subscription->clock.id) {
	case WASI_CLOCK_REALTIME:
		now = poll->start_realtime;
		break;
	case WASI_CLOCK_MONOTONIC:
		now = poll->start_monotonic;
		break;
	default:
		return false;
	}
	if (subscription->clock.flags & WASI_SUBCLOCK_ABSOLUTE)
		wait = wait > now ? wait - now : 0;
	if (__builtin_add_overflow(poll->start_monotonic, wait, due))
		*due = UINT64_MAX;
	return true;
}

static bool check_clock(struct poll *poll, const struct wasi_subscription *subscription,
			struct wasi_event *event)
{
	uint64_t due;

	if (!due_time(poll, subscription, &due)) {
		event->error = subscription->clock.id <= WASI_CLOCK_THREAD_CPUTIME ? WASI_ENOTSUP : WASI_EINVAL;
		return true;
	}
	if (due < poll->deadline)
		poll->deadline = due;
	return due != UINT64_MAX && clock_monotonic_ns() >= due;
}

static bool check_stream(struct poll *poll, const struct wasi_subscription *subscription,
			 struct wasi_event *event)
{
	struct descriptor *descriptor = descriptor_get(subscription->stream.fd);
	uint64_t right = subscription->type == WASI_EVENT_FD_READ ? WASI_RIGHT_FD_READ : WASI_RIGHT_FD_WRITE;

	if (!descriptor || !(descriptor->rights & right)) {
		event->error = WASI_EBADF;
		return true;
	}
	if (!(descriptor->rights & WASI_RIGHT_POLL_FD_READWRITE)) {
		event->error = WASI_ENOTCAPABLE;
		return true;
	}
	if (descriptor->ops)
		return descriptor->ops->poll(descriptor, right == WASI_RIGHT_FD_WRITE, event);
	switch (console_state(descriptor->stream)) {
	case CONSOLE_BLOCKED:
		poll->streams |= 1u << descriptor->stream;
		return false;
	case CONSOLE_CLOSED:
		event->flags = WASI_EVENT_HANGUP;
		return true;
	default:
		event->size = descriptor->stream == CONSOLE_INPUT ? console_available() : WRITABLE_SIZE;
		return true;
	}
}

/* Whether there is something to report. */
static bool check(struct poll *poll, const struct wasi_subscription *subscription, struct wasi_event *event)
{
	memset(event, 0, sizeof(*event));
	event->userdata = subscription->userdata;
	event->type = subscription->type;
	switch (subscription->type) {
	case WASI_EVENT_CLOCK:
		return check_clock(poll, subscription, event);
	case WASI_EVENT_FD_READ:
	case WASI_EVENT_FD_WRITE:
		return check_stream(poll, subscription, event);
	default:
		event->error = WASI_EINVAL;
		return true;
	}
}

static void wait(const struct poll *poll)
{
	console_wait(poll->streams, poll->deadline == UINT64_MAX ? IDLE_FOREVER : clock_deadline(poll->deadline));
}

uint32_t wasi_poll_oneoff(uint32_t subscriptions, uint32_t events, uint32_t count, uint32_t event_count)
{
	struct poll poll = {
		.start_monotonic = clock_monotonic_ns(),
		.start_realtime = clock_realtime_ns(),
	};
	struct wasi_subscription subscription;
	struct wasi_event event;
	uint32_t reported = 0;
	uint8_t *unused;

	if (!count)
		return WASI_EINVAL;
	if (!guest_range(subscriptions, (uint64_t)count * sizeof(subscription), &unused) ||
	    !guest_range(events, (uint64_t)count * sizeof(event), &unused) ||
	    !guest_range(event_count, sizeof(uint32_t), &unused))
		return WASI_EFAULT;
	/* What is ready all the time must not keep news of the others out. */
	console_take_news();
	for (;;) {
		poll.deadline = UINT64_MAX;
		poll.streams = 0;
		for (uint32_t i = 0; i < count; i++) {
			guest_read(subscriptions + i * (uint32_t)sizeof(subscription), &subscription,
				   sizeof(subscription));
			if (!check(&poll, &subscription, &event))
				continue;
			guest_write(events + reported * (uint32_t)sizeof(event), &event, sizeof(event));
			reported++;
		}
		if (reported)
			break;
		wait(&poll);
	}
	guest_write_u32(event_count, reported);
	return WASI_SUCCESS;
}
