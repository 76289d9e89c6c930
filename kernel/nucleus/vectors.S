/* Descriptor tables, page tables and the ways into ring 0. The tables are complete
 * as linked: code would have to run, one emulated instruction after the other, to
 * fill them. That works because both sections begin at known addresses, so that the
 * halves of a gate or of a TSS descriptor are constants to the assembler. */
#include "debug_port.h" /* abi/ */
#include "layout.h"

	.section .nucleus.text.vectors, "ax", @progbits
	.code64

/* Ring 3's faults, and ring 0's own: builds struct nucleus_fault, from its tail up. */
	.macro exception number, has_code
exception_\number:
	.if !\has_code
	push $0
	.endif
	push $\number
	jmp exception_common
	.endm

	/* Gate addresses are relative to this label; walnut.ld asserts where it lies. */
	.globl nucleus_vectors
	.hidden nucleus_vectors
nucleus_vectors:
	.irp number, 0, 1, 2, 4, 5, 6, 7, 9, 15, 16, 18, 19, 20, 22, 23, 24, 25, 26, 27, 28, 31
	exception \number, 0
	.endr
	.irp number, 8, 10, 11, 12, 13, 14, 17, 21, 29, 30
	exception \number, 1
	.endr

	/* Stack: vector, error code, rip, cs, rflags, rsp, ss. */
exception_common:
	out %al, $WALNUT_DEBUG_PORT
	jmp 1f
	add $16, %rsp
	iretq
1:
	.irp register, r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax
	push %\register
	.endr
	mov %rsp, %rdi
	cld
	call nucleus_exception

	/* NUCLEUS_VECTOR. The call numbers' order is that of the table. Another number
	 * is a jump into padding rather than a call. */
system_call:
	cld
	dec %rax
	cmp $((call_table_end - call_table) / 8), %rax
	jae exception_3
	lea call_table(%rip), %r8
	call *(%r8, %rax, 8)
	iretq
	exception 3, 0

	/* Interrupts end nucleus_wait(): drop their frame and be its caller again.
	 * Ring 3 has them off; should a host not keep to that, one is remembered. */
interrupt:
	testb $3, 8(%rsp)
	jnz 1f
	mov 24(%rsp), %rsp
	ret
1:
	.irp register, rax, rcx, rdx, rsi, rdi, r8, r9, r10, r11
	push %\register
	.endr
	cld
	call nucleus_interrupt
	.irp register, r11, r10, r9, r8, rdi, rsi, rdx, rcx, rax
	pop %\register
	.endr
	iretq

	/* void nucleus_wait(void): halts until an interrupt. The next instruction
	 * after sti is still covered by it, so none is lost. */
	.globl nucleus_wait
	.hidden nucleus_wait
nucleus_wait:
	sti
	hlt
	jmp nucleus_wait

	/* void nucleus_enter(rip, rsp, rdi, rsi, rdx): to ring 3, with interrupts off. */
	.globl nucleus_enter
	.hidden nucleus_enter
nucleus_enter:
	push $SELECTOR_USER_DATA
	push %rsi
	push $RFLAGS_RESERVED
	push $SELECTOR_USER_CODE
	push %rdi
	mov %rdx, %rdi
	mov %rcx, %rsi
	mov %r8, %rdx
	iretq

	/* void nucleus_triple_fault(void) */
	.globl nucleus_triple_fault
	.hidden nucleus_triple_fault
nucleus_triple_fault:
	lidt no_idt(%rip)
	ud2

	.section .nucleus.rodata.calls, "a", @progbits
	.balign 8
call_table:
	.quad nucleus_map, nucleus_unmap, nucleus_idle, nucleus_irq_enable
	.quad nucleus_set_fault_handler, nucleus_power_off, nucleus_serial_write, nucleus_mmio_map
	.quad nucleus_clock_start, nucleus_enable_features, nucleus_port_read, nucleus_port_write
call_table_end:
no_idt:
	.short 0
	.quad 0

	.section .nucleus.data.tables, "aw", @progbits
	/* At VA_NUCLEUS_DATA. The stack shares the tables' page: fewer pages to touch.
	 * Below it lies the end of slot 1, read-only: an overflow cannot go unseen. */
tables:
	.skip 1536
	.globl nucleus_stack_top
	.hidden nucleus_stack_top
nucleus_stack_top:

