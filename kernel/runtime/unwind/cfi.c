/* See cfi.h. Knows what LLVM emits for functions with a frame pointer; anything else is
 * CFI_BROKEN rather than guessed. Pure: addresses and bytes in, rules out. */
#include "unwind/cfi.h"

#include <stddef.h>

#include "unwind/bytes.h"

#define PCREL_SDATA4 0x1b
#define DATAREL_SDATA4 0x3b
#define UDATA4 0x03
#define INDIRECT_PCREL_SDATA4 0x9b

#define INDEX_HEADER 12
#define INDEX_ROW 8

enum { /* opcodes; the first three have an operand in their lower six bits */
	DW_CFA_ADVANCE_LOC = 0x40,
	DW_CFA_OFFSET = 0x80,
	DW_CFA_RESTORE = 0xc0,
	DW_CFA_NOP = 0x00,
	DW_CFA_ADVANCE_LOC1 = 0x02,
	DW_CFA_ADVANCE_LOC2 = 0x03,
	DW_CFA_ADVANCE_LOC4 = 0x04,
	DW_CFA_OFFSET_EXTENDED = 0x05,
	DW_CFA_REMEMBER_STATE = 0x0a,
	DW_CFA_RESTORE_STATE = 0x0b,
	DW_CFA_DEF_CFA = 0x0c,
	DW_CFA_DEF_CFA_REGISTER = 0x0d,
	DW_CFA_DEF_CFA_OFFSET = 0x0e,
	DW_CFA_GNU_ARGS_SIZE = 0x2e,
};

/* A common information entry: what the functions of an object share. */
struct common {
	uint64_t code_align;
	int64_t data_align;
	bool has_lsda;
	struct cursor program;
};

struct machine {
	const struct common *common;
	struct cfi_frame *frame;
	struct cfi_frame initial;    /* after the common entry's program, for `restore` */
	struct cfi_frame remembered; /* one level, as LLVM uses */
	bool has_remembered;
	uint64_t place, pc;
};

/* The entry at `at`: its contents behind the length. */
static bool open_entry(const struct cfi_tables *tables, const uint8_t *at, struct cursor *entry)
{
	struct cursor all = { at, tables->frames_end, at < tables->frames || at > tables->frames_end };
	uint64_t size = cursor_fixed(&all, 4);

	*entry = (struct cursor){ all.at, all.at, all.failed };
	/* 0 ends the section, 0xffffffff begins a 64-bit length. */
	if (all.failed || !size || size > (uint64_t)(all.end - all.at))
		return false;
	entry->end = all.at + size;
	return true;
}

/* The augmentation: a letter for each piece of data, 'z' for their size. */
static bool read_augmentation(struct cursor *entry, const char *letters, struct common *common)
{
	for (; *letters; letters++) {
		uint8_t encoding = cursor_byte(entry);

		switch (*letters) {
		case 'P': /* the personality routine, always the same */
			if (encoding != INDIRECT_PCREL_SDATA4 && encoding != PCREL_SDATA4)
				return false;
			cursor_skip(entry, 4);
			break;
		case 'L':
			if (encoding != PCREL_SDATA4)
				return false;
			common->has_lsda = true;
			break;
		case 'R':
			if (encoding != PCREL_SDATA4)
				return false;
			break;
		default:
			return false;
		}
	}
	return true;
}

static bool read_common(const struct cfi_tables *tables, const uint8_t *at, struct common *common)
{
	struct cursor entry, augmentation;
	char letters[8];
	size_t count = 0;
	uint64_t size;

	*common = (struct common){ .has_lsda = false };
	if (!open_entry(tables, at, &entry) || cursor_fixed(&entry, 4) != 0 || cursor_byte(&entry) != 1)
		return false;
	while ((letters[count] = (char)cursor_byte(&entry)))
		if (++count == sizeof(letters))
			return false;
	common->code_align = cursor_uleb(&entry);
	common->data_align = cursor_sleb(&entry);
	if (cursor_byte(&entry) != CFI_RETURN || letters[0] != 'z')
		return false;
	size = cursor_uleb(&entry);
	augmentation = entry;
	cursor_skip(&entry, size);
	common->program = entry;
	return read_augmentation(&augmentation, letters + 1, common) && !augmentation.failed &&
	       !entry.failed;
}

static void set_offset(struct machine *machine, struct cursor *program, uint64_t number)
{
	uint64_t factored = cursor_uleb(program);

	if (number >= CFI_REGISTERS)
		program->failed = true;
	else
		machine->frame->saved[number] = (int64_t)(factored * (uint64_t)machine->common->data_align);
}

static void set_cfa_register(struct machine *machine, struct cursor *program)
{
	uint64_t number = cursor_uleb(program);

	if (number != CFI_RBP && number != CFI_RSP)
		program->failed = true;
	machine->frame->cfa_register = (uint32_t)number;
}

static void remember(struct machine *machine, struct cursor *program, bool restore)
{
	if (machine->has_remembered != restore)
		program->failed = true;
	else if (restore)
		*machine->frame = machine->remembered;
	else
		machine->remembered = *machine->frame;
	machine->has_remembered = !restore;
}

