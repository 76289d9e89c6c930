/* kernel/runtime/frames.c: the side tables of two objects, one behind the other */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "frames.h"
#include "modules.h"

#define TEXT 0x7e0000600000
#define IN(name) __attribute__((section(name), used, aligned(8), no_sanitize("address")))

static uint8_t maps[1024] IN("walnut_map");
static uint8_t sources[1024] IN("walnut_source");
static size_t maps_used, sources_used;

static const struct walnut_function_info functions[] = {
	{ (const void *)(TEXT), 7, 5, "outer", 1000, 100 },
	{ (const void *)(TEXT + 0x100), 8, 5, "inner", 2000, 100 },
};
static const struct walnut_module module = { .functions = functions, .function_count = 2 };

/* What modules.c does with the image's tables. */
const struct walnut_function_info *module_code_at(uint64_t address, const struct walnut_module **owner)
{
	*owner = &module;
	if (address < TEXT || address >= TEXT + 0x1200)
		return NULL;
	return address >= TEXT + 0x1000 || address < TEXT + 0x100 ? &functions[0] : &functions[1];
}

const struct walnut_function_info *module_function_of_offset(const struct walnut_module *owner, uint32_t offset)
{
	for (size_t i = 0; i < 2; i++)
		if (offset - functions[i].wasm_offset < functions[i].wasm_size)
			return &functions[i];
	return NULL;
}

static void put(uint8_t *section, size_t *used, const void *bytes, size_t size)
{
	memcpy(section + *used, bytes, size);
	*used += size;
}

#define PUT(section, type, ...)                                                     \
	put(section, &section##_used, (const type[]){ __VA_ARGS__ }, sizeof((const type[]){ __VA_ARGS__ }))

static void put_map_head(uint64_t base, uint32_t rows, uint64_t inlines)
{
	struct walnut_map head = { WALNUT_MAP_MAGIC, rows, base, 0x200, inlines };

	put(maps, &maps_used, &head, sizeof(head));
}

static void put_source_head(uint64_t base, uint32_t rows, uint32_t places, uint32_t strings)
{
	struct walnut_source head = { WALNUT_SOURCE_MAGIC, rows, base, 0x200, places, strings };

	put(sources, &sources_used, &head, sizeof(head));
}

/* Code at 0 … 0x1f is outer's at 1010; at 0x20 … inner's 2010, inlined at 1020; at 0x30 …
 * nobody's. In the source, inner's place has `deep` inlined. A second object has one row. */
static int tables(void **state)
{
	memset(maps, 0, sizeof(maps));
	memset(sources, 0, sizeof(sources));
	maps_used = sources_used = 0;
	put_map_head(TEXT, 3, 1);
	PUT(maps, struct walnut_map_row, { 0, 1010 }, { 0x20, WALNUT_MAP_INLINED }, { 0x30, 0 });
	PUT(maps, struct walnut_map_inline, { 2010, 1020 });
	maps_used += 16; /* as a linker may pad */
	put_map_head(TEXT + 0x1000, 1, 0);
	PUT(maps, struct walnut_map_row, { 0x10, 1050 });

	put_source_head(TEXT, 2, 3, 18);
	PUT(sources, struct walnut_source_row, { 1010, 0 }, { 2010, 2 });
	PUT(sources, struct walnut_source_place,
	    { 0, 1, 11, 2, WALNUT_SOURCE_NO_CALLER },
	    { 0, 1, 22, 0, WALNUT_SOURCE_NO_CALLER },
	    { 5, 10, 33, 3, 1 });
	put(sources, &sources_used, "\0a.c\0deep\0b.c\0xxx", 18);
	return 0;
}

struct seen {
	struct frame frames[16];
	unsigned count;
};

static void note(void *opaque, const struct frame *frame)
{
	struct seen *seen = opaque;

	assert_true(seen->count < 16);
	seen->frames[seen->count++] = *frame;
}

static struct seen at(uint64_t address)
{
	struct seen seen = { .count = 0 };

	frames_at(address, note, &seen);
	return seen;
}

static void a_plain_place_has_function_offset_and_line(void **state)
{
	struct seen seen = at(TEXT + 0x1f);

	assert_int_equal(seen.count, 1);
	assert_ptr_equal(seen.frames[0].function, &functions[0]);
	assert_int_equal(seen.frames[0].offset, 1010);
	assert_null(seen.frames[0].inlined);
	assert_string_equal(seen.frames[0].file, "a.c");
	assert_int_equal(seen.frames[0].line, 11);
	assert_int_equal(seen.frames[0].column, 2);
}

static void inlined_functions_come_first(void **state)
{
	struct seen seen = at(TEXT + 0x20);

	assert_int_equal(seen.count, 3);
	assert_string_equal(seen.frames[0].inlined, "deep");
	assert_string_equal(seen.frames[0].file, "b.c");
	assert_int_equal(seen.frames[0].line, 33);
	assert_null(seen.frames[1].inlined);
	assert_ptr_equal(seen.frames[1].function, &functions[1]);
	assert_int_equal(seen.frames[1].offset, 2010);
	assert_int_equal(seen.frames[1].line, 22);
	assert_ptr_equal(seen.frames[2].function, &functions[0]);
	assert_int_equal(seen.frames[2].offset, 1020);
	assert_null(seen.frames[2].file);
}

static void code_without_a_place_has_its_function(void **state)
{
	struct seen seen = at(TEXT + 0x150);

	assert_int_equal(seen.count, 1);
	assert_ptr_equal(seen.frames[0].function, &functions[1]);
	assert_int_equal(seen.frames[0].offset, 0);
	assert_int_equal(at(TEXT - 1).count, 0);
}

static void the_second_object_has_a_map_of_its_own(void **state)
{
	struct seen seen = at(TEXT + 0x1010);

	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.frames[0].offset, 1050);
	assert_null(seen.frames[0].file);
	assert_int_equal(at(TEXT + 0x100f).frames[0].offset, 0);
}

