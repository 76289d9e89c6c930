/* See switch.h. */
	.macro function name
	.section .text.\name, "ax", @progbits
	.globl \name
	.hidden \name
	.type \name, @function
\name:
	.endm

	/* Everything that the ABI says survives a call goes onto the stack, control
	 * words included; `saved` is the stack pointer below them. */
	function switch_protected_call
	push %rbp
	mov %rsp, %rbp
	push %rbx
	push %r12
	push %r13
	push %r14
	push %r15
	sub $24, %rsp
	stmxcsr (%rsp)
	fnstcw 4(%rsp)
	mov %rsp, (%rdx)
	mov %rdi, %rax
	mov %rsi, %rdi
	call *%rax
	xor %eax, %eax
protected_return:
	ldmxcsr (%rsp)
	fldcw 4(%rsp)
	add $24, %rsp
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbx
	pop %rbp
	ret

	function switch_unwind
	mov %rdi, %rsp
	mov %esi, %eax
	cld
	jmp protected_return

	.section .note.GNU-stack, "", @progbits
