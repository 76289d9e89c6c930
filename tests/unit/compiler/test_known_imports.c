/* compiler/known_imports.c: what the runtime provides. */
#include "support.h"

static const char wasi[] = "wasi_snapshot_preview1";

/* Whether MODULE.FIELD with this type is known: a module that imports just it. */
static int known(const char *module_name, const char *field, struct bytes type)
{
	struct builder builder = builder_module(), section = builder_new();
	struct wasm_module *module;
	int result;

	builder_u32(&section, 1);
	builder_bytes(&section, type);
	builder_section(&builder, 1, (struct bytes){ section.data, section.size });
	section.size = 0;
	builder_u32(&section, 1);
	builder_u32(&section, (uint32_t)strlen(module_name));
	builder_bytes(&section, (struct bytes){ (const uint8_t *)module_name, strlen(module_name) });
	builder_u32(&section, (uint32_t)strlen(field));
	builder_bytes(&section, (struct bytes){ (const uint8_t *)field, strlen(field) });
	builder_bytes(&section, B(0, 0));
	builder_section(&builder, 2, (struct bytes){ section.data, section.size });
	module = decode_valid((struct bytes){ builder.data, builder.size });
	result = walnut_known_import(module, 0);
	walnut_module_free(module);
	builder_free(&section);
	builder_free(&builder);
	return result;
}

static void a_function_with_its_type_is_known(void **state)
{
	assert_int_equal(known(wasi, "fd_write", B(0x60, 4, 0x7f, 0x7f, 0x7f, 0x7f, 1, 0x7f)), 1);
	assert_int_equal(known(wasi, "clock_time_get", B(0x60, 3, 0x7f, 0x7e, 0x7f, 1, 0x7f)), 1);
	assert_int_equal(known(wasi, "proc_exit", B(0x60, 1, 0x7f, 0)), 1);
	assert_int_equal(known(wasi, "sched_yield", B(0x60, 0, 1, 0x7f)), 1);
}

static void a_function_with_another_type_is_told_apart(void **state)
{
	assert_int_equal(known(wasi, "fd_write", B(0x60, 3, 0x7f, 0x7f, 0x7f, 1, 0x7f)), -1);
	assert_int_equal(known(wasi, "fd_write", B(0x60, 5, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 1, 0x7f)), -1);
	assert_int_equal(known(wasi, "fd_write", B(0x60, 4, 0x7f, 0x7f, 0x7f, 0x7f, 0)), -1);
	assert_int_equal(known(wasi, "fd_write", B(0x60, 4, 0x7f, 0x7f, 0x7f, 0x7e, 1, 0x7f)), -1);
	assert_int_equal(known(wasi, "proc_exit", B(0x60, 1, 0x7f, 1, 0x7f)), -1);
	assert_int_equal(known(wasi, "sched_yield", B(0x60, 0, 2, 0x7f, 0x7f)), -1);
}

static void other_names_are_unknown(void **state)
{
	struct bytes type = B(0x60, 0, 0);

	assert_int_equal(known(wasi, "fd_writ", type), 0);
	assert_int_equal(known(wasi, "fd_write2", type), 0);
	assert_int_equal(known("wasi_unstable", "fd_write", type), 0);
	assert_int_equal(known("env", "fd_write", type), 0);
	assert_int_equal(known("", "", type), 0);
}

static void an_import_that_is_no_function_is_unknown(void **state)
{
	struct bytes bytes = B(0, 'a', 's', 'm', 1, 0, 0, 0, 2, 8, 1, 1, 'e', 1, 'm', 2, 0, 1);
	struct wasm_module *module = decode_valid(bytes);

	assert_int_equal(walnut_known_import(module, 0), 0);
	walnut_module_free(module);
}

static void an_import_of_an_unknown_type_is_unknown(void **state)
{
	struct bytes bytes = B(0, 'a', 's', 'm', 1, 0, 0, 0, 2, 7, 1, 1, 'e', 1, 'f', 0, 9);
	struct wasm_module *module = decode_valid(bytes);

	assert_int_equal(walnut_known_import(module, 0), 0);
	walnut_module_free(module);
}

static void two_functions_may_have_one_name(void **state)
{
	const uint8_t i = 0x7f;

	assert_int_equal(known(wasi, "sock_accept", B(0x60, 3, i, i, i, 1, i)), 1);
	assert_int_equal(known(wasi, "sock_accept", B(0x60, 2, i, i, 1, i)), 1);
	assert_int_equal(known(wasi, "sock_accept", B(0x60, 4, i, i, i, i, 1, i)), -1);
	assert_int_equal(known(wasi, "sock_recv_from", B(0x60, 7, i, i, i, i, i, i, i, 1, i)), 1);
	assert_int_equal(known(wasi, "sock_recv_from", B(0x60, 8, i, i, i, i, i, i, i, i, 1, i)), 1);
}

static void all_46_of_preview_1_are_there(void **state)
{
	static const char *const fields[] = {
#define KNOWN_IMPORT(module, field, signature) field,
#include "known_imports.def"
#undef KNOWN_IMPORT
	};
	size_t count = sizeof(fields) / sizeof(fields[0]);

	assert_int_equal(count, 46 + 24);
	for (size_t i = 1; i < 46; i++) /* the rest are sockets */
		assert_true(strcmp(fields[i - 1], fields[i]) < 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_function_with_its_type_is_known),
		cmocka_unit_test(a_function_with_another_type_is_told_apart),
		cmocka_unit_test(other_names_are_unknown),
		cmocka_unit_test(an_import_that_is_no_function_is_unknown),
		cmocka_unit_test(an_import_of_an_unknown_type_is_unknown),
		cmocka_unit_test(two_functions_may_have_one_name),
		cmocka_unit_test(all_46_of_preview_1_are_there),
	};

	return cmocka_run_group_tests_name("known_imports", tests, NULL, NULL);
}
