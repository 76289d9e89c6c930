/* vmm/vm/cpuid.c: the topology that a guest is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <linux/kvm.h>
#include <stdint.h>
#include <stdlib.h>

#include "vm/cpuid.h"

static struct kvm_cpuid2 *host(void)
{
	static const struct kvm_cpuid_entry2 entries[] = {
		{ .function = 1, .ebx = 0x37400800, .edx = 1u << 28 }, /* of 64 logical processors, number 55 */
		{ .function = 4, .index = 0, .eax = 0xfc004121 },
		{ .function = 4, .index = 3, .eax = 0xfc1fc163 },
		{ .function = 0xb, .index = 0, .eax = 1, .ebx = 2, .ecx = 0x100, .edx = 0x37 },
		{ .function = 0x80000001, .ecx = 2 },
		{ .function = 0x80000008, .eax = 0x3030, .ecx = 0x703f },
		{ .function = 0x8000001e, .eax = 0x37, .ebx = 0x11b, .ecx = 1 },
	};
	unsigned count = sizeof(entries) / sizeof(entries[0]);
	struct kvm_cpuid2 *cpuid = calloc(1, sizeof(*cpuid) + sizeof(entries));
	struct kvm_cpuid2 *copy;

	cpuid->nent = count;
	for (unsigned i = 0; i < count; i++)
		cpuid->entries[i] = entries[i];
	copy = cpuid_copy(cpuid);
	free(cpuid);
	return copy;
}

static const struct kvm_cpuid_entry2 *leaf(const struct kvm_cpuid2 *cpuid, uint32_t function, uint32_t index)
{
	for (unsigned i = 0; i < cpuid->nent; i++)
		if (cpuid->entries[i].function == function && cpuid->entries[i].index == index)
			return &cpuid->entries[i];
	fail_msg("no leaf 0x%x, %u", function, index);
	return NULL;
}

static void one_processor_is_alone(void **state)
{
	struct kvm_cpuid2 *cpuid = host();

	cpuid_adapt(cpuid, 0, 1);
	assert_int_equal(leaf(cpuid, 1, 0)->ebx, 0x00010800);
	assert_int_equal(leaf(cpuid, 1, 0)->edx & 1u << 28, 0);
	assert_int_equal(leaf(cpuid, 1, 0)->ecx >> 31, 1);
	assert_int_equal(leaf(cpuid, 4, 3)->eax >> 14, 0);
	assert_int_equal(leaf(cpuid, 0xb, 0)->ebx, 1);
	assert_int_equal(leaf(cpuid, 0xb, 1)->ebx, 1);
	assert_int_equal(leaf(cpuid, 0xb, 1)->ecx, 0x201);
	assert_int_equal(leaf(cpuid, 0xb, 2)->ecx, 2);
	assert_int_equal(leaf(cpuid, 0x80000001, 0)->ecx, 0);
	assert_int_equal(leaf(cpuid, 0x80000008, 0)->ecx, 0);
	assert_int_equal(leaf(cpuid, 0x8000001e, 0)->eax, 0);
	free(cpuid);
}

static void each_of_many_is_a_core(void **state)
{
	struct kvm_cpuid2 *cpuid = host();

	for (unsigned id = 0; id < 6; id++) {
		cpuid_adapt(cpuid, id, 6);
		assert_int_equal(leaf(cpuid, 1, 0)->ebx, id << 24 | 8 << 16 | 0x0800);
		assert_true(leaf(cpuid, 1, 0)->edx & 1u << 28);
		assert_int_equal(leaf(cpuid, 4, 0)->eax, 7u << 26 | 0x121);
		assert_int_equal(leaf(cpuid, 4, 3)->eax, 7u << 26 | 7u << 14 | 0x163);
		assert_int_equal(leaf(cpuid, 0xb, 0)->eax, 0);
		assert_int_equal(leaf(cpuid, 0xb, 1)->eax, 3);
		assert_int_equal(leaf(cpuid, 0xb, 1)->ebx, 6);
		for (unsigned level = 0; level < 3; level++)
			assert_int_equal(leaf(cpuid, 0xb, level)->edx, id);
		assert_int_equal(leaf(cpuid, 0x80000008, 0)->ecx, 0x3005);
		assert_int_equal(leaf(cpuid, 0x8000001e, 0)->eax, id);
		assert_int_equal(leaf(cpuid, 0x8000001e, 0)->ebx, id);
	}
	free(cpuid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_processor_is_alone),
		cmocka_unit_test(each_of_many_is_a_core),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
