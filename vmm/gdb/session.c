/* GDB manual, appendix "GDB Remote Serial Protocol". One thread, number 1. */
#include "gdb/session.h"

#include <errno.h>
#include <string.h>

#define MEMORY_MAX (GDB_PACKET_MAX / 2 - 16) /* bytes in one packet */

static bool begins(const char *packet, const char *with)
{
	return strncmp(packet, with, strlen(with)) == 0;
}

static void reply_error(struct gdb_reply *reply, int error)
{
	gdb_reply_format(reply, "E%02x", (unsigned)(error < 0 ? -error : error) & 0xff);
}

static void reply_result(struct gdb_reply *reply, int error)
{
	if (error)
		reply_error(reply, error);
	else
		gdb_reply_text(reply, "OK");
}

void gdb_session_stopped(const struct gdb_session *session, struct gdb_reply *reply)
{
	gdb_reply_format(reply, "T%02xthread:1;", (unsigned)session->signal & 0xff);
	if (session->breakpoint && session->reports_breakpoints)
		gdb_reply_text(reply, "swbreak:;");
}

/* --- Registers ------------------------------------------------------------------------ */

static void read_registers(struct gdb_session *session, struct gdb_reply *reply)
{
	struct gdb_registers registers;
	int error = session->ops->read_registers(session->target, &registers);

	if (error)
		reply_error(reply, error);
	else
		gdb_reply_hex(reply, &registers, sizeof(registers));
}

static void write_registers(struct gdb_session *session, const char *digits, size_t size,
			    struct gdb_reply *reply)
{
	struct gdb_registers registers;

	if (size != 2 * sizeof(registers) || !gdb_hex_bytes(digits, (uint8_t *)&registers, sizeof(registers)))
		reply_error(reply, EINVAL);
	else
		reply_result(reply, session->ops->write_registers(session->target, &registers));
}

static void read_register(struct gdb_session *session, const char *at, struct gdb_reply *reply)
{
	struct gdb_registers registers;
	uint64_t number;
	size_t offset, size = gdb_hex_number(&at, &number) && !*at ? gdb_register_place(number, &offset) : 0;

	if (!size || session->ops->read_registers(session->target, &registers))
		reply_error(reply, EINVAL);
	else
		gdb_reply_hex(reply, (const uint8_t *)&registers + offset, size);
}

static void write_register(struct gdb_session *session, const char *at, struct gdb_reply *reply)
{
	struct gdb_registers registers;
	size_t offset, size = 0;
	uint64_t number;

	if (gdb_hex_number(&at, &number) && *at == '=')
		size = gdb_register_place(number, &offset);
	if (!size || strlen(at + 1) != 2 * size ||
	    session->ops->read_registers(session->target, &registers) ||
	    !gdb_hex_bytes(at + 1, (uint8_t *)&registers + offset, size))
		reply_error(reply, EINVAL);
	else
		reply_result(reply, session->ops->write_registers(session->target, &registers));
}

/* --- Memory --------------------------------------------------------------------------- */

/* "ADDRESS,LENGTH" and what ends it. */
static bool parse_range(const char **at, uint64_t *address, uint64_t *size, char end)
{
	return gdb_hex_number(at, address) && *(*at)++ == ',' && gdb_hex_number(at, size) && *(*at)++ == end;
}

static void read_memory(struct gdb_session *session, const char *at, struct gdb_reply *reply)
{
	uint8_t data[MEMORY_MAX];
	uint64_t address, size;
	size_t got;

	if (!parse_range(&at, &address, &size, '\0')) {
		reply_error(reply, EINVAL);
		return;
	}
	got = session->ops->read_memory(session->target, address, data, size < sizeof(data) ? size : sizeof(data));
	if (got == 0 && size)
		reply_error(reply, EFAULT);
	else
		gdb_reply_hex(reply, data, got);
}

/* M has digits, X the bytes themselves. */
static void write_memory(struct gdb_session *session, const char *packet, size_t size, struct gdb_reply *reply)
{
	const char *at = packet + 1;
	uint8_t data[MEMORY_MAX];
	uint64_t address, count;
	size_t left;

	if (!parse_range(&at, &address, &count, ':') || count > sizeof(data)) {
		reply_error(reply, EINVAL);
		return;
	}
	left = size - (size_t)(at - packet);
	if (*packet == 'X' ? left != count : left != 2 * count || !gdb_hex_bytes(at, data, count)) {
		reply_error(reply, EINVAL);
		return;
	}
	reply_result(reply, count == 0 ? 0 : session->ops->write_memory(session->target, address,
									 *packet == 'X' ? (const void *)at : data, count));
}

/* Z and z: type, address, kind. Hardware breakpoints are kept like those of software: it is
 * all the same to the program. There are no watchpoints: GDB steps instead. */
static void breakpoint(struct gdb_session *session, const char *packet, struct gdb_reply *reply)
{
	uint64_t address, kind;
	const char *at = packet + 2;

	if (packet[1] != '0' && packet[1] != '1')
		return;
	if (*at++ != ',' || !parse_range(&at, &address, &kind, '\0'))
		reply_error(reply, EINVAL);
	else if (*packet == 'Z')
		reply_result(reply, session->ops->insert_breakpoint(session->target, address));
	else
		reply_result(reply, session->ops->remove_breakpoint(session->target, address));
}

/* --- Queries -------------------------------------------------------------------------- */

/* A part of a document: "OFFSET,LENGTH". */
static void transfer(const char *document, const char *at, struct gdb_reply *reply)
{
	uint64_t offset, size, whole = strlen(document);

	if (!parse_range(&at, &offset, &size, '\0')) {
		reply_error(reply, EINVAL);
		return;
	}
	if (offset > whole)
		offset = whole;
	if (size > GDB_PACKET_MAX / 2)
		size = GDB_PACKET_MAX / 2;
	if (size > whole - offset)
		size = whole - offset;
	gdb_reply_text(reply, offset + size < whole ? "m" : "l");
	gdb_reply_bytes(reply, document + offset, size);
}

