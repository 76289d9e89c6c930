/* What time sources there are: kvmclock, and the TSC's frequency from whoever knows
 * it: kvmclock, CPUID, or at last the PIT. */
#include "internal.h"

#define CPUID_1_ECX_HYPERVISOR (1u << 31)
#define CPUID_TSC_CRYSTAL 0x15
#define CPUID_FREQUENCY 0x16
#define CPUID_HYPERVISOR 0x40000000
#define CPUID_KVM_FEATURES 0x40000001
#define CPUID_HYPERVISOR_TIMING 0x40000010
#define KVM_SIGNATURE_EBX 0x4b4d564b /* "KVMKVMKVM" */
#define KVM_SIGNATURE_ECX 0x564b4d56
#define KVM_SIGNATURE_EDX 0x4d
#define KVM_FEATURE_CLOCKSOURCE2 (1u << 3)
#define MSR_KVM_WALL_CLOCK 0x4b564d00
#define MSR_KVM_SYSTEM_TIME 0x4b564d01
#define KVM_SYSTEM_TIME_ENABLE 1

#define PIT_HZ 1193182
#define PIT_CHANNEL0 0x40
#define PIT_COMMAND 0x43
#define PIT_CHANNEL0_ONE_SHOT 0x30 /* low and high byte, mode 0, binary */
#define PIT_CHANNEL0_LATCH 0x00
#define PIT_TICKS (PIT_HZ / 100)
#define PIT_STUCK_READS 100

/* As the host writes it: Documentation/virt/kvm/x86/msr.rst. */
struct pvclock {
	uint32_t version;
	uint32_t pad;
	uint64_t tsc_timestamp;
	uint64_t system_time;
	uint32_t tsc_to_system_mul;
	int8_t tsc_shift;
	uint8_t flags;
	uint8_t pad2[2];
};

/* Returns the TSC's frequency, 0 when the host does not say. */
static uint64_t kvmclock_start(struct nucleus_info *info)
{
	const volatile struct pvclock *clock = (const struct pvclock *)nucleus_shared.kvmclock;
	uint64_t hz;

	info->kvmclock = (uint64_t)nucleus_shared.kvmclock;
	info->kvm_wall_clock = (uint64_t)nucleus_shared.kvm_wall_clock;
	write_msr(MSR_KVM_WALL_CLOCK, info->kvm_wall_clock - VA_KERNEL);
	write_msr(MSR_KVM_SYSTEM_TIME, (info->kvmclock - VA_KERNEL) | KVM_SYSTEM_TIME_ENABLE);
	if (clock->tsc_to_system_mul == 0)
		return 0;
	hz = (1000000000ull << 32) / clock->tsc_to_system_mul;
	return clock->tsc_shift < 0 ? hz << -clock->tsc_shift : hz >> clock->tsc_shift;
}

static uint64_t cpuid_frequency(uint32_t leaves, uint32_t hypervisor_leaves)
{
	struct cpuid r;

	if (hypervisor_leaves >= CPUID_HYPERVISOR_TIMING) {
		r = cpuid(CPUID_HYPERVISOR_TIMING);
		if (r.eax)
			return r.eax * 1000ull;
	}
	if (leaves >= CPUID_TSC_CRYSTAL) {
		r = cpuid(CPUID_TSC_CRYSTAL);
		if (r.eax && r.ebx && r.ecx)
			return (uint64_t)r.ecx * r.ebx / r.eax;
	}
	if (leaves >= CPUID_FREQUENCY)
		return cpuid(CPUID_FREQUENCY).eax * 1000000ull;
	return 0;
}

static uint32_t pit_elapsed(void)
{
	uint32_t low;

	out8(PIT_COMMAND, PIT_CHANNEL0_LATCH);
	low = in8(PIT_CHANNEL0);
	return 0xffff - (low | (uint32_t)in8(PIT_CHANNEL0) << 8);
}

/* Counts TSC cycles during 10 ms of the PIT; 0 where there is none. Channel 0, for
 * not every machine has the port that gates channel 2. */
static uint64_t pit_frequency(void)
{
	uint32_t first, elapsed, stuck = 0, last = 0;
	uint64_t begin;

	out8(PIT_COMMAND, PIT_CHANNEL0_ONE_SHOT);
	out8(PIT_CHANNEL0, 0xff);
	out8(PIT_CHANNEL0, 0xff);
	first = pit_elapsed();
	begin = read_tsc();
	do {
		elapsed = pit_elapsed() - first;
		stuck = elapsed == last ? stuck + 1 : 0;
		last = elapsed;
		if (stuck == PIT_STUCK_READS)
			return 0;
	} while (elapsed < PIT_TICKS);
	return (read_tsc() - begin) * PIT_HZ / elapsed;
}

int64_t nucleus_clock_start(void)
{
	struct nucleus_info *info = &nucleus_shared.info;
	struct cpuid hypervisor = { 0 };
	uint64_t hz = 0;

	if (cpuid(1).ecx & CPUID_1_ECX_HYPERVISOR)
		hypervisor = cpuid(CPUID_HYPERVISOR);
	if (hypervisor.ebx == KVM_SIGNATURE_EBX && hypervisor.ecx == KVM_SIGNATURE_ECX &&
	    hypervisor.edx == KVM_SIGNATURE_EDX &&
	    cpuid(CPUID_KVM_FEATURES).eax & KVM_FEATURE_CLOCKSOURCE2)
		hz = kvmclock_start(info);
	if (hz == 0)
		hz = cpuid_frequency(cpuid(0).eax, hypervisor.eax);
	if (hz == 0)
		hz = pit_frequency();
	info->tsc_hz = hz;
	return 0;
}
