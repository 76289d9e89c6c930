/* The subcommands. Each gets its own name as argv[0] and returns the exit status. */
#ifndef WALNUT_CLI_COMMAND_H
#define WALNUT_CLI_COMMAND_H

int cmd_run(int argc, char **argv);
int cmd_compile(int argc, char **argv);
int cmd_build(int argc, char **argv);
int cmd_boot(int argc, char **argv);
int cmd_inspect(int argc, char **argv);

#endif
