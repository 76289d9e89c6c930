/* Call frame information (.eh_frame, DWARF 5 section 6.4, and the Linux Standard Base): how
 * to get from a function's registers to those of its caller. */
#ifndef WALNUT_RUNTIME_UNWIND_CFI_H
#define WALNUT_RUNTIME_UNWIND_CFI_H

#include <stdbool.h>
#include <stdint.h>

/* The registers that a function preserves, and the two that place it; DWARF numbers. */
enum cfi_register {
	CFI_RBX = 3,
	CFI_RBP = 6,
	CFI_RSP = 7,
	CFI_R12 = 12,
	CFI_R13 = 13,
	CFI_R14 = 14,
	CFI_R15 = 15,
	CFI_RETURN = 16,
	CFI_REGISTERS,
};

/* The tables of the image: .eh_frame, and the index that the linker makes of it
 * (.eh_frame_hdr), sorted by function. */
struct cfi_tables {
	const uint8_t *frames, *frames_end;
	const uint8_t *index, *index_end;
};

#define CFI_NOT_SAVED INT64_MIN

/* What holds at one place of a function. The frame's address (CFA) is the value of a
 * register plus an offset, and saved registers lie at offsets from it. */
struct cfi_frame {
	uint64_t start;	   /* of the function */
	const uint8_t *lsda; /* its exception table; NULL: it has no handlers */
	uint32_t cfa_register; /* CFI_RBP or CFI_RSP */
	int64_t cfa_offset;
	int64_t saved[CFI_REGISTERS]; /* offset, or CFI_NOT_SAVED */
	uint64_t args_size; /* bytes that the caller had pushed for the call at this place */
};

enum cfi_result { CFI_FOUND, CFI_NO_FUNCTION, CFI_BROKEN };

/* Looks up the function that `pc` lies in; `pc` is the address of a call, which is before
 * the return address. */
enum cfi_result cfi_find(const struct cfi_tables *tables, uint64_t pc, struct cfi_frame *frame);

#endif
