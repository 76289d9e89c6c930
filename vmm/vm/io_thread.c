/* The I/O thread. Nothing here waits for a peer of the guest's streams for ever: they
 * are non-blocking, and a signal ends the wait for slow ones. */
#include "vm/io_thread.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "log.h"
#include "stopping.h"
#include "vm/cpuid.h"
#include "vm/devices.h"
#include "vm/vm.h"

#define STACK_SIZE (128u << 10)

static struct vm *vm_of(struct io_thread *io)
{
	return (struct vm *)((char *)io - offsetof(struct vm, io));
}

static void finish_requested(struct event_source *source, uint32_t events)
{
	uint64_t count;

	(void)!read(source->fd, &count, sizeof(count));
}

static void signal_came(struct event_source *source, uint32_t events)
{
	struct io_thread *io = (struct io_thread *)((char *)source - offsetof(struct io_thread, signals));
	struct signalfd_siginfo info;

	if (read(source->fd, &info, sizeof(info)) != sizeof(info))
		return;
	log_line(LOG_LEVEL_INFO, "signal %u: stopping", info.ssi_signo);
	io->signal = (int)info.ssi_signo;
	vcpus_stop(&vm_of(io)->vcpus);
}

/* Something of the guest's that the host has not taken. */
static bool output_waits(struct vm *vm)
{
	for (unsigned i = 0; i < vm->console_count; i++)
		if (console_busy(vm->consoles[i]))
			return true;
	return serials_busy(&vm->serials);
}

static void *io_thread_main(void *opaque)
{
	struct io_thread *io = opaque;
	struct vm *vm = vm_of(io);

	io->cpuid = cpuid_supported(io->kvm_fd, &io->cpuid_failure);
	if (io->cpuid && !vm->config->nested_virt)
		cpuid_hide_virtualization(io->cpuid);
	sandbox_enter(vm_sandbox(vm, SANDBOX_IO));
	sem_post(&io->cpuid_ready);

	while (!io->finishing)
		event_loop_turn(&io->loop);
	for (unsigned i = 0; i < vm->console_count; i++)
		console_finish(vm->consoles[i]);
	devices_poll(vm);
	while (output_waits(vm) && !io->signal)
		event_loop_turn(&io->loop);
	return NULL;
}

/* The thread takes no signals but the two of job control, which the kernel sends to
 * whoever uses the terminal, and which must stop the process as usual. */
static int thread_create(struct io_thread *io)
{
	pthread_attr_t attr;
	sigset_t all, mask;
	int error;

	sigfillset(&all);
	sigdelset(&all, SIGTTIN);
	sigdelset(&all, SIGTTOU);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	pthread_sigmask(SIG_SETMASK, &all, &mask);
	error = pthread_create(&io->thread, &attr, io_thread_main, io);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	pthread_attr_destroy(&attr);
	return -error;
}

int io_thread_start(struct io_thread *io, struct vm *vm, struct failure *failure)
{
	sigset_t stopping = stopping_signals();
	int error;

	io->kvm_fd = vm->kvm_fd;
	io->loop.epoll_fd = -1;
	io->control = (struct event_source){ .fd = -1, .ready = finish_requested };
	io->signals = (struct event_source){ .fd = -1, .ready = signal_came };
	sem_init(&io->cpuid_ready, 0, 0);
	pthread_sigmask(SIG_BLOCK, &stopping, &io->old_mask);
	io->started = true;

	error = event_loop_create(&io->loop);
	if (error)
		goto fail;
	io->control.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	io->signals.fd = signalfd(-1, &stopping, SFD_CLOEXEC | SFD_NONBLOCK);
	if (io->control.fd < 0 || io->signals.fd < 0) {
		error = -errno;
		goto fail;
	}
	error = event_loop_add(&io->loop, &io->control, EPOLLIN);
	if (!error)
		error = event_loop_add(&io->loop, &io->signals, EPOLLIN);
	if (!error)
		error = thread_create(io);
	if (!error) {
		io->running = true;
		return 0;
	}
fail:
	return failure_errno(failure, error, "cannot start the I/O thread");
}

const struct kvm_cpuid2 *io_thread_cpuid(struct io_thread *io, struct failure *failure)
{
	while (sem_wait(&io->cpuid_ready) != 0)
		;
	if (!io->cpuid)
		*failure = io->cpuid_failure;
	return io->cpuid;
}

void io_thread_finish(struct io_thread *io)
{
	uint64_t one = 1;

	if (!io->running)
		return;
	io->finishing = true;
	(void)!write(io->control.fd, &one, sizeof(one));
	pthread_join(io->thread, NULL);
	io->running = false;
}

void io_thread_destroy(struct io_thread *io)
{
	if (!io->started)
		return;
	if (io->control.fd >= 0)
		close(io->control.fd);
	if (io->signals.fd >= 0)
		close(io->signals.fd);
	event_loop_destroy(&io->loop);
	sem_destroy(&io->cpuid_ready);
	free(io->cpuid);
	pthread_sigmask(SIG_SETMASK, &io->old_mask, NULL);
	io->started = false;
}
