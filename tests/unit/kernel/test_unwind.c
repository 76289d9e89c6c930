/* kernel/runtime/unwind/: call frame information and handlers, read from tables put
 * together here, and refused where they are damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unwind/cfi.h"
#include "unwind/lsda.h"

/* --- Call frame information --------------------------------------------------------- */

#define CODE_SIZE 64

/* One region, so that 32-bit offsets reach everywhere: index, frames, code, handlers. */
static struct {
	uint8_t index[12 + 8];
	uint8_t frames[128];
	uint8_t code[CODE_SIZE];
	uint8_t lsda[16];
} image __attribute__((aligned(8)));
static size_t frames_size;

static void put_bytes(const void *data, size_t size)
{
	memcpy(image.frames + frames_size, data, size);
	frames_size += size;
}

static void put_u32(uint32_t value)
{
	put_bytes(&value, sizeof(value));
}

static void put_relative(const void *target)
{
	put_u32((uint32_t)((const uint8_t *)target - (image.frames + frames_size)));
}

#define PUT(...) put_bytes((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

static void finish_entry(size_t start)
{
	uint32_t size;

	while (frames_size % 4)
		PUT(0);
	size = (uint32_t)(frames_size - start - 4);
	memcpy(image.frames + start, &size, sizeof(size));
}

/* What LLVM writes for: push rbp; mov rbp, rsp; push rbx; … with one handler table. */
static struct cfi_tables build(const uint8_t *program, size_t program_size)
{
	size_t common, function;
	int32_t row[2];

	memset(&image, 0, sizeof(image));
	frames_size = 0;
	common = frames_size;
	put_u32(0);
	put_u32(0);
	PUT(1, 'z', 'P', 'L', 'R', 0, 1, 0x78, 16, 7, 0x9b, 0, 0, 0, 0, 0x1b, 0x1b);
	PUT(0x0c, 7, 8, 0x80 | 16, 1);
	finish_entry(common);
	function = frames_size;
	put_u32(0);
	put_u32((uint32_t)(frames_size - common));
	put_relative(image.code);
	put_u32(CODE_SIZE);
	PUT(4);
	put_relative(image.lsda);
	put_bytes(program, program_size);
	finish_entry(function);
	memcpy(image.index, (const uint8_t[]){ 1, 0x1b, 0x03, 0x3b, 0, 0, 0, 0, 1, 0, 0, 0 }, 12);
	row[0] = (int32_t)(image.code - image.index);
	row[1] = (int32_t)(image.frames + function - image.index);
	memcpy(image.index + 12, row, sizeof(row));
	return (struct cfi_tables){ image.frames, image.frames + frames_size, image.index,
				    image.index + sizeof(image.index) };
}

#define TABLES(...) build((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))
#define PROLOGUE 0x41, 0x0e, 16, 0x86, 2, 0x43, 0x0d, 6, 0x42, 0x83, 3

static enum cfi_result find(const struct cfi_tables *tables, size_t offset, struct cfi_frame *frame)
{
	return cfi_find(tables, (uint64_t)image.code + offset, frame);
}

static void rules_follow_the_prologue(void **state)
{
	struct cfi_tables tables = TABLES(PROLOGUE);
	struct cfi_frame frame;

	assert_int_equal(find(&tables, 0, &frame), CFI_FOUND);
	assert_int_equal(frame.cfa_register, CFI_RSP);
	assert_int_equal(frame.cfa_offset, 8);
	assert_int_equal(frame.saved[CFI_RETURN], -8);
	assert_true(frame.saved[CFI_RBP] == CFI_NOT_SAVED);
	assert_int_equal(find(&tables, 1, &frame), CFI_FOUND);
	assert_int_equal(frame.cfa_offset, 16);
	assert_int_equal(frame.saved[CFI_RBP], -16);
	assert_int_equal(find(&tables, CODE_SIZE - 1, &frame), CFI_FOUND);
	assert_int_equal(frame.cfa_register, CFI_RBP);
	assert_int_equal(frame.cfa_offset, 16);
	assert_int_equal(frame.saved[CFI_RBX], -24);
	assert_true(frame.saved[CFI_R12] == CFI_NOT_SAVED);
	assert_ptr_equal(frame.lsda, image.lsda);
	assert_true(frame.start == (uint64_t)image.code);
}

static void state_is_remembered_and_restored(void **state)
{
	struct cfi_tables tables = TABLES(PROLOGUE, 0x0a, 0x44, 0xc3, 0x0c, 7, 8, 0x44, 0x0b, 0x44, 0x2e, 32);
	struct cfi_frame frame;

	assert_int_equal(find(&tables, 11, &frame), CFI_FOUND);
	assert_int_equal(frame.cfa_register, CFI_RSP);
	assert_true(frame.saved[CFI_RBX] == CFI_NOT_SAVED);
	assert_int_equal(find(&tables, 15, &frame), CFI_FOUND);
	assert_int_equal(frame.cfa_register, CFI_RBP);
	assert_int_equal(frame.saved[CFI_RBX], -24);
	assert_int_equal(frame.args_size, 0);
	assert_int_equal(find(&tables, 20, &frame), CFI_FOUND);
	assert_int_equal(frame.args_size, 32);
}

static void other_code_has_no_function(void **state)
{
	struct cfi_tables tables = TABLES(PROLOGUE);
	struct cfi_frame frame;

	assert_int_equal(cfi_find(&tables, (uint64_t)image.code - 1, &frame), CFI_NO_FUNCTION);
	assert_int_equal(find(&tables, CODE_SIZE, &frame), CFI_NO_FUNCTION);
}

