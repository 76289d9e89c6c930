/* compiler/decode/: whole modules, well-formed and not. */
#include "support.h"

#include <stdlib.h>

#include "wasm/limits.h"

#define HEADER 0, 'a', 's', 'm', 1, 0, 0, 0
#define MALFORMED WALNUT_ERROR_MALFORMED
#define UNSUPPORTED WALNUT_ERROR_UNSUPPORTED
#define INVALID WALNUT_ERROR_INVALID
#define LIMIT WALNUT_ERROR_LIMIT

/* A module of one function of type () -> (), without its code section. */
#define ONE_FUNCTION HEADER, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0

struct module_case {
	const char *name;
	struct bytes bytes;
	struct verdict verdict;
};

static const struct module_case cases[] = {
	/* the header */
	{ "a_bare_header_is_a_module", BYTES(HEADER), { VALID, NULL, NULL } },
	{ "one_byte_is_refused", BYTES(0), { MALFORMED, "", "truncated" } },
	{ "a_cut_off_version_is_refused", BYTES(0, 'a', 's', 'm', 1, 0), { MALFORMED, "", "truncated" } },
	{ "another_magic_is_refused", BYTES(0, 'a', 's', 'n', 1, 0, 0, 0), { MALFORMED, "", "no \\0asm" } },
	{ "an_elf_file_is_named", BYTES(0x7f, 'E', 'L', 'F', 2, 1, 1, 0), { MALFORMED, "", "ELF" } },
	{ "text_format_is_named", BYTES('(', 'm', 'o', 'd', 'u', 'l', 'e', ')'), { MALFORMED, "", "wat2wasm" } },
	{ "another_version_is_refused", BYTES(0, 'a', 's', 'm', 2, 0, 0, 0), { MALFORMED, "", "version 2.0" } },
	{ "a_component_is_named_with_advice", BYTES(0, 'a', 's', 'm', 0x0d, 0, 1, 0),
	  { UNSUPPORTED, "", "component (WASI 0.2)" } },

	/* sections */
	{ "an_unknown_section_is_refused", BYTES(HEADER, 14, 1, 0), { MALFORMED, "header", "section id 14" } },
	{ "a_section_without_a_size_is_refused", BYTES(HEADER, 1), { MALFORMED, "type", "unexpected end" } },
	{ "a_section_beyond_the_file_is_refused", BYTES(HEADER, 1, 5, 0), { MALFORMED, "type", "unexpected end" } },
	{ "bytes_left_in_a_section_are_refused", BYTES(HEADER, 1, 2, 0, 0), { MALFORMED, "type", "section size mismatch" } },
	{ "a_section_twice_is_refused", BYTES(HEADER, 1, 1, 0, 1, 1, 0), { MALFORMED, "type", "there is one already" } },
	{ "types_after_imports_are_refused", BYTES(HEADER, 2, 1, 0, 1, 1, 0), { MALFORMED, "type", "out of order" } },
	{ "data_count_stands_before_code", BYTES(HEADER, 12, 1, 0, 10, 1, 0, 11, 1, 0), { VALID, NULL, NULL } },
	{ "data_count_after_code_is_refused", BYTES(HEADER, 10, 1, 0, 12, 1, 0), { MALFORMED, "data count", "out of order" } },
	{ "data_count_must_match_the_data", BYTES(HEADER, 12, 1, 1), { MALFORMED, "data", "inconsistent lengths" } },
	{ "custom_sections_may_stand_anywhere",
	  BYTES(HEADER, 0, 2, 1, 'a', 1, 1, 0, 0, 1, 0, 3, 1, 0, 0, 4, 1, 'a', 7, 7), { VALID, NULL, NULL } },
	{ "a_custom_section_without_a_name_is_refused", BYTES(HEADER, 0, 0), { MALFORMED, "custom", "unexpected end" } },
	{ "a_custom_name_must_be_utf8", BYTES(HEADER, 0, 2, 1, 0xff), { MALFORMED, "custom", "UTF-8" } },
	{ "a_custom_name_must_fit_its_section", BYTES(HEADER, 0, 2, 2, 'a', 1, 1, 0), { MALFORMED, "custom", "unexpected end" } },

	/* counts are believed only as far as bytes are there */
	{ "four_billion_types_are_refused", BYTES(HEADER, 1, 5, 0xff, 0xff, 0xff, 0xff, 0x0f), { MALFORMED, "type", "unexpected end" } },
	{ "four_billion_elements_are_refused",
	  BYTES(HEADER, 9, 10, 1, 0, 0x41, 0, 0x0b, 0xff, 0xff, 0xff, 0xff, 0x0f), { MALFORMED, "element", "unexpected end" } },
	{ "four_billion_labels_are_refused",
	  BYTES(ONE_FUNCTION, 10, 12, 1, 10, 0, 0x41, 0, 0x0e, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x0b), { MALFORMED, "code", "unexpected end" } },

	/* types */
	{ "a_malformed_type_form_is_refused", BYTES(HEADER, 1, 4, 1, 0x40, 0, 0), { MALFORMED, "type", "type form" } },
	{ "a_struct_type_without_fields_is_fine", BYTES(HEADER, 1, 3, 1, 0x5f, 0), { VALID, NULL, NULL } },
	{ "a_v128_parameter_is_fine", BYTES(HEADER, 1, 5, 1, 0x60, 1, 0x7b, 0), { VALID, NULL, NULL } },
	{ "a_malformed_value_type_is_refused", BYTES(HEADER, 1, 5, 1, 0x60, 1, 0x7a, 0), { MALFORMED, "type", "value type 0x7a" } },
	{ "several_results_are_fine", BYTES(HEADER, 1, 6, 1, 0x60, 0, 2, 0x7f, 0x7e), { VALID, NULL, NULL } },

	/* imports, tables, memories, globals */
	{ "an_import_kind_5_is_refused", BYTES(HEADER, 2, 5, 1, 0, 0, 5, 0), { MALFORMED, "import", "import kind" } },
	{ "an_import_name_must_be_utf8", BYTES(HEADER, 2, 6, 1, 1, 0x80, 0, 0, 0), { MALFORMED, "import", "UTF-8" } },
	{ "a_table_of_i32_is_refused", BYTES(HEADER, 4, 4, 1, 0x7f, 0, 0), { MALFORMED, "table", "reference type" } },
	{ "a_shared_table_is_refused", BYTES(HEADER, 4, 5, 1, 0x70, 3, 1, 1), { MALFORMED, "table", "limits" } },
	{ "limits_flags_8_are_refused", BYTES(HEADER, 5, 3, 1, 8, 1), { MALFORMED, "memory", "limits" } },
	{ "mutability_2_is_refused", BYTES(HEADER, 6, 6, 1, 0x7f, 2, 0x41, 0, 0x0b), { MALFORMED, "global", "mutability" } },
	{ "a_global_without_end_is_refused", BYTES(HEADER, 6, 5, 1, 0x7f, 0, 0x41, 0), { MALFORMED, "global", "constant expression" } },

	/* segments */
	{ "an_element_segment_kind_8_is_refused", BYTES(HEADER, 9, 4, 1, 8, 0, 0), { MALFORMED, "element", "kind 8" } },
	{ "an_elemkind_1_is_refused", BYTES(HEADER, 9, 4, 1, 1, 1, 0), { MALFORMED, "element", "element kind" } },
	{ "a_data_segment_kind_3_is_refused", BYTES(HEADER, 11, 3, 1, 3, 0), { MALFORMED, "data", "kind 3" } },
	{ "data_beyond_its_section_is_refused", BYTES(HEADER, 11, 3, 1, 1, 1), { MALFORMED, "data", "unexpected end" } },

	/* code */
	{ "a_function_without_code_is_refused", BYTES(ONE_FUNCTION), { MALFORMED, "code", "1 functions, no bodies" } },
	{ "code_without_functions_is_refused", BYTES(HEADER, 10, 4, 1, 2, 0, 0x0b), { MALFORMED, "code", "0 functions, 1 bodies" } },
	{ "a_body_without_end_is_refused", BYTES(ONE_FUNCTION, 10, 4, 1, 2, 0, 0x01), { MALFORMED, "code", "end expected" } },
	{ "an_empty_body_is_refused", BYTES(ONE_FUNCTION, 10, 2, 1, 0), { MALFORMED, "code", "unexpected end" } },
	{ "code_behind_the_end_is_refused", BYTES(ONE_FUNCTION, 10, 5, 1, 3, 0, 0x0b, 0x01), { MALFORMED, "code", "behind the end" } },
	{ "else_without_if_is_refused", BYTES(ONE_FUNCTION, 10, 5, 1, 3, 0, 0x05, 0x0b), { MALFORMED, "code", "else without if" } },
	{ "an_illegal_opcode_is_refused", BYTES(ONE_FUNCTION, 10, 5, 1, 3, 0, 0xff, 0x0b), { MALFORMED, "code", "illegal opcode 0xff" } },
	{ "an_illegal_misc_opcode_is_refused", BYTES(ONE_FUNCTION, 10, 6, 1, 4, 0, 0xfc, 0x12, 0x0b), { MALFORMED, "code", "0xfc 18" } },
	{ "an_illegal_vector_opcode_is_refused", BYTES(ONE_FUNCTION, 10, 7, 1, 5, 0, 0xfd, 0x9a, 0x01, 0x0b), { MALFORMED, "code", "0xfd 154" } },
	{ "a_cut_off_vector_constant_is_refused", BYTES(ONE_FUNCTION, 10, 6, 1, 4, 0, 0xfd, 0x0c, 0x0b), { MALFORMED, "code", "unexpected end" } },
	{ "lane_16_of_16_is_refused", BYTES(ONE_FUNCTION, 10, 8, 1, 6, 0, 0x00, 0xfd, 0x15, 16, 0x0b), { INVALID, "code", "lane index 16" } },
	{ "a_fence_wants_a_zero_byte", BYTES(ONE_FUNCTION, 10, 7, 1, 5, 0, 0xfe, 0x03, 1, 0x0b), { MALFORMED, "code", "zero byte" } },
	{ "a_negative_block_type_of_two_bytes_is_refused",
	  BYTES(ONE_FUNCTION, 10, 8, 1, 6, 0, 0x02, 0xc0, 0x7f, 0x0b, 0x0b), { MALFORMED, "code", "block type" } },
	{ "locals_beyond_32_bits_are_refused",
	  BYTES(ONE_FUNCTION, 10, 12, 1, 10, 2, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x7f, 1, 0x7f, 0x0b), { MALFORMED, "code", "too many locals" } },
	{ "fifty_thousand_locals_are_fine", BYTES(ONE_FUNCTION, 10, 8, 1, 6, 1, 0xd0, 0x86, 0x03, 0x7f, 0x0b), { VALID, NULL, NULL } },
	{ "one_local_more_is_not", BYTES(ONE_FUNCTION, 10, 8, 1, 6, 1, 0xd1, 0x86, 0x03, 0x7f, 0x0b), { LIMIT, "code", "50001 locals" } },
};

