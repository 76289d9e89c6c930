/* The public functions as a program sees them that is compiled against libkrun.h and linked with
 * libkrun.so: each one is there, and knows a context from none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libkrun.h"
#include "walnut.h"

#define NO_CONTEXT 4000000000u

static const char *const strings[] = { NULL };
static uint8_t mac[6] = { 0x5a, 0x94, 0xef, 0xe4, 0x0c, 0xee };
static char name[] = "walnut-no-such";

/* A call with arguments that are right but for the context. */
#define EACH_FUNCTION                                                                                 \
	CALL(krun_free_ctx(ctx))                                                                      \
	CALL(krun_set_vm_config(ctx, 1, 64))                                                          \
	CALL(krun_set_root(ctx, "/"))                                                                 \
	CALL(krun_set_root_disk(ctx, "disk"))                                                         \
	CALL(krun_set_data_disk(ctx, "disk"))                                                         \
	CALL(krun_add_disk(ctx, "id", "disk", true))                                                  \
	CALL(krun_add_disk2(ctx, "id", "disk", KRUN_DISK_FORMAT_RAW, true))                           \
	CALL(krun_add_disk3(ctx, "id", "disk", KRUN_DISK_FORMAT_RAW, true, false, KRUN_SYNC_FULL))    \
	CALL(krun_set_root_disk_remount(ctx, "/dev/vda", "ext4", NULL))                               \
	CALL(krun_set_mapped_volumes(ctx, strings))                                                   \
	CALL(krun_add_virtiofs(ctx, "tag", "/"))                                                      \
	CALL(krun_add_virtiofs2(ctx, "tag", "/", 0))                                                  \
	CALL(krun_add_virtiofs3(ctx, "tag", "/", 0, true))                                            \
	CALL(krun_fs_add_overlay_file(ctx, "tag", "file", mac, sizeof(mac), 0100644, false))          \
	CALL(krun_fs_add_overlay_dir(ctx, "tag", "folder", 040755))                                   \
	CALL(krun_disable_implicit_init(ctx))                                                         \
	CALL(krun_add_net_unixstream(ctx, "/nonexistent", -1, mac, 0, 0))                             \
	CALL(krun_add_net_unixgram(ctx, "/nonexistent", -1, mac, 0, 0))                               \
	CALL(krun_add_net_tap(ctx, name, mac, 0, 0))                                                  \
	CALL(krun_set_passt_fd(ctx, 5))                                                               \
	CALL(krun_set_gvproxy_path(ctx, name))                                                        \
	CALL(krun_set_net_mac(ctx, mac))                                                              \
	CALL(krun_set_port_map(ctx, strings))                                                         \
	CALL(krun_set_gpu_options(ctx, 0))                                                            \
	CALL(krun_set_gpu_options2(ctx, 0, 0))                                                        \
	CALL(krun_add_display(ctx, 640, 480))                                                         \
	CALL(krun_display_set_edid(ctx, 0, mac, sizeof(mac)))                                         \
	CALL(krun_display_set_dpi(ctx, 0, 96))                                                        \
	CALL(krun_display_set_physical_size(ctx, 0, 100, 100))                                        \
	CALL(krun_display_set_refresh_rate(ctx, 0, 60))                                               \
	CALL(krun_set_display_backend(ctx, mac, sizeof(mac)))                                         \
	CALL(krun_add_input_device(ctx, mac, sizeof(mac), mac, sizeof(mac)))                          \
	CALL(krun_add_input_device_fd(ctx, 0))                                                        \
	CALL(krun_add_vhost_user_device(ctx, KRUN_VIRTIO_DEVICE_RNG, "/nonexistent", NULL, 0, NULL))  \
	CALL(krun_set_rlimits(ctx, strings))                                                          \
	CALL(krun_set_smbios_oem_strings(ctx, strings))                                               \
	CALL(krun_set_workdir(ctx, "/"))                                                              \
	CALL(krun_set_exec(ctx, "program", strings, NULL))                                            \
	CALL(krun_set_env(ctx, NULL))                                                                 \
	CALL(krun_set_firmware(ctx, "/nonexistent"))                                                  \
	CALL(krun_set_kernel(ctx, "/dev/null", KRUN_KERNEL_FORMAT_ELF, NULL, NULL))                   \
	CALL(krun_set_kernel_console(ctx, "hvc0"))                                                    \
	CALL(krun_set_tee_config_file(ctx, "/nonexistent"))                                           \
	CALL(krun_add_vsock_port(ctx, 1, "/nonexistent"))                                             \
	CALL(krun_add_vsock_port2(ctx, 2, "/nonexistent", false))                                     \
	CALL(krun_add_vsock(ctx, 0))                                                                  \
	CALL(krun_disable_implicit_vsock(ctx))                                                        \
	CALL(krun_disable_implicit_console(ctx))                                                      \
	CALL(krun_get_shutdown_eventfd(ctx))                                                          \
	CALL(krun_set_console_output(ctx, "/dev/null"))                                               \
	CALL(krun_add_virtio_console_default(ctx, -1, -1, -1))                                        \
	CALL(krun_add_serial_console_default(ctx, -1, -1))                                            \
	CALL(krun_add_virtio_console_multiport(ctx))                                                  \
	CALL(krun_add_console_port_inout(ctx, 0, "port", -1, -1))                                     \
	CALL(krun_setuid(ctx, getuid()))                                                              \
	CALL(krun_setgid(ctx, getgid()))                                                              \
	CALL(krun_set_nested_virt(ctx, false))                                                        \
	CALL(krun_split_irqchip(ctx, false))                                                          \
	CALL(krun_start_enter(ctx))                                                                   \
	CALL(krun_walnut_set_accel(ctx, KRUN_WALNUT_ACCEL_KVM))                                       \
	CALL(krun_walnut_set_stdio(ctx, 0, 1, 2))                                                     \
	CALL(krun_walnut_set_invoke(ctx, "main"))                                                     \
	CALL(krun_walnut_publish(ctx, "8080:80"))                                                     \
	CALL(krun_walnut_allow_net(ctx, "all"))                                                       \
	CALL(krun_walnut_set_gdb(ctx, NULL))                                                          \
	CALL(krun_walnut_set_balloon(ctx, true))                                                      \
	CALL(krun_walnut_set_serial_escape(ctx, true))

