/* The public functions that run a context: choose the accelerator, run, report. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/api.h"
#include "config.h"
#include "failure.h"
#include "libkrun.h"
#include "log.h"
#include "program/program.h"
#include "program/streams.h"
#include "qemu/qemu.h"
#include "sandbox/jail.h"
#include "vm/clock.h"
#include "vm/kvm.h"
#include "vm/vm.h"
#include "walnut.h"

/* The steps that fail where KVM is not usable: opening, and making a VM. */
static int probe(struct failure *failure)
{
	int kvm_fd = kvm_open(failure);
	int vm_fd;

	if (kvm_fd < 0)
		return kvm_fd;
	vm_fd = kvm_create_vm(kvm_fd, failure);
	if (vm_fd >= 0)
		close(vm_fd);
	close(kvm_fd);
	return vm_fd < 0 ? vm_fd : 0;
}

KRUN_API int32_t krun_walnut_probe_kvm(char *why, uint64_t size)
{
	struct failure failure = { 0 };
	int error = probe(&failure);

	if (why && size > 0)
		snprintf(why, size, "%s", failure.text);
	return error;
}

/* LLVM's names of processors: this one, and what QEMU's emulator has. */
#define CPU_NATIVE "native"
#define CPU_EMULATED "x86-64-v2"

static int tell(struct krun_walnut_result *result, const struct failure *failure, int error)
{
	snprintf(result->message, sizeof(result->message), "%s", failure->text);
	return error;
}

/* Runs it on KVM or the emulator, making the image where the program is a WebAssembly module. */
static int run_by(struct vm_config *config, bool emulated, struct krun_walnut_result *result)
{
	struct program program = { .image_fd = -1 };
	struct failure failure = { "" };
	int error = 0;

	if (!config->kernel_path)
		error = program_prepare(&program, config, emulated ? CPU_EMULATED : CPU_NATIVE, &failure);
	if (error)
		tell(result, &failure, error);
	else
		error = emulated ? qemu_run(config, result) :
			config->jail ? jail_run(config, vm_run, result) : vm_run(config, result);
	program_release(&program, config);
	return error;
}

static int run_somehow(struct vm_config *config, struct krun_walnut_result *result)
{
	int error;

	if (config->accel == KRUN_WALNUT_ACCEL_TCG && config->jail) {
		snprintf(result->message, sizeof(result->message), "no jail: QEMU is a program of its own, use KVM");
		return -ENOTSUP;
	}
	if (config->accel == KRUN_WALNUT_ACCEL_TCG)
		return run_by(config, true, result);
	error = run_by(config, false, result);
	if (error != -ENODEV || config->accel == KRUN_WALNUT_ACCEL_KVM || config->jail)
		return error;
	dprintf(STDERR_FILENO, "walnut: %s; running under QEMU TCG, which is slower\n", result->message);
	result->message[0] = '\0';
	return run_by(config, true, result);
}

/* User and group of the process, the group first: afterwards it may not be allowed. */
static int become(const struct vm_config *config, struct failure *failure)
{
	if (config->gid != (gid_t)-1 && setgid(config->gid))
		return failure_errno(failure, -errno, "cannot become group %u", config->gid);
	if (config->uid != (uid_t)-1 && setuid(config->uid))
		return failure_errno(failure, -errno, "cannot become user %u", config->uid);
	return 0;
}

static void choose_sandbox(struct vm_config *config, enum sandbox_choice by_default)
{
	const char *wish = secure_getenv("WALNUT_SANDBOX");

	if (wish && strcmp(wish, "off") == 0)
		config->sandbox = SANDBOX_OFF;
	else if (config->sandbox == SANDBOX_DEFAULT)
		config->sandbox = by_default;
}

static int run_config(struct vm_config *config, struct krun_walnut_result *result)
{
	struct failure failure = { "" };
	int error = become(config, &failure), fd;

	if (error)
		return tell(result, &failure, error);
	fd = streams_prepare(config, &failure);
	if (fd < -1)
		return tell(result, &failure, fd);
	error = run_somehow(config, result);
	if (fd >= 0)
		close(fd);
	return error;
}

static int run(uint32_t ctx_id, enum sandbox_choice sandbox, struct krun_walnut_result *result)
{
	struct vm_config *config;
	int error;

	memset(result, 0, sizeof(*result));
	result->stats.start_ns = clock_now_ns();
	config = context_take(ctx_id);
	if (!config)
		return -ENOENT;
	choose_sandbox(config, sandbox);
	error = run_config(config, result);
	if (error) {
		result->outcome = KRUN_WALNUT_FAILED;
		result->exit_status = 125;
	}
	context_config_free(config);
	return error;
}

KRUN_API int32_t krun_walnut_run(uint32_t ctx_id, struct krun_walnut_result *result)
{
	return run(ctx_id, SANDBOX_OFF, result);
}

KRUN_API int32_t krun_start_enter(uint32_t ctx_id)
{
	struct krun_walnut_result result;
	int error = run(ctx_id, SANDBOX_ON, &result);

	if (error)
		return api_refuse(error, "%s", result.message[0] ? result.message : strerror(-error));
	if (result.outcome == KRUN_WALNUT_FAILED)
		dprintf(STDERR_FILENO, "walnut: %s\n", result.message);
	_exit(result.exit_status);
}
