/* libkrun.so.1: run a program as a microVM of its own.
 *
 * The names, numbers and meanings are those of containers/libkrun, so that programs
 * written for it run with this library; docs/libkrun-api.md says of each function what it does
 * here. Functions return 0 or a negative errno unless they say otherwise, and the log says
 * why; strings and arrays are copied, arrays end with NULL. An unknown context gives -ENOENT.
 * Functions for devices that this library does not have return -ENOTSUP.
 *
 * Any thread may call any function at any time; contexts are independent of each other. */
#ifndef LIBKRUN_H
#define LIBKRUN_H

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KRUN_LOG_LEVEL_OFF 0
#define KRUN_LOG_LEVEL_ERROR 1
#define KRUN_LOG_LEVEL_WARN 2
#define KRUN_LOG_LEVEL_INFO 3
#define KRUN_LOG_LEVEL_DEBUG 4
#define KRUN_LOG_LEVEL_TRACE 5

#define KRUN_LOG_TARGET_DEFAULT (-1)
#define KRUN_LOG_STYLE_AUTO 0
#define KRUN_LOG_STYLE_ALWAYS 1
#define KRUN_LOG_STYLE_NEVER 2
#define KRUN_LOG_OPTION_NO_ENV 1

#define KRUN_KERNEL_FORMAT_RAW 0
#define KRUN_KERNEL_FORMAT_ELF 1
#define KRUN_KERNEL_FORMAT_PE_GZ 2
#define KRUN_KERNEL_FORMAT_IMAGE_BZ2 3
#define KRUN_KERNEL_FORMAT_IMAGE_GZ 4
#define KRUN_KERNEL_FORMAT_IMAGE_ZSTD 5

#define KRUN_FEATURE_NET 0
#define KRUN_FEATURE_BLK 1
#define KRUN_FEATURE_GPU 2
#define KRUN_FEATURE_INPUT 4
#define KRUN_FEATURE_TEE 6
#define KRUN_FEATURE_AMD_SEV 7
#define KRUN_FEATURE_INTEL_TDX 8
#define KRUN_FEATURE_AWS_NITRO 9
#define KRUN_FEATURE_VIRGL_RESOURCE_MAP2 10
#define KRUN_FEATURE_INIT_BLOB 11

#define KRUN_TSI_HIJACK_INET (1 << 0)
#define KRUN_TSI_HIJACK_UNIX (1 << 1)

#define KRUN_FS_ROOT_TAG "/dev/root"

#define NET_FLAG_VFKIT (1 << 0)
#define NET_FLAG_DHCP_CLIENT (1 << 1)

/* The bits of virtio 1.2, section 5.1.3. */
#define NET_FEATURE_CSUM (1 << 0)
#define NET_FEATURE_GUEST_CSUM (1 << 1)
#define NET_FEATURE_GUEST_TSO4 (1 << 7)
#define NET_FEATURE_GUEST_TSO6 (1 << 8)
#define NET_FEATURE_GUEST_UFO (1 << 10)
#define NET_FEATURE_HOST_TSO4 (1 << 11)
#define NET_FEATURE_HOST_TSO6 (1 << 12)
#define NET_FEATURE_HOST_UFO (1 << 14)
#define COMPAT_NET_FEATURES                                                                       \
	(NET_FEATURE_CSUM | NET_FEATURE_GUEST_CSUM | NET_FEATURE_GUEST_TSO4 | NET_FEATURE_GUEST_UFO | \
	 NET_FEATURE_HOST_TSO4 | NET_FEATURE_HOST_UFO)

#define VIRGLRENDERER_USE_EGL (1 << 0)
#define VIRGLRENDERER_THREAD_SYNC (1 << 1)
#define VIRGLRENDERER_USE_GLX (1 << 2)
#define VIRGLRENDERER_USE_SURFACELESS (1 << 3)
#define VIRGLRENDERER_USE_GLES (1 << 4)
#define VIRGLRENDERER_USE_EXTERNAL_BLOB (1 << 5)
#define VIRGLRENDERER_VENUS (1 << 6)
#define VIRGLRENDERER_NO_VIRGL (1 << 7)
#define VIRGLRENDERER_USE_ASYNC_FENCE_CB (1 << 8)
#define VIRGLRENDERER_RENDER_SERVER (1 << 9)
#define VIRGLRENDERER_DRM (1 << 10)
#define KRUN_MAX_DISPLAYS 16

