/* Many threads make, fill and drop contexts at once. Built with ThreadSanitizer, which ends the
 * test where two of them touch the same thing unguarded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <pthread.h>

#include "libkrun.h"
#include "walnut.h"

#define THREADS 8
#define ROUNDS 200

static const char *const words[] = { "one", "two", NULL };

/* What all threads do to one context, and each to its own. 0, or what went wrong first. */
static int fill(uint32_t ctx)
{
	int error = krun_set_vm_config(ctx, 1, 64);

	if (!error)
		error = krun_set_exec(ctx, "program", words, words);
	if (!error)
		error = krun_set_workdir(ctx, "/");
	if (!error)
		error = krun_set_kernel(ctx, "/dev/null", KRUN_KERNEL_FORMAT_ELF, NULL, "quiet");
	if (!error)
		error = krun_walnut_set_stdio(ctx, -1, -1, -1);
	return error;
}

struct share {
	uint32_t ctx; /* of all threads */
	pthread_t thread;
	int error;
};

static void *thread_main(void *opaque)
{
	struct share *share = opaque;

	for (int i = 0; i < ROUNDS && !share->error; i++) {
		int32_t own = krun_create_ctx();

		share->error = own < 0 ? own : fill(share->ctx);
		if (!share->error)
			share->error = fill((uint32_t)own);
		if (!share->error)
			share->error = krun_free_ctx((uint32_t)own);
		if (!share->error && fill((uint32_t)own) != -ENOENT)
			share->error = -EEXIST;
		krun_set_log_level(KRUN_LOG_LEVEL_OFF);
	}
	return NULL;
}

static void contexts_are_independent(void **state)
{
	struct share shares[THREADS] = { 0 };
	int32_t ctx = krun_create_ctx();

	assert_true(ctx >= 0);
	for (int i = 0; i < THREADS; i++) {
		shares[i].ctx = (uint32_t)ctx;
		assert_int_equal(pthread_create(&shares[i].thread, NULL, thread_main, &shares[i]), 0);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(shares[i].thread, NULL);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(shares[i].error, 0);
	assert_int_equal(krun_free_ctx((uint32_t)ctx), 0);
	assert_true(krun_create_ctx() >= THREADS * ROUNDS); /* ids are not used again */
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(contexts_are_independent) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
