/* compiler/wasm/instr.c: the instruction reader and its table. */
#include "support.h"

#include <ctype.h>

#include "wasm/instr.h"

static struct wasm_code_reader reader_of(struct bytes bytes)
{
	return (struct wasm_code_reader){
		.begin = bytes.data,
		.at = bytes.data,
		.end = bytes.data + bytes.size,
		.offset = 1000,
		.function = 7,
		.section = "code",
	};
}

static void read_one(struct bytes bytes, struct wasm_instr *instr)
{
	struct wasm_code_reader reader = reader_of(bytes);
	struct walnut_error error = { 0 };

	assert_int_equal(wasm_next_instr(&reader, instr, &error), 1);
	assert_ptr_equal(reader.at, reader.end);
	assert_int_equal(instr->offset, 1000);
}

static void constants_keep_every_bit(void **state)
{
	struct wasm_instr instr;

	read_one(B(0x41, 0x7e), &instr);
	assert_int_equal(instr.op, WASM_OP_I32_CONST);
	assert_int_equal(instr.i32, -2);
	read_one(B(0x42, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f), &instr);
	assert_true(instr.i64 == INT64_MIN);
	read_one(B(0x43, 1, 0, 0xa0, 0x7f), &instr); /* a signalling NaN */
	assert_int_equal(instr.f32_bits, 0x7fa00001);
	read_one(B(0x44, 1, 0, 0, 0, 0, 0, 0xf4, 0xff), &instr);
	assert_true(instr.f64_bits == UINT64_C(0xfff4000000000001));
}

static void immediates_are_told_apart(void **state)
{
	struct wasm_instr instr;

	read_one(B(0x02, 0x40), &instr);
	assert_int_equal(instr.block.kind, WASM_BLOCK_EMPTY);
	read_one(B(0x03, 0x7e), &instr);
	assert_int_equal(instr.block.kind, WASM_BLOCK_VALUE);
	assert_int_equal(instr.block.value, WASM_I64);
	read_one(B(0x04, 0xc0, 0x00), &instr);
	assert_int_equal(instr.block.kind, WASM_BLOCK_TYPE);
	assert_int_equal(instr.block.value, 64);
	read_one(B(0x11, 3, 2), &instr);
	assert_int_equal(instr.call_indirect.type, 3);
	assert_int_equal(instr.call_indirect.table, 2);
	read_one(B(0x29, 3, 0x80, 0x01), &instr);
	assert_int_equal(instr.memarg.align, 3);
	assert_int_equal(instr.memarg.offset, 128);
	assert_int_equal(wasm_op_access_log2(instr.op), 3);
	read_one(B(0xfc, 8, 5, 0), &instr);
	assert_int_equal(instr.op, WASM_OP_MEMORY_INIT);
	assert_int_equal(instr.init.segment, 5);
	read_one(B(0xfc, 12, 5, 6), &instr);
	assert_int_equal(instr.init.segment, 5);
	assert_int_equal(instr.init.object, 6);
	read_one(B(0xfc, 0x8e, 0x00, 1, 2), &instr); /* the sub-opcode is a LEB128 */
	assert_int_equal(instr.op, WASM_OP_TABLE_COPY);
	assert_int_equal(instr.copy.dst, 1);
	assert_int_equal(instr.copy.src, 2);
}

static void br_table_labels_are_walked_with_the_default(void **state)
{
	struct wasm_instr instr;
	const uint8_t *at;

	read_one(B(0x0e, 2, 0x05, 0x81, 0x00, 0xff, 0xff, 0xff, 0xff, 0x0f), &instr);
	assert_int_equal(instr.br_table.count, 2);
	at = instr.br_table.targets;
	assert_int_equal(wasm_br_table_next(&at), 5);
	assert_int_equal(wasm_br_table_next(&at), 1);
	assert_int_equal(wasm_br_table_next(&at), UINT32_MAX);
}

