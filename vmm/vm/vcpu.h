/* A virtual CPU: registers for the boot protocols, and the loop around KVM_RUN. */
#ifndef WALNUT_VMM_VCPU_H
#define WALNUT_VMM_VCPU_H

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "boot/kernel.h"

#include "walnut.h"

struct bus;
struct failure;
struct kvm_cpuid2;
struct kvm_coalesced_mmio_ring;
struct kvm_run;
struct power;

enum vcpu_stop {
	VCPU_STOP_REQUESTED,   /* vcpu_stop() */
	VCPU_STOP_RESET,       /* the guest reset the machine */
	VCPU_STOP_POWER_OFF,   /* the guest switched it off */
	VCPU_STOP_TRIPLE_FAULT, /* on purpose or not */
	VCPU_STOP_ERROR,       /* KVM could not go on: failure says why */
};

/* For a debugger: when the vCPU is out of the guest for a reason that it may care about. */
enum vcpu_event {
	VCPU_EVENT_START,     /* it has not run yet */
	VCPU_EVENT_EXCEPTION, /* the guest's kernel tells of one (abi/debug_port.h) */
	VCPU_EVENT_STEP,      /* KVM's single step */
	VCPU_EVENT_INTERRUPT, /* vcpu_interrupt() */
};

/* What a VM's vCPUs have in common. */
struct vcpu_world {
	const struct bus *ports;
	const struct bus *mmio;
	struct power *power; /* looked at after each access to a port */
	/* Held for accesses to ports, whose devices are simple, and for the ring of
	 * coalesced writes, of which there is one for the VM. */
	pthread_mutex_t lock;
};

struct vcpu {
	int fd;
	struct kvm_run *run;
	size_t run_size;
	struct kvm_coalesced_mmio_ring *coalesced; /* in run's area; NULL: not supported */
	pthread_t thread;    /* the one that runs the guest */
	sigset_t old_mask;   /* of that thread */
	bool attached;
	atomic_bool stop;
	atomic_bool interrupted;
	/* Called on the attached thread, or NULL. May set `stop`. */
	void (*event)(void *opaque, enum vcpu_event event);
	void *event_opaque;
	uint64_t exits[KRUN_WALNUT_EXIT_KINDS];
	uint64_t coalesced_writes;
};

/* Makes the vCPU with this APIC id. Accepts only a zeroed *vcpu; vcpu_destroy() accepts one
 * that was never created. */
int vcpu_create(struct vcpu *vcpu, unsigned id, int kvm_fd, int vm_fd, struct failure *failure);
void vcpu_destroy(struct vcpu *vcpu);

int vcpu_set_cpuid(struct vcpu *vcpu, const struct kvm_cpuid2 *cpuid, struct failure *failure);

/* What a PC's firmware leaves in model-specific registers. */
int vcpu_set_firmware_msrs(struct vcpu *vcpu, struct failure *failure);

/* Registers as the kernel's entry point expects them, on the tables of boot_tables_write(). */
int vcpu_set_entry(struct vcpu *vcpu, enum kernel_entry kind, uint64_t entry, struct failure *failure);

/* Makes the calling thread the one that will run the guest. vcpu_stop() may be called
 * from here on until vcpu_detach(), which vcpu_destroy() does not do. */
void vcpu_attach(struct vcpu *vcpu);
void vcpu_detach(struct vcpu *vcpu);

/* Lets KVM do what it leaves for a VM's first KVM_RUN, which may be a thread for itself in this process:
 * before there may be no more threads. The guest does not run. */
void vcpu_touch(struct vcpu *vcpu);

/* Runs the guest on the attached thread until something ends it. */
enum vcpu_stop vcpu_run(struct vcpu *vcpu, struct vcpu_world *world, struct failure *failure);

/* From any thread: makes vcpu_run() return soon, or at once when it is called. */
void vcpu_stop(struct vcpu *vcpu);

/* From any thread: makes vcpu_run() leave the guest for a VCPU_EVENT_INTERRUPT. */
void vcpu_interrupt(struct vcpu *vcpu);

/* On the attached thread: a descriptor that is readable while a stop or an interrupt is
 * pending, or a negative errno; and taking a pending interrupt away. */
int vcpu_stop_fd(void);
void vcpu_forget_interrupt(struct vcpu *vcpu);

/* For the statistics: the guest's TSC now, 0 if it cannot be told. */
uint64_t vcpu_read_tsc(const struct vcpu *vcpu);

#endif
