/* vCPU set-up and run loop.
 *
 * Stopping from outside needs no signal handler, and so no global state: the stop
 * signal is blocked in the thread, and only KVM_RUN opens it (KVM_SET_SIGNAL_MASK). A
 * signal that comes early stays pending and makes the next KVM_RUN return at once. */
#include "vm/vcpu.h"

#include <errno.h>
#include <linux/kvm.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "boot/layout.h"
#include "debug_port.h"
#include "device/bus.h"
#include "device/power.h"
#include "failure.h"
#include "vm/kvm.h"

#define STOP_SIGNAL SIGRTMAX
#define KERNEL_SIGSET_SIZE 8
#define PAGE_SIZE 4096
#define COALESCED_MAX ((PAGE_SIZE - sizeof(struct kvm_coalesced_mmio_ring)) / sizeof(struct kvm_coalesced_mmio))

#define CR0_PE 0x1ull
#define CR0_ET 0x10ull
#define CR0_PG 0x80000000ull
#define CR4_PAE 0x20ull
#define EFER_LME 0x100ull
#define EFER_LMA 0x400ull
#define RFLAGS_RESERVED 2
#define MSR_TSC 0x10
#define MSR_MISC_ENABLE 0x1a0
#define MSR_MTRR_DEF_TYPE 0x2ff
#define MISC_ENABLE_FAST_STRING 1
#define MTRR_ENABLED_WRITE_BACK 0x806

#define TYPE_CODE 0xb
#define TYPE_DATA 0x3
#define TYPE_BUSY_TSS 0xb

int vcpu_create(struct vcpu *vcpu, unsigned id, int kvm_fd, int vm_fd, struct failure *failure)
{
	int size, page;

	vcpu->fd = KVM_CALL(vm_fd, KVM_CREATE_VCPU, id, failure);
	if (vcpu->fd < 0)
		return vcpu->fd;
	size = KVM_CALL(kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0, failure);
	if (size < 0)
		return size;
	if ((size_t)size < sizeof(*vcpu->run))
		return failure_set(failure, -ENOTSUP, "/dev/kvm: vCPU area of %d bytes", size);
	vcpu->run = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu->fd, 0);
	if (vcpu->run == MAP_FAILED) {
		vcpu->run = NULL;
		return failure_errno(failure, -errno, "cannot map the vCPU's area");
	}
	vcpu->run_size = (size_t)size;

	/* KVM tells the ring's page. */
	page = ioctl(kvm_fd, KVM_CHECK_EXTENSION, KVM_CAP_COALESCED_MMIO);
	if (page > 0 && (size_t)(page + 1) * PAGE_SIZE <= vcpu->run_size)
		vcpu->coalesced = (void *)((uint8_t *)vcpu->run + (size_t)page * PAGE_SIZE);
	return 0;
}

void vcpu_destroy(struct vcpu *vcpu)
{
	if (vcpu->run)
		munmap(vcpu->run, vcpu->run_size);
	if (vcpu->fd > 0)
		close(vcpu->fd);
	vcpu->run = NULL;
	vcpu->fd = 0;
}

int vcpu_set_cpuid(struct vcpu *vcpu, const struct kvm_cpuid2 *cpuid, struct failure *failure)
{
	return KVM_CALL(vcpu->fd, KVM_SET_CPUID2, cpuid, failure);
}

int vcpu_set_firmware_msrs(struct vcpu *vcpu, struct failure *failure)
{
	static const struct { uint32_t index; uint64_t data; } values[] = {
		{ MSR_MISC_ENABLE, MISC_ENABLE_FAST_STRING },
		/* Without it Linux believes that it must not use page attributes. */
		{ MSR_MTRR_DEF_TYPE, MTRR_ENABLED_WRITE_BACK },
	};
	union {
		struct kvm_msrs msrs;
		uint8_t bytes[sizeof(struct kvm_msrs) + sizeof(struct kvm_msr_entry)];
	} one = { .msrs.nmsrs = 1 };

	/* One by one: not every host has each of them, and a guest can do without. */
	for (unsigned i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		int set;

		one.msrs.entries[0] = (struct kvm_msr_entry){ .index = values[i].index, .data = values[i].data };
		set = KVM_CALL(vcpu->fd, KVM_SET_MSRS, &one, failure);
		if (set < 0)
			return set;
	}
	return 0;
}