static void decode_case(void **state)
{
	const struct module_case *c = *state;

	assert_verdict(c->bytes, c->verdict);
}

static void an_empty_file_is_refused(void **state)
{
	assert_verdict((struct bytes){ (const uint8_t *)"", 0 },
		       (struct verdict){ MALFORMED, "", "empty file" });
}

/* Every prefix of a module is either refused or, at a section's end, a module. */
static void every_truncation_is_survived(void **state)
{
	struct bytes module = B(ONE_FUNCTION, 4, 4, 1, 0x70, 0, 1, 5, 3, 1, 0, 1, 6, 6, 1, 0x7f, 0,
				0x41, 0, 0x0b, 7, 5, 1, 1, 'f', 0, 0, 9, 7, 1, 0, 0x41, 0, 0x0b, 1,
				0, 12, 1, 1, 10, 4, 1, 2, 0, 0x0b, 11, 6, 1, 0, 0x41, 0, 0x0b, 0);

	assert_verdict(module, (struct verdict){ VALID, NULL, NULL });
	for (size_t size = 0; size < module.size; size++) {
		struct walnut_error error = { 0 };
		struct wasm_module *decoded = walnut_decode(module.data, size, &error);

		assert_int_equal(decoded == NULL, error.set);
		walnut_module_free(decoded);
	}
}

