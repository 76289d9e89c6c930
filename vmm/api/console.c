/* Consoles: the implicit one, and those that are added. */
#include "libkrun.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/api.h"
#include "config.h"

#include "status.h" /* abi/ */

#define NAME_MAX_SIZE 32 /* of a port */

KRUN_API int32_t krun_disable_implicit_console(uint32_t ctx_id)
{
	struct vm_config *config = api_acquire(ctx_id);

	if (!config)
		return -ENOENT;
	config->implicit_console_disabled = true;
	return api_release(0);
}

KRUN_API int32_t krun_set_console_output(uint32_t ctx_id, const char *c_filepath)
{
	struct vm_config *config;

	if (!c_filepath || c_filepath[0] == '\0')
		return api_refuse(-EINVAL, "no file");
	config = api_acquire(ctx_id);
	if (!config)
		return -ENOENT;
	if (config->console_output)
		return api_release(-EINVAL);
	return api_release(api_set_string(&config->console_output, c_filepath));
}

/* Appends a console, after the context was taken. NULL: there are too many. */
static struct console_config *append(struct vm_config *config)
{
	struct console_config *console;

	if (config->console_count == CONSOLES_MAX)
		return NULL;
	console = &config->consoles[config->console_count++];
	memset(console, 0, sizeof(*console));
	return console;
}

static int add_port(struct console_config *console, const char *name, bool tty, int input_fd, int output_fd)
{
	struct port_config *port = &console->ports[console->port_count];

	if (console->port_count == CONSOLE_PORTS_MAX)
		return -ENOSPC;
	*port = (struct port_config){ .tty = tty, .input_fd = input_fd, .output_fd = output_fd };
	if (name && name[0]) {
		port->name = strdup(name);
		if (!port->name)
			return -ENOMEM;
	}
	console->port_count++;
	return 0;
}

/* The console proper with what is a terminal, and a port for each stream that is none. */
static int add_streams(struct console_config *console, int input_fd, int output_fd, int error_fd)
{
	bool input_tty = input_fd >= 0 && isatty(input_fd), output_tty = output_fd >= 0 && isatty(output_fd);
	int error = add_port(console, NULL, true, input_tty ? input_fd : -1, output_tty ? output_fd : -1);

	console->fixed = true;
	if (!error && input_fd >= 0 && !input_tty)
		error = add_port(console, WALNUT_STDIN_PORT, false, input_fd, -1);
	if (!error && output_fd >= 0 && !output_tty)
		error = add_port(console, WALNUT_STDOUT_PORT, false, -1, output_fd);
	if (!error && error_fd >= 0 && !isatty(error_fd))
		error = add_port(console, WALNUT_STDERR_PORT, false, -1, error_fd);
	return error;
}

KRUN_API int32_t krun_add_virtio_console_default(uint32_t ctx_id, int input_fd, int output_fd, int err_fd)
{
	struct vm_config *config = api_acquire(ctx_id);
	struct console_config *console;

	if (!config)
		return -ENOENT;
	console = append(config);
	return api_release(console ? add_streams(console, input_fd, output_fd, err_fd) : -ENOSPC);
}

KRUN_API int32_t krun_add_virtio_console_multiport(uint32_t ctx_id)
{
	struct vm_config *config = api_acquire(ctx_id);
	int32_t id;

	if (!config)
		return -ENOENT;
	id = (int32_t)config->console_count;
	if (!append(config))
		return api_release(-ENOSPC);
	api_release(0);
	return id;
}

static int32_t add_port_to(const char *function, uint32_t ctx_id, uint32_t console_id, const char *name,
			   bool tty, int input_fd, int output_fd)
{
	struct vm_config *config;

	if (name && strlen(name) > NAME_MAX_SIZE)
		return api_refuse_for(function, -EINVAL, "a name has at most %d bytes", NAME_MAX_SIZE);
	config = api_acquire_for(function, ctx_id);
	if (!config)
		return -ENOENT;
	if (console_id >= config->console_count || config->consoles[console_id].fixed)
		return api_release_for(function, -EINVAL);
	return api_release_for(function, add_port(&config->consoles[console_id], name, tty, input_fd, output_fd));
}

KRUN_API int32_t krun_add_console_port_tty(uint32_t ctx_id, uint32_t console_id, const char *name, int tty_fd)
{
	if (!isatty(tty_fd))
		return api_refuse(-ENOTTY, "descriptor %d is no terminal", tty_fd);
	return add_port_to(__func__, ctx_id, console_id, name, true, tty_fd, tty_fd);
}

KRUN_API int32_t krun_add_console_port_inout(uint32_t ctx_id, uint32_t console_id, const char *name,
					     int input_fd, int output_fd)
{
	return add_port_to(__func__, ctx_id, console_id, name, false, input_fd, output_fd);
}
