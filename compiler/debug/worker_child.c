/* Inside the worker's process: locks itself in, then demangles and reads. */
#include "debug/worker_child.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include "debug/debug_info.h"
#include "debug/demangle.h"
#include "debug/dwarf_reader.h"
#include "debug/strings.h"

#define CPU_LIMIT_S 10
#define MEMORY_LIMIT (UINT64_C(8) << 30) /* address space, with what was there before */
#define OUTPUT_LIMIT (UINT64_C(1) << 30)

static void limit(int what, uint64_t value)
{
	struct rlimit old, new = { value, value };

	/* One that is lower already stays. */
	if (getrlimit((__rlimit_resource_t)what, &old) == 0 && old.rlim_max < value)
		new.rlim_cur = new.rlim_max = old.rlim_max;
	setrlimit((__rlimit_resource_t)what, &new);
}

/* Memory, writing to what is open, and the end: every other system call fails. */
static int lock_in(void)
{
	static const int allowed[] = {
		SYS_write, SYS_brk, SYS_mmap, SYS_munmap, SYS_mremap, SYS_mprotect, SYS_madvise,
		SYS_futex, SYS_rt_sigreturn, SYS_exit, SYS_exit_group,
	};
	enum { COUNT = sizeof(allowed) / sizeof(allowed[0]) };
	struct sock_filter filter[COUNT + 6];
	struct sock_fprog program = { .filter = filter };
	unsigned at = 0;

	filter[at++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						    offsetof(struct seccomp_data, arch));
	filter[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0);
	filter[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	filter[at++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						    offsetof(struct seccomp_data, nr));
	for (unsigned i = 0; i < COUNT; i++)
		filter[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
							    (uint32_t)allowed[i],
							    (uint8_t)(COUNT - i), 0);
	filter[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
	filter[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	program.len = (unsigned short)at;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		return -1;
	return 0;
}

static void put(int fd, const void *data, size_t size)
{
	const char *at = data;

	while (size) {
		ssize_t written = write(fd, at, size);

		if (written <= 0)
			_exit(EXIT_FAILURE);
		at += written;
		size -= (size_t)written;
	}
}

static void pad(int fd, uint64_t size)
{
	static const char zeros[8];

	put(fd, zeros, -size % 8);
}

static void read_names(const struct wasm_module *module, int fd)
{
	uint32_t *names = calloc(module->func_count + 1, sizeof(*names));
	struct string_table strings = { 0 };
	struct worker_header header = { .kind = WORKER_NAMES, .counts[0] = module->func_count };

	if (!names)
		_exit(EXIT_FAILURE);
	string_table_add(&strings, "");
	for (uint32_t i = 0; i < module->func_count; i++) {
		const struct wasm_bytes *name = &module->funcs[i].name;
		char *copy, *readable;

		if (name->size < 2 || name->data[0] != '_')
			continue;
		copy = strndup((const char *)name->data, name->size);
		readable = copy ? demangle(copy) : NULL;
		if (readable)
			names[i] = string_table_add(&strings, readable);
		free(readable);
		free(copy);
	}
	if (strings.failed)
		_exit(EXIT_FAILURE);
	header.counts[1] = strings.size;
	header.size = (uint64_t)module->func_count * sizeof(*names) + strings.size;
	put(fd, &header, sizeof(header));
	put(fd, names, module->func_count * sizeof(*names));
	put(fd, strings.bytes, strings.size);
	pad(fd, header.size);
	string_table_free(&strings);
	free(names);
}

static void read_tables(const struct wasm_module *module, int fd)
{
	struct debug_tables tables = { 0 };
	struct worker_header header = { .kind = WORKER_TABLES };

	if (dwarf_read(module, &tables))
		_exit(EXIT_FAILURE);
	header.counts[0] = tables.line_count;
	header.counts[1] = tables.scope_count;
	header.counts[2] = tables.string_size;
	header.size = (uint64_t)tables.line_count * sizeof(*tables.lines) +
		      (uint64_t)tables.scope_count * sizeof(*tables.scopes) + tables.string_size;
	put(fd, &header, sizeof(header));
	put(fd, tables.lines, tables.line_count * sizeof(*tables.lines));
	put(fd, tables.scopes, tables.scope_count * sizeof(*tables.scopes));
	put(fd, tables.strings, tables.string_size);
	pad(fd, header.size);
}

void worker_child(const struct wasm_module *module, int fd)
{
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* A crash is an expected end: no dump of it. */
	prctl(PR_SET_DUMPABLE, 0);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_CPU, CPU_LIMIT_S);
	limit(RLIMIT_AS, MEMORY_LIMIT);
	limit(RLIMIT_FSIZE, OUTPUT_LIMIT);
	if (lock_in())
		_exit(EXIT_FAILURE);
	read_names(module, fd);
	if (dwarf_present(module))
		read_tables(module, fd);
	_exit(0);
}
