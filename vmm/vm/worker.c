/* A thread that turns its event loop until it is told to stop. */
#include "vm/worker.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "failure.h"

#define STACK_SIZE (128u << 10)

static void stop_requested(struct event_source *source, uint32_t events)
{
	uint64_t count;

	(void)!read(source->fd, &count, sizeof(count));
}

static void *worker_main(void *opaque)
{
	struct worker *worker = opaque;

	while (!worker->stopping)
		event_loop_turn(&worker->loop);
	return NULL;
}

static int thread_create(struct worker *worker, const char *name)
{
	pthread_attr_t attr;
	sigset_t all, mask;
	int error;

	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	pthread_sigmask(SIG_SETMASK, &all, &mask);
	error = pthread_create(&worker->thread, &attr, worker_main, worker);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	pthread_attr_destroy(&attr);
	if (!error)
		pthread_setname_np(worker->thread, name);
	return -error;
}

int worker_start(struct worker *worker, const char *name, struct failure *failure)
{
	int error;

	worker->control = (struct event_source){ .fd = -1, .ready = stop_requested };
	error = event_loop_create(&worker->loop);
	worker->created = true;
	if (error)
		goto fail;
	worker->control.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (worker->control.fd < 0) {
		error = -errno;
		goto fail;
	}
	error = event_loop_add(&worker->loop, &worker->control, EPOLLIN);
	if (!error)
		error = thread_create(worker, name);
	if (!error) {
		worker->running = true;
		return 0;
	}
fail:
	return failure_errno(failure, error, "cannot start the thread %s", name);
}

void worker_stop(struct worker *worker)
{
	uint64_t one = 1;

	if (!worker->running)
		return;
	worker->stopping = true;
	(void)!write(worker->control.fd, &one, sizeof(one));
	pthread_join(worker->thread, NULL);
	worker->running = false;
}

void worker_destroy(struct worker *worker)
{
	if (!worker->created)
		return;
	if (worker->control.fd >= 0)
		close(worker->control.fd);
	event_loop_destroy(&worker->loop);
	worker->created = false;
}
