/* LLVM's side of the compiler: target, optimisation pipeline, object emission. */
#ifndef WALNUT_COMPILER_BACKEND_H
#define WALNUT_COMPILER_BACKEND_H

#include <llvm-c/Core.h>
#include <llvm-c/TargetMachine.h>

#include "compiler.h"

#define BACKEND_DEFAULT_CPU "x86-64-v2"
#define BACKEND_TRIPLE "x86_64-unknown-linux-gnu"

/* What code is generated for; the same for all parts of a module. */
struct target {
	LLVMTargetRef llvm;
	char *cpu; /* resolved name */
	char *features;
	bool has_fma; /* multiplies and adds in one step */
};

/* One thread's code generator. */
struct backend {
	LLVMTargetMachineRef machine;
	LLVMTargetDataRef layout;
};

/* To be called while the process has one thread of ours only: it may fork. 0, or -1 and
 * *error; target_release() either way. */
int target_resolve(struct target *target, const struct walnut_compile_options *options,
		   struct walnut_error *error);
void target_release(struct target *target);

/* 0, or -1 and *error; backend_close() either way. */
int backend_open(struct backend *backend, const struct target *target,
		 const struct walnut_compile_options *options, struct walnut_error *error);
void backend_close(struct backend *backend);
int backend_optimise(struct backend *backend, LLVMModuleRef module,
		     const struct walnut_compile_options *options, struct walnut_error *error);
/* The object in memory, or NULL and *error. */
LLVMMemoryBufferRef backend_emit(struct backend *backend, LLVMModuleRef module,
				 struct walnut_error *error);

#endif
