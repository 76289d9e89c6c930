/* compiler/validate/: function bodies in one fixed module, and whole modules. */
#include "support.h"

#include "wasm/instr.h"
#include "wasm/limits.h"

#define INVALID WALNUT_ERROR_INVALID
#define MALFORMED WALNUT_ERROR_MALFORMED

#define I32 0x7f
#define I64 0x7e
#define F32 0x7d
#define F64 0x7c
#define FUNCREF 0x70
#define EXTERNREF 0x6f
#define EMPTY 0x40

/* Instructions as they are spelled in the cases. */
#define UNREACHABLE 0x00
#define NOP 0x01
#define BLOCK(type) 0x02, type
#define LOOP(type) 0x03, type
#define IF(type) 0x04, type
#define ELSE 0x05
#define END 0x0b
#define BR(label) 0x0c, label
#define BR_IF(label) 0x0d, label
#define BR_TABLE(...) 0x0e, __VA_ARGS__
#define RETURN 0x0f
#define CALL(function) 0x10, function
#define CALL_INDIRECT(type, table) 0x11, type, table
#define DROP 0x1a
#define SELECT 0x1b
#define SELECT_T(...) 0x1c, __VA_ARGS__
#define LOCAL_GET(i) 0x20, i
#define LOCAL_SET(i) 0x21, i
#define LOCAL_TEE(i) 0x22, i
#define GLOBAL_GET(i) 0x23, i
#define GLOBAL_SET(i) 0x24, i
#define TABLE_GET(i) 0x25, i
#define TABLE_SET(i) 0x26, i
#define I32_LOAD(align) 0x28, align, 0
#define I64_LOAD(align) 0x29, align, 0
#define I64_STORE8(align) 0x3c, align, 0
#define I32_CONST 0x41, 0
#define I64_CONST 0x42, 0
#define F32_CONST 0x43, 0, 0, 0, 0
#define F64_CONST 0x44, 0, 0, 0, 0, 0, 0, 0, 0
#define I32_EQZ 0x45
#define I32_ADD 0x6a
#define I64_ADD 0x7c
#define REF_NULL(type) 0xd0, type
#define REF_IS_NULL 0xd1
#define REF_FUNC(i) 0xd2, i
#define MEMORY_INIT(data) 0xfc, 8, data, 0
#define DATA_DROP(data) 0xfc, 9, data
#define MEMORY_COPY 0xfc, 10, 0, 0
#define TABLE_INIT(elem, table) 0xfc, 12, elem, table
#define ELEM_DROP(elem) 0xfc, 13, elem
#define TABLE_COPY(dst, src) 0xfc, 14, dst, src
#define TABLE_GROW(table) 0xfc, 15, table
#define TABLE_SIZE(table) 0xfc, 16, table
#define TABLE_FILL(table) 0xfc, 17, table

/* What a body is checked in: function 2, of type `type`, with locals
 * 0 i32, 1 i64, 2 funcref, 3 externref (behind its parameters), in a module with */
enum {
	T_VOID,	    /* type 0: [] -> [] */
	T_I32,	    /* 1: [] -> [i32] */
	T_I32_I32,  /* 2: [i32] -> [i32] */
	T_PAIR,	    /* 3: [] -> [i32 i64] */
	T_SWAP,	    /* 4: [i32 i64] -> [i64 i32] */
};
/* function 0: imported, type 2; function 1: imported, type 0, the one that is
 * referenced; global 0: imported i32 constant, 1: i64 variable; table 0: funcref,
 * 1: externref; memory 0; element segment 0: declarative of function 1, 1: passive
 * externref; data segment 0: passive. */
static struct builder fixture(uint8_t type, struct bytes code, bool data_count)
{
	struct builder builder = builder_module();

