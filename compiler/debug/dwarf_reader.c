/* A walk over all units: their line tables, and of their trees the functions and what
 * was inlined into them. DWARF for WebAssembly is that of any 32-bit target; addresses
 * count from the beginning of the code section's content. Code that the module's linker
 * dropped keeps its entries, at addresses past the end. */
#include "debug/dwarf_reader.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dwarf.h>
#include <elfutils/libdw.h>

#include "debug/demangle.h"
#include "debug/strings.h"

#define SECTIONS_MAX 32
#define DEPTH_MAX 256 /* of the tree */

struct reader {
	const struct wasm_module *module;
	struct string_table strings;
	struct debug_line *lines;
	struct found_scope *scopes;
	uint32_t line_count, line_capacity, scope_count, scope_capacity;
	/* Of the unit: */
	Dwarf_Files *files;
	size_t file_count;
	const char *folder; /* where its compiler ran; NULL: not known */
	bool failed;
};

struct found_scope {
	struct debug_scope scope;
	uint32_t depth, order; /* in the tree */
};

static bool is_debug_section(const struct wasm_custom *custom)
{
	return custom->name.size > 7 && custom->name.size < 32 &&
	       memcmp(custom->name.data, ".debug_", 7) == 0;
}

bool dwarf_present(const struct wasm_module *module)
{
	for (uint32_t i = 0; i < module->custom_count; i++) {
		const struct wasm_bytes *name = &module->customs[i].name;

		if (name->size == 11 && memcmp(name->data, ".debug_line", 11) == 0)
			return true;
	}
	return false;
}

/* --- An ELF file around the sections, as libdw wants it ----------------------------- */

static size_t image_size(const struct wasm_module *module, uint32_t *count)
{
	size_t size = sizeof(Elf32_Ehdr) + (SECTIONS_MAX + 2) * (sizeof(Elf32_Shdr) + 32);

	*count = 0;
	for (uint32_t i = 0; i < module->custom_count && *count < SECTIONS_MAX; i++) {
		if (!is_debug_section(&module->customs[i]))
			continue;
		size += module->customs[i].payload.size;
		++*count;
	}
	return size;
}

static void *make_image(const struct wasm_module *module, size_t *size)
{
	uint32_t count, index = 1;
	char *image = calloc(1, *size = image_size(module, &count));
	Elf32_Ehdr *file = (Elf32_Ehdr *)image;
	Elf32_Shdr *table = (Elf32_Shdr *)(file + 1);
	size_t names = sizeof(*file) + (count + 2) * sizeof(*table), name = 1;
	size_t at = names + (SECTIONS_MAX + 2) * 32;

	if (!image)
		return NULL;
	memcpy(file->e_ident, ELFMAG, SELFMAG);
	file->e_ident[EI_CLASS] = ELFCLASS32;
	file->e_ident[EI_DATA] = ELFDATA2LSB;
	file->e_ident[EI_VERSION] = file->e_version = EV_CURRENT;
	file->e_type = ET_EXEC;
	file->e_machine = EM_386; /* any with 32 bits */
	file->e_ehsize = sizeof(*file);
	file->e_shoff = sizeof(*file);
	file->e_shentsize = sizeof(*table);
	file->e_shnum = (Elf32_Half)(count + 2);
	file->e_shstrndx = (Elf32_Half)(count + 1);
	for (uint32_t i = 0; index <= count; i++) {
		const struct wasm_custom *custom = &module->customs[i];

		if (!is_debug_section(custom))
			continue;
		table[index++] = (Elf32_Shdr){
			.sh_name = (Elf32_Word)name, .sh_type = SHT_PROGBITS, .sh_addralign = 1,
			.sh_offset = (Elf32_Off)at, .sh_size = (Elf32_Word)custom->payload.size,
		};
		memcpy(image + names + name, custom->name.data, custom->name.size);
		name += custom->name.size + 1;
		memcpy(image + at, custom->payload.data, custom->payload.size);
		at += custom->payload.size;
	}
	memcpy(image + names + name, ".shstrtab", 9);
	table[index] = (Elf32_Shdr){
		.sh_name = (Elf32_Word)name, .sh_type = SHT_STRTAB, .sh_addralign = 1,
		.sh_offset = (Elf32_Off)names, .sh_size = (Elf32_Word)(name + 10),
	};
	return image;
}

/* --- Lines ---------------------------------------------------------------------------- */

