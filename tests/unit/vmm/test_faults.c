/* The whole VMM when KVM, or a thread, cannot be had: for each step of building a machine, as
 * if just that step failed. Linked with --wrap, so that the calls come by here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libkrun.h"
#include "walnut.h"

#include "app_note.h"

#define LOAD_ADDRESS 0x200000
#define KVM_IOCTL_TYPE 0xae

int __real_ioctl(int fd, unsigned long request, unsigned long argument);
int __wrap_ioctl(int fd, unsigned long request, unsigned long argument);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *), void *opaque);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *), void *opaque);

static atomic_int calls;     /* of KVM's, in this run */
static atomic_int fail_call; /* this one fails; 0: none */
static atomic_int threads, fail_thread;
static atomic_ulong failed_request;
static atomic_bool fail_run; /* every KVM_RUN */
static atomic_bool fail_other_runs; /* of other threads than the first */

#define TASKS 3 /* ".", ".." and this thread */

int __wrap_ioctl(int fd, unsigned long request, unsigned long argument)
{
	bool failing = (request >> 8 & 0xff) == KVM_IOCTL_TYPE && ++calls == fail_call;

	if (request == KVM_RUN && (fail_run || (fail_other_runs && gettid() != getpid())))
		failing = true;
	if (failing) {
		failed_request = request;
		errno = ENOMEM;
		return -1;
	}
	return __real_ioctl(fd, request, argument);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *), void *opaque)
{
	return ++threads == fail_thread ? EAGAIN : __real_pthread_create(thread, attr, start, opaque);
}

/* mov $0xfe, %al; out %al, $0x64; hlt */
static const uint8_t reset[] = { 0xb0, 0xfe, 0xe6, 0x64, 0xf4 };
/* 1: hlt; jmp 1b */
static const uint8_t stay[sizeof(reset)] = { 0xf4, 0xeb, 0xfd };
static const uint8_t *guest = reset;

static uint32_t context(bool walnut, unsigned vcpus, int *fd)
{
	struct {
		Elf64_Ehdr header;
		Elf64_Phdr phdrs[2];
		struct {
			Elf64_Nhdr header;
			char owner[8];
			struct walnut_app_note app;
		} note;
		uint8_t code[sizeof(reset)];
	} file = {
		.header = { .e_type = ET_EXEC, .e_machine = EM_X86_64, .e_entry = LOAD_ADDRESS,
			    .e_phoff = sizeof(Elf64_Ehdr), .e_phentsize = sizeof(Elf64_Phdr),
			    .e_phnum = walnut ? 2 : 1 },
		.phdrs = { { .p_type = PT_LOAD, .p_offset = offsetof(__typeof__(file), code),
			     .p_paddr = LOAD_ADDRESS, .p_filesz = sizeof(reset), .p_memsz = sizeof(reset) },
			   { .p_type = PT_NOTE, .p_offset = offsetof(__typeof__(file), note),
			     .p_filesz = sizeof(file.note) } },
		.note = { { sizeof(WALNUT_NOTE_OWNER), sizeof(struct walnut_app_note), WALNUT_NOTE_APP },
			  WALNUT_NOTE_OWNER, { 0 } },
	};
	int32_t ctx = krun_create_ctx();
	char path[64];

	memcpy(file.header.e_ident, ELFMAG, SELFMAG);
	file.header.e_ident[EI_CLASS] = ELFCLASS64;
	file.header.e_ident[EI_DATA] = ELFDATA2LSB;
	memcpy(file.code, guest, sizeof(reset));
	*fd = memfd_create("guest", MFD_CLOEXEC);
	assert_int_equal(pwrite(*fd, &file, sizeof(file), 0), sizeof(file));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", *fd);
	assert_true(ctx >= 0);
	assert_int_equal(krun_set_kernel((uint32_t)ctx, path, KRUN_KERNEL_FORMAT_ELF, NULL, NULL), 0);
	assert_int_equal(krun_set_vm_config((uint32_t)ctx, (uint8_t)vcpus, 16), 0);
	assert_int_equal(krun_walnut_set_accel((uint32_t)ctx, KRUN_WALNUT_ACCEL_KVM), 0);
	return (uint32_t)ctx;
}

