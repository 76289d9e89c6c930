/* Exceptions: decoding of tags (compiler/decode/) and validation (validate/exception.c). */
#include "support.h"

#define INVALID WALNUT_ERROR_INVALID
#define MALFORMED WALNUT_ERROR_MALFORMED
#define UNSUPPORTED WALNUT_ERROR_UNSUPPORTED

#define I32 0x7f
#define I64 0x7e
#define EXNREF 0x69
#define EMPTY 0x40
#define END 0x0b
#define DROP 0x1a
#define UNREACHABLE 0x00
#define RETURN 0x0f
#define BLOCK(type) 0x02, type
#define LOOP(type) 0x03, type
#define I32_CONST 0x41, 0
#define I64_CONST 0x42, 0
#define I32_EQZ 0x45
#define LOCAL_GET(i) 0x20, i
#define THROW(tag) 0x08, tag
#define THROW_REF 0x0a
#define TRY_TABLE(type, ...) 0x1f, type, __VA_ARGS__ /* count of clauses, clauses */
#define CATCH(tag, label) 0, tag, label
#define CATCH_REF(tag, label) 1, tag, label
#define CATCH_ALL(label) 2, label
#define CATCH_ALL_REF(label) 3, label

struct test_case {
	const char *name;
	struct bytes bytes;
	struct verdict verdict;
};

#define OK { VALID, NULL, NULL }
#define NO(message) { INVALID, "code", message }

/* Bodies of a function of type 0, with an exnref as local 0, in a module with types
 * 0 [] -> [], 1 [i32 i64] -> [], 2 [] -> [i32 i64], 3 [] -> [i32 i64 exnref], 4 [exnref]
 * -> [], and two tags of types 0 and 1, of which the first is imported. */
