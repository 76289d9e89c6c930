/* vmm/sandbox/: what each kind of thread may do, and what kills the process. Each attempt is made in a
 * process of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/sandbox.h"

static int test_fd;

static void *nothing(void *opaque)
{
	return NULL;
}

static void open_file(void) { open("/etc/passwd", O_RDONLY); }
static void open_old(void) { syscall(SYS_open, "/etc/passwd", O_RDONLY); }
static void remove_file(void) { unlink("/nowhere/file"); }
static void look_at_file(void) { struct stat st; stat("/etc/passwd", &st); }
static void look_at_descriptor(void) { struct stat st; fstat(test_fd, &st); }
static void move_away(void) { cpu_set_t set; sched_getaffinity(0, sizeof(set), &set); sched_setaffinity(0, sizeof(set), &set); }
static void move_other(void) { cpu_set_t set = { { 1 } }; sched_setaffinity(getppid(), sizeof(set), &set); }
static void execute(void) { execl("/bin/true", "true", (char *)NULL); }
static void make_process(void) { if (fork() == 0) _exit(0); }
static void make_thread(void) { pthread_t t; pthread_create(&t, NULL, nothing, NULL); }
static void make_socket(void) { close(socket(AF_INET, SOCK_STREAM, 0)); }
static void make_unix_socket(void) { if (socket(AF_UNIX, SOCK_STREAM, 0) < 0) syscall(SYS_ptrace, 0, 0, 0, 0); }
static void miss_unix_sockets(void) { if (socket(AF_UNIX, SOCK_STREAM, 0) != -1 || errno != EACCES) syscall(SYS_ptrace, 0, 0, 0, 0); }
static void make_raw_socket(void) { close(socket(AF_PACKET, SOCK_RAW, 0)); }
static void make_netlink(void) { close(socket(AF_NETLINK, SOCK_RAW, 0)); }
static void make_code(void) { mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); }
static void unlock_code(void) { mprotect((void *)((uintptr_t)make_code & ~4095ul), 4096, PROT_READ | PROT_WRITE | PROT_EXEC); }
static void make_data(void) { munmap(mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 1 << 20); }
static void allocate(void) { free(calloc(1, 1 << 22)); free(calloc(3, 100)); }
static void look_at_descriptor_alone(void) { struct stat st; syscall(SYS_fstat, test_fd, &st); }
static void handle_end(void) { signal(SIGINT, SIG_DFL); }
static void handle_verdict(void) { signal(SIGSYS, SIG_IGN); }
static void handle_late_signal(void) { signal(SIGRTMIN, SIG_IGN); }
static void trace(void) { ptrace(PTRACE_ATTACH, 1, 0, 0); }
static void signal_other(void) { kill(getppid(), 0); }
static void signal_self(void) { kill(getpid(), SIGCONT); }
static void create_vm(void) { ioctl(test_fd, KVM_CREATE_VM, 0); }
static void add_memory(void) { ioctl(test_fd, KVM_SET_USER_MEMORY_REGION, 0); }
static void run_vcpu(void) { ioctl(test_fd, KVM_RUN, 0); }
static void type_into_terminal(void) { ioctl(test_fd, TIOCSTI, "x"); }
static void mount_something(void) { syscall(SYS_mount, "none", "/", "tmpfs", 0, 0); }
static void read_process(void) { struct iovec v = { 0 }; process_vm_readv(getppid(), &v, 1, &v, 1, 0); }
static void limit(void) { struct rlimit r = { 1, 1 }; setrlimit(RLIMIT_NOFILE, &r); }
static void ring(void) { syscall(SYS_io_uring_setup, 1, 0); }
static void program_kernel(void) { syscall(SYS_bpf, 0, 0, 0); }
static void other_abi(void) { syscall(0x40000000 | SYS_getpid); }
static void write_out(void) { uint64_t one = 1; (void)!write(test_fd, &one, sizeof(one)); }
static void leave(void) { exit(0); }

#define IN(kind) (1u << (kind))
#define ALL (IN(SANDBOX_KINDS) - 2)
#define FILES (IN(SANDBOX_FILES) | IN(SANDBOX_VCPU_FILES))
#define RESOLVER (IN(SANDBOX_RESOLVER) | IN(SANDBOX_RESOLVER_JAILED))
#define UNIX_SOCKETS (IN(SANDBOX_UNIX_SOCKETS) | IN(SANDBOX_RESOLVER))
#define SOCKETS (IN(SANDBOX_SOCKETS) | IN(SANDBOX_UNIX_SOCKETS) | RESOLVER)
#define VCPU (IN(SANDBOX_VCPU) | VCPU_UNLINKS)
#define VCPU_UNLINKS (IN(SANDBOX_VCPU_LISTENER) | IN(SANDBOX_VCPU_FILES))

static const struct attempt {
	const char *name;
	void (*make)(void);
	unsigned allowed; /* kinds */
} attempts[] = {
	{ "open_file", open_file, FILES | RESOLVER },
	{ "open_old", open_old, 0 },
	{ "remove_file", remove_file, VCPU_UNLINKS },
	{ "look_at_file", look_at_file, FILES | RESOLVER },
	{ "look_at_descriptor", look_at_descriptor, ALL },
	{ "look_at_descriptor_alone", look_at_descriptor_alone, ALL },
	{ "handle_end", handle_end, ALL },
	{ "handle_verdict", handle_verdict, 0 },
	{ "handle_late_signal", handle_late_signal, 0 },
	{ "move_away", move_away, IN(SANDBOX_FILES) },
	{ "move_other", move_other, 0 },
	{ "execute", execute, 0 },
	{ "make_process", make_process, 0 },
	{ "make_thread", make_thread, RESOLVER },
	{ "make_socket", make_socket, SOCKETS },
	{ "make_unix_socket", make_unix_socket, UNIX_SOCKETS },
	{ "miss_unix_sockets", miss_unix_sockets, IN(SANDBOX_RESOLVER_JAILED) },
	{ "make_raw_socket", make_raw_socket, 0 },
	{ "make_netlink", make_netlink, RESOLVER },
	{ "make_code", make_code, RESOLVER },
	{ "unlock_code", unlock_code, RESOLVER },
	{ "make_data", make_data, ALL },
	{ "allocate", allocate, ALL },
	{ "trace", trace, 0 },
	{ "signal_other", signal_other, 0 },
	{ "signal_self", signal_self, ALL },
	{ "create_vm", create_vm, 0 },
	{ "add_memory", add_memory, 0 },
	{ "run_vcpu", run_vcpu, VCPU },
	{ "type_into_terminal", type_into_terminal, 0 },
	{ "mount_something", mount_something, 0 },
	{ "read_process", read_process, 0 },
	{ "limit", limit, 0 },
	{ "ring", ring, 0 },
	{ "program_kernel", program_kernel, 0 },
	{ "other_abi", other_abi, 0 },
	{ "write_out", write_out, ALL },
	{ "leave", leave, ALL },
};

