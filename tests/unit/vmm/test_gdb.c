/* vmm/gdb/ without a machine: packets, the conversation, addresses, breakpoints. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "gdb/breakpoints.h"
#include "gdb/listen.h"
#include "gdb/memory.h"
#include "gdb/packet.h"
#include "gdb/session.h"
#include "vm/guest_mem.h"

/* --- Packets --------------------------------------------------------------------------- */

static enum gdb_event feed(struct gdb_reader *reader, const void *bytes, size_t size)
{
	enum gdb_event last = GDB_EVENT_NONE;

	for (size_t i = 0; i < size; i++) {
		enum gdb_event event = gdb_reader_feed(reader, ((const uint8_t *)bytes)[i]);

		if (event != GDB_EVENT_NONE)
			last = event;
	}
	return last;
}

static enum gdb_event feed_text(struct gdb_reader *reader, const char *text)
{
	return feed(reader, text, strlen(text));
}

static void a_packet_is_taken_out_of_the_stream(void **state)
{
	struct gdb_reader *reader = calloc(1, sizeof(*reader));

	assert_int_equal(feed_text(reader, "+$g#67"), GDB_EVENT_PACKET);
	assert_string_equal(reader->data, "g");
	assert_int_equal(feed_text(reader, "$?#3F"), GDB_EVENT_PACKET);
	assert_string_equal(reader->data, "?");
	assert_int_equal(feed_text(reader, "$#00"), GDB_EVENT_PACKET);
	assert_int_equal(reader->size, 0);
	free(reader);
}

static void an_interrupt_is_told_from_data(void **state)
{
	struct gdb_reader *reader = calloc(1, sizeof(*reader));

	assert_int_equal(feed_text(reader, "\x03"), GDB_EVENT_INTERRUPT);
	assert_int_equal(feed_text(reader, "$\x03#03"), GDB_EVENT_PACKET);
	assert_int_equal(feed_text(reader, "-"), GDB_EVENT_RESEND);
	free(reader);
}

static void escapes_are_undone(void **state)
{
	struct gdb_reader *reader = calloc(1, sizeof(*reader));

	assert_int_equal(feed_text(reader, "$a}\x03}]#bb"), GDB_EVENT_PACKET);
	assert_int_equal(reader->size, 3);
	assert_memory_equal(reader->data, "a#}", 3);
	/* Escaped nothing */
	assert_int_equal(feed_text(reader, "$a}#de"), GDB_EVENT_BAD_PACKET);
	free(reader);
}

static void wrong_sums_are_bad(void **state)
{
	struct gdb_reader *reader = calloc(1, sizeof(*reader));

	assert_int_equal(feed_text(reader, "$g#68"), GDB_EVENT_BAD_PACKET);
	assert_int_equal(feed_text(reader, "$g#zz"), GDB_EVENT_BAD_PACKET);
	assert_int_equal(feed_text(reader, "$g#6z"), GDB_EVENT_BAD_PACKET);
	assert_int_equal(feed_text(reader, "$gg$g#67"), GDB_EVENT_PACKET);
	free(reader);
}

static void a_packet_that_is_too_long_is_bad_and_the_next_one_good(void **state)
{
	struct gdb_reader *reader = calloc(1, sizeof(*reader));
	size_t size = GDB_PACKET_MAX + 5000;
	char *data = malloc(size);

	memset(data, 'A', size);
	data[0] = '$';
	assert_int_equal(feed(reader, data, size), GDB_EVENT_NONE);
	assert_int_equal(feed_text(reader, "#00"), GDB_EVENT_BAD_PACKET);
	assert_int_equal(feed_text(reader, "$g#67"), GDB_EVENT_PACKET);
	memset(data, 'A', GDB_PACKET_MAX + 1);
	data[0] = '$';
	assert_int_equal(feed(reader, data, GDB_PACKET_MAX + 1), GDB_EVENT_NONE);
	assert_int_equal(feed_text(reader, "#00"), GDB_EVENT_PACKET);
	assert_int_equal(reader->size, GDB_PACKET_MAX);
	free(data);
	free(reader);
}

