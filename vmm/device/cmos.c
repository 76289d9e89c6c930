/* The registers are computed when they are read. A guest reads them one by one and guards
 * against the second's change by reading them twice. */
#include "device/cmos.h"

#include <string.h>
#include <time.h>

#include "device/bus.h"

enum {
	REG_SECONDS = 0x00,
	REG_MINUTES = 0x02,
	REG_HOURS = 0x04,
	REG_WEEKDAY = 0x06,
	REG_DAY = 0x07,
	REG_MONTH = 0x08,
	REG_YEAR = 0x09,
	REG_STATUS_A = 0x0a,
	REG_STATUS_B = 0x0b,
	REG_STATUS_D = 0x0d,
	/* As on other virtual machines: memory in KiB from 1 MiB up to 64 MiB, in 64 KiB from
	 * 16 MiB up to the gap, in 64 KiB above 4 GiB. */
	REG_EXTENDED_LOW = 0x30,
	REG_EXTENDED_HIGH = 0x31,
	REG_BELOW_GAP_LOW = 0x34,
	REG_BELOW_GAP_HIGH = 0x35,
	REG_ABOVE_GAP_LOW = 0x5b,
	REG_ABOVE_GAP_MIDDLE = 0x5c,
	REG_ABOVE_GAP_HIGH = 0x5d,
};

#define INDEX_MASK 0x7f /* the top bit is the NMI's */
#define STATUS_A_DIVIDER 0x26
#define STATUS_B_24_HOURS 0x02 /* and binary-coded decimal */
#define STATUS_D_VALID 0x80
#define MIB (1ull << 20)

static uint8_t bcd(int value)
{
	return (uint8_t)((value / 10 % 10) << 4 | value % 10);
}

static uint16_t limited(uint64_t value)
{
	return value > UINT16_MAX ? UINT16_MAX : (uint16_t)value;
}

static uint8_t time_register(uint8_t index)
{
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	switch (index) {
	case REG_SECONDS: return bcd(tm.tm_sec);
	case REG_MINUTES: return bcd(tm.tm_min);
	case REG_HOURS: return bcd(tm.tm_hour);
	case REG_WEEKDAY: return bcd(tm.tm_wday + 1);
	case REG_DAY: return bcd(tm.tm_mday);
	case REG_MONTH: return bcd(tm.tm_mon + 1);
	case REG_YEAR: return bcd(tm.tm_year % 100);
	default: return bcd((tm.tm_year + 1900) / 100);
	}
}

static uint8_t cmos_register(const struct cmos *cmos, uint8_t index)
{
	uint16_t extended = limited((cmos->low_ram < 64 * MIB ? cmos->low_ram - MIB : 63 * MIB) >> 10);
	uint16_t below_gap = limited(cmos->low_ram > 16 * MIB ? (cmos->low_ram - 16 * MIB) >> 16 : 0);
	uint64_t above_gap = cmos->high_ram >> 16;

	switch (index) {
	case REG_SECONDS:
	case REG_MINUTES:
	case REG_HOURS:
	case REG_WEEKDAY:
	case REG_DAY:
	case REG_MONTH:
	case REG_YEAR:
	case CMOS_CENTURY:
		return time_register(index);
	case REG_STATUS_A: return STATUS_A_DIVIDER;
	case REG_STATUS_B: return STATUS_B_24_HOURS;
	case REG_STATUS_D: return STATUS_D_VALID;
	case REG_EXTENDED_LOW: return (uint8_t)extended;
	case REG_EXTENDED_HIGH: return (uint8_t)(extended >> 8);
	case REG_BELOW_GAP_LOW: return (uint8_t)below_gap;
	case REG_BELOW_GAP_HIGH: return (uint8_t)(below_gap >> 8);
	case REG_ABOVE_GAP_LOW: return (uint8_t)above_gap;
	case REG_ABOVE_GAP_MIDDLE: return (uint8_t)(above_gap >> 8);
	case REG_ABOVE_GAP_HIGH: return (uint8_t)(above_gap >> 16);
	default: return 0;
	}
}

static void cmos_read(void *device, uint64_t offset, void *data, unsigned size)
{
	const struct cmos *cmos = device;

	memset(data, 0xff, size);
	if (offset == 1)
		*(uint8_t *)data = cmos_register(cmos, cmos->index);
}

static void cmos_write(void *device, uint64_t offset, const void *data, unsigned size)
{
	struct cmos *cmos = device;

	if (offset == 0)
		cmos->index = *(const uint8_t *)data & INDEX_MASK;
}

static const struct bus_ops cmos_ops = { .read = cmos_read, .write = cmos_write };

void cmos_add(struct cmos *cmos, uint64_t low_ram, uint64_t high_ram, struct bus *ports)
{
	/* gmtime_r() reads the host's time zone when it is first called, which a confined thread may not. */
	tzset();
	*cmos = (struct cmos){ .low_ram = low_ram, .high_ram = high_ram };
	bus_add(ports, CMOS_PORT, CMOS_PORTS, &cmos_ops, cmos);
}
