/* From module to image: walnut-cc, then ld.lld with the kernel. */
#ifndef WALNUT_CLI_TOOLCHAIN_H
#define WALNUT_CLI_TOOLCHAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "paths.h"
#include "scratch.h"
#include "source.h"

struct compile_settings {
	int opt_level;		/* 0..3 */
	const char *target_cpu; /* LLVM's name; NULL: the compiler's default */
	const char *memory;	/* "zero", "based" or NULL */
	const char *module_name; /* or NULL */
	bool allow_unknown_imports;
	bool require_start;
	bool emit_llvm;
	bool debug_lines; /* -g */
	bool tcpip;	  /* the image has a TCP/IP stack, for network devices */
	const char *bundle; /* DIR[::GUEST] for the image, or NULL */
	bool multiboot;	    /* of the image's file, not of what is in it */
	bool verbose; /* of no influence on the output */
};

/* The digit after -O. 0, or EXIT_WALNUT_FAILED after a message. */
int compile_settings_level(struct compile_settings *settings, const char *argument);

/* Time spent, nanoseconds; 0: not done. */
struct toolchain_times {
	uint64_t compile_ns;
	uint64_t link_ns;
};

/* Both write `output`, in a folder of ours, and return 0 or an exit status after a
 * message (128 + signal when the user interrupted). */
int toolchain_compile(const struct paths *paths, const struct source *source,
		      const struct compile_settings *settings, const char *output);
int toolchain_link(const struct paths *paths, const char *name, const char *object,
		   const struct compile_settings *settings, const char *bundle, const char *output);

/* Both steps inside `scratch` (made where needed); image_path gets the result. */
int toolchain_build(const struct paths *paths, struct source *source,
		    const struct compile_settings *settings, struct scratch *scratch,
		    char image_path[PATH_MAX], struct toolchain_times *times);

uint64_t monotonic_ns(void);

#endif
