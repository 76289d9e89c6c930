/* One function body: the loop over its instructions, its operand stack, and the
 * skipping of dead code. Locals are allocas, which LLVM turns into SSA values; the
 * operand stack exists only here, while translating. */
#include "heap.h"

#include <stdlib.h>
#include <string.h>

void push(struct func_translator *ft, LLVMValueRef value)
{
	ft->stack = translator_grow(ft->mt, ft->stack, ft->stack_size, &ft->stack_capacity,
				    sizeof(*ft->stack));
	ft->stack[ft->stack_size++] = value;
}

LLVMValueRef pop(struct func_translator *ft)
{
	return ft->stack[--ft->stack_size];
}

LLVMBasicBlockRef new_block(struct func_translator *ft, const char *name)
{
	return LLVMAppendBasicBlockInContext(ft->mt->context, ft->function, name);
}

LLVMValueRef build_intrinsic(struct func_translator *ft, const char *name, LLVMTypeRef overload,
			     LLVMValueRef *args, unsigned count)
{
	unsigned id = LLVMLookupIntrinsicID(name, strlen(name));
	unsigned overloads = overload ? 1 : 0;
	LLVMValueRef function = LLVMGetIntrinsicDeclaration(ft->mt->module, id, &overload, overloads);
	LLVMTypeRef type = LLVMGlobalGetValueType(function);

	return LLVMBuildCall2(ft->builder, type, function, args, count, "");
}

LLVMValueRef as_condition(struct func_translator *ft, LLVMValueRef value)
{
	if (LLVMIsAZExtInst(value)) {
		LLVMValueRef narrow = LLVMGetOperand(value, 0);

		if (LLVMTypeOf(narrow) == ft->mt->i1)
			return narrow;
	}
	return LLVMBuildICmp(ft->builder, LLVMIntNE, value, LLVMConstNull(LLVMTypeOf(value)), "");
}

static void read_parameters(struct func_translator *ft, LLVMValueRef *values)
{
	const struct type_entry *entry = &ft->mt->types[ft->mt->wasm->funcs[ft->index].type];

	if (ft->mt->plan->usage.uniform[ft->index]) {
		unpack_parameters(ft->mt, ft->type, ft->function,
				  entry->signature.results_in_memory ? &ft->results : NULL, values);
	} else {
		LLVMGetParams(ft->function, values);
		mark_non_null_params(ft->mt, ft->function, ft->type);
	}
}

/* A module may declare 50,000 locals for each of its functions in five bytes, and use none. */
#define EAGER_LOCALS 1024u

static void create_locals(struct func_translator *ft, const wasm_valtype *declared,
			  uint32_t declared_count)
{
	struct module_translator *mt = ft->mt;
	uint32_t params = ft->type->param_count, eager = params + EAGER_LOCALS;
	LLVMValueRef *values = translator_alloc(mt, params, sizeof(*values));

	ft->local_count = params + declared_count;
	ft->local_types = translator_alloc(mt, ft->local_count, sizeof(*ft->local_types));
	ft->locals = translator_alloc(mt, ft->local_count, sizeof(*ft->locals));
	read_parameters(ft, values);
	for (uint32_t i = 0; i < ft->local_count; i++) {
		wasm_valtype type = i < params ? ft->type->params[i] : declared[i - params];

		ft->local_types[i] = type;
		if (i < eager)
			ft->locals[i].slot = LLVMBuildAlloca(ft->builder, llvm_value_type(mt, type), "");
	}
	for (uint32_t i = 0; i < ft->local_count && i < eager; i++) {
		LLVMValueRef initial = i < params ? values[i]
						  : llvm_zero(mt, ft->local_types[i]);

		LLVMBuildStore(ft->builder, initial, ft->locals[i].slot);
		ft->locals[i].value = initial;
	}
	free(values);
}

