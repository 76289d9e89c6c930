/* Between the files of validate/. All return 0, or -1 with the error set. */
#ifndef WALNUT_COMPILER_VALIDATE_VALIDATOR_H
#define WALNUT_COMPILER_VALIDATE_VALIDATOR_H

#include "error.h"
#include "wasm/module.h"

struct body;

struct validator {
	const struct wasm_module *module;
	struct walnut_error *error;
	uint32_t global_count; /* those that a constant expression may read now */
	struct body *body; /* of what is being checked */
};

/* types.c: the type section, before anything that depends on subtyping; and a type that
 * something is declared with. */
int validate_types(const struct validator *validator);
int validate_value_type(const struct validator *validator, wasm_valtype type, const char *section,
			uint64_t offset);

/* const_expr.c: the expression is constant and yields one value of `type`. */
int validate_const_expr(const struct validator *validator, const struct wasm_expr *expr,
			wasm_valtype type, const char *section);

/* function.c: every body. Type indices of functions have been checked before. */
int validate_functions(const struct validator *validator);

#endif
