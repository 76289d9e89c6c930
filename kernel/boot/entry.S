/* The image's two entries. Both switch to the nucleus's own page tables, which map
 * the image here and at VA_KERNEL, then jump high and call nucleus_start():
 *
 *	boot_entry	64-bit Linux protocol: long mode, identity map, RSI = zero page
 *	boot_entry_pvh	PVH: 32-bit protected mode, no paging, EBX = hvm_start_info; or multiboot,
 *			EAX = its magic number, EBX = its information
 *
 * Interrupts are off in both; nothing else is taken for granted, no stack either.
 * On some hosts each instruction here is emulated: keep it short. */
#include "nucleus/layout.h"

#define PHYSICAL(symbol) ((symbol) - VA_KERNEL)

	.section .nucleus.text.entry, "ax", @progbits
	/* First in the image, so that vectors.S can refer to low addresses. */
	.globl boot_entry
	.hidden boot_entry
boot_entry:
	.code64
	rdtsc
	mov %eax, %ebp
	mov %edx, %edi

	mov $MSR_EFER, %ecx
	mov $(EFER_LME | EFER_LMA | EFER_NXE), %eax
	xor %edx, %edx
	wrmsr
	xor %ebx, %ebx
enter_high:
	mov $CR4_VALUE, %eax
	mov %rax, %cr4
	mov $PHYSICAL(nucleus_pml4), %eax
	mov %rax, %cr3
	mov $CR0_VALUE, %eax
	mov %rax, %cr0
	movabs $1f, %rax
	jmp *%rax
1:
	lea nucleus_stack_top(%rip), %rsp
	lgdt nucleus_gdtr(%rip)
	lidt nucleus_idtr(%rip)
	mov $SELECTOR_TSS, %eax
	ltr %ax

	/* nucleus_start(zero page or magic number, start info, tsc) */
	mov %rdi, %rdx
	shl $32, %rdx
	or %rbp, %rdx
	mov %esi, %edi
	mov %ebx, %esi
	cld
	call nucleus_start

	.code32
	.globl boot_entry_pvh
	.hidden boot_entry_pvh
boot_entry_pvh:
	mov %eax, %esi
	rdtsc
	mov %eax, %ebp
	mov %edx, %edi

	mov $CR4_VALUE, %eax
	mov %eax, %cr4
	mov $PHYSICAL(nucleus_pml4), %eax
	mov %eax, %cr3
	mov $MSR_EFER, %ecx
	mov $(EFER_LME | EFER_NXE), %eax
	xor %edx, %edx
	wrmsr
	mov $CR0_VALUE, %eax
	mov %eax, %cr0
	lgdt PHYSICAL(nucleus_gdtr_low)
	ljmp $SELECTOR_CODE, $PHYSICAL(enter_high)

	/* XEN_ELFNOTE_PHYS32_ENTRY; QEMU reads 8 bytes of a 64-bit ELF. */
	.section .note.pvh, "a", @note
	.balign 4
	.long 4
	.long 8
	.long 18
	.asciz "Xen"
	.quad PHYSICAL(boot_entry_pvh)

	.section .note.GNU-stack, "", @progbits
