/* The module `spectest` of the core suite: what its scripts may import, with the
 * values its reference interpreter gives them. Printing prints nothing. */
#include "driver.h"

#define SPECTEST(field) __asm__("spectest." field)
#define EMPTY(name, field, ...)                                   \
	void name(__VA_ARGS__) SPECTEST(field);                   \
	void name(__VA_ARGS__)                                    \
	{                                                         \
	}

EMPTY(spectest_print, "print", void)
EMPTY(spectest_print_i32, "print_i32", uint32_t a)
EMPTY(spectest_print_i64, "print_i64", uint64_t a)
EMPTY(spectest_print_f32, "print_f32", float a)
EMPTY(spectest_print_f64, "print_f64", double a)
EMPTY(spectest_print_i32_f32, "print_i32_f32", uint32_t a, float b)
EMPTY(spectest_print_f64_f64, "print_f64_f64", double a, double b)

#define VALUE extern union walnut_value
VALUE spectest_global_i32 SPECTEST("global_i32");
VALUE spectest_global_i64 SPECTEST("global_i64");
VALUE spectest_global_f32 SPECTEST("global_f32");
VALUE spectest_global_f64 SPECTEST("global_f64");
_Alignas(16) union walnut_value spectest_global_i32 = { .i32 = 666 };
_Alignas(16) union walnut_value spectest_global_i64 = { .i64 = 666 };
_Alignas(16) union walnut_value spectest_global_f32 = { .f32 = 666.6f };
_Alignas(16) union walnut_value spectest_global_f64 = { .f64 = 666.6 };

extern struct walnut_table spectest_table SPECTEST("table");
struct walnut_table spectest_table = { .size = 10, .max_size = 20, .type = WALNUT_FUNCREF };
extern struct walnut_table spectest_table64 SPECTEST("table64");
struct walnut_table spectest_table64 = { .size = 10, .max_size = 20, .type = WALNUT_FUNCREF };

extern struct walnut_memory spectest_memory SPECTEST("memory");
extern struct walnut_memory spectest_shared_memory SPECTEST("shared_memory");
struct walnut_memory spectest_memory = { .pages = 1, .size = WALNUT_PAGE_SIZE, .max_pages = 2 };
struct walnut_memory spectest_shared_memory = {
	.pages = 1, .size = WALNUT_PAGE_SIZE, .max_pages = 2, .flags = WALNUT_MEMORY_SHARED,
};

/* What an import that nobody provides is linked to; never reached. */
void walnut_spec_missing(void);
void walnut_spec_missing(void)
{
	__builtin_trap();
}

#define FUNC(name, given)                                                      \
	{ name, sizeof(name) - 1, { .kind = WALNUT_EXTERN_FUNC,                \
	  .func = &(const struct walnut_functype){ .params = given, .results = "" } }, NULL, NULL }
#define GLOBAL(name, letter, value)                                            \
	{ name, sizeof(name) - 1,                                              \
	  { .kind = WALNUT_EXTERN_GLOBAL, .value_type = letter }, value, NULL }

#define TABLE(name, index_flags, table)                                        \
	{ name, sizeof(name) - 1,                                              \
	  { .kind = WALNUT_EXTERN_TABLE, .value_type = WALNUT_FUNCREF, .nullable = 1, .heap = 0x70, \
	    .flags = index_flags }, table, NULL }

static const struct walnut_export exports[] = {
	FUNC("print", ""),
	FUNC("print_i32", "i"),
	FUNC("print_i64", "I"),
	FUNC("print_f32", "f"),
	FUNC("print_f64", "F"),
	FUNC("print_i32_f32", "if"),
	FUNC("print_f64_f64", "FF"),
	GLOBAL("global_i32", WALNUT_I32, &spectest_global_i32),
	GLOBAL("global_i64", WALNUT_I64, &spectest_global_i64),
	GLOBAL("global_f32", WALNUT_F32, &spectest_global_f32),
	GLOBAL("global_f64", WALNUT_F64, &spectest_global_f64),
	TABLE("table", 0, &spectest_table),
	TABLE("table64", WALNUT_TABLE_64, &spectest_table64),
	{ "memory", 6, { .kind = WALNUT_EXTERN_MEMORY }, &spectest_memory, NULL },
	{ "shared_memory", 13, { .kind = WALNUT_EXTERN_MEMORY }, &spectest_shared_memory, NULL },
};

const struct walnut_export *spectest_find(struct name field)
{
	for (size_t i = 0; i < sizeof(exports) / sizeof(exports[0]); i++)
		if (names_equal(field, (struct name){ exports[i].field, exports[i].field_size }))
			return &exports[i];
	return NULL;
}

void spectest_start_tables(void)
{
	walnut_table_init(&spectest_table);
	walnut_table_init(&spectest_table64);
}

void spectest_start_memory(const struct walnut_export *export, bool based)
{
	static bool started[2];
	struct walnut_memory *memory = export->address;

	if (started[memory == &spectest_shared_memory])
		return;
	started[memory == &spectest_shared_memory] = true;
	memory->flags |= based ? 0 : WALNUT_MEMORY_AT_ZERO;
	walnut_memory_init(memory);
}
