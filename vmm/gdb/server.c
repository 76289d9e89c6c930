#include "gdb/server.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gdb/listen.h"
#include "log.h"
#include "walnut.h"

int gdb_server_open(struct gdb_server **server, const char *address, struct failure *failure)
{
	char host[64];
	uint16_t port;
	int fd;

	*server = NULL;
	if (gdb_address_split(address, host, &port))
		return failure_set(failure, -EINVAL, "gdb: %s: not [ADDRESS:]PORT", address);
	fd = gdb_listen(host, &port, failure);
	if (fd < 0)
		return fd;
	*server = aligned_alloc(_Alignof(struct gdb_server), sizeof(**server));
	if (!*server) {
		close(fd);
		return failure_set(failure, -ENOMEM, "gdb: out of memory");
	}
	memset(*server, 0, sizeof(**server));
	(*server)->listener = fd;
	(*server)->connection = (*server)->stop_fd = -1;
	gdb_announce(fd);
	return 0;
}

/* --- The wire -------------------------------------------------------------------------- */

/* Waits for the socket; false: the VM is to end. */
static bool wait_for(struct gdb_server *server, int fd, short events)
{
	struct pollfd watch[] = { { .fd = fd, .events = events }, { .fd = server->stop_fd, .events = POLLIN } };

	for (;;) {
		if (server->machine.vcpu->stop)
			return false;
		if (poll(watch, 2, -1) < 0 && errno != EINTR)
			return false;
		if (watch[1].revents && !server->machine.vcpu->stop)
			vcpu_forget_interrupt(server->machine.vcpu);
		else if (watch[0].revents)
			return true;
	}
}

static void disconnect(struct gdb_server *server)
{
	if (server->connection < 0)
		return;
	event_loop_remove(server->loop, &server->source);
	close(server->connection);
	server->connection = -1;
	server->left = true;
	gdb_machine_detach(&server->machine);
}

static void put(struct gdb_server *server, const char *data, size_t size)
{
	while (size && server->connection >= 0) {
		ssize_t sent = send(server->connection, data, size, MSG_NOSIGNAL);

		if (sent >= 0) {
			data += sent;
			size -= (size_t)sent;
		} else if (errno == EAGAIN) {
			if (!wait_for(server, server->connection, POLLOUT))
				return;
		} else if (errno != EINTR) {
			disconnect(server);
		}
	}
}

static void put_reply(struct gdb_server *server)
{
	if (server->reply.overflow) {
		server->reply = (struct gdb_reply){ 0 };
		gdb_reply_text(&server->reply, "E7f");
	}
	server->wire_size = gdb_wire(&server->reply, server->wire);
	put(server, server->wire, server->wire_size);
}

/* The next byte; -1: there is none and will be none (or, without waiting, not now). */
static int next_byte(struct gdb_server *server, bool wait)
{
	while (server->connection >= 0) {
		uint8_t byte;
		ssize_t got = recv(server->connection, &byte, 1, 0);

		if (got == 1)
			return byte;
		if (got < 0 && errno == EAGAIN) {
			if (!wait || !wait_for(server, server->connection, POLLIN))
				return -1;
		} else if (got == 0 || errno != EINTR) {
			disconnect(server);
		}
	}
	return -1;
}

/* --- Standing still -------------------------------------------------------------------- */

static void fail(struct gdb_server *server, int error)
{
	log_line(LOG_LEVEL_ERROR, "gdb: the vCPU cannot be examined: %s", strerror(-error));
	disconnect(server);
}

/* One packet. True: the guest goes on. */
static bool handle(struct gdb_server *server, size_t size)
{
	bool acknowledged = !server->session.no_ack, deliver;
	enum gdb_action action;
	int signal, error = 0;

	if (acknowledged)
		put(server, "+", 1);
	server->reply.size = 0;
	server->reply.overflow = false;
	action = gdb_session_packet(&server->session, server->reader.data, size, &server->reply, &signal);
	deliver = signal && signal == server->session.signal;
	switch (action) {
	case GDB_STAY:
		put_reply(server);
		return false;
	case GDB_DETACH:
		put_reply(server);
		disconnect(server);
		error = gdb_machine_resume(&server->machine, false, false);
		break;
	case GDB_KILL:
		if (server->reply.size)
			put_reply(server);
		server->killed = true;
		server->machine.vcpu->stop = true;
		disconnect(server);
		break;
	default:
		if (server->reply.size) {
			put_reply(server);
			return false;
		}
		error = gdb_machine_resume(&server->machine, action == GDB_STEP, deliver);
		break;
	}
	if (error)
		fail(server, error);
	return true;
}