static void what_is_sent_can_be_read_back(void **state)
{
	struct gdb_reader *reader = calloc(1, sizeof(*reader));
	struct gdb_reply *reply = calloc(1, sizeof(*reply));
	char *wire = malloc(GDB_WIRE_MAX);

	for (unsigned i = 0; i < GDB_PACKET_MAX; i++)
		gdb_reply_bytes(reply, &(char){ (char)(i * 7) }, 1);
	assert_false(reply->overflow);
	assert_int_equal(feed(reader, wire, gdb_wire(reply, wire)), GDB_EVENT_PACKET);
	assert_int_equal(reader->size, reply->size);
	assert_memory_equal(reader->data, reply->data, reply->size);
	gdb_reply_text(reply, "x");
	assert_true(reply->overflow);
	assert_int_equal(reply->size, GDB_PACKET_MAX);
	free(wire);
	free(reply);
	free(reader);
}

static void numbers_have_64_bits_and_no_more(void **state)
{
	const char *text = "fFffffffffffffff,";
	uint64_t number;

	assert_true(gdb_hex_number(&text, &number));
	assert_int_equal(number, UINT64_MAX);
	assert_string_equal(text, ",");
	assert_false(gdb_hex_number(&text, &number));
	text = "10000000000000000";
	assert_false(gdb_hex_number(&text, &number));
}

/* --- The conversation ------------------------------------------------------------------ */

#define RAM_AT 0x1000
#define RAM_SIZE 0x100

struct target {
	struct gdb_registers registers;
	uint8_t ram[RAM_SIZE];
	uint64_t breakpoint;
	int error;
};

static int read_registers(void *opaque, struct gdb_registers *registers)
{
	*registers = ((struct target *)opaque)->registers;
	return ((struct target *)opaque)->error;
}

static int write_registers(void *opaque, const struct gdb_registers *registers)
{
	((struct target *)opaque)->registers = *registers;
	return ((struct target *)opaque)->error;
}

static size_t read_memory(void *opaque, uint64_t address, void *data, size_t size)
{
	struct target *target = opaque;

	if (address < RAM_AT || address >= RAM_AT + RAM_SIZE)
		return 0;
	if (size > RAM_AT + RAM_SIZE - address)
		size = RAM_AT + RAM_SIZE - address;
	memcpy(data, target->ram + (address - RAM_AT), size);
	return size;
}

static int write_memory(void *opaque, uint64_t address, const void *data, size_t size)
{
	struct target *target = opaque;

	if (address < RAM_AT || address > RAM_AT + RAM_SIZE || size > RAM_AT + RAM_SIZE - address)
		return -EFAULT;
	memcpy(target->ram + (address - RAM_AT), data, size);
	return 0;
}

static int insert_breakpoint(void *opaque, uint64_t address)
{
	((struct target *)opaque)->breakpoint = address;
	return 0;
}

static int remove_breakpoint(void *opaque, uint64_t address)
{
	((struct target *)opaque)->breakpoint = 0;
	return 0;
}

static const struct gdb_target_ops ops = {
	read_registers, write_registers, read_memory, write_memory, insert_breakpoint, remove_breakpoint,
};

static struct target target;
static struct gdb_session session;
static struct gdb_reply reply;
static int resume_signal;

static int fresh(void **state)
{
	memset(&target, 0, sizeof(target));
	session = (struct gdb_session){ .ops = &ops, .target = &target, .signal = GDB_SIGNAL_TRAP };
	return 0;
}

static enum gdb_action say(const char *packet, size_t size)
{
	char copy[1024];

	assert_true(size < sizeof(copy));
	memcpy(copy, packet, size);
	copy[size] = '\0';
	reply.size = 0;
	reply.overflow = false;
	return gdb_session_packet(&session, copy, size, &reply, &resume_signal);
}

static void expect(const char *packet, const char *answer)
{
	assert_int_equal(say(packet, strlen(packet)), GDB_STAY);
	assert_false(reply.overflow);
	assert_int_equal(reply.size, strlen(answer));
	assert_memory_equal(reply.data, answer, reply.size);
}

