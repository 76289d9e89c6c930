/* Makes a cpio archive ("newc") of a folder. */
#ifndef WALNUT_CLI_BUNDLE_H
#define WALNUT_CLI_BUNDLE_H

/* A descriptor of a file without a name, or -EXIT_WALNUT_FAILED after a message that begins with
 * `command`. Directories, files and symbolic links; other things are left out. */
int bundle_make(const char *command, const char *folder);

/* Writes what goes into an image (abi/bundle.h) for "DIR[::GUEST]". 0 or EXIT_WALNUT_FAILED after
 * a message. */
int bundle_write(const char *command, const char *argument, const char *output);

#endif
