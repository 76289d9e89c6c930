/* kernel/runtime/cmdline.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cmdline.h"

/* The parser must not look beyond `max`: the text gets a heap block of its size. */
static struct cmdline parse(const char *text)
{
	static char *block;
	struct cmdline line;

	free(block);
	block = malloc(strlen(text) + 1);
	memcpy(block, text, strlen(text) + 1);
	cmdline_parse(&line, block, strlen(text) + 1);
	return line;
}

static bool word_is(struct cmdline_word word, const char *expected)
{
	return word.text && word.size == strlen(expected) && !memcmp(word.text, expected, word.size);
}

static void an_empty_line_says_nothing(void **state)
{
	struct cmdline line = parse("");

	assert_int_equal(line.device_count, 0);
	assert_false(line.ports.known);
	assert_null(line.ip.text);
	assert_int_equal(line.arguments.size, 0);
}

static void devices_are_found_in_order(void **state)
{
	struct cmdline line = parse("console=ttyS0 virtio_mmio.device=4K@0xd0000000:5 quiet "
				    "virtio_mmio.device=512@0xfeb00e00:12:3");

	assert_int_equal(line.device_count, 2);
	assert_int_equal(line.devices[0].address, 0xd0000000);
	assert_int_equal(line.devices[0].size, 4096);
	assert_int_equal(line.devices[0].irq, 5);
	assert_int_equal(line.devices[1].address, 0xfeb00e00);
	assert_int_equal(line.devices[1].size, 512);
	assert_int_equal(line.devices[1].irq, 12);
}

static void broken_devices_are_left_out(void **state)
{
	static const char *const words[] = {
		"4K", "4K@", "4K@1", "4K@1:", "@1:2", "K@1:2", "4Q@1:2", "4K@x:2", "4K@0x:2", "4K@1:4294967296",
		"0@1:2", "4K@0xffffffffffffffff:1", "99999999999999999999@1:2", "0x8000000000000000G@1:2",
		"-1@1:2", "4K@1:2x",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		char text[128] = "virtio_mmio.device=";

		assert_int_equal(parse(strcat(text, words[i])).device_count, 0);
	}
}

static void more_devices_than_fit_are_ignored(void **state)
{
	char text[4096] = "";

	for (int i = 0; i < CMDLINE_DEVICES_MAX + 5; i++)
		strcat(text, "virtio_mmio.device=4K@0xd0000000:5 ");
	assert_int_equal(parse(text).device_count, CMDLINE_DEVICES_MAX);
}

static void ports_are_taken_from_the_hint(void **state)
{
	struct cmdline line = parse("walnut.ports=stdin:1,stdout:2,stderr:3,status:4");

	assert_true(line.ports.known);
	assert_int_equal(line.ports.input, 1);
	assert_int_equal(line.ports.output, 2);
	assert_int_equal(line.ports.error, 3);
	assert_int_equal(line.ports.status, 4);
	line = parse("walnut.ports=stdout:2,other:7,stderr:x,,");
	assert_true(line.ports.known);
	assert_int_equal(line.ports.input, 0);
	assert_int_equal(line.ports.output, 2);
	assert_int_equal(line.ports.error, 0);
}

static void other_words_are_understood_or_ignored(void **state)
{
	struct cmdline line = parse("walnut.debug walnut.epoch_ns=1700000000000000000 "
				    "walnut.tsc_hz=3000000000 walnut.unknown=1 walnut.listen=80,443 ip=10.0.2.15/24 gateway=10.0.2.2");

	assert_true(line.debug);
	assert_int_equal(line.epoch_ns, 1700000000000000000);
	assert_int_equal(line.tsc_hz, 3000000000);
	assert_true(word_is(line.ip, "10.0.2.15/24"));
	assert_true(word_is(line.gateway, "10.0.2.2"));
	assert_true(word_is(line.listen, "80,443"));
	line = parse("walnut.debugger walnut.epoch_ns=soon");
	assert_false(line.debug);
	assert_int_equal(line.epoch_ns, 0);
}

static void arguments_follow_two_dashes(void **state)
{
	struct cmdline line = parse("quiet -- app  \"two words\" a\"b c\"d \"\" -- walnut.debug");
	static const char expected[] = "app\0two words\0ab cd\0\0--\0walnut.debug";
	char strings[128];
	size_t size;

	assert_int_equal(cmdline_split(line.arguments, strings, &size), 6);
	assert_int_equal(size, sizeof(expected));
	assert_memory_equal(strings, expected, size);
	assert_false(line.debug);
}

static void devices_at_the_very_end_are_no_arguments(void **state)
{
	struct cmdline line = parse("-- app virtio_mmio.device=4K@1:1 x virtio_mmio.device=4K@4096:1 "
				    "virtio_mmio.device=4K@8192:2");
	static const char expected[] = "app\0virtio_mmio.device=4K@1:1\0x";
	char strings[128];
	size_t size;

	assert_int_equal(line.device_count, 2);
	assert_int_equal(line.devices[1].address, 8192);
	assert_int_equal(cmdline_split(line.arguments, strings, &size), 3);
	assert_memory_equal(strings, expected, sizeof(expected));
}

static void a_line_without_an_end_is_refused(void **state)
{
	struct cmdline line;
	char *text = malloc(12);

	memcpy(text, "walnut.debug", 12);
	assert_false(cmdline_parse(&line, text, 12));
	assert_false(line.debug);
	free(text);
}

static void limits_are_found_by_their_names(void **state)
{
	struct cmdline line = parse("walnut.limits=descriptors:20,memory:0x10000,other:,x");
	uint64_t number = 0;

	assert_true(cmdline_item(line.limits, "descriptors", &number));
	assert_int_equal(number, 20);
	assert_true(cmdline_item(line.limits, "memory", &number));
	assert_int_equal(number, 0x10000);
	assert_false(cmdline_item(line.limits, "other", &number));
	assert_false(cmdline_item(line.limits, "x", &number));
	assert_false(cmdline_item(line.limits, "descriptor", &number));
	line = parse("walnut.limits=");
	assert_false(cmdline_item(line.limits, "memory", &number));
	line = parse("");
	assert_false(cmdline_item(line.limits, "memory", &number));
}

static void an_open_quote_ends_with_the_line(void **state)
{
	struct cmdline line = parse("-- \"a b");
	char strings[16];
	size_t size;

	assert_int_equal(cmdline_split(line.arguments, strings, &size), 1);
	assert_string_equal(strings, "a b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_line_says_nothing),
		cmocka_unit_test(devices_are_found_in_order),
		cmocka_unit_test(broken_devices_are_left_out),
		cmocka_unit_test(more_devices_than_fit_are_ignored),
		cmocka_unit_test(ports_are_taken_from_the_hint),
		cmocka_unit_test(other_words_are_understood_or_ignored),
		cmocka_unit_test(arguments_follow_two_dashes),
		cmocka_unit_test(devices_at_the_very_end_are_no_arguments),
		cmocka_unit_test(a_line_without_an_end_is_refused),
		cmocka_unit_test(limits_are_found_by_their_names),
		cmocka_unit_test(an_open_quote_ends_with_the_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