	builder_section(&builder, 1, B(5,
				       0x60, 0, 0,
				       0x60, 0, 1, I32,
				       0x60, 1, I32, 1, I32,
				       0x60, 0, 2, I32, I64,
				       0x60, 2, I32, I64, 2, I64, I32));
	builder_section(&builder, 2, B(3, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 3, I32, 0));
	builder_section(&builder, 3, (struct bytes){ (const uint8_t[]){ 1, type }, 2 });
	builder_section(&builder, 4, B(2, FUNCREF, 0, 1, EXTERNREF, 0, 1));
	builder_section(&builder, 5, B(1, 0, 1));
	builder_section(&builder, 6, B(1, I64, 1, I64_CONST, END));
	builder_section(&builder, 9, B(2, 3, 0, 1, 1, 5, EXTERNREF, 0));
	if (data_count)
		builder_section(&builder, 12, B(1));
	builder_code(&builder, B(4, 1, I32, 1, I64, 1, FUNCREF, 1, EXTERNREF), code);
	builder_section(&builder, 11, B(1, 1, 0));
	return builder;
}

struct body_case {
	const char *name;
	uint8_t type;
	struct bytes code;
	struct verdict verdict;
};

#define OK { VALID, NULL, NULL }
#define NO(message) { INVALID, "code", message }

