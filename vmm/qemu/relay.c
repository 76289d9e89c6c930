#include "qemu/relay.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config.h"
#include "virtio/stream.h"

#define BUFFER_SIZE 65536

/* One direction: what was read and not yet written. */
struct pipe_end {
	struct stream host;
	char *buffer;
	size_t at, size;
	bool host_done; /* input: end of file; output: nobody reads any more */
	bool host_never_waits; /* poll(2) has nothing to say about it */
};

struct relay {
	struct qemu_process *process;
	struct pipe_end ends[3]; /* QEMU_STDIN, QEMU_STDOUT, QEMU_STDERR */
	struct status_decoder *status;
	struct guest_log *serial;
	struct relay_end *end;
	size_t errors_size;
	int signal_fd;
};

static void channel_close(struct relay *relay, enum qemu_channel channel)
{
	int *fd = &relay->process->channels[channel];

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void read_errors(struct relay *relay)
{
	char spill[512];
	ssize_t got = read(relay->process->errors, spill, sizeof(spill));
	size_t room = sizeof(relay->end->errors) - 1 - relay->errors_size;

	if (got < 0 && errno == EINTR)
		return;
	if (got <= 0) {
		close(relay->process->errors);
		relay->process->errors = -1;
		return;
	}
	if ((size_t)got < room)
		room = (size_t)got;
	memcpy(relay->end->errors + relay->errors_size, spill, room);
	relay->errors_size += room;
	relay->end->errors[relay->errors_size] = '\0';
}

/* The program's input: from the host's stream to QEMU. */
static void move_input(struct relay *relay)
{
	struct pipe_end *pipe = &relay->ends[QEMU_STDIN];
	int fd = relay->process->channels[QEMU_STDIN];
	ssize_t moved;

	if (pipe->at == pipe->size && !pipe->host_done) {
		struct iovec iov = { pipe->buffer, BUFFER_SIZE };

		moved = stream_read(&pipe->host, &iov, 1);
		if (moved == -EAGAIN)
			return;
		pipe->at = 0;
		pipe->size = moved > 0 ? (size_t)moved : 0;
		/* A half close: QEMU still gets what is in the socket, then tells the
		 * guest that the port is closed. */
		if (moved <= 0) {
			pipe->host_done = true;
			shutdown(fd, SHUT_WR);
			return;
		}
	}
	if (pipe->at < pipe->size) {
		moved = send(fd, pipe->buffer + pipe->at, pipe->size - pipe->at, MSG_NOSIGNAL);
		if (moved > 0)
			pipe->at += (size_t)moved;
		else if (moved < 0 && errno != EAGAIN && errno != EINTR)
			channel_close(relay, QEMU_STDIN);
	}
}

/* One of the program's outputs: from QEMU to the host's stream. */
static void move_output(struct relay *relay, enum qemu_channel channel)
{
	struct pipe_end *pipe = &relay->ends[channel];
	ssize_t moved;

	if (pipe->at == pipe->size) {
		moved = recv(relay->process->channels[channel], pipe->buffer, BUFFER_SIZE, 0);
		if (moved < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (moved <= 0) {
			channel_close(relay, channel);
			return;
		}
		pipe->at = 0;
		pipe->size = (size_t)moved;
	}
	if (!pipe->host_done) {
		struct iovec iov = { pipe->buffer + pipe->at, pipe->size - pipe->at };

		moved = stream_write(&pipe->host, &iov, 1);
		if (moved == -EAGAIN)
			return;
		if (moved > 0) {
			pipe->at += (size_t)moved;
			return;
		}
		/* Nobody takes it any more: the guest sees its port closed. */
		relay->end->lost[channel] = moved < 0 ? (int)moved : -EIO;
		pipe->host_done = true;
	}
	pipe->at = pipe->size = 0;
	channel_close(relay, channel);
}

/* Channels that end here: records and the serial port. */
static void take(struct relay *relay, enum qemu_channel channel)
{
	char data[4096];
	ssize_t got = recv(relay->process->channels[channel], data, sizeof(data), 0);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0)
		channel_close(relay, channel);
	else if (channel == QEMU_STATUS)
		status_decoder_feed(relay->status, data, (size_t)got);
	else
		guest_log_write(relay->serial, data, (size_t)got);
}

static bool open_outputs(const struct relay *relay)
{
	for (unsigned i = QEMU_STDOUT; i < QEMU_CHANNELS; i++) {
		if (relay->process->channels[i] >= 0)
			return true;
	}
	return false;
}

/* Which descriptor the input waits for: the host's while there is nothing to send. */
static void watch_input(const struct relay *relay, struct pollfd *watch, int *timeout)
{
	const struct pipe_end *pipe = &relay->ends[QEMU_STDIN];

	watch->fd = -1;
	if (relay->process->channels[QEMU_STDIN] < 0)
		return;
	if (pipe->at < pipe->size)
		*watch = (struct pollfd){ .fd = relay->process->channels[QEMU_STDIN], .events = POLLOUT };
	else if (!pipe->host_done && (pipe->host_never_waits || pipe->host.kind == STREAM_NONE))
		*timeout = 0;
	else if (!pipe->host_done)
		*watch = (struct pollfd){ .fd = pipe->host.fd, .events = POLLIN };
}

static void watch_output(const struct relay *relay, enum qemu_channel channel, struct pollfd *watch,
			 int *timeout)
{
	const struct pipe_end *pipe = &relay->ends[channel];

	watch->fd = -1;
	if (relay->process->channels[channel] < 0)
		return;
	if (pipe->at == pipe->size)
		*watch = (struct pollfd){ .fd = relay->process->channels[channel], .events = POLLIN };
	else if (pipe->host_never_waits)
		*timeout = 0;
	else
		*watch = (struct pollfd){ .fd = pipe->host.fd, .events = POLLOUT };
}

enum { WATCH_SIGNAL = QEMU_CHANNELS, WATCH_ERRORS, WATCH_COUNT };

static int turn(struct relay *relay)
{
	struct pollfd watch[WATCH_COUNT];
	int timeout = -1;

	watch_input(relay, &watch[QEMU_STDIN], &timeout);
	watch_output(relay, QEMU_STDOUT, &watch[QEMU_STDOUT], &timeout);
	watch_output(relay, QEMU_STDERR, &watch[QEMU_STDERR], &timeout);
	for (unsigned i = QEMU_STATUS; i < QEMU_CHANNELS; i++)
		watch[i] = (struct pollfd){ .fd = relay->process->channels[i], .events = POLLIN };
	watch[WATCH_SIGNAL] = (struct pollfd){ .fd = relay->signal_fd, .events = POLLIN };
	watch[WATCH_ERRORS] = (struct pollfd){ .fd = relay->process->errors, .events = POLLIN };
	if (poll(watch, WATCH_COUNT, timeout) < 0)
		return errno == EINTR ? 0 : -errno;
	if (watch[WATCH_SIGNAL].revents) {
		struct signalfd_siginfo info;

		if (read(relay->signal_fd, &info, sizeof(info)) == sizeof(info))
			relay->end->signal = (int)info.ssi_signo;
		return 0;
	}
	if (relay->process->channels[QEMU_STDIN] >= 0 && (watch[QEMU_STDIN].revents || timeout == 0))
		move_input(relay);
	for (unsigned i = QEMU_STDOUT; i <= QEMU_STDERR; i++) {
		if (relay->process->channels[i] >= 0 && (watch[i].revents || timeout == 0))
			move_output(relay, i);
	}
	for (unsigned i = QEMU_STATUS; i < QEMU_CHANNELS; i++) {
		if (relay->process->channels[i] >= 0 && watch[i].revents)
			take(relay, i);
	}
	if (relay->process->errors >= 0 && watch[WATCH_ERRORS].revents)
		read_errors(relay);
	return 0;
}

static int open_ends(struct relay *relay, const struct vm_config *config, struct failure *failure)
{
	const int fds[] = { config->input_fd, config->output_fd, config->error_fd };

	for (unsigned i = QEMU_STDIN; i <= QEMU_STDERR; i++) {
		struct pipe_end *pipe = &relay->ends[i];

		/* A stream that is no open descriptor is like none at all. */
		if (stream_open(&pipe->host, fds[i], i != QEMU_STDIN) != 0)
			pipe->host = (struct stream){ .fd = -1, .kind = STREAM_NONE };
		pipe->host_never_waits = pipe->host.kind == STREAM_FILE || pipe->host.kind == STREAM_NONE;
		pipe->buffer = malloc(BUFFER_SIZE);
		if (!pipe->buffer)
			return failure_set(failure, -ENOMEM, "out of memory");
		if (pipe->host.kind == STREAM_NONE && i != QEMU_STDIN)
			channel_close(relay, i);
	}
	return 0;
}

int relay_run(struct qemu_process *process, const struct vm_config *config, int signal_fd,
	      struct status_decoder *status, struct guest_log *serial, struct relay_end *end,
	      struct failure *failure)
{
	struct relay relay = { .process = process, .status = status, .serial = serial, .end = end,
			       .signal_fd = signal_fd };
	int error = open_ends(&relay, config, failure);

	while (!error && !end->signal && (open_outputs(&relay) || process->errors >= 0)) {
		error = turn(&relay);
		if (error)
			failure_errno(failure, error, "poll");
	}
	for (unsigned i = QEMU_STDIN; i <= QEMU_STDERR; i++) {
		stream_close(&relay.ends[i].host);
		free(relay.ends[i].buffer);
	}
	return error;
}
