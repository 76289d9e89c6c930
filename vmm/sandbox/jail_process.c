/* The processes inside a jail. A process can make a pid namespace only for its children, and namespaces of
 * users only while it has one thread: hence the first, which is gone once it has made them, and hands its
 * child to the caller. The machine's process is not process 1, whom stopping signals do not reach. */
#include "sandbox/jail_process.h"

#include <errno.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config.h"
#include "sandbox/sandbox.h"

#define EXIT_FAILED 125
#define HOST_NAME "walnut"

static void tell(const struct jail *jail, const struct jail_message *message)
{
	(void)!send(jail->control_fd, message, sizeof(*message), MSG_NOSIGNAL);
}

_Noreturn static void give_up(const struct jail *jail, int error, const char *what)
{
	struct jail_message message = { .word = JAIL_FAILED };

	message.value = failure_errno(&message.why, error, "no jail: %s", what);
	tell(jail, &message);
	_exit(EXIT_FAILED);
}

static const char *namespaces_refused(int error)
{
	switch (error) {
	case EPERM:
		return "user namespaces are not permitted here";
	case ENOSPC:
		return "there are too many namespaces (sysctl user.max_user_namespaces and the like)";
	default:
		return "the host's kernel makes no namespaces";
	}
}

/* A network is what a guest's sockets need, if it may have any. */
static int namespaces(const struct vm_config *config)
{
	int wanted = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS;

	return config->vsock.tsi ? wanted : wanted | CLONE_NEWNET;
}

static void ask_for_ids(const struct jail *jail)
{
	struct jail_message message = { .word = JAIL_WANTS_IDS };

	tell(jail, &message);
	if (recv(jail->control_fd, &message, sizeof(message), 0) != sizeof(message))
		_exit(EXIT_FAILED); /* nobody is there */
	if (message.value)
		give_up(jail, message.value, "users and groups cannot be mapped");
}

/* The environment may hold what is no guest's business. */
static void forget_environment(void)
{
	for (char **at = environ; at && *at; at++)
		memset(*at, 0, strlen(*at));
}

static int limit_capabilities(void)
{
	for (unsigned i = 0; i <= CAP_LAST_CAP; i++)
		if (prctl(PR_CAPBSET_DROP, i, 0, 0, 0) && errno != EINVAL) /* EINVAL: the kernel has fewer */
			return -errno;
	return 0;
}

_Noreturn static void be_machine(struct jail *jail)
{
	struct vm_config *config = jail->config;
	struct jail_record record = { 0 };
	int error;

	close(jail->control_fd);
	sigprocmask(SIG_SETMASK, &jail->mask, NULL);
	record.result.stats.start_ns = jail->start_ns;
	error = jail_find_inherited(jail);
	if (!error)
		error = limit_capabilities();
	if (error) {
		struct failure why;

		record.error = failure_errno(&why, error, "no jail");
		memcpy(record.result.message, why.text, sizeof(record.result.message));
	} else {
		forget_environment();
		config->walls = jail;
		for (unsigned i = 0; i < config->share_count; i++)
			config->shares[i].detached = true;
		record.error = jail->work(config, &record.result);
	}
	(void)!write(jail->result_fd, &record, sizeof(record));
	_exit(0);
}

struct init {
	const struct jail *jail;
	int signal_fd;
	pid_t machine;
	bool told; /* the caller, that the machine's process has stopped */
};

/* The only children there can be are the machine's process, and its own if it left any. */
static void child_changed(struct init *init)
{
	const struct jail_message stopped = { .word = JAIL_STOPPED };
	struct signalfd_siginfo info;
	int status;
	pid_t pid;

	(void)!read(init->signal_fd, &info, sizeof(info));
	while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0) {
		if (pid == init->machine && !WIFSTOPPED(status))
			_exit(WIFSIGNALED(status) ? WTERMSIG(status) : 0);
		if (pid == init->machine && !init->told)
			tell(init->jail, &stopped);
		if (pid == init->machine)
			init->told = true;
	}
}

static void caller_spoke(struct init *init)
{
	struct jail_message message;
	ssize_t got = recv(init->jail->control_fd, &message, sizeof(message), MSG_DONTWAIT);

	if (got == 0)
		_exit(EXIT_FAILED);
	if (got != sizeof(message) || message.word != JAIL_SIGNAL)
		return;
	if (message.value == SIGCONT)
		init->told = false;
	kill(init->machine, message.value);
}

/* What is left open; nothing of the caller's. */
static void close_others(struct init *init)
{
	int low = init->jail->control_fd, high = init->signal_fd;

	if (low > high) {
		low = init->signal_fd;
		high = init->jail->control_fd;
	}
	if (low > 0)
		close_range(0, (unsigned)low - 1, 0);
	if (high > low + 1)
		close_range((unsigned)low + 1, (unsigned)high - 1, 0);
	close_range((unsigned)high + 1, ~0u, 0);
}

/* Process 1. Its end, and its parent's, end all. Signals to the whole group, as a terminal sends them, are not its. */
_Noreturn static void be_init(struct jail *jail)
{
	struct init init = { .jail = jail };
	struct pollfd watch[2];
	sigset_t set;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	init.signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	sigfillset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	init.machine = init.signal_fd < 0 ? -1 : fork();
	if (init.machine == 0)
		be_machine(jail);
	if (init.machine < 0)
		give_up(jail, -errno, "no process for the machine");
	(void)!chdir("/");
	close_others(&init);
	sandbox_enter(SANDBOX_NONE | SANDBOX_JAILED);
	watch[0] = (struct pollfd){ .fd = init.signal_fd, .events = POLLIN };
	watch[1] = (struct pollfd){ .fd = jail->control_fd, .events = POLLIN };
	for (;;) {
		poll(watch, 2, -1);
		child_changed(&init);
		caller_spoke(&init);
	}
}

_Noreturn void jail_build(struct jail *jail)
{
	struct jail_message message = { .word = JAIL_HAS_INIT };
	long init;

	if (unshare(namespaces(jail->config)))
		give_up(jail, -errno, namespaces_refused(errno));
	ask_for_ids(jail);
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		give_up(jail, -errno, "mounts");
	if (sethostname(HOST_NAME, strlen(HOST_NAME)))
		give_up(jail, -errno, "host name");
	init = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
	if (init == 0)
		be_init(jail);
	if (init < 0)
		give_up(jail, -errno, "process 1");
	message.value = (int)init;
	tell(jail, &message);
	_exit(0);
}