#define KRUN_VIRTIO_DEVICE_CONSOLE 3
#define KRUN_VIRTIO_DEVICE_RNG 4
#define KRUN_VIRTIO_DEVICE_RTC 17
#define KRUN_VIRTIO_DEVICE_INPUT 18
#define KRUN_VIRTIO_DEVICE_VSOCK 19
#define KRUN_VIRTIO_DEVICE_SND 25
#define KRUN_VIRTIO_DEVICE_CAN 36

#define KRUN_VHOST_USER_CONSOLE_NUM_QUEUES 4
#define KRUN_VHOST_USER_CONSOLE_QUEUE_SIZES ((uint16_t[]){ 128, 128, 64, 64 })
#define KRUN_VHOST_USER_RNG_NUM_QUEUES 1
#define KRUN_VHOST_USER_RNG_QUEUE_SIZES ((uint16_t[]){ 256 })
#define KRUN_VHOST_USER_RTC_NUM_QUEUES 2
#define KRUN_VHOST_USER_RTC_QUEUE_SIZES ((uint16_t[]){ 1024, 1024 })
#define KRUN_VHOST_USER_INPUT_NUM_QUEUES 2
#define KRUN_VHOST_USER_INPUT_QUEUE_SIZES ((uint16_t[]){ 1024, 1024 })
#define KRUN_VHOST_USER_SND_NUM_QUEUES 4
#define KRUN_VHOST_USER_SND_QUEUE_SIZES ((uint16_t[]){ 64, 64, 64, 64 })
#define KRUN_VHOST_USER_VSOCK_NUM_QUEUES 3
#define KRUN_VHOST_USER_VSOCK_QUEUE_SIZES ((uint16_t[]){ 128, 128, 128 })
#define KRUN_VHOST_USER_CAN_NUM_QUEUES 3
#define KRUN_VHOST_USER_CAN_QUEUE_SIZES ((uint16_t[]){ 64, 64, 64 })

#define KRUN_DISK_FORMAT_RAW 0
#define KRUN_DISK_FORMAT_QCOW2 1
#define KRUN_DISK_FORMAT_VMDK 2

#define KRUN_SYNC_NONE 0
#define KRUN_SYNC_RELAXED 1
#define KRUN_SYNC_FULL 2

/* The log, which all contexts share: lines up to `level` (above TRACE counts as TRACE) on standard
 * error. The environment variable RUST_LOG changes the level where it is the name of one. */
int32_t krun_set_log_level(uint32_t level);

/* The same to target_fd (KRUN_LOG_TARGET_DEFAULT: standard error; others must be above 0). Style:
 * colours always, never, or where the descriptor is a terminal (and NO_COLOR is not set).
 * KRUN_LOG_OPTION_NO_ENV: the environment has no say in it. */
int32_t krun_init_log(int target_fd, uint32_t level, uint32_t style, uint32_t options);

/* Returns the new context's id, from 0 up. */
int32_t krun_create_ctx(void);
int32_t krun_free_ctx(uint32_t ctx_id);

/* Processors (1 to krun_get_max_vcpus(); a Walnut image gets one in any case) and RAM in MiB.
 * Default 1 and 128. */
int32_t krun_set_vm_config(uint32_t ctx_id, uint8_t num_vcpus, uint32_t ram_mib);

/* The kernel. Formats:
 *	ELF		a Walnut image; or an ELF file with a PVH entry point or a 64-bit Linux one
 *	RAW		a bzImage
 *	PE_GZ, IMAGE_GZ, IMAGE_BZ2, IMAGE_ZSTD
 *			an image with an ELF file in it, compressed by gzip, bzip2, Zstandard
 * initramfs: an initial RAM file system for it, or NULL. A Walnut image takes none: its place is
 * taken by the launch block with arguments and environment. cmdline: words to begin the command
 * line with, or NULL. The files are read when the VM is built. */