static void add_line(struct reader *reader, struct debug_line line)
{
	if (reader->line_count == reader->line_capacity) {
		uint32_t capacity = reader->line_capacity ? reader->line_capacity * 2 : 4096;
		struct debug_line *lines = reallocarray(reader->lines, capacity, sizeof(*lines));

		if (!lines) {
			reader->failed = true;
			return;
		}
		reader->lines = lines;
		reader->line_capacity = capacity;
	}
	reader->lines[reader->line_count++] = line;
}

static bool in_code(const struct reader *reader, Dwarf_Addr address)
{
	return address > 0 && address <= reader->module->code_size;
}

/* A path as the unit names it; relative ones begin where its compiler ran. */
static uint32_t add_path(struct reader *reader, const char *path)
{
	char *whole = NULL;
	uint32_t string;

	if (path[0] != '/' && reader->folder && reader->folder[0] == '/' &&
	    asprintf(&whole, "%s/%s", reader->folder, path) < 0)
		whole = NULL;
	string = string_table_add(&reader->strings, whole ? whole : path);
	free(whole);
	return string;
}

static void read_lines(struct reader *reader, Dwarf_Die *unit)
{
	const char *last_file = NULL;
	uint32_t last_string = 0;
	Dwarf_Lines *lines;
	size_t count;

	if (dwarf_getsrclines(unit, &lines, &count) != 0)
		return;
	for (size_t i = 0; i < count && !reader->failed; i++) {
		Dwarf_Line *line = dwarf_onesrcline(lines, i);
		struct debug_line found = { 0 };
		int number = 0, column = 0;
		bool end = true;
		Dwarf_Addr address;
		const char *file;

		if (dwarf_lineaddr(line, &address) != 0 || !in_code(reader, address))
			continue;
		found.address = (uint32_t)address;
		if (dwarf_lineendsequence(line, &end) == 0 && !end && dwarf_lineno(line, &number) == 0 &&
		    number > 0 && (file = dwarf_linesrc(line, NULL, NULL))) {
			if (file != last_file)
				last_string = add_path(reader, file);
			last_file = file;
			dwarf_linecol(line, &column);
			found.file = last_string;
			found.line = (uint32_t)number;
			found.column = column > 0 ? (uint32_t)column : 0;
		}
		add_line(reader, found);
	}
}

/* By address; where one sequence ends and another begins, the end comes first. */
static int compare_lines(const void *left, const void *right)
{
	const struct debug_line *a = left, *b = right;

	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	return (a->line != 0) - (b->line != 0);
}

/* --- Functions and what was inlined --------------------------------------------------- */

static uint32_t name_of(struct reader *reader, Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	const char *name = NULL;
	char *readable;
	uint32_t string;

	if (dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute) ||
	    dwarf_attr_integrate(die, DW_AT_MIPS_linkage_name, &attribute))
		name = dwarf_formstring(&attribute);
	readable = name ? demangle(name) : NULL;
	if (!readable)
		name = dwarf_diename(die);
	string = string_table_add(&reader->strings, readable ? readable : name && *name ? name : "?");
	free(readable);
	return string;
}

static uint32_t number_of(Dwarf_Die *die, unsigned attribute_name)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value;

	if (!dwarf_attr(die, attribute_name, &attribute) || dwarf_formudata(&attribute, &value) != 0 ||
	    value > UINT32_MAX)
		return 0;
	return (uint32_t)value;
}

static void add_scope(struct reader *reader, const struct debug_scope *scope, uint32_t depth)
{
	if (reader->scope_count == reader->scope_capacity) {
		uint32_t capacity = reader->scope_capacity ? reader->scope_capacity * 2 : 1024;
		struct found_scope *scopes = reallocarray(reader->scopes, capacity, sizeof(*scopes));

		if (!scopes) {
			reader->failed = true;
			return;
		}
		reader->scopes = scopes;
		reader->scope_capacity = capacity;
	}
	reader->scopes[reader->scope_count] = (struct found_scope){ *scope, depth, reader->scope_count };
	reader->scope_count++;
}

static void read_scope(struct reader *reader, Dwarf_Die *die, bool inlined, uint32_t depth)
{
	struct debug_scope scope = { .parent = DEBUG_NO_PARENT };
	Dwarf_Addr base, begin, end;
	ptrdiff_t at = 0;
	bool named = false;

	while (!reader->failed && (at = dwarf_ranges(die, at, &base, &begin, &end)) > 0) {
		if (!in_code(reader, begin) || !in_code(reader, end) || begin >= end)
			continue;
		if (!named && inlined) {
			uint32_t file = number_of(die, DW_AT_call_file);
			const char *path = file < reader->file_count
				? dwarf_filesrc(reader->files, file, NULL, NULL) : NULL;

			scope.name = name_of(reader, die);
			scope.call_file = path ? add_path(reader, path) : 0;
			scope.call_line = number_of(die, DW_AT_call_line);
			scope.call_column = number_of(die, DW_AT_call_column);
		}
		named = true;
		scope.low = (uint32_t)begin;
		scope.high = (uint32_t)end;
		add_scope(reader, &scope, depth);
	}
}

