/* One part goes through translation, optimisation and code generation on one thread, in
 * a context of its own that is gone before the thread takes its next part: memory holds
 * as much LLVM IR as there are threads, and the finished objects. The root part follows
 * when the others are done, as it lists what they emitted. */
#include "schedule.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include <llvm-c/Analysis.h>
#include <llvm-c/Core.h>

#include "translate.h"

#define THREADS_MAX 16

struct schedule {
	struct compilation *compilation;
	struct compiled_part *compiled;
	pthread_mutex_t lock; /* of what follows */
	uint32_t next;	      /* part to take */
	uint64_t done;	      /* functions */
	uint32_t failed_part; /* the lowest, whose error counts: the same in each run */
	struct walnut_error *error;
};

static int out_of_memory(struct walnut_error *error)
{
	return walnut_error_set(error, WALNUT_ERROR_SYSTEM, "", WALNUT_NO_FUNCTION, 0, "out of memory");
}

/* What comes between the optimiser and the code generator. */
static int finish_part(struct compilation *compilation, LLVMModuleRef module, uint32_t index,
		       struct locations *locations, struct walnut_error *error)
{
	const struct walnut_compile_options *options = compilation->options;
	struct debug_info *debug = NULL;
	const char *note;

	if (compilation->plan->parts[index].root) {
		debug = debug_worker_finish(compilation->worker, compilation->wasm, &note);
		compilation->debug = debug;
		if (note && options->note)
			options->note(options->opaque, note);
	}
	if (translate_finish(module, compilation->wasm, compilation->plan, index, debug) ||
	    locations_number(locations, module))
		return out_of_memory(error);
	return 0;
}

/* The part, ready for the code generator; NULL and *error. */
static LLVMModuleRef optimised_part(struct compilation *compilation, struct backend *backend,
				    LLVMContextRef context, uint32_t index,
				    struct locations *locations, struct walnut_error *error)
{
	LLVMModuleRef module = translate_part(compilation->wasm, compilation->plan, index, context,
					      backend->layout, compilation->target,
					      compilation->options, error);
	char *broken = NULL;
	int result = -1;

	if (!module)
		return NULL;
	/* Broken IR is a bug of ours, but must not become wrong code. What is translated is the
	 * same at all levels; at level 0 the check would take a twentieth of the time. */
	if (compilation->options->opt_level > 0 && LLVMVerifyModule(module, LLVMReturnStatusAction, &broken))
		walnut_error_set(error, WALNUT_ERROR_SYSTEM, "", WALNUT_NO_FUNCTION, 0,
				 "internal error: %.150s", broken);
	else
		result = backend_optimise(backend, module, compilation->options, error);
	LLVMDisposeMessage(broken);
	if (result == 0)
		result = finish_part(compilation, module, index, locations, error);
	if (result) {
		LLVMDisposeModule(module);
		return NULL;
	}
	return module;
}

/* Without an object: *error. */
static struct compiled_part compile_part(struct compilation *compilation, struct backend *backend,
					 uint32_t index, struct walnut_error *error)
{
	struct compiled_part compiled = { 0 };
	LLVMContextRef context = LLVMContextCreate();
	LLVMModuleRef module = optimised_part(compilation, backend, context, index,
					      &compiled.locations, error);

	if (module) {
		compiled.object = backend_emit(backend, module, error);
		LLVMDisposeModule(module);
	}
	LLVMContextDispose(context);
	return compiled;
}

static struct compiled_part compile_plain(const struct compilation *compilation, uint32_t index,
					  struct walnut_error *error)
{
	struct walnut_compile_options options = *compilation->options;
	struct compilation plain = *compilation;
	struct compiled_part compiled = { 0 };
	struct backend backend;

	options.opt_level = 0;
	plain.options = &options;
	if (backend_open(&backend, plain.target, &options, error) == 0)
		compiled = compile_part(&plain, &backend, index, error);
	backend_close(&backend);
	return compiled;
}

void compiled_part_release(struct compiled_part *compiled)
{
	if (compiled->object)
		LLVMDisposeMemoryBuffer(compiled->object);
	locations_free(&compiled->locations);
}

char *compile_to_text(struct compilation *compilation, struct walnut_error *error)
{
	LLVMContextRef context = LLVMContextCreate();
	struct locations locations = { 0 };
	LLVMModuleRef module = NULL;
	struct backend backend;
	char *text = NULL;

	if (backend_open(&backend, compilation->target, compilation->options, error) == 0)
		module = optimised_part(compilation, &backend, context, 0, &locations, error);
	if (module) {
		text = LLVMPrintModuleToString(module);
		LLVMDisposeModule(module);
	}
	locations_free(&locations);
	backend_close(&backend);
	LLVMContextDispose(context);
	return text;
}

