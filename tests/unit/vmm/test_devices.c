/* vmm/device/: dispatch by address, reset line, guest log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include <time.h>

#include "device/acpi_pm.h"
#include "device/bus.h"
#include "device/cmos.h"
#include "device/guest_log.h"
#include "device/i8042.h"
#include "device/power.h"

struct probe {
	uint64_t offset;
	unsigned reads, writes;
	uint32_t value;
};

static void probe_read(void *device, uint64_t offset, void *data, unsigned size)
{
	struct probe *probe = device;

	probe->offset = offset;
	probe->reads++;
	memset(data, 0x5a, size);
}

static void probe_write(void *device, uint64_t offset, const void *data, unsigned size)
{
	struct probe *probe = device;

	probe->offset = offset;
	probe->writes++;
	memcpy(&probe->value, data, size);
}

static const struct bus_ops probe_ops = { .read = probe_read, .write = probe_write };

static void access_finds_its_device(void **state)
{
	struct probe a = { 0 }, b = { 0 };
	struct bus bus = { 0 };
	uint32_t value = 0x11223344;

	bus_add(&bus, 0x1000, 0x100, &probe_ops, &a);
	bus_add(&bus, 0x2000, 0x100, &probe_ops, &b);
	bus_write(&bus, 0x20fc, &value, 4);
	assert_int_equal(a.writes, 0);
	assert_int_equal(b.writes, 1);
	assert_int_equal(b.offset, 0xfc);
	assert_int_equal(b.value, 0x11223344);
	bus_read(&bus, 0x1000, &value, 2);
	assert_int_equal(a.reads, 1);
	assert_int_equal(value, 0x11225a5a);
}

static void nothing_there_reads_as_ones(void **state)
{
	struct probe a = { 0 };
	struct bus bus = { 0 };
	uint64_t value = 0;

	bus_add(&bus, 0x1000, 0x100, &probe_ops, &a);
	bus_read(&bus, 0x1100, &value, 8);
	assert_true(value == UINT64_MAX);
	bus_read(&bus, 0xfff, &value, 8);
	bus_write(&bus, 0x10fe, &value, 4); /* reaches over the end */
	bus_read(&bus, UINT64_MAX, &value, 8);
	assert_int_equal(a.reads + a.writes, 0);
}

static void put(struct bus *ports, uint16_t port, uint8_t value)
{
	bus_write(ports, port, &value, 1);
}

static uint8_t get(struct bus *ports, uint16_t port)
{
	uint8_t value;

	bus_read(ports, port, &value, 1);
	return value;
}

static void unfinished_line_is_the_last(void **state)
{
	struct guest_log log = { .source = "serial" };

	guest_log_write(&log, "one\ntwo", 7);
	assert_string_equal(guest_log_last(&log), "two");
	guest_log_write(&log, "\nthree\n", 7);
	assert_string_equal(guest_log_last(&log), "three");
}

static void long_line_is_cut(void **state)
{
	struct guest_log log = { .source = "serial" };

	for (int i = 0; i < 1000; i++)
		guest_log_write(&log, "x", 1);
	assert_int_equal(strlen(guest_log_last(&log)), sizeof(log.line) - 1);
}

static void only_the_reset_command_resets(void **state)
{
	struct power power = { 0 };
	struct bus ports = { 0 };

	i8042_add(&power, &ports);
	assert_int_equal(get(&ports, 0x64), 0);
	put(&ports, 0x64, 0xd1);
	put(&ports, 0x60, 0xfe);
	assert_int_equal(power.wish, POWER_STAY);
	put(&ports, 0x64, 0xfe);
	assert_int_equal(power.wish, POWER_RESET);
}

static void put_word(struct bus *ports, uint16_t port, uint16_t value)
{
	bus_write(ports, port, &value, sizeof(value));
}

static uint16_t get_word(struct bus *ports, uint16_t port)
{
	uint16_t value;

	bus_read(ports, port, &value, sizeof(value));
	return value;
}