static void read_tree(struct reader *reader, Dwarf_Die *parent, uint32_t depth)
{
	Dwarf_Die die;

	if (depth > DEPTH_MAX || dwarf_child(parent, &die) != 0)
		return;
	do {
		int tag = dwarf_tag(&die);

		if (tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine)
			read_scope(reader, &die, tag == DW_TAG_inlined_subroutine, depth);
		if (tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine || tag == DW_TAG_namespace ||
		    tag == DW_TAG_lexical_block || tag == DW_TAG_structure_type || tag == DW_TAG_class_type ||
		    tag == DW_TAG_module)
			read_tree(reader, &die, depth + 1);
	} while (!reader->failed && dwarf_siblingof(&die, &die) == 0);
}

static int compare_scopes(const void *left, const void *right)
{
	const struct found_scope *a = left, *b = right;

	if (a->scope.low != b->scope.low)
		return a->scope.low < b->scope.low ? -1 : 1;
	if (a->depth != b->depth)
		return a->depth < b->depth ? -1 : 1;
	return (a->order > b->order) - (a->order < b->order);
}

/* Finds each scope's parent: the innermost before it that is still open. What sticks out
 * of its parent is cut off; what was inlined into nothing is left out. */
static void nest_scopes(struct reader *reader, struct debug_tables *tables)
{
	uint32_t open = DEBUG_NO_PARENT, count = 0;

	for (uint32_t i = 0; i < reader->scope_count; i++) {
		struct debug_scope scope = reader->scopes[i].scope;

		while (open != DEBUG_NO_PARENT && tables->scopes[open].high <= scope.low)
			open = tables->scopes[open].parent;
		if ((open == DEBUG_NO_PARENT) != (scope.name == 0))
			continue;
		if (open != DEBUG_NO_PARENT && scope.high > tables->scopes[open].high)
			scope.high = tables->scopes[open].high;
		scope.parent = open;
		open = count;
		tables->scopes[count++] = scope;
	}
	tables->scope_count = count;
}

static int finish(struct reader *reader, struct debug_tables *tables)
{
	if (reader->line_count)
		qsort(reader->lines, reader->line_count, sizeof(*reader->lines), compare_lines);
	if (reader->scope_count)
		qsort(reader->scopes, reader->scope_count, sizeof(*reader->scopes), compare_scopes);
	tables->scopes = calloc(reader->scope_count + 1, sizeof(*tables->scopes));
	if (!tables->scopes)
		return -1;
	nest_scopes(reader, tables);
	string_table_add(&reader->strings, "");
	tables->lines = reader->lines;
	tables->line_count = reader->line_count;
	tables->strings = reader->strings.bytes;
	tables->string_size = reader->strings.size;
	return reader->strings.failed ? -1 : 0;
}

int dwarf_read(const struct wasm_module *module, struct debug_tables *tables)
{
	struct reader reader = { .module = module };
	size_t size, units = 0;
	char *image = make_image(module, &size);
	Elf *elf = image && elf_version(EV_CURRENT) != EV_NONE ? elf_memory(image, size) : NULL;
	Dwarf *dwarf = elf ? dwarf_begin_elf(elf, DWARF_C_READ, NULL) : NULL;
	Dwarf_CU *unit = NULL;
	Dwarf_Attribute folder;
	Dwarf_Die die;
	uint8_t type;
	int more;

	if (!dwarf)
		return -1;
	while (!reader.failed &&
	       (more = dwarf_get_units(dwarf, unit, &unit, NULL, &type, &die, NULL)) == 0) {
		reader.folder = dwarf_attr(&die, DW_AT_comp_dir, &folder) ? dwarf_formstring(&folder) : NULL;
		if (dwarf_getsrcfiles(&die, &reader.files, &reader.file_count) != 0)
			reader.file_count = 0;
		read_lines(&reader, &die);
		read_tree(&reader, &die, 0);
		units++;
	}
	/* What was read before the nonsense began may be as wrong as the rest. */
	if (reader.failed || more < 0 || units == 0)
		return -1;
	return finish(&reader, tables);
}
