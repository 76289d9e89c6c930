/* vmm/boot/elf.c: good images are in place afterwards, bad ones are refused with a
 * reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "boot/elf.h"
#include "boot/image_file.h"
#include "failure.h"
#include "vm/guest_mem.h"

#define MIB (1ull << 20)

struct file {
	Elf64_Ehdr header;
	Elf64_Phdr phdrs[3];
	uint8_t pad[4096 - sizeof(Elf64_Ehdr) - 3 * sizeof(Elf64_Phdr)];
	uint8_t data[1u << 20];
};

struct fixture {
	struct guest_mem mem;
	struct file *file;
	size_t size; /* of the file that is written */
	int fd;
	bool map;
	struct elf elf;
	struct elf_image image;
	struct failure failure;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct file *file = calloc(1, sizeof(*file));

	assert_int_equal(guest_mem_create(&f->mem, 16 * MIB, &f->failure), 0);
	f->fd = memfd_create("elf", MFD_CLOEXEC);
	f->map = true;
	f->file = file;
	f->size = sizeof(*file);
	for (size_t i = 0; i < sizeof(file->data); i++)
		file->data[i] = (uint8_t)(i * 7 + i / 4096);
	memcpy(file->header.e_ident, ELFMAG, SELFMAG);
	file->header.e_ident[EI_CLASS] = ELFCLASS64;
	file->header.e_ident[EI_DATA] = ELFDATA2LSB;
	file->header.e_type = ET_EXEC;
	file->header.e_machine = EM_X86_64;
	file->header.e_entry = 2 * MIB + 16;
	file->header.e_phoff = offsetof(struct file, phdrs);
	file->header.e_phentsize = sizeof(Elf64_Phdr);
	file->header.e_phnum = 2;
	file->phdrs[0] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_offset = 4096, .p_paddr = 2 * MIB, .p_filesz = 5000, .p_memsz = 5000 };
	file->phdrs[1] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_offset = 4096, .p_paddr = 4 * MIB, .p_filesz = 600000, .p_memsz = 2 * MIB };
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	guest_mem_destroy(&f->mem);
	close(f->fd);
	free(f->file);
	free(f);
	return 0;
}

static int open_and_load(struct fixture *f, int fd, const char *name)
{
	struct image_file file;
	int error = image_file_from(&file, fd, name, &f->failure);

	if (!error)
		error = elf_open(&file, &f->elf);
	return error ? error : elf_load(&file, &f->elf, &f->mem, f->map, &f->image);
}

static int load(struct fixture *f)
{
	assert_int_equal(pwrite(f->fd, f->file, f->size, 0), f->size);
	return open_and_load(f, f->fd, "image");
}

static void segments_are_in_place(void **state)
{
	struct fixture *f = *state;
	const uint8_t *small, *large;

	assert_int_equal(load(f), 0);
	small = guest_mem_range(&f->mem, 2 * MIB, 8192);
	large = guest_mem_range(&f->mem, 4 * MIB, 2 * MIB);
	assert_memory_equal(small, f->file->data, 5000);
	assert_int_equal(small[5000], 0);
	assert_memory_equal(large, f->file->data, 600000);
	for (size_t i = 600000; i < 2 * MIB; i++)
		assert_int_equal(large[i], 0);
	assert_int_equal(f->image.entry, 2 * MIB + 16);
	assert_int_equal(f->image.start, 2 * MIB);
	assert_int_equal(f->image.end, 6 * MIB);
}

static void guest_writes_stay_out_of_the_file(void **state)
{
	struct fixture *f = *state;
	uint8_t first;

	assert_int_equal(load(f), 0);
	*(uint8_t *)guest_mem_range(&f->mem, 4 * MIB, 1) ^= 0xff;
	assert_int_equal(pread(f->fd, &first, 1, 4096), 1);
	assert_int_equal(first, f->file->data[0]);
}

