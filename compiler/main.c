/* walnut-cc: the compiler as a program of its own, so that the `walnut` command
 * need not carry LLVM. It writes to a temporary file beside the output and renames
 * it, so that the output is whole or absent. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <llvm-c/ErrorHandling.h>

#include "compiler.h"

#define EXIT_WALNUT_FAILED 125
#define PROGRESS_DELAY_NS UINT64_C(1000000000)
#define PROGRESS_STEP_NS UINT64_C(200000000)
#define PROGRESS_LINE_STEP_NS UINT64_C(5000000000)
#define ERASE_LINE "\r\033[K"

/* Where the compiling thread is; the main thread shows it from time to time, so that a
 * long phase does not look like a hang. */
struct progress {
	pthread_mutex_t lock;
	bool wanted;
	bool lines; /* one below the other, where there is no terminal */
	const char *phase; /* NULL: not begun, or at the end */
	uint64_t done, total;
};

struct job {
	const char *input;
	const char *name; /* of the input, in messages */
	const char *output;
	struct walnut_compile_options options;
	struct progress progress;
	int status;
};

/* Also for the signal and the fatal-error handler: what to remove. */
static char temporary[4096];
static const char *input_name = "?";
static volatile sig_atomic_t line_shown; /* the cursor stands behind a line of progress */

static void remove_temporary(void)
{
	if (temporary[0])
		unlink(temporary);
}

static void on_signal(int number)
{
	remove_temporary();
	if (line_shown && write(STDERR_FILENO, ERASE_LINE, strlen(ERASE_LINE)) < 0)
		_exit(EXIT_WALNUT_FAILED);
	signal(number, SIG_DFL);
	raise(number);
}

/* LLVM gives up: out of memory, or something it cannot compile. */
static void on_llvm_failure(const char *reason)
{
	fprintf(stderr, "walnut: %s: code generator: %s\n", input_name, reason);
	remove_temporary();
	_exit(EXIT_WALNUT_FAILED);
}

/* So does the C++ library, where there is no memory: it has said so on the error output. */
static void on_abort(int number)
{
	(void)number;
	remove_temporary();
	_exit(EXIT_WALNUT_FAILED);
}

static int complain(const char *what, const char *why)
{
	fprintf(stderr, "walnut: %s: %s\n", what, why);
	return EXIT_WALNUT_FAILED;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Called by the compiling thread. */
static void note_progress(void *opaque, const char *phase, uint64_t done, uint64_t total)
{
	struct progress *progress = &((struct job *)opaque)->progress;

	pthread_mutex_lock(&progress->lock);
	progress->phase = phase;
	progress->done = done;
	progress->total = total;
	pthread_mutex_unlock(&progress->lock);
}

static void show_progress(struct progress *progress)
{
	pthread_mutex_lock(&progress->lock);
	if (progress->phase) {
		fprintf(stderr, "%scompiling %s: ", progress->lines ? "walnut: " : ERASE_LINE, input_name);
		if (progress->total)
			fprintf(stderr, "%" PRIu64 " of %" PRIu64 " functions (%u%%)", progress->done,
				progress->total, (unsigned)(progress->done * 100 / progress->total));
		else
			fputs(progress->phase, stderr);
		if (progress->lines)
			fputc('\n', stderr);
		line_shown = !progress->lines;
	}
	pthread_mutex_unlock(&progress->lock);
}

/* Before anything else is printed; nothing is shown after it. */
static void end_progress(struct progress *progress)
{
	pthread_mutex_lock(&progress->lock);
	progress->phase = NULL;
	if (line_shown)
		fputs(ERASE_LINE, stderr);
	line_shown = 0;
	pthread_mutex_unlock(&progress->lock);
}

/* Mapped, not read: a large module costs only the pages that are looked at. */
static int map_input(const char *path, const uint8_t **bytes, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;
	void *memory;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &status)) {
		int code = -errno;

		close(fd);
		return code;
	}
	if (!S_ISREG(status.st_mode)) {
		close(fd);
		return S_ISDIR(status.st_mode) ? -EISDIR : -EINVAL;
	}
	*size = (size_t)status.st_size;
	*bytes = (const uint8_t *)"";
	if (*size) {
		memory = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (memory == MAP_FAILED) {
			int code = -errno;

			close(fd);
			return code;
		}
		*bytes = memory;
	}
	close(fd);
	return 0;
}

/* A device or pipe is written to as it is: replacing it would be a bad surprise. */
static bool is_special(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && !S_ISREG(status.st_mode);
}