static void imports_come_first_in_their_index_spaces(void **state)
{
	struct bytes bytes = B(HEADER, 1, 4, 1, 0x60, 0, 0,
			       /* m.f func, m.g mutable i64, m.t table 1..2 of externref */
			       2, 23, 3, 1, 'm', 1, 'f', 0, 0, 1, 'm', 1, 'g', 3, 0x7e, 1, 1, 'm', 1,
			       't', 1, 0x6f, 1, 1, 2,
			       /* a function, and a global of its own */
			       3, 2, 1, 0, 6, 6, 1, 0x7f, 0, 0x41, 5, 0x0b, 10, 4, 1, 2, 0, 0x0b);
	struct wasm_module *module = decode_valid(bytes);

	assert_int_equal(module->import_count, 3);
	assert_int_equal(module->imports[1].kind, WASM_EXTERN_GLOBAL);
	assert_int_equal(module->imports[1].index, 0);
	assert_memory_equal(module->imports[1].field.data, "g", 1);
	assert_int_equal(module->func_count, 2);
	assert_int_equal(module->imported_func_count, 1);
	assert_true(module->funcs[0].imported);
	assert_false(module->funcs[1].imported);
	assert_int_equal(module->funcs[1].body.size, 2);
	assert_int_equal(module->funcs[1].offset, bytes.size - 2);
	assert_int_equal(module->global_count, 2);
	assert_true(module->globals[0].type.mutable_);
	assert_int_equal(module->globals[1].init.code.size, 3);
	assert_int_equal(module->tables[0].type.element, WASM_EXTERNREF);
	assert_int_equal(module->tables[0].type.limits.max, 2);
	walnut_module_free(module);
}