static void only_sleep_state_five_switches_off(void **state)
{
	struct power power = { 0 };
	struct bus ports = { 0 };
	struct acpi_pm pm;

	acpi_pm_add(&pm, &power, &ports);
	put_word(&ports, 0x604, 5 << 10);	       /* without SLP_EN */
	put_word(&ports, 0x604, 3 << 10 | 1 << 13); /* another state */
	put(&ports, 0x604, 0x34);
	assert_int_equal(power.wish, POWER_STAY);
	put_word(&ports, 0x604, 5 << 10 | 1 << 13);
	assert_int_equal(power.wish, POWER_OFF);
	power_request(&power, POWER_RESET);
	assert_int_equal(power.wish, POWER_OFF);
}

static void power_management_is_on_and_quiet(void **state)
{
	struct power power = { 0 };
	struct bus ports = { 0 };
	struct acpi_pm pm;
	uint32_t both;

	acpi_pm_add(&pm, &power, &ports);
	assert_int_equal(get_word(&ports, 0x604), 1); /* SCI_EN */
	put_word(&ports, 0x602, 0x0120);
	put_word(&ports, 0x600, 0xffff);
	bus_read(&ports, 0x600, &both, sizeof(both));
	assert_int_equal(both, 0x01200000);
	bus_read(&ports, 0x604, &both, sizeof(both)); /* reaches over the end */
	assert_int_equal(both, 0xffffffff);
}

static uint8_t cmos_byte(struct bus *ports, uint8_t index)
{
	put(ports, 0x70, index);
	return get(ports, 0x71);
}

static unsigned from_bcd(uint8_t value)
{
	assert_true((value & 0xf) < 10 && value >> 4 < 10);
	return (value >> 4) * 10u + (value & 0xf);
}

static void clock_tells_the_time_in_utc(void **state)
{
	struct bus ports = { 0 };
	struct cmos cmos;
	struct tm tm = { 0 };
	time_t before, read;

	cmos_add(&cmos, 1u << 30, 0, &ports);
	assert_int_equal(cmos_byte(&ports, 0x0b) & 0x06, 0x02); /* 24 hours, decimal */
	assert_int_equal(cmos_byte(&ports, 0x8d), 0x80);	     /* NMI off, status D */
	/* Until no second passes meanwhile. */
	do {
		before = time(NULL);
		tm.tm_sec = (int)from_bcd(cmos_byte(&ports, 0x00));
		tm.tm_min = (int)from_bcd(cmos_byte(&ports, 0x02));
		tm.tm_hour = (int)from_bcd(cmos_byte(&ports, 0x04));
		tm.tm_mday = (int)from_bcd(cmos_byte(&ports, 0x07));
		tm.tm_mon = (int)from_bcd(cmos_byte(&ports, 0x08)) - 1;
		tm.tm_year = (int)(from_bcd(cmos_byte(&ports, 0x32)) * 100 + from_bcd(cmos_byte(&ports, 0x09))) - 1900;
	} while (time(NULL) != before);
	read = timegm(&tm);
	assert_int_equal(read, before);
}

static void cmos_tells_how_much_memory_there_is(void **state)
{
	static const struct { uint64_t low, high; unsigned extended, below, above; } cases[] = {
		{ 16u << 20, 0, 15 << 10, 0, 0 },
		{ 1u << 30, 0, 63 << 10, 1008 << 4, 0 },
		{ 0xd0000000, 5ull << 30, 63 << 10, 3312 << 4, 5 << 14 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bus ports = { 0 };
		struct cmos cmos;

		cmos_add(&cmos, cases[i].low, cases[i].high, &ports);
		assert_int_equal(cmos_byte(&ports, 0x30) | cmos_byte(&ports, 0x31) << 8, cases[i].extended);
		assert_int_equal(cmos_byte(&ports, 0x34) | cmos_byte(&ports, 0x35) << 8, cases[i].below);
		assert_int_equal(cmos_byte(&ports, 0x5b) | cmos_byte(&ports, 0x5c) << 8 | cmos_byte(&ports, 0x5d) << 16,
				 cases[i].above);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(access_finds_its_device),
		cmocka_unit_test(nothing_there_reads_as_ones),
		cmocka_unit_test(unfinished_line_is_the_last),
		cmocka_unit_test(long_line_is_cut),
		cmocka_unit_test(only_the_reset_command_resets),
		cmocka_unit_test(only_sleep_state_five_switches_off),
		cmocka_unit_test(power_management_is_on_and_quiet),
		cmocka_unit_test(clock_tells_the_time_in_utc),
		cmocka_unit_test(cmos_tells_how_much_memory_there_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
