/* The packets of GDB's remote serial protocol (GDB manual, "Overview" of the protocol):
 * $DATA#CHECKSUM, acknowledgements, and the byte that asks to interrupt. */
#ifndef WALNUT_VMM_GDB_PACKET_H
#define WALNUT_VMM_GDB_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GDB_PACKET_MAX 16384 /* bytes of data in one packet, each way */

enum gdb_event {
	GDB_EVENT_NONE,
	GDB_EVENT_PACKET,    /* data[0 … size - 1], with a NUL behind it */
	GDB_EVENT_BAD_PACKET, /* wrong checksum, or too long */
	GDB_EVENT_INTERRUPT,
	GDB_EVENT_RESEND,    /* the other side wants the last packet again */
};

/* Takes packets out of a stream of bytes. Zeroed at first. */
struct gdb_reader {
	enum { GDB_OUTSIDE, GDB_DATA, GDB_ESCAPED, GDB_CHECKSUM_1, GDB_CHECKSUM_2 } state;
	uint8_t sum;
	uint8_t expected;
	bool bad;
	size_t size;
	char data[GDB_PACKET_MAX + 1];
};
enum gdb_event gdb_reader_feed(struct gdb_reader *reader, uint8_t byte);

/* The data of a packet to be sent. What does not fit is left out and remembered. */
struct gdb_reply {
	size_t size;
	bool overflow;
	char data[GDB_PACKET_MAX];
};
void gdb_reply_bytes(struct gdb_reply *reply, const void *data, size_t size);
void gdb_reply_text(struct gdb_reply *reply, const char *text);
void gdb_reply_hex(struct gdb_reply *reply, const void *data, size_t size);
__attribute__((format(printf, 2, 3)))
void gdb_reply_format(struct gdb_reply *reply, const char *format, ...);

/* The reply as it goes over the wire. Returns its size. */
#define GDB_WIRE_MAX (2 * GDB_PACKET_MAX + 4)
size_t gdb_wire(const struct gdb_reply *reply, char wire[GDB_WIRE_MAX]);

/* Reads hexadecimal digits from *at on and moves *at behind them; false where there is
 * none, or where the number is too large. */
bool gdb_hex_number(const char **at, uint64_t *number);
/* Two digits for each of `size` bytes. */
bool gdb_hex_bytes(const char *digits, uint8_t *bytes, size_t size);

#endif
