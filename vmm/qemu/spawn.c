#include "qemu/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "boot/command_line.h"
#include "boot/launch_block.h"
#include "config.h"
#include "gdb/listen.h"
#include "status.h" /* abi/ */
#include "program/limits.h"
#include "vm/clock.h"

#define WORDS_MAX 64
#define TEXT_MAX 16384
#define APPEND_MAX 2048 /* what every loader takes */
#define EXIT_NOT_FOUND 127
#define EXIT_NOT_STARTED 126

/* The words of a command line, and room for those that are made. */
struct words {
	const char *word[WORDS_MAX + 1];
	unsigned count;
	char text[TEXT_MAX];
	size_t used;
	bool overflow;
};

static void add(struct words *words, const char *word)
{
	if (words->count < WORDS_MAX)
		words->word[words->count++] = word;
	else
		words->overflow = true;
}

__attribute__((format(printf, 2, 3)))
static void add_made(struct words *words, const char *format, ...)
{
	size_t room = sizeof(words->text) - words->used;
	char *word = words->text + words->used;
	va_list arguments;
	int size;

	va_start(arguments, format);
	size = vsnprintf(word, room, format, arguments);
	va_end(arguments);
	if (size < 0 || (size_t)size >= room) {
		words->overflow = true;
		return;
	}
	words->used += (size_t)size + 1;
	add(words, word);
}

/* QEMU's option parser splits at commas; a doubled one is a comma. */
static void add_path(struct words *words, const char *path)
{
	char escaped[4096];
	size_t at = 0;

	for (; *path && at + 2 < sizeof(escaped); path++) {
		escaped[at++] = *path;
		if (*path == ',')
			escaped[at++] = ',';
	}
	escaped[at] = '\0';
	if (*path)
		words->overflow = true;
	add_made(words, "%s", escaped);
}

/* The machine: microvm describes its virtio-mmio slots on the command line, as our own
 * VMM does (acpi=off), and starts a 64-bit ELF by its PVH note. */
static void add_machine(struct words *words, const struct vm_config *config)
{
	static const char *const fixed[] = {
		QEMU_PROGRAM, "-M", "microvm,acpi=off", "-accel", "tcg", "-cpu", "max", "-smp", "1",
		"-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
		"-global", "virtio-mmio.force-legacy=false",
		"-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny",
	};

	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		add(words, fixed[i]);
	add(words, "-m");
	add_made(words, "%u", config->ram_mib);
	add(words, "-kernel");
	add_path(words, config->kernel_path);
}

/* QEMU's own stub; -S: the machine waits for it. QEMU does not say which port it got, so
 * a free one is looked for here. */
static int add_gdb(struct words *words, const char *address, struct failure *failure)
{
	char host[64];
	uint16_t port;
	int error;

	if (gdb_address_split(address, host, &port))
		return failure_set(failure, -EINVAL, "gdb: %s: not [ADDRESS:]PORT", address);
	error = gdb_listen(host, &port, failure);
	if (error < 0)
		return error;
	gdb_announce(error);
	close(error);
	add(words, "-gdb");
	add_made(words, strchr(host, ':') ? "tcp:[%s]:%u" : "tcp:%s:%u", host, port);
	add(words, "-S");
	return 0;
}

/* An output that leads nowhere gets no port, so that the program's first write fails. A
 * port that the host has closed would not do: QEMU drops what is written to it. */
static bool leads_nowhere(const struct vm_config *config, unsigned channel)
{
	int fd = channel == QEMU_STDOUT ? config->output_fd : config->error_fd;

	return (channel == QEMU_STDOUT || channel == QEMU_STDERR) && fcntl(fd, F_GETFD) < 0;
}

