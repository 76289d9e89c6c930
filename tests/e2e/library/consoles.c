/* A program in the manner of libkrun's example for consoles: the implicit one is off, and the module's
 * streams are ports by their names: APP.wasm INPUT OUTPUT ERRORS, files or what they are. */
#include <fcntl.h>
#include <libkrun.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	const char *const none[] = { NULL };
	int in, out, err;
	uint32_t ctx;
	int32_t id, error = 0;

	if (argc != 5)
		return 98;
	in = open(argv[2], O_RDONLY);
	out = open(argv[3], O_WRONLY | O_CREAT | O_TRUNC, 0666);
	err = open(argv[4], O_WRONLY | O_CREAT | O_TRUNC, 0666);
	krun_set_log_level(KRUN_LOG_LEVEL_WARN);
	ctx = (uint32_t)krun_create_ctx();
	error |= krun_set_vm_config(ctx, 1, 128);
	error |= krun_disable_implicit_console(ctx);
	id = krun_add_virtio_console_multiport(ctx);
	if (id != 0)
		return 97;
	/* A file is no terminal. */
	if (krun_add_console_port_tty(ctx, 0, "tty0", in) >= 0)
		return 96;
	error |= krun_add_console_port_inout(ctx, 0, "console", -1, -1);
	error |= krun_add_console_port_inout(ctx, 0, "krun-stdin", in, -1);
	error |= krun_add_console_port_inout(ctx, 0, "krun-stdout", -1, out);
	error |= krun_add_console_port_inout(ctx, 0, "krun-stderr", -1, err);
	error |= krun_set_exec(ctx, argv[1], none, none);
	if (error)
		return 95;
	error = krun_start_enter(ctx);
	fprintf(stderr, "krun_start_enter: %s\n", strerror(-error));
	return 94;
}