static void bad_headers_are_refused(void **state)
{
	struct fixture *f = *state;
	const Elf64_Ehdr good = f->file->header;

	for (int i = 0; i < 10; i++) {
		Elf64_Ehdr *h = &f->file->header;

		*h = good;
		switch (i) {
		case 0: h->e_ident[0] = 0; break;
		case 1: h->e_ident[EI_CLASS] = 3; break;
		case 2: h->e_ident[EI_DATA] = ELFDATA2MSB; break;
		case 3: h->e_machine = EM_AARCH64; break;
		case 4: h->e_type = ET_REL; break;
		case 5: h->e_phnum = 0; break;
		case 6: h->e_phnum = 0xffff; break;
		case 7: h->e_phentsize = 32; break;
		case 8: h->e_phoff = f->size - 8; break;
		case 9: h->e_phoff = UINT64_MAX - 8; break;
		}
		if (load(f) != -ENOEXEC)
			fail_msg("accepted: case %d", i);
		assert_int_equal(strncmp(f->failure.text, "image: ", 7), 0);
	}
}

static void bad_segments_are_refused(void **state)
{
	static const struct {
		Elf64_Phdr phdr;
		int error;
	} cases[] = {
		{ { .p_offset = 4096, .p_paddr = 8 * MIB, .p_filesz = 2, .p_memsz = 1 }, -ENOEXEC },
		{ { .p_offset = UINT64_MAX, .p_paddr = 8 * MIB, .p_filesz = 2, .p_memsz = 2 }, -ENOEXEC },
		{ { .p_offset = 4096, .p_paddr = UINT64_MAX, .p_filesz = 2, .p_memsz = 2 }, -ENOEXEC },
		{ { .p_offset = 4096, .p_paddr = 8 * MIB, .p_filesz = 2 * MIB, .p_memsz = 2 * MIB }, -ENOEXEC },
		{ { .p_offset = 4096, .p_paddr = 0x1000, .p_filesz = 2, .p_memsz = 2 }, -ENOEXEC },
		{ { .p_offset = 4096, .p_paddr = 5 * MIB, .p_filesz = 2, .p_memsz = 2 }, -ENOEXEC },
		{ { .p_offset = 4096, .p_paddr = 2 * MIB + 4999, .p_filesz = 1, .p_memsz = 1 }, -ENOEXEC },
		{ { .p_offset = 4096, .p_paddr = 15 * MIB, .p_filesz = 2, .p_memsz = MIB + 1 }, -ENOMEM },
		{ { .p_offset = 4096, .p_paddr = 0xd0000000, .p_filesz = 2, .p_memsz = 2 }, -ENOMEM },
		{ { .p_offset = 4096, .p_paddr = 8 * MIB, .p_filesz = 2, .p_memsz = UINT64_MAX - 8 * MIB }, -ENOMEM },
	};
	struct fixture *f = *state;

	f->file->header.e_phnum = 3;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		f->file->phdrs[2] = cases[i].phdr;
		f->file->phdrs[2].p_type = PT_LOAD;
		if (load(f) != cases[i].error)
			fail_msg("case %zu: %s", i, f->failure.text);
	}
}

static void truncated_files_are_refused(void **state)
{
	struct fixture *f = *state;
	static const size_t sizes[] = { 0, 1, 63, 64, 100, 4096, 9095, 500000 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		assert_int_equal(ftruncate(f->fd, 0), 0);
		f->size = sizes[i];
		if (load(f) != -ENOEXEC)
			fail_msg("accepted: %zu bytes", sizes[i]);
	}
}

static void message_says_what_does_not_fit(void **state)
{
	struct fixture *f = *state;

	f->file->phdrs[1].p_memsz = 20 * MIB;
	assert_int_equal(load(f), -ENOMEM);
	assert_string_equal(f->failure.text,
			    "image: does not fit into guest memory (a segment ends at 24 MiB)");
}

static void pipes_are_refused(void **state)
{
	struct fixture *f = *state;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(open_and_load(f, ends[0], "pipe"), -ENOEXEC);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(segments_are_in_place),
		TEST(guest_writes_stay_out_of_the_file),
		TEST(bad_headers_are_refused),
		TEST(bad_segments_are_refused),
		TEST(truncated_files_are_refused),
		TEST(message_says_what_does_not_fit),
		TEST(pipes_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