/* Does what GDB says until the guest goes on. */
static void serve(struct gdb_server *server)
{
	for (;;) {
		int byte = next_byte(server, true);

		if (byte < 0) {
			/* Without a debugger the program goes on; an exception is its own. */
			gdb_machine_resume(&server->machine, false, !server->session.breakpoint &&
					   server->session.signal != GDB_SIGNAL_TRAP);
			return;
		}
		switch (gdb_reader_feed(&server->reader, (uint8_t)byte)) {
		case GDB_EVENT_PACKET:
			if (handle(server, server->reader.size))
				return;
			break;
		case GDB_EVENT_BAD_PACKET:
			if (!server->session.no_ack)
				put(server, "-", 1);
			break;
		case GDB_EVENT_RESEND:
			put(server, server->wire, server->wire_size);
			break;
		default:
			break;
		}
	}
}

/* While the guest runs GDB sends nothing but a wish to interrupt it. */
static bool interrupt_wanted(struct gdb_server *server)
{
	bool wanted = false;
	int byte;

	while ((byte = next_byte(server, false)) >= 0)
		wanted |= gdb_reader_feed(&server->reader, (uint8_t)byte) == GDB_EVENT_INTERRUPT;
	return wanted;
}

static void watch(struct gdb_server *server)
{
	if (server->connection >= 0)
		event_loop_modify(server->loop, &server->source, EPOLLIN | EPOLLRDHUP | EPOLLONESHOT);
}

static void report(struct gdb_server *server)
{
	server->reply.size = 0;
	server->reply.overflow = false;
	gdb_session_stopped(&server->session, &server->reply);
	put_reply(server);
}

/* On the I/O thread. */
static void something_came(struct event_source *source, uint32_t events)
{
	struct gdb_server *server = (struct gdb_server *)((char *)source - offsetof(struct gdb_server, source));

	vcpu_interrupt(server->machine.vcpu);
}

static void accept_connection(struct gdb_server *server)
{
	int one = 1;

	while (server->connection < 0 && wait_for(server, server->listener, POLLIN))
		server->connection = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	/* One debugger, once. */
	close(server->listener);
	server->listener = -1;
	if (server->connection < 0)
		return;
	setsockopt(server->connection, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	server->source = (struct event_source){ .fd = server->connection, .ready = something_came };
	if (event_loop_add(server->loop, &server->source, 0))
		disconnect(server);
}

static void vcpu_event(void *opaque, enum vcpu_event event)
{
	struct gdb_server *server = opaque;
	struct gdb_session *session = &server->session;
	int error;

	if (event == VCPU_EVENT_START)
		accept_connection(server);
	else if (event == VCPU_EVENT_INTERRUPT && !interrupt_wanted(server)) {
		watch(server);
		return;
	}
	if (server->connection < 0 && event != VCPU_EVENT_EXCEPTION)
		return;
	session->signal = event == VCPU_EVENT_INTERRUPT ? GDB_SIGNAL_INT : GDB_SIGNAL_TRAP;
	error = gdb_machine_stopped(&server->machine, event == VCPU_EVENT_EXCEPTION, session);
	if (error)
		fail(server, error);
	if (error || session->signal == 0)
		return;
	if (server->connection < 0) {
		/* The last step of a debugger that has gone, or a breakpoint of its that was
		 * taken out after the program had run into it. */
		if (session->signal == GDB_SIGNAL_TRAP ||
		    (server->left && gdb_machine_may_be_breakpoint(&server->machine)))
			gdb_machine_resume(&server->machine, false, false);
		server->left = false;
		return;
	}
	if (event != VCPU_EVENT_START)
		report(server);
	serve(server);
	watch(server);
}

int gdb_server_attach(struct gdb_server *server, struct vcpu *vcpu, const struct guest_mem *mem,
		      const struct elf_image *image, struct event_loop *loop, const char *exec_file,
		      struct failure *failure)
{
	server->loop = loop;
	server->machine.vcpu = vcpu;
	server->machine.mem = mem;
	server->machine.image = *image;
	server->session = (struct gdb_session){
		.ops = &gdb_machine_ops, .target = &server->machine, .exec_file = exec_file,
	};
	server->stop_fd = vcpu_stop_fd();
	if (server->stop_fd < 0)
		return failure_errno(failure, server->stop_fd, "gdb");
	vcpu->event = vcpu_event;
	vcpu->event_opaque = server;
	return 0;
}

void gdb_server_finish(struct gdb_server *server, const struct krun_walnut_result *result)
{
	if (!server || server->connection < 0)
		return;
	server->reply.size = 0;
	server->reply.overflow = false;
	if (result->outcome == KRUN_WALNUT_SIGNALLED)
		gdb_reply_format(&server->reply, "X%02x", (unsigned)result->signal & 0xff);
	else
		gdb_reply_format(&server->reply, "W%02x", (unsigned)result->exit_status & 0xff);
	server->wire_size = gdb_wire(&server->reply, server->wire);
	/* It fits the socket's buffer, or nobody reads. */
	(void)!send(server->connection, server->wire, server->wire_size, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void gdb_server_close(struct gdb_server *server)
{
	if (!server)
		return;
	if (server->listener >= 0)
		close(server->listener);
	if (server->connection >= 0)
		close(server->connection);
	if (server->stop_fd >= 0)
		close(server->stop_fd);
	free(server);
}
