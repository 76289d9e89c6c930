/* The table of contexts: process-wide, as ids are, and behind one lock. */
#include "context.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_RAM_MIB 128

/* libkrun's, for krun_set_passt_fd() and krun_set_gvproxy_path(). */
static const uint8_t default_mac[6] = { 0x5a, 0x94, 0xef, 0xe4, 0x0c, 0xee };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct vm_config **contexts; /* by id; NULL: freed. Ids are not used again. */
static uint32_t context_count;

int32_t context_create(void)
{
	struct vm_config *config = calloc(1, sizeof(*config));
	struct vm_config **grown;
	int32_t id = -ENOMEM;

	if (!config)
		return -ENOMEM;
	config->vcpu_count = 1;
	config->ram_mib = DEFAULT_RAM_MIB;
	config->input_fd = STDIN_FILENO;
	config->output_fd = STDOUT_FILENO;
	config->error_fd = STDERR_FILENO;
	memcpy(config->net_mac, default_mac, sizeof(config->net_mac));
	config->uid = (uid_t)-1;
	config->gid = (gid_t)-1;

	pthread_mutex_lock(&lock);
	grown = context_count < INT32_MAX ? realloc(contexts, (context_count + 1) * sizeof(*contexts)) : NULL;
	if (grown) {
		contexts = grown;
		contexts[context_count] = config;
		id = (int32_t)context_count++;
	}
	pthread_mutex_unlock(&lock);
	if (id < 0)
		free(config);
	return id;
}

struct vm_config *context_acquire(uint32_t id)
{
	pthread_mutex_lock(&lock);
	if (id < context_count && contexts[id])
		return contexts[id];
	pthread_mutex_unlock(&lock);
	return NULL;
}

void context_release(void)
{
	pthread_mutex_unlock(&lock);
}

struct vm_config *context_take(uint32_t id)
{
	struct vm_config *config = context_acquire(id);

	if (!config)
		return NULL;
	contexts[id] = NULL;
	context_release();
	return config;
}

void context_strings_free(char **strings)
{
	for (size_t i = 0; strings && strings[i]; i++)
		free(strings[i]);
	free(strings);
}

static void disks_free(struct disk_config *disks, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		free(disks[i].id);
		free(disks[i].path);
	}
}

static void consoles_free(struct console_config *consoles, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		for (unsigned j = 0; j < consoles[i].port_count; j++)
			free(consoles[i].ports[j].name);
}

/* One descriptor may be both. */
static void serials_close(struct serial_config *serials, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (serials[i].input_fd >= 0)
			close(serials[i].input_fd);
		if (serials[i].output_fd >= 0 && serials[i].output_fd != serials[i].input_fd)
			close(serials[i].output_fd);
	}
}

static void free_net(struct net_config *net)
{
	free(net->path);
	if (net->pcap_path)
		close(net->pcap_fd);
	free(net->pcap_path);
}

void context_config_free(struct vm_config *config)
{
	if (!config)
		return;
	free(config->kernel_path);
	free(config->initramfs_path);
	free(config->cmdline);
	free(config->gdb);
	free(config->invoke);
	for (unsigned i = 0; i < config->net_count; i++)
		free_net(&config->nets[i]);
	free(config->workdir);
	free(config->console_output);
	free(config->kernel_console);
	consoles_free(config->consoles, config->console_count);
	serials_close(config->serials, config->serial_count);
	context_strings_free(config->rlimits);
	context_strings_free(config->argv);
	context_strings_free(config->envp);
	for (unsigned i = 0; i < config->vsock.port_count; i++)
		free(config->vsock.ports[i].path);
	free(config->vsock.ports);
	free(config->vsock.policy.rules);
	free(config->vsock.policy.published);
	for (unsigned i = 0; i < config->share_count; i++) {
		free(config->shares[i].tag);
		free(config->shares[i].path);
		free(config->shares[i].guest_path);
	}
	free(config->shares);
	for (unsigned i = 0; i < config->mount_count; i++) {
		free(config->mounts[i].path);
		if (config->mounts[i].archive_fd >= 0)
			close(config->mounts[i].archive_fd);
	}
	free(config->mounts);
	disks_free(config->named_disks, DISK_NAMED_COUNT);
	disks_free(config->disks, config->disk_count);
	free(config->disks);
	free(config);
}
