/* The way out when nothing else works: COM1 for panics, and power-off. And ports, for ring 3. */
#include "internal.h"

#define COM1 0x3f8
#define COM1_LSR (COM1 + 5)
#define COM1_LSR_EMPTY 0x20
#define I8042_COMMAND 0x64
#define I8042_RESET 0xfe
/* A stuck transmitter is given up. */
#define WAIT_READS 1000

static void put(char c)
{
	for (int i = 0; i < WAIT_READS && !(in8(COM1_LSR) & COM1_LSR_EMPTY); i++)
		;
	out8(COM1, (uint8_t)c);
}

static void put_string(const char *s)
{
	while (*s)
		put(*s++);
}

static void put_hex(uint64_t value)
{
	put_string(" 0x");
	for (int shift = 60; shift >= 0; shift -= 4)
		put("0123456789abcdef"[value >> shift & 15]);
}

int64_t nucleus_serial_write(uint64_t va, uint64_t size)
{
	if (!nucleus_user_range(va, size))
		return REFUSED;
	for (uint64_t i = 0; i < size; i++)
		put(((const char *)va)[i]);
	return 0;
}

_Noreturn void nucleus_panic(const char *what, uint64_t a, uint64_t b)
{
	put_string("walnut: kernel panic: ");
	put_string(what);
	put_hex(a);
	put_hex(b);
	put('\n');
	nucleus_power_off();
}

_Noreturn void nucleus_power_off(void)
{
	out8(I8042_COMMAND, I8042_RESET);
	/* A VMM without a keyboard controller takes a triple fault for a reset. */
	nucleus_triple_fault();
}

int64_t nucleus_port_read(uint64_t port, uint64_t size)
{
	uint32_t value = 0;

	if (size == 4)
		__asm__ volatile("inl %w1, %0" : "=a"(value) : "Nd"(port));
	else if (size == 2)
		__asm__ volatile("inw %w1, %w0" : "+a"(value) : "Nd"(port));
	else
		value = in8((uint16_t)port);
	return value;
}

int64_t nucleus_port_write(uint64_t port, uint64_t size, uint64_t value)
{
	if (size == 4)
		__asm__ volatile("outl %0, %w1" : : "a"((uint32_t)value), "Nd"(port));
	else if (size == 2)
		__asm__ volatile("outw %w0, %w1" : : "a"((uint32_t)value), "Nd"(port));
	else
		out8((uint16_t)port, (uint8_t)value);
	return 0;
}
