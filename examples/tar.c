/* tar c ARCHIVE NAME…, tar x ARCHIVE, tar t ARCHIVE: archives in POSIX's ustar format, of files, folders
 * and symbolic links.
 *
 *	walnut run --dir . tar.wasm c all.tar src docs
 *	walnut run --dir . --dir /tmp/out::. tar.wasm x all.tar */
#include <dirent.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK 512
#define PATH 4096

struct header {
	char name[100], mode[8], user[8], group[8], size[12], time[12], sum[8];
	char type;
	char link[100], magic[6], version[2], user_name[32], group_name[32], device[16], prefix[155], pad[12];
};
_Static_assert(sizeof(struct header) == BLOCK, "ustar");

static int failed;

static void complain(const char *path, const char *why)
{
	fprintf(stderr, "tar: %s: %s\n", path, why);
	failed = 1;
}

static void number(char *to, size_t size, unsigned long long value)
{
	char text[32];

	snprintf(text, sizeof(text), "%0*llo", (int)size - 1, value);
	memcpy(to, text, size);
}

static unsigned long long value_of(const char *text, size_t size)
{
	unsigned long long value = 0;

	for (size_t i = 0; i < size && text[i] >= '0' && text[i] <= '7'; i++)
		value = value * 8 + (unsigned long long)(text[i] - '0');
	return value;
}

static unsigned sum_of(const struct header *header)
{
	const unsigned char *bytes = (const unsigned char *)header;
	unsigned sum = 0;

	for (size_t i = 0; i < BLOCK; i++)
		sum += i >= offsetof(struct header, sum) && i < offsetof(struct header, type) ? ' ' : bytes[i];
	return sum;
}

/* Long paths are cut in two at a slash. */
static int put_name(struct header *header, const char *path)
{
	const char *cut = path;
	size_t size = strlen(path);

	while (size > sizeof(header->name)) {
		cut = strchr(cut, '/');
		if (!cut || (size_t)(cut - path) > sizeof(header->prefix))
			return -1;
		size = strlen(++cut);
	}
	memcpy(header->name, cut, size);
	if (cut != path)
		memcpy(header->prefix, path, (size_t)(cut - path) - 1);
	return 0;
}

static void add(FILE *archive, const char *path);

static void add_entries(FILE *archive, const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	if (!dir) {
		complain(path, strerror(errno));
		return;
	}
	while ((entry = readdir(dir))) {
		char inner[PATH];

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		snprintf(inner, sizeof(inner), "%s/%s", path, entry->d_name);
		add(archive, inner);
	}
	closedir(dir);
}

/* Exactly as many bytes as the header says, whatever the file does meanwhile. */
static void add_content(FILE *archive, const char *path, unsigned long long size)
{
	FILE *file = fopen(path, "r");
	char block[BLOCK];

	for (; size > 0; size -= size < BLOCK ? size : BLOCK) {
		memset(block, 0, BLOCK);
		if (!file || fread(block, 1, size < BLOCK ? size : BLOCK, file) == 0)
			complain(path, file && !ferror(file) ? "it became shorter" : strerror(errno));
		fwrite(block, BLOCK, 1, archive);
	}
	if (file)
		fclose(file);
}

static void add(FILE *archive, const char *path)
{
	struct header header = { .magic = "ustar", .version = { '0', '0' } };
	struct stat st;

	if (lstat(path, &st)) {
		complain(path, strerror(errno));
		return;
	}
	header.type = S_ISDIR(st.st_mode) ? '5' : S_ISLNK(st.st_mode) ? '2' : '0';
	if (put_name(&header, path) || (header.type == '2' && readlink(path, header.link, sizeof(header.link)) < 0)) {
		complain(path, "its name or link is too long for the format");
		return;
	}
	number(header.mode, sizeof(header.mode), header.type == '5' ? 0755 : 0644);
	number(header.user, sizeof(header.user), 0);
	number(header.group, sizeof(header.group), 0);
	number(header.size, sizeof(header.size), header.type == '0' ? (unsigned long long)st.st_size : 0);
	number(header.time, sizeof(header.time), (unsigned long long)st.st_mtime);
	number(header.sum, sizeof(header.sum) - 1, sum_of(&header));
	fwrite(&header, BLOCK, 1, archive);
	if (header.type == '0')
		add_content(archive, path, (unsigned long long)st.st_size);
	else if (header.type == '5')
		add_entries(archive, path);
}

static void extract_file(FILE *archive, const char *path, unsigned long long size)
{
	FILE *file = fopen(path, "w");
	char block[BLOCK];

	if (!file)
		complain(path, strerror(errno));
	for (; size > 0; size -= size < BLOCK ? size : BLOCK) {
		if (fread(block, BLOCK, 1, archive) != 1) {
			complain(path, "the archive ends in the middle of it");
			break;
		}
		if (file)
			fwrite(block, 1, size < BLOCK ? size : BLOCK, file);
	}
	if (file && fclose(file))
		complain(path, strerror(errno));
}

static void extract(FILE *archive, const struct header *header, const char *path, int list)
{
	unsigned long long size = value_of(header->size, sizeof(header->size));
	char target[sizeof(header->link) + 1] = { 0 };

	if (list) {
		puts(path);
		fseeko(archive, (off_t)((size + BLOCK - 1) / BLOCK * BLOCK), SEEK_CUR);
	} else if (header->type == '5') {
		if (mkdir(path, 0755) && errno != EEXIST)
			complain(path, strerror(errno));
	} else if (header->type == '2') {
		memcpy(target, header->link, sizeof(header->link));
		if (symlink(target, path))
			complain(path, strerror(errno));
	} else if (header->type == '0' || header->type == '\0') {
		extract_file(archive, path, size);
	} else {
		complain(path, "neither file, folder nor symbolic link");
	}
}

static void read_archive(FILE *archive, const char *name, int list)
{
	struct header header;

	while (fread(&header, BLOCK, 1, archive) == 1 && header.name[0]) {
		char path[sizeof(header.prefix) + sizeof(header.name) + 2];

		if (memcmp(header.magic, "ustar", 5) || value_of(header.sum, sizeof(header.sum)) != sum_of(&header)) {
			complain(name, "not a ustar archive, or damaged");
			return;
		}
		snprintf(path, sizeof(path), "%.155s%s%.100s", header.prefix, header.prefix[0] ? "/" : "", header.name);
		extract(archive, &header, path, list);
	}
}

int main(int argc, char **argv)
{
	static const char end[2 * BLOCK];
	int create = argc > 3 && !strcmp(argv[1], "c"), list = argc == 3 && !strcmp(argv[1], "t");
	FILE *archive;

	if (!create && !list && !(argc == 3 && !strcmp(argv[1], "x"))) {
		fputs("usage: tar c ARCHIVE NAME… | tar x ARCHIVE | tar t ARCHIVE\n", stderr);
		return 2;
	}
	archive = fopen(argv[2], create ? "w" : "r");
	if (!archive) {
		complain(argv[2], strerror(errno));
		return 1;
	}
	if (!create)
		read_archive(archive, argv[2], list);
	for (int i = 3; i < argc; i++)
		add(archive, argv[i]);
	if (create)
		fwrite(end, sizeof(end), 1, archive);
	if (fclose(archive))
		complain(argv[2], strerror(errno));
	return failed;
}
