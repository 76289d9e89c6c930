/* The block device: virtio 1.2, section 5.2. */
#ifndef WALNUT_ABI_VIRTIO_BLOCK_H
#define WALNUT_ABI_VIRTIO_BLOCK_H

#include <stddef.h>
#include <stdint.h>

#define VIRTIO_BLK_F_SIZE_MAX 1
#define VIRTIO_BLK_F_SEG_MAX 2
#define VIRTIO_BLK_F_GEOMETRY 4
#define VIRTIO_BLK_F_RO 5
#define VIRTIO_BLK_F_BLK_SIZE 6
#define VIRTIO_BLK_F_FLUSH 9
#define VIRTIO_BLK_F_TOPOLOGY 10
#define VIRTIO_BLK_F_CONFIG_WCE 11
#define VIRTIO_BLK_F_MQ 12
#define VIRTIO_BLK_F_DISCARD 13
#define VIRTIO_BLK_F_WRITE_ZEROES 14

/* The unit of capacities, sectors and lengths, whatever blk_size says. */
#define VIRTIO_BLK_SECTOR 512u

struct virtio_blk_config {
	uint64_t capacity; /* sectors */
	uint32_t size_max;
	uint32_t seg_max;
	struct {
		uint16_t cylinders;
		uint8_t heads;
		uint8_t sectors;
	} geometry;
	uint32_t blk_size; /* bytes */
	struct {
		uint8_t physical_block_exp; /* physical block: blk_size << this */
		uint8_t alignment_offset;   /* in blocks, as the next two */
		uint16_t min_io_size;
		uint32_t opt_io_size;
	} topology;
	uint8_t writeback;
	uint8_t unused0;
	uint16_t num_queues;
	uint32_t max_discard_sectors;
	uint32_t max_discard_seg;
	uint32_t discard_sector_alignment;
	uint32_t max_write_zeroes_sectors;
	uint32_t max_write_zeroes_seg;
	uint8_t write_zeroes_may_unmap;
	uint8_t unused1[3];
} __attribute__((packed));

enum virtio_blk_type {
	VIRTIO_BLK_T_IN = 0,
	VIRTIO_BLK_T_OUT = 1,
	VIRTIO_BLK_T_FLUSH = 4,
	VIRTIO_BLK_T_GET_ID = 8,
	VIRTIO_BLK_T_DISCARD = 11,
	VIRTIO_BLK_T_WRITE_ZEROES = 13,
};

/* What a request begins with; data and one byte of status follow. */
struct virtio_blk_header {
	uint32_t type;
	uint32_t reserved;
	uint64_t sector;
};

/* The data of DISCARD and WRITE_ZEROES: an array of these. */
struct virtio_blk_range {
	uint64_t sector;
	uint32_t sectors;
	uint32_t flags;
};
#define VIRTIO_BLK_RANGE_UNMAP 1u

enum virtio_blk_status {
	VIRTIO_BLK_S_OK = 0,
	VIRTIO_BLK_S_IOERR = 1,
	VIRTIO_BLK_S_UNSUPP = 2,
};

#define VIRTIO_BLK_ID_BYTES 20

_Static_assert(sizeof(struct virtio_blk_config) == 60, "config");
_Static_assert(offsetof(struct virtio_blk_config, blk_size) == 20, "config");
_Static_assert(offsetof(struct virtio_blk_config, writeback) == 32, "config");
_Static_assert(offsetof(struct virtio_blk_config, max_discard_sectors) == 36, "config");
_Static_assert(offsetof(struct virtio_blk_config, write_zeroes_may_unmap) == 56, "config");
_Static_assert(sizeof(struct virtio_blk_header) == 16, "header");
_Static_assert(sizeof(struct virtio_blk_range) == 16, "range");

#endif
