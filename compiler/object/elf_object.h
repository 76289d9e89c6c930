/* Bounds-checked reading of an ELF64 relocatable object, and writing it anew with other
 * sections. */
#ifndef WALNUT_COMPILER_ELF_OBJECT_H
#define WALNUT_COMPILER_ELF_OBJECT_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_object {
	const uint8_t *bytes;
	size_t size;
	uint64_t section_count;
	uint64_t name_section; /* index of the section names */
};

/* What elf_object_rewrite() adds or replaces. */
struct elf_new_section {
	const char *name;
	uint64_t replaces; /* index of the section whose index (and symbol) it gets; 0: none */
	uint32_t type;
	uint64_t flags;
	uint64_t align;
	uint64_t entry_size;
	uint32_t link, info; /* info: ELF_INFO_PREVIOUS for the new section before */
	const void *content;
	size_t size;
};
#define ELF_INFO_PREVIOUS UINT32_MAX

/* All return 0, or -1 when the object is not what it should be. */
int elf_object_open(struct elf_object *elf, const uint8_t *bytes, size_t size);
int elf_section(const struct elf_object *elf, uint64_t index, Elf64_Shdr *header);
int elf_find_section(const struct elf_object *elf, const char *name, uint64_t *index,
		     Elf64_Shdr *header);
/* Its bytes; NULL when they are not in the file. */
const uint8_t *elf_content(const struct elf_object *elf, const Elf64_Shdr *header);
/* Entry `index` of a symbol table. */
int elf_symbol(const struct elf_object *elf, const Elf64_Shdr *table, uint64_t index,
	       Elf64_Sym *symbol);
/* The whole object again with sections added, replaced, and dropped (dropped[i] for each
 * section that it has, or NULL): of a dropped one an inactive header remains, so that the
 * others keep their indices. malloc'd. */
int elf_object_rewrite(const struct elf_object *elf, const bool *dropped,
		       const struct elf_new_section *sections, size_t count, uint8_t **out,
		       size_t *out_size);

#endif
