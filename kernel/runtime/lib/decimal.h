/* Floating-point numbers as decimal text, exactly: reading rounds correctly, and
 * printing gives the fewest digits that read back as the same number. */
#ifndef WALNUT_RUNTIME_DECIMAL_H
#define WALNUT_RUNTIME_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/text.h"

/* Reads all of `string`: decimal with optional fraction and exponent, "inf" or
 * "nan", with an optional sign. False: it is no number. */
bool decimal_read_f64(const char *string, double *out);
bool decimal_read_f32(const char *string, float *out);

/* Without an exponent, however many zeros that takes; "inf", "-inf", "NaN". */
void decimal_print_f64(struct text *text, double value);
void decimal_print_f32(struct text *text, float value);

#define DECIMAL_TEXT_MAX 400

#endif