static void translate_instr(struct func_translator *ft, const struct wasm_instr *instr)
{
	ft->offset = instr->offset;
	if (ft->mt->options->debug_lines)
		debug_location(ft, ft->offset);
	if (translate_variable(ft, instr) || translate_integer(ft, instr) ||
	    translate_memory(ft, instr) || translate_control(ft, instr) ||
	    translate_call(ft, instr) || translate_tail_call(ft, instr) ||
	    translate_exception(ft, instr) ||
	    translate_reference(ft, instr) || translate_float(ft, instr) ||
	    translate_conversion(ft, instr) || translate_bulk(ft, instr) ||
	    translate_table(ft, instr) || translate_simd(ft, instr) ||
	    translate_atomic(ft, instr) || translate_struct(ft, instr) ||
	    translate_array(ft, instr) || translate_cast(ft, instr))
		return;
	translator_fail(ft->mt, WALNUT_ERROR_UNSUPPORTED, "function %u: %s is not supported",
			ft->index, wasm_op_name(instr->op));
}

/* In dead code only the ends of blocks count. */
static void skip_instr(struct func_translator *ft, const struct wasm_instr *instr, uint32_t *depth)
{
	switch (instr->op) {
	case WASM_OP_BLOCK:
	case WASM_OP_LOOP:
	case WASM_OP_IF:
	case WASM_OP_TRY_TABLE:
		++*depth;
		break;
	case WASM_OP_END:
		if (*depth == 0)
			translate_control(ft, instr);
		else
			--*depth;
		break;
	case WASM_OP_ELSE:
		if (*depth == 0)
			translate_control(ft, instr);
		break;
	default:
		break;
	}
}

static void translate_body(struct func_translator *ft, struct wasm_code_reader *reader)
{
	struct wasm_instr pair[2], *instr = &pair[0], *next = &pair[1];
	uint32_t skip_depth = 0;
	int more = wasm_next_instr(reader, instr, ft->mt->error);

	while (more == 1) {
		more = wasm_next_instr(reader, next, ft->mt->error);
		ft->next_op = more == 1 ? next->op : WASM_OP_NOP;
		if (ft->reachable)
			translate_instr(ft, instr);
		else
			skip_instr(ft, instr, &skip_depth);
		struct wasm_instr *swap = instr;
		instr = next;
		next = swap;
	}
	if (more < 0)
		translator_fail(ft->mt, WALNUT_ERROR_MALFORMED, "function %u cannot be read",
				ft->index);
}

void func_translator_release(struct func_translator *ft)
{
	free(ft->local_types);
	free(ft->locals);
	free(ft->stack);
	free(ft->frames);
	free(ft->phis);
}

void translate_function(struct module_translator *mt, uint32_t index)
{
	const struct wasm_func *func = &mt->wasm->funcs[index];
	struct func_translator ft = {
		.mt = mt,
		.builder = mt->builder,
		.function = func_body(mt, index),
		.index = index,
		.type = &mt->wasm->types[func->type].func,
		.reachable = true,
	};
	struct wasm_code_reader reader = wasm_body_reader(mt->wasm, index);
	struct wasm_code_reader locals_reader = reader;
	wasm_valtype *declared;
	uint32_t declared_count = 0;

	if (wasm_read_locals(&locals_reader, &declared_count, NULL, mt->error))
		translator_fail(mt, WALNUT_ERROR_MALFORMED, "function %u: bad locals", index);
	declared = translator_alloc(mt, declared_count, sizeof(*declared));
	wasm_read_locals(&reader, &declared_count, declared, mt->error);

	ft.di_scope = debug_function(mt, ft.function, (const char *)func->name.data, func->name.size);
	LLVMPositionBuilderAtEnd(mt->builder, new_block(&ft, "entry"));
	debug_location(&ft, 0);
	create_locals(&ft, declared, declared_count);
	free(declared);
	/* Never NULL, so that pointers into it are valid also where it is empty. */
	ft.stack = translator_grow(mt, NULL, 0, &ft.stack_capacity, sizeof(*ft.stack));
	push_function_frame(&ft);
	translate_body(&ft, &reader);
	func_translator_release(&ft);
}
