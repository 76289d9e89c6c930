/* The block device: queues, lanes, configuration. */
#include "virtio/block.h"

#include <errno.h>
#include <string.h>

#include "config.h"

#include "virtio_mmio.h"

#define REQUESTS_AT_ONCE 64
#define DISCARD_SECTORS_MAX (1u << 21)	    /* 1 GiB */
#define WRITE_ZEROES_SECTORS_MAX (1u << 18) /* 128 MiB: they may have to be written */

#define BIT(feature) (1ull << (feature))

static struct block *block_of(struct virtio_device *device)
{
	return (struct block *)device;
}

/* Section 5.2.5.2: whether writes may stay in the host's memory until the next flush. A driver
 * that knows nothing of flushes does not send any. */
static bool writeback(const struct block *block)
{
	const struct virtio_device *device = &block->device;

	if (!(device->features & BIT(VIRTIO_BLK_F_FLUSH)))
		return true; /* the user wants no flushes */
	if (virtio_device_has_feature(device, VIRTIO_BLK_F_CONFIG_WCE) && block->writeback >= 0)
		return block->writeback;
	return virtio_device_has_feature(device, VIRTIO_BLK_F_FLUSH);
}

static struct block_lane *free_lane(struct block *block)
{
	for (unsigned i = 0; i < BLOCK_LANES; i++)
		if (!block->lanes[i].busy)
			return &block->lanes[i];
	return NULL;
}

/* Takes the next request off the queue into the lane. */
static bool take(struct block_lane *lane, unsigned queue)
{
	struct block *block = lane->block;
	struct virtio_device *device = &block->device;
	struct virtq *vq = virtio_device_queue(device, queue);
	int got;

	if (!vq || block->pausing || block_aborting(block))
		return false;
	got = virtq_next_chain(vq, &lane->chain);
	if (got > 0 && (lane->chain.read_size < sizeof(struct virtio_blk_header) ||
			lane->chain.write_size == 0))
		got = -EINVAL; /* no header, or no place for the status */
	if (got < 0)
		virtio_device_broken(device, "bad request");
	if (got <= 0)
		return false;
	lane->features = device->driver_features;
	lane->write_through = !writeback(block);
	/* Notifications stay on, so that the others learn of what comes meanwhile. */
	virtq_want_notify(vq, true);
	lane->more = virtq_has_next(vq) && block->busy + 1 < BLOCK_LANES;
	return true;
}

void block_will_wait(struct block_lane *lane)
{
	if (lane->more)
		virtio_device_revisit(&lane->block->device);
	lane->more = false;
}

/* Carries out the lane's request, without the lock, and completes it. */
static void serve(struct block_lane *lane, unsigned queue)
{
	struct block *block = lane->block;
	struct virtio_device *device = &block->device;
	uint32_t epoch = block->epoch;
	uint32_t written;

	lane->busy = true;
	block->busy++;
	pthread_mutex_unlock(&device->lock);
	written = block_execute(lane);
	pthread_mutex_lock(&device->lock);
	lane->busy = false;
	block->busy--;
	pthread_cond_broadcast(&block->idle);
	if (block->epoch != epoch)
		return;
	virtq_complete(&device->queues[queue], lane->chain.head, written);
	virtio_device_signal(device, &device->queues[queue]);
}

static void block_queue_ready(struct virtio_device *device, unsigned queue)
{
	struct block *block = block_of(device);
	struct virtq *vq;

	for (unsigned i = 0; i < REQUESTS_AT_ONCE; i++) {
		struct block_lane *lane = free_lane(block);

		if (!lane || !take(lane, queue))
			break;
		serve(lane, queue);
	}
	/* The driver may have stopped it meanwhile, or be about to: then quiesce() comes back. */
	vq = virtio_device_queue(device, queue);
	if (vq && !block->pausing)
		virtio_device_leave(device, vq, true);
}

/* Waits, without the lock, until nothing is under way. */
static void quiesce(struct block *block)
{
	block->pausing++;
	while (block->busy > 0)
		pthread_cond_wait(&block->idle, &block->device.lock);
	block->pausing--;
	virtio_device_revisit(&block->device); /* for the queues that go on */
}

static void block_reset(struct virtio_device *device)
{
	struct block *block = block_of(device);

	block->epoch++;
	block->resetting++;
	quiesce(block);
	block->resetting--;
	block->writeback = -1;
}

