#include "gdb/machine.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "gdb/memory.h"
#include "vm/guest_mem.h"
#include "vm/vcpu.h"

#define CR0_PG 0x80000000ull
#define TRAP_FLAG 0x100u
#define RFLAGS_WRITABLE 0xcd5u /* carry to overflow, direction included */
#define RING_MASK 3
#define TSS_RSP0 4 /* offset in a 64-bit TSS */
#define IRET_SIZE 40

enum vector { VECTOR_DIVIDE = 0, VECTOR_DEBUG = 1, VECTOR_BREAKPOINT = 3, VECTOR_INVALID = 6, VECTOR_PROTECTION = 13 };

/* What the XSAVE area begins with (Intel's manual volume 1, section 13.4.1), and its header. */
struct fxsave {
	uint16_t fcw, fsw;
	uint8_t ftw, reserved;
	uint16_t fop;
	uint64_t fip, fdp;
	uint32_t mxcsr, mxcsr_mask;
	uint8_t st[8][16];
	uint8_t xmm[16][16];
	uint8_t rest[96];
	uint64_t xstate_bv; /* which parts are not in their initial state */
};
_Static_assert(offsetof(struct fxsave, xstate_bv) == 512, "XSAVE area");
#define XSTATE_X87_SSE 0x3ull
#define MXCSR_MASK 0xffbf /* where the CPU does not say */

/* --- Memory --------------------------------------------------------------------------- */

/* The image's addresses count before its page tables do. */
static bool translate(const struct gdb_machine *machine, uint64_t address, struct gdb_mapping *mapping)
{
	const struct elf_image *image = &machine->image;

	if (machine->sregs.cr0 & CR0_PG && gdb_translate(machine->mem, machine->sregs.cr3, address, mapping))
		return true;
	mapping->gpa = address - image->virtual_offset;
	if (mapping->gpa < image->start || mapping->gpa >= image->end)
		return false;
	mapping->left = image->end - mapping->gpa;
	mapping->user = true;
	return true;
}

/* The next piece of [address, address + size): NULL where it is no memory. */
static uint8_t *piece(const struct gdb_machine *machine, uint64_t address, size_t size, struct gdb_mapping *mapping)
{
	if (!translate(machine, address, mapping))
		return NULL;
	if (mapping->left > size)
		mapping->left = size;
	return guest_mem_range(machine->mem, mapping->gpa, mapping->left);
}

static size_t read_memory(void *target, uint64_t address, void *data, size_t size)
{
	struct gdb_machine *machine = target;
	struct gdb_mapping mapping;
	size_t done = 0;

	while (done < size) {
		const uint8_t *from = piece(machine, address + done, size - done, &mapping);

		if (!from)
			break;
		memcpy((uint8_t *)data + done, from, mapping.left);
		breakpoints_hide(&machine->breakpoints, mapping.gpa, (uint8_t *)data + done, mapping.left);
		done += mapping.left;
	}
	return done;
}

static int write_memory(void *target, uint64_t address, const void *data, size_t size)
{
	struct gdb_machine *machine = target;
	struct gdb_mapping mapping;

	for (size_t done = 0; done < size; done += mapping.left)
		if (!piece(machine, address + done, size - done, &mapping))
			return -EFAULT;
	for (size_t done = 0; done < size; done += mapping.left) {
		uint8_t *to = piece(machine, address + done, size - done, &mapping);

		if (!to)
			return -EFAULT;
		memcpy(to, (const uint8_t *)data + done, mapping.left);
		breakpoints_keep(&machine->breakpoints, mapping.gpa, to, mapping.left);
	}
	return 0;
}

/* --- Registers ------------------------------------------------------------------------ */

