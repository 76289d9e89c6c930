/* vmm/api/disk.c: what the functions accept, and how a machine fails whose disk cannot be had. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

	assert_int_equal(krun_add_disk(ctx, NULL, "disk", false), -EINVAL);
	assert_int_equal(krun_add_disk(ctx, "id", NULL, false), -EINVAL);
	assert_int_equal(krun_add_disk2(ctx, "id", "disk", 3, false), -EINVAL);
	assert_int_equal(krun_add_disk2(ctx, "id", "disk", KRUN_DISK_FORMAT_QCOW2, false), -ENOTSUP);
	assert_int_equal(krun_add_disk2(ctx, "id", "disk", KRUN_DISK_FORMAT_VMDK, false), -ENOTSUP);
	assert_int_equal(krun_add_disk3(ctx, "id", "disk", KRUN_DISK_FORMAT_RAW, false, false, 3), -EINVAL);
	assert_int_equal(krun_set_root_disk(ctx, NULL), -EINVAL);
	assert_int_equal(krun_add_disk(ctx, "id", "disk", false), 0);
	assert_int_equal(krun_add_disk3(ctx, "id", "disk", KRUN_DISK_FORMAT_RAW, true, true, KRUN_SYNC_NONE), 0);
	assert_int_equal(krun_set_data_disk(ctx, "disk"), 0);
	assert_int_equal(krun_set_data_disk(ctx, "other"), 0);
	assert_int_equal(krun_free_ctx(ctx), 0);
	assert_int_equal(krun_add_disk(ctx, "id", "disk", false), -ENOENT);
	assert_int_equal(krun_set_root_disk(ctx, "disk"), -ENOENT);
	assert_int_equal(krun_has_feature(KRUN_FEATURE_BLK), 1);
}

static void need_kvm(void)
{
	if (krun_walnut_probe_kvm(NULL, 0) != 0)
		skip();
}

static void expect_failure(uint32_t ctx, int error, const char *message)
{
	struct krun_walnut_result result;

	assert_int_equal(krun_walnut_run(ctx, &result), error);
	assert_int_equal(result.outcome, KRUN_WALNUT_FAILED);
	assert_string_equal(result.message, message);
}

static void a_machine_does_not_start_without_its_disk(void **state)
{
	uint32_t ctx;

	need_kvm();
	ctx = context();
	assert_int_equal(krun_add_disk(ctx, "id", "/nonexistent/disk", false), 0);
	expect_failure(ctx, -ENOENT, "disk /nonexistent/disk: No such file or directory");
	ctx = context();
	assert_int_equal(krun_set_root_disk(ctx, "/"), 0);
	expect_failure(ctx, -EISDIR, "disk /: is a directory");
}

static void a_disk_is_not_used_twice(void **state)
{
	char path[] = "/tmp/walnut-test-disk-XXXXXX", message[128];
	uint32_t ctx;
	int fd;

	need_kvm();
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 1 << 20), 0);
	ctx = context();
	assert_int_equal(krun_set_root_disk(ctx, "/nonexistent/disk"), 0); /* counts only alone */
	assert_int_equal(krun_add_disk(ctx, "a", path, false), 0);
	assert_int_equal(krun_add_disk(ctx, "b", path, true), 0);
	snprintf(message, sizeof(message), "disk %s: disk image busy, another machine or program uses it", path);
	expect_failure(ctx, -EBUSY, message);
	unlink(path);
	close(fd);
}

static void a_machine_has_room_for_so_many_disks(void **state)
{
	char path[] = "/tmp/walnut-test-disk-XXXXXX";
	struct krun_walnut_result result;
	uint32_t ctx;
	int fd;

	need_kvm();
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 1 << 20), 0);
	ctx = context();
	for (int i = 0; i < 64; i++)
		assert_int_equal(krun_add_disk(ctx, "many", path, true), 0);
	assert_int_equal(krun_add_disk(ctx, "too many", path, true), -ENOSPC);
	assert_int_equal(krun_walnut_run(ctx, &result), -ENOSPC);
	assert_non_null(strstr(result.message, "virtio devices"));
	unlink(path);
	close(fd);
}

static void the_emulator_has_no_disks(void **state)
{
	uint32_t ctx = context();

	assert_int_equal(krun_walnut_set_accel(ctx, KRUN_WALNUT_ACCEL_TCG), 0);
	assert_int_equal(krun_set_data_disk(ctx, "disk"), 0);
	expect_failure(ctx, -ENOTSUP, "disks need KVM");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arguments_are_checked),
		cmocka_unit_test(a_machine_does_not_start_without_its_disk),
		cmocka_unit_test(a_disk_is_not_used_twice),
		cmocka_unit_test(a_machine_has_room_for_so_many_disks),
		cmocka_unit_test(the_emulator_has_no_disks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
