#include "virtio/fs.h"

#include <errno.h>

#include "config.h"
#include "failure.h"
#include "vm/clock.h"

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

static void wait_until_idle(struct virtio_fs *fs)
{
	while (fs->busy)
		pthread_cond_wait(&fs->idle, &fs->device.lock);
}

static void serve_queue(struct virtio_fs *fs, unsigned queue)
{
	struct virtio_device *device = &fs->device;
	struct virtq *vq;

	wait_until_idle(fs); /* with what the other thread has taken */
	for (unsigned i = 0; i < REQUESTS_AT_ONCE && serve_next(fs, queue); i++)
		;
	/* The driver may have stopped it meanwhile, or be about to: then quiesce() comes back. */
	vq = virtio_device_queue(device, queue);
	if (vq && !fs->pausing)
		virtio_device_leave(device, vq, true);
}

/* Whether a request has come, looked for without the lock. Nobody notifies meanwhile. Of the queue only what
 * stays when the driver stops it is looked at: guest memory. */
static bool await_request(struct virtio_fs *fs, struct virtq *vq)
{
	const uint16_t *index = &vq->avail->idx;
	uint16_t seen = vq->next_avail;
	bool come;

	virtq_want_notify(vq, false);
	pthread_mutex_unlock(&fs->device.lock);
	come = fs_watch_until_changed(index, seen);
	pthread_mutex_lock(&fs->device.lock);
	wait_until_idle(fs);
	return come;
}

/* Serves requests awake, until there is none for a while, or they take long: then their driver sleeps, too. On
 * the device's thread. */
static void watch(struct virtio_fs *fs)
{
	struct virtio_device *device = &fs->device;
	uint32_t served = 0, slow = 0;
	struct virtq *vq;

	fs_watch_begin(&fs->watch);
	while ((vq = virtio_device_queue(device, VIRTIO_FS_QUEUE_REQUEST)) && !fs->pausing && slow < FS_WATCH_SLOW_MAX &&
	       await_request(fs, vq)) {
		uint64_t begin = clock_now_ns();

		while (serve_next(fs, VIRTIO_FS_QUEUE_REQUEST))
			served++;
		slow = clock_now_ns() - begin < FS_WATCH_SLOW_NS ? 0 : slow + 1;
	}
	fs_watch_ended(&fs->watch, served, slow == 0);
	vq = virtio_device_queue(device, VIRTIO_FS_QUEUE_REQUEST);
	if (vq && !fs->pausing)
		virtio_device_leave(device, vq, true);
}

static void fs_queue_ready(struct virtio_device *device, unsigned queue)
{
	struct virtio_fs *fs = fs_of(device);

	serve_queue(fs, queue);
	if (queue == VIRTIO_FS_QUEUE_REQUEST && fs_watch_due(&fs->watch))
		watch(fs);
}

/* The one processor of the machine has a request and waits: served here, it costs one exit. By the device's
 * thread, it would cost two wake-ups as well, which take longer than most requests; but one that is awake
 * already (fs_watch.h) costs none. */
static void fs_notified(struct virtio_device *device)
{
	struct virtio_fs *fs = fs_of(device);
	uint64_t now = clock_now_ns();

	if (fs->busy) {
		virtio_device_revisit(device);
		return;
	}
	for (unsigned i = 0; i < VIRTIO_FS_QUEUE_COUNT; i++)
		if (virtio_device_queue(device, i))
			serve_queue(fs, i);
	if (fs_watch_notified(&fs->watch, now, clock_now_ns()))
		virtio_device_revisit(device);
}

/* Waits, without the lock, until nothing is under way. */
static void quiesce(struct virtio_fs *fs)
{
	fs->pausing++;
	wait_until_idle(fs);
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
	fs_watch_init(&fs->watch);
	memcpy(fs->config.tag, config->tag, strnlen(config->tag, sizeof(fs->config.tag)));
	fs->config.num_request_queues = 1;
	fs->fs.detached = config->detached;
	return fs_open(&fs->fs, config->path, config->read_only, fd_limit, failure);
}
