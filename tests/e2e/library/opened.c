/* Finds the functions the way crun does, by dlopen() and dlsym(), with a context made before
 * anything else: LIBRARY APP.wasm [ARGS…]. */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static void *library;

static void *function(const char *name)
{
	void *address = dlsym(library, name);

	if (!address) {
		fprintf(stderr, "%s\n", dlerror());
		exit(96);
	}
	return address;
}

int main(int argc, char **argv)
{
	int32_t (*create_ctx)(void), (*set_log_level)(uint32_t), (*check_nested)(void);
	int32_t (*set_vm_config)(uint32_t, uint8_t, uint32_t), (*set_nested)(uint32_t, bool);
	int32_t (*set_exec)(uint32_t, const char *, const char *const[], const char *const[]);
	int32_t (*start_enter)(uint32_t), (*set_gpu_options)(uint32_t, uint32_t);
	int32_t ctx;

	library = argc > 2 ? dlopen(argv[1], RTLD_NOW) : NULL;
	if (!library)
		return 95;
	create_ctx = function("krun_create_ctx");
	ctx = create_ctx();
	set_log_level = function("krun_set_log_level");
	set_vm_config = function("krun_set_vm_config");
	set_gpu_options = function("krun_set_gpu_options");
	check_nested = function("krun_check_nested_virt");
	set_nested = function("krun_set_nested_virt");
	set_exec = function("krun_set_exec");
	start_enter = function("krun_start_enter");
	if (ctx < 0 || set_log_level(1) || set_vm_config((uint32_t)ctx, 1, 256) ||
	    set_gpu_options((uint32_t)ctx, 0) || (check_nested() && set_nested((uint32_t)ctx, false)) ||
	    set_exec((uint32_t)ctx, argv[2], (const char *const *)(argv + 3), NULL))
		return 94;
	return -start_enter((uint32_t)ctx);
}
