/* passt(1), the network of the host for a machine without privileges: a process of its own. */
#ifndef WALNUT_CLI_PASST_H
#define WALNUT_CLI_PASST_H

/* Starts it. Returns our end of the socket to it, close-on-exec, which ends it when it is closed; or
 * -EXIT_WALNUT_FAILED after a message. */
int passt_start(void);

#endif