static int outcome(enum sandbox_kind kind, void (*make)(void))
{
	const struct rlimit none = { 0, 0 };
	pid_t child = fork();
	int status;

	if (child == 0) {
		setrlimit(RLIMIT_CORE, &none);
		signal(SIGSYS, SIG_DFL); /* not the test runner's */
		test_fd = eventfd(0, 0);
		sandbox_enter(kind);
		make();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void need_sandbox(void)
{
	if (sandbox_available())
		skip();
}

static void forbidden_calls_kill_and_others_do_not(void **state)
{
	need_sandbox();
	for (int kind = SANDBOX_NONE + 1; kind < SANDBOX_KINDS; kind++) {
		for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
			int status = outcome((enum sandbox_kind)kind, attempts[i].make);
			bool allowed = attempts[i].allowed & IN(kind);

			if (allowed ? status != 0 : !WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
				fail_msg("%s in kind %d: status 0x%x", attempts[i].name, kind, status);
		}
	}
}

/* What a process that ends by `make` in this kind says, in `said`. */
static int last_words(enum sandbox_kind kind, void (*make)(void), char *said, size_t size)
{
	int fds[2], status;
	ssize_t got;

	assert_int_equal(pipe(fds), 0);
	fflush(NULL);
	pid_t child = fork();
	if (child == 0) {
		const struct rlimit none = { 0, 0 };

		setrlimit(RLIMIT_CORE, &none);
		dup2(fds[1], STDERR_FILENO);
		close(fds[0]);
		close(fds[1]);
		if (sandbox_prepare())
			_exit(1);
		sandbox_enter(kind);
		make();
		_exit(0);
	}
	close(fds[1]);
	got = read(fds[0], said, size - 1);
	said[got > 0 ? got : 0] = '\0';
	close(fds[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void bind_socket(void) { syscall(SYS_bind, 77, 0x1234, 16); }

static void block_verdict(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	syscall(SYS_ptrace, 0, 0, 0, 0);
}

static void the_call_that_was_not_allowed_is_named(void **state)
{
	char said[512];

	need_sandbox();
	for (int kind = SANDBOX_NONE + 1; kind < SANDBOX_KINDS; kind++) {
		int status = last_words((enum sandbox_kind)kind, trace, said, sizeof(said));

		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
		if (!strstr(said, "is not allowed system call 101 ("))
			fail_msg("%s", said);
		assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
	}
	last_words(SANDBOX_IO, bind_socket, said, sizeof(said));
	assert_ptr_equal(strstr(said, "walnut: a thread for devices is not allowed system call 49 (0x4d, 0x1234, 0x10), made at 0x"), said);
}

static void blocking_the_verdict_does_not_help(void **state)
{
	char said[512];
	int status;

	need_sandbox();
	status = last_words(SANDBOX_IO, block_verdict, said, sizeof(said));
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
	assert_string_equal(said, "");
}

/* So much that an arena of the thread's own would give memory back. */
static void *allocate_and_free(void *opaque)
{
	void *blocks[64];

	if (opaque)
		sandbox_enter(SANDBOX_IO);
	for (int round = 0; round < 4; round++) {
		for (size_t i = 0; i < 64; i++)
			memset(blocks[i] = malloc(100 << 10), 1, 100 << 10);
		for (size_t i = 64; i-- > 0;)
			free(blocks[i]);
	}
	return NULL;
}

static void run_threads(bool confined)
{
	pthread_t threads[4];

	for (size_t i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, allocate_and_free, confined ? &confined : NULL);
	for (size_t i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
}

static void allocate_in_threads(void)
{
	run_threads(true);
}

static void *wait_and_end(void *opaque)
{
	char *volatile kept = malloc(100);

	usleep(10000);
	free(kept);
	return NULL;
}

/* Arenas that threads of a caller's left behind are used again. */
static void take_over_arenas(void)
{
	pthread_t before[4];

	mallopt(M_ARENA_MAX, 8);
	for (size_t i = 0; i < 4; i++)
		pthread_create(&before[i], NULL, wait_and_end, NULL);
	for (size_t i = 0; i < 4; i++)
		pthread_join(before[i], NULL);
	mallopt(M_ARENA_MAX, 1);
	run_threads(true);
}

static void threads_give_memory_back(void **state)
{
	char said[512];

	need_sandbox();
	assert_int_equal(last_words(SANDBOX_NONE, allocate_in_threads, said, sizeof(said)), 0);
	assert_string_equal(said, "");
	assert_int_equal(last_words(SANDBOX_NONE, take_over_arenas, said, sizeof(said)), 0);
	assert_string_equal(said, "");
}

static void no_kind_is_no_confinement(void **state)
{
	assert_int_equal(outcome(SANDBOX_NONE, make_process), 0);
	assert_int_equal(outcome(SANDBOX_NONE, open_file), 0);
}

static void *confined(void *opaque)
{
	sandbox_enter(SANDBOX_IO);
	return NULL;
}

static void confine_a_thread_only(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, confined, NULL);
	pthread_join(thread, NULL);
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 0)
		_exit(1);
	open_file();
}

static void threads_are_confined_one_by_one(void **state)
{
	need_sandbox();
	assert_int_equal(outcome(SANDBOX_NONE, confine_a_thread_only), 0);
}

static void wait_for_parent(void)
{
	char byte;

	(void)!read(STDIN_FILENO, &byte, 1);
}

static void confined_threads_gain_no_privileges(void **state)
{
	char path[64], status[4096] = "";
	int fds[2], fd;
	pid_t child;

	need_sandbox();
	assert_int_equal(pipe(fds), 0);
	child = fork();
	if (child == 0) {
		dup2(fds[0], STDIN_FILENO);
		close(fds[1]);
		sandbox_enter(SANDBOX_IO);
		wait_for_parent();
		_exit(0);
	}
	snprintf(path, sizeof(path), "/proc/%d/status", child);
	for (int i = 0; i < 1000 && !strstr(status, "Seccomp:\t2"); i++) {
		fd = open(path, O_RDONLY);
		assert_true(read(fd, status, sizeof(status) - 1) > 0);
		close(fd);
		usleep(10000);
	}
	assert_non_null(strstr(status, "Seccomp:\t2"));
	assert_non_null(strstr(status, "NoNewPrivs:\t1"));
	close(fds[1]);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forbidden_calls_kill_and_others_do_not),
		cmocka_unit_test(the_call_that_was_not_allowed_is_named),
		cmocka_unit_test(blocking_the_verdict_does_not_help),
		cmocka_unit_test(threads_give_memory_back),
		cmocka_unit_test(no_kind_is_no_confinement),
		cmocka_unit_test(threads_are_confined_one_by_one),
		cmocka_unit_test(confined_threads_gain_no_privileges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
