/* Code generation, inside view: what the files of translate/ share.
 *
 * translate_part() turns a part (parts.h) of a validated module into an LLVM module;
 * several threads do that at a time, each with a part and a context of its own. Each
 * family of instructions has a file with one function that emits the family's
 * instructions and says whether the one it got was among them. Entities (functions,
 * memories, tables, globals, segments) become LLVM globals laid out as abi/app_object.h
 * says. What several parts may refer to has a name with its index in it and is made by
 * entity_object() or func_code(), defined in one part and declared in the others.
 *
 * Nothing here can fail but for memory: validation came first. Allocation failures
 * and implementation limits leave through translator_fail(), a longjmp to
 * translate_part(); only frames of these files lie between the two. */
#ifndef WALNUT_COMPILER_TRANSLATE_H
#define WALNUT_COMPILER_TRANSLATE_H

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

#include <llvm-c/Core.h>
#include <llvm-c/DebugInfo.h>
#include <llvm-c/Target.h>

#include "compiler.h"
#include "parts.h"
#include "wasm/instr.h"
#include "wasm/module.h"
#include "signature.h"

struct type_entry {
	LLVMTypeRef llvm; /* functions: the natural type */
	struct signature signature;
	LLVMValueRef descriptor; /* walnut.type.…; NULL until asked for */
};

struct func_entry {
	/* Symbols of the function, NULL until asked for: itself, of the natural or the
	 * uniform type (convention.c), and what is called and tail-called. */
	LLVMValueRef body, code, tail;
	LLVMValueRef reference; /* struct walnut_func; NULL until asked for */
	LLVMTypeRef type;	/* natural */
};

struct global_entry {
	LLVMValueRef address;
	LLVMValueRef place; /* holds `address`, where LLVM must not know it; else NULL */
	LLVMValueRef constant; /* immutable and known: its value */
	LLVMTypeRef type;
};

struct segment_entry {
	LLVMValueRef content;	/* array of bytes or of references; NULL when empty */
	LLVMValueRef remaining; /* i64: elements or bytes, 0 once dropped */
};

struct constant_table {
	bool constant;
	LLVMValueRef entries; /* see constant_table.c */
};

struct module_translator {
	const struct wasm_module *wasm;
	const struct walnut_compile_options *options;
	const struct part_plan *plan;
	const struct part *part;
	struct walnut_error *error;
	bool has_fma; /* of the target CPU */
	jmp_buf fail;

	LLVMContextRef context;
	LLVMModuleRef module;
	LLVMBuilderRef builder;
	LLVMDIBuilderRef di;
	LLVMMetadataRef di_file, di_unit, di_type;

	LLVMTypeRef void_, i1, i8, i16, i32, i64, f32, f64, ptr;
	LLVMTypeRef v128; /* of values; simd.h */
	LLVMTypeRef functype_struct, func_struct, memory_struct, table_struct, externtype_struct;
	LLVMTypeRef subtyping_struct, heaptype_struct;

	/* What linear memory 0 is addressed from: see address.c. */
	LLVMValueRef linear_base;
	LLVMValueRef opaque_one[2], opaque_zero[2]; /* numeric_float.c; by f64 */
	LLVMMetadataRef tbaa_linear; /* any memory; linear_tbaa() has the tag of each */
	LLVMMetadataRef tbaa_host, tbaa_global, tbaa_object;
	LLVMMetadataRef *tbaa_memories;
	unsigned tbaa_kind;

	struct type_entry *types;
	uint8_t (*group_hashes)[16]; /* of recursion groups, by first type; type_symbol.c */
	struct func_entry *funcs;
	struct global_entry *globals;
	LLVMValueRef *tables;	/* struct walnut_table */
	struct constant_table *constant_tables; /* for each table */
	LLVMValueRef *memories; /* struct walnut_memory */
	LLVMValueRef *tags;	/* struct walnut_tag */
	struct segment_entry *elems;
	struct segment_entry *datas;
	LLVMValueRef instantiate;

	/* Retained through optimisation whatever the optimiser thinks. */
	LLVMValueRef *kept;
	uint32_t kept_count, kept_capacity;
};

enum frame_kind { FRAME_FUNCTION, FRAME_BLOCK, FRAME_LOOP, FRAME_IF, FRAME_ELSE, FRAME_TRY };