static int open_output(const char *output)
{
	int length = snprintf(temporary, sizeof(temporary), "%s.tmp-XXXXXX", output);
	mode_t mask;
	int fd;

	if (is_special(output)) {
		temporary[0] = '\0';
		return open(output, O_WRONLY | O_CLOEXEC);
	}
	if (length < 0 || (size_t)length >= sizeof(temporary)) {
		temporary[0] = '\0';
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0) {
		temporary[0] = '\0';
		return -1;
	}
	/* mkostemp makes it private; the output has the usual permissions. */
	mask = umask(0);
	umask(mask);
	fchmod(fd, 0666 & ~mask);
	return fd;
}

static int compile(struct job *job)
{
	struct walnut_error error = { 0 };
	const uint8_t *bytes;
	size_t size;
	int fd, code = map_input(job->input, &bytes, &size);

	if (code)
		return complain(job->name, strerror(-code));
	fd = open_output(job->output);
	if (fd < 0)
		return complain(job->output, strerror(errno));
	code = walnut_compile(bytes, size, &job->options, fd, &error);
	end_progress(&job->progress);
	if (code) {
		char message[320];

		close(fd);
		walnut_error_format(&error, message, sizeof(message));
		return complain(job->name, message);
	}
	if (close(fd) || (temporary[0] && rename(temporary, job->output)))
		return complain(job->output, strerror(errno));
	temporary[0] = '\0';
	return 0;
}

/* Between two lines of progress. */
static void print_note(void *opaque, const char *text)
{
	struct job *job = opaque;

	end_progress(&job->progress);
	fprintf(stderr, "walnut: %s: %s\n", job->name, text);
}

static void *compile_thread(void *opaque)
{
	struct job *job = opaque;

	job->status = compile(job);
	return NULL;
}

/* Waits for the compiling thread. */
static void watch(struct job *job, pthread_t thread)
{
	uint64_t due_ns = now_ns() + PROGRESS_DELAY_NS;

	for (;;) {
		struct timespec due = { .tv_sec = (time_t)(due_ns / 1000000000),
					.tv_nsec = (long)(due_ns % 1000000000) };

		if (pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &due) != ETIMEDOUT)
			return;
		show_progress(&job->progress);
		due_ns += job->progress.lines ? PROGRESS_LINE_STEP_NS : PROGRESS_STEP_NS;
	}
}

static int run(struct job *job)
{
	pthread_attr_t attributes;
	pthread_t thread;

	job->options.opaque = job;
	job->progress.lines = !isatty(STDERR_FILENO);
	if (job->progress.wanted && (!job->progress.lines || job->options.note))
		job->options.progress = note_progress;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, WALNUT_COMPILER_STACK_BYTES);
	if (pthread_create(&thread, &attributes, compile_thread, job) == 0)
		watch(job, thread);
	else /* an address space limit: the ordinary stack does for ordinary modules */
		job->status = compile(job);
	pthread_attr_destroy(&attributes);
	remove_temporary();
	return job->status;
}

static void usage(FILE *out)
{
	fputs("usage: walnut-cc [OPTIONS] -o OUT IN.wasm\n"
	      "       walnut-cc --host-cpu\n"
	      "  -O0 … -O3               optimisation, default -O2\n"
	      "  --target-cpu CPU        LLVM's name, or native; default x86-64-v2\n"
	      "  --memory zero|based     how linear memory is addressed, default zero\n"
	      "  --module-name NAME      prefix of exported symbols, default main\n"
	      "  --allow-unknown-imports leave imports that the runtime lacks undefined\n"
	      "  --require-start         refuse a module without _start\n"
	      "  --emit-llvm             write LLVM's text instead of an object\n"
	      "  --input-name NAME       what messages call the module\n"
	      "  --part-bytes N          divide the module into parts of N bytes of code\n"
	      "  --progress              show progress on a terminal\n"
	      "  --verbose               say what is passed over\n"
	      "  -g                      keep DWARF about the program's functions and lines\n", out);
}

enum { OPTION_CPU = 256, OPTION_MEMORY, OPTION_NAME, OPTION_UNKNOWN, OPTION_START, OPTION_LLVM,
       OPTION_PROGRESS, OPTION_VERBOSE, OPTION_HOST_CPU, OPTION_INPUT_NAME, OPTION_PART_BYTES,
       OPTION_HELP };

