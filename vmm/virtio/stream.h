/* One direction of a host stream (terminal, pipe, file, socket), used without ever
 * blocking on a peer. The caller's descriptor may be shared with other processes, so its
 * O_NONBLOCK flag is theirs and stays as it is. */
#ifndef WALNUT_VMM_STREAM_H
#define WALNUT_VMM_STREAM_H

#include <stdbool.h>
#include <sys/types.h>
#include <sys/uio.h>

enum stream_kind {
	STREAM_NONE = 0,
	STREAM_NONBLOCKING, /* our own open file description, O_NONBLOCK */
	STREAM_SOCKET,	    /* MSG_DONTWAIT on each call */
	STREAM_FILE,	    /* regular files and devices that never wait */
	STREAM_CAREFUL,	    /* must be asked with poll() before each small step */
};

struct stream {
	int fd; /* our own descriptor */
	enum stream_kind kind;
};

/* fd: the caller's, or -1 for none, which gives STREAM_NONE. */
int stream_open(struct stream *stream, int fd, bool output);
void stream_close(struct stream *stream);

/* Like readv and writev but for: -EAGAIN when it would wait, -errno for errors. Short
 * counts happen. */
ssize_t stream_read(struct stream *stream, const struct iovec *iov, int count);
ssize_t stream_write(struct stream *stream, const struct iovec *iov, int count);

#endif
