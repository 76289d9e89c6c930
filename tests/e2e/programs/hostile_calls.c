/* hostile_calls SEED COUNT: calls all functions of WASI preview 1 by chance, with arguments that are now sensible, now
 * anything: descriptors of directories, files and nothing, paths that lead up and out, structures of chance, addresses at
 * and past the end of memory. No call may write where it was not told to. Ends with status 0. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define WASI(name, ...) \
	__attribute__((import_module("wasi_snapshot_preview1"), import_name(#name))) uint32_t call_##name(__VA_ARGS__)

typedef uint32_t u32;
typedef uint64_t u64;

WASI(args_get, u32, u32);
WASI(args_sizes_get, u32, u32);
WASI(environ_get, u32, u32);
WASI(environ_sizes_get, u32, u32);
WASI(clock_res_get, u32, u32);
WASI(clock_time_get, u32, u64, u32);
WASI(fd_advise, u32, u64, u64, u32);
WASI(fd_allocate, u32, u64, u64);
WASI(fd_close, u32);
WASI(fd_datasync, u32);
WASI(fd_fdstat_get, u32, u32);
WASI(fd_fdstat_set_flags, u32, u32);
WASI(fd_fdstat_set_rights, u32, u64, u64);
WASI(fd_filestat_get, u32, u32);
WASI(fd_filestat_set_size, u32, u64);
WASI(fd_filestat_set_times, u32, u64, u64, u32);
WASI(fd_pread, u32, u32, u32, u64, u32);
WASI(fd_prestat_get, u32, u32);
WASI(fd_prestat_dir_name, u32, u32, u32);
WASI(fd_pwrite, u32, u32, u32, u64, u32);
WASI(fd_read, u32, u32, u32, u32);
WASI(fd_readdir, u32, u32, u32, u64, u32);
WASI(fd_renumber, u32, u32);
WASI(fd_seek, u32, u64, u32, u32);
WASI(fd_sync, u32);
WASI(fd_tell, u32, u32);
WASI(fd_write, u32, u32, u32, u32);
WASI(path_create_directory, u32, u32, u32);
WASI(path_filestat_get, u32, u32, u32, u32, u32);
WASI(path_filestat_set_times, u32, u32, u32, u32, u64, u64, u32);
WASI(path_link, u32, u32, u32, u32, u32, u32, u32);
WASI(path_open, u32, u32, u32, u32, u32, u64, u64, u32, u32);
WASI(path_readlink, u32, u32, u32, u32, u32, u32);
WASI(path_remove_directory, u32, u32, u32);
WASI(path_rename, u32, u32, u32, u32, u32, u32);
WASI(path_symlink, u32, u32, u32, u32, u32);
WASI(path_unlink_file, u32, u32, u32);
WASI(poll_oneoff, u32, u32, u32, u32);
WASI(proc_raise, u32);
WASI(random_get, u32, u32);
WASI(sched_yield, void);
WASI(sock_accept, u32, u32, u32);
WASI(sock_recv, u32, u32, u32, u32, u32, u32);
WASI(sock_send, u32, u32, u32, u32, u32);
WASI(sock_shutdown, u32, u32);
__attribute__((import_module("wasi_snapshot_preview1"), import_name("proc_exit"), noreturn)) void call_proc_exit(u32);

/* What calls may write to, between walls. */
#define ARENA 200000
#define WALL 70000
static struct {
	uint8_t before[WALL], arena[ARENA], after[WALL];
} memory;
#define WALL_BYTE 0x5a

static u64 seed;

static u32 chance(u32 below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (u32)(seed >> 33) % below;
}

static u64 any(void)
{
	return (u64)chance(1u << 31) << 40 ^ (u64)chance(1u << 31) << 20 ^ chance(1u << 31);
}

static u32 memory_end(void)
{
	return (u32)(__builtin_wasm_memory_size(0) << 16);
}

/* A place for `size` bytes in the arena; now and then one that is none. */
static u32 place(u32 size)
{
	switch (chance(40)) {
	case 0:
		return memory_end() - chance(size < 3 ? 1 : size / 2 + 1); /* over the end, or behind it */
	case 1:
		return 0xffffffffu - chance(size + 10);
	default:
		return (u32)(uintptr_t)memory.arena + chance(ARENA - size);
	}
}

#define FD (chance(10) ? chance(20) : chance(2) ? (u32)any() : chance(70))
#define DIR (chance(8) ? 3 + chance(4) : FD)
#define P64 place(64)
#define OFF (chance(4) ? chance(200000) : any())
#define BITS(n) (chance(12) ? chance(1u << (n)) : (u32)any())
#define RIGHTS (chance(3) ? (u64)0x1fffffff : any() & any())
#define NS (chance(2) ? any() : chance(1000000))

static u32 path_size;

static u32 path(void)
{
	static const char *const parts[] = { "a", "b", "c", "d", "f", "link", "out", "..", ".", "deep", "new", "\xff" };
	uint8_t *at = memory.arena + chance(1000) + 1000 * chance(2);
	u32 size = 0;

	for (u32 i = 1 + chance(chance(10) ? 3 : 60); i; i--) {
		const char *part = parts[chance(sizeof(parts) / sizeof(parts[0]))];

		memcpy(at + size, part, strlen(part));
		size += (u32)strlen(part);
		if (i > 1 || chance(10) == 0)
			at[size++] = '/';
	}
	if (chance(100) == 0)
		at[chance(size)] = 0;
	if (chance(50) == 0) {
		memset(at, 'n', 5000);
		size = 200 + chance(4800);
	}
	path_size = chance(100) ? size : memory_end();
	return chance(100) ? (u32)(uintptr_t)at : place(1);
}

#define PATH path(), path_size

static u32 count;