struct control_frame {
	enum frame_kind kind;
	bool branched;		/* somebody branches to `target` */
	LLVMBasicBlockRef target; /* of a br to this label */
	LLVMBasicBlockRef else_block; /* FRAME_IF */
	uint32_t param_count, result_count;
	const wasm_valtype *params, *results;
	wasm_valtype single_result; /* when results is NULL and result_count 1 */
	uint32_t stack_base;	/* height below the parameters */
	uint32_t phi_base;	/* in func_translator.phis: one per label operand */
	uint32_t phi_count;
	LLVMBasicBlockRef edge, edge_from; /* of the last br_table; the block that it is in */
	uint32_t saved_base;	/* FRAME_IF: the parameters again, for the else arm */
	/* FRAME_TRY: its clauses, for wasm_catch_next(), and what exception.c has made of them */
	const uint8_t *catches;
	uint32_t catch_count;
	LLVMBasicBlockRef landing, dispatch; /* NULL until something needs them */
	LLVMValueRef exception, selector;    /* phi nodes of `dispatch` */
};

struct local_entry {
	LLVMValueRef slot;  /* alloca; NULL: not used yet */
	LLVMValueRef value; /* what is in it, where `epoch` is the translator's */
	uint64_t epoch;
};

struct func_translator {
	struct module_translator *mt;
	LLVMBuilderRef builder;
	LLVMValueRef function;
	uint32_t index;
	LLVMMetadataRef di_scope;
	const struct wasm_functype *type;
	LLVMValueRef results; /* where they go; NULL: they are returned */

	wasm_valtype *local_types;
	struct local_entry *locals;
	uint32_t local_count;
	/* Goes up at each place that control reaches from several others: what was known
	 * before about the locals' values is not known there. */
	uint64_t epoch;

	LLVMValueRef *stack;
	uint32_t stack_size, stack_capacity;
	struct control_frame *frames;
	uint32_t frame_count, frame_capacity;
	LLVMValueRef *phis;
	uint32_t phi_count, phi_capacity;

	uint32_t pad_clauses; /* so far, of all landing pads */
	bool reachable; /* false: dead code up to the enclosing end or else */
	uint64_t offset; /* of the current instruction, for trap sites */
	enum wasm_op next_op; /* of the following instruction; WASM_OP_NOP at the end */
};

/* --- translate.c ------------------------------------------------------------ */

struct target;

/* Part `index` of the plan as a new LLVM module in `context`, or NULL and *error. */
LLVMModuleRef translate_part(const struct wasm_module *wasm, const struct part_plan *plan,
			     uint32_t index, LLVMContextRef context, LLVMTargetDataRef layout,
			     const struct target *target, const struct walnut_compile_options *options,
			     struct walnut_error *error);

/* --- finish.c ---------------------------------------------------------------- */

struct debug_info;

/* What can only be done once the optimiser has dropped what nobody uses: the note of
 * which functions are left (plan->emitted), in the root part the table of them, and the
 * real address of memory 0. `debug` has the functions' readable names; it is NULL in
 * other parts, and may be. 0, or -1 without memory. */
int translate_finish(LLVMModuleRef module, const struct wasm_module *wasm,
		     const struct part_plan *plan, uint32_t index, const struct debug_info *debug);

_Noreturn __attribute__((format(printf, 3, 4)))
void translator_fail(struct module_translator *mt, int kind, const char *format, ...);
/* Grows an array of `size`-byte elements so that index `count` exists. */
void *translator_grow(struct module_translator *mt, void *array, uint32_t count,
		      uint32_t *capacity, size_t size);
void *translator_alloc(struct module_translator *mt, size_t count, size_t size);
void translator_keep(struct module_translator *mt, LLVMValueRef global);

/* --- symbol.c --------------------------------------------------------------- */

/* "MODULE.FIELD" escaped as docs/app-object.md says, then the suffix as it is, with LLVM's
 * \x01 in front.
 * malloc'd; NULL without memory. */
char *symbol_name(struct wasm_bytes module, struct wasm_bytes field, const char *suffix);
struct wasm_bytes bytes_of_string(const char *string);

/* --- constant.c: building initialisers -------------------------------------- */

LLVMValueRef const_u32(struct module_translator *mt, uint32_t value);
LLVMValueRef const_u64(struct module_translator *mt, uint64_t value);
LLVMValueRef const_null_ptr(struct module_translator *mt);
/* A private NUL-terminated copy, merged with equal ones. */
LLVMValueRef const_string(struct module_translator *mt, struct wasm_bytes bytes);
/* An internal global with this content. */
LLVMValueRef const_object(struct module_translator *mt, const char *name, LLVMValueRef value,
			  bool writable);
LLVMValueRef const_struct(struct module_translator *mt, LLVMTypeRef type, LLVMValueRef *fields,
			  unsigned count);
