/* Decodes and validates arbitrary bytes as a module. Beyond not crashing: an error
 * is set exactly when a step fails, and what has been validated can be read again
 * without an error, as the translator does. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "compiler.h"
#include "wasm/instr.h"
#include "wasm/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void read_again(const struct wasm_module *module, uint32_t index)
{
	struct wasm_code_reader reader = wasm_body_reader(module, index);
	struct walnut_error error = { 0 };
	struct wasm_instr instr;
	uint32_t local_count;
	int got;

	require(!wasm_read_locals(&reader, &local_count, NULL, &error));
	require(local_count <= WASM_MAX_LOCALS);
	while ((got = wasm_next_instr(&reader, &instr, &error)) > 0) {
		const uint8_t *at = instr.br_table.targets;

		require(wasm_op_info(instr.op)->text != NULL);
		if (instr.op != WASM_OP_BR_TABLE)
			continue;
		for (uint32_t i = 0; i <= instr.br_table.count; i++)
			wasm_br_table_next(&at);
		require(at == reader.at);
	}
	require(got == 0 && instr.op == WASM_OP_END);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct walnut_error error = { 0 };
	struct wasm_module *module = walnut_decode(data, size, &error);
	char line[256];

	require(error.set == !module);
	if (module && !walnut_validate(module, &error)) {
		require(!error.set);
		for (uint32_t i = 0; i < module->import_count; i++)
			walnut_known_import(module, i);
		for (uint32_t i = module->imported_func_count; i < module->func_count; i++)
			read_again(module, i);
	} else {
		require(error.set);
		walnut_error_format(&error, line, sizeof(line));
		require(error.offset <= size);
	}
	walnut_module_free(module);
	return 0;
}