/* Descriptors, threads and mappings of this process. */
static unsigned entries(const char *path)
{
	DIR *dir = opendir(path);
	unsigned count = 0;

	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

static unsigned kvm_mappings(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512];
	unsigned count = 0;

	while (fgets(line, sizeof(line), maps))
		count += strstr(line, "kvm") != NULL;
	fclose(maps);
	return count;
}

static int run(bool walnut, unsigned vcpus, struct krun_walnut_result *result)
{
	int error, fd;
	uint32_t ctx = context(walnut, vcpus, &fd);

	calls = threads = 0;
	failed_request = 0;
	error = krun_walnut_run(ctx, result);
	close(fd);
	return error;
}

static void need_kvm(void)
{
	fail_call = fail_thread = 0;
	if (krun_walnut_probe_kvm(NULL, 0) != 0)
		skip();
}

/* Until the failing step lies behind the last one. Steps without which a machine works as
 * well may fail unnoticed. */
static void fail_each(atomic_int *which, const atomic_int *counter, bool walnut, unsigned vcpus)
{
	struct krun_walnut_result result;
	unsigned descriptors, refused = 0;

	need_kvm();
	assert_int_equal(run(walnut, vcpus, &result), 0);
	descriptors = entries("/proc/self/fd");
	for (*which = 1;; ++*which) {
		int error = run(walnut, vcpus, &result);

		if (*counter < *which)
			break;
		if (error || result.outcome == KRUN_WALNUT_FAILED) {
			refused += error != 0;
			if (result.message[0] == '\0' || strchr(result.message, '\n'))
				fail_msg("step %d (request 0x%lx): no line that says why", *which, failed_request);
		}
		if (entries("/proc/self/fd") != descriptors || entries("/proc/self/task") != TASKS || kvm_mappings() != 0)
			fail_msg("step %d (request 0x%lx): something is left behind", *which, failed_request);
	}
	*which = 0;
	assert_true(refused > 0);
}

static void each_call_of_kvm_may_fail(void **state)
{
	fail_each(&fail_call, &calls, true, 1);
}

static void each_call_for_a_pc_may_fail(void **state)
{
	fail_each(&fail_call, &calls, false, 3);
}

static void each_thread_may_be_missing(void **state)
{
	fail_each(&fail_thread, &threads, false, 3);
}

/* With one processor more or less, the guest is the same. */
static void a_guest_that_restarts_is_no_failure(void **state)
{
	struct krun_walnut_result result;

	need_kvm();
	for (unsigned vcpus = 1; vcpus <= 3; vcpus++) {
		assert_int_equal(run(false, vcpus, &result), 0);
		assert_int_equal(result.outcome, KRUN_WALNUT_REBOOTED);
		assert_int_equal(result.exit_status, 0);
	}
}

static void a_processor_that_dies_ends_the_machine(void **state)
{
	struct krun_walnut_result result;

	need_kvm();
	fail_run = true;
	assert_int_equal(run(false, 3, &result), 0);
	fail_run = false;
	assert_int_equal(result.outcome, KRUN_WALNUT_FAILED);
	assert_string_equal(result.message, "KVM_RUN: Cannot allocate memory");
	assert_int_equal(entries("/proc/self/task"), TASKS);
}

/* While the first one halts for ever. */
static void a_processor_that_dies_takes_the_others_along(void **state)
{
	struct krun_walnut_result result;

	need_kvm();
	guest = stay;
	fail_other_runs = true;
	assert_int_equal(run(false, 3, &result), 0);
	fail_other_runs = false;
	guest = reset;
	assert_int_equal(result.outcome, KRUN_WALNUT_FAILED);
	assert_int_equal(result.exit_status, 125);
	assert_string_equal(result.message, "KVM_RUN: Cannot allocate memory");
	assert_int_equal(entries("/proc/self/task"), TASKS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_call_of_kvm_may_fail),
		cmocka_unit_test(each_call_for_a_pc_may_fail),
		cmocka_unit_test(each_thread_may_be_missing),
		cmocka_unit_test(a_guest_that_restarts_is_no_failure),
		cmocka_unit_test(a_processor_that_dies_ends_the_machine),
		cmocka_unit_test(a_processor_that_dies_takes_the_others_along),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
