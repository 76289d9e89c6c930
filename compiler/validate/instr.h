/* Typing of instructions, one file per family. All return 0, or -1 with the error set
 * at the current instruction, which is body->instr. */
#ifndef WALNUT_COMPILER_VALIDATE_INSTR_H
#define WALNUT_COMPILER_VALIDATE_INSTR_H

#include "validate/stacks.h"

/* instr.c: applies the current instruction to the stacks. */
int check_instr(struct body *body);

/* Each takes the instructions of its family that have no signature in opcodes.def. */
int check_control(struct body *body);
int check_call(struct body *body);
int check_exception(struct body *body);
int check_variable(struct body *body);
int check_table_access(struct body *body);
int check_reference(struct body *body);
int check_cast(struct body *body);
int check_struct(struct body *body);
int check_array(struct body *body);

/* control.c: what a branch to a label carries; and a function's results. */
int check_label(struct body *body, uint32_t depth, struct type_list *types);
int enter_block(struct body *body, enum wasm_op op, const struct wasm_blocktype *block);

/* type.c: uses of the type section. */
int check_heap_type(struct body *body, uint32_t heap);
int check_value_type(struct body *body, wasm_valtype type);
int function_type(struct body *body, uint32_t index, const struct wasm_functype **type);
int struct_type(struct body *body, uint32_t index, const struct wasm_structtype **type);
int array_type(struct body *body, uint32_t index, const struct wasm_field **field);

/* memory.c and table.c: immediates. */
int check_memory(struct body *body, uint32_t index);
int check_memarg(struct body *body);
int check_data(struct body *body, uint32_t index);
int check_elem(struct body *body, uint32_t index);
int check_table(struct body *body, uint32_t index, wasm_valtype *element);
int check_table_init(struct body *body);
int check_memory_copy(struct body *body);
/* memory.copy and table.copy: the size has the narrower address type of the two. */
int apply_copy(struct body *body, wasm_valtype dst, wasm_valtype src);

#endif
