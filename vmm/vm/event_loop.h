/* An epoll loop: the I/O thread's heart. Sources are embedded in what they belong to.
 * add, modify and remove of one source are not called from two threads at a time; after
 * remove on another thread than the loop's, ready() may still come once. */
#ifndef WALNUT_VMM_EVENT_LOOP_H
#define WALNUT_VMM_EVENT_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct event_source {
	int fd;
	bool added; /* the loop's own */
	void (*ready)(struct event_source *source, uint32_t events);
};

struct event_loop {
	int epoll_fd;
};

int event_loop_create(struct event_loop *loop);
void event_loop_destroy(struct event_loop *loop);

/* events: EPOLLIN, EPOLLOUT, EPOLLONESHOT ... 0 or a negative errno; -EPERM for a file
 * that is always ready (a regular file, a directory, /dev/null). */
int event_loop_add(struct event_loop *loop, struct event_source *source, uint32_t events);
void event_loop_modify(struct event_loop *loop, struct event_source *source, uint32_t events);
/* Accepts a source that was never added. */
void event_loop_remove(struct event_loop *loop, struct event_source *source);

/* Waits for events and serves them, once. */
void event_loop_turn(struct event_loop *loop);

#endif