static const struct test_case bodies[] = {
	{ "throw_takes_the_tags_values", BYTES(I32_CONST, I64_CONST, THROW(1), END), OK },
	{ "throw_without_them_is_refused", BYTES(I32_CONST, THROW(1), END), NO("throw expects i64, found i32") },
	{ "throw_of_an_unknown_tag_is_refused", BYTES(THROW(2), END), NO("unknown tag 2") },
	{ "nothing_is_reached_behind_throw", BYTES(THROW(0), I32_EQZ, DROP, END), OK },
	{ "throw_ref_takes_an_exnref", BYTES(LOCAL_GET(0), THROW_REF, I32_EQZ, DROP, END), OK },
	{ "throw_ref_of_a_number_is_refused", BYTES(I32_CONST, THROW_REF, END), NO("throw_ref expects exnref") },
	{ "throw_ref_of_nothing_is_refused", BYTES(THROW_REF, END), NO("throw_ref expects exnref") },

	{ "a_try_table_without_clauses_is_a_block", BYTES(TRY_TABLE(EMPTY, 0), END, END), OK },
	{ "it_yields_its_results", BYTES(TRY_TABLE(I32, 0), I32_CONST, END, DROP, END), OK },
	{ "it_must", BYTES(TRY_TABLE(I32, 0), END, DROP, END), NO("found nothing") },
	{ "it_takes_parameters", BYTES(I32_CONST, I64_CONST, TRY_TABLE(1, 0), DROP, DROP, END, END), OK },
	{ "a_branch_may_leave_it", BYTES(TRY_TABLE(EMPTY, 0), 0x0c, 0, END, END), OK },
	{ "of_an_unknown_type_it_is_refused", BYTES(TRY_TABLE(9, 0), END, END), NO("unknown type 9") },

	{ "a_clause_carries_the_tags_values",
	  BYTES(BLOCK(2), TRY_TABLE(EMPTY, 1, CATCH(1, 0)), END, RETURN, END, DROP, DROP, END), OK },
	{ "a_label_must_take_them", BYTES(TRY_TABLE(EMPTY, 1, CATCH(1, 0)), END, END), NO("yields 2 values, its label takes 0") },
	{ "in_their_types",
	  BYTES(BLOCK(I32), TRY_TABLE(EMPTY, 1, CATCH(0, 0)), END, I32_CONST, END, DROP, END), NO("yields 0 values, its label takes 1") },
	{ "catch_ref_adds_a_reference",
	  BYTES(BLOCK(3), TRY_TABLE(EMPTY, 1, CATCH_REF(1, 0)), END, RETURN, END, DROP, DROP, DROP, END), OK },
	{ "the_reference_is_no_number",
	  BYTES(BLOCK(I32), TRY_TABLE(EMPTY, 1, CATCH_REF(0, 0)), END, RETURN, END, DROP, END), NO("expects i32") },
	{ "catch_all_carries_nothing", BYTES(TRY_TABLE(EMPTY, 1, CATCH_ALL(0)), END, END), OK },
	{ "its_label_takes_nothing",
	  BYTES(BLOCK(I32), TRY_TABLE(EMPTY, 1, CATCH_ALL(0)), END, I32_CONST, END, DROP, END), NO("yields 0 values, its label takes 1") },
	{ "catch_all_ref_carries_a_reference",
	  BYTES(BLOCK(EXNREF), TRY_TABLE(EMPTY, 1, CATCH_ALL_REF(0)), END, RETURN, END, THROW_REF, END), OK },
	{ "a_loop_takes_its_parameters",
	  BYTES(LOCAL_GET(0), LOOP(4), TRY_TABLE(4, 1, CATCH_ALL_REF(0)), DROP, END, END, END), OK },
	{ "labels_do_not_count_the_try_table", BYTES(TRY_TABLE(EMPTY, 1, CATCH_ALL(1)), END, END), NO("unknown label 1") },
	{ "a_clause_of_an_unknown_tag_is_refused", BYTES(TRY_TABLE(EMPTY, 1, CATCH(2, 0)), END, END), NO("unknown tag 2") },
	{ "clauses_are_checked_in_unreachable_code",
	  BYTES(UNREACHABLE, TRY_TABLE(EMPTY, 1, CATCH(1, 0)), END, END), NO("yields 2 values") },
	{ "clauses_may_repeat", BYTES(TRY_TABLE(EMPTY, 4, CATCH_ALL(0), CATCH(0, 0), CATCH(0, 0), CATCH_ALL(0)), END, END), OK },
	{ "a_clause_kind_4_is_refused", BYTES(TRY_TABLE(EMPTY, 1, 4, 0), END, END), { MALFORMED, "code", "catch clause 0x04" } },
	{ "four_billion_clauses_are_refused",
	  BYTES(TRY_TABLE(EMPTY, 0xff, 0xff, 0xff, 0xff, 0x0f), END, END), { MALFORMED, "code", "unexpected end" } },

	{ "legacy_try_is_named", BYTES(0x06, EMPTY, END, END), { UNSUPPORTED, "code", "legacy exception handling" } },
	{ "legacy_catch_is_named", BYTES(0x07, 0, END), { UNSUPPORTED, "code", "legacy exception handling" } },
	{ "legacy_rethrow_is_named", BYTES(0x09, 0, END), { UNSUPPORTED, "code", "legacy exception handling" } },
	{ "legacy_delegate_is_named", BYTES(0x18, 0, END), { UNSUPPORTED, "code", "legacy exception handling" } },
	{ "legacy_catch_all_is_named", BYTES(0x19, END), { UNSUPPORTED, "code", "legacy exception handling" } },
};

static void check_body(void **state)
{
	const struct test_case *c = *state;
	struct builder builder = builder_module();

	builder_section(&builder, 1, B(5,
				       0x60, 0, 0,
				       0x60, 2, I32, I64, 0,
				       0x60, 0, 2, I32, I64,
				       0x60, 0, 3, I32, I64, EXNREF,
				       0x60, 1, EXNREF, 0));
	builder_section(&builder, 2, B(1, 1, 'm', 1, 't', 4, 0, 0));
	builder_section(&builder, 3, B(1, 0));
	builder_section(&builder, 13, B(1, 0, 1));
	builder_code(&builder, B(1, 1, EXNREF), c->bytes);
	assert_verdict((struct bytes){ builder.data, builder.size }, c->verdict);
	builder_free(&builder);
}

#undef NO
#define NO(section, message) { INVALID, section, message }
#define TYPES 1, 8, 2, 0x60, 0, 0, 0x60, 0, 1, I32

