/* vmm/status_decoder.c: records in any split, and streams that are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "status_decoder.h"
#include "walnut.h"

#include "app_object.h"

struct stream {
	uint8_t data[2048];
	size_t size;
};

static void add(struct stream *s, uint16_t magic, uint16_t kind, const void *payload, uint32_t size)
{
	struct walnut_status_header header = { magic, kind, size };

	memcpy(s->data + s->size, &header, sizeof(header));
	memcpy(s->data + s->size + sizeof(header), payload, size);
	s->size += sizeof(header) + size;
}

static void add_exit(struct stream *s, uint32_t status, uint32_t trap)
{
	struct walnut_status_exit exit = { status, trap };

	add(s, WALNUT_STATUS_MAGIC, WALNUT_STATUS_EXIT, &exit, sizeof(exit));
}

static struct krun_walnut_result decode(const struct stream *s, size_t step)
{
	struct status_decoder decoder = { 0 };
	struct krun_walnut_result result = { 0 };

	for (size_t at = 0; at < s->size; at += step)
		status_decoder_feed(&decoder, s->data + at, s->size - at < step ? s->size - at : step);
	status_decoder_result(&decoder, "silence", &result);
	return result;
}

static void exit_is_decoded_however_it_is_split(void **state)
{
	struct walnut_status_timeline timeline = { .irqs = 3, .page_faults = 4, .peak_memory_bytes = 5 };
	struct stream s = { 0 };

	add(&s, WALNUT_STATUS_MAGIC, WALNUT_STATUS_TIMELINE, &timeline, sizeof(timeline));
	add_exit(&s, 42, 0);
	for (size_t step = 1; step <= s.size; step++) {
		struct krun_walnut_result result = decode(&s, step);

		assert_int_equal(result.outcome, KRUN_WALNUT_EXITED);
		assert_int_equal(result.exit_status, 42);
		assert_int_equal(result.stats.guest_irqs, 3);
		assert_int_equal(result.stats.guest_page_faults, 4);
		assert_int_equal(result.stats.guest_peak_memory_bytes, 5);
	}
}

static void trap_is_told_apart(void **state)
{
	struct stream s = { 0 };

	add_exit(&s, 134, WALNUT_TRAP_UNREACHABLE);
	assert_int_equal(decode(&s, 100).outcome, KRUN_WALNUT_TRAPPED);
	assert_int_equal(decode(&s, 100).exit_status, 134);
}

static void failure_gives_one_printable_line(void **state)
{
	struct stream s = { 0 };
	struct krun_walnut_result result;

	add(&s, WALNUT_STATUS_MAGIC, WALNUT_STATUS_FAILURE, "no \x1b[31mmemory\n\n", 16);
	result = decode(&s, 7);
	assert_int_equal(result.outcome, KRUN_WALNUT_FAILED);
	assert_int_equal(result.exit_status, 125);
	assert_string_equal(result.message, "no  [31mmemory");
}

static void long_failure_is_cut(void **state)
{
	struct stream s = { 0 };
	char text[WALNUT_STATUS_MAX];

	memset(text, 'x', sizeof(text));
	add(&s, WALNUT_STATUS_MAGIC, WALNUT_STATUS_FAILURE, text, sizeof(text));
	assert_int_equal(strlen(decode(&s, 1000).message), 255);
}

static void first_ending_counts(void **state)
{
	struct stream s = { 0 };

	add_exit(&s, 1, 0);
	add_exit(&s, 0, 0);
	assert_int_equal(decode(&s, 3).exit_status, 1);
}

static void silence_is_a_failure(void **state)
{
	struct stream s = { 0 };
	struct krun_walnut_result result = decode(&s, 1);

	assert_int_equal(result.outcome, KRUN_WALNUT_FAILED);
	assert_int_equal(result.exit_status, 125);
	assert_string_equal(result.message, "silence");
}

static void exit_status_is_a_byte(void **state)
{
	struct stream s = { 0 };

	add_exit(&s, 0xffffff01, 0);
	assert_int_equal(decode(&s, 100).exit_status, 1);
}

static void garbage_ends_the_stream(void **state)
{
	static const uint8_t zeros[WALNUT_STATUS_MAX + 1];

	for (int kind = 0; kind < 6; kind++) {
		struct stream s = { 0 };

		switch (kind) {
		case 0: add(&s, 0x1234, WALNUT_STATUS_EXIT, zeros, 8); break;
		case 1: add(&s, WALNUT_STATUS_MAGIC, 99, zeros, 8); break;
		case 2: add(&s, WALNUT_STATUS_MAGIC, WALNUT_STATUS_EXIT, zeros, 7); break;
		case 3: add(&s, WALNUT_STATUS_MAGIC, WALNUT_STATUS_EXIT, zeros, 9); break;
		case 4: add(&s, WALNUT_STATUS_MAGIC, WALNUT_STATUS_TIMELINE, zeros, 8); break;
		case 5: add(&s, WALNUT_STATUS_MAGIC, WALNUT_STATUS_EXIT, zeros, WALNUT_STATUS_MAX + 1); break;
		}
		add_exit(&s, 0, 0);
		for (size_t step = 1; step < 40; step++)
			assert_int_equal(decode(&s, step).outcome, KRUN_WALNUT_FAILED);
	}
}

static void huge_size_is_not_believed(void **state)
{
	struct walnut_status_header header = { WALNUT_STATUS_MAGIC, WALNUT_STATUS_EXIT, UINT32_MAX };
	struct stream s = { 0 };

	memcpy(s.data, &header, sizeof(header));
	s.size = 1000;
	assert_int_equal(decode(&s, 1).outcome, KRUN_WALNUT_FAILED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exit_is_decoded_however_it_is_split),
		cmocka_unit_test(trap_is_told_apart),
		cmocka_unit_test(failure_gives_one_printable_line),
		cmocka_unit_test(long_failure_is_cut),
		cmocka_unit_test(first_ending_counts),
		cmocka_unit_test(silence_is_a_failure),
		cmocka_unit_test(exit_status_is_a_byte),
		cmocka_unit_test(garbage_ends_the_stream),
		cmocka_unit_test(huge_size_is_not_believed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
