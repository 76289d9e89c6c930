/* libFuzzer on the kernel's files from both sides: the input is what a program calls, with any
 * arguments, and what a hostile server answers: mostly messages that are well formed, with nodes, types,
 * symlinks, entries and sizes of any kind. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

/* With its state, which has to be as new for each input. */
#include "../../../kernel/runtime/fs/client.c"

#include "../../unit/kernel/host_heap.h"
#include "bundle.h"
#include "exit.h"
#include "fs/kept.h"
#include "launch.h"
#include "launch_block.h"
#include "wasi/file.h"
#include "wasi/guest.h"
#include "wasi/preopen.h"

#define PAGES 2u
#define PATH 256u /* where in the program's memory things are */
#define PATH2 5000u
#define IOVECS 16u
#define RESULT 8u
#define BUFFER 10000u
#define FDS 12u

WASI_EXPORT(fd_close, uint32_t fd);
WASI_EXPORT(fd_filestat_get, uint32_t fd, uint32_t stat);
WASI_EXPORT(fd_filestat_set_size, uint32_t fd, uint64_t size);
WASI_EXPORT(fd_fdstat_set_flags, uint32_t fd, uint32_t flags);
WASI_EXPORT(fd_pread, uint32_t fd, uint32_t iovecs, uint32_t count, uint64_t offset, uint32_t size);
WASI_EXPORT(fd_read, uint32_t fd, uint32_t iovecs, uint32_t count, uint32_t size);
WASI_EXPORT(fd_readdir, uint32_t fd, uint32_t buffer, uint32_t size, uint64_t cookie, uint32_t used);
WASI_EXPORT(fd_renumber, uint32_t from, uint32_t to);
WASI_EXPORT(fd_seek, uint32_t fd, uint64_t offset, uint32_t whence, uint32_t position);
WASI_EXPORT(fd_write, uint32_t fd, uint32_t iovecs, uint32_t count, uint32_t size);
WASI_EXPORT(fd_prestat_dir_name, uint32_t fd, uint32_t path, uint32_t size);
WASI_EXPORT(path_create_directory, uint32_t fd, uint32_t path, uint32_t path_size);
WASI_EXPORT(path_filestat_get, uint32_t fd, uint32_t flags, uint32_t path, uint32_t path_size, uint32_t stat);
WASI_EXPORT(path_link, uint32_t fd, uint32_t flags, uint32_t path, uint32_t path_size, uint32_t new_fd,
	    uint32_t new_path, uint32_t new_path_size);
WASI_EXPORT(path_open, uint32_t fd, uint32_t lookup_flags, uint32_t path, uint32_t path_size,
	    uint32_t open_flags, uint64_t rights, uint64_t inheriting, uint32_t flags, uint32_t opened);
WASI_EXPORT(path_readlink, uint32_t fd, uint32_t path, uint32_t path_size, uint32_t buffer,
	    uint32_t buffer_size, uint32_t used);
WASI_EXPORT(path_remove_directory, uint32_t fd, uint32_t path, uint32_t path_size);
WASI_EXPORT(fd_allocate, uint32_t fd, uint64_t offset, uint64_t size);
WASI_EXPORT(path_rename, uint32_t fd, uint32_t path, uint32_t path_size, uint32_t new_fd, uint32_t new_path,
	    uint32_t new_path_size);
WASI_EXPORT(path_symlink, uint32_t target, uint32_t target_size, uint32_t fd, uint32_t path, uint32_t path_size);
WASI_EXPORT(path_unlink_file, uint32_t fd, uint32_t path, uint32_t path_size);

static const uint8_t *input;
static size_t input_size;
static uint64_t exchanges;
static uint8_t *program; /* its memory */

uint8_t fuse_request[FUSE_MESSAGE_MAX], fuse_answer[FUSE_MESSAGE_MAX];
uint8_t fuse_ahead[FUSE_AHEAD_PLACES][FUSE_AHEAD_ROOM];
static struct {
	bool begun;
	uint32_t size, room;
	uint8_t request[FUSE_AHEAD_REQUEST];
} under_way[FUSE_AHEAD_PLACES];

static uint64_t take(size_t bytes)
{
	uint64_t value = 0;

	if (bytes > input_size)
		bytes = input_size;
	memcpy(&value, input, bytes);
	input += bytes;
	input_size -= bytes;
	return value;
}