static void every_function_knows_that_there_is_no_such_context(void **state)
{
	uint32_t ctx = NO_CONTEXT;
	struct krun_walnut_result result;

#define CALL(call)                                                                                    \
	if ((call) != -ENOENT)                                                                        \
		fail_msg("%s", #call);
	EACH_FUNCTION
#undef CALL
	assert_int_equal(krun_walnut_run(ctx, &result), -ENOENT);
}

/* On a context each of them succeeds, or says that it cannot be. */
static void every_function_answers(void **state)
{
	int32_t created = krun_create_ctx();
	uint32_t ctx = (uint32_t)created;
	int32_t answer;

	assert_true(created >= 0);
#define CALL(call)                                                                                    \
	if (strncmp(#call, "krun_free_ctx", 13) && strncmp(#call, "krun_start_enter", 16)) {          \
		answer = (call);                                                                      \
		if (answer == -ENOENT || answer < -EHWPOISON)                                         \
			fail_msg("%s: %d", #call, answer);                                            \
	}
	EACH_FUNCTION
#undef CALL
	assert_int_equal(krun_free_ctx(ctx), 0);
	assert_int_equal(krun_free_ctx(ctx), -ENOENT);
}

static void what_is_missing_is_not_supported(void **state)
{
	const uint8_t *data;
	size_t size;
	uint32_t ctx = (uint32_t)krun_create_ctx();

	assert_int_equal(krun_add_display(ctx, 640, 480), -ENOTSUP);
	assert_int_equal(krun_add_input_device_fd(ctx, 0), -ENOTSUP);
	assert_int_equal(krun_set_tee_config_file(ctx, "file"), -ENOTSUP);
	assert_int_equal(krun_set_smbios_oem_strings(ctx, strings), -ENOTSUP);
	assert_int_equal(krun_add_vhost_user_device(ctx, 4, "path", NULL, 0, NULL), -ENOTSUP);
	assert_int_equal(krun_get_default_init(&data, &size), -ENOTSUP);
	assert_int_equal(krun_get_default_init(NULL, &size), -EINVAL);
	assert_int_equal(krun_split_irqchip(ctx, true), -ENOTSUP);
	assert_int_equal(krun_get_shutdown_eventfd(ctx), -EINVAL);
	assert_int_equal(krun_set_mapped_volumes(ctx, strings), -EINVAL);
	/* Callers set it whether there is a GPU or not. */
	assert_int_equal(krun_set_gpu_options(ctx, VIRGLRENDERER_VENUS | VIRGLRENDERER_NO_VIRGL), 0);
	assert_int_equal(krun_free_ctx(ctx), 0);
}

static void arguments_are_checked(void **state)
{
	const char *const bad_limits[][2] = { { "7" }, { "7=1" }, { "7=1:" }, { "NOFILE=1:2" }, { "7=1:2:3" }, { "7=-1:2" } };
	const char *const limits[] = { "7=1024:4096", "6=18446744073709551615:18446744073709551615", NULL };
	uint32_t ctx = (uint32_t)krun_create_ctx();

	assert_int_equal(krun_set_vm_config(ctx, 0, 64), -EINVAL);
	assert_int_equal(krun_set_vm_config(ctx, 1, 0), -EINVAL);
	assert_int_equal(krun_set_workdir(ctx, NULL), -EINVAL);
	assert_int_equal(krun_set_rlimits(ctx, NULL), -EINVAL);
	for (size_t i = 0; i < sizeof(bad_limits) / sizeof(bad_limits[0]); i++)
		assert_int_equal(krun_set_rlimits(ctx, bad_limits[i]), -EINVAL);
	assert_int_equal(krun_set_rlimits(ctx, limits), 0);
	assert_int_equal(krun_set_exec(ctx, NULL, NULL, NULL), -EINVAL);
	assert_int_equal(krun_set_kernel_console(ctx, NULL), -EINVAL);
	assert_int_equal(krun_set_kernel_console(ctx, "hvc0 init=/bin/sh"), -EINVAL);
	assert_int_equal(krun_set_console_output(ctx, NULL), -EINVAL);
	assert_int_equal(krun_set_console_output(ctx, "/dev/null"), 0);
	assert_int_equal(krun_set_console_output(ctx, "/dev/null"), -EINVAL);
	assert_int_equal(krun_has_feature(KRUN_FEATURE_GPU), 0);
	assert_int_equal(krun_has_feature(99), -EINVAL);
	assert_true(krun_get_max_vcpus() >= 1);
	assert_in_range(krun_check_nested_virt(), 0, 1);
	assert_int_equal(krun_free_ctx(ctx), 0);
}

static void networks_are_checked(void **state)
{
	uint32_t ctx = (uint32_t)krun_create_ctx();
	char long_name[200];

	memset(long_name, 'x', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	assert_int_equal(krun_has_feature(KRUN_FEATURE_NET), 1);
	assert_int_equal(krun_add_net_unixstream(ctx, NULL, -1, mac, 0, 0), -EINVAL);
	assert_int_equal(krun_add_net_unixstream(ctx, "path", 3, mac, 0, 0), -EINVAL);
	assert_int_equal(krun_add_net_unixstream(ctx, long_name, -1, mac, 0, 0), -EINVAL);
	assert_int_equal(krun_add_net_unixstream(ctx, "path", -1, NULL, 0, 0), -EINVAL);
	assert_int_equal(krun_add_net_unixstream(ctx, "path", -1, mac, 1 << 2, 0), -EINVAL);
	assert_int_equal(krun_add_net_unixstream(ctx, "path", -1, mac, 0, NET_FLAG_VFKIT), -EINVAL);
	assert_int_equal(krun_add_net_unixgram(ctx, NULL, 3, mac, 0, NET_FLAG_VFKIT), -EINVAL);
	assert_int_equal(krun_add_net_tap(ctx, NULL, mac, 0, 0), -EINVAL);
	assert_int_equal(krun_add_net_tap(ctx, long_name, mac, 0, 0), -EINVAL);
	assert_int_equal(krun_add_net_tap(ctx, name, mac, NET_FEATURE_GUEST_TSO4, 0), -EINVAL);
	assert_int_equal(krun_add_net_tap(ctx, name, mac, 0, 4), -EINVAL);
	assert_int_equal(krun_set_passt_fd(ctx, -1), -EINVAL);
	assert_int_equal(krun_set_gvproxy_path(ctx, NULL), -EINVAL);
	assert_int_equal(krun_set_net_mac(ctx, NULL), -EINVAL);
	assert_int_equal(krun_set_passt_fd(ctx, 3), 0);
	assert_int_equal(krun_set_passt_fd(ctx, 3), -EINVAL);
	assert_int_equal(krun_set_net_mac(ctx, mac), 0);
	assert_int_equal(krun_add_net_tap(ctx, name, mac, 0, 0), -EINVAL);
	assert_int_equal(krun_free_ctx(ctx), 0);

	ctx = (uint32_t)krun_create_ctx();
	for (int i = 0; i < 8; i++)
		assert_int_equal(krun_add_net_unixgram(ctx, "path", -1, mac, COMPAT_NET_FEATURES,
						       NET_FLAG_VFKIT | NET_FLAG_DHCP_CLIENT), 0);
	assert_int_equal(krun_add_net_tap(ctx, name, mac, 0, 0), -ENOSPC);
	assert_int_equal(krun_set_passt_fd(ctx, 3), -EINVAL);
	assert_int_equal(krun_set_port_map(ctx, strings), -EINVAL);
	assert_int_equal(krun_free_ctx(ctx), 0);
}

static void consoles_have_ports(void **state)
{
	uint32_t ctx = (uint32_t)krun_create_ctx();
	int pipe_fds[2];

	assert_int_equal(pipe(pipe_fds), 0);
	assert_int_equal(krun_add_console_port_inout(ctx, 0, "port", -1, -1), -EINVAL);
	assert_int_equal(krun_add_virtio_console_multiport(ctx), 0);
	assert_int_equal(krun_add_virtio_console_default(ctx, pipe_fds[0], pipe_fds[1], -1), 0);
	assert_int_equal(krun_add_virtio_console_multiport(ctx), 2);
	assert_int_equal(krun_add_console_port_tty(ctx, 0, "terminal", pipe_fds[0]), -ENOTTY);
	assert_int_equal(krun_add_console_port_tty(ctx, 0, "terminal", -1), -ENOTTY);
	for (int i = 0; i < 7; i++)
		assert_int_equal(krun_add_console_port_inout(ctx, 2, i ? "port" : NULL, pipe_fds[0], -1), 0);
	assert_int_equal(krun_add_console_port_inout(ctx, 2, "port", -1, -1), -ENOSPC);
	assert_int_equal(krun_add_console_port_inout(ctx, 1, "port", -1, -1), -EINVAL);
	assert_int_equal(krun_add_console_port_inout(ctx, 0, "a name of more than thirty-two bytes", -1, -1), -EINVAL);
	for (int i = 3; i < 8; i++)
		assert_int_equal(krun_add_virtio_console_multiport(ctx), i);
	assert_int_equal(krun_add_virtio_console_multiport(ctx), -ENOSPC);
	assert_int_equal(krun_free_ctx(ctx), 0);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}

/* One line of the log after `call`, with this style. */
static void logged(uint32_t style, char *line, size_t size)
{
	int pipe_fds[2];
	ssize_t n;

	assert_int_equal(pipe(pipe_fds), 0);
	assert_int_equal(krun_init_log(pipe_fds[1], KRUN_LOG_LEVEL_ERROR, style, KRUN_LOG_OPTION_NO_ENV), 0);
	assert_int_equal(krun_set_workdir(NO_CONTEXT, "/"), -ENOENT);
	n = read(pipe_fds[0], line, size - 1);
	assert_true(n > 0);
	line[n] = '\0';
	krun_init_log(KRUN_LOG_TARGET_DEFAULT, KRUN_LOG_LEVEL_OFF, KRUN_LOG_STYLE_NEVER, KRUN_LOG_OPTION_NO_ENV);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}

static void the_log_says_why(void **state)
{
	char line[256];

	logged(KRUN_LOG_STYLE_AUTO, line, sizeof(line));
	assert_string_equal(line, "walnut: error: krun_set_workdir: there is no context 4000000000\n");
	logged(KRUN_LOG_STYLE_ALWAYS, line, sizeof(line));
	assert_string_equal(line, "walnut: \033[31merror\033[0m: krun_set_workdir: there is no context 4000000000\n");
}

static void the_environment_may_change_the_level(void **state)
{
	char text[256] = "";
	int pipe_fds[2];

	assert_int_equal(pipe(pipe_fds), 0);
	setenv("RUST_LOG", "error", 1);
	assert_int_equal(krun_init_log(pipe_fds[1], KRUN_LOG_LEVEL_OFF, KRUN_LOG_STYLE_NEVER, 0), 0);
	assert_int_equal(krun_free_ctx(NO_CONTEXT), -ENOENT);
	assert_true(read(pipe_fds[0], text, sizeof(text) - 1) > 0);
	setenv("RUST_LOG", "hyper=info", 1); /* says nothing of us */
	assert_int_equal(krun_init_log(pipe_fds[1], KRUN_LOG_LEVEL_OFF, KRUN_LOG_STYLE_NEVER, 0), 0);
	assert_int_equal(krun_free_ctx(NO_CONTEXT), -ENOENT);
	unsetenv("RUST_LOG");
	close(pipe_fds[1]);
	assert_int_equal(read(pipe_fds[0], text, sizeof(text)), 0);
	close(pipe_fds[0]);
}

/* In a child: there is no way back. */
static void the_process_becomes_somebody_else(void **state)
{
	struct krun_walnut_result result;
	uint32_t ctx = (uint32_t)krun_create_ctx();
	int status;
	pid_t child;

	if (getuid() != 0)
		skip();
	assert_int_equal(krun_setuid(ctx, 65534), 0);
	assert_int_equal(krun_setgid(ctx, 65533), 0);
	child = fork();
	if (child == 0)
		_exit(krun_walnut_run(ctx, &result) == -ENOENT && getuid() == 65534 && geteuid() == 65534 &&
		      getgid() == 65533 ? 0 : 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(getuid(), 0);
	assert_int_equal(krun_free_ctx(ctx), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_function_knows_that_there_is_no_such_context),
		cmocka_unit_test(every_function_answers),
		cmocka_unit_test(what_is_missing_is_not_supported),
		cmocka_unit_test(arguments_are_checked),
		cmocka_unit_test(networks_are_checked),
		cmocka_unit_test(consoles_have_ports),
		cmocka_unit_test(the_process_becomes_somebody_else),
		cmocka_unit_test(the_log_says_why),
		cmocka_unit_test(the_environment_may_change_the_level),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
