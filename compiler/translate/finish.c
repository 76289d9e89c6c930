/* The last touch, between LLVM's optimiser and its code generator. */
#include "translate.h"

#include <stdio.h>
#include <stdlib.h>

#include "app_object.h"
#include "debug/debug_info.h"

/* What the optimiser took for an unknown variable is address zero. From here on
 * null is an address like any other. */
static void place_memory_at_zero(LLVMModuleRef module)
{
	LLVMContextRef context = LLVMGetModuleContext(module);
	LLVMValueRef linear = LLVMGetNamedGlobal(module, "walnut.linear");
	unsigned kind = LLVMGetEnumAttributeKindForName("null_pointer_is_valid", 21);
	LLVMAttributeRef null_is_valid = LLVMCreateEnumAttribute(context, kind, 0);

	if (!linear)
		return;
	LLVMReplaceAllUsesWith(linear, LLVMConstPointerNull(LLVMTypeOf(linear)));
	LLVMDeleteGlobal(linear);
	for (LLVMValueRef f = LLVMGetFirstFunction(module); f; f = LLVMGetNextFunction(f))
		if (!LLVMIsDeclaration(f))
			LLVMAddAttributeAtIndex(f, (LLVMAttributeIndex)LLVMAttributeFunctionIndex,
						null_is_valid);
}

static LLVMValueRef name_string(LLVMModuleRef module, struct wasm_bytes name)
{
	LLVMValueRef text = LLVMConstStringInContext2(LLVMGetModuleContext(module),
						      (const char *)name.data, name.size, false);
	LLVMValueRef string = LLVMAddGlobal(module, LLVMTypeOf(text), "walnut.name");

	LLVMSetInitializer(string, text);
	LLVMSetGlobalConstant(string, true);
	LLVMSetLinkage(string, LLVMPrivateLinkage);
	LLVMSetUnnamedAddress(string, LLVMGlobalUnnamedAddr);
	LLVMSetAlignment(string, 1);
	return string;
}

static LLVMValueRef find_function(LLVMModuleRef module, uint32_t index)
{
	char symbol[32];

	snprintf(symbol, sizeof(symbol), "walnut.func.%u", index);
	return LLVMGetNamedFunction(module, symbol);
}

/* Functions that were inlined everywhere are gone. */
static void note_emitted(LLVMModuleRef module, const struct part_plan *plan, const struct part *part)
{
	for (uint32_t i = part->first; i < part->end; i++) {
		LLVMValueRef code = find_function(module, i);

		plan->emitted[i] = code && !LLVMIsDeclaration(code);
	}
}

/* The code of a function that some part emits, under a symbol that object/join.c finds
 * even where it is internal to that part. */
static LLVMValueRef function_symbol(LLVMModuleRef module, uint32_t index)
{
	LLVMValueRef code = find_function(module, index);
	LLVMTypeRef type;
	char symbol[32];

	if (code)
		return code;
	type = LLVMFunctionType(LLVMVoidTypeInContext(LLVMGetModuleContext(module)), NULL, 0, false);
	snprintf(symbol, sizeof(symbol), "walnut.func.%u", index);
	code = LLVMAddFunction(module, symbol, type);
	LLVMSetVisibility(code, LLVMHiddenVisibility);
	return code;
}

/* struct walnut_function_info */
static LLVMValueRef function_info(LLVMModuleRef module, const struct wasm_func *func, uint32_t index,
				  bool emitted, struct wasm_bytes name)
{
	LLVMContextRef context = LLVMGetModuleContext(module);
	LLVMTypeRef i32 = LLVMInt32TypeInContext(context);
	LLVMValueRef null = LLVMConstPointerNull(LLVMPointerTypeInContext(context, 0));
	LLVMValueRef fields[] = {
		emitted ? function_symbol(module, index) : null,
		LLVMConstInt(i32, index, false),
		LLVMConstInt(i32, name.size, false),
		name.size ? name_string(module, name) : null,
		LLVMConstInt(i32, func->offset, false),
		LLVMConstInt(i32, func->body.size, false),
	};
	return LLVMConstStructInContext(context, fields, 6, false);
}

static void replace_placeholder(LLVMModuleRef module, const char *name, LLVMValueRef value)
{
	LLVMValueRef placeholder = LLVMGetNamedGlobal(module, name);

	LLVMReplaceAllUsesWith(placeholder, value);
	LLVMDeleteGlobal(placeholder);
}

static int build_function_table(LLVMModuleRef module, const struct wasm_module *wasm,
				const struct part_plan *plan, const struct debug_info *debug)
{
	LLVMContextRef context = LLVMGetModuleContext(module);
	LLVMTypeRef i64 = LLVMInt64TypeInContext(context);
	LLVMTypeRef ptr = LLVMPointerTypeInContext(context, 0);
	LLVMValueRef *items = calloc(wasm->func_count + 1, sizeof(*items));
	LLVMValueRef table = LLVMConstPointerNull(ptr);
	uint32_t count = 0;

	if (!items)
		return -1;
	for (uint32_t i = wasm->imported_func_count; i < wasm->func_count; i++)
		items[count++] = function_info(module, &wasm->funcs[i], i, plan->emitted[i],
					       debug_info_name(debug, wasm, i));
	if (count) {
		LLVMValueRef array = LLVMConstArray2(LLVMTypeOf(items[0]), items, count);

		table = LLVMAddGlobal(module, LLVMTypeOf(array), "walnut.function_table");
		LLVMSetInitializer(table, array);
		LLVMSetGlobalConstant(table, true);
		LLVMSetLinkage(table, LLVMInternalLinkage);
		LLVMSetAlignment(table, 8);
	}
	replace_placeholder(module, "walnut.functions", table);
	replace_placeholder(module, "walnut.function_count",
			    LLVMConstIntToPtr(LLVMConstInt(i64, count, false), ptr));
	free(items);
	return 0;
}

int translate_finish(LLVMModuleRef module, const struct wasm_module *wasm,
		     const struct part_plan *plan, uint32_t index, const struct debug_info *debug)
{
	place_memory_at_zero(module);
	if (plan->exceptions)
		replace_resumes(module);
	note_emitted(module, plan, &plan->parts[index]);
	return plan->parts[index].root ? build_function_table(module, wasm, plan, debug) : 0;
}