static const struct body_case body_cases[] = {
	/* results */
	{ "an_empty_body_yields_nothing", T_VOID, BYTES(END), OK },
	{ "a_missing_result_is_refused", T_I32, BYTES(END), NO("expects i32, found nothing") },
	{ "a_result_of_another_type_is_refused", T_I32, BYTES(I64_CONST, END), NO("end expects i32, found i64") },
	{ "a_value_left_over_is_refused", T_VOID, BYTES(I32_CONST, END), NO("1 values left") },
	{ "two_results_are_yielded_in_order", T_PAIR, BYTES(I32_CONST, I64_CONST, END), OK },
	{ "two_results_out_of_order_are_refused", T_PAIR, BYTES(I64_CONST, I32_CONST, END), NO("type mismatch") },

	/* operands */
	{ "operands_must_be_there", T_I32, BYTES(I32_CONST, I32_ADD, END), NO("i32.add expects i32, found nothing") },
	{ "operands_must_have_the_type", T_I32, BYTES(I32_CONST, I64_CONST, I32_ADD, END), NO("i32.add expects i32, found i64") },
	{ "drop_wants_a_value", T_VOID, BYTES(DROP, END), NO("drop expects a value") },
	{ "drop_takes_any", T_VOID, BYTES(F64_CONST, DROP, REF_NULL(FUNCREF), DROP, END), OK },

	/* blocks */
	{ "a_block_yields_its_result", T_I32, BYTES(BLOCK(I32), I32_CONST, END, END), OK },
	{ "a_block_hides_the_operands_below", T_I32, BYTES(I32_CONST, BLOCK(I32), I32_EQZ, END, END), NO("type mismatch") },
	{ "a_block_takes_parameters_by_type", T_I32, BYTES(I32_CONST, BLOCK(T_I32_I32), I32_EQZ, END, END), OK },
	{ "a_block_of_an_unknown_type_is_refused", T_VOID, BYTES(BLOCK(5), END, END), NO("unknown type 5") },
	{ "an_if_takes_a_condition", T_VOID, BYTES(IF(EMPTY), END, END), NO("if expects i32") },
	{ "an_if_with_a_result_needs_an_else", T_I32, BYTES(I32_CONST, IF(I32), I32_CONST, END, END), NO("if without else") },
	{ "an_if_that_passes_its_parameters_on_does_not", T_I32, BYTES(I32_CONST, I32_CONST, IF(T_I32_I32), END, END), OK },
	{ "both_arms_yield_the_result", T_I32, BYTES(I32_CONST, IF(I32), I32_CONST, ELSE, I32_CONST, END, END), OK },
	{ "an_else_starts_with_the_parameters", T_I32,
	  BYTES(I32_CONST, I32_CONST, IF(T_I32_I32), ELSE, I32_EQZ, END, END), OK },
	{ "an_else_after_an_else_is_refused", T_VOID, BYTES(I32_CONST, IF(EMPTY), ELSE, ELSE, END, END),
	  { MALFORMED, "code", "else without if" } },
	{ "an_else_in_a_block_is_refused", T_VOID, BYTES(BLOCK(EMPTY), ELSE, END, END), { MALFORMED, "code", "else without if" } },

	/* branches */
	{ "br_to_a_block_carries_its_results", T_I32, BYTES(BLOCK(I32), I32_CONST, BR(0), END, END), OK },
	{ "br_without_the_result_is_refused", T_I32, BYTES(BLOCK(I32), BR(0), END, END), NO("br expects i32") },
	{ "br_to_a_loop_carries_its_parameters", T_I32, BYTES(LOOP(I32), BR(0), END, END), OK },
	{ "br_to_the_function_returns", T_I32, BYTES(I32_CONST, BR(0), END), OK },
	{ "br_beyond_the_function_is_refused", T_VOID, BYTES(BR(1), END), NO("unknown label 1") },
	{ "br_may_leave_operands_behind", T_I32, BYTES(I64_CONST, I32_CONST, BR(0), END), OK },
	{ "br_if_keeps_what_it_carries", T_I32, BYTES(BLOCK(I32), I32_CONST, I32_CONST, BR_IF(0), END, END), OK },
	{ "br_if_wants_a_condition", T_VOID, BYTES(BR_IF(0), END), NO("br_if expects i32") },
	{ "br_table_takes_labels_alike", T_VOID, BYTES(BLOCK(EMPTY), I32_CONST, BR_TABLE(1, 0, 1), END, END), OK },
	{ "br_table_labels_of_different_arity_are_refused", T_VOID,
	  BYTES(BLOCK(I32), I32_CONST, I32_CONST, BR_TABLE(1, 0, 1), END, DROP, END), NO("labels take 1 and 0") },
	{ "br_table_labels_of_different_type_are_refused", T_I32,
	  BYTES(BLOCK(I64), I32_CONST, I32_CONST, BR_TABLE(1, 1, 0), END, DROP, I32_CONST, END), NO("type mismatch") },
	{ "br_table_with_an_unknown_label_is_refused", T_VOID, BYTES(I32_CONST, BR_TABLE(1, 1, 0), END), NO("unknown label 1") },
	{ "br_table_with_an_unknown_default_is_refused", T_VOID, BYTES(I32_CONST, BR_TABLE(1, 0, 1), END), NO("unknown label 1") },
	{ "return_takes_the_results", T_I32, BYTES(RETURN, END), NO("return expects i32") },
	{ "return_from_within_blocks", T_I32, BYTES(BLOCK(EMPTY), I32_CONST, RETURN, END, I32_CONST, END), OK },

	/* unreachable code */
	{ "after_unreachable_operands_appear", T_I32, BYTES(UNREACHABLE, I32_ADD, END), OK },
	{ "but_those_that_are_there_are_checked", T_I32, BYTES(UNREACHABLE, I64_CONST, I32_ADD, END), NO("expects i32, found i64") },
	{ "and_so_is_what_is_left", T_VOID, BYTES(UNREACHABLE, I32_CONST, END), NO("1 values left") },
	{ "an_instruction_after_br_still_has_a_type", T_VOID, BYTES(BR(0), I32_EQZ, I64_ADD, DROP, END), NO("expects i64, found i32") },
	{ "unreachable_code_ends_with_its_block", T_I32, BYTES(BLOCK(EMPTY), UNREACHABLE, END, I32_ADD, END), NO("found nothing") },
	{ "an_else_is_reachable_again", T_I32, BYTES(I32_CONST, IF(I32), UNREACHABLE, ELSE, END, END), NO("found nothing") },
	{ "br_table_in_unreachable_code_takes_labels_of_two_types", T_I32,
	  BYTES(BLOCK(I64), UNREACHABLE, I32_CONST, BR_TABLE(1, 0, 1), END, DROP, I32_CONST, END), OK },
	{ "but_not_of_two_arities", T_I32,
	  BYTES(BLOCK(EMPTY), UNREACHABLE, BR_TABLE(1, 0, 1), END, I32_CONST, END), NO("labels take 0 and 1") },
	{ "br_if_in_unreachable_code_leaves_types", T_VOID,
	  BYTES(BLOCK(I32), UNREACHABLE, BR_IF(0), I64_ADD, DROP, I32_CONST, END, DROP, END), NO("expects i64, found i32") },
	{ "select_in_unreachable_code_takes_the_known_type", T_I32, BYTES(UNREACHABLE, I64_CONST, I32_CONST, SELECT, END), NO("found i64") },
	{ "select_of_two_unknowns_fits_anything", T_I32, BYTES(UNREACHABLE, SELECT, END), OK },
	{ "an_opcode_must_be_legal_in_unreachable_code_too", T_VOID, BYTES(UNREACHABLE, 0xff, END), { MALFORMED, "code", "illegal opcode" } },

	/* calls */
	{ "call_takes_and_yields", T_I32, BYTES(I32_CONST, CALL(0), END), OK },
	{ "call_of_an_unknown_function_is_refused", T_VOID, BYTES(CALL(3), END), NO("unknown function 3") },
	{ "call_indirect_takes_the_index_last", T_VOID, BYTES(I32_CONST, I64_CONST, I32_CONST, CALL_INDIRECT(T_SWAP, 0), DROP, DROP, END), OK },
	{ "call_indirect_of_an_unknown_type_is_refused", T_VOID, BYTES(I32_CONST, CALL_INDIRECT(5, 0), END), NO("unknown type 5") },
	{ "call_indirect_through_an_unknown_table_is_refused", T_VOID, BYTES(I32_CONST, CALL_INDIRECT(0, 2), END), NO("unknown table 2") },
	{ "call_indirect_through_externrefs_is_refused", T_VOID, BYTES(I32_CONST, CALL_INDIRECT(0, 1), END), NO("table of externref") },

	/* select */
	{ "select_wants_two_alike", T_VOID, BYTES(I32_CONST, I64_CONST, I32_CONST, SELECT, DROP, END), NO("between i32 and i64") },
	{ "select_of_references_must_name_its_type", T_VOID,
	  BYTES(REF_NULL(FUNCREF), REF_NULL(FUNCREF), I32_CONST, SELECT, DROP, END), NO("select of references") },
	{ "select_that_does_is_fine", T_VOID,
	  BYTES(REF_NULL(FUNCREF), REF_NULL(FUNCREF), I32_CONST, SELECT_T(1, FUNCREF), DROP, END), OK },
	{ "select_with_no_type_is_refused", T_VOID, BYTES(I32_CONST, I32_CONST, I32_CONST, SELECT_T(0), DROP, END), NO("arity") },
	{ "select_with_two_types_is_refused", T_VOID, BYTES(I32_CONST, I32_CONST, I32_CONST, SELECT_T(2, I32, I32), DROP, END), NO("arity") },
	{ "select_of_another_type_is_refused", T_VOID, BYTES(I32_CONST, I32_CONST, I32_CONST, SELECT_T(1, I64), DROP, END), NO("expects i64") },

	/* variables */
	{ "locals_have_their_types", T_VOID, BYTES(LOCAL_GET(1), LOCAL_SET(1), REF_NULL(EXTERNREF), LOCAL_TEE(3), DROP, END), OK },
	{ "parameters_are_the_first_locals", T_I32_I32, BYTES(LOCAL_GET(0), LOCAL_SET(1), LOCAL_GET(2), DROP, LOCAL_GET(0), END), OK },
	{ "a_local_of_another_type_is_refused", T_VOID, BYTES(I32_CONST, LOCAL_SET(1), END), NO("local.set expects i64") },
	{ "an_unknown_local_is_refused", T_VOID, BYTES(LOCAL_GET(4), DROP, END), NO("unknown local 4") },
	{ "globals_have_their_types", T_VOID, BYTES(GLOBAL_GET(1), GLOBAL_SET(1), END), OK },
	{ "a_constant_global_is_not_set", T_VOID, BYTES(I32_CONST, GLOBAL_SET(0), END), NO("global 0 is immutable") },
	{ "an_unknown_global_is_refused", T_VOID, BYTES(GLOBAL_GET(2), DROP, END), NO("unknown global 2") },

	/* memory */
	{ "natural_alignment_is_the_most", T_VOID, BYTES(I32_CONST, I64_LOAD(3), DROP, END), OK },
	{ "a_larger_one_is_refused", T_VOID, BYTES(I32_CONST, I32_LOAD(3), DROP, END), NO("alignment must not be larger than natural") },
	{ "a_store_of_one_byte_has_alignment_one", T_VOID, BYTES(I32_CONST, I64_CONST, I64_STORE8(1), END), NO("alignment") },
	{ "memory_copy_takes_three", T_VOID, BYTES(I32_CONST, I32_CONST, I32_CONST, MEMORY_COPY, END), OK },
	{ "memory_init_names_a_segment", T_VOID, BYTES(I32_CONST, I32_CONST, I32_CONST, MEMORY_INIT(0), DATA_DROP(0), END), OK },
	{ "an_unknown_data_segment_is_refused", T_VOID, BYTES(DATA_DROP(1), END), NO("unknown data segment 1") },

	/* references and tables */
	{ "ref_func_of_a_declared_function", T_VOID, BYTES(REF_FUNC(1), DROP, END), OK },
	{ "ref_func_of_an_undeclared_one_is_refused", T_VOID, BYTES(REF_FUNC(0), DROP, END), NO("undeclared function reference 0") },
	{ "ref_func_of_an_unknown_one_is_refused", T_VOID, BYTES(REF_FUNC(9), DROP, END), NO("unknown function 9") },
	{ "ref_is_null_wants_a_reference", T_I32, BYTES(I32_CONST, REF_IS_NULL, END), NO("ref.is_null expects a reference, found i32") },
	{ "ref_is_null_takes_either", T_I32, BYTES(REF_NULL(EXTERNREF), REF_IS_NULL, END), OK },
	{ "funcref_is_no_externref", T_VOID, BYTES(REF_NULL(FUNCREF), LOCAL_SET(3), END), NO("expects externref, found funcref") },
	{ "table_get_yields_the_element_type", T_VOID, BYTES(I32_CONST, TABLE_GET(1), LOCAL_SET(3), END), OK },
	{ "table_set_takes_the_element_type", T_VOID, BYTES(I32_CONST, REF_NULL(FUNCREF), TABLE_SET(1), END), NO("table.set expects externref") },
	{ "table_grow_takes_value_and_count", T_I32, BYTES(REF_NULL(FUNCREF), I32_CONST, TABLE_GROW(0), END), OK },
	{ "table_fill_takes_start_value_and_count", T_VOID, BYTES(I32_CONST, REF_NULL(EXTERNREF), I32_CONST, TABLE_FILL(1), END), OK },
	{ "table_size_of_an_unknown_table_is_refused", T_VOID, BYTES(TABLE_SIZE(2), DROP, END), NO("unknown table 2") },
	{ "table_init_wants_the_segments_type", T_VOID, BYTES(I32_CONST, I32_CONST, I32_CONST, TABLE_INIT(0, 1), END), NO("segment of (ref func)") },
	{ "table_init_that_has_it_is_fine", T_VOID, BYTES(I32_CONST, I32_CONST, I32_CONST, TABLE_INIT(1, 1), ELEM_DROP(1), END), OK },
	{ "an_unknown_element_segment_is_refused", T_VOID, BYTES(ELEM_DROP(2), END), NO("unknown element segment 2") },
	{ "table_copy_wants_tables_alike", T_VOID, BYTES(I32_CONST, I32_CONST, I32_CONST, TABLE_COPY(0, 1), END), NO("from externref to funcref") },
};

