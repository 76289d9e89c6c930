/* The machine: processors, RAM, and what this library can do. */
#include "libkrun.h"

#include <errno.h>

#include "api/api.h"

#define VCPUS_MAX 1	 /* Walnut's guest has one processor */

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
		return 1;
	case KRUN_FEATURE_NET:
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
