/* vmm/api/fs.c: what the functions accept, and how a machine fails whose directory cannot be had. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>

#include "libkrun.h"
#include "walnut.h"

static uint32_t context(void)
{
	int32_t ctx = krun_create_ctx();

	assert_true(ctx >= 0);
	assert_int_equal(krun_set_kernel((uint32_t)ctx, "/proc/self/exe", KRUN_KERNEL_FORMAT_ELF, NULL, NULL), 0);
	assert_int_equal(krun_walnut_set_accel((uint32_t)ctx, KRUN_WALNUT_ACCEL_KVM), 0);
	return (uint32_t)ctx;
}

static void arguments_are_checked(void **state)
{
	uint32_t ctx = context();
	char tag[20];

	assert_int_equal(krun_add_virtiofs(ctx, NULL, "/"), -EINVAL);
	assert_int_equal(krun_add_virtiofs(ctx, "", "/"), -EINVAL);
	assert_int_equal(krun_add_virtiofs(ctx, "0123456789abcdefghijklmnopqrstuvwxyz-", "/"), -EINVAL);
	assert_int_equal(krun_add_virtiofs(ctx, "tag", NULL), -EINVAL);
	assert_int_equal(krun_add_virtiofs2(ctx, "tag", NULL, 0), -EINVAL);
	assert_int_equal(krun_add_virtiofs3(ctx, "tag", NULL, 0, true), -ENOTSUP);
	assert_int_equal(krun_set_root(ctx, NULL), -EINVAL);
	assert_int_equal(krun_add_virtiofs(ctx, "0123456789abcdefghijklmnopqrstuvwxyz", "/"), 0);
	assert_int_equal(krun_add_virtiofs3(ctx, "tag", "/", 1 << 29, true), 0);
	assert_int_equal(krun_add_virtiofs2(ctx, "tag", "/tmp", 0), -EEXIST);
	assert_int_equal(krun_set_root(ctx, "/"), 0);
	assert_int_equal(krun_set_root(ctx, "/tmp"), -EEXIST);
	for (unsigned i = 3; i < 16; i++) {
		snprintf(tag, sizeof(tag), "tag%u", i);
		assert_int_equal(krun_add_virtiofs(ctx, tag, "/"), 0);
	}
	assert_int_equal(krun_add_virtiofs(ctx, "more", "/"), -ENOSPC);
	assert_int_equal(krun_free_ctx(ctx), 0);
	ctx = context();
	assert_int_equal(krun_walnut_add_dir(ctx, NULL, "a", false), -EINVAL);
	assert_int_equal(krun_walnut_add_dir(ctx, "/", "", false), -EINVAL);
	assert_int_equal(krun_walnut_add_dir(ctx, "/", "a", false), 0);
	assert_int_equal(krun_walnut_add_dir(ctx, "/tmp", "a", false), -EEXIST);
	assert_int_equal(krun_walnut_add_dir(ctx, "/", "b", false), 0);
	assert_int_equal(krun_free_ctx(ctx), 0);
	assert_int_equal(krun_walnut_add_dir(ctx, "/", "b", false), -ENOENT);
	assert_int_equal(krun_add_virtiofs(ctx, "tag", "/"), -ENOENT);
}

static void expect_failure(uint32_t ctx, int error, const char *message)
{
	struct krun_walnut_result result;

	assert_int_equal(krun_walnut_run(ctx, &result), error);
	assert_int_equal(result.outcome, KRUN_WALNUT_FAILED);
	assert_string_equal(result.message, message);
}

static void a_machine_without_its_directory_does_not_start(void **state)
{
	uint32_t ctx = context();

	if (krun_walnut_probe_kvm(NULL, 0) != 0)
		skip();
	assert_int_equal(krun_add_virtiofs(ctx, "tag", "/nonexistent"), 0);
	expect_failure(ctx, -ENOENT, "cannot share /nonexistent: No such file or directory");
	ctx = context();
	assert_int_equal(krun_add_virtiofs(ctx, "tag", "/dev/null"), 0);
	expect_failure(ctx, -ENOTDIR, "cannot share /dev/null: Not a directory");
}

static void emulated_machines_have_no_shares(void **state)
{
	uint32_t ctx = context();

	assert_int_equal(krun_walnut_set_accel(ctx, KRUN_WALNUT_ACCEL_TCG), 0);
	assert_int_equal(krun_add_virtiofs(ctx, "tag", "/"), 0);
	expect_failure(ctx, -ENOTSUP, "shared directories need KVM");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arguments_are_checked),
		cmocka_unit_test(a_machine_without_its_directory_does_not_start),
		cmocka_unit_test(emulated_machines_have_no_shares),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