int32_t krun_set_kernel(uint32_t ctx_id, const char *kernel_path, uint32_t kernel_format,
			const char *initramfs, const char *cmdline);

/* The program: exec_path becomes argv[0], `argv` are the arguments after it. A NULL
 * envp copies the caller's environment. */
int32_t krun_set_exec(uint32_t ctx_id, const char *exec_path, const char *const argv[],
		      const char *const envp[]);

/* The environment alone; NULL copies the caller's. */
int32_t krun_set_env(uint32_t ctx_id, const char *const envp[]);

/* The folder that the program starts in. */
int32_t krun_set_workdir(uint32_t ctx_id, const char *workdir_path);

/* Limits of the program's resources, each "NUMBER=SOFT:HARD". Of a WebAssembly program two: RLIMIT_NOFILE
 * (7), and RLIMIT_AS (9), for all its linear memories; the log names the others. */
int32_t krun_set_rlimits(uint32_t ctx_id, const char *const rlimits[]);

/* No longer part of libkrun: always -EINVAL. krun_add_virtiofs() shares folders. */
int32_t krun_set_mapped_volumes(uint32_t ctx_id, const char *const mapped_volumes[]);

/* The folder that is the guest's root. */
int32_t krun_set_root(uint32_t ctx_id, const char *root_path);

/* Shares a folder of the host by a virtio-fs device of that tag (at most 36 bytes), with a DAX
 * window of shm_size bytes (0: none; this library never offers one). The tag KRUN_FS_ROOT_TAG is the guest's root. */
int32_t krun_add_virtiofs(uint32_t ctx_id, const char *c_tag, const char *c_path);
int32_t krun_add_virtiofs2(uint32_t ctx_id, const char *c_tag, const char *c_path, uint64_t shm_size);
int32_t krun_add_virtiofs3(uint32_t ctx_id, const char *c_tag, const char *c_path, uint64_t shm_size,
			   bool read_only);

/* Files and folders that are in the guest's view of a shared folder and not on the host. `data` is
 * not copied. one_shot: it can be looked up once. */
int32_t krun_fs_add_overlay_file(uint32_t ctx_id, const char *fs_tag, const char *path,
				 const uint8_t *data, size_t data_len, uint32_t mode, bool one_shot);
int32_t krun_fs_add_overlay_dir(uint32_t ctx_id, const char *fs_tag, const char *path, uint32_t mode);

/* The root is a file system on a disk that krun_add_disk*() added. */
int32_t krun_set_root_disk_remount(uint32_t ctx_id, const char *device, const char *fstype,
				   const char *options);

/* libkrun puts a first process of its own into the root. This library has none. */
int32_t krun_disable_implicit_init(uint32_t ctx_id);
int32_t krun_get_default_init(const uint8_t **data_out, size_t *len_out);

/* Connects a vsock port and a unix socket. With `listen` false, each connection of the
 * guest's to that port of the host (CID 2) becomes one to the socket at c_filepath. With
 * `listen` true, the path must not exist (-EEXIST) when this is called; while the VM runs a
 * socket listens there, and each client of it becomes a connection to that port of the
 * guest. A port has one path: -EEXIST. -ENODEV: there will be no vsock device. */
int32_t krun_add_vsock_port2(uint32_t ctx_id, uint32_t port, const char *c_filepath, bool listen);
int32_t krun_add_vsock_port(uint32_t ctx_id, uint32_t port, const char *c_filepath);

/* The guest has a vsock device (CID 3) when a port was added, unless this says otherwise. */
int32_t krun_disable_implicit_vsock(uint32_t ctx_id);

/* Adds the device after all, once (else -EEXIST); only after krun_disable_implicit_vsock()
 * (else -EEXIST). With KRUN_TSI_HIJACK_INET sockets of the guest's programs may be sockets
 * of the host's, as far as krun_set_port_map(), krun_walnut_publish() and
 * krun_walnut_allow_net() allow; KRUN_TSI_HIJACK_UNIX gives -ENOTSUP. */
int32_t krun_add_vsock(uint32_t ctx_id, uint32_t tsi_features);

