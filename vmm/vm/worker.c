/* Threads that turn their event loop until they are told to stop. */
#include "vm/worker.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "failure.h"

#define STACK_SIZE (128u << 10)

/* Nobody reads the descriptor: it stays ready until all threads have seen it. */
static void stop_requested(struct event_source *source, uint32_t events)
{
}

static void *worker_main(void *opaque)
{
	struct worker *worker = opaque;

	sandbox_enter(worker->sandbox);
	sem_post(&worker->confined);
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
	error = pthread_create(&worker->threads[worker->running], &attr, worker_main, worker);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	pthread_attr_destroy(&attr);
	if (!error)
		pthread_setname_np(worker->threads[worker->running++], name);
	return -error;
}

int worker_start(struct worker *worker, const char *name, struct failure *failure)
{
	return worker_start_many(worker, name, 1, failure);
}

int worker_start_many(struct worker *worker, const char *name, unsigned threads, struct failure *failure)
{
	int error;

	worker->control = (struct event_source){ .fd = -1, .ready = stop_requested };
	sem_init(&worker->confined, 0, 0);
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
	for (unsigned i = 0; i < threads && !error; i++)
		error = thread_create(worker, name);
	/* The guest must not run before they are. */
	for (unsigned i = 0; i < worker->running && worker->sandbox != SANDBOX_NONE; i++)
		while (sem_wait(&worker->confined) != 0)
			;
	if (!error)
		return 0;
fail:
	return failure_errno(failure, error, "cannot start the thread %s", name);
}

void worker_stop(struct worker *worker)
{
	uint64_t one = 1;

	if (worker->running == 0)
		return;
	worker->stopping = true;
	(void)!write(worker->control.fd, &one, sizeof(one));
	while (worker->running > 0)
		pthread_join(worker->threads[--worker->running], NULL);
}

void worker_destroy(struct worker *worker)
{
	if (!worker->created)
		return;
	if (worker->control.fd >= 0)
		close(worker->control.fd);
	sem_destroy(&worker->confined);
	event_loop_destroy(&worker->loop);
	worker->created = false;
}
