/* compiler/wasm/reader.c and utf8.c. */
#include "support.h"

#include "wasm/reader.h"
#include "wasm/utf8.h"

enum width { U32, S32, S33, S64 };

struct leb_case {
	const char *name;
	enum width width;
	struct bytes bytes;
	int64_t value;
	const char *error; /* NULL: reads as `value`, all bytes */
};

#define FF4 0xff, 0xff, 0xff, 0xff
#define Z4 0x80, 0x80, 0x80, 0x80
#define TOO_LONG "integer representation too long"
#define TOO_LARGE "integer too large"

static const struct leb_case leb_cases[] = {
	{ "u32_of_one_byte", U32, BYTES(0x7f), 127, NULL },
	{ "u32_of_two_bytes", U32, BYTES(0xe5, 0x01), 229, NULL },
	{ "u32_maximum", U32, BYTES(FF4, 0x0f), UINT32_MAX, NULL },
	{ "u32_may_be_padded_to_five_bytes", U32, BYTES(0x81, 0x80, 0x80, 0x80, 0x00), 1, NULL },
	{ "u32_of_six_bytes_is_refused", U32, BYTES(Z4, 0x80, 0x00), 0, TOO_LONG },
	{ "u32_with_bit_32_is_refused", U32, BYTES(Z4, 0x10), 0, TOO_LARGE },
	{ "u32_with_any_unused_bit_is_refused", U32, BYTES(Z4, 0x40), 0, TOO_LARGE },
	{ "u32_cut_off_is_refused", U32, BYTES(0x80, 0x80), 0, "unexpected end" },
	{ "s32_minus_one", S32, BYTES(0x7f), -1, NULL },
	{ "s32_minus_64_and_63_take_one_byte", S32, BYTES(0x40), -64, NULL },
	{ "s32_64_takes_two", S32, BYTES(0xc0, 0x00), 64, NULL },
	{ "s32_minimum", S32, BYTES(Z4, 0x78), INT32_MIN, NULL },
	{ "s32_maximum", S32, BYTES(FF4, 0x07), INT32_MAX, NULL },
	{ "s32_minus_one_padded", S32, BYTES(FF4, 0x7f), -1, NULL },
	{ "s32_whose_unused_bits_are_not_the_sign_is_refused", S32, BYTES(FF4, 0x0f), 0, TOO_LARGE },
	{ "s32_with_half_a_sign_is_refused", S32, BYTES(FF4, 0x3f), 0, TOO_LARGE },
	{ "s32_of_six_bytes_is_refused", S32, BYTES(FF4, 0xff, 0x7f), 0, TOO_LONG },
	{ "s33_holds_every_type_index", S33, BYTES(FF4, 0x0f), UINT32_MAX, NULL },
	{ "s33_minimum", S33, BYTES(Z4, 0x70), -(INT64_C(1) << 32), NULL },
	{ "s33_above_its_range_is_refused", S33, BYTES(Z4, 0x10), 0, TOO_LARGE },
	{ "s64_minimum", S64, BYTES(Z4, Z4, 0x80, 0x7f), INT64_MIN, NULL },
	{ "s64_maximum", S64, BYTES(FF4, FF4, 0xff, 0x00), INT64_MAX, NULL },
	{ "s64_minus_one_padded", S64, BYTES(FF4, FF4, 0xff, 0x7f), -1, NULL },
	{ "s64_with_a_wrong_last_byte_is_refused", S64, BYTES(FF4, FF4, 0xff, 0x01), 0, TOO_LARGE },
	{ "s64_of_eleven_bytes_is_refused", S64, BYTES(Z4, Z4, 0x80, 0x80, 0x00), 0, TOO_LONG },
};

static void read_leb_case(void **state)
{
	const struct leb_case *c = *state;
	struct walnut_error error = { 0 };
	struct wasm_code_reader reader = {
		.begin = c->bytes.data,
		.at = c->bytes.data,
		.end = c->bytes.data + c->bytes.size,
		.offset = 100,
		.function = WALNUT_NO_FUNCTION,
		.section = "test",
	};
	uint32_t u32 = 0;
	int32_t s32 = 0;
	int64_t value = 0;
	int result;

	switch (c->width) {
	case U32:
		result = wasm_read_u32(&reader, &u32, &error);
		value = u32;
		break;
	case S32:
		result = wasm_read_s32(&reader, &s32, &error);
		value = s32;
		break;
	case S33:
		result = wasm_read_s33(&reader, &value, &error);
		break;
	default:
		result = wasm_read_s64(&reader, &value, &error);
		break;
	}
	if (c->error) {
		assert_int_equal(result, -1);
		assert_int_equal(error.kind, WALNUT_ERROR_MALFORMED);
		assert_string_equal(error.message, c->error);
		assert_true(error.offset >= 100);
	} else {
		assert_int_equal(result, 0);
		assert_true(value == c->value);
		assert_ptr_equal(reader.at, reader.end);
	}
}

struct utf8_case {
	const char *name;
	struct bytes bytes;
	bool valid;
};

static const struct utf8_case utf8_cases[] = {
	{ "ascii_is_utf8", BYTES('a', 0x00, 0x7f), true },
	{ "two_three_and_four_bytes_are_utf8",
	  BYTES(0xc3, 0xa4, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x8c, 0xb0), true },
	{ "last_code_point_is_utf8", BYTES(0xf4, 0x8f, 0xbf, 0xbf), true },
	{ "beyond_the_last_code_point_is_not", BYTES(0xf4, 0x90, 0x80, 0x80), false },
	{ "lead_f5_is_not", BYTES(0xf5, 0x80, 0x80, 0x80), false },
	{ "lone_continuation_is_not", BYTES(0x80), false },
	{ "missing_continuation_is_not", BYTES(0xc3), false },
	{ "wrong_continuation_is_not", BYTES(0xe2, 0x82, 0x41), false },
	{ "overlong_two_is_not", BYTES(0xc1, 0xbf), false },
	{ "overlong_three_is_not", BYTES(0xe0, 0x9f, 0xbf), false },
	{ "overlong_four_is_not", BYTES(0xf0, 0x8f, 0xbf, 0xbf), false },
	{ "surrogate_is_not", BYTES(0xed, 0xa0, 0x80), false },
	{ "last_before_surrogates_is", BYTES(0xed, 0x9f, 0xbf), true },
};

static void check_utf8_case(void **state)
{
	const struct utf8_case *c = *state;

	assert_int_equal(wasm_utf8_valid(c->bytes.data, c->bytes.size), c->valid);
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

int main(void)
{
	struct CMUnitTest tests[COUNT(leb_cases) + COUNT(utf8_cases)] = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < COUNT(leb_cases); i++)
		tests[n++] = (struct CMUnitTest){ leb_cases[i].name, read_leb_case, NULL, NULL,
						  (void *)&leb_cases[i] };
	for (size_t i = 0; i < COUNT(utf8_cases); i++)
		tests[n++] = (struct CMUnitTest){ utf8_cases[i].name, check_utf8_case, NULL, NULL,
						  (void *)&utf8_cases[i] };
	return cmocka_run_group_tests_name("reader", tests, NULL, NULL);
}
