#include "program/streams.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "failure.h"

#include "status.h" /* abi/ */

static bool is_named(const struct port_config *port, const char *name)
{
	return port->name && strcmp(port->name, name) == 0;
}

/* A port for each stream by its name; the console proper for those that have none. */
static void take_console(struct vm_config *config, const struct console_config *console)
{
	bool error_named = false;

	for (unsigned i = 0; i < console->port_count; i++) {
		const struct port_config *port = &console->ports[i];

		if (i == 0) {
			config->input_fd = port->input_fd;
			config->output_fd = config->error_fd = port->output_fd;
		} else if (is_named(port, WALNUT_STDIN_PORT)) {
			config->input_fd = port->input_fd;
		} else if (is_named(port, WALNUT_STDOUT_PORT)) {
			config->output_fd = port->output_fd;
			if (!error_named)
				config->error_fd = port->output_fd;
		} else if (is_named(port, WALNUT_STDERR_PORT)) {
			config->error_fd = port->output_fd;
			error_named = true;
		}
	}
}

int streams_prepare(struct vm_config *config, struct failure *failure)
{
	int fd;

	if (config->implicit_console_disabled) {
		config->input_fd = config->output_fd = config->error_fd = -1;
		if (config->console_count > 0)
			take_console(config, &config->consoles[0]);
		return -1;
	}
	if (!config->console_output)
		return -1;
	fd = open(config->console_output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);
	if (fd < 0) {
		int error = errno == EPERM ? -EACCES : -errno; /* -1 says something else */

		return failure_errno(failure, error, "%s", config->console_output);
	}
	config->input_fd = -1;
	config->output_fd = config->error_fd = fd;
	return fd;
}
