#include "gdb/packet.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define INTERRUPT 0x03
#define ESCAPE '}'
#define ESCAPE_XOR 0x20

static int digit_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

static void begin(struct gdb_reader *reader)
{
	reader->state = GDB_DATA;
	reader->size = 0;
	reader->sum = 0;
	reader->bad = false;
}

static void add(struct gdb_reader *reader, uint8_t byte)
{
	if (reader->size == GDB_PACKET_MAX)
		reader->bad = true;
	else
		reader->data[reader->size++] = (char)byte;
}

static void feed_data(struct gdb_reader *reader, uint8_t byte)
{
	if (byte == '$') {
		begin(reader); /* the other side lost its thread */
		return;
	}
	if (byte == '#') {
		/* An escape without a byte behind it is none. */
		reader->bad |= reader->state == GDB_ESCAPED;
		reader->state = GDB_CHECKSUM_1;
		return;
	}
	reader->sum = (uint8_t)(reader->sum + byte);
	if (reader->state == GDB_ESCAPED) {
		add(reader, byte ^ ESCAPE_XOR);
		reader->state = GDB_DATA;
	} else if (byte == ESCAPE) {
		reader->state = GDB_ESCAPED;
	} else {
		add(reader, byte);
	}
}

static enum gdb_event feed_checksum(struct gdb_reader *reader, uint8_t byte)
{
	int value = digit_value((char)byte);

	if (value < 0) {
		reader->bad = true;
		value = 0;
	}
	if (reader->state == GDB_CHECKSUM_1) {
		reader->expected = (uint8_t)(value << 4);
		reader->state = GDB_CHECKSUM_2;
		return GDB_EVENT_NONE;
	}
	reader->state = GDB_OUTSIDE;
	if (reader->bad || (reader->expected | value) != reader->sum)
		return GDB_EVENT_BAD_PACKET;
	reader->data[reader->size] = '\0';
	return GDB_EVENT_PACKET;
}

enum gdb_event gdb_reader_feed(struct gdb_reader *reader, uint8_t byte)
{
	switch (reader->state) {
	case GDB_DATA:
	case GDB_ESCAPED:
		feed_data(reader, byte);
		return GDB_EVENT_NONE;
	case GDB_CHECKSUM_1:
	case GDB_CHECKSUM_2:
		return feed_checksum(reader, byte);
	default:
		if (byte == '$')
			begin(reader);
		return byte == INTERRUPT ? GDB_EVENT_INTERRUPT : byte == '-' ? GDB_EVENT_RESEND : GDB_EVENT_NONE;
	}
}

void gdb_reply_bytes(struct gdb_reply *reply, const void *data, size_t size)
{
	if (size > sizeof(reply->data) - reply->size) {
		reply->overflow = true;
		return;
	}
	memcpy(reply->data + reply->size, data, size);
	reply->size += size;
}

void gdb_reply_text(struct gdb_reply *reply, const char *text)
{
	gdb_reply_bytes(reply, text, strlen(text));
}

void gdb_reply_hex(struct gdb_reply *reply, const void *data, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *bytes = data;

	for (size_t i = 0; i < size; i++) {
		const char pair[] = { digits[bytes[i] >> 4], digits[bytes[i] & 15] };

		gdb_reply_bytes(reply, pair, sizeof(pair));
	}
}

void gdb_reply_format(struct gdb_reply *reply, const char *format, ...)
{
	char text[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	gdb_reply_text(reply, text);
}

size_t gdb_wire(const struct gdb_reply *reply, char wire[GDB_WIRE_MAX])
{
	size_t at = 0;
	uint8_t sum = 0;

	wire[at++] = '$';
	for (size_t i = 0; i < reply->size; i++) {
		char byte = reply->data[i];

		if (byte == '$' || byte == '#' || byte == ESCAPE || byte == '*') {
			wire[at++] = ESCAPE;
			byte ^= ESCAPE_XOR;
		}
		wire[at++] = byte;
	}
	for (size_t i = 1; i < at; i++)
		sum = (uint8_t)(sum + (uint8_t)wire[i]);
	wire[at++] = '#';
	wire[at++] = "0123456789abcdef"[sum >> 4];
	wire[at++] = "0123456789abcdef"[sum & 15];
	return at;
}

bool gdb_hex_number(const char **at, uint64_t *number)
{
	const char *begin = *at;

	*number = 0;
	for (int value; (value = digit_value(**at)) >= 0; ++*at) {
		if (*number >> 60)
			return false;
		*number = *number << 4 | (unsigned)value;
	}
	return *at != begin;
}

bool gdb_hex_bytes(const char *digits, uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		int high = digit_value(digits[2 * i]);
		int low = high < 0 ? -1 : digit_value(digits[2 * i + 1]);

		if (low < 0)
			return false;
		bytes[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}
