/* The two stacks of the validation algorithm (core spec 3.0, section A.3): operand
 * types and control frames. */
#ifndef WALNUT_COMPILER_VALIDATE_STACKS_H
#define WALNUT_COMPILER_VALIDATE_STACKS_H

#include "wasm/instr.h"
#include "wasm/subtype.h"

/* An operand whose type unreachable code leaves open: matches any. */
#define TYPE_UNKNOWN 0

struct type_list {
	const wasm_valtype *types; /* NULL: a list of at most one */
	uint32_t count;
	wasm_valtype one;
};

static inline wasm_valtype type_at(struct type_list list, uint32_t index)
{
	return list.types ? list.types[index] : list.one;
}

static inline struct type_list params_of(const struct wasm_functype *type)
{
	return (struct type_list){ type->params, type->param_count, 0 };
}

static inline struct type_list results_of(const struct wasm_functype *type)
{
	return (struct type_list){ type->results, type->result_count, 0 };
}

struct frame {
	enum wasm_op op; /* block, loop, if, else; block for the function itself */
	bool unreachable;
	uint32_t height; /* of the operand stack at its start */
	uint32_t set_height; /* of the list of set locals at its start */
	struct type_list params, results;
};

/* What one body is checked with; kept from body to body for its memory. */
struct body {
	const struct wasm_module *module;
	struct walnut_error *error;
	struct wasm_code_reader reader;
	struct wasm_instr instr; /* the current one */
	wasm_valtype *locals;
	uint32_t local_count;
	/* Locals without a default value have to be set before they are read: which are
	 * ready, and those of them that instructions set, to be taken back at the end of
	 * the frame. */
	bool *local_ready;
	uint32_t *set_locals;
	uint32_t set_count, set_capacity;
	wasm_valtype *operands;
	uint32_t operand_count, operand_capacity;
	struct frame *frames;
	uint32_t frame_count, frame_capacity;
};

/* All return 0, or -1 with the error set at the current instruction. */

__attribute__((format(printf, 2, 3)))
int body_invalid(struct body *body, const char *format, ...);

int body_malformed(struct body *body, uint64_t offset, const char *message);
/* "unknown memory 3", unless the index is below `count`. */
int check_index(struct body *body, const char *what, uint32_t index, uint32_t count);

/* Whether an operand of type `found` may be used as `expected`. */
static inline bool operand_matches(const struct body *body, wasm_valtype found,
				   wasm_valtype expected)
{
	return found == expected || found == TYPE_UNKNOWN || expected == TYPE_UNKNOWN ||
	       wasm_is_subtype(body->module, found, expected);
}

int push_type(struct body *body, wasm_valtype type);
int push_types(struct body *body, struct type_list list);
/* `expected` may be TYPE_UNKNOWN; *found, when not NULL, gets the actual type. */
int pop_type(struct body *body, wasm_valtype expected, wasm_valtype *found);
/* Any reference; one that unreachable code leaves open is (ref bottom). */
int pop_reference(struct body *body, wasm_valtype *found);
int pop_types(struct body *body, struct type_list list);
/* Whether the operands on top match, without taking them. */
int check_types(struct body *body, struct type_list list);

/* Begins with empty stacks, and the frame of a body that yields `results`. */
int begin_body(struct body *body, struct type_list results);
void free_body(struct body *body);

/* Begins a frame above its parameters, which it pushes. */
int push_frame(struct body *body, enum wasm_op op, struct type_list params,
	       struct type_list results);
/* Ends the innermost frame: takes its results, which must be all there is. */
int pop_frame(struct body *body, struct frame *frame);

static inline struct frame *top_frame(struct body *body)
{
	return &body->frames[body->frame_count - 1];
}

/* Notes that a local has a value until the innermost frame ends. */
int set_local_ready(struct body *body, uint32_t index);

/* The rest of the innermost frame is unreachable. */
void set_unreachable(struct body *body);

/* What a branch to `frame` carries. */
static inline struct type_list label_types(const struct frame *frame)
{
	return frame->op == WASM_OP_LOOP ? frame->params : frame->results;
}

#endif