static void registers_are_read_and_written(void **state)
{
	target.registers.rip = 0x1122334455667788;
	target.registers.eflags = 0x246;
	expect("p10", "8877665544332211");
	expect("p11", "46020000");
	expect("P7=0100000000000080", "OK");
	assert_int_equal(target.registers.rsp, 0x8000000000000001);
	expect("p3a", "0000000000000000"); /* gs_base, the last */
	expect("p3b", "E16");
	expect("pffffffffffffffff", "E16");
	expect("P7=01", "E16");
	expect("P7=zz00000000000080", "E16");
	expect("P7", "E16");
	assert_int_equal(say("g", 1), GDB_STAY);
	assert_int_equal(reply.size, 2 * sizeof(struct gdb_registers));
	expect("G00", "E16");
}

static void memory_is_read_and_written(void **state)
{
	expect("M1000,3:010203", "OK");
	expect("m1000,4", "01020300");
	expect("m10fe,10", "0000");
	expect("mfff,1", "E0e");
	expect("m1100,1", "E0e");
	expect("M10ff,2:0101", "E0e");
	expect("M1000,2:01", "E16");
	expect("M1000,2:01zz", "E16");
	expect("M1000:01", "E16");
	expect("m1000", "E16");
	expect("m1000,ffffffffffffffffff", "E16");
	assert_int_equal(say("X1000,3:a\0c", 11), GDB_STAY);
	assert_memory_equal(reply.data, "OK", 2);
	assert_memory_equal(target.ram, "a\0c", 3);
	expect("X1000,4:abc", "E16");
	expect("X1000,0:", "OK"); /* GDB's question whether X is known */
	expect("Mffffffffffffffff,1:00", "E0e");
}

static void an_answer_about_much_memory_is_cut(void **state)
{
	assert_int_equal(say("m1000,ffffffff", 14), GDB_STAY);
	assert_int_equal(reply.size, 2 * RAM_SIZE);
}

static void breakpoints_of_both_kinds_are_the_same(void **state)
{
	expect("Z0,1234,1", "OK");
	assert_int_equal(target.breakpoint, 0x1234);
	expect("z0,1234,1", "OK");
	assert_int_equal(target.breakpoint, 0);
	expect("Z1,4321,1", "OK");
	assert_int_equal(target.breakpoint, 0x4321);
	expect("Z2,1,1", "");
	expect("Z0,x,1", "E16");
	expect("Z0", "E16");
	expect("Z", "");
}

static void going_on_has_no_answer(void **state)
{
	assert_int_equal(say("c", 1), GDB_CONTINUE);
	assert_int_equal(reply.size, 0);
	assert_int_equal(resume_signal, 0);
	assert_int_equal(say("C0b", 3), GDB_CONTINUE);
	assert_int_equal(resume_signal, GDB_SIGNAL_SEGV);
	assert_int_equal(say("s", 1), GDB_STEP);
	assert_int_equal(say("vCont;s:1;c", 11), GDB_STEP);
	assert_int_equal(say("vCont;C04:1", 11), GDB_CONTINUE);
	assert_int_equal(resume_signal, GDB_SIGNAL_ILL);
	assert_int_equal(say("c1234", 5), GDB_CONTINUE);
	assert_int_equal(target.registers.rip, 0x1234);
	assert_int_equal(say("k", 1), GDB_KILL);
	assert_int_equal(say("vKill;1", 7), GDB_KILL);
	assert_int_equal(say("D;1", 3), GDB_DETACH);
	expect("cxyz", "E16");
	expect("vCont;", "E16");
	expect("vCont;q", "E16");
	target.error = -EIO;
	expect("c1234", "E05");
}

static void stops_say_why(void **state)
{
	expect("?", "T05thread:1;");
	session.breakpoint = true;
	expect("?", "T05thread:1;");
	say("qSupported:xmlRegisters=i386;swbreak+;hwbreak+", 46);
	expect("?", "T05thread:1;swbreak:;");
	session.breakpoint = false;
	session.signal = GDB_SIGNAL_INT;
	expect("?", "T02thread:1;");
}

static void documents_come_in_parts(void **state)
{
	const char *description = gdb_target_description();
	char expected[64];

	assert_non_null(strstr(description, "org.gnu.gdb.i386.segments"));
	assert_non_null(strstr(description, "</target>"));
	snprintf(expected, sizeof(expected), "m%.10s", description);
	expect("qXfer:features:read:target.xml:0,a", expected);
	expect("qXfer:features:read:target.xml:ffffffffffffffff,ffffffffffffffff", "l");
	expect("qXfer:features:read:target.xml:", "E16");
	expect("qXfer:features:read:other.xml:0,a", "");
	expect("qXfer:exec-file:read::0,fff", "");
	session.exec_file = "/app.elf";
	expect("qXfer:exec-file:read:1:0,fff", "l/app.elf");
	expect("qXfer:exec-file:read:", "E16");
}