static u32 buffers(void)
{
	u32 *at = (u32 *)(memory.arena + 4 * chance(1000));

	count = chance(chance(10) ? 4 : 40);
	for (u32 i = 0; i < count; i++) {
		u32 size = chance(6) ? chance(2000) : chance(100000);

		at[2 * i] = place(size);
		at[2 * i + 1] = chance(60) ? size : 0x7fffffffu + chance(2) * 0x80000000u;
	}
	if (chance(60) == 0)
		count = 0x20000000u + chance(3);
	return (u32)(uintptr_t)at;
}

#define BUFFERS buffers(), count

/* One clock that will soon ring, and others of chance: 48 bytes each. */
static u32 subscriptions(void)
{
	struct { u64 data; uint8_t tag; _Alignas(8) u32 id; u64 timeout, precision; uint16_t flags; } *at = (void *)memory.arena;

	_Static_assert(sizeof(*at) == 48, "as the specification has it");
	count = 1 + chance(chance(10) ? 4 : 200);
	for (u32 i = 0; i < count; i++) {
		at[i].data = any();
		at[i].tag = (uint8_t)(i == 0 ? 0 : chance(20) ? chance(3) : chance(256));
		at[i].id = i == 0 ? 1 : FD;
		at[i].timeout = i == 0 ? chance(100000) : any();
		at[i].flags = (uint16_t)(i == 0 ? 0 : chance(2));
	}
	return (u32)(uintptr_t)at;
}

static u32 opened; /* files */

static void call_one(void)
{
	u32 size = chance(4) ? chance(5000) : chance(100000);

	switch (chance(46)) {
	case 0: call_args_get(place(100), place(1000)); return;
	case 1: call_args_sizes_get(P64, P64); return;
	case 2: call_environ_get(place(100), place(10000)); return;
	case 3: call_environ_sizes_get(P64, P64); return;
	case 4: call_clock_res_get(BITS(3), P64); return;
	case 5: call_clock_time_get(BITS(3), any(), P64); return;
	case 6: call_fd_advise(FD, OFF, OFF, BITS(3)); return;
	case 7: call_fd_allocate(FD, OFF, OFF); return;
	case 8: call_fd_close(chance(8) ? 7 + chance(20) : FD); return;
	case 9: call_fd_datasync(FD); return;
	case 10: call_fd_fdstat_get(FD, P64); return;
	case 11: call_fd_fdstat_set_flags(FD, BITS(5)); return;
	case 12: call_fd_fdstat_set_rights(chance(8) ? 7 + chance(20) : FD, RIGHTS, RIGHTS); return;
	case 13: call_fd_filestat_get(FD, P64); return;
	case 14: call_fd_filestat_set_size(FD, OFF); return;
	case 15: call_fd_filestat_set_times(FD, NS, NS, BITS(4)); return;
	case 16: call_fd_pread(FD, BUFFERS, OFF, P64); return;
	case 17: call_fd_prestat_get(FD, P64); return;
	case 18: call_fd_prestat_dir_name(FD, P64, chance(64)); return;
	case 19: call_fd_pwrite(FD, BUFFERS, OFF, P64); return;
	case 20: call_fd_read(FD, BUFFERS, P64); return;
	case 21: call_fd_readdir(DIR, place(size), size, OFF, P64); return;
	case 22: call_fd_renumber(chance(8) ? 7 + chance(20) : FD, chance(8) ? 7 + chance(20) : FD); return;
	case 23: call_fd_seek(FD, OFF, BITS(2), P64); return;
	case 24: call_fd_sync(FD); return;
	case 25: call_fd_tell(FD, P64); return;
	case 26: call_fd_write(FD, BUFFERS, P64); return;
	case 27: call_path_create_directory(DIR, PATH); return;
	case 28: call_path_filestat_get(DIR, BITS(1), PATH, P64); return;
	case 29: call_path_filestat_set_times(DIR, BITS(1), PATH, NS, NS, BITS(4)); return;
	case 30: { u32 from = path(), from_size = path_size; call_path_link(DIR, BITS(1), from, from_size, DIR, PATH); return; }
	case 31:
	case 45: opened += call_path_open(DIR, BITS(1), PATH, BITS(4), RIGHTS, RIGHTS, BITS(5), P64) == 0; return;
	case 32: call_path_readlink(DIR, PATH, place(size), size, P64); return;
	case 33: call_path_remove_directory(DIR, PATH); return;
	case 34: { u32 from = path(), from_size = path_size; call_path_rename(DIR, from, from_size, DIR, PATH); return; }
	case 35: { u32 to = path(), to_size = path_size; call_path_symlink(to, to_size, DIR, PATH); return; }
	case 36: call_path_unlink_file(DIR, PATH); return;
	case 37: { u32 at = subscriptions(); call_poll_oneoff(at, place(count * 32), chance(50) ? count : 0, P64); return; }
	case 38: call_proc_raise(0); return;
	case 39: call_random_get(place(size), size); return;
	case 40: call_sched_yield(); return;
	case 41: call_sock_accept(FD, BITS(3), P64); return;
	case 42: call_sock_recv(FD, BUFFERS, BITS(3), P64, P64); return;
	case 43: call_sock_send(FD, BUFFERS, BITS(1), P64); return;
	case 44: call_sock_shutdown(FD, BITS(2)); return;
	}
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	seed = (u64)atoi(argv[1]);
	memset(memory.before, WALL_BYTE, WALL);
	memset(memory.after, WALL_BYTE, WALL);
	for (int i = atoi(argv[2]); i; i--)
		call_one();
	for (u32 i = 0; i < WALL; i++)
		if (memory.before[i] != WALL_BYTE || memory.after[i] != WALL_BYTE)
			return 1;
	call_proc_exit(opened == 0 ? 3 : 0);
}