static int read_registers(void *target, struct gdb_registers *out)
{
	const struct gdb_machine *machine = target;
	const struct kvm_regs *regs = &machine->regs;
	const struct kvm_sregs *sregs = &machine->sregs;
	bool direct = machine->stop == MACHINE_DIRECT;
	struct fxsave fpu;

	memcpy(&fpu, machine->fpu, sizeof(fpu));
	*out = (struct gdb_registers){
		.rax = regs->rax, .rbx = regs->rbx, .rcx = regs->rcx, .rdx = regs->rdx,
		.rsi = regs->rsi, .rdi = regs->rdi, .rbp = regs->rbp,
		.r8 = regs->r8, .r9 = regs->r9, .r10 = regs->r10, .r11 = regs->r11,
		.r12 = regs->r12, .r13 = regs->r13, .r14 = regs->r14, .r15 = regs->r15,
		.rsp = direct ? regs->rsp : machine->frame.rsp,
		.rip = direct ? regs->rip : machine->frame.rip,
		.eflags = (uint32_t)(direct ? regs->rflags : machine->frame.rflags) & ~TRAP_FLAG,
		.cs = direct ? sregs->cs.selector : (uint32_t)machine->frame.cs,
		.ss = direct ? sregs->ss.selector : (uint32_t)machine->frame.ss,
		.ds = sregs->ds.selector, .es = sregs->es.selector,
		.fs = sregs->fs.selector, .gs = sregs->gs.selector,
		.fctrl = fpu.fcw, .fstat = fpu.fsw, .ftag = fpu.ftw, .fop = fpu.fop, .mxcsr = fpu.mxcsr,
		.fs_base = sregs->fs.base, .gs_base = sregs->gs.base,
	};
	for (unsigned i = 0; i < 8; i++)
		memcpy(out->st[i], fpu.st[i], sizeof(out->st[i]));
	memcpy(out->xmm, fpu.xmm, sizeof(out->xmm));
	return 0;
}

static void set_general(struct kvm_regs *regs, const struct gdb_registers *in)
{
	regs->rax = in->rax, regs->rbx = in->rbx, regs->rcx = in->rcx, regs->rdx = in->rdx;
	regs->rsi = in->rsi, regs->rdi = in->rdi, regs->rbp = in->rbp;
	regs->r8 = in->r8, regs->r9 = in->r9, regs->r10 = in->r10, regs->r11 = in->r11;
	regs->r12 = in->r12, regs->r13 = in->r13, regs->r14 = in->r14, regs->r15 = in->r15;
}

static uint64_t merge_flags(uint64_t old, uint32_t new)
{
	return (old & ~(uint64_t)RFLAGS_WRITABLE) | (new & RFLAGS_WRITABLE);
}

/* Segments stay as they are, and of the flags only what a program can change. */
static int write_registers(void *target, const struct gdb_registers *in)
{
	struct gdb_machine *machine = target;
	struct fxsave fpu;

	if (machine->stop == MACHINE_CALL)
		return -EBUSY;
	set_general(&machine->regs, in);
	if (machine->stop == MACHINE_DIRECT) {
		machine->regs.rsp = in->rsp;
		machine->regs.rip = in->rip;
		machine->regs.rflags = merge_flags(machine->regs.rflags, in->eflags);
	} else {
		machine->frame.rsp = in->rsp;
		machine->frame.rip = in->rip;
		machine->frame.rflags = merge_flags(machine->frame.rflags, in->eflags);
	}
	memcpy(&fpu, machine->fpu, sizeof(fpu));
	for (unsigned i = 0; i < 8; i++)
		memcpy(fpu.st[i], in->st[i], sizeof(in->st[i]));
	memcpy(fpu.xmm, in->xmm, sizeof(in->xmm));
	fpu.fcw = (uint16_t)in->fctrl;
	fpu.fsw = (uint16_t)in->fstat;
	fpu.ftw = (uint8_t)in->ftag;
	fpu.mxcsr = in->mxcsr & (fpu.mxcsr_mask ? fpu.mxcsr_mask : MXCSR_MASK);
	fpu.xstate_bv |= XSTATE_X87_SSE;
	memcpy(machine->fpu, &fpu, sizeof(fpu));
	return ioctl(machine->vcpu->fd, KVM_SET_XSAVE, machine->fpu) ? -errno : 0;
}

/* --- Breakpoints ---------------------------------------------------------------------- */

static int insert_breakpoint(void *target, uint64_t address)
{
	struct gdb_machine *machine = target;
	struct gdb_mapping mapping;

	/* In ring 0 the instruction would do what it is for. */
	if (!translate(machine, address, &mapping) || !mapping.user)
		return -EFAULT;
	return breakpoint_insert(&machine->breakpoints, machine->mem, address, mapping.gpa);
}

static int remove_breakpoint(void *target, uint64_t address)
{
	struct gdb_machine *machine = target;

	return breakpoint_remove(&machine->breakpoints, machine->mem, address);
}

const struct gdb_target_ops gdb_machine_ops = {
	.read_registers = read_registers,
	.write_registers = write_registers,
	.read_memory = read_memory,
	.write_memory = write_memory,
	.insert_breakpoint = insert_breakpoint,
	.remove_breakpoint = remove_breakpoint,
};

/* --- Stopping and going on ------------------------------------------------------------ */

static int fetch(struct gdb_machine *machine)
{
	int fd = machine->vcpu->fd;

	if (ioctl(fd, KVM_GET_REGS, &machine->regs) || ioctl(fd, KVM_GET_SREGS, &machine->sregs) ||
	    ioctl(fd, KVM_GET_XSAVE, machine->fpu))
		return -errno;
	return 0;
}

