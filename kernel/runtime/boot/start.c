/* The first code in ring 3: reads what the loader left, has the processor's
 * extensions enabled, and calls the runtime. */
#include "boot/information.h"

#include <cpuid.h>
#include <stddef.h>

#include "nucleus/nucleus.h"
#include "nucleus/shared.h"

#define XCR0_SSE_AVX 0x6
#define MXCSR_RESET 0x1f80 /* round to nearest, all exceptions masked */

/* walnut.ld */
extern char walnut_image_start[], walnut_image_used[];

struct nucleus_shared nucleus_shared;

static _Noreturn void fail(const char *message, uint64_t size)
{
	nucleus_call(NUCLEUS_SERIAL_WRITE, (uint64_t)message, size, 0, 0);
	nucleus_call(NUCLEUS_POWER_OFF, 0, 0, 0, 0);
	__builtin_trap();
}

/* Some hosts run ring 3 on a processor whose extensions are enabled already. */
static bool extensions_enabled(void)
{
	uint32_t eax, ebx, ecx = 0, edx;

	if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !(ecx & bit_AVX))
		return true;
	if (!(ecx & bit_OSXSAVE))
		return false;
	__asm__ volatile("xgetbv" : "=a"(eax), "=d"(edx) : "c"(0));
	return (eax & XCR0_SSE_AVX) == XCR0_SSE_AVX;
}

_Noreturn void boot_start(uint64_t zero_page, uint64_t start_info, uint64_t entry_tsc)
{
	static const char message[] = "walnut: the boot information is not usable\r\n";
	static const uint32_t mxcsr = MXCSR_RESET;
	struct nucleus_info *info = &nucleus_shared.info;

	/* No boot protocol says what the floating-point units are like. */
	__asm__ volatile("fninit; ldmxcsr %0" : : "m"(mxcsr));
	info->entry_tsc = entry_tsc;
	info->image_start = (uint64_t)walnut_image_start - VA_KERNEL;
	info->image_size = (uint64_t)(walnut_image_used - walnut_image_start);
	if (!boot_information_read(zero_page, start_info, info))
		fail(message, sizeof(message) - 1);
	if (!extensions_enabled())
		nucleus_call(NUCLEUS_ENABLE_FEATURES, 0, 0, 0, 0);
	runtime_main(info);
}