static const struct option long_options[] = {
	{ "target-cpu", required_argument, NULL, OPTION_CPU },
	{ "memory", required_argument, NULL, OPTION_MEMORY },
	{ "module-name", required_argument, NULL, OPTION_NAME },
	{ "allow-unknown-imports", no_argument, NULL, OPTION_UNKNOWN },
	{ "require-start", no_argument, NULL, OPTION_START },
	{ "emit-llvm", no_argument, NULL, OPTION_LLVM },
	{ "progress", no_argument, NULL, OPTION_PROGRESS },
	{ "verbose", no_argument, NULL, OPTION_VERBOSE },
	{ "host-cpu", no_argument, NULL, OPTION_HOST_CPU },
	{ "input-name", required_argument, NULL, OPTION_INPUT_NAME },
	{ "part-bytes", required_argument, NULL, OPTION_PART_BYTES },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ NULL, 0, NULL, 0 },
};

static int print_host_cpu(void)
{
	char text[8192];

	walnut_host_cpu(text, sizeof(text));
	return puts(text) < 0 || fflush(stdout) ? EXIT_WALNUT_FAILED : 0;
}

/* From optarg. -1: go on; else the status to exit with. */
static int parse_part_bytes(struct walnut_compile_options *options)
{
	char *end;

	errno = 0;
	options->part_bytes = strtoull(optarg, &end, 10);
	if (errno || *end || *optarg < '1' || *optarg > '9')
		return complain("--part-bytes", "it is a number of bytes");
	return -1;
}

/* One option into the job. -1: go on; else the status to exit with. */
static int apply_option(struct job *job, int option)
{
	struct walnut_compile_options *options = &job->options;

	switch (option) {
	case 'O':
		if (strlen(optarg) != 1 || *optarg < '0' || *optarg > '3')
			return complain("-O", "the level is 0, 1, 2 or 3");
		options->opt_level = *optarg - '0';
		return -1;
	case 'o':
		job->output = optarg;
		return -1;
	case 'g':
		options->debug_lines = true;
		return -1;
	case OPTION_CPU:
		options->target_cpu = optarg;
		return -1;
	case OPTION_MEMORY:
		if (strcmp(optarg, "zero") == 0)
			options->memory_model = WALNUT_MEMORY_ZERO;
		else if (strcmp(optarg, "based") == 0)
			options->memory_model = WALNUT_MEMORY_BASED;
		else
			return complain("--memory", "it is zero or based");
		return -1;
	case OPTION_NAME:
		options->module_name = optarg;
		return -1;
	case OPTION_UNKNOWN:
		options->allow_unknown_imports = true;
		return -1;
	case OPTION_START:
		options->require_start = true;
		return -1;
	case OPTION_LLVM:
		options->emit_llvm = true;
		return -1;
	case OPTION_PROGRESS:
		job->progress.wanted = true;
		return -1;
	case OPTION_VERBOSE:
		options->note = print_note;
		return -1;
	case OPTION_HOST_CPU:
		return print_host_cpu();
	case OPTION_INPUT_NAME:
		job->name = optarg;
		return -1;
	case OPTION_PART_BYTES:
		return parse_part_bytes(options);
	case OPTION_HELP:
		usage(stdout);
		return 0;
	default: /* getopt has said what is wrong */
		return EXIT_WALNUT_FAILED;
	}
}

/* What our parent wants ignored, as nohup does SIGHUP, stays so. */
static void handle(int number, void (*handler)(int))
{
	struct sigaction action = { .sa_handler = handler }, before;

	if (sigaction(number, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
		sigaction(number, &action, NULL);
}

static void install_handlers(void)
{
	handle(SIGINT, on_signal);
	handle(SIGTERM, on_signal);
	handle(SIGHUP, on_signal);
	handle(SIGABRT, on_abort);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* write() says it */
	LLVMInstallFatalErrorHandler(on_llvm_failure);
}

int main(int argc, char **argv)
{
	struct job job = { .options.opt_level = 2, .progress.lock = PTHREAD_MUTEX_INITIALIZER };
	int option, status;

	/* getopt begins its messages with the program's name. */
	argv[0] = (char *)"walnut";
	while ((option = getopt_long(argc, argv, "O:o:g", long_options, NULL)) != -1) {
		status = apply_option(&job, option);
		if (status >= 0)
			return status;
	}
	if (!job.output || optind + 1 != argc) {
		fputs("walnut: walnut-cc needs -o OUT and one IN.wasm\n", stderr);
		return EXIT_WALNUT_FAILED;
	}
	job.input = argv[optind];
	if (!job.name)
		job.name = job.input;
	input_name = job.options.input_name = job.name;
	install_handlers();
	return run(&job);
}
