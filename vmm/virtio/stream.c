/* Host streams without blocking, by what the descriptor is:
 *
 *	terminal, pipe	opened once more through /proc/self/fd, which makes a file
 *			description of our own that may be O_NONBLOCK
 *	socket		MSG_DONTWAIT
 *	regular file, /dev/null and the like	never wait for a peer, and epoll(7) refuses
 *			them; a device that it takes is used with care, as below
 *	anything else, and where /proc does not help	poll(), then no more than
 *			what is sure to fit: one page into a pipe, less to a terminal
 */
#include "virtio/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define CAREFUL_STEP 256 /* a terminal polls writable from here on */

static int open_again(int fd, bool output)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, (output ? O_WRONLY : O_RDONLY) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

int stream_open(struct stream *stream, int fd, bool output)
{
	struct stat st;

	*stream = (struct stream){ .fd = -1, .kind = STREAM_NONE };
	if (fd < 0)
		return 0;
	if (fstat(fd, &st) != 0)
		return -errno;
	if (S_ISFIFO(st.st_mode) || (S_ISCHR(st.st_mode) && isatty(fd))) {
		stream->kind = STREAM_NONBLOCKING;
		stream->fd = open_again(fd, output);
		if (stream->fd >= 0)
			return 0;
		stream->kind = STREAM_CAREFUL;
	} else if (S_ISSOCK(st.st_mode)) {
		stream->kind = STREAM_SOCKET;
	} else if (S_ISREG(st.st_mode) || S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode) || S_ISDIR(st.st_mode)) {
		stream->kind = STREAM_FILE;
	} else {
		stream->kind = STREAM_CAREFUL;
	}
	stream->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	return stream->fd < 0 ? -errno : 0;
}

void stream_close(struct stream *stream)
{
	if (stream->kind != STREAM_NONE && stream->fd >= 0)
		close(stream->fd);
	*stream = (struct stream){ .fd = -1, .kind = STREAM_NONE };
}

static ssize_t careful(struct stream *stream, const struct iovec *iov, bool output)
{
	struct pollfd p = { .fd = stream->fd, .events = output ? POLLOUT : POLLIN };
	size_t size = iov->iov_len;

	if (poll(&p, 1, 0) <= 0)
		return -EAGAIN;
	if (!output)
		return read(stream->fd, iov->iov_base, size);
	return write(stream->fd, iov->iov_base, size < CAREFUL_STEP ? size : CAREFUL_STEP);
}

static ssize_t transfer(struct stream *stream, const struct iovec *iov, int count, bool output)
{
	struct msghdr message = { .msg_iov = (struct iovec *)iov, .msg_iovlen = (size_t)count };

	switch (stream->kind) {
	case STREAM_NONE:
		return output ? -EBADF : 0;
	case STREAM_SOCKET:
		return output ? sendmsg(stream->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) :
				recvmsg(stream->fd, &message, MSG_DONTWAIT);
	case STREAM_CAREFUL:
		return careful(stream, iov, output);
	default:
		return output ? writev(stream->fd, iov, count) : readv(stream->fd, iov, count);
	}
}

static ssize_t finish(struct stream *stream, const struct iovec *iov, int count, bool output)
{
	ssize_t n;

	do
		n = transfer(stream, iov, count, output);
	while (n == -1 && errno == EINTR);
	return n == -1 ? -errno : n;
}

ssize_t stream_read(struct stream *stream, const struct iovec *iov, int count)
{
	return finish(stream, iov, count, false);
}

ssize_t stream_write(struct stream *stream, const struct iovec *iov, int count)
{
	return finish(stream, iov, count, true);
}
