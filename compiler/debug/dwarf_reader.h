/* Reads the DWARF of a module's custom sections with elfutils' libdw. The bytes are
 * hostile and libdw is large: only the worker's process calls this. */
#ifndef WALNUT_COMPILER_DWARF_READER_H
#define WALNUT_COMPILER_DWARF_READER_H

#include <stdbool.h>

#include "debug/debug_info.h"

/* Whether the module has debug information at all. */
bool dwarf_present(const struct wasm_module *module);

/* Fills in *tables, from malloc, sorted. 0, or -1 when libdw cannot make sense of it, or
 * memory ran out. */
int dwarf_read(const struct wasm_module *module, struct debug_tables *tables);

#endif
