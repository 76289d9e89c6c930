/* libFuzzer on the file system device: requests in a guest's queues, with answers that may lie on the
 * requests themselves, descriptors of any kind, resets. What the operations do is fuzz_fs.c's. */
#include <assert.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "any_driver.h"
#include "config.h"
#include "failure.h"
#include "virtio/fs.h"
#include "virtio/mmio.h"

#define BASE 0xd0000000u
#define QUEUE_SIZE 16
#define QUEUES VIRTIO_FS_QUEUE_COUNT
#define FDS_MAX 40
#define REQUEST 0x80000u /* of descriptor n: 256 bytes from here + 256 n */
#define REQUEST_SIZE 256u
#define ANSWER 0x90000u

enum { OP_COUNT = OP_OWN };

struct machine {
	struct mmio_guest guest;
	struct event_loop loop;
	struct virtio_fs fs;
	uint16_t head;
};

static char base[] = "/tmp/walnut-fuzz-fs-device-XXXXXX";

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static void remove_base(void)
{
	nftw(base, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void prepare(void)
{
	const struct rlimit small = { 1 << 20, 1 << 20 };

	signal(SIGXFSZ, SIG_IGN);
	assert(setrlimit(RLIMIT_FSIZE, &small) == 0 && mkdtemp(base));
	atexit(remove_base);
}

static void make_share(char path[static 64])
{
	char file[80];
	int fd;

	snprintf(path, 64, "%s/share", base);
	snprintf(file, sizeof(file), "%s/a", path);
	nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	assert(mkdir(path, 0755) == 0);
	fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert(fd >= 0 && write(fd, "hello", 5) == 5);
	close(fd);
}

/* Two descriptors: the request, and room for its answer, which is mostly where nothing else is. */
static void offer(struct machine *m, unsigned queue, const struct fuse_in_header *header, const uint8_t *args,
		  size_t size, uint64_t answer, uint32_t room)
{
	struct test_queue *q = &m->guest.queues[queue];
	uint16_t head = m->head % (QUEUE_SIZE - 1);
	uint64_t at = REQUEST + REQUEST_SIZE * head;

	m->head = head + 2;
	memcpy(test_ram_at(&m->guest.ram, at), header, sizeof(*header));
	memcpy(test_ram_at(&m->guest.ram, at + sizeof(*header)), args, size);
	test_set_desc(q, head, at, (uint32_t)(sizeof(*header) + size), VIRTQ_DESC_F_NEXT, head + 1);
	test_set_desc(q, head + 1u, answer, room, VIRTQ_DESC_F_WRITE, 0);
	test_offer(q, head);
}

static void request(struct machine *m, struct reader *r)
{
	uint8_t how = (uint8_t)take(r, 1);
	struct fuse_in_header header = { .opcode = (uint32_t)(take(r, 1) % (FUSE_OPCODE_COUNT + 2)) };
	size_t size = how & 0xf0 ? 8 * (how & 0xf) : take(r, 1) % (REQUEST_SIZE - sizeof(header));
	uint64_t answer = how & 0x20 ? REQUEST + take(r, 2) % 0x1000 : ANSWER;
	uint32_t room = how & 0x40 ? (uint32_t)take(r, 3) : 0x4000;
	const uint8_t *args;

	header.nodeid = how & 0x80 ? take(r, 2) : FUSE_ROOT_ID;
	args = take_bytes(r, &size);
	header.len = how & 0x10 ? (uint32_t)take(r, 2) : (uint32_t)(sizeof(header) + size);
	offer(m, how % QUEUES, &header, args, size, answer, room);
}

static struct machine *create(bool read_only)
{
	char path[64];
	struct fs_config config = { .tag = (char *)"fuzz", .path = path, .read_only = read_only };
	struct machine *m = calloc(1, sizeof(*m));
	struct failure failure;

	make_share(path);
	mmio_guest_create(&m->guest, BASE, QUEUE_SIZE);
	assert(event_loop_create(&m->loop) == 0);
	assert(virtio_mmio_create(&m->fs.device, &virtio_fs_ops, &m->guest.ram.mem, &m->loop, BASE, 5, &failure) == 0);
	virtio_mmio_add(&m->fs.device, &m->guest.bus);
	assert(virtio_fs_open(&m->fs, &config, FDS_MAX, &failure) == 0);
	return m;
}

static void begin(struct machine *m)
{
	static const uint64_t args[2] = { 7 | 31ull << 32, ~0ull };
	const struct fuse_in_header header = { .len = sizeof(header) + sizeof(args), .opcode = FUSE_INIT };

	mmio_start(&m->guest, mmio_offered_features(&m->guest), QUEUES);
	offer(m, VIRTIO_FS_QUEUE_REQUEST, &header, (const uint8_t *)args, sizeof(args), ANSWER, 0x1000);
	mmio_notify(&m->fs.device);
	mmio_turn(&m->loop);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader r = { data, size };
	static bool prepared;
	struct machine *m;

	if (!prepared)
		prepare();
	prepared = true;
	m = create(take(&r, 1) & 1);
	begin(m);
	while (r.size > 0) {
		unsigned op = take(&r, 1) % OP_COUNT;

		if (op == OP_REQUEST)
			request(m, &r);
		else
			any_driver_step(&m->guest, &m->fs.device, QUEUES, op, &r);
	}
	mmio_notify(&m->fs.device);
	mmio_turn(&m->loop);
	assert(!m->fs.busy && m->fs.pausing == 0);
	virtio_fs_ops.close(&m->fs.device);
	virtio_device_destroy(&m->fs.device);
	event_loop_destroy(&m->loop);
	test_ram_destroy(&m->guest.ram);
	free(m);
	return 0;
}
