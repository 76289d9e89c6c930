/* libkrun.so.1: run a program as a microVM of its own.
 *
 * The names, numbers and meanings are those of containers/libkrun, of which this is a
 * part: every function declared here works in full. Functions return 0 or a negative
 * errno unless they say otherwise; strings and arrays are copied, arrays end with NULL.
 * An unknown context gives -ENOENT.
 *
 * A context may be used by one thread at a time; different contexts are independent. */
#ifndef LIBKRUN_H
#define LIBKRUN_H

#include <stdbool.h>
#include <stdint.h>

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

#define KRUN_TSI_HIJACK_INET (1u << 0)
#define KRUN_TSI_HIJACK_UNIX (1u << 1)

#define KRUN_DISK_FORMAT_RAW 0
#define KRUN_DISK_FORMAT_QCOW2 1
#define KRUN_DISK_FORMAT_VMDK 2

#define KRUN_SYNC_NONE 0
#define KRUN_SYNC_RELAXED 1
#define KRUN_SYNC_FULL 2

/* Logs to standard error from `level` up; levels above TRACE count as TRACE. */
int32_t krun_set_log_level(uint32_t level);

/* Logs to target_fd (KRUN_LOG_TARGET_DEFAULT: standard error; others must be above 0).
 * Lines have no colours in any style, and no environment variable changes the level. */
int32_t krun_init_log(int target_fd, uint32_t level, uint32_t style, uint32_t options);

/* Returns the new context's id, from 0 up. */
int32_t krun_create_ctx(void);
int32_t krun_free_ctx(uint32_t ctx_id);

/* Processors (1 to krun_get_max_vcpus()) and RAM in MiB. Default 1 and 128. */
int32_t krun_set_vm_config(uint32_t ctx_id, uint8_t num_vcpus, uint32_t ram_mib);

/* The kernel: a Walnut image or another ELF that starts at its 64-bit Linux entry
 * (KRUN_KERNEL_FORMAT_ELF; other formats give -ENOTSUP). `initramfs` must be NULL
 * (else -ENOTSUP): its place is taken by the launch block with arguments and environment.
 * cmdline: words to begin the command line with, or NULL. */
int32_t krun_set_kernel(uint32_t ctx_id, const char *kernel_path, uint32_t kernel_format,
			const char *initramfs, const char *cmdline);

/* The program: exec_path becomes argv[0], `argv` are the arguments after it. A NULL
 * envp copies the caller's environment. */
int32_t krun_set_exec(uint32_t ctx_id, const char *exec_path, const char *const argv[],
		      const char *const envp[]);

/* The environment alone; NULL copies the caller's. */
int32_t krun_set_env(uint32_t ctx_id, const char *const envp[]);

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
 * mapping, or a port twice; -ENODEV: there will be no vsock device, or one without TSI. */
int32_t krun_set_port_map(uint32_t ctx_id, const char *const port_map[]);

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