static uint32_t take_bytes(void *to, uint32_t most)
{
	uint32_t size = most < input_size ? most : (uint32_t)input_size;

	memcpy(to, input, size);
	input += size;
	input_size -= size;
	return size;
}

bool console_has(enum console_stream stream)
{
	return false;
}

/* The standard streams, which are closed here. */
enum console_state console_state(enum console_stream stream)
{
	return CONSOLE_CLOSED;
}

size_t console_read(void *data, size_t size)
{
	return 0;
}

size_t console_write(enum console_stream stream, const void *data, size_t size)
{
	return 0;
}

void console_wait(uint32_t streams, uint64_t deadline)
{
}

/* Never given back, as in the kernel. */
void *space_allocate(size_t size)
{
	static char arena[4 << 20];
	static size_t used;
	void *memory = arena + used;

	used += (size + 15) & ~(size_t)15;
	assert(used <= sizeof(arena));
	return memory;
}

/* As if the program's memory lay in frames of 20,000 bytes, and not all of it in RAM that is known. */
uint64_t space_run(const void *address, uint64_t *physical)
{
	uint64_t at = (uint64_t)((const uint8_t *)address - program);

	*physical = (uint64_t)address;
	return at < PAGES * WALNUT_PAGE_SIZE - 5000 ? 20000 - at % 20000 : 0;
}

uint64_t space_ram_left(void)
{
	return 64 << 20;
}

void runtime_fail(const char *reason, size_t size)
{
	fprintf(stderr, "%.*s\n", (int)size, reason);
	abort();
}

/* The image has no files. */
__asm__(".globl walnut_bundles, walnut_bundles_end\nwalnut_bundles:\nwalnut_bundles_end: .byte 0");

bool fuse_transport_start(uint32_t number)
{
	return number == 0;
}

/* Time goes on by itself. */
uint64_t clock_monotonic_ns(void)
{
	static uint64_t now;

	return now += 50000000;
}

static uint32_t put_entry_out(uint8_t *to)
{
	static const uint32_t modes[] = { 0040755, 0100644, 0120777, 0010644, 0, 0140755, 0020666, 0060666 };
	struct fuse_entry_out entry = { .nodeid = take(1), .entry_valid = 1 };

	entry.attr.mode = modes[take(1) % 8];
	entry.attr.size = take(2);
	memcpy(to, &entry, sizeof(entry));
	return sizeof(entry);
}

/* What belongs to the request, of any content. */
static uint32_t put_answer(uint32_t opcode, uint8_t *to, uint32_t room)
{
	static const char *const targets[] = { "a", "..", "../a", "/", "a/b/../c", "./a/", "a//", "" };
	uint8_t kind = (uint8_t)take(1);

	switch (opcode) {
	case FUSE_LOOKUP:
	case FUSE_MKDIR:
	case FUSE_SYMLINK:
	case FUSE_LINK:
		return put_entry_out(to);
	case FUSE_CREATE:
		memset(to + sizeof(struct fuse_entry_out), kind, sizeof(struct fuse_open_out));
		return put_entry_out(to) + sizeof(struct fuse_open_out);
	case FUSE_INIT: {
		struct fuse_init_out init = { .major = 7, .minor = 31, .max_write = 4096u << (kind & 15) };

		memcpy(to, &init, sizeof(init));
		return sizeof(init);
	}
	case FUSE_READLINK:
		if (kind < 8) {
			memcpy(to, targets[kind], strlen(targets[kind]));
			return (uint32_t)strlen(targets[kind]);
		}
		memset(to, 'x', room);
		return kind * 17u < room ? kind * 17u : room;
	case FUSE_READDIR: {
		struct fuse_dirent d = { .ino = 1, .off = take(1), .namelen = kind };

		if (room < sizeof(d) + 16)
			return 0;
		memcpy(to, &d, sizeof(d));
		return (uint32_t)sizeof(d) + take_bytes(to + sizeof(d), (uint32_t)take(1) % (room - (uint32_t)sizeof(d)));
	}
	default:
		memset(to, kind, room < 4096 ? room : 4096);
		return kind & 1 ? room : kind < room ? kind : room;
	}
}

/* Every byte of the pieces is the program's. */
static void check_pieces(const struct fuse_direct *data)
{
	uint64_t size = 0;

	assert(data->count >= 1 && data->count <= FUSE_DIRECT_PIECES && data->size <= FUSE_DIRECT_MAX);
	for (uint32_t i = 0; i < data->count; i++) {
		uint64_t at = data->pieces[i].physical - (uint64_t)program;

		assert(data->pieces[i].size > 0 && at < PAGES * WALNUT_PAGE_SIZE);
		assert(data->pieces[i].size <= PAGES * WALNUT_PAGE_SIZE - at);
		size += data->pieces[i].size;
	}
	assert(size == data->size);
}