static void unknown_packets_get_an_empty_answer(void **state)
{
	static const char *const unknown[] = { "", "vMustReplyEmpty", "qRcmd,41", "QNonStop:1", "!", "A", "R00" };

	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		expect(unknown[i], "");
	expect("QStartNoAckMode", "OK");
	assert_true(session.no_ack);
}

/* --- Memory and breakpoints ------------------------------------------------------------ */

#define GUEST_SIZE 0x10000

static struct guest_mem guest(void)
{
	return (struct guest_mem){ .regions = { { 0, GUEST_SIZE, calloc(1, GUEST_SIZE) } }, .count = 1 };
}

static void set_entry(struct guest_mem *mem, uint64_t gpa, uint64_t entry)
{
	memcpy(mem->regions[0].hva + gpa, &entry, sizeof(entry));
}

static void pages_of_all_sizes_are_found(void **state)
{
	struct guest_mem mem = guest();
	struct gdb_mapping mapping;

	set_entry(&mem, 0x1000, 0x2000 | 7);
	set_entry(&mem, 0x2000, 0x3000 | 7);
	set_entry(&mem, 0x2008, 0x40000000 | 0x87);
	set_entry(&mem, 0x3000, 0x4000 | 3); /* not for ring 3 */
	set_entry(&mem, 0x3008, 0x200000 | 0x87);
	set_entry(&mem, 0x4000 + 8 * 5, 0x8000000000009000 | 7);

	assert_true(gdb_translate(&mem, 0x1000, 0x5123, &mapping));
	assert_int_equal(mapping.gpa, 0x9123);
	assert_int_equal(mapping.left, 0x1000 - 0x123);
	assert_false(mapping.user);
	assert_true(gdb_translate(&mem, 0x1000, 0x2abcde, &mapping));
	assert_int_equal(mapping.gpa, 0x2abcde);
	assert_int_equal(mapping.left, 0x400000 - 0x2abcde);
	assert_true(mapping.user);
	assert_true(gdb_translate(&mem, 0x1000, 0x40000001, &mapping));
	assert_int_equal(mapping.gpa, 0x40000001);
	assert_false(gdb_translate(&mem, 0x1000, 0x6000, &mapping));
	assert_false(gdb_translate(&mem, 0x1000, 0x8000000000, &mapping));
	assert_false(gdb_translate(&mem, 0x1000, 0x800000000000, &mapping));
	assert_true(gdb_translate(&mem, 0x1fff, 0x5123, &mapping)); /* flags in CR3 */
	free(mem.regions[0].hva);
}

/* Tables outside of RAM, and tables that point to themselves. */
static void hostile_page_tables_end_the_walk(void **state)
{
	struct guest_mem mem = guest();
	struct gdb_mapping mapping;

	assert_false(gdb_translate(&mem, GUEST_SIZE, 0, &mapping));
	assert_false(gdb_translate(&mem, UINT64_MAX, 0, &mapping));
	set_entry(&mem, 0x1000, 0x000ffffffffff000 | 7);
	assert_false(gdb_translate(&mem, 0x1000, 0, &mapping));
	set_entry(&mem, 0x1000, 0x1000 | 7);
	assert_true(gdb_translate(&mem, 0x1000, 0x10, &mapping));
	assert_int_equal(mapping.gpa, 0x1010);
	/* No page has 512 GiB. */
	set_entry(&mem, 0x1000, 0x2000 | 0x87);
	assert_false(gdb_translate(&mem, 0x1000, 0x10, &mapping));
	free(mem.regions[0].hva);
}