/* The frame is on the stack: of the exception, or what a call left at the stack's top. */
static bool fetch_frame(struct gdb_machine *machine, bool exception)
{
	uint64_t top;

	machine->frame = (struct walnut_debug_frame){ 0 };
	if (exception) {
		machine->frame_address = machine->regs.rsp;
		return read_memory(machine, machine->frame_address, &machine->frame, sizeof(machine->frame)) ==
		       sizeof(machine->frame) && machine->frame.cs & RING_MASK;
	}
	if (read_memory(machine, machine->sregs.tr.base + TSS_RSP0, &top, sizeof(top)) != sizeof(top))
		return false;
	machine->frame_address = top - sizeof(machine->frame);
	return read_memory(machine, top - IRET_SIZE, &machine->frame.rip, IRET_SIZE) == IRET_SIZE &&
	       (machine->frame.cs & RING_MASK) == RING_MASK && machine->frame.ss;
}

static int signal_of(uint64_t vector)
{
	switch (vector) {
	case VECTOR_DIVIDE:
		return GDB_SIGNAL_FPE;
	case VECTOR_DEBUG:
	case VECTOR_BREAKPOINT:
		return GDB_SIGNAL_TRAP;
	case VECTOR_INVALID:
		return GDB_SIGNAL_ILL;
	default:
		return GDB_SIGNAL_SEGV;
	}
}

int gdb_machine_stopped(struct gdb_machine *machine, bool exception, struct gdb_session *session)
{
	int error = fetch(machine);

	session->breakpoint = false;
	machine->stop = MACHINE_DIRECT;
	if (error)
		return error;
	if (exception) {
		session->signal = 0;
		/* One of ring 0: the guest's kernel is at its end and says so. */
		if (!fetch_frame(machine, true))
			return 0;
		machine->stop = MACHINE_EXCEPTION;
		session->signal = signal_of(machine->frame.vector);
		if (machine->frame.vector == VECTOR_PROTECTION &&
		    breakpoint_at(&machine->breakpoints, machine->frame.rip)) {
			session->signal = GDB_SIGNAL_TRAP;
			session->breakpoint = true;
		}
	} else if (!(machine->sregs.cs.selector & RING_MASK) && fetch_frame(machine, false)) {
		machine->stop = MACHINE_CALL;
	}
	return 0;
}

/* KVM's own stepping, which is for ring 0 only: there no frame has the trap flag. */
static int step_in_kernel(struct gdb_machine *machine, bool on)
{
	struct kvm_guest_debug debug = { .control = on ? KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP : 0 };

	if (ioctl(machine->vcpu->fd, KVM_SET_GUEST_DEBUG, &debug))
		return -errno;
	machine->kernel_stepping = on;
	return 0;
}

static uint64_t with_trap_flag(uint64_t flags, bool on)
{
	return on ? flags | TRAP_FLAG : flags & ~(uint64_t)TRAP_FLAG;
}

int gdb_machine_resume(struct gdb_machine *machine, bool step, bool deliver)
{
	bool in_kernel = machine->stop == MACHINE_DIRECT && !(machine->sregs.cs.selector & RING_MASK);
	size_t size = sizeof(machine->frame) - offsetof(struct walnut_debug_frame, rip);
	int error = 0;

	if (machine->stop == MACHINE_DIRECT && !in_kernel) {
		machine->regs.rflags = with_trap_flag(machine->regs.rflags, step);
	} else if (machine->stop != MACHINE_DIRECT) {
		machine->frame.rflags = with_trap_flag(machine->frame.rflags, step);
		error = write_memory(machine, machine->frame_address + offsetof(struct walnut_debug_frame, rip),
				     &machine->frame.rip, size);
	}
	if (machine->stop == MACHINE_EXCEPTION && !deliver)
		machine->regs.rip += WALNUT_DEBUG_JUMP_SIZE;
	if (!error && machine->stop != MACHINE_CALL && ioctl(machine->vcpu->fd, KVM_SET_REGS, &machine->regs))
		error = -errno;
	if (!error && (step && in_kernel) != machine->kernel_stepping)
		error = step_in_kernel(machine, step && in_kernel);
	return error;
}

bool gdb_machine_may_be_breakpoint(const struct gdb_machine *machine)
{
	return machine->stop == MACHINE_EXCEPTION && machine->frame.vector == VECTOR_PROTECTION;
}

void gdb_machine_detach(struct gdb_machine *machine)
{
	breakpoints_remove_all(&machine->breakpoints, machine->mem);
}
