/* libFuzzer on the configuration that a container engine leaves in the root. */
#include <stdint.h>
#include <stdlib.h>

#include "config.h"
#include "context.h"
#include "program/container.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vm_config *config = calloc(1, sizeof(*config));

	if (container_parse(config, (const char *)data, size) == 0 && (!config->argv || !config->argv[0]))
		abort();
	context_config_free(config);
	return 0;
}