/* `sent`: how much follows what is in the buffer. */
static int64_t answer_to(const uint8_t *request, uint32_t size, uint32_t sent, uint8_t *to, uint32_t room)
{
	struct fuse_in_header in;
	struct fuse_out_header out = { 0 };
	uint8_t mode = (uint8_t)take(1);

	assert(size >= sizeof(in));
	memcpy(&in, request, sizeof(in));
	assert(in.len == size + sent);
	exchanges++;
	if (room < sizeof(out) || mode == 255)
		return -1;
	out.unique = in.unique;
	out.len = sizeof(out);
	if (mode & 0x40)
		out.error = -(int32_t)take(1);
	else
		out.len += put_answer(in.opcode, to + sizeof(out), room - (uint32_t)sizeof(out));
	if (mode & 0x80)
		take_bytes(&out, sizeof(out));
	memcpy(to, &out, sizeof(out));
	return out.len < room ? out.len : room;
}

static int64_t answer(uint32_t number, uint32_t size, uint32_t sent, uint32_t room)
{
	assert(number == 0 && size <= FUSE_MESSAGE_MAX && room <= FUSE_MESSAGE_MAX);
	return answer_to(fuse_request, size, sent, fuse_answer, room);
}

void fuse_transport_begin(uint32_t number, uint32_t place, uint32_t size, uint32_t room)
{
	assert(number == 0 && place < FUSE_AHEAD_PLACES && size <= FUSE_AHEAD_REQUEST && room <= FUSE_AHEAD_ROOM);
	assert(!under_way[place].begun);
	under_way[place].begun = true;
	under_way[place].size = size;
	under_way[place].room = room;
	memcpy(under_way[place].request, fuse_request, size);
}

int64_t fuse_transport_end(uint32_t number, uint32_t place)
{
	assert(number == 0 && place < FUSE_AHEAD_PLACES && under_way[place].begun);
	under_way[place].begun = false;
	return answer_to(under_way[place].request, under_way[place].size, 0, fuse_ahead[place], under_way[place].room);
}

int64_t fuse_transport_exchange(uint32_t number, uint32_t size, uint32_t room)
{
	return answer(number, size, 0, room);
}

bool fuse_transport_later(uint32_t number, uint32_t size)
{
	struct fuse_in_header in;

	assert(number == 0 && size >= sizeof(in) && size <= FUSE_LATER_MAX);
	memcpy(&in, fuse_request, sizeof(in));
	assert(in.len == size);
	exchanges++;
	return take(1) != 255;
}

int64_t fuse_transport_send(uint32_t number, uint32_t size, const struct fuse_direct *data, uint32_t room)
{
	check_pieces(data);
	return answer(number, size, data->size, room);
}

int64_t fuse_transport_receive(uint32_t number, uint32_t size, uint32_t room, const struct fuse_direct *data)
{
	int64_t got = answer(number, size, 0, room + data->size);

	assert(room == sizeof(struct fuse_out_header));
	check_pieces(data);
	for (uint32_t i = 0, left = got > room ? (uint32_t)(got - room) : 0; i < data->count && left; i++) {
		uint32_t piece = data->pieces[i].size < left ? data->pieces[i].size : left;

		memset((void *)data->pieces[i].physical, i, piece);
		left -= piece;
	}
	return got;
}

/* A path in the program's memory; returns its size. */
static uint32_t path(uint32_t at)
{
	static const char *const paths[] = { "a", "a/b", "../a", "a/../b", ".", "a/", "/a", "..", "a/b/c/d/e", "" };
	uint8_t kind = (uint8_t)take(1);

	if (kind < sizeof(paths) / sizeof(paths[0])) {
		memcpy(program + at, paths[kind], strlen(paths[kind]));
		return (uint32_t)strlen(paths[kind]);
	}
	return take_bytes(program + at, kind);
}

static uint32_t iovecs(void)
{
	uint32_t count = (uint32_t)take(1) % 5;
	struct wasi_iovec iovec;

	for (uint32_t i = 0; i < count; i++) {
		iovec.address = (uint32_t)take(3);
		iovec.size = (uint32_t)take(2);
		memcpy(program + IOVECS + i * sizeof(iovec), &iovec, sizeof(iovec));
	}
	return count;
}

