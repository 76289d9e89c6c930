#include "debug/debug_info.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool check_lines(const struct debug_tables *tables)
{
	for (uint32_t i = 0; i < tables->line_count; i++) {
		const struct debug_line *line = &tables->lines[i];

		if (line->file >= tables->string_size ||
		    (i && tables->lines[i - 1].address > line->address))
			return false;
	}
	return true;
}

static bool check_scopes(const struct debug_tables *tables)
{
	for (uint32_t i = 0; i < tables->scope_count; i++) {
		const struct debug_scope *scope = &tables->scopes[i];

		if (scope->name >= tables->string_size || scope->call_file >= tables->string_size ||
		    (scope->parent != DEBUG_NO_PARENT && scope->parent >= i) ||
		    (i && tables->scopes[i - 1].low > scope->low))
			return false;
	}
	return true;
}

int debug_tables_check(const struct debug_tables *tables)
{
	if (tables->line_count == 0 && tables->scope_count == 0)
		return 0;
	if (tables->string_size == 0 || tables->strings[0] || tables->strings[tables->string_size - 1] ||
	    !check_lines(tables) || !check_scopes(tables))
		return -1;
	return 0;
}

struct wasm_bytes debug_info_name(const struct debug_info *info, const struct wasm_module *module,
				  uint32_t function)
{
	const char *name;

	if (!info || function >= info->name_count || info->names[function] == 0)
		return module->funcs[function].name;
	name = info->name_strings + info->names[function];
	return (struct wasm_bytes){ (const uint8_t *)name, strlen(name) };
}

static const struct debug_line *line_at(const struct debug_tables *tables, uint32_t address)
{
	uint32_t low = 0, high = tables->line_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (tables->lines[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? &tables->lines[low - 1] : NULL;
}

/* The innermost one that holds the address: the last to begin before it, or one around
 * that. */
static const struct debug_scope *scope_at(const struct debug_tables *tables, uint32_t address)
{
	uint32_t low = 0, high = tables->scope_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (tables->scopes[middle].low <= address)
			low = middle + 1;
		else
			high = middle;
	}
	low = low ? low - 1 : DEBUG_NO_PARENT;
	while (low != DEBUG_NO_PARENT && tables->scopes[low].high <= address)
		low = tables->scopes[low].parent;
	return low != DEBUG_NO_PARENT ? &tables->scopes[low] : NULL;
}

unsigned debug_info_frames(const struct debug_info *info, uint32_t wasm_offset,
			   struct debug_frame frames[DEBUG_FRAMES_MAX])
{
	const struct debug_tables *tables = &info->tables;
	uint32_t address = wasm_offset - info->code_offset;
	const struct debug_scope *scope;
	const struct debug_line *line;
	struct debug_frame place = { .file = "" };
	unsigned count = 0;

	if (wasm_offset < info->code_offset)
		return 0;
	line = line_at(tables, address);
	scope = scope_at(tables, address);
	if (line && line->line)
		place = (struct debug_frame){ NULL, tables->strings + line->file, line->line, line->column };
	while (scope && scope->parent != DEBUG_NO_PARENT && count < DEBUG_FRAMES_MAX - 1) {
		frames[count] = place;
		frames[count++].function = tables->strings + scope->name;
		place = (struct debug_frame){ NULL, tables->strings + scope->call_file, scope->call_line,
					      scope->call_column };
		scope = &tables->scopes[scope->parent];
	}
	if (count == 0 && place.line == 0)
		return 0;
	frames[count++] = place;
	return count;
}

void debug_info_free(struct debug_info *info)
{
	if (info)
		free(info->memory);
	free(info);
}
