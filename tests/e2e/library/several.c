/* Several machines at once in the threads of one process, every other one in a jail: APP.wasm COUNT. Each reads
 * a pipe of its own and writes to one; what it wrote is compared, and its status is 0. */
#include <fcntl.h>
#include <libkrun.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <walnut.h>

#define COUNT_MAX 16

static const char *module;

struct machine {
	pthread_t thread;
	int number;
	char said[64];
	struct krun_walnut_result result;
	int32_t error;
};

static void *run(void *opaque)
{
	struct machine *m = opaque;
	const char *const none[] = { NULL };
	int in[2], out[2], null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	int32_t id = krun_create_ctx();
	uint32_t ctx = (uint32_t)id;
	ssize_t size;

	if (id < 0 || pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
		abort();
	dprintf(in[1], "machine %d\n", m->number);
	close(in[1]);
	m->error = krun_set_vm_config(ctx, 1, 64);
	m->error |= krun_set_exec(ctx, module, none, none);
	m->error |= krun_walnut_set_stdio(ctx, in[0], out[1], null);
	m->error |= krun_walnut_set_jail(ctx, m->number % 2);
	if (!m->error)
		m->error = krun_walnut_run(ctx, &m->result);
	close(out[1]);
	size = read(out[0], m->said, sizeof(m->said) - 1);
	m->said[size > 0 ? size : 0] = '\0';
	close(in[0]);
	close(out[0]);
	close(null);
	return NULL;
}

int main(int argc, char **argv)
{
	static struct machine machines[COUNT_MAX];
	int count = argc == 3 ? atoi(argv[2]) : 0, bad = 0;
	char wanted[64];

	if (count < 1 || count > COUNT_MAX)
		return 98;
	module = argv[1];
	krun_set_log_level(KRUN_LOG_LEVEL_ERROR);
	for (int i = 0; i < count; i++) {
		machines[i].number = i;
		pthread_create(&machines[i].thread, NULL, run, &machines[i]);
	}
	for (int i = 0; i < count; i++) {
		const struct machine *m = &machines[i];

		pthread_join(m->thread, NULL);
		snprintf(wanted, sizeof(wanted), "machine %d\n", i);
		if (m->error || m->result.outcome != KRUN_WALNUT_EXITED || m->result.exit_status || strcmp(m->said, wanted)) {
			printf("machine %d: %d, outcome %d, status %d, %s, said %s\n", i, m->error, m->result.outcome,
			       m->result.exit_status, m->result.message, m->said);
			bad = 1;
		}
	}
	return bad;
}
