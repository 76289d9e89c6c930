/* A bootable image, as far as the command looks into it before the VM exists. */
#ifndef WALNUT_CLI_IMAGE_H
#define WALNUT_CLI_IMAGE_H

#include <stdint.h>

#include "app_note.h"

struct image {
	struct walnut_app_note note;
	uint64_t end; /* guest physical address behind the last segment */
};

/* Reads an ELF executable of Walnut's. 0; -ENOENT: some other ELF file; -ENOEXEC: a
 * relocatable object; another negative errno: no 64-bit ELF file, or damaged. */
int image_read(int fd, struct image *image);

/* The least RAM it boots in, MiB: the image and the program's first memory, each in whole
 * frames of 2 MiB, as the kernel lays them out. No image is too big for the sum. */
uint64_t image_ram_mib(const struct image *image);
uint64_t image_memory_mib(const struct image *image); /* the memory's part of it */

/* Walnut's note in a range of notes (a PT_NOTE segment or SHT_NOTE section): header, owner
 * and description, each padded to 4. The first of ours counts: an image that links
 * several modules has one for each. 0, -ENOENT, or another negative errno. */
int image_find_note(int fd, uint64_t at, uint64_t size, struct walnut_app_note *note);

#endif
