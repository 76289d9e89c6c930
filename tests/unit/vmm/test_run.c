/* The whole VMM through its public functions, with guests of a few instructions on real
 * KVM. Where KVM cannot be used the tests that need it are skipped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hostile_guest.h"
#include "libkrun.h"
#include "walnut.h"

#include "app_note.h"

#define LOAD_ADDRESS 0x200000

struct guest {
	const uint8_t *code;
	size_t size;
};
#define GUEST(...) ((struct guest){ (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }) })

#define MOV_AL(value) 0xb0, (value)
#define OUT_RESET 0xe6, 0x64
#define RESET MOV_AL(0xfe), OUT_RESET, 0xf4
#define SERIAL(c) MOV_AL(c), 0xee
#define SERIAL_PORT 0x66, 0xba, 0xf8, 0x03 /* mov $0x3f8, %dx */
#define FOR_EVER 0xeb, 0xfe
#define UD2 0x0f, 0x0b

/* Writes an image with the code at its entry; returns its path, valid while *fd is and
 * until this thread's next call. */
static const char *kernel_file(struct guest guest, bool walnut, int *fd)
{
	static _Thread_local char path[64];
	struct {
		Elf64_Ehdr header;
		Elf64_Phdr phdrs[2];
		struct {
			Elf64_Nhdr header;
			char owner[8];
			struct walnut_app_note app;
		} note;
	} file = {
		.header = { .e_type = ET_EXEC, .e_machine = EM_X86_64, .e_entry = LOAD_ADDRESS,
			    .e_phoff = sizeof(Elf64_Ehdr), .e_phentsize = sizeof(Elf64_Phdr),
			    .e_phnum = walnut ? 2 : 1 },
		.phdrs = { { .p_type = PT_LOAD, .p_offset = 4096, .p_paddr = LOAD_ADDRESS,
			     .p_filesz = guest.size, .p_memsz = guest.size },
			   { .p_type = PT_NOTE, .p_offset = offsetof(__typeof__(file), note),
			     .p_filesz = sizeof(file.note) } },
		.note = { { sizeof(WALNUT_NOTE_OWNER), sizeof(struct walnut_app_note), WALNUT_NOTE_APP },
			  WALNUT_NOTE_OWNER, { 0 } },
	};

	memcpy(file.header.e_ident, ELFMAG, SELFMAG);
	file.header.e_ident[EI_CLASS] = ELFCLASS64;
	file.header.e_ident[EI_DATA] = ELFDATA2LSB;
	*fd = memfd_create("guest", MFD_CLOEXEC);
	assert_int_equal(pwrite(*fd, &file, sizeof(file), 0), sizeof(file));
	assert_int_equal(pwrite(*fd, guest.code, guest.size, 4096), guest.size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", *fd);
	return path;
}

static const char *image(struct guest guest, int *fd)
{
	return kernel_file(guest, true, fd);
}

static uint32_t context(const char *path)
{
	int32_t ctx = krun_create_ctx();

	assert_true(ctx >= 0);
	assert_int_equal(krun_set_kernel((uint32_t)ctx, path, KRUN_KERNEL_FORMAT_ELF, NULL, NULL), 0);
	assert_int_equal(krun_walnut_set_accel((uint32_t)ctx, KRUN_WALNUT_ACCEL_KVM), 0);
	return (uint32_t)ctx;
}

static struct krun_walnut_result run(struct guest guest)
{
	struct krun_walnut_result result;
	int fd;

	assert_int_equal(krun_walnut_run(context(image(guest, &fd)), &result), 0);
	close(fd);
	return result;
}

static int open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

static void need_kvm(void)
{
	if (krun_walnut_probe_kvm(NULL, 0) != 0)
		skip();
}

static void last_words_become_the_message(void **state)
{
	struct krun_walnut_result result;

	need_kvm();
	result = run(GUEST(SERIAL_PORT, SERIAL('n'), SERIAL('o'), SERIAL('!'), RESET));
	assert_int_equal(result.outcome, KRUN_WALNUT_FAILED);
	assert_int_equal(result.exit_status, 125);
	assert_string_equal(result.message, "the guest kernel ended without a result: no!");
	assert_int_equal(result.stats.exits[KRUN_WALNUT_EXIT_IO], 4);
	assert_true(result.stats.start_ns < result.stats.vm_created_ns);
	assert_true(result.stats.vm_created_ns < result.stats.image_loaded_ns);
	assert_true(result.stats.image_loaded_ns < result.stats.guest_entered_ns);
	assert_true(result.stats.guest_entered_ns < result.stats.exit_ns);
}

static void triple_fault_is_a_crash(void **state)
{
	struct krun_walnut_result result;

	need_kvm();
	result = run(GUEST(UD2));
	assert_int_equal(result.outcome, KRUN_WALNUT_FAILED);
	assert_string_equal(result.message, "the guest kernel crashed");
}

/* A guest that checks what it finds and resets, or hangs in a triple fault. */
static void entry_state_is_that_of_the_protocol(void **state)
{
	need_kvm();
	assert_string_equal(run(GUEST(
		0x48, 0x81, 0xfe, 0x00, 0x70, 0x00, 0x00, /* cmp $0x7000, %rsi */
		0x75, 0x1e,				  /* jne bad */
		0x81, 0xbe, 0x02, 0x02, 0x00, 0x00, 0x48, 0x64, 0x72, 0x53, /* cmpl "HdrS", 0x202(%rsi) */
		0x75, 0x12,				  /* jne bad */
		0x8b, 0x86, 0x28, 0x02, 0x00, 0x00,	  /* mov 0x228(%rsi), %eax */
		0x81, 0x38, 'v', 'i', 'r', 't',		  /* cmpl "virt", (%rax) */
		0x75, 0x04,				  /* jne bad */
		MOV_AL(0xfe), OUT_RESET,
		UD2)).message, "the guest kernel ended without a result");
}

static void *stopper(void *signal_number)
{
	usleep(30000);
	kill(getpid(), (int)(intptr_t)signal_number);
	return NULL;
}

static void signals_stop_a_guest_that_never_ends(void **state)
{
	static const int signals[] = { SIGINT, SIGTERM };
	struct sigaction before, after;
	sigset_t mask_before, mask_after, block;

	need_kvm();
	for (int i = 0; i < 2; i++) {
		struct krun_walnut_result result;
		pthread_t thread;

		sigaction(signals[i], NULL, &before);
		pthread_sigmask(SIG_SETMASK, NULL, &mask_before);
		/* Blocked in the thread that sends it, too, so that the run takes it. */
		sigemptyset(&block);
		sigaddset(&block, signals[i]);
		pthread_sigmask(SIG_BLOCK, &block, NULL);
		pthread_create(&thread, NULL, stopper, (void *)(intptr_t)signals[i]);
		result = run(GUEST(FOR_EVER));
		pthread_join(thread, NULL);
		pthread_sigmask(SIG_UNBLOCK, &block, NULL);
		assert_int_equal(result.outcome, KRUN_WALNUT_SIGNALLED);
		assert_int_equal(result.signal, signals[i]);
		assert_int_equal(result.exit_status, 128 + signals[i]);
		sigaction(signals[i], NULL, &after);
		pthread_sigmask(SIG_SETMASK, NULL, &mask_after);
		assert_true(before.sa_handler == after.sa_handler);
		for (int number = 1; number <= SIGRTMAX; number++)
			assert_int_equal(sigismember(&mask_before, number), sigismember(&mask_after, number));
	}
}

/* One processor runs, the others wait for their start: all have to come back. */
static void a_signal_stops_all_processors(void **state)
{
	struct krun_walnut_result result;
	sigset_t block;
	pthread_t thread;
	uint32_t ctx;
	int fd;

	need_kvm();
	sigemptyset(&block);
	sigaddset(&block, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &block, NULL);
	ctx = context(kernel_file(GUEST(FOR_EVER), false, &fd));
	assert_int_equal(krun_set_vm_config(ctx, (uint8_t)krun_get_max_vcpus(), 16), 0);
	pthread_create(&thread, NULL, stopper, (void *)(intptr_t)SIGTERM);
	assert_int_equal(krun_walnut_run(ctx, &result), 0);
	pthread_join(thread, NULL);
	close(fd);
	pthread_sigmask(SIG_UNBLOCK, &block, NULL);
	assert_int_equal(result.outcome, KRUN_WALNUT_SIGNALLED);
	assert_int_equal(result.signal, SIGTERM);
}

static void an_external_kernel_may_restart_or_switch_off(void **state)
{
	struct krun_walnut_result result;
	int fd;

	need_kvm();
	assert_int_equal(krun_walnut_run(context(kernel_file(GUEST(RESET), false, &fd)), &result), 0);
	close(fd);
	assert_int_equal(result.outcome, KRUN_WALNUT_REBOOTED);
	assert_int_equal(result.exit_status, 0);
	/* mov $0x604, %dx; mov $0x3400, %ax; out %ax, %dx */
	assert_int_equal(krun_walnut_run(context(kernel_file(GUEST(0x66, 0xba, 0x04, 0x06, 0x66, 0xb8, 0x00, 0x34, 0x66,
								   0xef, 0xf4), false, &fd)), &result), 0);
	close(fd);
	assert_int_equal(result.outcome, KRUN_WALNUT_EXITED);
	assert_int_equal(result.exit_status, 0);
}

/* Whatever it does: the run ends, at the latest by a signal, and the process is as before.
 * WALNUT_HOSTILE_RUNS asks for more than a moment's worth. */
static void hostile_guests_hurt_nobody(void **state)
{
	size_t size = (size_t)(hostile_guest_end - hostile_guest), seed = (size_t)(hostile_guest_seed - hostile_guest);
	const char *more = getenv("WALNUT_HOSTILE_RUNS");
	uint32_t runs = more ? (uint32_t)atoi(more) : 20;
	int before = open_descriptors();
	uint8_t code[1024];
	sigset_t block;

	need_kvm();
	assert_true(size <= sizeof(code));
	sigemptyset(&block);
	sigaddset(&block, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &block, NULL);
	for (uint32_t i = 1; i <= runs; i++) {
		struct krun_walnut_result result;
		const struct timespec now = { 0 };
		pthread_t thread;
		int fd;

		memcpy(code, hostile_guest, size);
		memcpy(code + seed, &i, sizeof(i));
		pthread_create(&thread, NULL, stopper, (void *)(intptr_t)SIGTERM);
		/* On either machine; a PC it may also switch off. */
		assert_int_equal(krun_walnut_run(context(kernel_file((struct guest){ code, size }, i % 2, &fd)), &result), 0);
		close(fd);
		pthread_join(thread, NULL);
		sigtimedwait(&block, NULL, &now); /* if it had ended before */
		assert_true(result.outcome == KRUN_WALNUT_SIGNALLED || result.outcome == KRUN_WALNUT_FAILED ||
			    (i % 2 == 0 && (result.outcome == KRUN_WALNUT_REBOOTED || result.outcome == KRUN_WALNUT_EXITED)));
	}
	pthread_sigmask(SIG_UNBLOCK, &block, NULL);
	assert_int_equal(open_descriptors(), before);
}

static void runs_leave_nothing_behind(void **state)
{
	int before;

	need_kvm();
	run(GUEST(RESET));
	before = open_descriptors();
	for (int i = 0; i < 5; i++)
		run(GUEST(RESET));
	assert_int_equal(open_descriptors(), before);
}

static void *run_in_thread(void *guest)
{
	struct krun_walnut_result *result = malloc(sizeof(*result));

	*result = run(*(struct guest *)guest);
	return result;
}

static void two_machines_at_once(void **state)
{
	struct guest guests[2] = { GUEST(RESET), GUEST(UD2) };
	static const char *const messages[] = { "the guest kernel ended without a result", "the guest kernel crashed" };
	pthread_t threads[2];

	need_kvm();
	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, run_in_thread, &guests[i]);
	for (int i = 0; i < 2; i++) {
		struct krun_walnut_result *result;

		pthread_join(threads[i], (void **)&result);
		assert_string_equal(result->message, messages[i]);
		free(result);
	}
}