static void all_eight_kinds_of_element_segment_are_read(void **state)
{
	struct builder builder = builder_module();
	struct wasm_module *module;
	static const struct {
		enum wasm_segment_mode mode;
		uint32_t table;
		bool exprs;
	} expected[8] = {
		{ WASM_SEGMENT_ACTIVE, 0, false },  { WASM_SEGMENT_PASSIVE, 0, false },
		{ WASM_SEGMENT_ACTIVE, 1, false },  { WASM_SEGMENT_DECLARATIVE, 0, false },
		{ WASM_SEGMENT_ACTIVE, 0, true },   { WASM_SEGMENT_PASSIVE, 0, true },
		{ WASM_SEGMENT_ACTIVE, 1, true },   { WASM_SEGMENT_DECLARATIVE, 0, true },
	};

	builder_section(&builder, 9,
			B(8,
			  0, 0x41, 0, 0x0b, 1, 0,
			  1, 0, 1, 0,
			  2, 1, 0x41, 0, 0x0b, 0, 1, 0,
			  3, 0, 1, 0,
			  4, 0x41, 0, 0x0b, 1, 0xd2, 0, 0x0b,
			  5, 0x70, 1, 0xd2, 0, 0x0b,
			  6, 1, 0x41, 0, 0x0b, 0x70, 1, 0xd2, 0, 0x0b,
			  7, 0x70, 1, 0xd2, 0, 0x0b));
	module = decode_valid((struct bytes){ builder.data, builder.size });
	assert_int_equal(module->elem_count, 8);
	for (unsigned i = 0; i < 8; i++) {
		const struct wasm_elem *elem = &module->elems[i];

		assert_int_equal(elem->mode, expected[i].mode);
		assert_int_equal(elem->type, elem->exprs ? WASM_FUNCREF : WASM_REF_TO(WASM_HEAP_FUNC));
		assert_int_equal(elem->table, expected[i].table);
		assert_int_equal(elem->count, 1);
		assert_int_equal(elem->exprs != NULL, expected[i].exprs);
		assert_int_equal(elem->functions != NULL, !expected[i].exprs);
		assert_int_equal(elem->offset_expr.code.size, elem->mode == WASM_SEGMENT_ACTIVE ? 3 : 0);
	}
	walnut_module_free(module);
	builder_free(&builder);
}

