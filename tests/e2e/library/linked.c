/* Runs a program the way libkrun's chroot_vm example does: APP.wasm [ARGS…], with the environment
 * MODE=test and the working folder /work. WALNUT_TEST_OUTPUT names a file for the console,
 * WALNUT_TEST_ROOT the root; with - for the module the program is the container's there.
 * WALNUT_TEST_PORT is a mapping for krun_set_port_map(). */
#include <errno.h>
#include <libkrun.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUST(call)                                                                             \
	do {                                                                                   \
		int32_t error = (call);                                                        \
		if (error < 0) {                                                               \
			fprintf(stderr, "%s: %s\n", #call, strerror(-error));                  \
			return 99;                                                             \
		}                                                                              \
	} while (0)

int main(int argc, char **argv)
{
	const char *const environment[] = { "MODE=test", "HOME=/", NULL };
	const char *limits[8] = { "6=4096:8192", NULL };
	const char *output = getenv("WALNUT_TEST_OUTPUT"), *root = getenv("WALNUT_TEST_ROOT");
	const char *port = getenv("WALNUT_TEST_PORT");
	char *words = getenv("WALNUT_TEST_LIMITS");
	uint32_t ctx;
	int32_t id;

	if (argc < 2)
		return 98;
	for (size_t i = 0; i < 7 && words && (limits[i] = strtok(i ? NULL : words, " ")); i++)
		limits[i + 1] = NULL;
	MUST(krun_init_log(KRUN_LOG_TARGET_DEFAULT, words ? KRUN_LOG_LEVEL_WARN : KRUN_LOG_LEVEL_ERROR, KRUN_LOG_STYLE_AUTO,
			   KRUN_LOG_OPTION_NO_ENV));
	MUST(id = krun_create_ctx());
	ctx = (uint32_t)id;
	MUST(krun_set_vm_config(ctx, 1, 128));
	MUST(krun_split_irqchip(ctx, false));
	MUST(krun_set_gpu_options(ctx, VIRGLRENDERER_VENUS | VIRGLRENDERER_NO_VIRGL));
	MUST(krun_set_rlimits(ctx, limits));
	if (strcmp(argv[1], "-")) {
		MUST(krun_set_workdir(ctx, "/work"));
		MUST(krun_set_exec(ctx, argv[1], (const char *const *)(argv + 2), environment));
	}
	if (port) {
		const char *const ports[] = { port, NULL };

		MUST(krun_set_port_map(ctx, ports));
	}
	if (root)
		MUST(krun_set_root(ctx, root));
	if (output)
		MUST(krun_set_console_output(ctx, output));
	MUST(krun_start_enter(ctx));
	return 97; /* not reached: it does not return after success */
}
