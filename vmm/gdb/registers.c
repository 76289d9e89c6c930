#include "gdb/registers.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>

/* Runs of registers of one size and type. */
struct run {
	const char *feature; /* where one begins, else NULL */
	const char *types;   /* that it defines for itself, or NULL */
	const char *const *names;
	unsigned count;
	unsigned size; /* bytes */
	const char *type;
	const char *group; /* or NULL */
};

static const char *const general[] = {
	"rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp",
	"r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
};
static const char *const pointer[] = { "rip" };
static const char *const flags[] = { "eflags" };
static const char *const selectors[] = { "cs", "ss", "ds", "es", "fs", "gs" };
static const char *const stack[] = { "st0", "st1", "st2", "st3", "st4", "st5", "st6", "st7" };
static const char *const control[] = { "fctrl", "fstat", "ftag", "fiseg", "fioff", "foseg", "fooff", "fop" };
static const char *const vector[] = {
	"xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
	"xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15",
};
static const char *const vector_control[] = { "mxcsr" };
static const char *const bases[] = { "fs_base", "gs_base" };

static const char flag_types[] =
	"<flags id=\"eflags_bits\" size=\"4\">"
	"<field name=\"CF\" start=\"0\" end=\"0\"/><field name=\"PF\" start=\"2\" end=\"2\"/>"
	"<field name=\"AF\" start=\"4\" end=\"4\"/><field name=\"ZF\" start=\"6\" end=\"6\"/>"
	"<field name=\"SF\" start=\"7\" end=\"7\"/><field name=\"TF\" start=\"8\" end=\"8\"/>"
	"<field name=\"IF\" start=\"9\" end=\"9\"/><field name=\"DF\" start=\"10\" end=\"10\"/>"
	"<field name=\"OF\" start=\"11\" end=\"11\"/></flags>";
static const char vector_types[] =
	"<vector id=\"v4f\" type=\"ieee_single\" count=\"4\"/>"
	"<vector id=\"v2d\" type=\"ieee_double\" count=\"2\"/>"
	"<vector id=\"v16i8\" type=\"int8\" count=\"16\"/>"
	"<vector id=\"v8i16\" type=\"int16\" count=\"8\"/>"
	"<vector id=\"v4i32\" type=\"int32\" count=\"4\"/>"
	"<vector id=\"v2i64\" type=\"int64\" count=\"2\"/>"
	"<union id=\"vec128\"><field name=\"v4_float\" type=\"v4f\"/>"
	"<field name=\"v2_double\" type=\"v2d\"/><field name=\"v16_int8\" type=\"v16i8\"/>"
	"<field name=\"v8_int16\" type=\"v8i16\"/><field name=\"v4_int32\" type=\"v4i32\"/>"
	"<field name=\"v2_int64\" type=\"v2i64\"/><field name=\"uint128\" type=\"uint128\"/></union>";

static const struct run runs[] = {
	{ "org.gnu.gdb.i386.core", flag_types, general, 16, 8, "int64", NULL },
	{ NULL, NULL, pointer, 1, 8, "code_ptr", NULL },
	{ NULL, NULL, flags, 1, 4, "eflags_bits", NULL },
	{ NULL, NULL, selectors, 6, 4, "int32", NULL },
	{ NULL, NULL, stack, 8, 10, "i387_ext", NULL },
	{ NULL, NULL, control, 8, 4, "int", "float" },
	{ "org.gnu.gdb.i386.sse", vector_types, vector, 16, 16, "vec128", NULL },
	{ NULL, NULL, vector_control, 1, 4, "int", "vector" },
	{ "org.gnu.gdb.i386.segments", NULL, bases, 2, 8, "int", NULL },
};
#define RUN_COUNT (sizeof(runs) / sizeof(runs[0]))

size_t gdb_register_place(uint64_t number, size_t *offset)
{
	*offset = 0;
	for (size_t i = 0; i < RUN_COUNT; i++) {
		if (number < runs[i].count) {
			*offset += number * runs[i].size;
			return runs[i].size;
		}
		number -= runs[i].count;
		*offset += runs[i].count * runs[i].size;
	}
	return 0;
}

static char description[8192];

__attribute__((format(printf, 2, 3)))
static size_t append(size_t at, const char *format, ...)
{
	va_list arguments;
	int size;

	va_start(arguments, format);
	size = vsnprintf(description + at, sizeof(description) - at, format, arguments);
	va_end(arguments);
	return size < 0 || (size_t)size >= sizeof(description) - at ? at : at + (size_t)size;
}

static void describe(void)
{
	size_t at = append(0, "<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\">"
			      "<target version=\"1.0\"><architecture>i386:x86-64</architecture>");

	for (size_t i = 0; i < RUN_COUNT; i++) {
		const struct run *run = &runs[i];

		if (run->feature)
			at = append(at, "%s<feature name=\"%s\">%s", i ? "</feature>" : "", run->feature,
				    run->types ? run->types : "");
		for (unsigned n = 0; n < run->count; n++)
			at = append(at, "<reg name=\"%s\" bitsize=\"%u\" type=\"%s\"%s%s%s/>", run->names[n],
				    8 * run->size, run->type, run->group ? " group=\"" : "",
				    run->group ? run->group : "", run->group ? "\"" : "");
	}
	append(at, "</feature></target>");
}

const char *gdb_target_description(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, describe);
	return description;
}
