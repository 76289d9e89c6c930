/* What threads of the VMM may ask of the host's kernel, by what they are for. A thread gives up the rest
 * before it looks at anything that the guest can influence; there is no way back. */
#ifndef WALNUT_VMM_SANDBOX_H
#define WALNUT_VMM_SANDBOX_H

enum sandbox_kind {
	SANDBOX_NONE, /* everything */
	SANDBOX_VCPU,
	SANDBOX_VCPU_LISTENER, /* and will remove sockets that the guest's ports listened at */
	SANDBOX_VCPU_FILES,    /* and serves shared folders itself */
	SANDBOX_IO,	       /* the I/O thread, disks, network interfaces */
	SANDBOX_FILES,
	SANDBOX_SOCKETS,      /* of the network */
	SANDBOX_UNIX_SOCKETS, /* and unix sockets of the host */
	SANDBOX_RESOLVER, /* all of them, and names */
	SANDBOX_RESOLVER_JAILED, /* names, without unix sockets: those of the host are beyond the jail */
	SANDBOX_KINDS,
	SANDBOX_JAILED = 0x40, /* with any of them: the thread gives up its capabilities, too */
};

/* Whether this library and this host's kernel can confine threads: 0, -ENOTSUP (built with a sanitizer,
 * which needs more) or -ENOSYS. */
int sandbox_available(void);

/* Once for the process, before its threads are started: what they need so that the C library can do
 * without the rest, and a line on stderr for a call that is not allowed. 0 or a negative errno. */
int sandbox_prepare(void);

/* The calling thread's, for good: it gains none by executing programs either. 0 or a negative errno. */
int sandbox_give_up_capabilities(void);

/* Confines the calling thread: a system call that is not allowed kills the process (SIGSYS). Where
 * that cannot be set up the process ends. */
void sandbox_enter(enum sandbox_kind kind);

#endif