static void advance(struct machine *machine, uint64_t delta)
{
	machine->place += delta * machine->common->code_align;
}

static void run_plain(struct machine *machine, struct cursor *program, uint8_t opcode)
{
	switch (opcode) {
	case DW_CFA_NOP:
		break;
	case DW_CFA_ADVANCE_LOC1:
		advance(machine, cursor_fixed(program, 1));
		break;
	case DW_CFA_ADVANCE_LOC2:
		advance(machine, cursor_fixed(program, 2));
		break;
	case DW_CFA_ADVANCE_LOC4:
		advance(machine, cursor_fixed(program, 4));
		break;
	case DW_CFA_OFFSET_EXTENDED:
		set_offset(machine, program, cursor_uleb(program));
		break;
	case DW_CFA_REMEMBER_STATE:
	case DW_CFA_RESTORE_STATE:
		remember(machine, program, opcode == DW_CFA_RESTORE_STATE);
		break;
	case DW_CFA_DEF_CFA:
		set_cfa_register(machine, program);
		machine->frame->cfa_offset = (int64_t)cursor_uleb(program);
		break;
	case DW_CFA_DEF_CFA_REGISTER:
		set_cfa_register(machine, program);
		break;
	case DW_CFA_DEF_CFA_OFFSET:
		machine->frame->cfa_offset = (int64_t)cursor_uleb(program);
		break;
	case DW_CFA_GNU_ARGS_SIZE:
		machine->frame->args_size = cursor_uleb(program);
		break;
	default:
		program->failed = true;
	}
}

/* Runs instructions up to the one that moves past pc. */
static bool run(struct machine *machine, struct cursor program)
{
	while (program.at < program.end && machine->place <= machine->pc && !program.failed) {
		uint8_t opcode = cursor_byte(&program), operand = opcode & 0x3f;

		switch (opcode & 0xc0) {
		case DW_CFA_ADVANCE_LOC:
			advance(machine, operand);
			break;
		case DW_CFA_OFFSET:
			set_offset(machine, &program, operand);
			break;
		case DW_CFA_RESTORE:
			if (operand >= CFI_REGISTERS)
				return false;
			machine->frame->saved[operand] = machine->initial.saved[operand];
			break;
		default:
			run_plain(machine, &program, opcode);
		}
	}
	return !program.failed;
}

/* The function's own entry. */
static enum cfi_result read_function(const struct cfi_tables *tables, const uint8_t *at, uint64_t pc,
				     struct cfi_frame *frame)
{
	struct common common;
	struct machine machine = { .common = &common, .frame = frame };
	struct cursor entry;
	const uint8_t *place;
	uint64_t back, size;

	if (!open_entry(tables, at, &entry))
		return CFI_BROKEN;
	place = entry.at;
	back = cursor_fixed(&entry, 4);
	if (!back || back > (uint64_t)(place - tables->frames) || !read_common(tables, place - back, &common))
		return CFI_BROKEN;
	*frame = (struct cfi_frame){ .start = cursor_relative(&entry) };
	size = cursor_fixed(&entry, 4);
	if (pc < frame->start || pc - frame->start >= size)
		return CFI_NO_FUNCTION;
	for (uint32_t i = 0; i < CFI_REGISTERS; i++)
		frame->saved[i] = CFI_NOT_SAVED;
	size = cursor_uleb(&entry);
	place = entry.at;
	cursor_skip(&entry, size);
	if (common.has_lsda && !entry.failed) {
		struct cursor data = { place, entry.at, false };

		frame->lsda = (const uint8_t *)cursor_relative(&data);
		entry.failed |= data.failed;
	}
	machine.pc = pc;
	machine.place = frame->start;
	if (entry.failed || !run(&machine, common.program))
		return CFI_BROKEN;
	machine.initial = *frame;
	return run(&machine, entry) && frame->cfa_register ? CFI_FOUND : CFI_BROKEN;
}

static int32_t row_value(const uint8_t *row, unsigned offset)
{
	struct cursor cursor = { row + offset, row + INDEX_ROW, false };

	return (int32_t)cursor_fixed(&cursor, 4);
}

enum cfi_result cfi_find(const struct cfi_tables *tables, uint64_t pc, struct cfi_frame *frame)
{
	struct cursor header = { tables->index, tables->index_end, false };
	const uint8_t *rows = tables->index + INDEX_HEADER;
	uint64_t base = (uint64_t)tables->index, low = 0, high;

	if (cursor_fixed(&header, 4) != (1 | PCREL_SDATA4 << 8 | UDATA4 << 16 | (uint32_t)DATAREL_SDATA4 << 24))
		return CFI_BROKEN;
	cursor_skip(&header, 4);
	high = cursor_fixed(&header, 4);
	if (header.failed || high > (uint64_t)(tables->index_end - rows) / INDEX_ROW)
		return CFI_BROKEN;
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;

		if (base + (uint64_t)(int64_t)row_value(rows + middle * INDEX_ROW, 0) <= pc)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return CFI_NO_FUNCTION;
	return read_function(tables, tables->index + row_value(rows + (low - 1) * INDEX_ROW, 4), pc, frame);
}
