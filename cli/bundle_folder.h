/* Makes a cpio archive ("newc") of a folder. */
#ifndef WALNUT_CLI_BUNDLE_H
#define WALNUT_CLI_BUNDLE_H

/* A descriptor of a file without a name, or -EXIT_WALNUT_FAILED after a message that begins with
 * `command`. Directories, files and symbolic links; other things are left out. */
int bundle_make(const char *command, const char *folder);

#endif
