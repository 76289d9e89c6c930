#include "toolchain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bundle_folder.h"
#include "fail.h"
#include "process.h"

uint64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

int compile_settings_level(struct compile_settings *settings, const char *argument)
{
	if (strlen(argument) != 1 || *argument < '0' || *argument > '3')
		return fail("-O%s: the level is 0, 1, 2 or 3", argument);
	settings->opt_level = *argument - '0';
	return 0;
}

int toolchain_compile(const struct paths *paths, const struct source *source,
		      const struct compile_settings *settings, const char *output)
{
	char level[] = "-O2";
	const char *argv[24] = { paths->compiler, level, "--progress", "--input-name", source->name };
	int count = 5, status;

	level[2] = (char)('0' + settings->opt_level);
	if (settings->target_cpu) {
		argv[count++] = "--target-cpu";
		argv[count++] = settings->target_cpu;
	}
	if (settings->memory) {
		argv[count++] = "--memory";
		argv[count++] = settings->memory;
	}
	if (settings->module_name) {
		argv[count++] = "--module-name";
		argv[count++] = settings->module_name;
	}
	if (settings->allow_unknown_imports)
		argv[count++] = "--allow-unknown-imports";
	if (settings->require_start)
		argv[count++] = "--require-start";
	if (settings->emit_llvm)
		argv[count++] = "--emit-llvm";
	if (settings->debug_lines)
		argv[count++] = "-g";
	if (settings->verbose)
		argv[count++] = "--verbose";
	argv[count++] = "-o";
	argv[count++] = output;
	argv[count++] = "--";
	argv[count++] = source->path;
	argv[count] = NULL;
	status = process_run(argv, NULL, 0);
	if (status == PROCESS_NOT_FOUND || status == -1)
		return fail("%s: cannot be started", paths->compiler);
	if (status > 128 && !process_interrupted_by())
		return fail("%s: the compiler was ended by signal %d", source->name, status - 128);
	/* It has said why. */
	return status;
}

/* The first complaint of the linker, without its own name before it. */
static const char *first_complaint(char *text)
{
	char *error = strstr(text, "error: "), *end;

	if (error)
		text = error + strlen("error: ");
	end = strchr(text, '\n');
	if (end)
		*end = '\0';
	return *text ? text : "no reason given";
}

int toolchain_link(const struct paths *paths, const char *name, const char *object,
		   const struct compile_settings *settings, const char *bundle, const char *output)
{
	static const char *const linkers[] = { "ld.lld-19", "ld.lld" };
	char errors[4096];
	const char *argv[] = {
		NULL, "-static", "-nostdlib", "--gc-sections", "--eh-frame-hdr",
		/* A full disk is then an error, not a SIGBUS. */
		"--no-mmap-output-file",
		"-z", "max-page-size=4096", "-z", "noexecstack", "-T", paths->linker_script,
		"-o", output, object,
		NULL, NULL, NULL, NULL, NULL, NULL,
	};
	int status = PROCESS_NOT_FOUND, count = 0;

	if (settings->tcpip && !paths->stack_archive[0])
		return fail("%s: this Walnut was built without a TCP/IP stack (lwIP's source was not at hand)", name);
	while (count == 0 || argv[count])
		count++;
	/* The first archive that has something is the one it is taken from. */
	if (settings->tcpip)
		argv[count++] = paths->stack_archive;
	argv[count++] = paths->kernel_archive;
	if (!settings->debug_lines)
		argv[count++] = "--strip-debug";
	if (bundle) {
		argv[count++] = "--format=binary";
		argv[count++] = bundle;
	}

	for (size_t i = 0; i < 2 && status == PROCESS_NOT_FOUND; i++) {
		argv[0] = linkers[i];
		status = process_run(argv, errors, sizeof(errors));
	}
	if (status == PROCESS_NOT_FOUND)
		return fail("ld.lld: no linker in PATH (package lld-19)");
	if (status > 128 && !process_interrupted_by())
		return fail("%s: the linker was ended by signal %d", name, status - 128);
	if (status > 128)
		return status;
	if (status)
		return fail("%s: linking: %s", name,
			    status < 0 ? "ld.lld cannot be started" : first_complaint(errors));
	return 0;
}

int toolchain_build(const struct paths *paths, struct source *source,
		    const struct compile_settings *settings, struct scratch *scratch,
		    char image_path[PATH_MAX], struct toolchain_times *times)
{
	char object[PATH_MAX], bundle[PATH_MAX];
	uint64_t start = monotonic_ns(), compiled;
	int status;

	if (!scratch->path[0] && (status = scratch_make(scratch)))
		return fail("no folder for temporary files: %s", strerror(-status));
	if (scratch_name(scratch, SCRATCH_OBJECT, object) || scratch_name(scratch, SCRATCH_IMAGE, image_path))
		return fail("%s: name too long", scratch->path);
	status = source_convert(source, scratch);
	if (!status)
		status = toolchain_compile(paths, source, settings, object);
	compiled = monotonic_ns();
	times->compile_ns = compiled - start;
	if (!status && settings->bundle)
		status = scratch_name(scratch, SCRATCH_BUNDLE, bundle) ? fail("%s: name too long", scratch->path) :
			 bundle_write("build", settings->bundle, bundle);
	if (!status)
		status = toolchain_link(paths, source->name, object, settings, settings->bundle ? bundle : NULL,
					image_path);
	times->link_ns = monotonic_ns() - compiled;
	return status;
}