/* What no compiler of ours writes, but a linker script or a patch may. */
static void nonsense_ends(void **state)
{
	struct walnut_map *map = (struct walnut_map *)maps;
	struct walnut_source *source = (struct walnut_source *)sources;
	struct walnut_map_inline *inlines = (struct walnut_map_inline *)(map->rows + 3);
	struct walnut_source_place *places = (struct walnut_source_place *)(source->rows + 2);

	places[2].caller = 2;
	assert_int_equal(at(TEXT + 0x20).count, 2);
	places[2].caller = 77;
	assert_true(at(TEXT + 0x20).count >= 1);
	places[2].function = places[2].file = 5000;
	assert_true(at(TEXT + 0x20).count >= 1);
	source->rows[1].place = 99;
	assert_true(at(TEXT + 0x20).count >= 1);
	source->place_count = UINT32_MAX;
	assert_int_equal(at(TEXT).count, 1);
	assert_null(at(TEXT).frames[0].file);
	inlines[0].caller = WALNUT_MAP_INLINED;
	assert_true(at(TEXT + 0x20).count >= 1);
	inlines[0].caller = WALNUT_MAP_INLINED | 5;
	assert_true(at(TEXT + 0x20).count >= 1);
	map->rows[1].place = WALNUT_MAP_INLINED | 9;
	assert_int_equal(at(TEXT + 0x20).count, 1);
	map->row_count = UINT32_MAX;
	assert_int_equal(at(TEXT).count, 1);
	assert_int_equal(at(TEXT).frames[0].offset, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_plain_place_has_function_offset_and_line, tables),
		cmocka_unit_test_setup(inlined_functions_come_first, tables),
		cmocka_unit_test_setup(code_without_a_place_has_its_function, tables),
		cmocka_unit_test_setup(the_second_object_has_a_map_of_its_own, tables),
		cmocka_unit_test_setup(nonsense_ends, tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
