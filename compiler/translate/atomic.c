/* Atomic accesses: threads proposal, sections 4.4.7 and 5.4.6.
 *
 * On a shared memory they are LLVM's atomics, sequentially consistent; memory.atomic.wait
 * and notify ask the host. A memory that is not shared belongs to one thread: its
 * accesses are plain ones. Either way an address that is no multiple of the access's
 * size traps. */
#include "translate.h"

#include "app_object.h"

/* Where the regular part of the opcodes begins: groups of seven, one for each way of
 * access, and within a group one for each width. */
#define FIRST_REGULAR WASM_OP_I32_ATOMIC_LOAD
#define GROUP_SIZE 7

enum group {
	GROUP_LOAD, GROUP_STORE, GROUP_ADD, GROUP_SUB, GROUP_AND, GROUP_OR, GROUP_XOR,
	GROUP_XCHG, GROUP_CMPXCHG, GROUP_COUNT,
};

_Static_assert(WASM_OP_I32_ATOMIC_RMW_CMPXCHG == FIRST_REGULAR + GROUP_CMPXCHG * GROUP_SIZE, "groups");

static bool is_shared(struct func_translator *ft, const struct wasm_instr *instr)
{
	return ft->mt->wasm->memories[instr->memarg.memory].type.limits.shared;
}

static uint32_t access_size(const struct wasm_instr *instr)
{
	return 1u << wasm_op_access_log2(instr->op);
}

static LLVMTypeRef access_type(struct func_translator *ft, const struct wasm_instr *instr)
{
	return LLVMIntTypeInContext(ft->mt->context, 8 * access_size(instr));
}

static LLVMTypeRef value_type(struct func_translator *ft, const struct wasm_instr *instr)
{
	static const bool is_i64[GROUP_SIZE] = { [1] = true, [4] = true, [5] = true, [6] = true };

	return is_i64[(instr->op - FIRST_REGULAR) % GROUP_SIZE] ? ft->mt->i64 : ft->mt->i32;
}

/* Pops the index. Only the low bits of index and offset tell the alignment. */
static LLVMValueRef aligned_address(struct func_translator *ft, const struct wasm_instr *instr)
{
	LLVMBuilderRef b = ft->builder;
	LLVMValueRef index = pop(ft), low, misaligned;
	LLVMTypeRef type = LLVMTypeOf(index);
	uint64_t mask = access_size(instr) - 1;

	low = LLVMBuildAdd(b, index, LLVMConstInt(type, instr->memarg.offset & mask, false), "");
	low = LLVMBuildAnd(b, low, LLVMConstInt(type, mask, false), "");
	misaligned = LLVMBuildICmp(b, LLVMIntNE, low, LLVMConstNull(type), "");
	trap_if(ft, misaligned, WALNUT_TRAP_UNALIGNED_ATOMIC);
	return linear_address(ft, index, &instr->memarg, access_size(instr));
}

static void set_access(struct func_translator *ft, const struct wasm_instr *instr, LLVMValueRef access)
{
	LLVMSetAlignment(access, access_size(instr));
	set_tbaa(access, linear_tbaa(ft->mt, instr->memarg.memory), ft->mt);
	if (is_shared(ft, instr))
		LLVMSetOrdering(access, LLVMAtomicOrderingSequentiallyConsistent);
}

static LLVMValueRef build_load(struct func_translator *ft, const struct wasm_instr *instr,
			       LLVMValueRef address)
{
	LLVMValueRef load = LLVMBuildLoad2(ft->builder, access_type(ft, instr), address, "");

	set_access(ft, instr, load);
	return load;
}

static void build_store(struct func_translator *ft, const struct wasm_instr *instr,
			LLVMValueRef value, LLVMValueRef address)
{
	set_access(ft, instr, LLVMBuildStore(ft->builder, value, address));
}

/* What the access works on: the low bits of a value. */
static LLVMValueRef pop_operand(struct func_translator *ft, const struct wasm_instr *instr)
{
	return LLVMBuildIntCast2(ft->builder, pop(ft), access_type(ft, instr), false, "");
}

