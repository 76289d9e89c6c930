/* The ELF note that the compiler puts into an app object and the linker carries
 * into the image: what the VMM and `walnut inspect` need to know before boot.
 * Section ".note.walnut", owner "Walnut", type WALNUT_NOTE_APP. */
#ifndef WALNUT_ABI_APP_NOTE_H
#define WALNUT_ABI_APP_NOTE_H

#include <stdint.h>

#define WALNUT_NOTE_OWNER "Walnut" /* namesz 7 with the NUL, padded to 8 */
#define WALNUT_NOTE_APP 1u

struct walnut_app_note {
	uint32_t abi_version;	 /* WALNUT_ABI_VERSION */
	uint32_t flags;		 /* none yet */
	uint64_t memory_pages;	 /* initial size of all memories, 64 KiB units */
	uint64_t memory_max;	 /* UINT64_MAX: none declared */
	uint64_t wasm_size;	 /* bytes of the module */
	uint64_t table_elements; /* initial, all tables */
	char target_cpu[64];	 /* NUL-terminated, as given to LLVM */
};
_Static_assert(sizeof(struct walnut_app_note) == 104, "app note");

#endif
