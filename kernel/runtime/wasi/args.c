/* args_* and environ_*: the launch block's strings, which have WASI's format
 * already, and an array of pointers to them. */
#include "wasi/args.h"

#include "lib/string.h"
#include "wasi/guest.h"

WASI_EXPORT(args_sizes_get, uint32_t count, uint32_t size);
WASI_EXPORT(args_get, uint32_t pointers, uint32_t data);
WASI_EXPORT(environ_sizes_get, uint32_t count, uint32_t size);
WASI_EXPORT(environ_get, uint32_t pointers, uint32_t data);

static struct strings arguments, environment;

void args_set(const struct strings *args, const struct strings *env)
{
	arguments = *args;
	environment = *env;
}

static uint32_t put_sizes(const struct strings *strings, uint32_t count, uint32_t size)
{
	if (!guest_write_u32(count, strings->count) || !guest_write_u32(size, strings->size))
		return WASI_EFAULT;
	return WASI_SUCCESS;
}

static uint32_t put_strings(const struct strings *strings, uint32_t pointers, uint32_t data)
{
	const char *string = strings->data;
	uint8_t *array;

	if (!guest_range(pointers, (uint64_t)strings->count * sizeof(uint32_t), &array) ||
	    !guest_write(data, strings->data, strings->size))
		return WASI_EFAULT;
	for (uint32_t i = 0; i < strings->count; i++) {
		guest_write_u32(pointers + i * (uint32_t)sizeof(uint32_t), data + (uint32_t)(string - strings->data));
		string += strlen(string) + 1;
	}
	return WASI_SUCCESS;
}

uint32_t wasi_args_sizes_get(uint32_t count, uint32_t size)
{
	return put_sizes(&arguments, count, size);
}

uint32_t wasi_args_get(uint32_t pointers, uint32_t data)
{
	return put_strings(&arguments, pointers, data);
}

uint32_t wasi_environ_sizes_get(uint32_t count, uint32_t size)
{
	return put_sizes(&environment, count, size);
}

uint32_t wasi_environ_get(uint32_t pointers, uint32_t data)
{
	return put_strings(&environment, pointers, data);
}
