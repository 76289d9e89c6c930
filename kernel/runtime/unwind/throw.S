/* See throw.h. */
	.section .text.walnut_throw, "ax", @progbits
	.globl walnut_throw
	.hidden walnut_throw
	.type walnut_throw, @function
walnut_throw:
	/* struct unwind_registers, and 8 bytes for the stack's alignment */
	sub $72, %rsp
	mov %rbx, (%rsp)
	mov %rbp, 8(%rsp)
	mov %r12, 16(%rsp)
	mov %r13, 24(%rsp)
	mov %r14, 32(%rsp)
	mov %r15, 40(%rsp)
	lea 80(%rsp), %rax
	mov %rax, 48(%rsp)
	mov 72(%rsp), %rax
	mov %rax, 56(%rsp)
	mov %rsp, %rsi
	call unwind_throw

	.section .text.unwind_enter, "ax", @progbits
	.globl unwind_enter
	.hidden unwind_enter
	.type unwind_enter, @function
unwind_enter:
	/* A landing pad finds the exception in rax and the selector in rdx. */
	mov %rsi, %rax
	mov (%rdi), %rbx
	mov 8(%rdi), %rbp
	mov 16(%rdi), %r12
	mov 24(%rdi), %r13
	mov 32(%rdi), %r14
	mov 40(%rdi), %r15
	mov 48(%rdi), %rsp
	jmp *56(%rdi)

	.section .note.GNU-stack, "", @progbits
