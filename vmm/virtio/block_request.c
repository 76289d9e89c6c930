/* One request of the block device: section 5.2.6. Every number in it is the guest's. */
#include <errno.h>
#include <string.h>

#include "log.h"
#include "virtio/block.h"
#include "virtio/iov.h"

#include "virtio_mmio.h"

/* How much is done before looking whether somebody waits for the request to end: a chain may
 * name the guest's memory many times over. */
#define SLICE_SIZE (4u << 20)
#define ZERO_SLICE_SIZE (64u << 20)

static bool in_range(const struct block *block, uint64_t sector, uint64_t sectors)
{
	uint64_t capacity = block->config.capacity;

	return sector <= capacity && sectors <= capacity - sector;
}

/* One line for each kind of error: a guest that tries again does not fill the log. */
static uint8_t report(struct block *block, int error, const char *what)
{
	unsigned number = (unsigned)-error;
	_Atomic uint64_t *word;

	if (!error)
		return VIRTIO_BLK_S_OK;
	if (error == -ECANCELED)
		return VIRTIO_BLK_S_IOERR;
	word = &block->reported[number / 64 % (sizeof(block->reported) / sizeof(block->reported[0]))];
	if (!(atomic_fetch_or(word, 1ull << number % 64) >> number % 64 & 1))
		log_line(LOG_LEVEL_ERROR, "disk %s: cannot %s: %s", block->path, what,
			 error == -ENODATA ? "the image has become shorter" : strerror(number));
	return VIRTIO_BLK_S_IOERR;
}

/* One slice, the first `count` buffers of lane->slice. */
static int transfer_slice(struct block_lane *lane, bool write, unsigned count, uint64_t offset)
{
	struct disk_image *image = &lane->block->image;
	uint64_t done;

	if (write) {
		block_will_wait(lane);
		return disk_image_write(image, lane->slice, count, offset);
	}
	done = disk_image_read_cached(image, lane->slice, count, offset);
	count = iov_skip(lane->slice, lane->slice, count, done);
	if (count == 0)
		return 0;
	block_will_wait(lane);
	return disk_image_read(image, lane->slice, count, offset + done);
}

static uint8_t transfer(struct block_lane *lane, bool write, struct iovec *iov, unsigned count,
			uint64_t size, uint64_t sector)
{
	struct block *block = lane->block;
	uint64_t offset = sector * VIRTIO_BLK_SECTOR;
	int error = 0;

	if (size % VIRTIO_BLK_SECTOR || size > BLOCK_REQUEST_MAX ||
	    !in_range(block, sector, size / VIRTIO_BLK_SECTOR))
		return VIRTIO_BLK_S_IOERR;
	while (size > 0 && !error) {
		size_t step = size < SLICE_SIZE ? size : SLICE_SIZE;
		unsigned n;

		memcpy(lane->slice, iov, count * sizeof(*iov));
		n = iov_limit(lane->slice, count, step);
		count = iov_skip(iov, iov, count, step);
		error = block_aborting(block) ? -ECANCELED : transfer_slice(lane, write, n, offset);
		offset += step;
		size -= step;
	}
	return report(block, error, write ? "write" : "read");
}

static int zero(struct block *block, const struct virtio_blk_range *range)
{
	uint64_t offset = range->sector * VIRTIO_BLK_SECTOR;
	uint64_t size = (uint64_t)range->sectors * VIRTIO_BLK_SECTOR;
	int error = 0;

	while (size > 0 && !error) {
		uint64_t step = size < ZERO_SLICE_SIZE ? size : ZERO_SLICE_SIZE;

		if (block_aborting(block))
			return -ECANCELED;
		error = disk_image_zero(&block->image, offset, step, range->flags & VIRTIO_BLK_RANGE_UNMAP);
		offset += step;
		size -= step;
	}
	return error;
}

static uint8_t check_range(const struct block *block, bool discard, const struct virtio_blk_range *range)
{
	uint32_t most = discard ? block->config.max_discard_sectors : block->config.max_write_zeroes_sectors;

	if (range->flags & ~(discard ? 0u : VIRTIO_BLK_RANGE_UNMAP))
		return VIRTIO_BLK_S_UNSUPP;
	if (range->sectors > most || !in_range(block, range->sector, range->sectors))
		return VIRTIO_BLK_S_IOERR;
	return VIRTIO_BLK_S_OK;
}

