/* The machine: processors, RAM, and what this library can do. */
#include "libkrun.h"

#include <errno.h>
#include <fcntl.h>

#include "api/api.h"
#include "config.h"
#include "vm/vcpus.h"

KRUN_API int32_t krun_set_vm_config(uint32_t ctx_id, uint8_t num_vcpus, uint32_t ram_mib)
{
	struct vm_config *config;

	if (num_vcpus == 0 || num_vcpus > VCPUS_MAX)
		return api_refuse(-EINVAL, "%u processors; 1 to %u are possible", num_vcpus, VCPUS_MAX);
	if (ram_mib == 0)
		return api_refuse(-EINVAL, "no RAM");
	config = api_acquire(ctx_id);
	if (!config)
		return -ENOENT;
	config->vcpu_count = num_vcpus;
	config->ram_mib = ram_mib;
	return api_release(0);
}

KRUN_API int32_t krun_has_feature(uint64_t feature)
{
	switch (feature) {
	case KRUN_FEATURE_BLK:
	case KRUN_FEATURE_NET:
		return 1;
	case KRUN_FEATURE_GPU:
	case KRUN_FEATURE_INPUT:
	case KRUN_FEATURE_TEE:
	case KRUN_FEATURE_AMD_SEV:
	case KRUN_FEATURE_INTEL_TDX:
	case KRUN_FEATURE_AWS_NITRO:
	case KRUN_FEATURE_VIRGL_RESOURCE_MAP2:
	case KRUN_FEATURE_INIT_BLOB:
		return 0;
	default:
		return api_refuse(-EINVAL, "%llu is no feature", (unsigned long long)feature);
	}
}

KRUN_API int32_t krun_get_max_vcpus(void)
{
	return VCPUS_MAX;
}

KRUN_API int32_t krun_setuid(uint32_t ctx_id, uid_t uid)
{
	struct vm_config *config = api_acquire(ctx_id);

	if (!config)
		return -ENOENT;
	config->uid = uid;
	return api_release(0);
}

KRUN_API int32_t krun_setgid(uint32_t ctx_id, gid_t gid)
{
	struct vm_config *config = api_acquire(ctx_id);

	if (!config)
		return -ENOENT;
	config->gid = gid;
	return api_release(0);
}

KRUN_API int32_t krun_set_nested_virt(uint32_t ctx_id, bool enabled)
{
	struct vm_config *config = api_acquire(ctx_id);

	if (!config)
		return -ENOENT;
	config->nested_virt = enabled;
	return api_release(0);
}

static bool module_is_nested(const char *parameter)
{
	int fd = open(parameter, O_RDONLY | O_CLOEXEC);
	char value = 'N';

	if (fd < 0)
		return false;
	if (read(fd, &value, 1) != 1)
		value = 'N';
	close(fd);
	return value == 'Y' || value == 'y' || value == '1';
}

KRUN_API int32_t krun_check_nested_virt(void)
{
	return module_is_nested("/sys/module/kvm_intel/parameters/nested") ||
	       module_is_nested("/sys/module/kvm_amd/parameters/nested");
}

KRUN_API int32_t krun_split_irqchip(uint32_t ctx_id, bool enable)
{
	if (!api_acquire(ctx_id))
		return -ENOENT;
	context_release();
	return enable ? api_refuse(-ENOTSUP, "the interrupt controllers are in the host's kernel") : 0;
}

KRUN_API int32_t krun_get_shutdown_eventfd(uint32_t ctx_id)
{
	if (!api_acquire(ctx_id))
		return -ENOENT;
	context_release();
	return api_refuse(-EINVAL, "this machine has no power button");
}
