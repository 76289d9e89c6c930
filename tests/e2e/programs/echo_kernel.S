# The smallest kernel that a test of the serial port needs: by Linux's 64-bit entry it greets,
# echoes what it receives, powers off at "q" and resets the machine at "r".
	.intel_syntax noprefix
	.globl _start
	.text
_start:
	lea rsi, [rip + greeting]
1:	lodsb
	test al, al
	jz next
	call send
	jmp 1b
next:	mov dx, 0x3fd			# line status
2:	in al, dx
	test al, 1
	jz 2b
	mov dx, 0x3f8
	in al, dx
	cmp al, 'q'
	je off
	cmp al, 'r'
	je reset
	call send
	jmp next

send:	mov bl, al
	mov dx, 0x3fd
3:	in al, dx
	test al, 0x20
	jz 3b
	mov al, bl
	mov dx, 0x3f8
	out dx, al
	ret

off:	mov dx, 0x604			# ACPI: PM1a control
	mov ax, 0x3400
	out dx, ax
reset:	mov al, 0xfe
	out 0x64, al
4:	jmp 4b

greeting:
	.asciz "ready\r\n"
