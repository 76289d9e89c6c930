/* Which imports the runtime provides, and with what types: a module that asks for
 * anything else is refused before code is generated for it. */
#include <string.h>

#include "compiler.h"
#include "wasm/instr.h"
#include "wasm/module.h"

static const struct known_import {
	const char *module, *field, *signature, *suffix;
} known_imports[] = {
#define KNOWN_IMPORT(module, field, signature) { module, field, signature, "" },
#define KNOWN_VARIANT(module, field, signature, suffix) { module, field, signature, suffix },
#include "known_imports.def"
#undef KNOWN_IMPORT
};

static bool bytes_equal(const struct wasm_bytes *bytes, const char *text)
{
	size_t size = strlen(text);

	return bytes->size == size && !memcmp(bytes->data, text, size);
}

/* Compares types with the letters up to `stop`; NULL, or what follows it. */
static const char *match_types(const wasm_valtype *types, uint32_t count, const char *letters,
			       char stop)
{
	for (uint32_t i = 0; i < count; i++, letters++) {
		if (*letters == stop || wasm_signature_type(*letters) != types[i])
			return NULL;
	}
	return *letters == stop ? letters + 1 : NULL;
}

static bool has_type(const struct known_import *known, const struct wasm_functype *type)
{
	const char *results = match_types(type->params, type->param_count, known->signature, ':');

	return results && match_types(type->results, type->result_count, results, '\0');
}

/* NULL: not known with this type; *name_known tells whether it is with another. */
static const struct known_import *find(const struct wasm_module *module, uint32_t import_index,
				       bool *name_known)
{
	const struct wasm_import *import = &module->imports[import_index];
	uint32_t type_index;

	*name_known = false;
	if (import->kind != WASM_EXTERN_FUNC)
		return NULL;
	/* `inspect` asks about modules that do not validate, too. */
	type_index = module->funcs[import->index].type;
	if (type_index >= module->type_count)
		return NULL;
	for (size_t i = 0; i < sizeof(known_imports) / sizeof(known_imports[0]); i++) {
		const struct known_import *known = &known_imports[i];

		if (!bytes_equal(&import->module, known->module) ||
		    !bytes_equal(&import->field, known->field))
			continue;
		*name_known = true;
		if (has_type(known, &module->types[type_index].func))
			return known;
	}
	return NULL;
}

int walnut_known_import(const struct wasm_module *module, uint32_t import_index)
{
	bool name_known;

	if (find(module, import_index, &name_known))
		return 1;
	return name_known ? -1 : 0;
}

const char *walnut_import_suffix(const struct wasm_module *module, uint32_t import_index)
{
	bool name_known;
	const struct known_import *known = find(module, import_index, &name_known);

	return known ? known->suffix : "";
}
