/* compiler/decode/types.c, canonical.c, validate/types.c and wasm/subtype.c: the type
 * section of WebAssembly 3.0. */
#include "support.h"
#include "wasm/subtype.h"

#define INVALID WALNUT_ERROR_INVALID
#define MALFORMED WALNUT_ERROR_MALFORMED
#define LIMIT WALNUT_ERROR_LIMIT
#define TYPES(...) BYTES(0, 'a', 's', 'm', 1, 0, 0, 0, 1, sizeof((const uint8_t[]){ __VA_ARGS__ }), __VA_ARGS__)
#define OK { VALID, NULL, NULL }
#define NO(message) { INVALID, "type", message }

#define REC(n) 0x4e, n
#define SUB(super) 0x50, 1, super
#define OPEN 0x50, 0
#define FUNC0 0x60, 0, 0
#define STRUCT0 0x5f, 0
#define STRUCT1(type, mutable_) 0x5f, 1, type, mutable_
#define REF(index) 0x64, index
#define NULLREF(index) 0x63, index
#define I32 0x7f
#define I64 0x7e

struct type_case {
	const char *name;
	struct bytes module;
	struct verdict verdict;
};

static const struct type_case cases[] = {
	{ "a_type_may_refer_to_itself", TYPES(1, 0x5f, 1, NULLREF(0), 0), OK },
	{ "to_a_later_one_of_its_group", TYPES(1, REC(2), 0x5f, 1, REF(1), 0, STRUCT0), OK },
	{ "not_to_a_later_group", TYPES(2, 0x5f, 1, REF(1), 0, STRUCT0), NO("unknown type 1") },
	{ "a_subtype_may_have_more_fields", TYPES(2, OPEN, STRUCT0, SUB(0), STRUCT1(I32, 0)), OK },
	{ "not_fewer", TYPES(2, OPEN, STRUCT1(I32, 0), SUB(0), STRUCT0), NO("sub type 1 does not match") },
	{ "not_others", TYPES(2, OPEN, STRUCT1(I32, 0), SUB(0), STRUCT1(I64, 0)), NO("sub type 1 does not match") },
	{ "a_mutable_field_stays_mutable", TYPES(2, OPEN, STRUCT1(I32, 1), SUB(0), STRUCT1(I32, 0)), NO("sub type") },
	{ "a_final_type_has_no_subtype", TYPES(2, STRUCT0, SUB(0), STRUCT0), NO("final") },
	{ "a_supertype_comes_first", TYPES(1, REC(2), SUB(1), STRUCT0, OPEN, STRUCT0), NO("unknown type 1") },
	{ "a_type_is_not_its_own_supertype", TYPES(1, SUB(0), STRUCT0), NO("unknown type 0") },
	{ "two_supertypes_are_refused", TYPES(2, OPEN, STRUCT0, 0x50, 2, 0, 0, STRUCT0), NO("supertypes") },
	{ "a_struct_is_no_function", TYPES(2, OPEN, STRUCT0, SUB(0), FUNC0), NO("sub type 1 does not match") },
	{ "an_immutable_field_may_be_a_subtype",
	  TYPES(3, OPEN, STRUCT0, OPEN, 0x5f, 1, NULLREF(0), 0, SUB(1), 0x5f, 1, REF(0), 0), OK },
	{ "a_mutable_one_may_not",
	  TYPES(3, OPEN, STRUCT0, OPEN, 0x5f, 1, NULLREF(0), 1, SUB(1), 0x5f, 1, REF(0), 1), NO("sub type 2") },
	{ "an_empty_group_is_fine", TYPES(2, REC(0), STRUCT0), OK },
	{ "a_field_is_const_or_var", TYPES(1, STRUCT1(I32, 2)), { MALFORMED, "type", "mutability" } },
	{ "packed_types_are_for_fields", TYPES(1, 0x60, 1, 0x78, 0), { MALFORMED, "type", "value type 0x78" } },
	{ "a_group_inside_a_group_is_refused", TYPES(1, REC(1), REC(1), STRUCT0), { MALFORMED, "type", "type form 0x4e" } },
};

static void type_case(void **state)
{
	const struct type_case *test = *state;

	assert_verdict(test->module, test->verdict);
}

