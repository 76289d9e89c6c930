#include "paths.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fail.h"

/* Tries FOLDER/relative for each alternative; the first that exists wins. NULL, or what to blame. */
static const char *look(char *path, const char *folder, const char *name, const char *override,
			const char *const *alternatives)
{
	const char *named = getenv(override);

	if (named && *named) {
		snprintf(path, PATH_MAX, "%s/%s", named, name);
		return access(path, R_OK) == 0 ? NULL : override;
	}
	for (; *alternatives; alternatives++) {
		int size = snprintf(path, PATH_MAX, "%s/%s/%s", folder, *alternatives, name);

		if (size < PATH_MAX && access(path, R_OK) == 0)
			return NULL;
	}
	return folder;
}

static int find(char *path, const char *folder, const char *name, const char *override,
		const char *const *alternatives)
{
	const char *blame = look(path, folder, name, override, alternatives);

	if (blame == override)
		return fail("%s: not found (%s names its folder)", path, override);
	return blame ? fail("%s: not found beside the command in %s; is Walnut installed completely?", name,
			    folder) : 0;
}

int paths_find(struct paths *paths)
{
	static const char *const libexec[] = { "../libexec/walnut", "../compiler/translate", NULL };
	static const char *const lib[] = { "../lib/walnut", "../kernel", NULL };
	static const char *const stack[] = { "../lib/walnut", "../kernel/runtime/net/lwip", NULL };
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
	if (look(paths->stack_archive, folder, "libwalnut-lwip.a", "WALNUT_LIB", stack))
		paths->stack_archive[0] = '\0';
	return 0;
}