static void query(struct gdb_session *session, const char *packet, struct gdb_reply *reply)
{
	static const char features[] = "qXfer:features:read:target.xml:", exec_file[] = "qXfer:exec-file:read:";

	if (begins(packet, "qSupported")) {
		session->reports_breakpoints = strstr(packet, "swbreak+") != NULL;
		gdb_reply_format(reply, "PacketSize=%x;QStartNoAckMode+;swbreak+;vContSupported+;"
				 "qXfer:features:read+%s", GDB_PACKET_MAX,
				 session->exec_file ? ";qXfer:exec-file:read+" : "");
	} else if (begins(packet, features)) {
		transfer(gdb_target_description(), packet + sizeof(features) - 1, reply);
	} else if (begins(packet, exec_file) && session->exec_file) {
		const char *range = strchr(packet + sizeof(exec_file) - 1, ':');

		/* Before the colon: the process; there is one. */
		if (range)
			transfer(session->exec_file, range + 1, reply);
		else
			reply_error(reply, EINVAL);
	} else if (strcmp(packet, "qC") == 0) {
		gdb_reply_text(reply, "QC1");
	} else if (begins(packet, "qAttached")) {
		/* As if GDB had started it: at its end it kills what it does not detach from. */
		gdb_reply_text(reply, "0");
	} else if (strcmp(packet, "qfThreadInfo") == 0) {
		gdb_reply_text(reply, "m1");
	} else if (strcmp(packet, "qsThreadInfo") == 0) {
		gdb_reply_text(reply, "l");
	}
}

/* --- Going on ------------------------------------------------------------------------- */

/* c [ADDRESS], s [ADDRESS], C SIGNAL[;ADDRESS], S SIGNAL[;ADDRESS] */
static enum gdb_action resume(struct gdb_session *session, const char *packet, struct gdb_reply *reply,
			      int *signal)
{
	bool step = *packet == 's' || *packet == 'S', signalled = *packet == 'C' || *packet == 'S';
	struct gdb_registers registers;
	const char *at = packet + 1;
	uint64_t number = 0;

	if (signalled && (!gdb_hex_number(&at, &number) || (*at && *at++ != ';'))) {
		reply_error(reply, EINVAL);
		return GDB_STAY;
	}
	*signal = (int)(number & 0xff);
	if (*at) {
		int error = gdb_hex_number(&at, &number) && !*at ? 0 : -EINVAL;

		if (!error)
			error = session->ops->read_registers(session->target, &registers);
		registers.rip = number;
		if (!error)
			error = session->ops->write_registers(session->target, &registers);
		if (error) {
			reply_error(reply, error);
			return GDB_STAY;
		}
	}
	return step ? GDB_STEP : GDB_CONTINUE;
}

/* vCont;ACTION[:THREAD]…: with one thread the first action that is for it counts, which is
 * the first one. */
static enum gdb_action resume_threads(const char *packet, struct gdb_reply *reply, int *signal)
{
	const char *at = packet + strlen("vCont;");
	bool step = *at == 's' || *at == 'S';
	uint64_t number = 0;

	if (!strchr("csCS", *at) || *at == '\0' ||
	    ((*at == 'C' || *at == 'S') && (at++, !gdb_hex_number(&at, &number)))) {
		reply_error(reply, EINVAL);
		return GDB_STAY;
	}
	*signal = (int)(number & 0xff);
	return step ? GDB_STEP : GDB_CONTINUE;
}

static enum gdb_action v_packet(const char *packet, struct gdb_reply *reply, int *signal)
{
	if (strcmp(packet, "vCont?") == 0)
		gdb_reply_text(reply, "vCont;c;C;s;S");
	else if (begins(packet, "vCont;"))
		return resume_threads(packet, reply, signal);
	else if (begins(packet, "vKill")) {
		gdb_reply_text(reply, "OK");
		return GDB_KILL;
	}
	return GDB_STAY;
}

enum gdb_action gdb_session_packet(struct gdb_session *session, const char *packet, size_t size,
				   struct gdb_reply *reply, int *signal)
{
	*signal = 0;
	switch (*packet) {
	case '?':
		gdb_session_stopped(session, reply);
		break;
	case 'g':
		read_registers(session, reply);
		break;
	case 'G':
		write_registers(session, packet + 1, size - 1, reply);
		break;
	case 'p':
		read_register(session, packet + 1, reply);
		break;
	case 'P':
		write_register(session, packet + 1, reply);
		break;
	case 'm':
		read_memory(session, packet + 1, reply);
		break;
	case 'M':
	case 'X':
		write_memory(session, packet, size, reply);
		break;
	case 'Z':
	case 'z':
		breakpoint(session, packet, reply);
		break;
	case 'c':
	case 's':
	case 'C':
	case 'S':
		return resume(session, packet, reply, signal);
	case 'v':
		return v_packet(packet, reply, signal);
	case 'q':
		query(session, packet, reply);
		break;
	case 'Q':
		if (strcmp(packet, "QStartNoAckMode") == 0) {
			session->no_ack = true;
			gdb_reply_text(reply, "OK");
		}
		break;
	case 'H':
	case 'T': /* there is one thread, and it lives */
		gdb_reply_text(reply, "OK");
		break;
	case 'D':
		gdb_reply_text(reply, "OK");
		return GDB_DETACH;
	case 'k':
		return GDB_KILL;
	default:
		break;
	}
	return GDB_STAY;
}
