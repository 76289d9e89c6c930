/* The encoder. Lengths are always written in three bytes, which is allowed for small ones
 * too: then they can be filled in when an object ends. */
#include "boot/aml.h"

#include <string.h>

enum {
	OP_ZERO = 0x00,
	OP_ONE = 0x01,
	OP_NAME = 0x08,
	OP_BYTE = 0x0a,
	OP_WORD = 0x0b,
	OP_DWORD = 0x0c,
	OP_STRING = 0x0d,
	OP_QWORD = 0x0e,
	OP_SCOPE = 0x10,
	OP_BUFFER = 0x11,
	OP_PACKAGE = 0x12,
	OP_EXTENSION = 0x5b,
	OP_DEVICE = 0x82, /* behind OP_EXTENSION */
};

#define LENGTH_BYTES 3
#define LENGTH_TWO_FOLLOW 0x80u

/* Resource descriptors: chapter 6.4. */
enum {
	RESOURCE_IO = 0x47,
	RESOURCE_IRQ = 0x22,
	RESOURCE_END = 0x79,
	RESOURCE_MEMORY32 = 0x86,
	RESOURCE_ADDRESS32 = 0x87,
	RESOURCE_ADDRESS16 = 0x88,
	RESOURCE_INTERRUPT = 0x89,
};
#define RESOURCE_IO_16_BIT 1
#define RESOURCE_WRITABLE 1
#define RESOURCE_CONSUMER_EDGE 0x3
#define RESOURCE_TYPE_MEMORY 0
#define RESOURCE_TYPE_BUS 2
#define RESOURCE_FIXED 0x0c /* lowest and highest address; produced for others */

void aml_init(struct aml *aml, void *buffer, size_t capacity)
{
	*aml = (struct aml){ .data = buffer, .capacity = capacity };
}

void aml_bytes(struct aml *aml, const void *data, size_t size)
{
	if (size > aml->capacity - aml->size) {
		aml->overflow = true;
		return;
	}
	memcpy(aml->data + aml->size, data, size);
	aml->size += size;
}

static void byte(struct aml *aml, uint8_t value)
{
	aml_bytes(aml, &value, 1);
}

void aml_name(struct aml *aml, const char *name)
{
	aml_bytes(aml, name, strlen(name));
}

void aml_integer(struct aml *aml, uint64_t value)
{
	static const struct { uint8_t op, size; } sizes[] = { { OP_BYTE, 1 }, { OP_WORD, 2 }, { OP_DWORD, 4 }, { OP_QWORD, 8 } };
	unsigned i = 0;

	if (value <= 1) {
		byte(aml, value ? OP_ONE : OP_ZERO);
		return;
	}
	while (sizes[i].size < 8 && value >> (8 * sizes[i].size))
		i++;
	byte(aml, sizes[i].op);
	aml_bytes(aml, &value, sizes[i].size);
}

void aml_string(struct aml *aml, const char *text)
{
	byte(aml, OP_STRING);
	aml_bytes(aml, text, strlen(text) + 1);
}

static unsigned hex_digit(char c)
{
	return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'A' + 10);
}

/* Three letters of five bits each, four hexadecimal digits, most significant byte first. */
void aml_eisa_id(struct aml *aml, const char *id)
{
	uint8_t packed[4] = {
		(uint8_t)((id[0] - '@') << 2 | (id[1] - '@') >> 3),
		(uint8_t)((id[1] - '@') << 5 | (id[2] - '@')),
		(uint8_t)(hex_digit(id[3]) << 4 | hex_digit(id[4])),
		(uint8_t)(hex_digit(id[5]) << 4 | hex_digit(id[6])),
	};

	byte(aml, OP_DWORD);
	aml_bytes(aml, packed, sizeof(packed));
}

void aml_define(struct aml *aml, const char *name)
{
	byte(aml, OP_NAME);
	aml_name(aml, name);
}

/* The mark is where the length goes, which counts from itself on. */
static size_t begin(struct aml *aml)
{
	size_t mark = aml->size;

	aml_bytes(aml, (const uint8_t[LENGTH_BYTES]){ 0 }, LENGTH_BYTES);
	return mark;
}

void aml_end(struct aml *aml, size_t mark)
{
	size_t length = aml->size - mark;

	if (aml->overflow)
		return;
	aml->data[mark] = (uint8_t)(LENGTH_TWO_FOLLOW | (length & 0xf));
	aml->data[mark + 1] = (uint8_t)(length >> 4);
	aml->data[mark + 2] = (uint8_t)(length >> 12);
}