static void call(void)
{
	uint8_t which = (uint8_t)take(1);
	uint32_t fd = (uint32_t)take(1) % FDS, size;
	uint64_t rights;

	switch (which % 21) {
	case 0:
	case 1:
	case 2:
		rights = which & 0x80 ? take(4) : UINT64_C(0x1fffffff) >> take(1) % 32;
		wasi_path_open(fd, which >> 5 & 1, PATH, path(PATH), (uint32_t)take(1) & 15, rights, rights,
			       (uint32_t)take(1) & 31, RESULT);
		return;
	case 3:
		wasi_fd_close(fd);
		return;
	case 4:
		wasi_fd_read(fd, IOVECS, iovecs(), RESULT);
		return;
	case 5:
		wasi_fd_write(fd, IOVECS, iovecs(), RESULT);
		return;
	case 6:
		wasi_fd_pread(fd, IOVECS, iovecs(), take(8), RESULT);
		return;
	case 7:
		wasi_fd_readdir(fd, BUFFER, (uint32_t)take(2), take(1), RESULT);
		return;
	case 8:
		wasi_fd_seek(fd, take(8), (uint32_t)take(1) % 4, RESULT);
		return;
	case 9:
		wasi_path_filestat_get(fd, which >> 5 & 1, PATH, path(PATH), BUFFER);
		return;
	case 10:
		wasi_path_create_directory(fd, PATH, path(PATH));
		return;
	case 11:
		wasi_path_readlink(fd, PATH, path(PATH), BUFFER, (uint32_t)take(2), RESULT);
		return;
	case 12:
		size = path(PATH);
		wasi_path_rename(fd, PATH, size, (uint32_t)take(1) % FDS, PATH2, path(PATH2));
		return;
	case 13:
		size = path(PATH);
		wasi_path_link(fd, which >> 5 & 1, PATH, size, (uint32_t)take(1) % FDS, PATH2, path(PATH2));
		return;
	case 14:
		size = path(PATH);
		wasi_path_symlink(PATH, size, fd, PATH2, path(PATH2));
		return;
	case 15:
		wasi_path_unlink_file(fd, PATH, path(PATH));
		return;
	case 16:
		wasi_fd_filestat_get(fd, BUFFER);
		wasi_fd_fdstat_set_flags(fd, (uint32_t)take(1) & 7);
		return;
	case 17:
		wasi_fd_renumber(fd, (uint32_t)take(1) % FDS);
		return;
	case 19:
		wasi_path_remove_directory(fd, PATH, path(PATH));
		return;
	case 20:
		wasi_fd_allocate(fd, take(3), take(3));
		return;
	case 18:
		wasi_fd_filestat_set_size(fd, take(8));
		wasi_fd_prestat_dir_name(fd, BUFFER, (uint32_t)take(1));
		return;
	}
}

/* Two shared ones and a small one in RAM. */
static void open_directories(void)
{
	static const struct {
		struct walnut_launch header;
		struct walnut_mount mount;
		char names[16];
	} block = {
		.header = { .magic = WALNUT_LAUNCH_MAGIC, .total_size = sizeof(block), .strings_offset = sizeof(block),
			    .dirc = 2, .dirs_offset = offsetof(__typeof__(block), names),
			    .mount_count = 1, .mounts_offset = offsetof(__typeof__(block), mount) },
		.mount = { .kind = WALNUT_MOUNT_TMPFS, .size = 200000,
			   .path_offset = offsetof(__typeof__(block), names) + 10 },
		.names = "data\0more\0tmp",
	};
	struct launch launch;

	assert(launch_parse(&launch, &block, sizeof(block)));
	preopen_start(&launch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct walnut_memory memory = { .pages = PAGES };

	input = data;
	input_size = size;
	memset(directories, 0, sizeof(directories));
	memset(reads_ahead, 0, sizeof(reads_ahead));
	memset(under_way, 0, sizeof(under_way));
	memory.base = program = calloc(PAGES, WALNUT_PAGE_SIZE);
	guest_set_memory(&memory);
	open_directories();
	while (input_size > 0) {
		uint64_t before = exchanges;

		call();
		assert(exchanges - before < 10000); /* no call goes on for ever */
	}
	for (uint32_t fd = 0; fd < 1000; fd++)
		if (descriptor_get(fd))
			wasi_fd_close(fd);
	kept_drop();
	host_heap_reset();
	free(program);
	return 0;
}
