#include "share_option.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fail.h"
#include "option_values.h"
#include "run_options.h"

#define DIRS_MAX 8 /* a machine has room for some more devices */

/* HOST[::GUEST][:ro] into its parts; without GUEST the program knows it as HOST. */
static int split(struct shared_dir *dir, const char *argument)
{
	const char *colons = strstr(argument, "::");

	dir->guest = strdup(colons ? colons + 2 : argument);
	if (!dir->guest)
		return fail("run: out of memory");
	dir->read_only = option_read_only(dir->guest);
	dir->host = colons ? strndup(argument, (size_t)(colons - argument)) : strdup(dir->guest);
	return dir->host ? 0 : fail("run: out of memory");
}

/* Here, so that the message can name the option. */
static int check(const struct run_options *options, const struct shared_dir *dir, const char *argument)
{
	int fd;

	if (dir->host[0] == '\0' || dir->guest[0] == '\0')
		return fail("run: --dir %s: it is HOST[::GUEST][:ro]", argument);
	for (unsigned i = 0; i < options->dir_count; i++)
		if (strcmp(options->dirs[i].guest, dir->guest) == 0)
			return fail("run: --dir %s: the program has another folder named %s", argument, dir->guest);
	fd = open(dir->host, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail("run: --dir %s: %s", dir->host, strerror(errno));
	close(fd);
	return 0;
}

int share_option(struct run_options *options, const char *argument)
{
	struct shared_dir *grown, dir = { 0 };
	int status;

	if (options->dir_count == DIRS_MAX)
		return fail("run: --dir %s: more than %u folders", argument, DIRS_MAX);
	grown = realloc(options->dirs, (options->dir_count + 1) * sizeof(*grown));
	if (!grown)
		return fail("run: out of memory");
	options->dirs = grown;
	status = split(&dir, argument);
	if (!status)
		status = check(options, &dir, argument);
	if (status) {
		free(dir.host);
		free(dir.guest);
		return status;
	}
	options->dirs[options->dir_count++] = dir;
	return 0;
}
