/* The walls around the machine's process, closed when it has all that it needs. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "config.h"
#include "log.h"
#include "sandbox/jail.h"
#include "sandbox/jail_process.h"
#include "sandbox/sandbox.h"

/* It is there, and of no use any more. */
#define NEW_ROOT "/proc"
#define ROOT_OPTIONS "mode=0555,size=1m,nr_inodes=32"
#define ROOT_FLAGS (MS_NOSUID | MS_NODEV | MS_NOEXEC)
#define COPY_SIZE_MAX (64u << 10)

/* Of the descriptors that are open, calls `visit` with each. */
static int each_descriptor(int (*visit)(void *opaque, int fd), void *opaque)
{
	DIR *directory = opendir("/proc/self/fd");
	struct dirent *entry;
	int error = 0;

	if (!directory)
		return -errno;
	while (!error && (entry = readdir(directory))) {
		int fd = entry->d_name[0] == '.' ? -1 : atoi(entry->d_name);

		if (fd >= 0 && fd != dirfd(directory))
			error = visit(opaque, fd);
	}
	closedir(directory);
	return error;
}

/* The descriptors among the caller's settings. Stops at the first that `is` accepts. */
static bool any_setting(const struct vm_config *config, bool (*is)(int setting, bool output, int fd), int fd)
{
	bool found = is(config->input_fd, false, fd) || is(config->output_fd, true, fd) ||
		     is(config->error_fd, true, fd) || is(log_descriptor(), true, fd) || is(STDERR_FILENO, true, fd);

	for (unsigned i = 0; i < config->console_count && !found; i++)
		for (unsigned port = 0; port < config->consoles[i].port_count && !found; port++)
			found = is(config->consoles[i].ports[port].input_fd, false, fd) ||
				is(config->consoles[i].ports[port].output_fd, true, fd);
	for (unsigned i = 0; i < config->serial_count && !found; i++)
		found = is(config->serials[i].input_fd, false, fd) || is(config->serials[i].output_fd, true, fd);
	for (unsigned i = 0; i < config->net_count && !found; i++)
		found = is(config->nets[i].fd, false, fd) ||
			(config->nets[i].pcap_path && is(config->nets[i].pcap_fd, true, fd));
	return found;
}

static bool same(int setting, bool output, int fd)
{
	return setting == fd;
}

static int note_inherited(void *opaque, int fd)
{
	struct jail *jail = opaque;
	int *grown;

	if (fd == jail->result_fd || any_setting(jail->config, same, fd))
		return 0;
	grown = realloc(jail->inherited, (jail->inherited_count + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	jail->inherited = grown;
	grown[jail->inherited_count++] = fd;
	return 0;
}

int jail_find_inherited(struct jail *jail)
{
	return each_descriptor(note_inherited, jail);
}

/* A file of the host's as it is now, where there is one. */
static int copy_file(const char *name)
{
	static const char new_root[] = NEW_ROOT;
	char path[64], buffer[4096];
	int from = open(name, O_RDONLY | O_CLOEXEC), to, error = 0;
	size_t size = 0;
	ssize_t got;

	if (from < 0)
		return errno == ENOENT ? 0 : -errno;
	snprintf(path, sizeof(path), "%s%s", new_root, name);
	to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
	if (to < 0)
		error = -errno;
	while (!error && size < COPY_SIZE_MAX && (got = read(from, buffer, sizeof(buffer))) != 0) {
		if (got < 0 || write(to, buffer, (size_t)got) != got)
			error = -errno;
		size += (size_t)got;
	}
	if (to >= 0)
		close(to);
	close(from);
	return error;
}

/* What the C library's name service reads; it has "files" and "dns" in itself. */
static int copy_resolver_files(void)
{
	static const char *const names[] = { "/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/host.conf",
					     "/etc/gai.conf" };
	int error = mkdir(NEW_ROOT "/etc", 0555) ? -errno : 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !error; i++)
		error = copy_file(names[i]);
	return error;
}

/* The old root ends below the new one, and goes. A root in the initial RAM file system cannot be moved:
 * there the new one goes on top, and without capabilities nobody gets below it. */
static int swap_roots(void)
{
	if (syscall(SYS_pivot_root, ".", ".") == 0)
		return umount2(".", MNT_DETACH) || chdir("/") ? -errno : 0;
	if (errno != EINVAL)
		return -errno;
	return mount(".", "/", NULL, MS_MOVE, NULL) || chroot(".") || chdir("/") ? -errno : 0;
}

static int enter_empty_root(const struct vm_config *config)
{
	int error = 0;

	if (mount("walnut", NEW_ROOT, "tmpfs", ROOT_FLAGS, ROOT_OPTIONS))
		return -errno;
	if (net_policy_allows_names(&config->vsock.policy))
		error = copy_resolver_files();
	if (!error && chdir(NEW_ROOT))
		error = -errno;
	if (!error)
		error = swap_roots();
	if (!error && mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | ROOT_FLAGS, NULL))
		error = -errno;
	return error;
}

