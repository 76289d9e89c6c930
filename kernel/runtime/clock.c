/* Clocks. Under KVM the host keeps, in a page it shares, the factor from TSC ticks
 * to nanoseconds and the time of a recent TSC value ("pvclock": Documentation/virt/
 * kvm/x86/msr.rst, MSR_KVM_SYSTEM_TIME_NEW); the version is odd while it writes.
 * Elsewhere the nucleus or the VMM has told the TSC's frequency. */
#include "clock.h"

#include "idle.h"
#include "tsc.h"

#define NS_PER_SECOND UINT64_C(1000000000)

struct pvclock {
	uint32_t version;
	uint32_t pad;
	uint64_t tsc_timestamp;
	uint64_t system_time; /* ns */
	uint32_t tsc_to_system_mul;
	int8_t tsc_shift;
	uint8_t flags;
	uint8_t pad2[2];
};
_Static_assert(sizeof(struct pvclock) == 32, "pvclock");

struct pvclock_wall_clock {
	uint32_t version;
	uint32_t sec;
	uint32_t nsec;
};

/* ns = base_ns + ((ticks since base_tsc) << shift) * multiplier / 2^32 */
struct rate {
	uint64_t base_tsc;
	uint64_t base_ns;
	uint32_t multiplier;
	int8_t shift;
};

static const struct nucleus_info *info;
static const struct cmdline *line;
static bool started;
static const volatile struct pvclock *shared;
static struct rate fixed;	  /* when there is no shared page */
static uint64_t boot_realtime_ns; /* realtime = this + monotonic */

static struct rate rate_of(uint64_t tsc_hz)
{
	struct rate rate = { .base_tsc = info->entry_tsc };

	/* multiplier = 1e9 * 2^32 / hz in 32 bits */
	while (tsc_hz >= 2 * NS_PER_SECOND) {
		tsc_hz >>= 1;
		rate.shift--;
	}
	while (tsc_hz <= NS_PER_SECOND) {
		tsc_hz <<= 1;
		rate.shift++;
	}
	rate.multiplier = (uint32_t)((NS_PER_SECOND << 32) / tsc_hz);
	return rate;
}

static uint64_t ticks_to_ns(const struct rate *rate, uint64_t ticks)
{
	unsigned __int128 scaled = ticks;

	if (rate->shift < 0)
		scaled >>= -rate->shift & 63;
	else
		scaled <<= rate->shift & 63;
	return (uint64_t)(scaled * rate->multiplier >> 32);
}

/* Saturates. */
static uint64_t ns_to_ticks(const struct rate *rate, uint64_t ns)
{
	unsigned __int128 ticks = (unsigned __int128)ns << 32;

	/* 128 by 32 bits, in two steps: there is no library for it here. */
	uint64_t high = (uint64_t)(ticks >> 32), low = (uint64_t)(ticks & UINT32_MAX), remainder;
	uint64_t divisor = rate->multiplier ? rate->multiplier : 1;

	remainder = high % divisor;
	high /= divisor;
	low = (remainder << 32 | low) / divisor;
	ticks = ((unsigned __int128)high << 32) + low;
	if (rate->shift < 0)
		ticks <<= -rate->shift & 63;
	else
		ticks >>= rate->shift & 63;
	return ticks > UINT64_MAX ? UINT64_MAX : (uint64_t)ticks;
}

void clock_init(const struct nucleus_info *boot_info, const struct cmdline *command_line)
{
	info = boot_info;
	line = command_line;
}

/* On the first look at a clock: many programs never do. */
static void start(void)
{
	const volatile struct pvclock_wall_clock *wall;
	uint64_t tsc_hz;

	started = true;
	nucleus_call(NUCLEUS_CLOCK_START, 0, 0, 0, 0);
	tsc_hz = line->tsc_hz ? line->tsc_hz : info->tsc_hz;
	fixed = rate_of(tsc_hz ? tsc_hz : NS_PER_SECOND);
	boot_realtime_ns = line->epoch_ns;
	if (!info->kvmclock || !((const struct pvclock *)info->kvmclock)->tsc_to_system_mul)
		return;
	shared = (const volatile struct pvclock *)info->kvmclock;
	wall = (const volatile struct pvclock_wall_clock *)info->kvm_wall_clock;
	/* The wall clock is that of the moment when the system time was 0. */
	if (wall)
		boot_realtime_ns = wall->sec * NS_PER_SECOND + wall->nsec;
}

static struct rate current_rate(void)
{
	struct rate rate;
	uint32_t version;

	if (!started)
		start();
	if (!shared)
		return fixed;
	do {
		version = shared->version;
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
		rate.base_tsc = shared->tsc_timestamp;
		rate.base_ns = shared->system_time;
		rate.multiplier = shared->tsc_to_system_mul;
		rate.shift = shared->tsc_shift;
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
	} while (version & 1 || version != shared->version);
	return rate;
}

uint64_t clock_monotonic_ns(void)
{
	struct rate rate = current_rate();
	uint64_t now = tsc_read();

	return rate.base_ns + (now > rate.base_tsc ? ticks_to_ns(&rate, now - rate.base_tsc) : 0);
}

uint64_t clock_realtime_ns(void)
{
	uint64_t monotonic = clock_monotonic_ns();

	return boot_realtime_ns + monotonic;
}

uint64_t clock_cpu_ns(void)
{
	struct rate rate = current_rate();

	return ticks_to_ns(&rate, tsc_read() - info->entry_tsc - idle_ticks());
}

uint64_t clock_deadline(uint64_t ns)
{
	struct rate rate = current_rate();
	uint64_t ticks;

	if (ns <= rate.base_ns)
		return 0;
	ticks = ns_to_ticks(&rate, ns - rate.base_ns);
	if (__builtin_add_overflow(rate.base_tsc, ticks, &ticks))
		return UINT64_MAX;
	return ticks;
}
