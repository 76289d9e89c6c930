/* The DWARF line number state machine, as far as address and line go. */
#include "dwarf_line.h"

#include <string.h>

enum standard_opcode {
	DW_LNS_EXTENDED = 0,
	DW_LNS_COPY = 1,
	DW_LNS_ADVANCE_PC = 2,
	DW_LNS_ADVANCE_LINE = 3,
	DW_LNS_SET_FILE = 4,
	DW_LNS_SET_COLUMN = 5,
	DW_LNS_CONST_ADD_PC = 8,
	DW_LNS_FIXED_ADVANCE_PC = 9,
};
enum extended_opcode { DW_LNE_END_SEQUENCE = 1, DW_LNE_SET_ADDRESS = 2 };

struct cursor {
	const uint8_t *begin, *at, *end; /* begin: of the section */
	bool failed;			 /* something was cut off */
};

static uint64_t fixed(struct cursor *cursor, unsigned size)
{
	uint64_t value = 0;

	if ((size_t)(cursor->end - cursor->at) < size) {
		cursor->failed = true;
		cursor->at = cursor->end;
		return 0;
	}
	memcpy(&value, cursor->at, size); /* little-endian, as is every x86-64 host */
	cursor->at += size;
	return value;
}

/* The bits of a LEB128 number of either kind, and how many there are. */
static uint64_t leb(struct cursor *cursor, unsigned *width)
{
	uint64_t value = 0, byte;

	*width = 0;
	do {
		byte = fixed(cursor, 1);
		if (*width < 64)
			value |= (byte & 0x7f) << *width;
		*width += 7;
	} while (byte & 0x80 && !cursor->failed);
	return value;
}

static uint64_t uleb(struct cursor *cursor)
{
	unsigned width;

	return leb(cursor, &width);
}

static int64_t sleb(struct cursor *cursor)
{
	unsigned width;
	uint64_t value = leb(cursor, &width);

	if (width < 64 && value >> (width - 1) & 1)
		value |= ~UINT64_C(0) << width;
	return (int64_t)value;
}

struct program {
	uint8_t min_instruction, line_range, opcode_base;
	int8_t line_base;
	const uint8_t *operand_counts; /* of standard opcodes 1 … opcode_base - 1 */
	/* registers */
	uint64_t address, line;
	bool known; /* address is in the section of interest */
};

static void reset(struct program *program)
{
	program->address = 0;
	program->line = 1;
	program->known = false;
}

static int emit(const struct program *program, const struct dwarf_line_visitor *visitor, uint64_t line)
{
	return program->known ? visitor->row(visitor->opaque, program->address, line) : 0;
}

static int extended(struct cursor *cursor, struct program *program,
		    const struct dwarf_line_visitor *visitor)
{
	uint64_t size = uleb(cursor);
	const uint8_t *next;
	int result = 0;

	if (cursor->failed || size == 0 || size > (uint64_t)(cursor->end - cursor->at))
		return -1;
	next = cursor->at + size;
	switch (fixed(cursor, 1)) {
	case DW_LNE_END_SEQUENCE:
		result = emit(program, visitor, 0);
		reset(program);
		break;
	case DW_LNE_SET_ADDRESS:
		program->known = visitor->address(visitor->opaque,
						  (uint64_t)(cursor->at - cursor->begin),
						  &program->address);
		break;
	default:
		break;
	}
	cursor->at = next;
	return result;
}

static int standard(struct cursor *cursor, struct program *program,
		    const struct dwarf_line_visitor *visitor, uint8_t opcode)
{
	switch (opcode) {
	case DW_LNS_COPY:
		return emit(program, visitor, program->line);
	case DW_LNS_ADVANCE_PC:
		program->address += uleb(cursor) * program->min_instruction;
		return 0;
	case DW_LNS_ADVANCE_LINE:
		program->line += (uint64_t)sleb(cursor);
		return 0;
	case DW_LNS_CONST_ADD_PC:
		program->address += (uint64_t)((255 - program->opcode_base) / program->line_range) *
				    program->min_instruction;
		return 0;
	case DW_LNS_FIXED_ADVANCE_PC:
		program->address += fixed(cursor, 2);
		return 0;
	default: /* of no interest: files, columns, flags */
		for (uint8_t i = 0; i < program->operand_counts[opcode - 1]; i++)
			uleb(cursor);
		return 0;
	}
}

static int run(struct cursor *cursor, struct program *program, const struct dwarf_line_visitor *visitor)
{
	reset(program);
	while (cursor->at < cursor->end) {
		uint8_t opcode = (uint8_t)fixed(cursor, 1);
		int result;

		if (opcode >= program->opcode_base) {
			uint8_t adjusted = opcode - program->opcode_base;

			program->address += (uint64_t)(adjusted / program->line_range) *
					    program->min_instruction;
			program->line += (uint64_t)(int64_t)(program->line_base +
							     adjusted % program->line_range);
			result = emit(program, visitor, program->line);
		} else if (opcode == DW_LNS_EXTENDED) {
			result = extended(cursor, program, visitor);
		} else {
			result = standard(cursor, program, visitor, opcode);
		}
		if (result || cursor->failed)
			return -1;
	}
	return 0;
}

/* One unit: its header up to the program. Leaves the cursor there. */
static int read_header(struct cursor *cursor, struct program *program)
{
	uint64_t version = fixed(cursor, 2), header_size;
	const uint8_t *first;

	if (version < 4 || version > 5)
		return -1;
	if (version == 5)
		fixed(cursor, 2); /* sizes of address and segment selector */
	header_size = fixed(cursor, 4);
	if (cursor->failed || header_size > (uint64_t)(cursor->end - cursor->at))
		return -1;
	first = cursor->at + header_size;
	program->min_instruction = (uint8_t)fixed(cursor, 1);
	fixed(cursor, 2); /* operations per instruction, is_stmt */
	program->line_base = (int8_t)fixed(cursor, 1);
	program->line_range = (uint8_t)fixed(cursor, 1);
	program->opcode_base = (uint8_t)fixed(cursor, 1);
	program->operand_counts = cursor->at;
	if (cursor->failed || program->line_range == 0 || program->opcode_base == 0 ||
	    first - cursor->at < program->opcode_base - 1)
		return -1;
	cursor->at = first;
	return 0;
}

int dwarf_line_read(const uint8_t *section, size_t size, const struct dwarf_line_visitor *visitor)
{
	struct cursor all = { section, section, section + size, false };

	while (all.at < all.end) {
		uint64_t unit_size = fixed(&all, 4);
		struct program program = { 0 };
		struct cursor unit;

		/* 0xffffffff would begin the 64-bit format, which nobody writes here. */
		if (all.failed || unit_size > (uint64_t)(all.end - all.at))
			return -1;
		unit = (struct cursor){ section, all.at, all.at + unit_size, false };
		if (read_header(&unit, &program) || run(&unit, &program, visitor))
			return -1;
		all.at = unit.end;
	}
	return 0;
}
