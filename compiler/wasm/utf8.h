/* UTF-8 as names must be encoded: core spec 2.0, section 5.2.4. */
#ifndef WALNUT_COMPILER_WASM_UTF8_H
#define WALNUT_COMPILER_WASM_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Shortest forms only, no surrogates, nothing above U+10FFFF. */
bool wasm_utf8_valid(const uint8_t *bytes, size_t size);

#endif