static void validate_body(void **state)
{
	const struct body_case *c = *state;
	struct builder builder = fixture(c->type, c->code, true);

	assert_verdict((struct bytes){ builder.data, builder.size }, c->verdict);
	builder_free(&builder);
}

struct module_case {
	const char *name;
	struct bytes sections; /* behind the header */
	struct verdict verdict;
};

#undef NO
#define NO(section, message) { INVALID, section, message }
#define TYPE_VOID 1, 4, 1, 0x60, 0, 0
#define IMPORT_GLOBAL(mutable) 2, 6, 1, 0, 0, 3, I32, mutable

static const struct module_case module_cases[] = {
	{ "an_import_of_an_unknown_type_is_refused", BYTES(2, 5, 1, 0, 0, 0, 0), NO("import", "unknown type 0") },
	{ "a_function_of_an_unknown_type_is_refused", BYTES(3, 2, 1, 0, 10, 4, 1, 2, 0, END), NO("function", "unknown type 0") },
	{ "a_table_minimum_above_its_maximum_is_refused", BYTES(4, 5, 1, FUNCREF, 1, 2, 1), NO("table", "minimum") },
	{ "a_memory_minimum_above_its_maximum_is_refused", BYTES(5, 4, 1, 1, 2, 1), NO("memory", "minimum") },
	{ "four_gigabytes_of_memory_are_fine", BYTES(5, 5, 1, 0, 0x80, 0x80, 0x04), OK },
	{ "a_page_more_is_refused", BYTES(5, 5, 1, 0, 0x81, 0x80, 0x04), NO("memory", "65536 pages") },
	{ "a_maximum_of_a_page_more_is_refused", BYTES(5, 6, 1, 1, 0, 0x81, 0x80, 0x04), NO("memory", "65536 pages") },
	{ "two_memories_are_fine", BYTES(5, 5, 2, 0, 1, 0, 1), OK },
	{ "an_imported_one_and_another_are_fine", BYTES(2, 6, 1, 0, 0, 2, 0, 1, 5, 3, 1, 0, 1), OK },
	{ "a_memory_with_64_bit_addresses_may_be_larger", BYTES(5, 5, 1, 4, 0x81, 0x80, 0x04), OK },
	{ "2_to_the_48_pages_are_fine", BYTES(5, 9, 1, 4, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x40), OK },
	{ "one_page_more_is_refused", BYTES(5, 9, 1, 4, 0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x40), NO("memory", "2^48 pages") },
	{ "a_table_of_2_to_the_32_is_refused", BYTES(4, 8, 1, FUNCREF, 0, 0x80, 0x80, 0x80, 0x80, 0x10), NO("table", "table size") },
	{ "a_shared_memory_has_a_maximum", BYTES(5, 3, 1, 2, 1), NO("memory", "shared memory must have maximum") },

	{ "a_global_is_initialised_by_its_type", BYTES(6, 6, 1, I32, 0, I64_CONST, END), NO("global", "expects i32, found i64") },
	{ "a_global_initialised_by_nothing_is_refused", BYTES(6, 4, 1, I32, 0, END), NO("global", "nothing on the stack") },
	{ "a_global_initialised_twice_is_refused", BYTES(6, 8, 1, I32, 0, I32_CONST, I32_CONST, END), NO("global", "1 values left") },
	{ "a_sum_is_constant", BYTES(6, 9, 1, I32, 0, I32_CONST, I32_CONST, I32_ADD, END), OK },
	{ "a_nop_is_no_constant", BYTES(6, 7, 1, I32, 0, I32_CONST, NOP, END), NO("global", "constant expression required, found nop") },
	{ "an_imported_constant_is_one", BYTES(IMPORT_GLOBAL(0), 6, 6, 1, I32, 0, GLOBAL_GET(0), END), OK },
	{ "an_imported_variable_is_not", BYTES(IMPORT_GLOBAL(1), 6, 6, 1, I32, 0, GLOBAL_GET(0), END), NO("global", "mutable") },
	{ "an_earlier_global_is_one", BYTES(6, 11, 2, I32, 0, I32_CONST, END, I32, 0, GLOBAL_GET(0), END), OK },
	{ "a_later_global_is_none", BYTES(6, 11, 2, I32, 0, GLOBAL_GET(1), END, I32, 0, I32_CONST, END), NO("global", "unknown global 1") },
	{ "a_table_may_have_an_initial_element", BYTES(4, 9, 1, 0x40, 0, FUNCREF, 0, 1, REF_NULL(FUNCREF), END), OK },
	{ "of_its_type", BYTES(4, 9, 1, 0x40, 0, FUNCREF, 0, 1, REF_NULL(EXTERNREF), END), NO("table", "expects funcref") },
	{ "a_64_bit_memory_has_64_bit_offsets", BYTES(5, 3, 1, 4, 1, 11, 6, 1, 0, I64_CONST, END, 0), OK },
	{ "ref_func_of_an_unknown_function_is_refused", BYTES(6, 6, 1, FUNCREF, 0, REF_FUNC(0), END), NO("global", "unknown function 0") },

	{ "an_export_of_an_unknown_function_is_refused", BYTES(7, 5, 1, 1, 'f', 0, 0), NO("export", "unknown function 0") },
	{ "an_export_of_an_unknown_memory_is_refused", BYTES(7, 5, 1, 1, 'm', 2, 0), NO("export", "unknown memory 0") },
	{ "one_thing_may_be_exported_twice", BYTES(5, 3, 1, 0, 1, 7, 9, 2, 1, 'a', 2, 0, 1, 'b', 2, 0), OK },
	{ "one_name_may_not_be", BYTES(5, 3, 1, 0, 1, 7, 13, 3, 1, 'a', 2, 0, 1, 'b', 2, 0, 1, 'a', 2, 0), NO("export", "duplicate export name \"a\"") },

	{ "an_unknown_start_function_is_refused", BYTES(8, 1, 0), NO("start", "unknown function 0") },
	{ "a_start_function_takes_nothing", BYTES(1, 5, 1, 0x60, 1, I32, 0, 2, 5, 1, 0, 0, 0, 0, 8, 1, 0), NO("start", "no parameters") },
	{ "a_start_function_may_be_imported", BYTES(TYPE_VOID, 2, 5, 1, 0, 0, 0, 0, 8, 1, 0), OK },

	{ "an_active_segment_needs_its_table", BYTES(9, 6, 1, 0, I32_CONST, END, 0), NO("element", "unknown table 0") },
	{ "a_table_takes_segments_of_its_type", BYTES(4, 4, 1, EXTERNREF, 0, 1, 9, 6, 1, 0, I32_CONST, END, 0), NO("element", "segment of (ref func)") },
	{ "a_segment_of_an_unknown_function_is_refused", BYTES(9, 5, 1, 1, 0, 1, 0), NO("element", "unknown function 0") },
	{ "a_segment_of_another_reference_is_refused", BYTES(9, 7, 1, 5, FUNCREF, 1, REF_NULL(EXTERNREF), END), NO("element", "expects funcref") },
	{ "an_element_offset_is_an_i32", BYTES(4, 4, 1, FUNCREF, 0, 1, 9, 6, 1, 0, I64_CONST, END, 0), NO("element", "expects i32") },

	{ "active_data_needs_a_memory", BYTES(11, 6, 1, 0, I32_CONST, END, 0), NO("data", "unknown memory 0") },
	{ "data_for_memory_1_is_refused", BYTES(5, 3, 1, 0, 1, 11, 7, 1, 2, 1, I32_CONST, END, 0), NO("data", "unknown memory 1") },
	{ "a_data_offset_is_an_i32", BYTES(5, 3, 1, 0, 1, 11, 13, 1, 0, F64_CONST, END, 0), NO("data", "expects i32, found f64") },

	{ "a_load_without_a_memory_is_refused",
	  BYTES(TYPE_VOID, 3, 2, 1, 0, 10, 10, 1, 8, 0, I32_CONST, I32_LOAD(0), DROP, END), NO("code", "unknown memory 0") },
	{ "the_function_with_the_error_is_named",
	  BYTES(TYPE_VOID, 3, 3, 2, 0, 0, 10, 8, 2, 2, 0, END, 3, 0, DROP, END), NO("code", "drop expects") },
};

