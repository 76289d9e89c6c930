/* A conversation with GDB about a target that stands still: what each packet asks for and
 * what the answer is. Knows the protocol, and of the target only these operations. */
#ifndef WALNUT_VMM_GDB_SESSION_H
#define WALNUT_VMM_GDB_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gdb/packet.h"
#include "gdb/registers.h"

struct gdb_target_ops {
	/* 0, or a negative errno. */
	int (*read_registers)(void *target, struct gdb_registers *registers);
	int (*write_registers)(void *target, const struct gdb_registers *registers);
	/* Virtual addresses. How many bytes could be read from the beginning on; fewer than
	 * `size` where the next one is not memory. */
	size_t (*read_memory)(void *target, uint64_t address, void *data, size_t size);
	/* All or nothing: 0, or a negative errno. */
	int (*write_memory)(void *target, uint64_t address, const void *data, size_t size);
	int (*insert_breakpoint)(void *target, uint64_t address);
	int (*remove_breakpoint)(void *target, uint64_t address);
};

struct gdb_session {
	const struct gdb_target_ops *ops;
	void *target;
	const char *exec_file; /* that GDB may open, or NULL */
	int signal;	       /* why the target stands still, as GDB numbers signals */
	bool breakpoint;       /* it is at a breakpoint of ours */
	bool reports_breakpoints; /* GDB understands that */
	bool no_ack;
};

#define GDB_SIGNAL_INT 2
#define GDB_SIGNAL_ILL 4
#define GDB_SIGNAL_TRAP 5
#define GDB_SIGNAL_FPE 8
#define GDB_SIGNAL_SEGV 11

/* What is to happen with the target after the answer, if there is one. */
enum gdb_action {
	GDB_STAY,	/* an answer, also an empty one, which means "not supported" */
	GDB_CONTINUE,	/* no answer until it stops */
	GDB_STEP,	/* likewise */
	GDB_DETACH,	/* an answer, then it runs on without us */
	GDB_KILL,	/* an answer if there is one; the target ends */
};

/* Answers one packet. *signal: for GDB_CONTINUE and GDB_STEP, nonzero: the program is to
 * get the exception that it stands at. */
enum gdb_action gdb_session_packet(struct gdb_session *session, const char *packet, size_t size,
				   struct gdb_reply *reply, int *signal);

/* The answer to what the target stopped for. */
void gdb_session_stopped(const struct gdb_session *session, struct gdb_reply *reply);

#endif
