/* A VM's processors: vCPU 0 runs on the thread that calls, the others on threads of their own.
 * They run until one of them ends the machine's life; that one's reason counts. */
#ifndef WALNUT_VMM_VCPUS_H
#define WALNUT_VMM_VCPUS_H

#include <pthread.h>
#include <stdbool.h>

#include "failure.h"
#include "sandbox/jail.h"
#include "sandbox/sandbox.h"
#include "vm/vcpu.h"

#define VCPUS_MAX 16

struct vcpus {
	struct vcpu cpu[VCPUS_MAX];
	unsigned count;	  /* that were begun to be created */
	unsigned running; /* that have a thread */
	struct vcpu_world world;
	const struct jail *walls;  /* closed before the guest runs; NULL: none */
	enum sandbox_kind sandbox; /* of the threads, from when they run the guest */

	pthread_mutex_t lock; /* of what follows */
	bool stopping;
	bool stopped; /* the two below are set */
	enum vcpu_stop stop;
	struct failure failure;
};

/* Makes the calling thread vCPU 0's; vcpus_stop() may be called from here on until
 * vcpus_detach(). Accepts only a zeroed object. */
void vcpus_attach(struct vcpus *vcpus);
void vcpus_detach(struct vcpus *vcpus);

/* With APIC ids from 0 up. */
int vcpus_create(struct vcpus *vcpus, unsigned count, int kvm_fd, int vm_fd, struct failure *failure);
void vcpus_destroy(struct vcpus *vcpus);

/* Gives each its CPUID: `supported` made fit for it. */
int vcpus_set_cpuid(struct vcpus *vcpus, const struct kvm_cpuid2 *supported, struct failure *failure);

/* Runs the guest to its end; vCPUs but the first wait for their start-up interrupt. */
enum vcpu_stop vcpus_run(struct vcpus *vcpus, struct failure *failure);

/* From any thread: makes vcpus_run() return soon, or at once when it is called. */
void vcpus_stop(struct vcpus *vcpus);

#endif
