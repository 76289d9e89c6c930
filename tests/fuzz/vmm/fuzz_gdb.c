/* A debugger's bytes, as they come over the wire, to a target of registers and a little
 * memory: what every packet makes of them stays inside, and answers fit their buffer. The
 * last kilobyte of the input is the guest's memory, page tables included. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gdb/breakpoints.h"
#include "gdb/memory.h"
#include "gdb/packet.h"
#include "gdb/session.h"
#include "vm/guest_mem.h"

#define RAM_SIZE 0x4000

struct target {
	struct gdb_registers registers;
	struct guest_mem mem;
	struct breakpoints breakpoints;
};

static int read_registers(void *opaque, struct gdb_registers *registers)
{
	*registers = ((struct target *)opaque)->registers;
	return 0;
}

static int write_registers(void *opaque, const struct gdb_registers *registers)
{
	((struct target *)opaque)->registers = *registers;
	return 0;
}

static uint8_t *piece(struct target *target, uint64_t address, size_t size, struct gdb_mapping *mapping)
{
	if (!gdb_translate(&target->mem, 0, address, mapping))
		return NULL;
	if (mapping->left > size)
		mapping->left = size;
	return guest_mem_range(&target->mem, mapping->gpa, mapping->left);
}

static size_t read_memory(void *opaque, uint64_t address, void *data, size_t size)
{
	struct target *target = opaque;
	struct gdb_mapping mapping;
	uint8_t *from = piece(target, address, size, &mapping);

	if (!from || size == 0)
		return 0;
	memcpy(data, from, mapping.left);
	breakpoints_hide(&target->breakpoints, mapping.gpa, data, mapping.left);
	return mapping.left;
}

static int write_memory(void *opaque, uint64_t address, const void *data, size_t size)
{
	struct target *target = opaque;
	struct gdb_mapping mapping;
	uint8_t *to = piece(target, address, size, &mapping);

	if (!to || mapping.left != size)
		return -EFAULT;
	memcpy(to, data, size);
	breakpoints_keep(&target->breakpoints, mapping.gpa, to, size);
	return 0;
}

static int insert_breakpoint(void *opaque, uint64_t address)
{
	struct target *target = opaque;
	struct gdb_mapping mapping;

	if (!gdb_translate(&target->mem, 0, address, &mapping))
		return -EFAULT;
	return breakpoint_insert(&target->breakpoints, &target->mem, address, mapping.gpa);
}

static int remove_breakpoint(void *opaque, uint64_t address)
{
	struct target *target = opaque;

	return breakpoint_remove(&target->breakpoints, &target->mem, address);
}

static const struct gdb_target_ops ops = {
	read_registers, write_registers, read_memory, write_memory, insert_breakpoint, remove_breakpoint,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct gdb_reader reader;
	static struct gdb_reply reply;
	static char wire[GDB_WIRE_MAX];
	struct target *target = calloc(1, sizeof(*target));
	struct gdb_session session = { .ops = &ops, .target = target, .exec_file = "/app.elf" };
	size_t ram = size < 1024 ? 0 : 1024;
	int signal;

	memset(&reader, 0, sizeof(reader));
	target->mem.count = 1;
	target->mem.regions[0] = (struct guest_region){ 0, RAM_SIZE, calloc(1, RAM_SIZE) };
	memcpy(target->mem.regions[0].hva, data + size - ram, ram);
	for (size_t i = 0; i < size - ram; i++) {
		if (gdb_reader_feed(&reader, data[i]) != GDB_EVENT_PACKET)
			continue;
		assert(reader.size <= GDB_PACKET_MAX && reader.data[reader.size] == '\0');
		reply.size = 0;
		reply.overflow = false;
		gdb_session_packet(&session, reader.data, reader.size, &reply, &signal);
		assert(!reply.overflow && signal >= 0 && signal < 256);
		assert(gdb_wire(&reply, wire) <= sizeof(wire));
	}
	breakpoints_remove_all(&target->breakpoints, &target->mem);
	free(target->mem.regions[0].hva);
	free(target);
	return 0;
}
