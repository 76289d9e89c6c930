/* Functions for what this library does not have. They are there so that programs link and can
 * find out. */
#include "libkrun.h"

#include <errno.h>

#include "api/api.h"
#include "config.h"
#include "log.h"

#define unsupported(ctx_id, what) unsupported_for(__func__, ctx_id, what)
static int32_t unsupported_for(const char *function, uint32_t ctx_id, const char *what)
{
	if (!api_acquire_for(function, ctx_id))
		return -ENOENT;
	context_release();
	return api_refuse_for(function, -ENOTSUP, "this library has no %s", what);
}

/* What is asked for in vain, but does no harm. */
#define ignored(ctx_id, what) ignored_for(__func__, ctx_id, what)
static int32_t ignored_for(const char *function, uint32_t ctx_id, const char *what)
{
	if (!api_acquire_for(function, ctx_id))
		return -ENOENT;
	context_release();
	log_line(LOG_LEVEL_DEBUG, "%s: ignored, %s", function, what);
	return 0;
}

/* Files */

KRUN_API int32_t krun_fs_add_overlay_file(uint32_t ctx_id, const char *fs_tag, const char *path,
					  const uint8_t *data, size_t data_len, uint32_t mode, bool one_shot)
{
	return unsupported(ctx_id, "files that are only in the guest's view");
}

KRUN_API int32_t krun_fs_add_overlay_dir(uint32_t ctx_id, const char *fs_tag, const char *path, uint32_t mode)
{
	return unsupported(ctx_id, "files that are only in the guest's view");
}

KRUN_API int32_t krun_set_root_disk_remount(uint32_t ctx_id, const char *device, const char *fstype,
					    const char *options)
{
	return unsupported(ctx_id, "files that are only in the guest's view");
}

KRUN_API int32_t krun_disable_implicit_init(uint32_t ctx_id)
{
	return ignored(ctx_id, "there is no implicit init");
}

KRUN_API int32_t krun_get_default_init(const uint8_t **data_out, size_t *len_out)
{
	if (!data_out || !len_out)
		return api_refuse(-EINVAL, "nowhere to put the answer");
	return api_refuse(-ENOTSUP, "this library has no init");
}

/* Consoles */

/* The machine */

KRUN_API int32_t krun_set_firmware(uint32_t ctx_id, const char *firmware_path)
{
	return unsupported(ctx_id, "firmware");
}

KRUN_API int32_t krun_set_smbios_oem_strings(uint32_t ctx_id, const char *const oem_strings[])
{
	return unsupported(ctx_id, "SMBIOS");
}

KRUN_API int32_t krun_set_tee_config_file(uint32_t ctx_id, const char *filepath)
{
	return unsupported(ctx_id, "confidential machines");
}

KRUN_API int32_t krun_add_vhost_user_device(uint32_t ctx_id, uint32_t device_type, const char *socket_path,
					    const char *name, uint16_t num_queues, const uint16_t *queue_sizes)
{
	return unsupported(ctx_id, "vhost-user devices");
}

/* Graphics and input */

KRUN_API int32_t krun_set_gpu_options(uint32_t ctx_id, uint32_t virgl_flags)
{
	return ignored(ctx_id, "there is no GPU");
}

KRUN_API int32_t krun_set_gpu_options2(uint32_t ctx_id, uint32_t virgl_flags, uint64_t shm_size)
{
	return ignored(ctx_id, "there is no GPU");
}

KRUN_API int32_t krun_add_display(uint32_t ctx_id, uint32_t width, uint32_t height)
{
	return unsupported(ctx_id, "displays");
}

KRUN_API int32_t krun_display_set_edid(uint32_t ctx_id, uint32_t display_id, const uint8_t *edid_blob,
				       size_t blob_size)
{
	return unsupported(ctx_id, "displays");
}

KRUN_API int32_t krun_display_set_dpi(uint32_t ctx_id, uint32_t display_id, uint32_t dpi)
{
	return unsupported(ctx_id, "displays");
}

KRUN_API int32_t krun_display_set_physical_size(uint32_t ctx_id, uint32_t display_id, uint16_t width_mm,
						uint16_t height_mm)
{
	return unsupported(ctx_id, "displays");
}

KRUN_API int32_t krun_display_set_refresh_rate(uint32_t ctx_id, uint32_t display_id, uint32_t refresh_rate)
{
	return unsupported(ctx_id, "displays");
}

KRUN_API int32_t krun_set_display_backend(uint32_t ctx_id, const void *display_backend, size_t backend_size)
{
	return unsupported(ctx_id, "displays");
}

KRUN_API int krun_add_input_device(uint32_t ctx_id, const void *config_backend, size_t config_backend_size,
				   const void *events_backend, size_t events_backend_size)
{
	return unsupported(ctx_id, "input devices");
}

KRUN_API int krun_add_input_device_fd(uint32_t ctx_id, int input_fd)
{
	return unsupported(ctx_id, "input devices");
}
