/* Exceptions, without cost where none is thrown: a call in a try_table is an LLVM invoke,
 * whose unwind edge leads to the try_table's landing pad. The pad's clauses are those of
 * all try_tables around it, so that the unwinder stops only where somebody catches; behind
 * the pad a chain of comparisons, the try_table's dispatch, branches to the clause's label.
 * It ends in the dispatch of the next try_table around, or in a `resume`, which LLVM's
 * inliner makes a branch to the caller's dispatch.
 *
 *	try_table (catch $a $x) (catch_all $y)		invoke … unwind label %landing
 *	  call $f				landing:  landingpad catch @a, catch null
 *	end					dispatch: if selector is that of @a: label $x
 *							  label $y
 */
#include "translate.h"

#include <stdlib.h>
#include <string.h>

#include "app_object.h"
#include "exception.h"

/* --- Tags -------------------------------------------------------------------------- */

static uint32_t value_size(wasm_valtype type)
{
	return type == WASM_V128 ? 16 : 8;
}

/* struct walnut_heaptype.references: which values are. */
static LLVMValueRef reference_offsets(struct module_translator *mt, const struct wasm_functype *type)
{
	LLVMValueRef *offsets = translator_alloc(mt, type->param_count + 1, sizeof(*offsets)), list;
	uint32_t count = 0, offset = WALNUT_EXCEPTION_VALUES;

	for (uint32_t i = 0; i < type->param_count; i++) {
		if (wasm_is_ref(type->params[i]))
			offsets[count++] = const_u32(mt, offset);
		offset += value_size(type->params[i]);
	}
	offsets[count++] = const_u32(mt, WALNUT_NO_REFERENCES);
	list = const_object(mt, "walnut.references", LLVMConstArray2(mt->i32, offsets, count), false);
	free(offsets);
	return list;
}

static uint32_t exception_size(const struct wasm_functype *type)
{
	uint32_t size = WALNUT_EXCEPTION_VALUES;

	for (uint32_t i = 0; i < type->param_count; i++)
		size += value_size(type->params[i]);
	return size;
}

static struct wasm_bytes tag_name(const struct wasm_module *wasm, uint32_t index)
{
	for (uint32_t i = 0; !wasm->tags[index].name.size && i < wasm->export_count; i++)
		if (wasm->exports[i].kind == WASM_EXTERN_TAG && wasm->exports[i].index == index)
			return wasm->exports[i].field;
	return wasm->tags[index].name;
}

static LLVMTypeRef tag_struct(struct module_translator *mt)
{
	LLVMTypeRef fields[] = { mt->i32, mt->i32, mt->ptr, mt->i64, mt->ptr, mt->ptr, mt->ptr, mt->i64 };

	return LLVMStructTypeInContext(mt->context, fields, 8, false);
}

void define_tags(struct module_translator *mt)
{
	LLVMTypeRef type = tag_struct(mt);

	for (uint32_t i = mt->wasm->imported_tag_count; i < mt->wasm->tag_count; i++) {
		const struct wasm_functype *values = wasm_tag_type(mt->wasm, i);
		struct wasm_bytes name = tag_name(mt->wasm, i);

		mt->tags[i] = entity_object(mt, "tag", i, type, false);
		LLVMSetAlignment(mt->tags[i], 8);
		if (!mt->part->root)
			continue;
		LLVMValueRef fields[] = {
			const_u32(mt, WALNUT_HEAP_STRUCT),
			const_u32(mt, exception_size(values)),
			reference_offsets(mt, values),
			const_u64(mt, 0),
			const_null_ptr(mt),
			type_descriptor(mt, mt->wasm->tags[i].type),
			name.size ? const_string(mt, name) : const_null_ptr(mt),
			const_u64(mt, name.size),
		};
		LLVMSetInitializer(mt->tags[i], const_struct(mt, NULL, fields, 8));
	}
}

LLVMValueRef import_tag(struct module_translator *mt, const char *symbol)
{
	return external_object(mt, symbol, tag_struct(mt));
}

/* --- Handlers ---------------------------------------------------------------------- */

#define NO_FRAME UINT32_MAX

static bool has_handler(const struct control_frame *frame)
{
	return frame->kind == FRAME_TRY && frame->catch_count;
}

/* The innermost try_table with clauses among the frames below `top`. */
static uint32_t handler_below(const struct func_translator *ft, uint32_t top)
{
	while (top > 0)
		if (has_handler(&ft->frames[--top]))
			return top;
	return NO_FRAME;
}

static bool catches_all(const struct wasm_catch *clause)
{
	return clause->kind == WASM_CATCH_ALL || clause->kind == WASM_CATCH_ALL_REF;
}

static bool wants_reference(const struct wasm_catch *clause)
{
	return clause->kind == WASM_CATCH_REF || clause->kind == WASM_CATCH_ALL_REF;
}

