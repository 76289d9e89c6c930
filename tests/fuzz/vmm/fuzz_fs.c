/* libFuzzer on the FUSE server: the input is a stream of requests, with arguments of any value and
 * with identifiers that the server gave out before, against a directory with symlinks that
 * lead outside. Nothing outside may change, and no more descriptors be open than were allowed. */
#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "failure.h"
#include "fs/fs.h"
#include "reader.h"

#include "fuse.h"

#define FDS_MAX 40
#define IDS 8
#define SECRET "what nobody may see"

struct client {
	struct fs fs;
	uint64_t nodes[IDS], handles[IDS];
	unsigned node_count, handle_count;
	uint8_t request[8192];
	uint8_t answer[16384];
};

static char base[] = "/tmp/walnut-fuzz-fs-XXXXXX";
static struct stat secret_before, outside_before;

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static void remove_base(void)
{
	assert(chdir("/") == 0);
	nftw(base, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void make_file(const char *path, const char *content)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	assert(fd >= 0 && write(fd, content, strlen(content)) == (ssize_t)strlen(content));
	close(fd);
}

static void prepare(void)
{
	const struct rlimit small = { 1 << 20, 1 << 20 };

	signal(SIGXFSZ, SIG_IGN);
	assert(setrlimit(RLIMIT_FSIZE, &small) == 0);
	assert(mkdtemp(base) && chdir(base) == 0);
	atexit(remove_base);
	assert(mkdir("outside", 0755) == 0);
	make_file("outside/secret", SECRET);
	assert(stat("outside/secret", &secret_before) == 0 && stat("outside", &outside_before) == 0);
}

static void make_share(void)
{
	nftw("share", remove_one, 8, FTW_DEPTH | FTW_PHYS);
	assert(mkdir("share", 0755) == 0 && mkdir("share/d", 0755) == 0);
	make_file("share/a", "hello");
	make_file("share/d/b", "world");
	assert(symlink("../outside", "share/out") == 0 && symlink("../outside/secret", "share/d/s") == 0);
	assert(mkfifo("share/p", 0644) == 0);
}

static void check_outside(void)
{
	struct stat secret, outside;

	assert(stat("outside/secret", &secret) == 0 && stat("outside", &outside) == 0);
	assert(memcmp(&secret.st_ctim, &secret_before.st_ctim, sizeof(secret.st_ctim)) == 0);
	assert(secret.st_nlink == 1 && secret.st_size == secret_before.st_size);
	assert(memcmp(&outside.st_ctim, &outside_before.st_ctim, sizeof(outside.st_ctim)) == 0);
}

static unsigned open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned count = 0;

	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

/* A field of the fixed part: something known, something small, or anything. */
static uint64_t field(struct client *c, struct reader *r)
{
	uint8_t kind = (uint8_t)take(r, 1);

	if (kind < IDS)
		return c->nodes[kind];
	if (kind < 2 * IDS)
		return c->handles[kind - IDS];
	return kind == 255 ? take(r, 8) : kind == 254 ? take(r, 3) : kind - 2 * IDS;
}

static size_t name(uint8_t *to, struct reader *r)
{
	static const char *const names[] = { "a", "b", "d", "s", "out", "p", "n", "..", ".", "x/y", "", "user.a",
					     "security.capability" };
	uint8_t kind = (uint8_t)take(r, 1);
	const uint8_t *bytes;
	size_t size;

	if (kind < sizeof(names) / sizeof(names[0])) {
		size = strlen(names[kind]) + 1;
		memcpy(to, names[kind], size);
		return size;
	}
	size = kind;
	bytes = take_bytes(r, &size);
	memcpy(to, bytes, size);
	return size;
}

/* Keeps what the server gave out. */
static void remember(struct client *c, uint32_t opcode, size_t size)
{
	const struct fuse_out_header *out = (const struct fuse_out_header *)c->answer;
	uint64_t first;

	assert(size >= sizeof(*out) && out->len == size && out->error <= 0);
	if (out->error || size < sizeof(*out) + sizeof(first))
		return;
	memcpy(&first, out + 1, sizeof(first));
	switch (opcode) {
	case FUSE_CREATE:
		memcpy(&c->handles[c->handle_count++ % IDS], (const char *)(out + 1) + sizeof(struct fuse_entry_out),
		       sizeof(first));
		__attribute__((fallthrough));
	case FUSE_LOOKUP:
	case FUSE_MKDIR:
	case FUSE_MKNOD:
	case FUSE_SYMLINK:
	case FUSE_LINK:
		c->nodes[c->node_count++ % IDS] = first;
		break;
	case FUSE_OPEN:
	case FUSE_OPENDIR:
		c->handles[c->handle_count++ % IDS] = first;
		break;
	}
}

static void step(struct client *c, struct reader *r)
{
	struct fuse_in_header header = { .opcode = (uint32_t)(take(r, 1) % (FUSE_OPCODE_COUNT + 2)) };
	uint8_t shape = (uint8_t)take(r, 1);
	size_t size = sizeof(header), room = shape & 0x80 ? take(r, 2) % sizeof(c->answer) : sizeof(c->answer);
	struct iovec in[2], out[2];
	size_t cut;

	header.nodeid = field(c, r);
	for (unsigned i = 0; i < (shape & 0xf); i++) {
		uint64_t value = field(c, r);

		memcpy(c->request + size, &value, sizeof(value));
		size += sizeof(value);
	}
	for (unsigned i = 0; i < (shape >> 4 & 3); i++)
		size += name(c->request + size, r);
	header.len = shape & 0x40 ? (uint32_t)take(r, 2) : (uint32_t)size;
	memcpy(c->request, &header, sizeof(header));
	cut = r->size % size;
	in[0] = (struct iovec){ c->request, cut };
	in[1] = (struct iovec){ c->request + cut, size - cut };
	cut = room > 5 ? 5 : 0;
	out[0] = (struct iovec){ c->answer, cut };
	out[1] = (struct iovec){ c->answer + cut, room - cut };
	size = fs_serve(&c->fs, in, 2, out, 2);
	assert(size <= room);
	if (size > 0)
		remember(c, header.opcode, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint64_t init[2] = { 7 | 31ull << 32, ~0ull };
	struct fuse_in_header header = { .len = sizeof(header) + sizeof(init), .opcode = FUSE_INIT };
	struct reader r = { data, size };
	struct client *c = calloc(1, sizeof(*c));
	struct iovec in = { c->request, header.len }, out = { c->answer, sizeof(c->answer) };
	struct failure failure;
	static bool prepared;
	unsigned fds;

	if (!prepared)
		prepare();
	prepared = true;
	make_share();
	fds = open_fds();
	assert(fs_open(&c->fs, "share", take(&r, 1) & 1, FDS_MAX, &failure) == 0);
	memcpy(c->request, &header, sizeof(header));
	memcpy(c->request + sizeof(header), init, sizeof(init));
	assert(fs_serve(&c->fs, &in, 1, &out, 1) == 80);
	c->nodes[0] = FUSE_ROOT_ID;
	c->node_count = 1;
	while (r.size > 0)
		step(c, &r);
	assert(open_fds() <= fds + FDS_MAX + 2);
	fs_close(&c->fs);
	assert(open_fds() == fds);
	check_outside();
	free(c);
	return 0;
}
