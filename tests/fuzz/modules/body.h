/* A function body while it is made. Code is made from the top down: body_value()
 * leaves exactly one value of a type on the stack, body_statement() none, so that
 * whatever they choose the body is valid, and a statement can be left out. */
#ifndef WALNUT_FUZZ_BODY_H
#define WALNUT_FUZZ_BODY_H

#include "bytes.h"
#include "plan.h"
#include "wasm/instr.h"

#define LOCALS_MAX 96
#define LABELS_MAX 16

struct label {
	char types[ARITY_MAX + 1]; /* what a branch to it carries */
};

struct body {
	const struct plan *plan;
	struct random random;
	struct bytes code;
	char locals[LOCALS_MAX]; /* parameters first */
	unsigned local_count, param_count;
	struct label labels[LABELS_MAX]; /* the function's own first */
	unsigned label_count;
	int budget; /* how much code to make yet, roughly in instructions */
	struct skipper *skipper;
};

/* Which statements to leave out and which values to make zero, by their number in the
 * module: for making a finding smaller. They are made all the same, so that chance goes
 * the same way. */
struct skipper {
	const uint8_t *skip; /* one byte each */
	uint32_t skip_size;
	uint32_t count; /* statements and values so far */
};

static inline bool is_skipped(const struct skipper *skipper, uint32_t number)
{
	return skipper && number < skipper->skip_size && skipper->skip[number];
}

/* --- body.c: small steps ---------------------------------------------------- */

void body_op(struct body *body, enum wasm_op op);
void body_op_index(struct body *body, enum wasm_op op, uint32_t index);
void body_i32(struct body *body, int32_t value);
void body_i64(struct body *body, int64_t value);
void body_f32(struct body *body, uint32_t bits);
void body_f64(struct body *body, uint64_t bits);
/* A new local; an existing one of the type where there are too many. */
unsigned body_new_local(struct body *body, char type);
/* Any local of the type, made if there is none. */
unsigned body_any_local(struct body *body, char type);
void body_get(struct body *body, unsigned local);
void body_set(struct body *body, unsigned local);
void body_tee(struct body *body, unsigned local);
/* Drops the topmost value, or keeps it in a local. */
void body_discard(struct body *body, char type);
void body_block_type(struct body *body, const char *params, const char *results);
/* The encodings of a value type and, for references, of its heap type. */
void add_value_type(struct bytes *bytes, const struct plan *plan, char type);
void add_heap_type(struct bytes *bytes, const struct plan *plan, char type);
/* Takes fuel and returns, rarely traps, when none is left: so that every program ends. */
void body_burn(struct body *body, int32_t amount);

/* --- value.c ---------------------------------------------------------------- */

void body_value(struct body *body, char type, unsigned depth);
void body_values(struct body *body, const char *types, unsigned depth);
void body_constant(struct body *body, char type);
/* The i32 or i64 constant that an index of this type is. */
void body_index_constant(struct body *body, char index, uint32_t value);
/* An index into table `table`, mostly within it. */
void body_table_index(struct body *body, unsigned table, unsigned depth);

/* --- instr.c: instructions whose type is their signature -------------------- */

/* One with its operands; false when no instruction has that one result, or, for type
 * '\0', none. */
bool body_instruction(struct body *body, char type, unsigned depth);
/* An address for `size` bytes in a memory; the memarg's offset is returned. */
uint64_t body_address(struct body *body, unsigned memory, uint32_t size, unsigned depth);
/* The float on the stack with any NaN replaced by the canonical one: which NaN
 * arithmetic returns is not determined (core spec 2.0, 4.3.3). */
void body_canonical_nan(struct body *body, char type);

/* --- aggregates.c --------------------------------------------------------------- */

bool is_aggregate(char type);
/* A value of such a type, made or got somewhere. */
void body_aggregate(struct body *body, char type, unsigned depth);
/* A number out of an aggregate or about a reference: leaves an i32. */
void body_from_aggregate(struct body *body, unsigned depth);
/* A statement that changes an aggregate. */
void body_change_aggregate(struct body *body, unsigned depth);
/* The types' encodings, for the end of the recursive group that all types are. */
void add_aggregate_types(struct bytes *section, const struct plan *plan);

/* --- statement.c, control.c, loops.c ---------------------------------------- */

void body_statement(struct body *body, unsigned depth);
void body_statements(struct body *body, unsigned count, unsigned depth);
/* block, loop or if that leaves values of these types. */
void body_control(struct body *body, const char *results, unsigned depth);
void body_branch(struct body *body, unsigned depth);
void body_push_label(struct body *body, const char *types);
/* Discards values of these types, the last on top. */
void body_discard_all(struct body *body, const char *types);
/* exceptions.c: a try_table that leaves values of these types; a throw under a condition. */
void body_try(struct body *body, const char *results, unsigned depth);
void body_throw(struct body *body, unsigned depth);
/* A call that leaves one value of the type (others are discarded); false when no
 * function has it. '\0': any function, nothing is left. */
bool body_call(struct body *body, char type, unsigned depth);
/* A call in place of a return; false: none was made. */
bool body_tail_call(struct body *body, unsigned depth);
/* Loops over memory as compilers unroll them. */
void body_shaped_loop(struct body *body);

/* --- module.c, observe.c ---------------------------------------------------- */

/* The whole module. */
void module_make(const struct plan *plan, struct skipper *skipper, struct bytes *module);
/* The body of exported function `number`: calls function number, condenses results. */
void observe_function(struct body *body, unsigned number);
/* The body of the exported function that condenses memory, globals and tables. */
void observe_state(struct body *body);

#endif