static void what_is_not_known_is_refused(void **state)
{
	static const uint8_t programs[][3] = {
		{ 0x0f, 1, 0x50 },  /* the CFA by an expression */
		{ 0x0d, 3, 0 },	    /* by another register */
		{ 0x80 | 33, 1, 0 }, /* a register that we do not have */
		{ 0x0b, 0, 0 },	    /* nothing was remembered */
		{ 0x05, 0x80, 0x80 }, /* a number without an end */
	};

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		struct cfi_tables tables = build(programs[i], sizeof(programs[i]));
		struct cfi_frame frame;

		assert_int_equal(find(&tables, 32, &frame), CFI_BROKEN);
	}
}

/* Each byte of the tables, made all that it can be: an answer comes, whatever it is. */
static void damage_is_survived(void **state)
{
	struct cfi_tables tables = TABLES(PROLOGUE, 0x0a, 0x44, 0x0b);
	uint8_t *bytes[] = { image.index, image.frames };
	size_t sizes[] = { sizeof(image.index), frames_size };
	struct cfi_frame frame;

	for (size_t t = 0; t < 2; t++)
		for (size_t i = 0; i < sizes[t]; i++)
			for (unsigned value = 0; value < 256; value++) {
				uint8_t kept = bytes[t][i];

				bytes[t][i] = (uint8_t)value;
				find(&tables, 20, &frame);
				bytes[t][i] = kept;
			}
	assert_int_equal(find(&tables, 20, &frame), CFI_FOUND);
}

/* --- Handlers ------------------------------------------------------------------------ */

static const int tag_a, tag_b, tag_c;

/* Calls at 4 … 7: catch a, then b, to 32; at 8 … 11: none; at 12 … 15: catch all, to 40. */
static struct {
	uint8_t bytes[30];
	int32_t types[3]; /* 3: all; 2: b; 1: a */
} __attribute__((packed, aligned(8))) area;
static const void *const area_tags[2] = { &tag_a, &tag_b };

static void build_lsda(void)
{
	static const uint8_t bytes[] = {
		0xff, 0x9b, 39, 1, 12,
		4, 4, 32, 1, 8, 4, 0, 0, 12, 4, 40, 5,
		1, 1, 2, 0, 3, 0, /* actions at 1: a, then the one at 3: b; at 5: all */
	};

	memset(&area, 0, sizeof(area));
	memcpy(area.bytes, bytes, sizeof(bytes));
	for (int i = 0; i < 2; i++) {
		uint8_t *place = area.bytes + sizeof(area.bytes) + 4 * (2 - i);
		int32_t offset = (int32_t)((const uint8_t *)&area_tags[i] - place);

		memcpy(place, &offset, sizeof(offset));
	}
}

static enum lsda_result handler(uint64_t pc, const void *tag, struct lsda_handler *found)
{
	return lsda_find(area.bytes, (const uint8_t *)(&area + 1), 0x1000, 0x1000 + pc, tag, found);
}

static void clauses_are_tried_in_order(void **state)
{
	struct lsda_handler found;

	build_lsda();
	assert_int_equal(handler(5, &tag_a, &found), LSDA_HANDLER);
	assert_int_equal(found.landing_pad, 0x1000 + 32);
	assert_int_equal(found.selector, 1);
	assert_int_equal(handler(7, &tag_b, &found), LSDA_HANDLER);
	assert_int_equal(found.selector, 2);
	assert_int_equal(handler(4, &tag_c, &found), LSDA_NONE);
	assert_int_equal(handler(12, &tag_c, &found), LSDA_HANDLER);
	assert_int_equal(found.landing_pad, 0x1000 + 40);
	assert_int_equal(found.selector, 3);
}

static void other_calls_have_no_handler(void **state)
{
	struct lsda_handler found;

	build_lsda();
	assert_int_equal(handler(3, &tag_a, &found), LSDA_NONE);
	assert_int_equal(handler(8, &tag_a, &found), LSDA_NONE);
	assert_int_equal(handler(16, &tag_a, &found), LSDA_NONE);
}

/* Ranges and landing pads may be anything. What leads to a type may not: types point
 * where they point. */
static void damaged_handlers_are_survived(void **state)
{
	struct lsda_handler found;

	build_lsda();
	for (size_t i = 5; i < 17; i++)
		for (unsigned value = 0; i % 4 && value < 256; value++) {
			uint8_t kept = area.bytes[i];

			area.bytes[i] = (uint8_t)value;
			for (uint64_t pc = 0; pc < 20; pc++)
				handler(pc, &tag_a, &found);
			area.bytes[i] = kept;
		}
	area.bytes[19] = 0; /* a clause that cleans up, which we never have */
	assert_int_equal(handler(5, &tag_b, &found), LSDA_BROKEN);
	area.bytes[19] = 2;
	area.bytes[20] = 0x7f; /* a list that comes back to itself */
	assert_int_equal(handler(5, &tag_c, &found), LSDA_BROKEN);
	area.bytes[20] = 0;
	area.bytes[21] = 60; /* a type that is not there */
	assert_int_equal(handler(12, &tag_c, &found), LSDA_BROKEN);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_follow_the_prologue),
		cmocka_unit_test(state_is_remembered_and_restored),
		cmocka_unit_test(other_code_has_no_function),
		cmocka_unit_test(what_is_not_known_is_refused),
		cmocka_unit_test(damage_is_survived),
		cmocka_unit_test(clauses_are_tried_in_order),
		cmocka_unit_test(other_calls_have_no_handler),
		cmocka_unit_test(damaged_handlers_are_survived),
	};

	return cmocka_run_group_tests_name("unwind", tests, NULL, NULL);
}
