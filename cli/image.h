/* A bootable image, as far as `run` looks into it before the VM exists. */
#ifndef WALNUT_CLI_IMAGE_H
#define WALNUT_CLI_IMAGE_H

#include <stdint.h>

#include "app_note.h"

/* Reads the Walnut note of an ELF executable. 0; -ENOENT: no such note; another
 * negative errno: not a 64-bit ELF executable, or damaged. */
int image_read_note(int fd, struct walnut_app_note *note);

/* The same in a range of notes (a PT_NOTE segment or SHT_NOTE section): header, owner
 * and description, each padded to 4. The first of ours counts: an image that links
 * several modules has one for each. */
int image_find_note(int fd, uint64_t at, uint64_t size, struct walnut_app_note *note);

#endif