static void block_queue_stopped(struct virtio_device *device, unsigned queue)
{
	quiesce(block_of(device));
}

static void block_config_read(struct virtio_device *device, uint64_t offset, void *data, unsigned size)
{
	struct virtio_blk_config config = block_of(device)->config;

	config.writeback = writeback(block_of(device));
	virtio_config_copy(&config, sizeof(config), offset, data, size);
}

static void block_config_write(struct virtio_device *device, uint64_t offset, const void *data, unsigned size)
{
	uint8_t value;

	if (offset != offsetof(struct virtio_blk_config, writeback) || size != sizeof(value) ||
	    !virtio_device_has_feature(device, VIRTIO_BLK_F_CONFIG_WCE))
		return;
	memcpy(&value, data, sizeof(value));
	if (value <= 1)
		block_of(device)->writeback = (int8_t)value;
}

static void block_close(struct virtio_device *device)
{
	disk_image_close(&block_of(device)->image);
}

const struct virtio_device_ops block_ops = {
	.name = "block",
	.id = VIRTIO_ID_BLOCK,
	.features = BIT(VIRTIO_BLK_F_SIZE_MAX) | BIT(VIRTIO_BLK_F_SEG_MAX) | BIT(VIRTIO_BLK_F_BLK_SIZE) |
		    BIT(VIRTIO_BLK_F_TOPOLOGY),
	.queue_count = 1,
	.queue_size_max = BLOCK_QUEUE_SIZE,
	.config_read = block_config_read,
	.config_write = block_config_write,
	.queue_ready = block_queue_ready,
	.queue_stopped = block_queue_stopped,
	.reset = block_reset,
	.close = block_close,
};

static void describe(struct block *block, unsigned queue_count)
{
	const struct disk_image *image = &block->image;
	uint32_t block_size = image->logical_block;

	block->config = (struct virtio_blk_config){
		.capacity = image->size / VIRTIO_BLK_SECTOR,
		.size_max = BLOCK_SEGMENT_SIZE_MAX,
		.seg_max = BLOCK_SEGMENTS_MAX,
		.blk_size = block_size,
		.topology.physical_block_exp = (uint8_t)__builtin_ctz(image->physical_block / block_size),
		.topology.min_io_size = (uint16_t)(image->physical_block / block_size),
		.topology.opt_io_size = image->optimal_io / block_size,
		.num_queues = (uint16_t)queue_count,
		.max_discard_sectors = DISCARD_SECTORS_MAX,
		.max_discard_seg = BLOCK_RANGES_MAX,
		.discard_sector_alignment = image->physical_block / VIRTIO_BLK_SECTOR,
		.max_write_zeroes_sectors = WRITE_ZEROES_SECTORS_MAX,
		.max_write_zeroes_seg = BLOCK_RANGES_MAX,
		.write_zeroes_may_unmap = 1,
	};
}

int block_open(struct block *block, const struct disk_config *config, unsigned queue_count,
	       const atomic_bool *ending, struct failure *failure)
{
	struct virtio_device *device = &block->device;
	int error;

	block->path = config->path;
	block->ending = ending;
	block->writeback = -1;
	pthread_cond_init(&block->idle, NULL);
	for (unsigned i = 0; i < BLOCK_LANES; i++)
		block->lanes[i].block = block;
	error = disk_image_open(&block->image, config->path, config->read_only, config->direct, failure);
	if (error)
		return error;
	memcpy(block->serial, config->id, strnlen(config->id, sizeof(block->serial)));
	if (queue_count > BLOCK_QUEUES_MAX)
		queue_count = BLOCK_QUEUES_MAX;
	describe(block, queue_count);
	device->queue_count = (uint16_t)queue_count;
	if (queue_count > 1)
		device->features |= BIT(VIRTIO_BLK_F_MQ);
	if (config->read_only)
		device->features |= BIT(VIRTIO_BLK_F_RO);
	else
		device->features |= BIT(VIRTIO_BLK_F_DISCARD) | BIT(VIRTIO_BLK_F_WRITE_ZEROES);
	if (config->flush)
		device->features |= BIT(VIRTIO_BLK_F_FLUSH) | BIT(VIRTIO_BLK_F_CONFIG_WCE);
	return 0;
}