/* A global that all parts know as `walnut.KIND.INDEX`. Only the root part defines it: there
 * the caller gives it its initial value. */
LLVMValueRef entity_object(struct module_translator *mt, const char *kind, uint32_t index,
			   LLVMTypeRef type, bool writable);
/* One for all objects that have an equal one under this name. */
LLVMValueRef shared_constant(struct module_translator *mt, const char *name, LLVMValueRef value);
/* Symbols that other objects define. */
LLVMValueRef external_object(struct module_translator *mt, const char *name, LLVMTypeRef type);
LLVMValueRef external_function(struct module_translator *mt, const char *name, LLVMTypeRef type);

/* --- type.c ----------------------------------------------------------------- */

LLVMTypeRef llvm_value_type(struct module_translator *mt, wasm_valtype type);
char value_type_letter(struct module_translator *mt, wasm_valtype type); /* enum walnut_value_type */
LLVMTypeRef llvm_function_type(struct module_translator *mt, const struct wasm_functype *type);
/* results.c: a function's results, of which one is itself and several are a struct. */
LLVMTypeRef result_field_type(struct module_translator *mt, const struct wasm_functype *type,
			      uint32_t index);
void build_return(struct module_translator *mt, LLVMBuilderRef builder,
		  const struct wasm_functype *type, LLVMValueRef *values);
/* Returns by way of memory: see signature.h. */
void store_results(struct module_translator *mt, LLVMBuilderRef builder,
		   const struct wasm_functype *type, LLVMValueRef *values, LLVMValueRef address);
LLVMValueRef extract_result(struct module_translator *mt, LLVMBuilderRef builder,
			    const struct wasm_functype *type, LLVMValueRef returned, uint32_t index);
LLVMValueRef llvm_zero(struct module_translator *mt, wasm_valtype type);
LLVMValueRef type_descriptor(struct module_translator *mt, uint32_t type_index);
uint32_t memory_flags(const struct module_translator *mt, uint32_t memory);
LLVMValueRef extern_type(struct module_translator *mt, enum wasm_extern_kind kind, uint32_t index);

/* --- entity.c: functions, memories, tables, globals as symbols --------------- */

void declare_entities(struct module_translator *mt);
void add_enum_attribute(struct module_translator *mt, LLVMValueRef function, const char *name);
void function_attributes(struct module_translator *mt, LLVMValueRef function, bool may_throw);
/* The function's own symbol, defined in this part or not; not for imports. */
LLVMValueRef func_body(struct module_translator *mt, uint32_t func_index);
/* What is called by C's convention: any function. */
LLVMValueRef func_code(struct module_translator *mt, uint32_t func_index);
LLVMValueRef func_reference(struct module_translator *mt, uint32_t func_index);

/* --- convention.c, entry.c: see there ------------------------------------------ */

#define UNIFORM_PARAMS (INTEGER_REGISTERS + VECTOR_REGISTERS)
LLVMTypeRef uniform_type(struct module_translator *mt, const struct type_entry *entry);
/* The arguments of a call by the uniform type; `results` is where they go, or NULL. */
void pack_arguments(struct module_translator *mt, const struct wasm_functype *type,
		    LLVMValueRef results, const LLVMValueRef *arguments,
		    LLVMValueRef packed[UNIFORM_PARAMS]);
/* And a function's parameters from it; `results` is NULL where they are returned. */
void unpack_parameters(struct module_translator *mt, const struct wasm_functype *type,
		       LLVMValueRef function, LLVMValueRef *results, LLVMValueRef *values);
LLVMValueRef build_call_entry(struct module_translator *mt, uint32_t func_index);
/* What is tail-called: of the uniform convention where arguments have no register. */
LLVMValueRef func_tail(struct module_translator *mt, uint32_t func_index);
/* A symbol for that, where the exported function's own `symbol` is something else. */
void export_tail_entry(struct module_translator *mt, uint32_t func_index, const char *symbol);

/* --- initial.c: constant expressions and segments ---------------------------- */

/* Its value as an LLVM constant; NULL when it depends on an imported global or on
 * one that does. */
LLVMValueRef const_expr_value(struct module_translator *mt, const struct wasm_expr *expr);
/* Its value, by code at the builder's place when it must be. */
LLVMValueRef build_const_expr(struct func_translator *ft, const struct wasm_expr *expr);
void declare_segments(struct module_translator *mt);

/* --- usage.c, constant_table.c ------------------------------------------------- */

