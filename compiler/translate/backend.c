/* LLVM's side of the compiler: target machine, pass pipeline, object emission. */
#include "backend.h"

#include "reroll.h"
#include "short_loop.h"
#include "swizzle.h"
#include "tail_callers.h"
#include "widen.h"

#include <llvm-c/Error.h>
#include <llvm-c/Support.h>
#include <llvm-c/Target.h>
#include <llvm-c/Transforms/PassBuilder.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int fail(struct walnut_error *error, const char *what, const char *why)
{
	return walnut_error_set(error, WALNUT_ERROR_SYSTEM, "", WALNUT_NO_FUNCTION, 0, "%s: %.150s",
				what, why);
}

static void resolve_cpu(struct target *target, const char *wanted)
{
	if (wanted && strcmp(wanted, "native") == 0) {
		char *cpu = LLVMGetHostCPUName(), *features = LLVMGetHostCPUFeatures();

		target->cpu = strdup(cpu);
		target->features = strdup(features);
		LLVMDisposeMessage(cpu);
		LLVMDisposeMessage(features);
		return;
	}
	target->cpu = strdup(wanted && *wanted ? wanted : BACKEND_DEFAULT_CPU);
	/* Rounding, which would call the C library without SSE4.1. */
	target->features = strdup("+sse4.1");
}

/* LLVM takes an unknown name for a CPU without any feature, not even 64-bit mode,
 * and says so on stderr only. So ask in a child and see whether it says something. */
static bool cpu_is_known(LLVMTargetRef target, const char *cpu)
{
	int ends[2];
	pid_t child;
	ssize_t got;
	char byte;

	if (strcmp(cpu, BACKEND_DEFAULT_CPU) == 0 || pipe(ends))
		return true;
	child = fork();
	if (child == 0) {
		dup2(ends[1], STDERR_FILENO);
		LLVMCreateTargetMachine(target, BACKEND_TRIPLE, cpu, "", LLVMCodeGenLevelNone,
					LLVMRelocPIC, LLVMCodeModelSmall);
		_exit(0);
	}
	close(ends[1]);
	do
		got = read(ends[0], &byte, 1);
	while (got < 0 && errno == EINTR);
	close(ends[0]);
	if (child > 0)
		waitpid(child, NULL, 0);
	return got <= 0;
}

static LLVMCodeGenOptLevel codegen_level(int opt_level)
{
	switch (opt_level) {
	case 0:
		return LLVMCodeGenLevelNone;
	case 1:
		return LLVMCodeGenLevelLess;
	case 2:
		return LLVMCodeGenLevelDefault;
	default:
		return LLVMCodeGenLevelAggressive;
	}
}

/* LLVM 19's code generator merges the tails of blocks even where a trap in them is
 * marked nomerge; the merged trap would have no offset. There is a command-line
 * option against it and no other; LLVM takes it once per process. */
static void initialise_llvm(void)
{
	static const char *const options[] = {
		"walnut",
		"-enable-tail-merge=0",
		/* There are no variables to locate, only lines. */
		"-experimental-debug-variable-locations=false",
	};

	LLVMInitializeX86TargetInfo();
	LLVMInitializeX86Target();
	LLVMInitializeX86TargetMC();
	LLVMInitializeX86AsmPrinter();
	LLVMParseCommandLineOptions(sizeof(options) / sizeof(*options), options, NULL);
}

