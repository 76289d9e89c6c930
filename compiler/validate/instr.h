/* Typing of instructions, one file per family. All return 0, or -1 with the error set
 * at the current instruction, which is body->instr. */
#ifndef WALNUT_COMPILER_VALIDATE_INSTR_H
#define WALNUT_COMPILER_VALIDATE_INSTR_H

#include "validate/stacks.h"

/* instr.c: applies the current instruction to the stacks. */
int check_instr(struct body *body);

/* exception.c: the clauses of a try_table, before its block is entered. */
int check_catches(struct body *body);
/* throw and throw_ref. */
int check_throw(struct body *body);

#endif
