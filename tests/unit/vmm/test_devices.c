/* vmm/device/: dispatch by address, reset line, guest log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "device/bus.h"
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(access_finds_its_device),
		cmocka_unit_test(nothing_there_reads_as_ones),
		cmocka_unit_test(unfinished_line_is_the_last),
		cmocka_unit_test(long_line_is_cut),
		cmocka_unit_test(only_the_reset_command_resets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
