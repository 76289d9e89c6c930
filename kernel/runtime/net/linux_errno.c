#include "net/linux_errno.h"

#include "wasi/wasi.h"

uint32_t linux_errno_to_wasi(int32_t error)
{
	static const uint8_t numbers[] = {
		[1] = 63, [2] = 44, [4] = 27, [5] = 29, [9] = 8, [11] = 6, [12] = 48, [13] = 2, [14] = 21,
		[16] = 10, [17] = 20, [22] = 28, [23] = 41, [24] = 33, [32] = 64, [88] = 57, [89] = 17, [90] = 35,
		[91] = 67, [92] = 50, [93] = 66, [95] = 58, [97] = 5, [98] = 3, [99] = 4, [100] = 38, [101] = 40,
		[102] = 39, [103] = 13, [104] = 15, [105] = 42, [106] = 30, [107] = 53, [110] = 73, [111] = 14,
		[113] = 23, [114] = 7, [115] = 26,
	};
	uint32_t number = error < 0 ? -(uint32_t)error : (uint32_t)error;

	if (!number)
		return WASI_SUCCESS;
	return number < sizeof(numbers) && numbers[number] ? numbers[number] : WASI_EIO;
}