/* A network interface of a Linux guest's, whose frames go to a program of the host by a stream
 * socket, each after its length in 4 bytes, big-endian, as passt and QEMU have it. Either c_path
 * names a socket to connect to and fd is -1, or fd is connected and c_path is NULL; it is needed until
 * the machine ends, and stays the caller's. c_mac: 6 bytes. features: NET_FEATURE_*; flags:
 * NET_FLAG_DHCP_CLIENT asks the guest's first process to configure the interface. */
int32_t krun_add_net_unixstream(uint32_t ctx_id, const char *c_path, int fd, uint8_t *const c_mac,
				uint32_t features, uint32_t flags);

/* The same by a datagram socket, a frame in each datagram. NET_FLAG_VFKIT: begin with the
 * word that gvproxy waits for (with c_path only). */
int32_t krun_add_net_unixgram(uint32_t ctx_id, const char *c_path, int fd, uint8_t *const c_mac,
			      uint32_t features, uint32_t flags);

/* The same by a TAP interface of the host. Segments for the guest need NET_FEATURE_GUEST_CSUM
 * (-EINVAL). */
int32_t krun_add_net_tap(uint32_t ctx_id, char *c_tap_name, uint8_t *const c_mac, uint32_t features,
			 uint32_t flags);

/* Deprecated: the only network interface, to passt or gvproxy, and its address (default
 * 5a:94:ef:e4:0c:ee). -EINVAL after krun_add_net_*(). */
int32_t krun_set_passt_fd(uint32_t ctx_id, int fd);
int32_t krun_set_gvproxy_path(uint32_t ctx_id, char *c_path);
int32_t krun_set_net_mac(uint32_t ctx_id, uint8_t *const c_mac);

/* Another disk, a file or block device of the host: /dev/vda is the first, and so on. `block_id`
 * is its serial number in the guest (20 bytes of it). Read-only images may be shared, one that
 * is written belongs to one machine. */
int32_t krun_add_disk(uint32_t ctx_id, const char *block_id, const char *disk_path, bool read_only);

/* The same with a format: KRUN_DISK_FORMAT_RAW; the others give -ENOTSUP. */
int32_t krun_add_disk2(uint32_t ctx_id, const char *block_id, const char *disk_path,
		       uint32_t disk_format, bool read_only);

/* The same with direct_io: past the host's page cache. sync_mode: KRUN_SYNC_FULL, the guest's
 * flushes reach stable storage (and so with KRUN_SYNC_RELAXED, on Linux); KRUN_SYNC_NONE, the
 * guest is offered none. */
int32_t krun_add_disk3(uint32_t ctx_id, const char *block_id, const char *disk_path,
		       uint32_t disk_format, bool read_only, bool direct_io, uint32_t sync_mode);

/* Deprecated: one raw disk "root" and one "data" behind it. Without effect where
 * krun_add_disk*() is used, too. */
int32_t krun_set_root_disk(uint32_t ctx_id, const char *disk_path);
int32_t krun_set_data_disk(uint32_t ctx_id, const char *disk_path);

/* Which ports of the guest appear on the host: "HOST:GUEST" for TCP listeners, at the address
 * that the guest listens at. It replaces what was published before; a port that is not
 * listed is nowhere on the host, NULL or an empty list publishes nothing. -EINVAL: not a
 * mapping, or a port twice, or there is a network interface; -ENODEV: there will be no vsock device, or one without TSI. */
int32_t krun_set_port_map(uint32_t ctx_id, const char *const port_map[]);

/* The first console is there unless this says otherwise: hvc0 of a Linux guest, a Walnut program's
 * standard streams. */
int32_t krun_disable_implicit_console(uint32_t ctx_id);

/* Its output goes to this file, which is made or truncated, and its input is empty. -EINVAL: called
 * before. */
int32_t krun_set_console_output(uint32_t ctx_id, const char *c_filepath);

/* A console with these descriptors (-1: none): hvc0, or hvc1 if the implicit one is there, and so
 * on. What is no terminal is a port of its own: krun-stdin, krun-stdout, krun-stderr. */
int32_t krun_add_virtio_console_default(uint32_t ctx_id, int input_fd, int output_fd, int err_fd);

