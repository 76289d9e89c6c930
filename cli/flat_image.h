/* An image as one piece of memory behind a multiboot header, for loaders that know no 64-bit ELF:
 * GRUB's and QEMU's multiboot. */
#ifndef WALNUT_CLI_FLAT_IMAGE_H
#define WALNUT_CLI_FLAT_IMAGE_H

/* Writes the ELF image `from` as `to`. 0, or EXIT_WALNUT_FAILED after a message. */
int flat_image_write(const char *from, const char *to);

#endif
