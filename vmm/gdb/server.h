/* The connection with GDB: waits for it on a TCP port, then lets it lead the vCPU. Packets
 * are handled on the vCPU's thread, while the guest stands still; while it runs, the I/O
 * thread watches the connection and interrupts the vCPU when something comes. */
#ifndef WALNUT_VMM_GDB_SERVER_H
#define WALNUT_VMM_GDB_SERVER_H

#include <stdbool.h>

#include "failure.h"
#include "gdb/machine.h"
#include "gdb/packet.h"
#include "gdb/session.h"
#include "vm/event_loop.h"
#include "vm/vcpu.h"

struct krun_walnut_result;

struct gdb_server {
	int listener;	/* -1: none */
	int connection; /* -1: none (yet, or any more) */
	int stop_fd;	/* readable while vcpu_stop() or vcpu_interrupt() is pending; -1 */
	bool killed;	/* GDB said so */
	bool left;	/* GDB has gone, and no exception came since */
	struct event_loop *loop; /* of the I/O thread */
	struct event_source source;
	struct gdb_machine machine;
	struct gdb_session session;
	struct gdb_reader reader;
	struct gdb_reply reply;
	char wire[GDB_WIRE_MAX];
	size_t wire_size; /* of the last packet, which may be asked for again */
};

/* Listens at "[ADDRESS:]PORT"; without an address on 127.0.0.1, at port 0 on any free one.
 * Says on stderr where. *server: NULL, or from malloc. 0, or a negative errno. */
int gdb_server_open(struct gdb_server **server, const char *address, struct failure *failure);

/* Once the machine is there and before it runs: makes the debugger the vCPU's. `exec_file`
 * is what GDB may open for symbols; must outlive the server. */
int gdb_server_attach(struct gdb_server *server, struct vcpu *vcpu, const struct guest_mem *mem,
		      const struct elf_image *image, struct event_loop *loop, const char *exec_file,
		      struct failure *failure);

/* Tells GDB how the program ended, where it is still there. Accepts NULL. */
void gdb_server_finish(struct gdb_server *server, const struct krun_walnut_result *result);
/* Accepts NULL. */
void gdb_server_close(struct gdb_server *server);

#endif
