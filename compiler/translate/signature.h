/* Where the C calling convention puts a function's arguments and results, as LLVM does it
 * for the types of translate/type.c and results.c. */
#ifndef WALNUT_COMPILER_SIGNATURE_H
#define WALNUT_COMPILER_SIGNATURE_H

#include <stdbool.h>

#include "wasm/module.h"

#define INTEGER_REGISTERS 6
#define VECTOR_REGISTERS 8

struct signature {
	bool stack_arguments;	/* not all arguments have a register */
	bool results_in_memory; /* the first integer register points there */
};

bool in_vector_register(wasm_valtype type);
struct signature signature_of(const struct wasm_functype *type);
/* Equal but for what kind of references they have; functions are a kind. */
bool same_signature(const struct wasm_module *wasm, uint32_t left_type, uint32_t right_type);
/* Whether the type refers to functions; other references are numbers to compiled code. */
bool is_func_ref(const struct wasm_module *wasm, wasm_valtype type);

#endif
