/* Interrupts and the timer. Ring 3 runs with interrupts off; they are taken inside
 * nucleus_wait() only, where they do nothing but end it. So the controllers need no
 * care until the first halt, or the first line that is enabled. */
#include "internal.h"

#define PIC1_DATA 0x21
#define PIC2_DATA 0xa1

#define MSR_APIC_BASE 0x1b
#define APIC_BASE_X2APIC 0x400
#define APIC_BASE_ENABLE 0x800
#define MSR_X2APIC 0x800
#define MSR_TSC_DEADLINE 0x6e0
#define APIC_ID 0x20
#define APIC_TPR 0x80
#define APIC_EOI 0xb0
#define APIC_SPURIOUS 0xf0
#define APIC_SPURIOUS_ENABLE 0x100
#define APIC_LVT_TIMER 0x320
#define APIC_LVT_TSC_DEADLINE 0x40000
#define APIC_TIMER_INITIAL 0x380
#define APIC_TIMER_CURRENT 0x390
#define APIC_TIMER_DIVIDE 0x3e0
#define APIC_TIMER_DIVIDE_BY_1 0xb

#define IOAPIC_SELECT 0x00
#define IOAPIC_DATA 0x10
#define IOAPIC_REDIRECTION(gsi) (0x10 + 2 * (gsi))
#define IOAPIC_LINES 24

#define CPUID_1_ECX_TSC_DEADLINE (1u << 24)
#define CALIBRATION_CYCLES 2000000

static bool ready;
static bool tsc_deadline; /* the timer compares with the TSC by itself */
static bool x2apic;
static bool armed;
static uint64_t ticks_per_cycle; /* APIC timer ticks per TSC cycle, 32.32 */
static bool pending;		 /* an interrupt came to ring 3 */

static void apic_write(uint32_t offset, uint32_t value)
{
	if (x2apic)
		write_msr(MSR_X2APIC + offset / 16, value);
	else
		*(volatile uint32_t *)(SLOT_VA(SLOT_LAPIC) + PA_LAPIC % SLOT_SIZE + offset) = value;
}

static uint32_t apic_read(uint32_t offset)
{
	if (x2apic)
		return (uint32_t)read_msr(MSR_X2APIC + offset / 16);
	return *(volatile uint32_t *)(SLOT_VA(SLOT_LAPIC) + PA_LAPIC % SLOT_SIZE + offset);
}

static void start(void)
{
	ready = true;
	/* The 8259s come up unmasked: without this every IRQ also arrives as a low
	 * vector, which is an exception's. */
	out8(PIC1_DATA, 0xff);
	out8(PIC2_DATA, 0xff);
	x2apic = read_msr(MSR_APIC_BASE) & APIC_BASE_X2APIC;
	apic_write(APIC_SPURIOUS, APIC_SPURIOUS_ENABLE | VECTOR_SPURIOUS);
	tsc_deadline = cpuid(1).ecx & CPUID_1_ECX_TSC_DEADLINE;
	nucleus_shared.info.timer = (x2apic ? NUCLEUS_TIMER_X2APIC : 0) | (tsc_deadline ? NUCLEUS_TIMER_TSC_DEADLINE : 0);
	if (tsc_deadline) {
		apic_write(APIC_LVT_TIMER, APIC_LVT_TSC_DEADLINE | VECTOR_TIMER);
	} else {
		uint64_t begin, now;

		apic_write(APIC_TIMER_DIVIDE, APIC_TIMER_DIVIDE_BY_1);
		apic_write(APIC_LVT_TIMER, VECTOR_TIMER);
		apic_write(APIC_TIMER_INITIAL, UINT32_MAX);
		begin = read_tsc();
		do
			now = read_tsc();
		while (now - begin < CALIBRATION_CYCLES);
		ticks_per_cycle = ((uint64_t)(UINT32_MAX - apic_read(APIC_TIMER_CURRENT)) << 32) /
				  (now - begin);
		apic_write(APIC_TIMER_INITIAL, 0);
	}
}

static void arm(uint64_t deadline_tsc)
{
	unsigned __int128 ticks = 1;
	uint64_t now;

	if (tsc_deadline) {
		write_msr(MSR_TSC_DEADLINE, deadline_tsc ? deadline_tsc : 1);
		return;
	}
	now = read_tsc();
	if (deadline_tsc > now)
		ticks += (unsigned __int128)(deadline_tsc - now) * ticks_per_cycle >> 32;
	apic_write(APIC_TIMER_INITIAL, ticks > UINT32_MAX ? UINT32_MAX : (uint32_t)ticks);
}

static void disarm(void)
{
	if (tsc_deadline)
		write_msr(MSR_TSC_DEADLINE, 0);
	else
		apic_write(APIC_TIMER_INITIAL, 0);
}

static void acknowledge(void)
{
	apic_write(APIC_EOI, 0);
	nucleus_shared.info.irqs++;
}

void nucleus_interrupt(void)
{
	acknowledge();
	pending = true;
}

int64_t nucleus_idle(uint64_t deadline_tsc)
{
	if (pending) {
		pending = false;
		return 0;
	}
	if (!ready)
		start();
	if (deadline_tsc != UINT64_MAX) {
		arm(deadline_tsc);
		armed = true;
	} else if (armed) {
		disarm();
		armed = false;
	}
	nucleus_wait();
	acknowledge();
	return 0;
}

int64_t nucleus_irq_enable(uint64_t gsi)
{
	volatile uint32_t *ioapic = (volatile uint32_t *)SLOT_VA(SLOT_IOAPIC);

	if (gsi >= IOAPIC_LINES)
		return REFUSED;
	if (!ready)
		start();
	ioapic[IOAPIC_SELECT / 4] = IOAPIC_REDIRECTION(gsi) + 1;
	ioapic[IOAPIC_DATA / 4] = x2apic ? apic_read(APIC_ID) << 24 : apic_read(APIC_ID);
	ioapic[IOAPIC_SELECT / 4] = IOAPIC_REDIRECTION(gsi);
	ioapic[IOAPIC_DATA / 4] = VECTOR_DEVICE;
	return 0;
}
