/* Subtyping: core spec 3.0, section 3.3. Type indices are below the module's
 * type_count, and of a type section that validates. */
#ifndef WALNUT_COMPILER_WASM_SUBTYPE_H
#define WALNUT_COMPILER_WASM_SUBTYPE_H

#include "wasm/module.h"

/* Whether a value of type `sub` may stand where `super` is wanted. */
bool wasm_is_subtype(const struct wasm_module *module, wasm_valtype sub, wasm_valtype super);
bool wasm_heap_is_subtype(const struct wasm_module *module, uint32_t sub, uint32_t super);

/* Equal types, whatever their indices. */
bool wasm_same_type(const struct wasm_module *module, wasm_valtype a, wasm_valtype b);

/* The largest heap type above `heap`: any, func, extern or exn. */
uint32_t wasm_heap_top(const struct wasm_module *module, uint32_t heap);

/* Of fields: mutable ones have one type only. */
bool wasm_field_is_subtype(const struct wasm_module *module, const struct wasm_field *sub,
			   const struct wasm_field *super);
bool wasm_functype_is_subtype(const struct wasm_module *module, const struct wasm_functype *sub,
			      const struct wasm_functype *super);
/* Whether a type may declare the other as its supertype, as far as their structures go. */
bool wasm_comptype_matches(const struct wasm_module *module, const struct wasm_comptype *sub,
			   const struct wasm_comptype *super);

#endif
