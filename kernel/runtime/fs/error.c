#include "fs/error.h"

#include "wasi/wasi.h"

/* By Linux's number; 0: EIO. */
static const uint8_t errors[] = {
	[1] = WASI_EPERM,	[2] = WASI_ENOENT,	[4] = WASI_EINTR,	[5] = WASI_EIO,
	[6] = WASI_ENXIO,	[7] = WASI_E2BIG,	[9] = WASI_EBADF,	[11] = WASI_EAGAIN,
	[12] = WASI_ENOMEM,	[13] = WASI_EACCES,	[16] = WASI_EBUSY,	[17] = WASI_EEXIST,
	[18] = WASI_EXDEV,	[19] = WASI_ENODEV,	[20] = WASI_ENOTDIR,	[21] = WASI_EISDIR,
	[22] = WASI_EINVAL,	[23] = WASI_ENFILE,	[24] = WASI_EMFILE,	[26] = WASI_ETXTBSY,
	[27] = WASI_EFBIG,	[28] = WASI_ENOSPC,	[29] = WASI_ESPIPE,	[30] = WASI_EROFS,
	[31] = WASI_EMLINK,	[34] = WASI_ERANGE,	[36] = WASI_ENAMETOOLONG, [38] = WASI_ENOSYS,
	[39] = WASI_ENOTEMPTY,	[40] = WASI_ELOOP,	[75] = WASI_EOVERFLOW,	[95] = WASI_ENOTSUP,
	[110] = WASI_ETIMEDOUT,	[116] = WASI_ESTALE,	[122] = WASI_EDQUOT,
};

uint32_t fuse_error(uint32_t error)
{
	return error < sizeof(errors) && errors[error] ? errors[error] : WASI_EIO;
}