static void push_extended(struct func_translator *ft, const struct wasm_instr *instr,
			  LLVMValueRef value)
{
	push(ft, LLVMBuildIntCast2(ft->builder, value, value_type(ft, instr), false, ""));
}

static void load(struct func_translator *ft, const struct wasm_instr *instr)
{
	LLVMValueRef address = aligned_address(ft, instr), value;

	debug_location(ft, ft->offset);
	value = build_load(ft, instr, address);
	/* As linear_load() does. */
	if (ft->next_op == WASM_OP_DROP)
		LLVMSetVolatile(value, true);
	debug_location(ft, 0);
	push_extended(ft, instr, value);
}

static void store(struct func_translator *ft, const struct wasm_instr *instr)
{
	LLVMValueRef value = pop_operand(ft, instr), address = aligned_address(ft, instr);

	debug_location(ft, ft->offset);
	build_store(ft, instr, value, address);
	debug_location(ft, 0);
}

/* What is stored where the memory is not shared. */
static LLVMValueRef modified(struct func_translator *ft, enum group group, LLVMValueRef old,
			     LLVMValueRef operand)
{
	static const LLVMOpcode opcodes[] = {
		[GROUP_ADD] = LLVMAdd, [GROUP_SUB] = LLVMSub, [GROUP_AND] = LLVMAnd,
		[GROUP_OR] = LLVMOr, [GROUP_XOR] = LLVMXor,
	};

	if (group == GROUP_XCHG)
		return operand;
	return LLVMBuildBinOp(ft->builder, opcodes[group], old, operand, "");
}

static void read_modify_write(struct func_translator *ft, const struct wasm_instr *instr,
			      enum group group)
{
	static const LLVMAtomicRMWBinOp operations[] = {
		[GROUP_ADD] = LLVMAtomicRMWBinOpAdd, [GROUP_SUB] = LLVMAtomicRMWBinOpSub,
		[GROUP_AND] = LLVMAtomicRMWBinOpAnd, [GROUP_OR] = LLVMAtomicRMWBinOpOr,
		[GROUP_XOR] = LLVMAtomicRMWBinOpXor, [GROUP_XCHG] = LLVMAtomicRMWBinOpXchg,
	};
	LLVMValueRef operand = pop_operand(ft, instr), address = aligned_address(ft, instr), old;

	debug_location(ft, ft->offset);
	if (is_shared(ft, instr)) {
		old = LLVMBuildAtomicRMW(ft->builder, operations[group], address, operand,
					 LLVMAtomicOrderingSequentiallyConsistent, false);
		set_tbaa(old, linear_tbaa(ft->mt, instr->memarg.memory), ft->mt);
	} else {
		old = build_load(ft, instr, address);
		build_store(ft, instr, modified(ft, group, old, operand), address);
	}
	debug_location(ft, 0);
	push_extended(ft, instr, old);
}

static LLVMValueRef plain_compare_exchange(struct func_translator *ft, const struct wasm_instr *instr,
					   LLVMValueRef address, LLVMValueRef expected,
					   LLVMValueRef replacement)
{
	LLVMValueRef old = build_load(ft, instr, address);
	LLVMValueRef equal = LLVMBuildICmp(ft->builder, LLVMIntEQ, old, expected, "");

	build_store(ft, instr, LLVMBuildSelect(ft->builder, equal, replacement, old, ""), address);
	return old;
}

static void compare_exchange(struct func_translator *ft, const struct wasm_instr *instr)
{
	LLVMValueRef replacement = pop_operand(ft, instr), expected = pop_operand(ft, instr);
	LLVMValueRef address = aligned_address(ft, instr), old;

	debug_location(ft, ft->offset);
	if (is_shared(ft, instr)) {
		old = LLVMBuildAtomicCmpXchg(ft->builder, address, expected, replacement,
					     LLVMAtomicOrderingSequentiallyConsistent,
					     LLVMAtomicOrderingSequentiallyConsistent, false);
		set_tbaa(old, linear_tbaa(ft->mt, instr->memarg.memory), ft->mt);
		old = LLVMBuildExtractValue(ft->builder, old, 0, "");
	} else {
		old = plain_compare_exchange(ft, instr, address, expected, replacement);
	}
	debug_location(ft, 0);
	push_extended(ft, instr, old);
}

