/* The threads of a VM's processors. */
#include "vm/vcpus.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "vm/cpuid.h"

#define STACK_SIZE (128u << 10)

void vcpus_attach(struct vcpus *vcpus)
{
	pthread_mutex_init(&vcpus->lock, NULL);
	pthread_mutex_init(&vcpus->world.lock, NULL);
	vcpu_attach(&vcpus->cpu[0]);
	vcpus->running = 1;
}

void vcpus_detach(struct vcpus *vcpus)
{
	if (vcpus->running == 0)
		return;
	vcpu_detach(&vcpus->cpu[0]);
	vcpus->running = 0;
	pthread_mutex_destroy(&vcpus->world.lock);
	pthread_mutex_destroy(&vcpus->lock);
}

int vcpus_create(struct vcpus *vcpus, unsigned count, int kvm_fd, int vm_fd, struct failure *failure)
{
	int error = 0;

	while (vcpus->count < count && !error) {
		unsigned id = vcpus->count++;

		error = vcpu_create(&vcpus->cpu[id], id, kvm_fd, vm_fd, failure);
	}
	return error;
}

void vcpus_destroy(struct vcpus *vcpus)
{
	for (unsigned i = 0; i < vcpus->count; i++)
		vcpu_destroy(&vcpus->cpu[i]);
	vcpus->count = 0;
}

int vcpus_set_cpuid(struct vcpus *vcpus, const struct kvm_cpuid2 *supported, struct failure *failure)
{
	struct kvm_cpuid2 *own = cpuid_copy(supported);
	int error = 0;

	if (!own)
		return failure_set(failure, -ENOMEM, "out of memory");
	for (unsigned i = 0; i < vcpus->count && !error; i++) {
		cpuid_adapt(own, i, vcpus->count);
		error = vcpu_set_cpuid(&vcpus->cpu[i], own, failure);
	}
	free(own);
	return error;
}

static void stop_all(struct vcpus *vcpus)
{
	vcpus->stopping = true;
	for (unsigned i = 0; i < vcpus->running; i++)
		vcpu_stop(&vcpus->cpu[i]);
}

void vcpus_stop(struct vcpus *vcpus)
{
	pthread_mutex_lock(&vcpus->lock);
	stop_all(vcpus);
	pthread_mutex_unlock(&vcpus->lock);
}

/* Runs one of them, and ends the others with it. */
static void run_one(struct vcpus *vcpus, struct vcpu *vcpu)
{
	struct failure failure = { "" };
	enum vcpu_stop stop;

	sandbox_enter(vcpus->sandbox);
	stop = vcpu_run(vcpu, &vcpus->world, &failure);

	pthread_mutex_lock(&vcpus->lock);
	if (!vcpus->stopped) {
		vcpus->stopped = true;
		vcpus->stop = stop;
		vcpus->failure = failure;
	}
	stop_all(vcpus);
	pthread_mutex_unlock(&vcpus->lock);
}

struct start {
	struct vcpus *vcpus;
	struct vcpu *vcpu;
};

static void *thread_main(void *opaque)
{
	struct start start = *(struct start *)opaque;

	free(opaque);
	run_one(start.vcpus, start.vcpu);
	vcpu_detach(start.vcpu);
	return NULL;
}

/* With all signals blocked, the one that stops it among them: it cannot come too early. */
static int start_thread(struct vcpus *vcpus, struct vcpu *vcpu)
{
	struct start *start = malloc(sizeof(*start));
	pthread_attr_t attr;
	sigset_t all, mask;
	int error;

	if (!start)
		return -ENOMEM;
	*start = (struct start){ vcpus, vcpu };
	sigfillset(&all);
	vcpu->old_mask = all;
	vcpu->attached = true;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	pthread_sigmask(SIG_SETMASK, &all, &mask);
	error = pthread_create(&vcpu->thread, &attr, thread_main, start);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	pthread_attr_destroy(&attr);
	if (error)
		free(start);
	return -error;
}

static int start_threads(struct vcpus *vcpus, struct failure *failure)
{
	int error = 0;

	pthread_mutex_lock(&vcpus->lock);
	while (vcpus->running < vcpus->count && !vcpus->stopping && !error) {
		error = start_thread(vcpus, &vcpus->cpu[vcpus->running]);
		if (!error)
			vcpus->running++;
	}
	pthread_mutex_unlock(&vcpus->lock);
	return error ? failure_errno(failure, error, "cannot start a vCPU's thread") : 0;
}

enum vcpu_stop vcpus_run(struct vcpus *vcpus, struct failure *failure)
{
	int error = start_threads(vcpus, failure);
	unsigned threads;

	if (!error && vcpus->walls) {
		error = jail_close(vcpus->walls, failure);
		vcpu_touch(&vcpus->cpu[0]);
		if (!error)
			error = jail_end_threads(vcpus->walls, failure);
	}
	if (error)
		vcpus_stop(vcpus);
	else
		run_one(vcpus, &vcpus->cpu[0]);
	/* All were told to stop; from here on nobody may signal a thread that is joined. */
	pthread_mutex_lock(&vcpus->lock);
	threads = vcpus->running;
	vcpus->running = 1;
	pthread_mutex_unlock(&vcpus->lock);
	for (unsigned i = 1; i < threads; i++)
		pthread_join(vcpus->cpu[i].thread, NULL);
	if (error)
		return VCPU_STOP_ERROR;
	if (vcpus->stop == VCPU_STOP_ERROR)
		*failure = vcpus->failure;
	return vcpus->stop;
}