static void validate_module(void **state)
{
	const struct module_case *c = *state;
	struct builder builder = builder_module();

	builder_bytes(&builder, c->sections);
	assert_verdict((struct bytes){ builder.data, builder.size }, c->verdict);
	builder_free(&builder);
}

static void memory_init_needs_the_data_count_section(void **state)
{
	struct builder builder = fixture(T_VOID, B(DATA_DROP(0), END), false);

	assert_verdict((struct bytes){ builder.data, builder.size },
		       (struct verdict){ MALFORMED, "code", "data count section required" });
	builder_free(&builder);
}

/* Every instruction with a signature accepts its operands from unreachable code,
 * yields its results, and refuses a result of its own in place of nothing. */
static void every_signature_in_the_table_is_applied(void **state)
{
	static const uint32_t ops[] = {
#define WASM_OPCODE(value, ident, text, imm, sig) value,
#include "wasm/opcodes.def"
#undef WASM_OPCODE
	};
	unsigned checked = 0;

	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		const struct wasm_op_info *info = wasm_op_info(ops[i]);
		const char *results = strchr(info->signature, ':');
		struct builder code = builder_new(), module;
		/* enough zeros for any immediate that is not a constant's */
		size_t immediates = 0;

		if (!results)
			continue;
		switch (info->immediate) {
		case WASM_IMM_NONE: break;
		case WASM_IMM_F32: immediates = 4; break;
		case WASM_IMM_F64: immediates = 8; break;
		case WASM_IMM_MEMORY: case WASM_IMM_TABLE: case WASM_IMM_DATA: case WASM_IMM_ELEM:
		case WASM_IMM_LANE_2: case WASM_IMM_LANE_4: case WASM_IMM_LANE_8: case WASM_IMM_LANE_16:
		case WASM_IMM_ZERO_BYTE: case WASM_IMM_I32: case WASM_IMM_I64: immediates = 1; break;
		case WASM_IMM_V128: case WASM_IMM_SHUFFLE: immediates = 16; break;
		case WASM_IMM_MEMARG_LANE_8: case WASM_IMM_MEMARG_LANE_16:
		case WASM_IMM_MEMARG_LANE_32: case WASM_IMM_MEMARG_LANE_64: immediates = 3; break;
		default: immediates = 2; break;
		}
		builder_bytes(&code, B(UNREACHABLE));
		if (ops[i] >> 12) {
			builder_bytes(&code, B(ops[i] >> 12));
			builder_u32(&code, ops[i] & 0xfff);
		} else {
			builder_bytes(&code, B(ops[i]));
		}
		if (ops[i] >> 12 == 0xfe && immediates == 2) { /* atomics: natural alignment */
			builder_bytes(&code, B(wasm_op_access_log2(ops[i])));
			immediates--;
		}
		while (immediates--)
			builder_bytes(&code, B(0));
		for (const char *result = results + 1; *result; result++)
			builder_bytes(&code, B(DROP));
		builder_bytes(&code, B(END));
		module = fixture(T_VOID, (struct bytes){ code.data, code.size }, true);
		assert_verdict((struct bytes){ module.data, module.size }, (struct verdict)OK);
		builder_free(&module);

		/* The same with a funcref on top, which none of them takes. */
		if (results != info->signature) {
			code.data[0] = 0xd0;
			memmove(code.data + 2, code.data + 1, code.size - 2);
			code.data[1] = FUNCREF;
			module = fixture(T_VOID, (struct bytes){ code.data, code.size }, true);
			assert_verdict((struct bytes){ module.data, module.size },
				       (struct verdict){ INVALID, "code", "found funcref" });
			builder_free(&module);
		}
		builder_free(&code);
		checked++;
	}
	assert_true(checked > 170);
}

