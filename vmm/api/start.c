/* The public functions that run a context: choose the accelerator, run, report. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "api/api.h"
#include "failure.h"
#include "libkrun.h"
#include "qemu/qemu.h"
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

static int run_config(const struct vm_config *config, struct krun_walnut_result *result)
{
	int error;

	if (!config->kernel_path) {
		snprintf(result->message, sizeof(result->message), "no kernel was set");
		return -ENOENT;
	}
	if (config->accel == KRUN_WALNUT_ACCEL_TCG)
		return qemu_run(config, result);
	error = vm_run(config, result);
	if (error != -ENODEV || config->accel == KRUN_WALNUT_ACCEL_KVM)
		return error;
	dprintf(STDERR_FILENO, "walnut: %s; running under QEMU TCG, which is slower\n", result->message);
	result->message[0] = '\0';
	return qemu_run(config, result);
}

KRUN_API int32_t krun_walnut_run(uint32_t ctx_id, struct krun_walnut_result *result)
{
	struct vm_config *config;
	int error;

	memset(result, 0, sizeof(*result));
	result->stats.start_ns = clock_now_ns();
	config = context_take(ctx_id);
	if (!config)
		return -ENOENT;
	error = run_config(config, result);
	if (error) {
		result->outcome = KRUN_WALNUT_FAILED;
		result->exit_status = 125;
	}
	context_config_free(config);
	return error;
}

KRUN_API int32_t krun_start_enter(uint32_t ctx_id)
{
	struct krun_walnut_result result;
	int error = krun_walnut_run(ctx_id, &result);

	if (error)
		return error;
	if (result.outcome == KRUN_WALNUT_FAILED)
		dprintf(STDERR_FILENO, "walnut: %s\n", result.message);
	_exit(result.exit_status);
}
