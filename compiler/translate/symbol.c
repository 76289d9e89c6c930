/* Symbol names of imports and exports: MODULE.FIELD, both as in the module but for
 * the bytes that assemblers, linkers or we ourselves give a meaning. Those are
 * written %XX (docs/app-object.md, "Names"):
 *  - in both: control bytes, space, DEL, '%', '"', '\\' and '@' (symbol versions);
 *  - in MODULE: '.', so that the first dot is the one between the two;
 *  - the first byte of a MODULE that is exactly "walnut", whose symbols are ours;
 *  - an empty MODULE is a lone '%'. */
#include "translate.h"

#include <stdlib.h>
#include <string.h>

static char *escape(char *out, struct wasm_bytes bytes, bool module)
{
	static const char hex[] = "0123456789abcdef";
	bool reserved = module && bytes.size == 6 && memcmp(bytes.data, "walnut", 6) == 0;

	if (module && bytes.size == 0)
		*out++ = '%';
	for (size_t i = 0; i < bytes.size; i++) {
		uint8_t byte = bytes.data[i];

		if (byte <= ' ' || byte == 0x7f || byte == '%' || byte == '"' || byte == '\\' ||
		    byte == '@' || (module && byte == '.') || (reserved && i == 0)) {
			*out++ = '%';
			*out++ = hex[byte >> 4];
			*out++ = hex[byte & 15];
		} else {
			*out++ = (char)byte;
		}
	}
	return out;
}

char *symbol_name(struct wasm_bytes module, struct wasm_bytes field, const char *suffix)
{
	/* LLVM takes a name after \x01 as it is: nothing in it means an intrinsic. */
	char *name = malloc(1 + 3 * module.size + 1 + 1 + 3 * field.size + strlen(suffix) + 1);
	char *out = name;

	if (!name)
		return NULL;
	*out++ = '\x01';
	out = escape(out, module, true);
	*out++ = '.';
	out = escape(out, field, false);
	strcpy(out, suffix);
	return name;
}

struct wasm_bytes bytes_of_string(const char *string)
{
	return (struct wasm_bytes){ (const uint8_t *)string, strlen(string) };
}