size_t aml_scope(struct aml *aml, const char *name)
{
	size_t mark;

	byte(aml, OP_SCOPE);
	mark = begin(aml);
	aml_name(aml, name);
	return mark;
}

size_t aml_device(struct aml *aml, const char *name)
{
	size_t mark;

	byte(aml, OP_EXTENSION);
	byte(aml, OP_DEVICE);
	mark = begin(aml);
	aml_name(aml, name);
	return mark;
}

size_t aml_package(struct aml *aml, uint8_t elements)
{
	size_t mark;

	byte(aml, OP_PACKAGE);
	mark = begin(aml);
	byte(aml, elements);
	return mark;
}

/* A buffer has its size once more, as an integer: 16 bits here. */
size_t aml_resources(struct aml *aml)
{
	size_t mark;

	aml_define(aml, "_CRS");
	byte(aml, OP_BUFFER);
	mark = begin(aml);
	byte(aml, OP_WORD);
	aml_bytes(aml, (const uint8_t[2]){ 0 }, 2);
	return mark;
}

void aml_resources_end(struct aml *aml, size_t mark)
{
	size_t content;

	/* The end tag's checksum may be 0: not computed. */
	aml_bytes(aml, (const uint8_t[]){ RESOURCE_END, 0 }, 2);
	if (aml->overflow)
		return;
	content = aml->size - mark - LENGTH_BYTES - 3;
	aml->data[mark + LENGTH_BYTES + 1] = (uint8_t)content;
	aml->data[mark + LENGTH_BYTES + 2] = (uint8_t)(content >> 8);
	aml_end(aml, mark);
}

void aml_resource_io(struct aml *aml, uint16_t base, uint8_t size)
{
	byte(aml, RESOURCE_IO);
	byte(aml, RESOURCE_IO_16_BIT);
	aml_bytes(aml, &base, sizeof(base)); /* lowest */
	aml_bytes(aml, &base, sizeof(base)); /* highest */
	byte(aml, 1);			     /* alignment */
	byte(aml, size);
}

void aml_resource_isa_irq(struct aml *aml, unsigned irq)
{
	uint16_t mask = (uint16_t)(1u << irq);

	byte(aml, RESOURCE_IRQ);
	aml_bytes(aml, &mask, sizeof(mask));
}

void aml_resource_memory(struct aml *aml, uint32_t base, uint32_t size)
{
	const uint16_t length = 9;

	byte(aml, RESOURCE_MEMORY32);
	aml_bytes(aml, &length, sizeof(length));
	byte(aml, RESOURCE_WRITABLE);
	aml_bytes(aml, &base, sizeof(base));
	aml_bytes(aml, &size, sizeof(size));
}

void aml_resource_interrupt(struct aml *aml, uint32_t gsi)
{
	const uint16_t length = 6;

	byte(aml, RESOURCE_INTERRUPT);
	aml_bytes(aml, &length, sizeof(length));
	byte(aml, RESOURCE_CONSUMER_EDGE);
	byte(aml, 1); /* interrupts in the list */
	aml_bytes(aml, &gsi, sizeof(gsi));
}

void aml_resource_bus_number(struct aml *aml, uint16_t bus)
{
	const uint16_t length = 13;
	const uint16_t range[] = { 0, bus, bus, 0, 1 }; /* granularity, first, last, offset, count */

	byte(aml, RESOURCE_ADDRESS16);
	aml_bytes(aml, &length, sizeof(length));
	aml_bytes(aml, (const uint8_t[]){ RESOURCE_TYPE_BUS, RESOURCE_FIXED, 0 }, 3);
	aml_bytes(aml, range, sizeof(range));
}

void aml_resource_window(struct aml *aml, uint32_t base, uint32_t size)
{
	const uint16_t length = 23;
	const uint32_t range[] = { 0, base, base + size - 1, 0, size };

	byte(aml, RESOURCE_ADDRESS32);
	aml_bytes(aml, &length, sizeof(length));
	aml_bytes(aml, (const uint8_t[]){ RESOURCE_TYPE_MEMORY, RESOURCE_FIXED, RESOURCE_WRITABLE }, 3);
	aml_bytes(aml, range, sizeof(range));
}
