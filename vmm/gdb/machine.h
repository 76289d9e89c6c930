/* The KVM machine as a target of gdb/session.h: its one vCPU while it stands still.
 *
 * It works on every kind of KVM, also where guest debugging does not (hosts that run ring 3
 * natively and emulate ring 0 pass over debug registers and int3): what stops the program
 * are exceptions that go to the guest's own kernel, which tells us (abi/debug_port.h). */
#ifndef WALNUT_VMM_GDB_MACHINE_H
#define WALNUT_VMM_GDB_MACHINE_H

#include <linux/kvm.h>
#include <stdbool.h>
#include <stdint.h>

#include "boot/elf.h"
#include "debug_port.h"
#include "gdb/breakpoints.h"
#include "gdb/session.h"

struct guest_mem;
struct vcpu;

/* Where the registers of what was stopped are. */
enum machine_stop {
	MACHINE_DIRECT,	   /* in the vCPU */
	MACHINE_EXCEPTION, /* the kernel has told us of an exception in ring 3: see frame */
	MACHINE_CALL,	   /* ring 3 is in a call of the kernel: likewise, read only */
};

struct gdb_machine {
	struct vcpu *vcpu;
	const struct guest_mem *mem;
	struct elf_image image; /* for addresses before there are page tables */
	struct breakpoints breakpoints;

	enum machine_stop stop;
	struct kvm_regs regs; /* as of the stop */
	struct kvm_sregs sregs;
	_Alignas(64) uint8_t fpu[4096]; /* struct kvm_xsave */
	uint64_t frame_address;
	struct walnut_debug_frame frame;
	bool kernel_stepping; /* KVM stops after each instruction */
};

extern const struct gdb_target_ops gdb_machine_ops;

/* The vCPU has come out of KVM_RUN. Fetches its state; in *session goes why it stopped,
 * signal 0: for nothing that concerns the debugger. 0, or a negative errno. */
int gdb_machine_stopped(struct gdb_machine *machine, bool exception, struct gdb_session *session);

/* Before the next KVM_RUN. step: one instruction; deliver: the exception goes to the
 * program. */
int gdb_machine_resume(struct gdb_machine *machine, bool step, bool deliver);

/* After an exception: whether it is of the kind that breakpoints raise. */
bool gdb_machine_may_be_breakpoint(const struct gdb_machine *machine);

/* Takes out everything that was put in. */
void gdb_machine_detach(struct gdb_machine *machine);

#endif