/* A function that returns a * b + c, rounded once, as assembly; NULL: failed. */
static LLVMMemoryBufferRef fma_assembly(const struct target *target, LLVMContextRef context)
{
	LLVMTargetMachineRef machine = LLVMCreateTargetMachine(target->llvm, BACKEND_TRIPLE, target->cpu,
							       target->features, LLVMCodeGenLevelNone,
							       LLVMRelocPIC, LLVMCodeModelSmall);
	LLVMModuleRef module = LLVMModuleCreateWithNameInContext("fma", context);
	LLVMBuilderRef builder = LLVMCreateBuilderInContext(context);
	LLVMTypeRef type = LLVMDoubleTypeInContext(context), params[] = { type, type, type };
	LLVMTypeRef function_type = LLVMFunctionType(type, params, 3, false);
	LLVMValueRef function = LLVMAddFunction(module, "f", function_type), args[3];
	LLVMValueRef fma = LLVMGetIntrinsicDeclaration(module, LLVMLookupIntrinsicID("llvm.fma", 8),
						       &type, 1);
	LLVMMemoryBufferRef assembly = NULL;
	char *message = NULL;

	LLVMPositionBuilderAtEnd(builder, LLVMAppendBasicBlockInContext(context, function, ""));
	LLVMGetParams(function, args);
	LLVMBuildRet(builder, LLVMBuildCall2(builder, function_type, fma, args, 3, ""));
	if (machine && LLVMTargetMachineEmitToMemoryBuffer(machine, module, LLVMAssemblyFile, &message,
							   &assembly))
		LLVMDisposeMessage(message);
	LLVMDisposeBuilder(builder);
	LLVMDisposeModule(module);
	if (machine)
		LLVMDisposeTargetMachine(machine);
	return assembly;
}

/* LLVM's C interface does not tell what features a CPU of a name has; but without
 * this one it calls fma(). */
static bool cpu_has_fma(const struct target *target)
{
	LLVMContextRef context;
	LLVMMemoryBufferRef assembly;
	bool found;

	if (strstr(target->features, "+fma,") || strstr(target->features, "-fma,"))
		return strstr(target->features, "+fma,");
	if (strcmp(target->cpu, BACKEND_DEFAULT_CPU) == 0)
		return false;
	context = LLVMContextCreate();
	assembly = fma_assembly(target, context);
	found = assembly && memmem(LLVMGetBufferStart(assembly), LLVMGetBufferSize(assembly),
				   "vfmadd", strlen("vfmadd"));
	if (assembly)
		LLVMDisposeMemoryBuffer(assembly);
	LLVMContextDispose(context);
	return found;
}

int target_resolve(struct target *target, const struct walnut_compile_options *options,
		   struct walnut_error *error)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	char *message = NULL;

	memset(target, 0, sizeof(*target));
	pthread_once(&once, initialise_llvm);
	if (LLVMGetTargetFromTriple(BACKEND_TRIPLE, &target->llvm, &message)) {
		fail(error, "no code generator for x86-64", message);
		LLVMDisposeMessage(message);
		return -1;
	}
	resolve_cpu(target, options->target_cpu);
	if (!target->cpu || !target->features)
		return fail(error, "target", "out of memory");
	if (!cpu_is_known(target->llvm, target->cpu))
		return fail(error, "the code generator does not know the target CPU", target->cpu);
	target->has_fma = cpu_has_fma(target);
	return 0;
}

void target_release(struct target *target)
{
	free(target->cpu);
	free(target->features);
}

int backend_open(struct backend *backend, const struct target *target,
		 const struct walnut_compile_options *options, struct walnut_error *error)
{
	backend->layout = NULL;
	backend->machine = LLVMCreateTargetMachine(target->llvm, BACKEND_TRIPLE, target->cpu,
						   target->features,
						   codegen_level(options->opt_level),
						   LLVMRelocPIC, LLVMCodeModelSmall);
	if (!backend->machine)
		return fail(error, "no code generator for the target CPU", target->cpu);
	if (options->opt_level == 0)
		LLVMSetTargetMachineFastISel(backend->machine, true);
	backend->layout = LLVMCreateTargetDataLayout(backend->machine);
	return 0;
}

void backend_close(struct backend *backend)
{
	if (backend->layout)
		LLVMDisposeTargetData(backend->layout);
	if (backend->machine)
		LLVMDisposeTargetMachine(backend->machine);
}

/* A module has been through an optimiser before, as a rule, so levels 1 and 2 are
 * shorter than LLVM's own: what pays is what WebAssembly hides (locals as values,
 * aliases, known bits of addresses), what the first compiler could not know (the
 * vector unit), and inlining across what were object files. Level 2 takes 40 % of
 * the time of default<O2> for code that runs as fast on bench/programs.
 * Level 0 leaves locals in their stack slots: FastISel and the fast register allocator keep
 * values in slots from block to block anyway, and turning the ones into the others costs a
 * tenth of the time and makes larger code. */