static int run_error(const char *path, uint32_t ram_mib, struct krun_walnut_result *result)
{
	uint32_t ctx = context(path);

	assert_int_equal(krun_set_vm_config(ctx, 1, ram_mib), 0);
	return krun_walnut_run(ctx, result);
}

static void errors_name_what_is_wrong(void **state)
{
	struct krun_walnut_result result;
	int before = open_descriptors();

	need_kvm();
	assert_int_equal(run_error("/nonexistent/image", 128, &result), -ENOENT);
	assert_string_equal(result.message, "/nonexistent/image: No such file or directory");
	assert_int_equal(result.outcome, KRUN_WALNUT_FAILED);
	assert_int_equal(result.exit_status, 125);
	assert_int_equal(run_error("/dev/null", 128, &result), -ENOEXEC);
	assert_string_equal(result.message, "/dev/null: not a regular file");
	assert_int_equal(run_error("/proc/self/exe", 1, &result), -ENOEXEC);
	assert_int_equal(open_descriptors(), before);
}

static void big_arguments_find_their_place(void **state)
{
	struct krun_walnut_result result;
	char *big = malloc(8u << 20);
	const char *argv[] = { big, NULL };
	uint32_t ctx;
	int fd;

	need_kvm();
	memset(big, 'x', (8u << 20) - 1);
	big[(8u << 20) - 1] = '\0';
	ctx = context(image(GUEST(RESET), &fd));
	assert_int_equal(krun_set_exec(ctx, "prog", argv, NULL), 0);
	assert_int_equal(krun_walnut_run(ctx, &result), 0);
	close(fd);

	ctx = context(image(GUEST(RESET), &fd));
	assert_int_equal(krun_set_exec(ctx, "prog", argv, NULL), 0);
	assert_int_equal(krun_set_vm_config(ctx, 1, 8), 0);
	assert_int_equal(krun_walnut_run(ctx, &result), -ENOMEM);
	assert_string_equal(result.message, "arguments, environment and archives (8 MiB) do not fit into the machine's memory");
	close(fd);
	free(big);
}

