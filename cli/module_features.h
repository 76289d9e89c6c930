/* Which proposals that came after WebAssembly 1.0 a module uses. */
#ifndef WALNUT_CLI_MODULE_FEATURES_H
#define WALNUT_CLI_MODULE_FEATURES_H

#include <stddef.h>

struct wasm_module;

#define FEATURES_MAX 16

/* Names as tools spell them ("bulk-memory"), in a fixed order; returns how many. The
 * module has been validated. */
size_t module_features(const struct wasm_module *module, const char *names[FEATURES_MAX]);

#endif
