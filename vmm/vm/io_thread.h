/* The I/O thread: one event loop for notifications, host streams and signals, from
 * before the VM exists until its last output is written. */
#ifndef WALNUT_VMM_IO_THREAD_H
#define WALNUT_VMM_IO_THREAD_H

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "failure.h"
#include "vm/event_loop.h"

struct kvm_cpuid2;
struct vm;

struct io_thread {
	struct event_loop loop;
	struct event_source control; /* eventfd: finish */
	struct event_source signals; /* signalfd */
	pthread_t thread;
	bool started; /* something to destroy */
	bool running; /* a thread to join */
	sigset_t old_mask; /* of the thread that created it */

	/* The CPUID table is asked for here, while the VM comes into being on the other
	 * thread. Valid after cpuid_ready. */
	int kvm_fd;
	sem_t cpuid_ready;
	struct kvm_cpuid2 *cpuid;
	struct failure cpuid_failure;

	atomic_int signal;	/* that ended the VM, or 0 */
	atomic_bool finishing;
};

/* Blocks SIGINT and SIGTERM for the caller's thread (unless they are ignored) and takes
 * them on the I/O thread: vcpus_stop() and no more waiting for output. Accepts only a
 * zeroed object. */
int io_thread_start(struct io_thread *io, struct vm *vm, struct failure *failure);

/* Waits for the CPUID table; the io_thread keeps it. */
const struct kvm_cpuid2 *io_thread_cpuid(struct io_thread *io, struct failure *failure);

/* The guest has stopped: writes out what it left in its queues, then ends the thread.
 * Accepts one that was never started. */
void io_thread_finish(struct io_thread *io);

/* Releases everything and gives the caller its signals back. */
void io_thread_destroy(struct io_thread *io);

#endif
