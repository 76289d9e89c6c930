/* GNU libiberty knows all three manglings. */
#include "debug/demangle.h"

#include <stdlib.h>
#include <string.h>

#include <libiberty/demangle.h>

#define NAME_MAX_SIZE 65536  /* of a mangled name */
#define READABLE_MAX_SIZE 4096 /* longer ones help nobody */

char *demangle(const char *name)
{
	char *readable;

	if (name[0] != '_' || strlen(name) > NAME_MAX_SIZE)
		return NULL;
	readable = rust_demangle(name, DMGL_PARAMS | DMGL_ANSI);
	if (!readable)
		readable = cplus_demangle_v3(name, DMGL_PARAMS | DMGL_ANSI);
	if (readable && strlen(readable) > READABLE_MAX_SIZE) {
		free(readable);
		readable = NULL;
	}
	return readable;
}
