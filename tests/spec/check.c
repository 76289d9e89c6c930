/* Decodes and validates modules for the spec suite: file names on standard input,
 * one verdict a line on standard output: "ok", "malformed: …", "invalid: …", or
 * "other: …" for what is neither the format's nor the type system's fault.
 * What is told apart as a feature of later versions is malformed for the suite. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler.h"

static const char *kind_name(int kind)
{
	switch (kind) {
	case WALNUT_ERROR_MALFORMED:
	case WALNUT_ERROR_UNSUPPORTED: return "malformed";
	case WALNUT_ERROR_INVALID: return "invalid";
	default: return "other";
	}
}

/* The whole file in exactly its size, so that a sanitizer sees reads past the end. */
static uint8_t *read_file(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	uint8_t *bytes = NULL;
	long end;

	if (!file)
		return NULL;
	if (fseek(file, 0, SEEK_END) == 0 && (end = ftell(file)) >= 0) {
		rewind(file);
		*size = (size_t)end;
		bytes = malloc(*size ? *size : 1);
		if (bytes && fread(bytes, 1, *size, file) != *size) {
			free(bytes);
			bytes = NULL;
		}
	}
	fclose(file);
	return bytes;
}

static void check(const char *path)
{
	struct walnut_error error = {0};
	struct wasm_module *module;
	size_t size = 0;
	uint8_t *bytes = read_file(path, &size);
	char text[512];

	if (!bytes) {
		printf("other: cannot read %s\n", path);
		return;
	}
	module = walnut_decode(bytes, size, &error);
	if (module && walnut_validate(module, &error) == 0) {
		printf("ok\n");
	} else {
		walnut_error_format(&error, text, sizeof(text));
		printf("%s: %s\n", kind_name(error.kind), text);
	}
	walnut_module_free(module);
	free(bytes);
}

int main(void)
{
	char *line = NULL;
	size_t capacity = 0;

	while (getline(&line, &capacity, stdin) > 0) {
		line[strcspn(line, "\n")] = '\0';
		check(line);
		fflush(stdout);
	}
	free(line);
	return 0;
}