static void breakpoints_hide_and_leave_no_trace(void **state)
{
	struct breakpoints breakpoints = { .count = 0 };
	struct guest_mem mem = guest();
	uint8_t *ram = mem.regions[0].hva, data[4];

	memcpy(ram + 0x100, "abcd", 4);
	assert_int_equal(breakpoint_insert(&breakpoints, &mem, 0x7101, 0x101), 0);
	assert_int_equal(breakpoint_insert(&breakpoints, &mem, 0x7101, 0x101), 0);
	assert_int_equal(breakpoint_insert(&breakpoints, &mem, 0x8101, 0x101), -EFAULT);
	assert_int_equal(breakpoint_insert(&breakpoints, &mem, 0x7000, GUEST_SIZE), -EFAULT);
	assert_int_equal(ram[0x101], 0xf4);
	assert_true(breakpoint_at(&breakpoints, 0x7101));
	assert_false(breakpoint_at(&breakpoints, 0x7100));
	memcpy(data, ram + 0x100, 4);
	breakpoints_hide(&breakpoints, 0x100, data, 4);
	assert_memory_equal(data, "abcd", 4);
	/* Written over by the debugger */
	memcpy(ram + 0x100, "ABCD", 4);
	breakpoints_keep(&breakpoints, 0x100, ram + 0x100, 4);
	assert_int_equal(ram[0x101], 0xf4);
	breakpoints_remove_all(&breakpoints, &mem);
	assert_memory_equal(ram + 0x100, "ABCD", 4);
	/* Written over by the program */
	breakpoint_insert(&breakpoints, &mem, 0x7101, 0x101);
	ram[0x101] = 'x';
	assert_int_equal(breakpoint_remove(&breakpoints, &mem, 0x7101), 0);
	assert_int_equal(ram[0x101], 'x');
	assert_int_equal(breakpoint_remove(&breakpoints, &mem, 0x7101), 0);
	free(ram);
}

static void breakpoints_run_out(void **state)
{
	struct breakpoints breakpoints = { .count = 0 };
	struct guest_mem mem = guest();

	for (unsigned i = 0; i < BREAKPOINTS_MAX; i++)
		assert_int_equal(breakpoint_insert(&breakpoints, &mem, i, i), 0);
	assert_int_equal(breakpoint_insert(&breakpoints, &mem, 5000, 5000), -ENOSPC);
	free(mem.regions[0].hva);
}

static void addresses_have_a_port(void **state)
{
	static const char *const wrong[] = { "", ":", ":1", "1:", "x", "1x", "65536", "[]:1", "a:b:" };
	char host[64];
	uint16_t port;

	assert_int_equal(gdb_address_split("1234", host, &port), 0);
	assert_string_equal(host, "127.0.0.1");
	assert_int_equal(port, 1234);
	assert_int_equal(gdb_address_split("0.0.0.0:65535", host, &port), 0);
	assert_string_equal(host, "0.0.0.0");
	assert_int_equal(port, 65535);
	assert_int_equal(gdb_address_split("[::1]:0", host, &port), 0);
	assert_string_equal(host, "::1");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(gdb_address_split(wrong[i], host, &port), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_packet_is_taken_out_of_the_stream),
		cmocka_unit_test(an_interrupt_is_told_from_data),
		cmocka_unit_test(escapes_are_undone),
		cmocka_unit_test(wrong_sums_are_bad),
		cmocka_unit_test(a_packet_that_is_too_long_is_bad_and_the_next_one_good),
		cmocka_unit_test(what_is_sent_can_be_read_back),
		cmocka_unit_test(numbers_have_64_bits_and_no_more),
		cmocka_unit_test_setup(registers_are_read_and_written, fresh),
		cmocka_unit_test_setup(memory_is_read_and_written, fresh),
		cmocka_unit_test_setup(an_answer_about_much_memory_is_cut, fresh),
		cmocka_unit_test_setup(breakpoints_of_both_kinds_are_the_same, fresh),
		cmocka_unit_test_setup(going_on_has_no_answer, fresh),
		cmocka_unit_test_setup(stops_say_why, fresh),
		cmocka_unit_test_setup(documents_come_in_parts, fresh),
		cmocka_unit_test_setup(unknown_packets_get_an_empty_answer, fresh),
		cmocka_unit_test(pages_of_all_sizes_are_found),
		cmocka_unit_test(hostile_page_tables_end_the_walk),
		cmocka_unit_test(breakpoints_hide_and_leave_no_trace),
		cmocka_unit_test(breakpoints_run_out),
		cmocka_unit_test(addresses_have_a_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