/* With the lock held. */
static void report(struct schedule *schedule, uint64_t functions)
{
	const struct walnut_compile_options *options = schedule->compilation->options;
	const struct wasm_module *wasm = schedule->compilation->wasm;

	schedule->done += functions;
	if (options->progress)
		options->progress(options->opaque, "compile", schedule->done,
				  wasm->func_count - wasm->imported_func_count);
}

/* The next part but the root, or -1 where there is none or where one has failed. */
static int64_t take(struct schedule *schedule)
{
	uint32_t root = schedule->compilation->plan->count - 1;
	int64_t part = -1;

	pthread_mutex_lock(&schedule->lock);
	if (schedule->next < root && schedule->failed_part == UINT32_MAX)
		part = schedule->next++;
	pthread_mutex_unlock(&schedule->lock);
	return part;
}

static void done(struct schedule *schedule, uint32_t index, struct compiled_part compiled,
		 const struct walnut_error *error)
{
	const struct part *part = &schedule->compilation->plan->parts[index];

	pthread_mutex_lock(&schedule->lock);
	schedule->compiled[index] = compiled;
	if (compiled.object) {
		report(schedule, part->end - part->first);
	} else if (index < schedule->failed_part) {
		schedule->failed_part = index;
		*schedule->error = *error;
	}
	pthread_mutex_unlock(&schedule->lock);
}

static void *work(void *opaque)
{
	struct schedule *schedule = opaque;
	struct compilation *compilation = schedule->compilation;
	int64_t index = take(schedule);
	struct walnut_error error = { 0 };
	struct backend backend;
	int opened;

	if (index < 0)
		return NULL;
	opened = backend_open(&backend, compilation->target, compilation->options, &error);
	for (; index >= 0; index = take(schedule)) {
		struct compiled_part compiled = { 0 };

		if (compilation->plan->parts[index].plain)
			compiled = compile_plain(compilation, (uint32_t)index, &error);
		else if (opened == 0)
			compiled = compile_part(compilation, &backend, (uint32_t)index, &error);
		done(schedule, (uint32_t)index, compiled, &error);
	}
	backend_close(&backend);
	return NULL;
}

/* As many as there are CPUs for us, as long as what they have in hand stays small beside
 * the module. */
static uint32_t thread_count(const struct part_plan *plan)
{
	uint32_t others = plan->count - 1, allowed = 0, count = 1;
	cpu_set_t cpus;

	if (sched_getaffinity(0, sizeof(cpus), &cpus) == 0)
		count = (uint32_t)CPU_COUNT(&cpus);
	if (count > THREADS_MAX)
		count = THREADS_MAX;
	for (uint64_t size = 0; allowed < others && size < parts_in_flight(plan); allowed++)
		size += plan->parts[allowed].size;
	if (allowed < 2)
		allowed = 2;
	count = count < allowed ? count : allowed;
	return count < others ? count : others;
}

/* The calling thread works as well; those that cannot be started are done without. */
static void compile_others(struct schedule *schedule)
{
	uint32_t count = thread_count(schedule->compilation->plan), started = 0;
	pthread_t threads[THREADS_MAX];
	pthread_attr_t attributes;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, WALNUT_COMPILER_STACK_BYTES);
	while (started + 1 < count &&
	       pthread_create(&threads[started], &attributes, work, schedule) == 0)
		started++;
	pthread_attr_destroy(&attributes);
	work(schedule);
	while (started)
		pthread_join(threads[--started], NULL);
}

static int compile_root(struct schedule *schedule)
{
	struct compilation *compilation = schedule->compilation;
	uint32_t root = compilation->plan->count - 1;
	struct compiled_part compiled = { 0 };
	struct walnut_error error = { 0 };
	struct backend backend;

	if (backend_open(&backend, compilation->target, compilation->options, &error) == 0)
		compiled = compile_part(compilation, &backend, root, &error);
	backend_close(&backend);
	done(schedule, root, compiled, &error);
	return compiled.object ? 0 : -1;
}

int compile_parts(struct compilation *compilation, struct compiled_part *compiled,
		  struct walnut_error *error)
{
	struct schedule schedule = {
		.compilation = compilation,
		.compiled = compiled,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.failed_part = UINT32_MAX,
		.error = error,
	};

	report(&schedule, 0);
	if (compilation->plan->count > 1)
		compile_others(&schedule);
	return schedule.failed_part == UINT32_MAX ? compile_root(&schedule) : -1;
}
