#include "paths.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fail.h"

/* Tries FOLDER/relative for each alternative; the first that exists wins. */
static int find(char *path, const char *folder, const char *name, const char *override,
		const char *const *alternatives)
{
	const char *named = getenv(override);

	if (named && *named) {
		snprintf(path, PATH_MAX, "%s/%s", named, name);
		if (access(path, R_OK) == 0)
			return 0;
		return fail("%s: not found (%s names its folder)", path, override);
	}
	for (; *alternatives; alternatives++) {
		int size = snprintf(path, PATH_MAX, "%s/%s/%s", folder, *alternatives, name);

		if (size < PATH_MAX && access(path, R_OK) == 0)
			return 0;
	}
	return fail("%s: not found beside the command in %s; is Walnut installed completely?", name,
		    folder);
}

int paths_find(struct paths *paths)
{
	static const char *const libexec[] = { "../libexec/walnut", "../compiler/translate", NULL };
	static const char *const lib[] = { "../lib/walnut", "../kernel", NULL };
	char folder[PATH_MAX];
	ssize_t size = readlink("/proc/self/exe", folder, sizeof(folder) - 1);
	char *slash;

	if (size < 0)
		return fail("/proc/self/exe: cannot be read; is /proc mounted?");
	folder[size] = '\0';
	slash = strrchr(folder, '/');
	if (slash)
		*slash = '\0';
	if (find(paths->compiler, folder, "walnut-cc", "WALNUT_LIBEXEC", libexec) ||
	    find(paths->kernel_archive, folder, "libwalnut-kernel.a", "WALNUT_LIB", lib) ||
	    find(paths->linker_script, folder, "walnut.ld", "WALNUT_LIB", lib))
		return EXIT_WALNUT_FAILED;
	return 0;
}