static void names_are_taken_from_the_name_section(void **state)
{
	struct bytes bytes = B(ONE_FUNCTION, 10, 4, 1, 2, 0, 0x0b,
			       0, 18, 4, 'n', 'a', 'm', 'e', 0, 4, 3, 'm', 'o', 'd', 1, 5, 1, 0, 2, 'f', '0');
	struct wasm_module *module = decode_valid(bytes);

	assert_int_equal(module->name.size, 3);
	assert_memory_equal(module->name.data, "mod", 3);
	assert_int_equal(module->funcs[0].name.size, 2);
	assert_memory_equal(module->funcs[0].name.data, "f0", 2);
	walnut_module_free(module);
}

static void an_export_names_a_function_that_has_no_other_name(void **state)
{
	struct bytes unnamed = B(ONE_FUNCTION, 7, 6, 1, 2, 'e', '0', 0, 0, 10, 4, 1, 2, 0, 0x0b);
	struct bytes named = B(ONE_FUNCTION, 7, 6, 1, 2, 'e', '0', 0, 0, 10, 4, 1, 2, 0, 0x0b,
			       0, 12, 4, 'n', 'a', 'm', 'e', 1, 5, 1, 0, 2, 'f', '0');
	struct wasm_module *module = decode_valid(unnamed);

	assert_int_equal(module->funcs[0].name.size, 2);
	assert_memory_equal(module->funcs[0].name.data, "e0", 2);
	walnut_module_free(module);

	module = decode_valid(named);
	assert_memory_equal(module->funcs[0].name.data, "f0", 2);
	walnut_module_free(module);
}

static void a_malformed_name_section_is_ignored(void **state)
{
	const struct bytes payloads[] = {
		BYTES(1),			      /* no size */
		BYTES(1, 9, 1, 0, 1, 'f'),	      /* beyond the section */
		BYTES(1, 4, 1, 0, 1, 0xff),	      /* not UTF-8 */
		BYTES(1, 4, 1, 7, 1, 'f'),	      /* no such function */
		BYTES(1, 5, 0xff, 0xff, 0xff, 0xff, 0x0f), /* four billion names */
		BYTES(77, 1, 0),		      /* an unknown subsection */
	};

	for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
		struct builder custom = builder_new();
		struct builder builder = builder_new();
		struct wasm_module *module;

		builder_bytes(&custom, B(4, 'n', 'a', 'm', 'e'));
		builder_bytes(&custom, payloads[i]);
		builder_bytes(&builder, B(ONE_FUNCTION, 10, 4, 1, 2, 0, 0x0b));
		builder_section(&builder, 0, (struct bytes){ custom.data, custom.size });
		module = decode_valid((struct bytes){ builder.data, builder.size });
		assert_int_equal(module->funcs[0].name.size, 0);
		walnut_module_free(module);
		builder_free(&builder);
		builder_free(&custom);
	}
}

static void a_hundred_megabytes_of_garbage_are_refused(void **state)
{
	size_t size = (size_t)100 << 20;
	uint8_t *bytes = malloc(size);
	static const uint8_t header[] = { HEADER };
	static const uint8_t fillings[] = { 0x00, 0x01, 0x0a, 0x80, 0xff };

	assert_non_null(bytes);
	for (size_t i = 0; i < sizeof(fillings); i++) {
		struct walnut_error error = { 0 };

		memset(bytes, fillings[i], size);
		assert_null(walnut_decode(bytes, size, &error));
		assert_true(error.set);
		memcpy(bytes, header, sizeof(header));
		error.set = false;
		assert_null(walnut_decode(bytes, size, &error));
		assert_true(error.set);
	}
	free(bytes);
}

/* `count` blocks, one in the other, with their ends. */
static struct builder nested_blocks(uint32_t count)
{
	struct builder builder = builder_new(), code = builder_new();

