/* Paths are UTF-8. */
#ifndef WALNUT_RUNTIME_UTF8_H
#define WALNUT_RUNTIME_UTF8_H

#include <stdbool.h>
#include <stdint.h>

/* Shortest forms only, no surrogates, nothing beyond U+10FFFF. */
bool utf8_is_valid(const char *text, uint32_t size);

#endif