static void bad_command_lines_are_refused(void **state)
{
	struct krun_walnut_result result;
	uint32_t ctx;
	int fd;

	need_kvm();
	ctx = context("/dev/null");
	assert_int_equal(krun_set_kernel(ctx, image(GUEST(RESET), &fd), KRUN_KERNEL_FORMAT_ELF, NULL, "a\nb"), 0);
	assert_int_equal(krun_walnut_run(ctx, &result), -EINVAL);
	assert_string_equal(result.message, "kernel command line: not printable ASCII, or with quotes in an argument or a space in a path");
	close(fd);
}

static void settings_are_checked(void **state)
{
	int32_t ctx = krun_create_ctx();
	struct krun_walnut_result result;
	const char *argv[] = { "a", NULL };

	assert_true(ctx >= 0);
	assert_int_equal(krun_set_vm_config(ctx, 0, 128), -EINVAL);
	assert_int_equal(krun_set_vm_config(ctx, 1, 0), -EINVAL);
	assert_int_equal(krun_set_vm_config(ctx, 255, 128), -EINVAL);
	assert_int_equal(krun_set_vm_config(ctx, (uint8_t)krun_get_max_vcpus(), 128), 0);
	assert_int_equal(krun_set_kernel(ctx, NULL, KRUN_KERNEL_FORMAT_ELF, NULL, NULL), -EINVAL);
	assert_int_equal(krun_set_kernel(ctx, "x", 99, NULL, NULL), -EINVAL);
	assert_int_equal(krun_set_kernel(ctx, "x", KRUN_KERNEL_FORMAT_RAW, "initramfs", "words"), 0);
	assert_int_equal(krun_set_kernel(ctx, "x", KRUN_KERNEL_FORMAT_ELF, NULL, NULL), 0);
	assert_int_equal(krun_set_exec(ctx, NULL, argv, NULL), -EINVAL);
	assert_int_equal(krun_walnut_set_stdio(ctx, -2, 1, 2), -EINVAL);
	assert_int_equal(krun_walnut_set_accel(ctx, 99), -EINVAL);
	assert_int_equal(krun_free_ctx(ctx), 0);

	assert_int_equal(krun_free_ctx(ctx), -ENOENT);
	assert_int_equal(krun_set_vm_config(ctx, 1, 128), -ENOENT);
	assert_int_equal(krun_set_kernel(ctx, "x", KRUN_KERNEL_FORMAT_ELF, NULL, NULL), -ENOENT);
	assert_int_equal(krun_set_exec(ctx, "x", argv, NULL), -ENOENT);
	assert_int_equal(krun_set_env(ctx, argv), -ENOENT);
	assert_int_equal(krun_walnut_set_stdio(ctx, 0, 1, 2), -ENOENT);
	assert_int_equal(krun_walnut_set_invoke(ctx, "f"), -ENOENT);
	assert_int_equal(krun_walnut_set_gdb(ctx, "1234"), -ENOENT);
	assert_int_equal(krun_walnut_set_gdb(ctx, "somewhere"), -EINVAL);
	assert_int_equal(krun_walnut_run(ctx, &result), -ENOENT);
	assert_int_equal(krun_start_enter(ctx), -ENOENT);
}