	for (uint32_t i = 0; i < count; i++)
		builder_bytes(&code, B(0x02, 0x40));
	for (uint32_t i = 0; i <= count; i++)
		builder_bytes(&code, B(0x0b));
	builder_bytes(&builder, B(ONE_FUNCTION));
	builder_code(&builder, B(0), (struct bytes){ code.data, code.size });
	builder_free(&code);
	return builder;
}

static void deep_nesting_ends_at_a_limit_not_in_a_crash(void **state)
{
	struct builder builder = nested_blocks(40000);

	assert_verdict((struct bytes){ builder.data, builder.size },
		       (struct verdict){ VALID, NULL, NULL });
	builder_free(&builder);
	builder = nested_blocks(3000000);
	assert_verdict((struct bytes){ builder.data, builder.size },
		       (struct verdict){ LIMIT, "code", "nested blocks" });
	builder_free(&builder);
}

static void deep_nesting_in_a_constant_expression_is_survived(void **state)
{
	struct builder builder = builder_module(), section = builder_new();

	builder_bytes(&section, B(1, 0x7f, 0));
	for (uint32_t i = 0; i < 1000000; i++)
		builder_bytes(&section, B(0x02, 0x40));
	for (uint32_t i = 0; i <= 1000000; i++)
		builder_bytes(&section, B(0x0b));
	builder_section(&builder, 6, (struct bytes){ section.data, section.size });
	assert_verdict((struct bytes){ builder.data, builder.size },
		       (struct verdict){ WALNUT_ERROR_INVALID, "global", "constant expression required" });
	builder_free(&section);
	builder_free(&builder);
}

static void an_error_says_section_function_and_offset(void **state)
{
	struct walnut_error error = { 0 };
	struct bytes bytes = B(ONE_FUNCTION, 10, 5, 1, 3, 0, 0x1a, 0x0b);
	struct wasm_module *module = decode_valid(bytes);
	char line[400], small[8];

	assert_int_equal(walnut_validate(module, &error), -1);
	assert_int_equal(error.offset, bytes.size - 2);
	walnut_error_format(&error, line, sizeof(line));
	assert_string_equal(line, "code section, function 0, offset 0x17: type mismatch: drop "
				  "expects a value, found nothing on the stack");
	walnut_error_format(&error, small, sizeof(small));
	assert_string_equal(small, "code se");
	walnut_module_free(module);
}

static void only_the_first_error_is_kept_and_control_characters_are_not(void **state)
{
	struct walnut_error error = { 0 };

	assert_int_equal(walnut_error_set(&error, MALFORMED, NULL, WALNUT_NO_FUNCTION, 0,
					  "a\x1b[31m\xc2\x9b%d", 1), -1);
	assert_int_equal(walnut_error_set(&error, LIMIT, "x", 0, 0, "another"), -1);
	assert_int_equal(error.kind, MALFORMED);
	assert_string_equal(error.message, "a?[31m??1");
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

int main(void)
{
	static const struct CMUnitTest others[] = {
		cmocka_unit_test(an_empty_file_is_refused),
		cmocka_unit_test(every_truncation_is_survived),
		cmocka_unit_test(imports_come_first_in_their_index_spaces),
		cmocka_unit_test(all_eight_kinds_of_element_segment_are_read),
		cmocka_unit_test(names_are_taken_from_the_name_section),
		cmocka_unit_test(an_export_names_a_function_that_has_no_other_name),
		cmocka_unit_test(a_malformed_name_section_is_ignored),
		cmocka_unit_test(a_hundred_megabytes_of_garbage_are_refused),
		cmocka_unit_test(deep_nesting_ends_at_a_limit_not_in_a_crash),
		cmocka_unit_test(deep_nesting_in_a_constant_expression_is_survived),
		cmocka_unit_test(an_error_says_section_function_and_offset),
		cmocka_unit_test(only_the_first_error_is_kept_and_control_characters_are_not),
	};
	struct CMUnitTest tests[COUNT(cases) + COUNT(others)] = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < COUNT(cases); i++)
		tests[n++] = (struct CMUnitTest){ cases[i].name, decode_case, NULL, NULL,
						  (void *)&cases[i] };
	memcpy(&tests[n], others, sizeof(others));
	return cmocka_run_group_tests_name("decode", tests, NULL, NULL);
}
