/* Names as their languages write them: C++ (Itanium ABI) and Rust (legacy and v0). */
#ifndef WALNUT_COMPILER_DEMANGLE_H
#define WALNUT_COMPILER_DEMANGLE_H

/* The readable form, malloc'd; NULL when the name is not mangled, is too long or gives
 * something too long. Names are anybody's: this may take all the time and memory there
 * is, so call it where both are limited. */
char *demangle(const char *name);

#endif
