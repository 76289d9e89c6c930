/* Constant expressions keep their bytes; here is where their extent is found. */
#include "decode/decoder.h"
#include "wasm/instr.h"

int decode_expr(struct decoder *decoder, struct wasm_code_reader *reader, struct wasm_expr *expr)
{
	struct wasm_module *module = decoder->module;
	uint32_t depth = 1; /* less than the input's bytes, so it cannot wrap */

	expr->code.data = reader->at;
	expr->offset = wasm_reader_offset(reader);
	while (depth) {
		struct wasm_instr instr;
		int got = wasm_next_instr(reader, &instr, decoder->error);

		if (got < 0)
			return -1;
		if (got == 0)
			return decoder_malformed(decoder, reader,
						 "unexpected end of a constant expression");
		/* Blocks are not constant, but that is for the validator to say. */
		switch (instr.op) {
		case WASM_OP_BLOCK:
		case WASM_OP_LOOP:
		case WASM_OP_IF:
			depth++;
			break;
		case WASM_OP_END:
			depth--;
			break;
		case WASM_OP_REF_FUNC:
			if (instr.index < module->func_count)
				module->funcs[instr.index].referenced = true;
			break;
		default:
			break;
		}
	}
	expr->code.size = (size_t)(reader->at - expr->code.data);
	return 0;
}
