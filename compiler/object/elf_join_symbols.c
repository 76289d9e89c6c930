/* Which symbols the joined object has.
 *
 * Global symbols resolve by name. `walnut.func.*` do so even where they are local in the
 * part that defines them: the table of functions, in the root part, names them all. Hidden
 * symbols named `walnut.*` that a part defines outside of groups are nobody's business but
 * the parts': they become local, so that two modules can be linked. Weak ones, of which the
 * first is as good as any, stay weak, for another object's. Section symbols become one for
 * each joined section; what refers to them gets an offset into it. */
#include "elf_joiner.h"

static int new_entry(struct joiner *joiner, const char *name, const Elf64_Sym *elf,
		     uint32_t section, uint32_t *entry)
{
	if (joiner_grow((void **)&joiner->symbols, joiner->symbol_count, &joiner->symbol_capacity,
			sizeof(*joiner->symbols)))
		return -1;
	*entry = joiner->symbol_count++;
	joiner->symbols[*entry] = (struct symbol){ .name = name, .elf = *elf, .section = section };
	return 0;
}

static int section_symbol(struct joiner *joiner, uint32_t number, uint32_t *entry)
{
	Elf64_Sym elf = { .st_info = ELF64_ST_INFO(STB_LOCAL, STT_SECTION) };

	if (!joiner->sections[number].symbol &&
	    new_entry(joiner, "", &elf, number, &joiner->sections[number].symbol))
		return -1;
	*entry = joiner->sections[number].symbol;
	return 0;
}

static bool has_prefix(const char *name, const char *prefix)
{
	return strncmp(name, prefix, strlen(prefix)) == 0;
}

/* `elf`: as in its part, with its value in the joined section. `section` NO_SECTION and
 * st_shndx SHN_UNDEF: only mentioned there. */
static int resolve(struct joiner *joiner, const char *name, const Elf64_Sym *elf,
		   uint32_t section, uint32_t *entry)
{
	bool defined = section != NO_SECTION || elf->st_shndx != SHN_UNDEF;
	struct symbol *symbol;
	int known;

	*entry = joiner->symbol_count;
	known = name_table_add(&joiner->symbol_table, name, entry);
	if (known <= 0)
		return known ? -1 : new_entry(joiner, name, elf, section, entry);
	symbol = &joiner->symbols[*entry];
	if (!defined)
		return 0;
	if (symbol->section != NO_SECTION || symbol->elf.st_shndx != SHN_UNDEF)
		return ELF64_ST_BIND(elf->st_info) == STB_WEAK ? 0 : -1; /* twice */
	symbol->elf = *elf;
	symbol->section = section;
	return 0;
}

static int add_symbol(struct joiner *joiner, struct input *input, uint64_t index)
{
	uint32_t section = NO_SECTION;
	const char *name;
	Elf64_Sym elf;
	unsigned type;

	if (elf_symbol(&input->elf, &input->symbols, index, &elf) ||
	    input_string(&input->symbol_names, elf.st_name, &name))
		return -1;
	type = ELF64_ST_TYPE(elf.st_info);
	if (type == STT_FILE)
		return input == joiner->inputs
			? new_entry(joiner, name, &elf, NO_SECTION, &input->entry_of[index]) : 0;
	if (elf.st_shndx != SHN_UNDEF && elf.st_shndx < SHN_LORESERVE) {
		if (elf.st_shndx >= input->elf.section_count)
			return -1;
		section = input->section_of[elf.st_shndx];
		elf.st_value += input->base_of[elf.st_shndx];
		if (section == NO_SECTION) { /* in a group that another part brought */
			if (ELF64_ST_BIND(elf.st_info) == STB_LOCAL)
				return 0;
			elf.st_value = 0;
			elf.st_size = 0;
			elf.st_shndx = SHN_UNDEF;
		}
	}
	if (type == STT_SECTION)
		return section == NO_SECTION ? 0 : section_symbol(joiner, section, &input->entry_of[index]);
	if (ELF64_ST_BIND(elf.st_info) == STB_LOCAL && !has_prefix(name, "walnut.func."))
		return new_entry(joiner, name, &elf, section, &input->entry_of[index]);
	return resolve(joiner, name, &elf, section, &input->entry_of[index]);
}

static bool is_local(const struct joiner *joiner, const struct symbol *symbol)
{
	unsigned binding = ELF64_ST_BIND(symbol->elf.st_info);

	if (binding == STB_LOCAL || binding == STB_WEAK)
		return binding == STB_LOCAL;
	return symbol->section != NO_SECTION && !joiner->sections[symbol->section].group &&
	       ELF64_ST_VISIBILITY(symbol->elf.st_other) == STV_HIDDEN &&
	       has_prefix(symbol->name, "walnut.");
}

/* Local ones come first, as ELF wants it. */
static void number_symbols(struct joiner *joiner)
{
	uint32_t next = 1;

	for (uint32_t i = 1; i < joiner->symbol_count; i++) {
		struct symbol *symbol = &joiner->symbols[i];

		symbol->local = is_local(joiner, symbol);
		if (!symbol->local)
			continue;
		symbol->elf.st_info = ELF64_ST_INFO(STB_LOCAL, ELF64_ST_TYPE(symbol->elf.st_info));
		symbol->elf.st_other = STV_DEFAULT;
		symbol->index = next++;
	}
	joiner->symbols[0].local = true;
	for (uint32_t i = 1; i < joiner->symbol_count; i++)
		if (!joiner->symbols[i].local)
			joiner->symbols[i].index = next++;
}

int join_symbols(struct joiner *joiner)
{
	const Elf64_Sym null = { 0 };
	uint32_t entry;

	if (new_entry(joiner, "", &null, NO_SECTION, &entry))
		return -1;
	for (size_t i = 0; i < joiner->count; i++)
		for (uint64_t j = 1; j < joiner->inputs[i].symbol_count; j++)
			if (add_symbol(joiner, &joiner->inputs[i], j))
				return -1;
	/* The signature of a group is a symbol of it. */
	for (uint32_t i = 0; i < joiner->group_count; i++) {
		entry = 0;
		if (name_table_add(&joiner->symbol_table, joiner->groups[i].signature, &entry) != 1)
			return -1;
		joiner->groups[i].symbol = entry;
	}
	number_symbols(joiner);
	return 0;
}