static void features_and_logs(void **state)
{
	assert_int_equal(krun_has_feature(KRUN_FEATURE_GPU), 0);
	assert_int_equal(krun_has_feature(3), -EINVAL);
	assert_int_equal(krun_has_feature(1000), -EINVAL);
	assert_int_equal(krun_init_log(0, 3, 0, 0), -EINVAL);
	assert_int_equal(krun_init_log(-2, 3, 0, 0), -EINVAL);
	assert_int_equal(krun_init_log(-1, 3, 3, 0), -EINVAL);
	assert_int_equal(krun_init_log(-1, 3, 0, 2), -EINVAL);
	assert_int_equal(krun_init_log(-1, 0, KRUN_LOG_STYLE_NEVER, KRUN_LOG_OPTION_NO_ENV), 0);
	assert_int_equal(krun_set_log_level(0), 0);
}

static void external_kernels_need_kvm(void **state)
{
	struct krun_walnut_result result;
	uint32_t ctx;
	int fd;

	ctx = context(kernel_file(GUEST(RESET), false, &fd));
	assert_int_equal(krun_walnut_set_accel(ctx, KRUN_WALNUT_ACCEL_TCG), 0);
	assert_int_equal(krun_walnut_run(ctx, &result), -ENOTSUP);
	close(fd);
	assert_string_equal(result.message, "kernels other than Walnut's need KVM");
}