static void equal_groups_have_equal_types(void **state)
{
	/* 0, 1: a pair; 2, 3: the same; 4: alone; 5, 6: the pair with a difference at its end */
	const struct bytes bytes = TYPES(4, REC(2), 0x5f, 1, REF(1), 0, STRUCT0,
					 REC(2), 0x5f, 1, REF(3), 0, STRUCT0, STRUCT0,
					 REC(2), 0x5f, 1, REF(6), 0, STRUCT1(I32, 0));
	const uint32_t canonical[] = { 0, 1, 0, 1, 4, 5, 6 };
	struct wasm_module *module = decode_valid(bytes);

	(void)state;
	assert_int_equal(module->type_count, 7);
	for (uint32_t i = 0; i < 7; i++)
		assert_int_equal(module->types[i].canonical, canonical[i]);
	assert_true(wasm_same_type(module, WASM_REF_TO(1), WASM_REF_TO(3)));
	assert_false(wasm_same_type(module, WASM_REF_TO(1), WASM_REF_NULL(3)));
	assert_false(wasm_same_type(module, WASM_REF_TO(1), WASM_REF_TO(4)));
	walnut_module_free(module);
}

static void subtypes_follow_declarations_and_hierarchies(void **state)
{
	const struct bytes bytes = TYPES(4, OPEN, STRUCT0, SUB(0), STRUCT0, 0x5e, I32, 0, FUNC0);
	struct wasm_module *module = decode_valid(bytes);
	const struct {
		wasm_valtype sub, super;
		bool holds;
	} pairs[] = {
		{ WASM_REF_TO(1), WASM_REF_TO(0), true },
		{ WASM_REF_TO(0), WASM_REF_TO(1), false },
		{ WASM_REF_TO(1), WASM_REF_NULL(0), true },
		{ WASM_REF_NULL(1), WASM_REF_TO(0), false },
		{ WASM_REF_TO(1), WASM_REF_TO(WASM_HEAP_STRUCT), true },
		{ WASM_REF_TO(2), WASM_REF_TO(WASM_HEAP_STRUCT), false },
		{ WASM_REF_TO(2), WASM_REF_TO(WASM_HEAP_EQ), true },
		{ WASM_REF_TO(3), WASM_REF_TO(WASM_HEAP_ANY), false },
		{ WASM_REF_TO(3), WASM_FUNCREF, true },
		{ WASM_REF_NULL(WASM_HEAP_NONE), WASM_REF_NULL(2), true },
		{ WASM_REF_NULL(WASM_HEAP_NONE), WASM_REF_NULL(3), false },
		{ WASM_REF_NULL(WASM_HEAP_NOFUNC), WASM_REF_NULL(3), true },
		{ WASM_REF_TO(WASM_HEAP_I31), WASM_REF_TO(WASM_HEAP_EQ), true },
		{ WASM_REF_TO(WASM_HEAP_I31), WASM_REF_TO(WASM_HEAP_STRUCT), false },
		{ WASM_EXTERNREF, WASM_REF_NULL(WASM_HEAP_ANY), false },
		{ WASM_REF_TO(WASM_HEAP_BOTTOM), WASM_REF_TO(0), true },
		{ WASM_I32, WASM_I64, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		assert_int_equal(wasm_is_subtype(module, pairs[i].sub, pairs[i].super),
				 pairs[i].holds);
	walnut_module_free(module);
}

static void long_chains_of_supertypes_are_refused(void **state)
{
	struct builder builder = builder_module(), section = builder_new();

	(void)state;
	builder_u32(&section, 100);
	builder_bytes(&section, B(OPEN, STRUCT0));
	for (uint8_t i = 0; i < 99; i++)
		builder_bytes(&section, B(SUB(i), STRUCT0));
	builder_section(&builder, 1, (struct bytes){ section.data, section.size });
	assert_verdict((struct bytes){ builder.data, builder.size },
		       (struct verdict){ LIMIT, "type", "more supertypes" });
	builder_free(&section);
	builder_free(&builder);
}

#define COUNT(array) (sizeof(array) / sizeof(array[0]))

int main(void)
{
	static const struct CMUnitTest others[] = {
		cmocka_unit_test(equal_groups_have_equal_types),
		cmocka_unit_test(subtypes_follow_declarations_and_hierarchies),
		cmocka_unit_test(long_chains_of_supertypes_are_refused),
	};
	struct CMUnitTest tests[COUNT(cases) + COUNT(others)] = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < COUNT(cases); i++)
		tests[n++] = (struct CMUnitTest){ cases[i].name, type_case, NULL, NULL,
						  (void *)&cases[i] };
	memcpy(&tests[n], others, sizeof(others));
	return cmocka_run_group_tests_name("types", tests, NULL, NULL);
}
