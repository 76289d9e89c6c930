/* The registers of an x86-64 as GDB numbers them, and their description for it. */
#ifndef WALNUT_VMM_GDB_REGISTERS_H
#define WALNUT_VMM_GDB_REGISTERS_H

#include <stddef.h>
#include <stdint.h>

/* In the order and with the sizes of the protocol's "g" packet: packed. */
struct __attribute__((packed)) gdb_registers {
	uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp;
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t rip;
	uint32_t eflags;
	uint32_t cs, ss, ds, es, fs, gs;
	uint8_t st[8][10];
	uint32_t fctrl, fstat, ftag, fiseg, fioff, foseg, fooff, fop;
	uint8_t xmm[16][16];
	uint32_t mxcsr;
	uint64_t fs_base, gs_base;
};
_Static_assert(sizeof(struct gdb_registers) == 552, "g packet");

/* Where register `number` lies in the struct; its size, or 0 where there is none. */
size_t gdb_register_place(uint64_t number, size_t *offset);

/* The target description, XML; static. */
const char *gdb_target_description(void);

#endif