static void the_end_of_the_bytes_is_no_error(void **state)
{
	struct wasm_code_reader reader = reader_of((struct bytes){ (const uint8_t *)"", 0 });
	struct walnut_error error = { 0 };
	struct wasm_instr instr;

	assert_int_equal(wasm_next_instr(&reader, &instr, &error), 0);
	assert_false(error.set);
}

static void a_cut_off_instruction_says_where(void **state)
{
	struct wasm_code_reader reader = reader_of(B(0x01, 0x43, 0, 0));
	struct walnut_error error = { 0 };
	struct wasm_instr instr;

	assert_int_equal(wasm_next_instr(&reader, &instr, &error), 1);
	assert_int_equal(wasm_next_instr(&reader, &instr, &error), -1);
	assert_int_equal(error.kind, WALNUT_ERROR_MALFORMED);
	assert_int_equal(error.function, 7);
	assert_int_equal(error.offset, 1002);
	assert_string_equal(error.section, "code");
}

static void locals_are_spread_out(void **state)
{
	struct wasm_code_reader reader = reader_of(B(3, 2, 0x7f, 0, 0x7e, 1, 0x6f, 0x0b));
	struct walnut_error error = { 0 };
	wasm_valtype types[3];
	uint32_t count;

	assert_int_equal(wasm_read_locals(&reader, &count, NULL, &error), 0);
	assert_int_equal(count, 3);
	assert_int_equal(wasm_reader_left(&reader), 1);
	reader.at = reader.begin;
	assert_int_equal(wasm_read_locals(&reader, &count, types, &error), 0);
	assert_memory_equal(types, ((const wasm_valtype[]){ WASM_I32, WASM_I32, WASM_EXTERNREF }),
			    sizeof(types));
}

static void names_come_from_the_table(void **state)
{
	assert_string_equal(wasm_op_name(WASM_OP_I32_ADD), "i32.add");
	assert_string_equal(wasm_op_name(WASM_OP_I64_TRUNC_SAT_F64_U), "i64.trunc_sat_f64_u");
	assert_string_equal(wasm_op_name((enum wasm_op)0xff), "?");
	assert_string_equal(wasm_op_name((enum wasm_op)0xfc012), "?");
	assert_string_equal(wasm_op_name(WASM_OP_V128_LOAD), "v128.load");
	assert_string_equal(wasm_op_name((enum wasm_op)0xfd114), "?");
	assert_string_equal(wasm_op_name((enum wasm_op)0xff000), "?");
}

/* "i32.load8_s" for I32_LOAD8_S; select has two opcodes. */
static void every_text_spells_its_identifier(void **state)
{
	static const struct { const char *identifier, *text; } rows[] = {
#define WASM_OPCODE(value, ident, text, imm, sig) { #ident, text },
#include "wasm/opcodes.def"
#undef WASM_OPCODE
	};

	(void)state;
	for (size_t row = 0; row < sizeof(rows) / sizeof(*rows); row++) {
		char spelt[64] = "";

		for (size_t i = 0; rows[row].text[i] && i + 1 < sizeof(spelt); i++) {
			char c = rows[row].text[i];

			spelt[i] = c == '.' || c == ' ' ? '_' : (char)toupper((unsigned char)c);
		}
		if (strcmp(rows[row].identifier, "SELECT_T"))
			assert_string_equal(spelt, rows[row].identifier);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(constants_keep_every_bit),
		cmocka_unit_test(immediates_are_told_apart),
		cmocka_unit_test(br_table_labels_are_walked_with_the_default),
		cmocka_unit_test(the_end_of_the_bytes_is_no_error),
		cmocka_unit_test(a_cut_off_instruction_says_where),
		cmocka_unit_test(locals_are_spread_out),
		cmocka_unit_test(names_come_from_the_table),
		cmocka_unit_test(every_text_spells_its_identifier),
	};

	return cmocka_run_group_tests_name("instr", tests, NULL, NULL);
}
