/* A folder as a cpio archive: fts(3) walks it in the order of names, so that the same folder
 * makes the same archive. The bytes of files go straight from file to file. */
#include "bundle_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bundle.h"
#include "fail.h"
#include "files.h"

#define PADDING "\0\0\0"
#define ARCHIVE_MAX (INT64_C(2) << 30) /* it is to fit into a machine's low memory */

struct archive {
	const char *command;
	int fd;
	size_t root_size; /* of the folder's path, which names do without */
	unsigned number;
};

static int give_up(const struct archive *archive, const char *path, int error)
{
	if (error == EFBIG)
		return fail("%s: --bundle: %s: with it the bundle is larger than %lld MiB", archive->command, path,
			    (long long)(ARCHIVE_MAX >> 20));
	return fail("%s: --bundle: %s: %s", archive->command, path, strerror(error));
}

static int pad(const struct archive *archive, uint64_t size)
{
	return files_write_all(archive->fd, PADDING, -size & 3);
}

/* Header, name and their padding. */
static int put_header(struct archive *archive, const char *name, const struct stat *status, uint64_t size)
{
	char header[111];
	size_t name_size = strlen(name) + 1;
	int code;

	snprintf(header, sizeof(header), "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", ++archive->number,
		 (unsigned)status->st_mode, 0, 0, 1, (unsigned)status->st_mtime, (unsigned)size, 0, 0, 0, 0,
		 (unsigned)name_size, 0);
	code = files_write_all(archive->fd, header, 110);
	if (!code)
		code = files_write_all(archive->fd, name, name_size);
	return code ? code : pad(archive, 110 + name_size);
}

static int put_file(struct archive *archive, const char *name, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK), code;
	struct stat status;
	off_t begin, end;

	if (fd < 0)
		return -errno;
	begin = lseek(archive->fd, 0, SEEK_CUR);
	code = fstat(fd, &status) ? -errno : status.st_size > ARCHIVE_MAX - begin ? -EFBIG : 0;
	if (!code)
		code = put_header(archive, name, &status, (uint64_t)status.st_size);
	begin = lseek(archive->fd, 0, SEEK_CUR);
	if (!code)
		code = files_copy(fd, archive->fd);
	end = lseek(archive->fd, 0, SEEK_CUR);
	if (!code && end - begin != status.st_size)
		code = -EAGAIN; /* somebody writes to it */
	close(fd);
	return code ? code : pad(archive, (uint64_t)status.st_size);
}

static int put_link(struct archive *archive, const char *name, const char *path, const struct stat *status)
{
	char target[PATH_MAX];
	ssize_t size = readlink(path, target, sizeof(target));
	int code;

	if (size < 0)
		return -errno;
	code = put_header(archive, name, status, (uint64_t)size);
	if (!code)
		code = files_write_all(archive->fd, target, (size_t)size);
	return code ? code : pad(archive, (uint64_t)size);
}

static int put_entry(struct archive *archive, const FTSENT *entry)
{
	const char *name = entry->fts_level ? entry->fts_path + archive->root_size + 1 : ".";

	switch (entry->fts_info) {
	case FTS_D:
		return put_header(archive, name, entry->fts_statp, 0);
	case FTS_F:
		return put_file(archive, name, entry->fts_accpath);
	case FTS_SL:
	case FTS_SLNONE:
		return put_link(archive, name, entry->fts_accpath, entry->fts_statp);
	case FTS_DNR:
	case FTS_ERR:
	case FTS_NS:
		return -entry->fts_errno;
	default:
		return 0;
	}
}

static int by_name(const FTSENT **left, const FTSENT **right)
{
	return strcmp((*left)->fts_name, (*right)->fts_name);
}

static int put_tree(struct archive *archive, const char *folder)
{
	char *const paths[] = { (char *)folder, NULL };
	FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
	const struct stat none = { 0 };
	int status = 0, code;
	FTSENT *entry;

	if (!tree)
		return give_up(archive, folder, errno);
	while (!status && (errno = 0, entry = fts_read(tree))) {
		if (entry->fts_level == 0 && entry->fts_info == FTS_F)
			status = give_up(archive, folder, ENOTDIR);
		else if ((code = put_entry(archive, entry)))
			status = give_up(archive, entry->fts_path, -code);
	}
	if (!status && errno)
		status = give_up(archive, folder, errno);
	fts_close(tree);
	if (!status && (code = put_header(archive, "TRAILER!!!", &none, 0)))
		status = give_up(archive, folder, -code);
	return status;
}

int bundle_make(const char *command, const char *folder)
{
	struct archive archive = { .command = command, .root_size = strlen(folder) };
	int status;

	while (archive.root_size > 1 && folder[archive.root_size - 1] == '/')
		archive.root_size--;
	archive.fd = memfd_create("walnut-bundle", MFD_CLOEXEC);
	if (archive.fd < 0)
		return -give_up(&archive, folder, errno);
	status = put_tree(&archive, folder);
	if (status) {
		close(archive.fd);
		return -status;
	}
	return archive.fd;
}

static int write_image_part(int archive_fd, const char *guest, int fd)
{
	struct walnut_bundle bundle = { .magic = WALNUT_BUNDLE_MAGIC, .path_offset = sizeof(bundle) };
	static const char padding[WALNUT_BUNDLE_ALIGN];
	struct stat status;
	int code;

	if (fstat(archive_fd, &status) || lseek(archive_fd, 0, SEEK_SET))
		return -errno;
	bundle.archive_size = (uint64_t)status.st_size;
	bundle.archive_offset = (uint32_t)(sizeof(bundle) + strlen(guest) + 1);
	bundle.size = (bundle.archive_offset + bundle.archive_size + WALNUT_BUNDLE_ALIGN - 1) &
		      -(uint64_t)WALNUT_BUNDLE_ALIGN;
	code = files_write_all(fd, &bundle, sizeof(bundle));
	if (!code)
		code = files_write_all(fd, guest, strlen(guest) + 1);
	if (!code)
		code = files_copy(archive_fd, fd);
	return code ? code : files_write_all(fd, padding, bundle.size - bundle.archive_offset - bundle.archive_size);
}

int bundle_write(const char *command, const char *argument, const char *output)
{
	const char *colons = strstr(argument, "::"), *guest = colons ? colons + 2 : "/";
	char folder[PATH_MAX];
	int archive_fd, fd, code;

	if (snprintf(folder, sizeof(folder), "%.*s", colons ? (int)(colons - argument) : (int)strlen(argument), argument) >=
	    (int)sizeof(folder) || !folder[0] || !guest[0])
		return fail("%s: --bundle %s: it is DIR[::GUEST]", command, argument);
	archive_fd = bundle_make(command, folder);
	if (archive_fd < 0)
		return -archive_fd;
	fd = open(output, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	code = fd < 0 ? -errno : write_image_part(archive_fd, guest, fd);
	close(archive_fd);
	if (fd >= 0)
		close(fd);
	return code ? fail("%s: --bundle: %s: %s", command, output, strerror(-code)) : 0;
}
