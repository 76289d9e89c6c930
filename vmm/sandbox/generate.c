/* Makes the filters of rules.def, at build time: then a start costs no more than installing them. Prints
 * a C file. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/if_tun.h>
#include <linux/kvm.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sandbox/filter.h"
#include "sandbox/sandbox.h"

#define GROUPS(X) X(BASIC) X(VCPU) X(UNLINK) X(BLOCK_DEVICES) X(FILES) X(MOVES) X(SOCKETS) X(UNIX_SOCKETS) X(NO_UNIX_SOCKETS) \
	X(RESOLVER)
#define POSITION(name) AT_##name,
enum { GROUPS(POSITION) };
#define BIT(name) name = 1u << AT_##name,
enum { GROUPS(BIT) };

static void must(int error, const char *what)
{
	if (error < 0) {
		fprintf(stderr, "%s: %s\n", what, strerror(-error));
		exit(1);
	}
}

static void add_rules(scmp_filter_ctx filter, unsigned groups)
{
	unsigned group = 0;

#define GROUP(name) group = name;
#define RULE(call, ...) \
	if (groups & group) \
		must(seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(call), __VA_ARGS__), #call);
#define ALLOW(call) RULE(call, 0)
#define MASKED(call, argument, mask, value) RULE(call, 1, SCMP_CMP64(argument, SCMP_CMP_MASKED_EQ, mask, value))
#define BELOW(call, argument, value) RULE(call, 1, SCMP_CMP64(argument, SCMP_CMP_LT, value, 0))
#define MISSING(call) \
	if (groups & group) \
		must(seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(call), 0), #call);
#define REFUSED(call, argument, value) \
	if (groups & group) \
		must(seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(call), 1, \
				      SCMP_CMP64(argument, SCMP_CMP_MASKED_EQ, 0xffffffff, value)), #call);
#define WHEN(call, argument, value) MASKED(call, argument, 0xffffffff, value)
#define IOCTL(request) WHEN(ioctl, 1, (unsigned)(request))
#define KIND(name, groups)
#include "sandbox/rules.def"
#undef KIND
#undef GROUP
}

static void print(const char *name, unsigned groups)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_TRAP); /* SIGSYS: see sandbox.c */
	FILE *file = tmpfile();
	struct sock_filter one;

	if (!filter || !file)
		exit(1);
	must(seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2), "optimize");
	must(seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS), "architecture");
	add_rules(filter, groups);
	must(seccomp_export_bpf(filter, fileno(file)), name);
	rewind(file);
	printf("static struct sock_filter filter_%s[] = {\n", name);
	while (fread(&one, sizeof(one), 1, file) == 1)
		printf("\t{ 0x%x, %u, %u, 0x%x },\n", one.code, one.jt, one.jf, one.k);
	printf("};\n");
	fclose(file);
	seccomp_release(filter);
}

#define GROUP(name)
#undef ALLOW
#define ALLOW(call)
#undef MASKED
#define MASKED(call, argument, mask, value)
#undef BELOW
#define BELOW(call, argument, value)
#undef MISSING
#define MISSING(call)
#undef REFUSED
#define REFUSED(call, argument, value)
#undef WHEN
#define WHEN(call, argument, value)
#undef IOCTL
#define IOCTL(request)

int main(void)
{
	printf("#include \"sandbox/filter.h\"\n\n#include \"sandbox/sandbox.h\"\n\n");
#define KIND(name, groups) \
	if (groups) \
		print(#name, groups);
#include "sandbox/rules.def"
#undef KIND
	printf("\nconst struct sock_fprog sandbox_filters[SANDBOX_KINDS] = {\n");
#define KIND(name, groups) \
	if (groups) \
		printf("\t[%s] = { sizeof(filter_%s) / sizeof(filter_%s[0]), filter_%s },\n", #name, #name, #name, #name);
#include "sandbox/rules.def"
	printf("};\n");
	return fflush(stdout) != 0;
}
