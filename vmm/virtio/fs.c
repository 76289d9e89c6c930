#include "virtio/fs.h"

#include <errno.h>

#include "config.h"
#include "failure.h"

#include "virtio_mmio.h"

#define REQUESTS_AT_ONCE 64
#define QUEUE_SIZE VIRTQ_DEVICE_SIZE_MAX

static struct virtio_fs *fs_of(struct virtio_device *device)
{
	return (struct virtio_fs *)device;
}

/* Carries out the request that was taken, without the lock. Returns how much was written. */
static uint32_t execute(struct virtio_fs *fs, bool forget)
{
	struct virtq_chain *chain = &fs->chain;

	if (forget)
		fs_reset(&fs->fs);
	return (uint32_t)fs_serve(&fs->fs, virtq_chain_readable(chain), chain->read_count,
				  virtq_chain_writable(chain), chain->write_count);
}

/* Serves the next request. Returns whether there was one, and the driver still wants the answer. */
static bool serve_next(struct virtio_fs *fs, unsigned queue)
{
	struct virtio_device *device = &fs->device;
	struct virtq *vq = virtio_device_queue(device, queue);
	uint32_t epoch = fs->epoch;
	bool forget = fs->forgotten;
	uint32_t written;
	int got;

	if (!vq || fs->pausing)
		return false;
	got = virtq_next_chain(vq, &fs->chain);
	if (got < 0)
		virtio_device_broken(device, "bad request");
	if (got <= 0)
		return false;
	fs->busy = true;
	fs->forgotten = false;
	pthread_mutex_unlock(&device->lock);
	written = execute(fs, forget);
	pthread_mutex_lock(&device->lock);
	fs->busy = false;
	pthread_cond_broadcast(&fs->idle);
	if (fs->epoch != epoch)
		return false;
	virtq_complete(vq, fs->chain.head, written);
	virtio_device_signal(device, vq);
	return true;
}

static void fs_queue_ready(struct virtio_device *device, unsigned queue)
{
	struct virtio_fs *fs = fs_of(device);
	struct virtq *vq;

	while (fs->busy) /* with what a processor has brought */
		pthread_cond_wait(&fs->idle, &device->lock);
	for (unsigned i = 0; i < REQUESTS_AT_ONCE && serve_next(fs, queue); i++)
		;
	/* The driver may have stopped it meanwhile, or be about to: then quiesce() comes back. */
	vq = virtio_device_queue(device, queue);
	if (vq && !fs->pausing)
		virtio_device_leave(device, vq, true);
}

/* The one processor of the machine has a request and waits: served here, it costs one exit. By the device's
 * thread, it would cost two wake-ups as well, which take longer than most requests. */
static void fs_notified(struct virtio_device *device)
{
	if (fs_of(device)->busy)
		virtio_device_revisit(device);
	else
		virtio_device_poll_locked(device);
}

/* Waits, without the lock, until nothing is under way. */
static void quiesce(struct virtio_fs *fs)
{
	fs->pausing++;
	while (fs->busy)
		pthread_cond_wait(&fs->idle, &fs->device.lock);
	fs->pausing--;
	virtio_device_revisit(&fs->device); /* for the queue that goes on */
}

static void fs_device_reset(struct virtio_device *device)
{
	struct virtio_fs *fs = fs_of(device);

	fs->epoch++;
	fs->forgotten = true;
	quiesce(fs);
}

static void fs_queue_stopped(struct virtio_device *device, unsigned queue)
{
	quiesce(fs_of(device));
}

static void fs_config_read(struct virtio_device *device, uint64_t offset, void *data, unsigned size)
{
	virtio_config_copy(&fs_of(device)->config, sizeof(fs_of(device)->config), offset, data, size);
}

static void fs_device_close(struct virtio_device *device)
{
	fs_close(&fs_of(device)->fs);
}

const struct virtio_device_ops virtio_fs_ops = {
	.name = "fs",
	.id = VIRTIO_ID_FS,
	.queue_count = VIRTIO_FS_QUEUE_COUNT,
	.queue_size_max = QUEUE_SIZE,
	.config_read = fs_config_read,
	.queue_ready = fs_queue_ready,
	.notified = fs_notified,
	.queue_stopped = fs_queue_stopped,
	.reset = fs_device_reset,
	.close = fs_device_close,
};

int virtio_fs_open(struct virtio_fs *fs, const struct fs_config *config, uint32_t fd_limit,
		   struct failure *failure)
{
	pthread_cond_init(&fs->idle, NULL);
	memcpy(fs->config.tag, config->tag, strnlen(config->tag, sizeof(fs->config.tag)));
	fs->config.num_request_queues = 1;
	fs->fs.detached = config->detached;
	return fs_open(&fs->fs, config->path, config->read_only, fd_limit, failure);
}