/* Fills constant_tables[].constant. */
void find_constant_tables(struct module_translator *mt);
void define_constant_tables(struct module_translator *mt);
/* What a constant reference is: a function's index, or one of these. */
#define CONSTANT_NULL UINT32_MAX
#define CONSTANT_NONE (UINT32_MAX - 1) /* known at run time only */
uint32_t constant_element(struct module_translator *mt, const struct wasm_elem *elem, uint32_t index);
uint32_t constant_table_init(struct module_translator *mt, const struct wasm_table *table);
/* Nothing is left to do for such a segment at run time. */
bool segment_is_in_constant_table(const struct module_translator *mt, const struct wasm_elem *elem);
/* The code for call_indirect of the constant table, after Wasm's checks; index: i64. */
LLVMValueRef constant_table_code(struct func_translator *ft, uint32_t table, LLVMValueRef index,
				 uint32_t type_index);

/* --- instantiate.c, record.c -------------------------------------------------- */

void build_instantiate(struct module_translator *mt);
/* The symbols of those exports that this part defines. */
void define_export_symbols(struct module_translator *mt);
void build_imports_and_exports(struct module_translator *mt);
void build_app_note(struct module_translator *mt, const char *target_cpu);

/* --- debug.c: machine code to Wasm offsets ------------------------------------ */

void debug_begin(struct module_translator *mt);
LLVMMetadataRef debug_function(struct module_translator *mt, LLVMValueRef function,
			       const char *name, size_t name_size);
/* Instructions built from here on belong to this byte of the module; 0: to none. */
void debug_location(struct func_translator *ft, uint64_t offset);

/* --- func.c ------------------------------------------------------------------- */

void translate_function(struct module_translator *mt, uint32_t index);
void func_translator_release(struct func_translator *ft);

void push(struct func_translator *ft, LLVMValueRef value);
LLVMValueRef pop(struct func_translator *ft);
LLVMBasicBlockRef new_block(struct func_translator *ft, const char *name);
LLVMValueRef build_intrinsic(struct func_translator *ft, const char *name, LLVMTypeRef overload,
			     LLVMValueRef *args, unsigned count);
/* The i32 as a branch condition. */
LLVMValueRef as_condition(struct func_translator *ft, LLVMValueRef value);

/* --- trap.c ------------------------------------------------------------------- */

/* Traps with `code` where `condition` (i1) holds, else goes on in a new block. */
void trap_if(struct func_translator *ft, LLVMValueRef condition, unsigned code);
/* Ends the current block in a trap. */
void trap_always(struct func_translator *ft, unsigned code);

/* --- control.c ------------------------------------------------------------------ */

void push_function_frame(struct func_translator *ft);
/* br_if for a condition (i1). */
/* A branch to the label with the top operands where `condition` (i1) holds. */
void branch_if(struct func_translator *ft, LLVMValueRef condition, uint32_t depth);
bool translate_control(struct func_translator *ft, const struct wasm_instr *instr);
/* Branches to the label with the operands on top. */
void jump(struct func_translator *ft, struct control_frame *frame);
/* For a block that control reaches from the current one only. Blocks are appended to the
 * function when created; moving them here when they are filled keeps the code in the order
 * of the module. */
void continue_in(struct func_translator *ft, LLVMBasicBlockRef block);
void open_try_table(struct func_translator *ft, const struct wasm_instr *instr);

/* --- exception.c ------------------------------------------------------------------ */

void define_tags(struct module_translator *mt);
LLVMValueRef import_tag(struct module_translator *mt, const char *symbol);
bool translate_exception(struct func_translator *ft, const struct wasm_instr *instr);
/* Where an exception goes from here within the function; NULL: it leaves the function.
 * May grow the operand stack. */
LLVMBasicBlockRef unwind_target(struct func_translator *ft);
/* A call at the instruction's offset; `target` is unwind_target() where it may throw. */
LLVMValueRef build_call_unwinding(struct func_translator *ft, LLVMTypeRef type, LLVMValueRef code,
				  LLVMValueRef *args, uint32_t count, LLVMBasicBlockRef target);
/* After optimisation: what is left of resume instructions. */
void replace_resumes(LLVMModuleRef module);

/* --- address.c ------------------------------------------------------------------- */

enum memory_addressing { MEMORY_AT_ZERO, MEMORY_GUARDED, MEMORY_CHECKED };
enum memory_addressing memory_addressing(const struct module_translator *mt, uint32_t memory);

/* An index or size of either width as i64. */
LLVMValueRef widen_index(struct func_translator *ft, LLVMValueRef index);
/* Address of [index + offset], size bytes, checked where the addressing needs it. */
LLVMValueRef linear_address(struct func_translator *ft, LLVMValueRef index,
			    const struct wasm_memarg *memarg, uint32_t size);