/* 1,100 calls that leave 1,000 values each. */
static void operands_end_at_a_limit(void **state)
{
	struct builder builder = builder_module(), type = builder_new(), code = builder_new();

	builder_bytes(&type, B(2, 0x60, 0, 0, 0x60, 0));
	builder_u32(&type, 1000);
	for (unsigned i = 0; i < 1000; i++)
		builder_bytes(&type, B(I32));
	for (unsigned i = 0; i < 1100; i++)
		builder_bytes(&code, B(CALL(0)));
	builder_bytes(&code, B(UNREACHABLE, END));
	builder_section(&builder, 1, (struct bytes){ type.data, type.size });
	builder_section(&builder, 2, B(1, 0, 0, 0, 1));
	builder_section(&builder, 3, B(1, 0));
	builder_code(&builder, B(0), (struct bytes){ code.data, code.size });
	assert_verdict((struct bytes){ builder.data, builder.size },
		       (struct verdict){ WALNUT_ERROR_LIMIT, "code", "operands" });
	builder_free(&code);
	builder_free(&type);
	builder_free(&builder);
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

int main(void)
{
	static const struct CMUnitTest others[] = {
		cmocka_unit_test(memory_init_needs_the_data_count_section),
		cmocka_unit_test(every_signature_in_the_table_is_applied),
		cmocka_unit_test(operands_end_at_a_limit),
	};
	struct CMUnitTest tests[COUNT(body_cases) + COUNT(module_cases) + COUNT(others)] = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < COUNT(body_cases); i++)
		tests[n++] = (struct CMUnitTest){ body_cases[i].name, validate_body, NULL, NULL,
						  (void *)&body_cases[i] };
	for (size_t i = 0; i < COUNT(module_cases); i++)
		tests[n++] = (struct CMUnitTest){ module_cases[i].name, validate_module, NULL, NULL,
						  (void *)&module_cases[i] };
	memcpy(&tests[n], others, sizeof(others));
	return cmocka_run_group_tests_name("validate", tests, NULL, NULL);
}