static void kernel_is_needed(void **state)
{
	struct krun_walnut_result result;
	int32_t ctx = krun_create_ctx();

	assert_int_equal(krun_walnut_run(ctx, &result), -ENOENT);
	assert_string_equal(result.message, "neither a kernel nor a program was set");
}

static void start_enter_ends_the_process(void **state)
{
	int status, fd;
	pid_t child;

	need_kvm();
	child = fork();
	if (child == 0) {
		int null = open("/dev/null", O_WRONLY);

		dup2(null, STDERR_FILENO);
		krun_start_enter(context(image(GUEST(UD2), &fd)));
		_exit(1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 125);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(last_words_become_the_message),
		cmocka_unit_test(triple_fault_is_a_crash),
		cmocka_unit_test(entry_state_is_that_of_the_protocol),
		cmocka_unit_test(signals_stop_a_guest_that_never_ends),
		cmocka_unit_test(a_signal_stops_all_processors),
		cmocka_unit_test(an_external_kernel_may_restart_or_switch_off),
		cmocka_unit_test(hostile_guests_hurt_nobody),
		cmocka_unit_test(runs_leave_nothing_behind),
		cmocka_unit_test(two_machines_at_once),
		cmocka_unit_test(errors_name_what_is_wrong),
		cmocka_unit_test(big_arguments_find_their_place),
		cmocka_unit_test(bad_command_lines_are_refused),
		cmocka_unit_test(settings_are_checked),
		cmocka_unit_test(features_and_logs),
		cmocka_unit_test(external_kernels_need_kvm),
		cmocka_unit_test(kernel_is_needed),
		cmocka_unit_test(start_enter_ends_the_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
