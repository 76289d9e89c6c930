#include "option_values.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"

#define RAM_MIN_MIB 16
#define RAM_MAX_MIB (1u << 20)
#define MIB (UINT64_C(1) << 20)

int option_size(const char *text, uint64_t *bytes)
{
	static const char units[] = "KMGT";
	const char *unit;
	char *end;

	if (!isdigit((unsigned char)*text))
		return -1;
	errno = 0;
	*bytes = strtoull(text, &end, 10);
	if (errno || *bytes == 0)
		return -1;
	if (*end == '\0')
		return 0;
	unit = strchr(units, toupper((unsigned char)*end));
	if (!unit || end[1])
		return -1;
	for (const char *at = units; at <= unit; at++) {
		if (__builtin_mul_overflow(*bytes, 1024, bytes))
			return -1;
	}
	return 0;
}

int option_memory(const char *command, const char *argument, uint32_t *mib)
{
	uint64_t bytes;

	if (option_size(argument, &bytes))
		return fail("%s: --mem %s: not a size (as 64M or 2G)", command, argument);
	if (bytes < RAM_MIN_MIB * MIB || bytes > RAM_MAX_MIB * MIB)
		return fail("%s: --mem %s: between %uM and %uG", command, argument, RAM_MIN_MIB,
			    RAM_MAX_MIB / 1024);
	*mib = (uint32_t)((bytes + MIB - 1) / MIB);
	return 0;
}

bool option_read_only(char *text)
{
	static const char suffix[] = ":ro";
	size_t size = strlen(text), cut = sizeof(suffix) - 1;

	if (size <= cut || strcmp(text + size - cut, suffix) != 0)
		return false;
	text[size - cut] = '\0';
	return true;
}