/* The operand of wait or notify, which the host is going to look at: the load traps
 * where it is out of bounds. */
static LLVMValueRef touched_address(struct func_translator *ft, const struct wasm_instr *instr)
{
	LLVMValueRef address = aligned_address(ft, instr);

	debug_location(ft, ft->offset);
	LLVMSetVolatile(build_load(ft, instr, address), true);
	return address;
}

static void wait(struct func_translator *ft, const struct wasm_instr *instr)
{
	struct module_translator *mt = ft->mt;
	LLVMTypeRef params[] = { mt->ptr, mt->i64, mt->i64, mt->i32 };
	LLVMTypeRef type = LLVMFunctionType(mt->i32, params, 4, false);
	LLVMValueRef timeout = pop(ft), expected = LLVMBuildZExt(ft->builder, pop(ft), mt->i64, "");
	LLVMValueRef args[] = {
		touched_address(ft, instr), expected, timeout, const_u32(mt, access_size(instr)),
	};

	if (!is_shared(ft, instr)) {
		trap_if(ft, LLVMConstInt(mt->i1, 1, false), WALNUT_TRAP_EXPECTED_SHARED_MEMORY);
		push(ft, const_u32(mt, 0));
		return;
	}
	push(ft, LLVMBuildCall2(ft->builder, type, external_function(mt, "walnut_atomic_wait", type),
				args, 4, ""));
	debug_location(ft, 0);
}

/* Nobody waits on a memory that is not shared. */
static void notify(struct func_translator *ft, const struct wasm_instr *instr)
{
	struct module_translator *mt = ft->mt;
	LLVMTypeRef params[] = { mt->ptr, mt->i32 };
	LLVMTypeRef type = LLVMFunctionType(mt->i32, params, 2, false);
	LLVMValueRef count = pop(ft), args[] = { touched_address(ft, instr), count };

	if (is_shared(ft, instr))
		push(ft, LLVMBuildCall2(ft->builder, type,
					external_function(mt, "walnut_atomic_notify", type), args, 2, ""));
	else
		push(ft, const_u32(mt, 0));
	debug_location(ft, 0);
}

static void fence(struct func_translator *ft)
{
	const struct wasm_module *wasm = ft->mt->wasm;
	bool shared = false;

	for (uint32_t i = 0; i < wasm->memory_count; i++)
		shared |= wasm->memories[i].type.limits.shared;
	if (shared)
		LLVMBuildFence(ft->builder, LLVMAtomicOrderingSequentiallyConsistent, false, "");
}

static void translate_regular(struct func_translator *ft, const struct wasm_instr *instr, enum group group)
{
	switch (group) {
	case GROUP_LOAD:
		load(ft, instr);
		break;
	case GROUP_STORE:
		store(ft, instr);
		break;
	case GROUP_CMPXCHG:
		compare_exchange(ft, instr);
		break;
	default:
		read_modify_write(ft, instr, group);
		break;
	}
}

bool translate_atomic(struct func_translator *ft, const struct wasm_instr *instr)
{
	switch (instr->op) {
	case WASM_OP_MEMORY_ATOMIC_NOTIFY:
		notify(ft, instr);
		return true;
	case WASM_OP_MEMORY_ATOMIC_WAIT32:
	case WASM_OP_MEMORY_ATOMIC_WAIT64:
		wait(ft, instr);
		return true;
	case WASM_OP_ATOMIC_FENCE:
		fence(ft);
		return true;
	default:
		if (instr->op < FIRST_REGULAR || instr->op >= FIRST_REGULAR + GROUP_COUNT * GROUP_SIZE)
			return false;
		translate_regular(ft, instr, (instr->op - FIRST_REGULAR) / GROUP_SIZE);
		return true;
	}
}