/* A clause counts labels from outside of its try_table. */
static struct control_frame *clause_label(struct func_translator *ft, uint32_t frame,
					  const struct wasm_catch *clause)
{
	return &ft->frames[frame - 1 - clause->label];
}

/* The type that landing pads have: exception and selector. */
static LLVMTypeRef pad_type(struct module_translator *mt)
{
	LLVMTypeRef fields[] = { mt->ptr, mt->i32 };

	return LLVMStructTypeInContext(mt->context, fields, 2, false);
}

static LLVMValueRef value_address(struct func_translator *ft, LLVMValueRef exception, uint32_t offset)
{
	LLVMValueRef index = const_u64(ft->mt, offset);

	return LLVMBuildInBoundsGEP2(ft->builder, ft->mt->i8, exception, &index, 1, "");
}

static void push_values(struct func_translator *ft, LLVMValueRef exception,
			const struct wasm_functype *type)
{
	uint32_t offset = WALNUT_EXCEPTION_VALUES;

	for (uint32_t i = 0; i < type->param_count; i++) {
		LLVMValueRef load = LLVMBuildLoad2(ft->builder, llvm_value_type(ft->mt, type->params[i]),
						   value_address(ft, exception, offset), "");

		LLVMSetAlignment(load, 8);
		push(ft, load);
		offset += value_size(type->params[i]);
	}
}

/* Goes to the clause's label with what it carries. */
static void take_clause(struct func_translator *ft, uint32_t frame, const struct wasm_catch *clause,
			LLVMValueRef exception)
{
	uint32_t height = ft->stack_size;

	if (!catches_all(clause))
		push_values(ft, exception, wasm_tag_type(ft->mt->wasm, clause->tag));
	if (wants_reference(clause))
		push(ft, exception);
	jump(ft, clause_label(ft, frame, clause));
	ft->stack_size = height;
}

static LLVMBasicBlockRef dispatch_block(struct func_translator *ft, uint32_t frame);

/* Nobody around here catches it. */
static void pass_on(struct func_translator *ft, uint32_t frame, LLVMValueRef exception,
		    LLVMValueRef selector)
{
	uint32_t outer = handler_below(ft, frame);
	LLVMBasicBlockRef here = LLVMGetInsertBlock(ft->builder);

	if (outer == NO_FRAME) {
		LLVMValueRef pad = LLVMGetPoison(pad_type(ft->mt));

		pad = LLVMBuildInsertValue(ft->builder, pad, exception, 0, "");
		pad = LLVMBuildInsertValue(ft->builder, pad, selector, 1, "");
		LLVMBuildResume(ft->builder, pad);
		return;
	}
	LLVMBuildBr(ft->builder, dispatch_block(ft, outer));
	LLVMAddIncoming(ft->frames[outer].exception, &exception, &here, 1);
	LLVMAddIncoming(ft->frames[outer].selector, &selector, &here, 1);
}

static void build_dispatch(struct func_translator *ft, uint32_t frame)
{
	LLVMValueRef exception = ft->frames[frame].exception, selector = ft->frames[frame].selector;
	const uint8_t *at = ft->frames[frame].catches;

	for (uint32_t i = 0; i < ft->frames[frame].catch_count; i++) {
		struct wasm_catch clause = wasm_catch_next(&at);
		LLVMBasicBlockRef match, next;
		LLVMValueRef wanted;

		if (catches_all(&clause)) {
			take_clause(ft, frame, &clause, exception);
			return;
		}
		match = new_block(ft, "catch");
		next = new_block(ft, "");
		wanted = build_intrinsic(ft, "llvm.eh.typeid.for", ft->mt->ptr, &ft->mt->tags[clause.tag], 1);
		LLVMBuildCondBr(ft->builder,
				LLVMBuildICmp(ft->builder, LLVMIntEQ, selector, wanted, ""), match, next);
		LLVMPositionBuilderAtEnd(ft->builder, match);
		take_clause(ft, frame, &clause, exception);
		LLVMPositionBuilderAtEnd(ft->builder, next);
	}
	pass_on(ft, frame, exception, selector);
}

/* Built when first asked for, while the frames around are still open. */
static LLVMBasicBlockRef dispatch_block(struct func_translator *ft, uint32_t frame)
{
	LLVMBasicBlockRef here = LLVMGetInsertBlock(ft->builder), block;

	if (ft->frames[frame].dispatch)
		return ft->frames[frame].dispatch;
	block = new_block(ft, "dispatch");
	LLVMPositionBuilderAtEnd(ft->builder, block);
	ft->frames[frame].dispatch = block;
	ft->frames[frame].exception = LLVMBuildPhi(ft->builder, ft->mt->ptr, "");
	ft->frames[frame].selector = LLVMBuildPhi(ft->builder, ft->mt->i32, "");
	build_dispatch(ft, frame);
	LLVMPositionBuilderAtEnd(ft->builder, here);
	return block;
}

