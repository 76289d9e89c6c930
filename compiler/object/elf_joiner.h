/* What the files of elf_join share. */
#ifndef WALNUT_COMPILER_ELF_JOINER_H
#define WALNUT_COMPILER_ELF_JOINER_H

#include <stdbool.h>
#include <string.h>

#include "elf_object.h"
#include "name_table.h"

#define NO_SECTION UINT32_MAX

/* A section of the result. */
struct section {
	const char *name;
	Elf64_Shdr header; /* sh_size: so far; sh_name, sh_offset: elf_join_write.c */
	uint64_t relocation_count;
	uint64_t relocations_offset; /* where the next one goes */
	uint32_t index;		     /* in the result; its relocations are the next section */
	uint32_t symbol;	     /* entry of its section symbol; 0: none yet */
	uint32_t group;		     /* one of groups plus one; 0: in none */
	uint32_t namesake;	     /* another section of this name, plus one; 0: none */
};

struct group {
	const char *signature;
	uint32_t flags;
	uint32_t symbol; /* entry */
	uint32_t member_count;
	uint64_t offset; /* elf_join_write.c: where the next member's index goes */
};

struct symbol {
	const char *name;
	Elf64_Sym elf;	  /* st_shndx: of meaning for what is in no section only */
	uint32_t section; /* where it is defined, or NO_SECTION */
	uint32_t index;	  /* in the result */
	bool local;
};

struct strings {
	const char *data; /* ends with a NUL */
	size_t size;
};

struct input {
	struct elf_object elf;
	Elf64_Shdr symbols;
	struct strings section_names, symbol_names;
	uint32_t *section_of; /* by section: its place in the result, or NO_SECTION */
	uint64_t *base_of;    /* by section: where it begins there */
	uint32_t *group_of;   /* by section: 0, a kept group plus one, or NO_SECTION */
	uint32_t *entry_of;   /* by symbol; 0: nothing that anybody may refer to */
	uint64_t symbol_count;
};

struct joiner {
	struct input *inputs;
	size_t count;
	bool keep_debug;
	struct section *sections;
	uint32_t section_count, section_capacity;
	struct group *groups;
	uint32_t group_count, group_capacity;
	struct symbol *symbols; /* entry 0 is the null symbol */
	uint32_t symbol_count, symbol_capacity;
	struct name_table section_table, group_table, symbol_table;
	const char *problem; /* what made a step fail; NULL: memory, or a broken object */
};

/* All return 0, or -1. */
int joiner_grow(void **array, uint32_t count, uint32_t *capacity, size_t size);
int input_string(const struct strings *strings, uint64_t offset, const char **string);
int join_sections(struct joiner *joiner);
int join_symbols(struct joiner *joiner);
int join_write(struct joiner *joiner, uint8_t **out, size_t *out_size);

#endif