/* All ranges are checked before the first is touched. */
static uint8_t clear_ranges(struct block *block, bool discard, const struct iovec *iov, unsigned count,
			    uint64_t size)
{
	struct virtio_blk_range ranges[BLOCK_RANGES_MAX];
	int error = 0;
	unsigned n;

	if (size == 0 || size % sizeof(ranges[0]) || size > sizeof(ranges))
		return VIRTIO_BLK_S_IOERR;
	iov_gather(iov, count, (uint8_t *)ranges, size);
	n = size / sizeof(ranges[0]);
	for (unsigned i = 0; i < n; i++) {
		uint8_t status = check_range(block, discard, &ranges[i]);

		if (status != VIRTIO_BLK_S_OK)
			return status;
	}
	for (unsigned i = 0; i < n && !error; i++) {
		if (ranges[i].sectors == 0)
			continue;
		if (discard)
			error = disk_image_discard(&block->image, ranges[i].sector * VIRTIO_BLK_SECTOR,
					      (uint64_t)ranges[i].sectors * VIRTIO_BLK_SECTOR);
		else
			error = zero(block, &ranges[i]);
	}
	return report(block, error, discard ? "discard" : "write zeros");
}

/* In write-through mode a write is over when it is on stable storage. */
static uint8_t finish_write(struct block_lane *lane, uint8_t status)
{
	if (status != VIRTIO_BLK_S_OK || !lane->write_through)
		return status;
	return report(lane->block, disk_image_flush(&lane->block->image), "flush");
}

/* What the type needs of the driver's features; requests of features that were not
 * agreed are unknown. */
static bool known(const struct block_lane *lane, uint32_t type)
{
	switch (type) {
	case VIRTIO_BLK_T_FLUSH:
		return lane->features >> VIRTIO_BLK_F_FLUSH & 1;
	case VIRTIO_BLK_T_DISCARD:
		return lane->features >> VIRTIO_BLK_F_DISCARD & 1;
	case VIRTIO_BLK_T_WRITE_ZEROES:
		return lane->features >> VIRTIO_BLK_F_WRITE_ZEROES & 1;
	default:
		return true;
	}
}

/* `in` and `out` are the buffers between header and status; `written` is what went to `in`. */
static uint8_t serve(struct block_lane *lane, const struct virtio_blk_header *header, struct iovec *out,
		     unsigned out_count, struct iovec *in, unsigned in_count, uint64_t *written)
{
	struct block *block = lane->block;
	uint64_t out_size = lane->chain.read_size - sizeof(*header);
	uint64_t in_size = lane->chain.write_size - 1;
	bool changes = header->type == VIRTIO_BLK_T_OUT || header->type == VIRTIO_BLK_T_DISCARD ||
		       header->type == VIRTIO_BLK_T_WRITE_ZEROES;
	uint8_t status;

	if (!known(lane, header->type))
		return VIRTIO_BLK_S_UNSUPP;
	if (changes && block->image.read_only)
		return VIRTIO_BLK_S_IOERR;
	switch (header->type) {
	case VIRTIO_BLK_T_IN:
		status = transfer(lane, false, in, in_count, in_size, header->sector);
		*written = status == VIRTIO_BLK_S_OK ? in_size : 0;
		return status;
	case VIRTIO_BLK_T_OUT:
		return finish_write(lane, transfer(lane, true, out, out_count, out_size, header->sector));
	case VIRTIO_BLK_T_FLUSH:
		block_will_wait(lane);
		return report(block, disk_image_flush(&block->image), "flush");
	case VIRTIO_BLK_T_GET_ID:
		*written = iov_scatter(in, in_count, (const uint8_t *)block->serial, sizeof(block->serial));
		return VIRTIO_BLK_S_OK;
	case VIRTIO_BLK_T_DISCARD:
	case VIRTIO_BLK_T_WRITE_ZEROES:
		block_will_wait(lane);
		return finish_write(lane, clear_ranges(block, header->type == VIRTIO_BLK_T_DISCARD, out,
						       out_count, out_size));
	default:
		return VIRTIO_BLK_S_UNSUPP;
	}
}

uint32_t block_execute(struct block_lane *lane)
{
	struct virtq_chain *chain = &lane->chain;
	struct iovec *out = virtq_chain_readable(chain), *in = virtq_chain_writable(chain);
	unsigned out_count = chain->read_count, in_count = chain->write_count;
	struct virtio_blk_header header;
	uint64_t written = 0;
	uint8_t *status;

	iov_gather(out, out_count, (uint8_t *)&header, sizeof(header));
	out_count = iov_skip(out, out, out_count, sizeof(header));
	status = (uint8_t *)in[in_count - 1].iov_base + in[in_count - 1].iov_len - 1;
	if (--in[in_count - 1].iov_len == 0)
		in_count--;
	*status = serve(lane, &header, out, out_count, in, in_count, &written);
	/* Bytes count from the first: the status counts only when all before it was written. */
	if (written == chain->write_size - 1)
		written++;
	return written > UINT32_MAX ? UINT32_MAX : (uint32_t)written;
}