/* Address of `size` (i64) bytes at `index`, with an explicit check. */
LLVMValueRef linear_range(struct func_translator *ft, uint32_t memory, LLVMValueRef index,
			  LLVMValueRef size);
/* i1: start + count > size; all are i64, `limits` are those of what is indexed. */
LLVMValueRef past_end(struct func_translator *ft, const struct wasm_limits *limits,
		      LLVMValueRef start, LLVMValueRef count, LLVMValueRef size);
/* Fields of struct walnut_memory, for loads. */
enum { MEMORY_BASE, MEMORY_PAGES, MEMORY_SIZE };
LLVMValueRef load_memory_field(struct func_translator *ft, uint32_t memory, unsigned field);

/* --- memory.c ------------------------------------------------------------------- */

/* The access of a load or store instruction, `size` bytes as an LLVM `type`; pops the
 * index. */
LLVMValueRef linear_load(struct func_translator *ft, const struct wasm_instr *instr,
			 LLVMTypeRef type, uint32_t size);
void linear_store(struct func_translator *ft, const struct wasm_instr *instr, LLVMValueRef value,
		  uint32_t size);
bool translate_memory(struct func_translator *ft, const struct wasm_instr *instr);

/* The other families */
bool translate_call(struct func_translator *ft, const struct wasm_instr *instr);
bool translate_tail_call(struct func_translator *ft, const struct wasm_instr *instr);
bool translate_reference(struct func_translator *ft, const struct wasm_instr *instr);
bool translate_variable(struct func_translator *ft, const struct wasm_instr *instr);
bool translate_integer(struct func_translator *ft, const struct wasm_instr *instr);
bool translate_float(struct func_translator *ft, const struct wasm_instr *instr);
bool translate_conversion(struct func_translator *ft, const struct wasm_instr *instr);
bool translate_table(struct func_translator *ft, const struct wasm_instr *instr);
bool translate_bulk(struct func_translator *ft, const struct wasm_instr *instr);
bool translate_simd(struct func_translator *ft, const struct wasm_instr *instr);
bool translate_atomic(struct func_translator *ft, const struct wasm_instr *instr);

/* 1.0 that the optimiser cannot see through, for numeric_float.c's reason. */
LLVMValueRef opaque_one(struct func_translator *ft, bool f64);

/* Calls by the natural type: pops the arguments, pushes the results. */
void build_call(struct func_translator *ft, LLVMValueRef code, LLVMTypeRef llvm_type,
		const struct wasm_functype *type, bool may_throw);
/* Fields of struct walnut_func, which never change. */
enum { FUNC_CODE, FUNC_TYPE, FUNC_TAIL };
LLVMValueRef load_func_field(struct func_translator *ft, LLVMValueRef func, unsigned field);
/* Pops an index; the reference in the table after the checks of call_indirect. */
LLVMValueRef checked_element(struct func_translator *ft, uint32_t table, uint32_t type_index);
/* What the load gave is of this type: tells LLVM where that cannot be null. */
void mark_non_null(struct module_translator *mt, LLVMValueRef load, wasm_valtype type);
void mark_non_null_params(struct module_translator *mt, LLVMValueRef function,
			  const struct wasm_functype *type);
/* Pops a reference to a function; traps where it is null. */
LLVMValueRef pop_func(struct func_translator *ft);

/* Fields of struct walnut_table, for loads. */
enum { TABLE_ELEMENTS, TABLE_SIZE };
LLVMValueRef load_table_field(struct func_translator *ft, uint32_t table, unsigned field);
/* Work that instructions share with instantiation. */
void build_table_init(struct func_translator *ft, uint32_t table, uint32_t segment,
		      LLVMValueRef dst, LLVMValueRef src, LLVMValueRef count);
void build_table_fill(struct func_translator *ft, uint32_t table, LLVMValueRef start,
		      LLVMValueRef value, LLVMValueRef count);
void build_memory_init(struct func_translator *ft, uint32_t memory, uint32_t segment,
		       LLVMValueRef dst, LLVMValueRef src, LLVMValueRef count);
void build_segment_drop(struct func_translator *ft, const struct segment_entry *segment);

void set_tbaa(LLVMValueRef instruction, LLVMMetadataRef tag, struct module_translator *mt);
/* The tag of accesses to a linear memory. */
LLVMMetadataRef linear_tbaa(struct module_translator *mt, uint32_t memory);
/* The load gives the same value whenever it runs. */
void set_invariant(LLVMValueRef load, struct module_translator *mt);

#endif