static struct kvm_segment segment(unsigned number, uint8_t type, bool code, bool system, bool long_mode)
{
	return (struct kvm_segment){
		.limit = 0xffffffff, .selector = (uint16_t)(number * sizeof(uint64_t)), .type = type, .present = 1,
		.db = !(code && long_mode) && !system, .s = !system, .l = code && long_mode, .g = 1,
	};
}

/* Matches boot_tables_write(). */
static void sregs_fill(struct kvm_sregs *sregs, bool long_mode)
{
	unsigned code = long_mode ? BOOT_GDT_CODE_64 : BOOT_GDT_CODE_32;
	unsigned data = long_mode ? BOOT_GDT_DATA_64 : BOOT_GDT_DATA_32;
	unsigned tss = long_mode ? BOOT_GDT_TSS_64 : BOOT_GDT_TSS_32;

	sregs->cs = segment(code, TYPE_CODE, true, false, long_mode);
	sregs->ds = segment(data, TYPE_DATA, false, false, long_mode);
	sregs->es = sregs->fs = sregs->gs = sregs->ss = sregs->ds;
	sregs->tr = segment(tss, TYPE_BUSY_TSS, false, true, long_mode);
	sregs->gdt.base = BOOT_GDT;
	sregs->gdt.limit = BOOT_GDT_ENTRIES * sizeof(uint64_t) - 1;
	sregs->idt.base = BOOT_IDT;
	sregs->idt.limit = sizeof(uint64_t) - 1;
	sregs->cr0 = CR0_ET | CR0_PE | (long_mode ? CR0_PG : 0);
	sregs->cr3 = long_mode ? BOOT_PML4 : 0;
	sregs->cr4 = long_mode ? CR4_PAE : 0;
	sregs->efer = long_mode ? EFER_LME | EFER_LMA : 0;
}

int vcpu_set_entry(struct vcpu *vcpu, enum kernel_entry kind, uint64_t entry, struct failure *failure)
{
	struct kvm_regs regs = { .rip = entry, .rflags = RFLAGS_RESERVED };
	struct kvm_sregs sregs;
	int error;

	switch (kind) {
	case KERNEL_ENTRY_LINUX_64:
		regs.rsp = regs.rbp = BOOT_STACK;
		regs.rsi = BOOT_ZERO_PAGE;
		break;
	case KERNEL_ENTRY_LINUX_32:
		regs.rsi = BOOT_ZERO_PAGE;
		break;
	case KERNEL_ENTRY_PVH:
		regs.rbx = BOOT_PVH_START_INFO;
		break;
	}
	/* Read first for what we have no opinion on: the local APIC's base. */
	error = KVM_CALL(vcpu->fd, KVM_GET_SREGS, &sregs, failure);
	if (error)
		return error;
	sregs_fill(&sregs, kind == KERNEL_ENTRY_LINUX_64);
	error = KVM_CALL(vcpu->fd, KVM_SET_SREGS, &sregs, failure);
	if (error)
		return error;
	return KVM_CALL(vcpu->fd, KVM_SET_REGS, &regs, failure);
}

static sigset_t stop_set(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, STOP_SIGNAL);
	return set;
}

void vcpu_attach(struct vcpu *vcpu)
{
	sigset_t stop = stop_set();

	vcpu->thread = pthread_self();
	pthread_sigmask(SIG_BLOCK, &stop, &vcpu->old_mask);
	vcpu->attached = true;
}

static void take_signals(void)
{
	const struct timespec now = { 0 };
	sigset_t stop = stop_set();

	while (sigtimedwait(&stop, NULL, &now) > 0)
		;
}

/* Takes a pending stop signal away, so that it kills nobody later. */
void vcpu_detach(struct vcpu *vcpu)
{
	if (!vcpu->attached)
		return;
	take_signals();
	pthread_sigmask(SIG_SETMASK, &vcpu->old_mask, NULL);
	vcpu->attached = false;
}