#define CLEAN_UP "early-cse<memssa>,instcombine<no-verify-fixpoint>,simplifycfg"
#define FINAL_SIMPLIFYCFG \
	"simplifycfg<forward-switch-cond;switch-range-to-icmp;switch-to-lookup;no-keep-loops;" \
	"hoist-common-insts;sink-common-insts>"

/* What comes before rerolling (reroll.h), from level 2 on. */
static const char first_pipeline[] = "globaldce,function<eager-inv>(mem2reg," CLEAN_UP ")";

static const char *const pipelines[] = {
	"globaldce",

	"globaldce,function<eager-inv>(mem2reg," CLEAN_UP ",loop-mssa(licm),gvn," FINAL_SIMPLIFYCFG ")",

	"cgscc(devirt<2>(inline,function-attrs,"
	"function<eager-inv;no-rerun>(sroa<modify-cfg>," CLEAN_UP "))),"
	"elim-avail-extern,globaldce,function<eager-inv>("
	"loop-mssa(loop-rotate,licm),loop(indvars),gvn,jump-threading,loop-simplify,lcssa)",

	"default<O3>",
};

/* What comes after widening (widen.h), at level 2. */
static const char last_pipeline[] =
	"function<eager-inv>("
	"loop-vectorize,instcombine<no-verify-fixpoint>,slp-vectorizer,vector-combine,"
	"loop-unroll<O2>,loop-mssa(licm)," FINAL_SIMPLIFYCFG ")";

int backend_optimise(struct backend *backend, LLVMModuleRef module,
		     const struct walnut_compile_options *options, struct walnut_error *error)
{
	LLVMPassBuilderOptionsRef settings = LLVMCreatePassBuilderOptions();
	int level = options->opt_level < 0 ? 0 : options->opt_level > 3 ? 3 : options->opt_level;
	LLVMErrorRef failure = LLVMErrorSuccess;
	char *message;

	LLVMPassBuilderOptionsSetLoopVectorization(settings, level >= 2);
	LLVMPassBuilderOptionsSetSLPVectorization(settings, level >= 2);
	LLVMPassBuilderOptionsSetLoopInterleaving(settings, level >= 2);
	LLVMPassBuilderOptionsSetLoopUnrolling(settings, level >= 2);
	if (level >= 2) {
		failure = LLVMRunPasses(module, first_pipeline, backend->machine, settings);
		if (!failure) {
			reroll_loops(module);
			simplify_swizzles(module);
		}
	}
	if (level == 3)
		expose_tail_callers(module);
	if (!failure)
		failure = LLVMRunPasses(module, pipelines[level], backend->machine, settings);
	if (!failure && level == 2) {
		widen_loops(module);
		protect_short_loops(module);
		failure = LLVMRunPasses(module, last_pipeline, backend->machine, settings);
	}
	if (level == 3)
		hide_tail_callers(module);
	LLVMDisposePassBuilderOptions(settings);
	if (!failure)
		return 0;
	message = LLVMGetErrorMessage(failure);
	fail(error, "optimiser", message);
	LLVMDisposeErrorMessage(message);
	return -1;
}

LLVMMemoryBufferRef backend_emit(struct backend *backend, LLVMModuleRef module,
				 struct walnut_error *error)
{
	LLVMMemoryBufferRef object = NULL;
	char *message = NULL;

	if (LLVMTargetMachineEmitToMemoryBuffer(backend->machine, module, LLVMObjectFile, &message,
						&object)) {
		fail(error, "code generator", message);
		LLVMDisposeMessage(message);
		return NULL;
	}
	return object;
}

void walnut_host_cpu(char *buffer, size_t size)
{
	char *cpu = LLVMGetHostCPUName(), *features = LLVMGetHostCPUFeatures();

	if (size)
		snprintf(buffer, size, "%s:%s", cpu, features);
	LLVMDisposeMessage(cpu);
	LLVMDisposeMessage(features);
}