static const struct test_case modules[] = {
	{ "tags_stand_between_memories_and_globals", BYTES(TYPES, 5, 1, 0, 13, 3, 1, 0, 0, 6, 1, 0), OK },
	{ "not_before_memories", BYTES(TYPES, 13, 3, 1, 0, 0, 5, 1, 0), { MALFORMED, "memory", "out of order" } },
	{ "not_behind_globals", BYTES(TYPES, 6, 1, 0, 13, 3, 1, 0, 0), { MALFORMED, "tag", "out of order" } },
	{ "a_tag_has_attribute_0", BYTES(TYPES, 13, 3, 1, 1, 0), { MALFORMED, "tag", "attribute 0x01" } },
	{ "a_cut_off_tag_is_refused", BYTES(TYPES, 13, 2, 1, 0), { MALFORMED, "tag", "unexpected end" } },
	{ "four_billion_tags_are_refused", BYTES(13, 5, 0xff, 0xff, 0xff, 0xff, 0x0f), { MALFORMED, "tag", "unexpected end" } },
	{ "a_tag_of_an_unknown_type_is_refused", BYTES(TYPES, 13, 3, 1, 0, 2), NO("tag", "unknown type 2") },
	{ "a_tag_has_no_results", BYTES(TYPES, 13, 3, 1, 0, 1), NO("tag", "non-empty tag result type") },
	{ "nor_has_an_imported_one", BYTES(TYPES, 2, 6, 1, 0, 0, 4, 0, 1), NO("import", "non-empty tag result type") },
	{ "an_imported_one_has_attribute_0", BYTES(TYPES, 2, 6, 1, 0, 0, 4, 1, 0), { MALFORMED, "import", "attribute" } },
	{ "a_tag_is_exported", BYTES(TYPES, 13, 3, 1, 0, 0, 7, 5, 1, 1, 't', 4, 0), OK },
	{ "an_imported_tag_is", BYTES(TYPES, 2, 6, 1, 0, 0, 4, 0, 0, 7, 5, 1, 1, 't', 4, 0), OK },
	{ "an_unknown_one_is_not", BYTES(TYPES, 13, 3, 1, 0, 0, 7, 5, 1, 1, 't', 4, 1), NO("export", "unknown tag 1") },
};

static void check_module(void **state)
{
	const struct test_case *c = *state;
	struct builder builder = builder_module();

	builder_bytes(&builder, c->bytes);
	assert_verdict((struct bytes){ builder.data, builder.size }, c->verdict);
	builder_free(&builder);
}

static void imported_tags_come_first_and_have_names(void **state)
{
	struct builder builder = builder_module();
	struct wasm_module *module;

	builder_section(&builder, 1, B(2, 0x60, 0, 0, 0x60, 1, I32, 0));
	builder_section(&builder, 2, B(1, 1, 'm', 1, 't', 4, 0, 1));
	builder_section(&builder, 13, B(1, 0, 0));
	builder_section(&builder, 0, B(4, 'n', 'a', 'm', 'e', 11, 7, 2, 1, 1, 'x', 9, 1, 'y'));
	module = decode_valid((struct bytes){ builder.data, builder.size });
	assert_int_equal(module->tag_count, 2);
	assert_int_equal(module->imported_tag_count, 1);
	assert_int_equal(module->imports[0].index, 0);
	assert_true(module->tags[0].imported);
	assert_int_equal(wasm_tag_type(module, 0)->param_count, 1);
	assert_int_equal(module->tags[0].name.size, 0);
	assert_false(module->tags[1].imported);
	assert_int_equal(wasm_tag_type(module, 1)->param_count, 0);
	assert_int_equal(module->tags[1].name.size, 1);
	assert_memory_equal(module->tags[1].name.data, "x", 1);
	walnut_module_free(module);
	builder_free(&builder);
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

int main(void)
{
	struct CMUnitTest tests[COUNT(bodies) + COUNT(modules) + 1] = {
		cmocka_unit_test(imported_tags_come_first_and_have_names),
	};
	size_t n = 1;

	for (size_t i = 0; i < COUNT(bodies); i++)
		tests[n++] = (struct CMUnitTest){ bodies[i].name, check_body, NULL, NULL, (void *)&bodies[i] };
	for (size_t i = 0; i < COUNT(modules); i++)
		tests[n++] = (struct CMUnitTest){ modules[i].name, check_module, NULL, NULL, (void *)&modules[i] };
	return cmocka_run_group_tests_name("exception", tests, NULL, NULL);
}
