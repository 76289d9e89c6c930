/* The smallest guest that VMMs can be compared by: an ELF kernel for PVH's entry (protected mode,
 * no paging), which writes one byte to the first serial port.
 *
 *	TOUCH_MIB	before that it writes to each page of so much RAM from 16 MiB on
 *	STAY		after that it halts; else it resets the machine
 */
#define COM1 0x3f8
#define I8042_COMMAND 0x64
#define I8042_RESET 0xfe
#define TOUCH_FROM 0x1000000
#define PAGE 0x1000

	.code32
	.text
	.globl start
start:
#ifdef TOUCH_MIB
	mov $TOUCH_FROM, %ebx
	mov $(TOUCH_MIB * (1 << 20) / PAGE), %ecx
1:	mov %ecx, (%ebx)
	add $PAGE, %ebx
	loop 1b
#endif
	mov $COM1, %dx
	mov $'!', %al
	out %al, %dx
#ifdef STAY
2:	hlt
	jmp 2b
#else
	mov $I8042_RESET, %al
	out %al, $I8042_COMMAND
	/* Where there is no such controller: a triple fault. */
	lidt empty
	ud2
empty:	.word 0
	.long 0
#endif

	/* XEN_ELFNOTE_PHYS32_ENTRY; QEMU reads 8 bytes of a 64-bit ELF. */
	.section .note.pvh, "a", @note
	.balign 4
	.long 4, 8, 18
	.asciz "Xen"
	.quad start

	.section .note.GNU-stack, "", @progbits
