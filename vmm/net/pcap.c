/* See pcap.h. A regular file, or a device like /dev/null: nothing that the guest could wait for. */
#include "net/pcap.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "failure.h"
#include "log.h"
#include "net/backend.h"
#include "virtio/virtq.h"

#define MAGIC_NANOSECONDS 0xa1b23c4du
#define LINK_ETHERNET 1u

struct file_header {
	uint32_t magic;
	uint16_t major, minor;
	uint32_t reserved[2];
	uint32_t size_max;
	uint32_t link_type;
};

struct record_header {
	uint32_t seconds, nanoseconds;
	uint32_t size, full_size;
};

_Static_assert(sizeof(struct file_header) == 24 && sizeof(struct record_header) == 16, "pcap");

int net_pcap_create(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0666), error;
	struct stat status;

	if (fd < 0)
		return -errno;
	error = fstat(fd, &status) ? -errno : 0;
	if (!error && (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode)))
		error = -ESPIPE; /* whoever reads it slowly would lose a part */
	if (!error)
		return fd;
	close(fd);
	return error;
}

int net_pcap_start(struct net_pcap *pcap, const char *path, int fd, struct failure *failure)
{
	const struct file_header header = { .magic = MAGIC_NANOSECONDS, .major = 2, .minor = 4,
					    .size_max = NET_FRAME_MAX, .link_type = LINK_ETHERNET };

	errno = 0;
	if (write(fd, &header, sizeof(header)) != (ssize_t)sizeof(header))
		return failure_errno(failure, errno ? -errno : -EIO, "network: cannot record to %s", path);
	*pcap = (struct net_pcap){ .fd = fd, .path = path, .size = sizeof(header) };
	return 0;
}

static void end(struct net_pcap *pcap, int error)
{
	log_line(LOG_LEVEL_WARN, "network: %s: %s; the record ends here", pcap->path, strerror(error));
	if (ftruncate(pcap->fd, pcap->size) != 0)
		log_line(LOG_LEVEL_WARN, "network: %s: its last frame is not whole", pcap->path);
	pcap->fd = -1;
}

void net_pcap_record(struct net_pcap *pcap, const struct iovec *frame, unsigned count, size_t size)
{
	struct iovec parts[1 + VIRTQ_DEVICE_SIZE_MAX];
	struct record_header header;
	struct timespec now;
	ssize_t written;

	if (pcap->fd < 0 || size > NET_FRAME_MAX)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	header = (struct record_header){
		.seconds = (uint32_t)now.tv_sec, .nanoseconds = (uint32_t)now.tv_nsec,
		.size = (uint32_t)size, .full_size = (uint32_t)size,
	};
	parts[0] = (struct iovec){ &header, sizeof(header) };
	memcpy(parts + 1, frame, count * sizeof(*frame));
	errno = 0;
	written = writev(pcap->fd, parts, (int)count + 1);
	if (written == (ssize_t)(sizeof(header) + size))
		pcap->size += written;
	else
		end(pcap, errno ? errno : ENOSPC);
}