/* Lets the stop signal interrupt KVM_RUN, and only that. */
static int open_stop_signal(struct vcpu *vcpu, struct failure *failure)
{
	union {
		struct kvm_signal_mask mask;
		uint8_t bytes[sizeof(struct kvm_signal_mask) + KERNEL_SIGSET_SIZE];
	} in_guest = { .mask.len = KERNEL_SIGSET_SIZE };
	sigset_t set;

	pthread_sigmask(SIG_SETMASK, NULL, &set);
	sigdelset(&set, STOP_SIGNAL);
	memcpy(in_guest.mask.sigset, &set, KERNEL_SIGSET_SIZE);
	return KVM_CALL(vcpu->fd, KVM_SET_SIGNAL_MASK, &in_guest, failure);
}

void vcpu_stop(struct vcpu *vcpu)
{
	vcpu->stop = true;
	pthread_kill(vcpu->thread, STOP_SIGNAL);
}

void vcpu_interrupt(struct vcpu *vcpu)
{
	vcpu->interrupted = true;
	pthread_kill(vcpu->thread, STOP_SIGNAL);
}

int vcpu_stop_fd(void)
{
	sigset_t stop = stop_set();
	int fd = signalfd(-1, &stop, SFD_CLOEXEC | SFD_NONBLOCK);

	return fd < 0 ? -errno : fd;
}

void vcpu_forget_interrupt(struct vcpu *vcpu)
{
	vcpu->interrupted = false;
	take_signals();
}

static void tell(struct vcpu *vcpu, enum vcpu_event event)
{
	if (vcpu->event)
		vcpu->event(vcpu->event_opaque, event);
}

void vcpu_touch(struct vcpu *vcpu)
{
	vcpu->run->immediate_exit = 1;
	ioctl(vcpu->fd, KVM_RUN, 0);
	vcpu->run->immediate_exit = 0;
}

/* The instruction is over for KVM only when the guest is entered again: until then the
 * registers are those of its middle. */
static void tell_exception(struct vcpu *vcpu)
{
	if (!vcpu->event)
		return;
	vcpu_touch(vcpu);
	tell(vcpu, VCPU_EVENT_EXCEPTION);
}

/* The sizes and the count are KVM's, and so is the bound on what it put there. */
static void port_access(struct kvm_run *run, struct vcpu_world *world)
{
	uint8_t *data = (uint8_t *)run + run->io.data_offset;

	pthread_mutex_lock(&world->lock);
	for (uint32_t i = 0; i < run->io.count; i++, data += run->io.size) {
		if (run->io.direction == KVM_EXIT_IO_OUT)
			bus_write(world->ports, run->io.port, data, run->io.size);
		else
			bus_read(world->ports, run->io.port, data, run->io.size);
	}
	pthread_mutex_unlock(&world->lock);
}

static void mmio_access(struct kvm_run *run, const struct bus *mmio)
{
	if (run->mmio.is_write)
		bus_write(mmio, run->mmio.phys_addr, run->mmio.data, run->mmio.len);
	else
		bus_read(mmio, run->mmio.phys_addr, run->mmio.data, run->mmio.len);
}

/* Writes that KVM took without an exit: they come before whatever the exit is about. */
static void drain_coalesced(struct vcpu *vcpu, struct vcpu_world *world)
{
	struct kvm_coalesced_mmio_ring *ring = vcpu->coalesced;

	if (!ring)
		return;
	pthread_mutex_lock(&world->lock);
	while (ring->first != __atomic_load_n(&ring->last, __ATOMIC_ACQUIRE)) {
		const struct kvm_coalesced_mmio *access = &ring->coalesced_mmio[ring->first];

		bus_write(world->mmio, access->phys_addr, access->data, access->len);
		vcpu->coalesced_writes++;
		__atomic_store_n(&ring->first, (ring->first + 1) % COALESCED_MAX, __ATOMIC_RELEASE);
	}
	pthread_mutex_unlock(&world->lock);
}