static void add_devices(struct words *words, const struct vm_config *config, const int *fds)
{
	static const char *const ports[] = {
		[QEMU_STDIN] = WALNUT_STDIN_PORT,
		[QEMU_STDOUT] = WALNUT_STDOUT_PORT,
		[QEMU_STDERR] = WALNUT_STDERR_PORT,
		[QEMU_STATUS] = WALNUT_STATUS_PORT,
	};

	add(words, "-device");
	add(words, "virtio-serial-device,max_ports=8");
	for (unsigned i = 0; i < QEMU_CHANNELS; i++) {
		if (leads_nowhere(config, i))
			continue;
		add(words, "-chardev");
		add_made(words, "socket,id=channel%u,fd=%d", i, fds[i]);
		if (i == QEMU_SERIAL) {
			add(words, "-serial");
			add_made(words, "chardev:channel%u", i);
			continue;
		}
		add(words, "-device");
		add_made(words, "virtserialport,chardev=channel%u,name=%s,nr=%u", i, ports[i], i + 1);
	}
	add(words, "-device");
	add(words, "virtio-rng-device");
}

/* QEMU speaks passt's format; what it is given was connected before. */
static void add_nets(struct words *words, const struct vm_config *config)
{
	for (unsigned i = 0; i < config->net_count; i++) {
		const struct net_config *net = &config->nets[i];
		const uint8_t *mac = net->mac;

		add(words, "-netdev");
		if (net->kind == NET_TAP)
			add_made(words, "tap,id=net%u,ifname=%s,script=no,downscript=no", i, net->path);
		else
			add_made(words, "socket,id=net%u,fd=%d", i, net->fd);
		add(words, "-device");
		add_made(words, "virtio-net-device,netdev=net%u,mac=%02x:%02x:%02x:%02x:%02x:%02x", i, mac[0], mac[1],
			 mac[2], mac[3], mac[4], mac[5]);
		if (net->pcap_path) {
			add(words, "-object");
			add_made(words, "filter-dump,id=pcap%u,netdev=net%u,file=/proc/self/fd/%d", i, i, net->pcap_fd);
		}
	}
}

static void inherit_nets(const struct vm_config *config)
{
	for (unsigned i = 0; i < config->net_count; i++) {
		if (config->nets[i].kind != NET_TAP)
			fcntl(config->nets[i].fd, F_SETFD, 0);
		if (config->nets[i].pcap_path)
			fcntl(config->nets[i].pcap_fd, F_SETFD, 0);
	}
}

static int add_command_line(struct words *words, const struct vm_config *config,
			    char text[APPEND_MAX], struct failure *failure)
{
	struct command_line line;

	command_line_init(&line, text, APPEND_MAX);
	if (config->cmdline)
		command_line_add_text(&line, config->cmdline);
	limits_add(&line, config->rlimits);
	command_line_add(&line, "walnut.epoch_ns=%llu", (unsigned long long)clock_epoch_ns());
	if (line.overflow || line.unprintable)
		return failure_set(failure, -EINVAL, "kernel command line: %s",
				   line.overflow ? "too long" : "not printable ASCII");
	add(words, "-append");
	add(words, text);
	return 0;
}

/* The launch block in a file that has no name; a descriptor, or a negative errno. */
static int launch_file(const struct vm_config *config, struct failure *failure)
{
	long size = launch_block_size(config);
	void *block;
	int fd;

	if (size < 0)
		return failure_set(failure, -E2BIG, "arguments and environment are too long");
	fd = memfd_create("walnut-launch", MFD_CLOEXEC);
	if (fd < 0)
		return failure_errno(failure, -errno, "launch block");
	if (ftruncate(fd, size) == 0) {
		block = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (block != MAP_FAILED) {
			launch_block_write(config, block);
			munmap(block, (size_t)size);
			return fd;
		}
	}
	size = -errno;
	close(fd);
	return failure_errno(failure, (int)size, "launch block");
}

/* Between fork and exec: only what is safe after a fork in a threaded process. */
static void become_qemu(const struct words *words, const struct vm_config *config, const int *inherited,
			unsigned count, int errors, const sigset_t *signals, pid_t parent)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent || null < 0)
		_exit(EXIT_NOT_STARTED);
	if (dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ||
	    dup2(errors, STDERR_FILENO) < 0)
		_exit(EXIT_NOT_STARTED);
	for (unsigned i = 0; i < count; i++)
		fcntl(inherited[i], F_SETFD, 0);
	inherit_nets(config);
	sigprocmask(SIG_SETMASK, signals, NULL);
	execvp(words->word[0], (char *const *)words->word);
	_exit(errno == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_STARTED);
}