gdt:
	.quad 0
	.quad 0x00af9b000000ffff /* SELECTOR_CODE */
	.quad 0x00cff3000000ffff /* SELECTOR_USER_DATA */
	.quad 0x00affb000000ffff /* SELECTOR_USER_CODE */
	.short tss_end - tss - 1, tss - tables /* SELECTOR_TSS */
	.byte VA_NUCLEUS_DATA >> 16 & 0xff, 0x89, 0, VA_NUCLEUS_DATA >> 24 & 0xff
	.quad VA_NUCLEUS_DATA >> 32
gdt_end:

tss:
	.long 0
	.quad nucleus_stack_top /* RSP0 */
	.skip 90
	.short 104 /* no I/O bitmap */
tss_end:

	.globl nucleus_gdtr, nucleus_gdtr_low, nucleus_idtr
	.hidden nucleus_gdtr, nucleus_gdtr_low, nucleus_idtr
nucleus_gdtr:
	.short gdt_end - gdt - 1
	.quad gdt
nucleus_gdtr_low: /* for the 32-bit entry, before paging */
	.short gdt_end - gdt - 1
	.long gdt - VA_KERNEL
nucleus_idtr:
	.short idt_end - idt - 1
	.quad idt

	.macro gate handler, type
	.short (\handler - nucleus_vectors), SELECTOR_CODE
	.byte 0, \type
	.short VA_NUCLEUS_TEXT >> 16 & 0xffff
	.quad VA_NUCLEUS_TEXT >> 32
	.endm

	.balign 16
idt:
	.irp number, 0, 1, 2
	gate exception_\number, 0x8e
	.endr
	gate system_call, 0xee /* NUCLEUS_VECTOR */
	.irp number, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	gate exception_\number, 0x8e
	.endr
	.irp number, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	gate exception_\number, 0x8e
	.endr
	.skip (VECTOR_DEVICE - 32) * 16
	gate interrupt, 0x8e /* VECTOR_DEVICE */
	gate interrupt, 0x8e /* VECTOR_TIMER */
	.skip (VECTOR_SPURIOUS - VECTOR_TIMER - 1) * 16
	gate interrupt, 0x8e
idt_end:

	/* Page tables: the top level, one page directory pointer table, and the page
	 * directory that layout.h describes. nucleus_start() corrects the image's
	 * slots; the identity map, entry 0, goes away before ring 3 runs. */
	.section .nucleus.data.page_tables, "aw", @progbits
	.balign 4096
	.globl nucleus_pml4
	.hidden nucleus_pml4
nucleus_pml4:
	.quad kernel_pdpt - VA_KERNEL + (PTE_P | PTE_W)
	.skip ((VA_KERNEL >> 39) - 1) * 8
	.quad kernel_pdpt - VA_KERNEL + (PTE_P | PTE_W | PTE_U)
	.balign 4096
kernel_pdpt:
	.quad nucleus_kernel_pd - VA_KERNEL + (PTE_P | PTE_W | PTE_U)
	.balign 4096
	.globl nucleus_kernel_pd
	.hidden nucleus_kernel_pd
nucleus_kernel_pd:
	.quad PTE_NX | PTE_PS | PTE_U | PTE_W | PTE_P
	.quad 1 * SLOT_SIZE | PTE_PS | PTE_P
	.quad PTE_NX | 2 * SLOT_SIZE | PTE_PS | PTE_W | PTE_P
	.set slot, 3
	.rept SLOT_DEVICES - 3
	.quad PTE_NX | slot * SLOT_SIZE | PTE_PS | PTE_U | PTE_W | PTE_P
	.set slot, slot + 1
	.endr
	.quad PTE_NX | NUCLEUS_DEVICES_1 | PTE_PCD | PTE_PS | PTE_U | PTE_W | PTE_P
	.quad PTE_NX | NUCLEUS_DEVICES_2 | PTE_PCD | PTE_PS | PTE_U | PTE_W | PTE_P
	.quad PTE_NX | (PA_IOAPIC & -SLOT_SIZE) | PTE_PCD | PTE_PS | PTE_W | PTE_P
	.quad PTE_NX | (PA_LAPIC & -SLOT_SIZE) | PTE_PCD | PTE_PS | PTE_W | PTE_P
	.balign 4096

	.section .note.GNU-stack, "", @progbits
