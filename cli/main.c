/* The walnut command: finds the subcommand. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "fail.h"
#include "process.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
} commands[] = {
	{ "run", cmd_run, "run a WASI program in its own microVM" },
	{ "compile", cmd_compile, "compile a module to a relocatable object" },
	{ "build", cmd_build, "make a bootable image of a program" },
	{ "boot", cmd_boot, "boot Linux or any kernel in a microVM" },
	{ "inspect", cmd_inspect, "tell what a module, object or image is" },
};

static int help(void)
{
	puts("Usage: walnut COMMAND [OPTIONS] …\n\n"
	     "Runs one WebAssembly program as its own virtual machine.\n\nCommands:");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		printf("  %-10s %s\n", commands[i].name, commands[i].summary);
	puts("\nwalnut COMMAND --help tells more; walnut --version prints the version.");
	return 0;
}

/* Output that did not reach the disk or pipe is a failure too. */
static int flushed(int status)
{
	if (fflush(stdout) || ferror(stdout))
		return status ? status : fail("standard output cannot be written");
	return status;
}

static int dispatch(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(argv[0], commands[i].name) == 0)
			return commands[i].run(argc, argv);
	}
	return fail("%s: no such %s (walnut --help lists them)", argv[0],
		    argv[0][0] == '-' ? "option" : "command");
}

/* A standard stream that is closed must not become the number of the next file that we
 * open. Its place is taken by a descriptor that fails when it is used. */
static void occupy_standard_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
			return;
	}
}

static int run(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : NULL;

	if (!word)
		return fail("no command given (walnut --help lists them)");
	if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
		puts("walnut " WALNUT_VERSION);
		return 0;
	}
	if (strcmp(word, "help") == 0 && argc > 2) {
		char *help_arguments[] = { argv[2], (char *)"--help", NULL };

		return dispatch(2, help_arguments);
	}
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0)
		return help();
	return dispatch(argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	int status;

	occupy_standard_streams();
	/* A file size limit is an error like a full disk, and cleaned up after as such. */
	signal(SIGXFSZ, SIG_IGN);
	status = flushed(run(argc, argv));
	/* Ctrl-C while we compiled: everything is cleaned up, now end as it asks. */
	if (process_interrupted_by())
		process_end_by_signal(process_interrupted_by());
	return status;
}