/* A console without ports: its id, for the functions that add them. Port 0 is hvcN, the others are
 * /dev/vportNpM. */
int32_t krun_add_virtio_console_multiport(uint32_t ctx_id);

/* A port that is a terminal of the guest's. -ENOTTY: tty_fd is none. */
int32_t krun_add_console_port_tty(uint32_t ctx_id, uint32_t console_id, const char *name, int tty_fd);

/* A port for bytes of any kind; a descriptor below 0: none. */
int32_t krun_add_console_port_inout(uint32_t ctx_id, uint32_t console_id, const char *name, int input_fd,
				    int output_fd);

/* A serial port: ttyS0, ttyS1, and so on. The library owns the descriptors from then on; -1: none. */
int32_t krun_add_serial_console_default(uint32_t ctx_id, int input_fd, int output_fd);

/* The value of console= on the command line of a Linux guest. */
int32_t krun_set_kernel_console(uint32_t ctx_id, const char *console_id);

/* Firmware to start from instead of a kernel. */
int32_t krun_set_firmware(uint32_t ctx_id, const char *firmware_path);

/* User and group that the process becomes before the VM is built. */
int32_t krun_setuid(uint32_t ctx_id, uid_t uid);
int32_t krun_setgid(uint32_t ctx_id, gid_t gid);

/* Virtual machines in the guest: whether it sees VMX or SVM; whether the host's KVM can do that (1
 * or 0). */
int32_t krun_set_nested_virt(uint32_t ctx_id, bool enabled);
int32_t krun_check_nested_virt(void);

/* Interrupt controllers outside the host's kernel; -ENOTSUP to enable. */
int32_t krun_split_irqchip(uint32_t ctx_id, bool enable);

/* There is no orderly shutdown by a button on x86-64: always -EINVAL. */
int32_t krun_get_shutdown_eventfd(uint32_t ctx_id);

int32_t krun_set_smbios_oem_strings(uint32_t ctx_id, const char *const oem_strings[]);
int32_t krun_set_tee_config_file(uint32_t ctx_id, const char *filepath);

/* There is no GPU; these two are accepted all the same, as callers expect it. */
int32_t krun_set_gpu_options(uint32_t ctx_id, uint32_t virgl_flags);
int32_t krun_set_gpu_options2(uint32_t ctx_id, uint32_t virgl_flags, uint64_t shm_size);

int32_t krun_add_display(uint32_t ctx_id, uint32_t width, uint32_t height);
int32_t krun_display_set_edid(uint32_t ctx_id, uint32_t display_id, const uint8_t *edid_blob,
			      size_t blob_size);
int32_t krun_display_set_dpi(uint32_t ctx_id, uint32_t display_id, uint32_t dpi);
int32_t krun_display_set_physical_size(uint32_t ctx_id, uint32_t display_id, uint16_t width_mm,
				       uint16_t height_mm);
int32_t krun_display_set_refresh_rate(uint32_t ctx_id, uint32_t display_id, uint32_t refresh_rate);
int32_t krun_set_display_backend(uint32_t ctx_id, const void *display_backend, size_t backend_size);
int krun_add_input_device(uint32_t ctx_id, const void *config_backend, size_t config_backend_size,
			  const void *events_backend, size_t events_backend_size);
int krun_add_input_device_fd(uint32_t ctx_id, int input_fd);
int32_t krun_add_vhost_user_device(uint32_t ctx_id, uint32_t device_type, const char *socket_path,
				   const char *name, uint16_t num_queues, const uint16_t *queue_sizes);

/* Builds the VM, runs it, and ends the process with the program's exit status. Consumes
 * the context. Returns only when the VM could not be built. The program's streams are
 * the process's 0, 1 and 2 unless krun_walnut_set_stdio() said otherwise. */
int32_t krun_start_enter(uint32_t ctx_id);

/* 1: this library has the feature, 0: it has not, -EINVAL: no such feature. */
int32_t krun_has_feature(uint64_t feature);

/* The most processors krun_set_vm_config() accepts. */
int32_t krun_get_max_vcpus(void);

#ifdef __cplusplus
}
#endif

#endif