/* Of all landing pads of a function: with a call in each of many nested try_tables they grow
 * as the square of its size. */
#define PAD_CLAUSES_MAX (1u << 22)

/* The clauses of this try_table and of those around it, up to one that catches all. */
static void add_clauses(struct func_translator *ft, uint32_t frame, LLVMValueRef pad)
{
	for (; frame != NO_FRAME; frame = handler_below(ft, frame)) {
		const uint8_t *at = ft->frames[frame].catches;

		for (uint32_t i = 0; i < ft->frames[frame].catch_count; i++) {
			struct wasm_catch clause = wasm_catch_next(&at);

			if (++ft->pad_clauses > PAD_CLAUSES_MAX)
				translator_fail(ft->mt, WALNUT_ERROR_LIMIT,
						"function %u: too many handlers in each other", ft->index);
			LLVMAddClause(pad, catches_all(&clause) ? const_null_ptr(ft->mt)
								: ft->mt->tags[clause.tag]);
			if (catches_all(&clause))
				return;
		}
	}
}

static void set_personality(struct func_translator *ft)
{
	LLVMTypeRef type = LLVMFunctionType(ft->mt->void_, NULL, 0, false);

	if (!LLVMHasPersonalityFn(ft->function))
		LLVMSetPersonalityFn(ft->function, external_function(ft->mt, "walnut_personality", type));
}

static LLVMBasicBlockRef landing_block(struct func_translator *ft, uint32_t frame)
{
	LLVMBasicBlockRef here = LLVMGetInsertBlock(ft->builder), block = ft->frames[frame].landing;
	LLVMValueRef pad, exception, selector;

	if (block)
		return block;
	set_personality(ft);
	block = new_block(ft, "landing");
	ft->frames[frame].landing = block;
	LLVMPositionBuilderAtEnd(ft->builder, block);
	debug_location(ft, 0);
	pad = LLVMBuildLandingPad(ft->builder, pad_type(ft->mt), NULL, 0, "");
	add_clauses(ft, frame, pad);
	exception = LLVMBuildExtractValue(ft->builder, pad, 0, "");
	selector = LLVMBuildExtractValue(ft->builder, pad, 1, "");
	LLVMBuildBr(ft->builder, dispatch_block(ft, frame));
	LLVMAddIncoming(ft->frames[frame].exception, &exception, &block, 1);
	LLVMAddIncoming(ft->frames[frame].selector, &selector, &block, 1);
	LLVMPositionBuilderAtEnd(ft->builder, here);
	return block;
}

LLVMBasicBlockRef unwind_target(struct func_translator *ft)
{
	uint32_t frame = handler_below(ft, ft->frame_count);

	return frame == NO_FRAME ? NULL : landing_block(ft, frame);
}

LLVMValueRef build_call_unwinding(struct func_translator *ft, LLVMTypeRef type, LLVMValueRef code,
				  LLVMValueRef *args, uint32_t count, LLVMBasicBlockRef target)
{
	LLVMBasicBlockRef next;
	LLVMValueRef call;

	debug_location(ft, ft->offset);
	if (!target) {
		call = LLVMBuildCall2(ft->builder, type, code, args, count, "");
	} else {
		next = new_block(ft, "");
		call = LLVMBuildInvoke2(ft->builder, type, code, args, count, next, target, "");
		continue_in(ft, next);
	}
	debug_location(ft, 0);
	return call;
}

/* --- Throwing ---------------------------------------------------------------------- */

static LLVMValueRef new_exception(struct func_translator *ft, uint32_t tag)
{
	struct module_translator *mt = ft->mt;
	const struct wasm_functype *type = wasm_tag_type(mt->wasm, tag);
	LLVMTypeRef new_type = LLVMFunctionType(mt->ptr, &mt->ptr, 1, false);
	LLVMValueRef *values = ft->stack + ft->stack_size - type->param_count, exception;
	LLVMValueRef function = external_function(mt, "walnut_exception_new", new_type);
	uint32_t offset = WALNUT_EXCEPTION_VALUES;

	add_enum_attribute(mt, function, "nounwind");
	debug_location(ft, ft->offset);
	exception = LLVMBuildCall2(ft->builder, new_type, function, &mt->tags[tag], 1, "");
	debug_location(ft, 0);
	for (uint32_t i = 0; i < type->param_count; i++) {
		LLVMValueRef store = LLVMBuildStore(ft->builder, values[i], value_address(ft, exception, offset));

		LLVMSetAlignment(store, 8);
		offset += value_size(type->params[i]);
	}
	return exception;
}