/* Descriptors 0 to 2 are replaced in the child: none of ours may have such a number. */
static int above_standard(int fd)
{
	int higher = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	int error = errno;

	close(fd);
	errno = error;
	return higher;
}

/* Socket pairs: our ends into process->channels, QEMU's into `theirs`. */
static int open_channels(struct qemu_process *process, int *theirs, struct failure *failure)
{
	for (unsigned i = 0; i < QEMU_CHANNELS; i++) {
		int pair[2];

		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
			return failure_errno(failure, -errno, "socket pair");
		process->channels[i] = above_standard(pair[0]);
		theirs[i] = above_standard(pair[1]);
		if (process->channels[i] < 0 || theirs[i] < 0)
			return failure_errno(failure, -errno, "socket pair");
		fcntl(process->channels[i], F_SETFL, O_NONBLOCK);
	}
	return 0;
}

static int start(struct qemu_process *process, const struct vm_config *config, int *inherited,
		 const sigset_t *signals, struct failure *failure)
{
	struct words words = { .count = 0 };
	char append[APPEND_MAX];
	int errors[2], error;
	pid_t parent = getpid();

	add_machine(&words, config);
	add(&words, "-initrd");
	add_made(&words, "/proc/self/fd/%d", inherited[QEMU_CHANNELS]);
	add_devices(&words, config, inherited);
	add_nets(&words, config);
	error = add_command_line(&words, config, append, failure);
	if (!error && config->gdb)
		error = add_gdb(&words, config->gdb, failure);
	if (error)
		return error;
	if (words.overflow)
		return failure_set(failure, -E2BIG, "%s: command line too long", QEMU_PROGRAM);
	words.word[words.count] = NULL;

	if (pipe2(errors, O_CLOEXEC) != 0)
		return failure_errno(failure, -errno, "pipe");
	process->errors = above_standard(errors[0]);
	process->pid = fork();
	if (process->pid == 0)
		become_qemu(&words, config, inherited, QEMU_CHANNELS + 1, errors[1], signals, parent);
	error = process->pid < 0 ? -errno : 0;
	close(errors[1]);
	if (error) {
		process->pid = 0;
		return failure_errno(failure, error, "%s", QEMU_PROGRAM);
	}
	return 0;
}

int qemu_spawn(struct qemu_process *process, const struct vm_config *config,
	       const sigset_t *signals, struct failure *failure)
{
	int inherited[QEMU_CHANNELS + 1]; /* their ends, then the launch block */
	int error;

	process->pid = 0;
	process->errors = -1;
	memset(process->channels, -1, sizeof(process->channels));
	memset(inherited, -1, sizeof(inherited));
	error = open_channels(process, inherited, failure);
	if (!error) {
		int fd = launch_file(config, failure);

		error = fd < 0 ? fd : 0;
		inherited[QEMU_CHANNELS] = fd < 0 ? -1 : above_standard(fd);
	}
	if (!error)
		error = start(process, config, inherited, signals, failure);
	for (unsigned i = 0; i <= QEMU_CHANNELS; i++) {
		if (inherited[i] >= 0)
			close(inherited[i]);
	}
	return error;
}

int qemu_reap(struct qemu_process *process)
{
	int status = -1;

	if (process->pid > 0) {
		kill(process->pid, SIGKILL);
		while (waitpid(process->pid, &status, 0) < 0 && errno == EINTR)
			;
	}
	for (unsigned i = 0; i < QEMU_CHANNELS; i++) {
		if (process->channels[i] >= 0)
			close(process->channels[i]);
		process->channels[i] = -1;
	}
	if (process->errors >= 0)
		close(process->errors);
	process->errors = -1;
	process->pid = 0;
	return status;
}
