/* An event loop on a thread of its own, or on several, for a device whose work may block: disks, files.
 * The I/O thread's loop is for all that does not. */
#ifndef WALNUT_VMM_WORKER_H
#define WALNUT_VMM_WORKER_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "sandbox/sandbox.h"
#include "vm/event_loop.h"

struct failure;

#define WORKER_THREADS_MAX 4

struct worker {
	struct event_loop loop;
	struct event_source control; /* eventfd: stop */
	pthread_t threads[WORKER_THREADS_MAX];
	unsigned running; /* threads to join */
	bool created;	  /* something to destroy */
	atomic_bool stopping;
	sem_t confined; /* posted by each thread */
	enum sandbox_kind sandbox; /* set before the start: what the threads are confined to */
};

/* Starts the thread, which takes no signals. Accepts only an object that is zeroed but for `sandbox`; `name` is what
 * ps shows (15 bytes). 0, or a negative errno and *failure; worker_destroy() is due in
 * both cases. */
int worker_start(struct worker *worker, const char *name, struct failure *failure);

/* The same with several threads, at most WORKER_THREADS_MAX, on the one loop: while one serves
 * a source, another may be told that the same source is ready again. */
int worker_start_many(struct worker *worker, const char *name, unsigned threads, struct failure *failure);

/* Ends the threads after what they are doing now. Accepts one that was never started. */
void worker_stop(struct worker *worker);

/* After worker_stop(), when no source needs the loop any more. */
void worker_destroy(struct worker *worker);

#endif