static void describe_error(struct vcpu *vcpu, struct failure *failure)
{
	const struct kvm_run *run = vcpu->run;
	struct kvm_regs regs = { 0 };

	ioctl(vcpu->fd, KVM_GET_REGS, &regs);
	if (run->exit_reason == KVM_EXIT_INTERNAL_ERROR)
		failure_set(failure, -EIO, "KVM cannot execute the guest's instruction at 0x%llx (internal error %u)%s",
			    (unsigned long long)regs.rip, run->internal.suberror,
			    kvm_emulates_kernels() ? "; there is no hardware virtualization here" : "");
	else if (run->exit_reason == KVM_EXIT_FAIL_ENTRY)
		failure_set(failure, -EIO, "KVM cannot enter the guest (hardware reason 0x%llx)",
			    (unsigned long long)run->fail_entry.hardware_entry_failure_reason);
	else
		failure_set(failure, -EIO, "unexpected exit %u from the guest at 0x%llx", run->exit_reason,
			    (unsigned long long)regs.rip);
}

/* VCPU_STOP_REQUESTED: it wants nothing. */
static enum vcpu_stop power_wish(struct power *power)
{
	switch (atomic_load(&power->wish)) {
	case POWER_RESET:
		return VCPU_STOP_RESET;
	case POWER_OFF:
		return VCPU_STOP_POWER_OFF;
	default:
		return VCPU_STOP_REQUESTED;
	}
}

enum vcpu_stop vcpu_run(struct vcpu *vcpu, struct vcpu_world *world, struct failure *failure)
{
	struct kvm_run *run = vcpu->run;
	enum vcpu_stop wish;

	if (open_stop_signal(vcpu, failure))
		return VCPU_STOP_ERROR;
	tell(vcpu, VCPU_EVENT_START);
	while (!vcpu->stop) {
		int error = ioctl(vcpu->fd, KVM_RUN, 0) == 0 ? 0 : -errno;

		drain_coalesced(vcpu, world);
		if (error) {
			if (error != -EINTR && error != -EAGAIN) {
				failure_errno(failure, error, "KVM_RUN");
				return VCPU_STOP_ERROR;
			}
			vcpu->exits[KRUN_WALNUT_EXIT_INTR]++;
			if (vcpu->interrupted) {
				vcpu_forget_interrupt(vcpu);
				tell(vcpu, VCPU_EVENT_INTERRUPT);
			}
			continue;
		}
		switch (run->exit_reason) {
		case KVM_EXIT_IO:
			vcpu->exits[KRUN_WALNUT_EXIT_IO]++;
			port_access(run, world);
			wish = power_wish(world->power);
			if (wish != VCPU_STOP_REQUESTED)
				return wish;
			if (run->io.port == WALNUT_DEBUG_PORT)
				tell_exception(vcpu);
			break;
		case KVM_EXIT_DEBUG:
			tell(vcpu, VCPU_EVENT_STEP);
			break;
		case KVM_EXIT_MMIO:
			vcpu->exits[KRUN_WALNUT_EXIT_MMIO]++;
			mmio_access(run, world->mmio);
			break;
		case KVM_EXIT_HLT:
			vcpu->exits[KRUN_WALNUT_EXIT_HLT]++;
			break;
		case KVM_EXIT_SHUTDOWN:
			vcpu->exits[KRUN_WALNUT_EXIT_SHUTDOWN]++;
			return VCPU_STOP_TRIPLE_FAULT;
		case KVM_EXIT_SYSTEM_EVENT:
			vcpu->exits[KRUN_WALNUT_EXIT_SHUTDOWN]++;
			return VCPU_STOP_RESET;
		default:
			vcpu->exits[KRUN_WALNUT_EXIT_OTHER]++;
			describe_error(vcpu, failure);
			return VCPU_STOP_ERROR;
		}
	}
	return VCPU_STOP_REQUESTED;
}

uint64_t vcpu_read_tsc(const struct vcpu *vcpu)
{
	union {
		struct kvm_msrs msrs;
		uint8_t bytes[sizeof(struct kvm_msrs) + sizeof(struct kvm_msr_entry)];
	} one = { .msrs.nmsrs = 1 };

	one.msrs.entries[0].index = MSR_TSC;
	return ioctl(vcpu->fd, KVM_GET_MSRS, &one) == 1 ? one.msrs.entries[0].data : 0;
}