/* A file that grows as the guest writes. */
static bool is_growing_file(int setting, bool output, int fd)
{
	struct stat st;

	return output && setting >= 0 && fstat(setting, &st) == 0 && S_ISREG(st.st_mode);
}

static rlim_t largest_disk(const struct disk_config *disks, unsigned count, rlim_t size)
{
	struct stat st;

	for (unsigned i = 0; i < count; i++)
		if (disks[i].path && !disks[i].read_only && stat(disks[i].path, &st) == 0 && (rlim_t)st.st_size > size)
			size = (rlim_t)st.st_size;
	return size;
}

/* Disks do not grow. */
static rlim_t file_size_limit(const struct vm_config *config)
{
	for (unsigned i = 0; i < config->share_count; i++)
		if (!config->shares[i].read_only)
			return RLIM_INFINITY;
	if (any_setting(config, is_growing_file, -1))
		return RLIM_INFINITY;
	return largest_disk(config->named_disks, DISK_NAMED_COUNT,
			    largest_disk(config->disks, config->disk_count, 0));
}

static int note_highest(void *opaque, int fd)
{
	int *highest = opaque;

	if (fd > *highest)
		*highest = fd;
	return 0;
}

static int set_limit(int resource, rlim_t value)
{
	struct rlimit limit;

	if (getrlimit(resource, &limit))
		return -errno;
	if (value < limit.rlim_max)
		limit.rlim_max = value;
	if (limit.rlim_cur > limit.rlim_max)
		limit.rlim_cur = limit.rlim_max;
	return setrlimit(resource, &limit) ? -errno : 0;
}

/* Files of shares and sockets of the guest's need descriptors; nothing else is opened. */
static int set_limits(const struct vm_config *config, rlim_t file_size, int highest_fd)
{
	bool opens = config->share_count > 0 || config->vsock.tsi || config->vsock.added;
	int error = set_limit(RLIMIT_CORE, 0);

	if (!error)
		error = set_limit(RLIMIT_FSIZE, file_size);
	if (!error && !opens)
		error = set_limit(RLIMIT_NOFILE, (rlim_t)highest_fd + 1);
	return error;
}

int jail_end_threads(const struct jail *jail, struct failure *failure)
{
	int error = net_policy_allows_names(&jail->config->vsock.policy) ? 0 : set_limit(RLIMIT_NPROC, 0);

	return error ? failure_errno(failure, error, "no jail: limits") : 0;
}

int jail_close(const struct jail *jail, struct failure *failure)
{
	const struct vm_config *config = jail->config;
	rlim_t file_size = file_size_limit(config);
	int error, highest = STDERR_FILENO;

	for (unsigned i = 0; i < jail->inherited_count; i++)
		close(jail->inherited[i]);
	error = each_descriptor(note_highest, &highest);
	if (error)
		return failure_errno(failure, error, "no jail: descriptors");
	error = enter_empty_root(config);
	if (error)
		return failure_errno(failure, error, "no jail: root directory");
	error = set_limits(config, file_size, highest);
	if (!error)
		error = sandbox_give_up_capabilities();
	return error ? failure_errno(failure, error, "no jail: limits") : 0;
}