static void throw_exception(struct func_translator *ft, LLVMValueRef exception)
{
	struct module_translator *mt = ft->mt;
	unsigned nomerge = LLVMGetEnumAttributeKindForName("nomerge", 7);
	LLVMTypeRef type = LLVMFunctionType(mt->void_, &mt->ptr, 1, false);
	LLVMValueRef function = external_function(mt, "walnut_throw", type), call;

	add_enum_attribute(mt, function, "noreturn");
	add_enum_attribute(mt, function, "cold");
	call = build_call_unwinding(ft, type, function, &exception, 1, unwind_target(ft));
	/* Each has its place in the module. */
	LLVMAddCallSiteAttribute(call, (LLVMAttributeIndex)LLVMAttributeFunctionIndex,
				 LLVMCreateEnumAttribute(mt->context, nomerge, 0));
	LLVMBuildUnreachable(ft->builder);
	ft->reachable = false;
}

/* Whether a clause catches the tag: 1, 0, or -1 where that depends on what two imports
 * are linked to. */
static int clause_matches(const struct func_translator *ft, const struct wasm_catch *clause, uint32_t tag)
{
	const struct wasm_tag *tags = ft->mt->wasm->tags;

	if (catches_all(clause) || clause->tag == tag)
		return 1;
	return tags[clause->tag].imported && tags[tag].imported ? -1 : 0;
}

/* The clause in this function that catches the tag for sure; its frame, or NO_FRAME. */
static uint32_t local_handler(const struct func_translator *ft, uint32_t tag, struct wasm_catch *found)
{
	uint32_t frame = handler_below(ft, ft->frame_count);

	for (; frame != NO_FRAME; frame = handler_below(ft, frame)) {
		const uint8_t *at = ft->frames[frame].catches;

		for (uint32_t i = 0; i < ft->frames[frame].catch_count; i++) {
			int matches;

			*found = wasm_catch_next(&at);
			matches = clause_matches(ft, found, tag);
			if (matches)
				return matches > 0 ? frame : NO_FRAME;
		}
	}
	return NO_FRAME;
}

/* Caught in the same function, a throw is a branch. */
static void translate_throw(struct func_translator *ft, uint32_t tag)
{
	struct wasm_catch clause;
	uint32_t frame = local_handler(ft, tag, &clause);

	if (frame == NO_FRAME) {
		throw_exception(ft, new_exception(ft, tag));
		return;
	}
	if (wants_reference(&clause)) {
		LLVMValueRef exception = new_exception(ft, tag);

		if (catches_all(&clause))
			ft->stack_size -= wasm_tag_type(ft->mt->wasm, tag)->param_count;
		push(ft, exception);
	}
	jump(ft, clause_label(ft, frame, &clause));
	ft->reachable = false;
}

static void translate_throw_ref(struct func_translator *ft)
{
	LLVMValueRef exception = pop(ft);

	trap_if(ft, LLVMBuildIsNull(ft->builder, exception, ""), WALNUT_TRAP_NULL_REFERENCE);
	throw_exception(ft, exception);
}

bool translate_exception(struct func_translator *ft, const struct wasm_instr *instr)
{
	switch (instr->op) {
	case WASM_OP_TRY_TABLE:
		open_try_table(ft, instr);
		return true;
	case WASM_OP_THROW:
		translate_throw(ft, instr->index);
		return true;
	case WASM_OP_THROW_REF:
		translate_throw_ref(ft);
		return true;
	default:
		return false;
	}
}

/* What is left of them is not reached: the unwinder stops only where a clause matches, and
 * each clause of a pad has its comparison behind it. */
void replace_resumes(LLVMModuleRef module)
{
	LLVMContextRef context = LLVMGetModuleContext(module);
	LLVMBuilderRef builder = LLVMCreateBuilderInContext(context);
	unsigned id = LLVMLookupIntrinsicID("llvm.trap", strlen("llvm.trap"));

	for (LLVMValueRef f = LLVMGetFirstFunction(module); f; f = LLVMGetNextFunction(f)) {
		for (LLVMBasicBlockRef b = LLVMGetFirstBasicBlock(f); b; b = LLVMGetNextBasicBlock(b)) {
			LLVMValueRef last = LLVMGetBasicBlockTerminator(b), trap;

			if (LLVMGetInstructionOpcode(last) != LLVMResume)
				continue;
			trap = LLVMGetIntrinsicDeclaration(module, id, NULL, 0);
			LLVMPositionBuilderBefore(builder, last);
			LLVMBuildCall2(builder, LLVMGlobalGetValueType(trap), trap, NULL, 0, "");
			LLVMBuildUnreachable(builder);
			LLVMInstructionEraseFromParent(last);
		}
	}
	LLVMDisposeBuilder(builder);
}
