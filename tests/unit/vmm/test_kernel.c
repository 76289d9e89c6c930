/* vmm/boot/: kernel formats, where a kernel and its initial RAM file system go, and what is
 * refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <bzlib.h>
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "boot/initrd.h"
#include "boot/kernel.h"
#include "boot/layout.h"
#include "failure.h"
#include "libkrun.h"
#include "vm/guest_mem.h"
#include "walnut.h"

#include "pvh.h"

#define MIB (1ull << 20)
#define SETUP_SIZE 4096
#define KERNEL_SIZE 8192
#define CODE_SIZE 4096

/* A bzImage: seven sectors of setup code behind the boot sector. */
struct bzimage_file {
	union {
		struct boot_params header; /* at the same offsets as in a zero page */
		uint8_t setup[SETUP_SIZE];
	};
	uint8_t kernel[KERNEL_SIZE];
};

struct elf_file {
	Elf64_Ehdr header;
	Elf64_Phdr phdrs[2];
	struct {
		Elf64_Nhdr header;
		char owner[4];
		uint64_t entry;
	} note;
	uint8_t code[CODE_SIZE];
};

struct fixture {
	struct guest_mem mem;
	struct kernel *kernel;
	struct failure failure;
	int fd;
	char path[32];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->kernel = calloc(1, sizeof(*f->kernel));
	f->fd = memfd_create("kernel", MFD_CLOEXEC);
	snprintf(f->path, sizeof(f->path), "/proc/self/fd/%d", f->fd);
	assert_int_equal(guest_mem_create(&f->mem, 64 * MIB, &f->failure), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	guest_mem_destroy(&f->mem);
	close(f->fd);
	free(f->kernel);
	free(f);
	return 0;
}

static int load(struct fixture *f, const void *file, size_t size, unsigned format)
{
	int error;

	f->failure.text[0] = '\0';
	assert_int_equal(ftruncate(f->fd, 0), 0);
	assert_int_equal(pwrite(f->fd, file, size, 0), size);
	error = kernel_open(f->kernel, f->path, format, &f->failure);
	if (!error) {
		error = kernel_load(f->kernel, &f->mem);
		kernel_close(f->kernel);
	}
	assert_true(!error == !f->failure.text[0]);
	return error;
}

static struct bzimage_file bzimage(void)
{
	struct bzimage_file file = { .setup = { 0 } };
	struct boot_params *h = &file.header;

	h->setup_sects = 7;
	h->syssize = KERNEL_SIZE / 16;
	h->boot_flag = 0xaa55;
	h->jump = 0x6aeb;
	h->header = BOOT_PARAMS_HEADER_MAGIC;
	h->version = 0x020f;
	h->loadflags = BOOT_LOADED_HIGH;
	h->initrd_addr_max = 0x7fffffff;
	h->kernel_alignment = 2 * MIB;
	h->relocatable_kernel = 1;
	h->xloadflags = BOOT_XLF_KERNEL_64;
	h->cmdline_size = 2047;
	h->pref_address = 16 * MIB;
	h->init_size = 8 * MIB;
	for (size_t i = 0; i < KERNEL_SIZE; i++)
		file.kernel[i] = (uint8_t)(i * 11);
	return file;
}

static struct elf_file elf(void)
{
	struct elf_file file = {
		.header = { .e_type = ET_EXEC, .e_machine = EM_X86_64, .e_entry = 2 * MIB + 64,
			    .e_phoff = offsetof(struct elf_file, phdrs), .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 2 },
		.phdrs = { { .p_type = PT_LOAD, .p_offset = offsetof(struct elf_file, code), .p_paddr = 2 * MIB,
			     .p_filesz = CODE_SIZE, .p_memsz = 2 * CODE_SIZE },
			   { .p_type = PT_NULL, .p_offset = offsetof(struct elf_file, note),
			     .p_filesz = sizeof(file.note) } },
		.note = { { sizeof(PVH_NOTE_OWNER), 8, PVH_NOTE_ENTRY }, PVH_NOTE_OWNER, 2 * MIB + 128 },
	};

	memcpy(file.header.e_ident, ELFMAG, SELFMAG);
	file.header.e_ident[EI_CLASS] = ELFCLASS64;
	file.header.e_ident[EI_DATA] = ELFDATA2LSB;
	for (size_t i = 0; i < CODE_SIZE; i++)
		file.code[i] = (uint8_t)(i * 7 + (i >> 8));
	return file;
}

static void bzimage_goes_where_it_prefers(void **state)
{
	struct fixture *f = *state;
	struct bzimage_file file = bzimage();

	assert_int_equal(load(f, &file, sizeof(file), KRUN_KERNEL_FORMAT_RAW), 0);
	assert_int_equal(f->kernel->entry, KERNEL_ENTRY_LINUX_64);
	assert_int_equal(f->kernel->image.start, 16 * MIB);
	assert_int_equal(f->kernel->image.entry, 16 * MIB + 0x200);
	assert_int_equal(f->kernel->image.end, 24 * MIB);
	assert_memory_equal(guest_mem_range(&f->mem, 16 * MIB, KERNEL_SIZE), file.kernel, KERNEL_SIZE);
	assert_int_equal(f->kernel->bzimage.header.cmdline_size, 2047);
	assert_int_equal(kernel_cmdline_max(f->kernel), 2048);
	assert_int_equal(kernel_initrd_max(f->kernel), 0x7fffffff);
}

static void bzimage_moves_down_where_memory_is_short(void **state)
{
	struct fixture *f = *state;
	struct bzimage_file file = bzimage();

	file.header.pref_address = 60 * MIB;
	assert_int_equal(load(f, &file, sizeof(file), KRUN_WALNUT_KERNEL_FORMAT_AUTO), 0);
	assert_int_equal(f->kernel->image.start, 2 * MIB);
	file.header.relocatable_kernel = 0;
	assert_int_equal(load(f, &file, sizeof(file), KRUN_KERNEL_FORMAT_RAW), -ENOMEM);
}

static void bzimage_without_64_bit_entry_starts_in_32(void **state)
{
	struct fixture *f = *state;
	struct bzimage_file file = bzimage();

	file.header.xloadflags = 0;
	assert_int_equal(load(f, &file, sizeof(file), KRUN_KERNEL_FORMAT_RAW), 0);
	assert_int_equal(f->kernel->entry, KERNEL_ENTRY_LINUX_32);
	assert_int_equal(f->kernel->image.entry, 16 * MIB);
}

static void zero_page_gets_no_more_than_the_header(void **state)
{
	struct fixture *f = *state;
	struct bzimage_file file = bzimage();

	file.setup[0x1f0] = 0x55;
	file.setup[0x280] = 0x55;
	file.setup[0x290] = 0x55;
	assert_int_equal(load(f, &file, sizeof(file), KRUN_KERNEL_FORMAT_RAW), 0);
	assert_int_equal(((uint8_t *)&f->kernel->bzimage.header)[0x1f0], 0);
	assert_int_equal(((uint8_t *)&f->kernel->bzimage.header)[0x280], 0);
	file.header.jump = 0xffeb; /* a longer one than there is */
	assert_int_equal(load(f, &file, sizeof(file), KRUN_KERNEL_FORMAT_RAW), 0);
	assert_int_equal(((uint8_t *)&f->kernel->bzimage.header)[0x290], 0);
}

static void bad_setup_headers_are_refused(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 13; i++) {
		struct bzimage_file file = bzimage();
		struct boot_params *h = &file.header;
		size_t size = sizeof(file);
		int expected = -ENOEXEC;

		switch (i) {
		case 0: h->header = 0; break;
		case 1: h->boot_flag = 0; break;
		case 2: h->version = 0x0209; break;
		case 3: h->loadflags = 0; break;
		case 4: h->kernel_alignment = 0; break;
		case 5: h->kernel_alignment = 3 * MIB; break;
		case 6: h->syssize = UINT32_MAX; break;
		case 7: h->setup_sects = 255; break;
		case 8: size = SETUP_SIZE; break;
		case 9: size = 0x28f; break;
		case 10: h->init_size = UINT32_MAX; expected = -ENOMEM; break;
		case 11: h->syssize = 0x200 / 16; h->init_size = 0x200; break; /* ends where it is entered */
		case 12: h->pref_address = UINT64_MAX - 4095; h->relocatable_kernel = 0; expected = -ENOMEM; break;
		}
		if (load(f, &file, size, KRUN_KERNEL_FORMAT_RAW) != expected)
			fail_msg("case %d: %s", i, f->failure.text);
	}
}

static void a_note_decides_about_the_entry(void **state)
{
	struct fixture *f = *state;
	struct elf_file file = elf();

	assert_int_equal(load(f, &file, sizeof(file), KRUN_KERNEL_FORMAT_ELF), 0);
	assert_int_equal(f->kernel->entry, KERNEL_ENTRY_LINUX_64);
	assert_int_equal(f->kernel->image.entry, 2 * MIB + 64);
	file.phdrs[1].p_type = PT_NOTE;
	assert_int_equal(load(f, &file, sizeof(file), KRUN_KERNEL_FORMAT_ELF), 0);
	assert_int_equal(f->kernel->entry, KERNEL_ENTRY_PVH);
	assert_int_equal(f->kernel->image.entry, 2 * MIB + 128);
	assert_int_equal(f->kernel->kind, KERNEL_ELF);
}

static void bad_notes_are_refused_or_passed_over(void **state)
{
	struct fixture *f = *state;
	struct elf_file file = elf();

	file.phdrs[1].p_type = PT_NOTE;
	file.note.header.n_namesz = UINT32_MAX;
	assert_int_equal(load(f, &file, sizeof(file), KRUN_KERNEL_FORMAT_ELF), 0);
	assert_int_equal(f->kernel->entry, KERNEL_ENTRY_LINUX_64);
	file = elf();
	file.phdrs[1].p_type = PT_NOTE;
	file.note.header.n_descsz = 3;
	assert_int_equal(load(f, &file, sizeof(file), KRUN_KERNEL_FORMAT_ELF), 0);
	assert_int_equal(f->kernel->entry, KERNEL_ENTRY_LINUX_64);
	file = elf();
	file.phdrs[1].p_type = PT_NOTE;
	file.phdrs[1].p_offset = UINT64_MAX - 8;
	assert_int_equal(load(f, &file, sizeof(file), KRUN_KERNEL_FORMAT_ELF), -ENOEXEC);
	file = elf();
	file.phdrs[1].p_type = PT_NOTE;
	file.note.entry = 0x1000;
	assert_int_equal(load(f, &file, sizeof(file), KRUN_KERNEL_FORMAT_ELF), -ENOEXEC);
}

static void entry_outside_the_image_is_refused(void **state)
{
	struct fixture *f = *state;
	struct elf_file file = elf();

	file.header.e_entry = 2 * MIB - 1;
	assert_int_equal(load(f, &file, sizeof(file), KRUN_KERNEL_FORMAT_ELF), -ENOEXEC);
	file.header.e_entry = 2 * MIB + 2 * CODE_SIZE;
	assert_int_equal(load(f, &file, sizeof(file), KRUN_KERNEL_FORMAT_ELF), -ENOEXEC);
}

static void a_32_bit_kernel_needs_the_note(void **state)
{
	struct {
		Elf32_Ehdr header;
		Elf32_Phdr phdrs[2];
		struct {
			Elf32_Nhdr header;
			char owner[4];
			uint32_t entry;
		} note;
		uint8_t code[64];
	} file = {
		.header = { .e_type = ET_EXEC, .e_machine = EM_386, .e_entry = 2 * MIB, .e_phoff = sizeof(Elf32_Ehdr),
			    .e_phentsize = sizeof(Elf32_Phdr), .e_phnum = 1 },
		.phdrs = { { .p_type = PT_LOAD, .p_offset = offsetof(__typeof__(file), code), .p_paddr = 2 * MIB,
			     .p_filesz = 64, .p_memsz = 64 },
			   { .p_type = PT_NOTE, .p_offset = offsetof(__typeof__(file), note), .p_filesz = sizeof(file.note) } },
		.note = { { sizeof(PVH_NOTE_OWNER), 4, PVH_NOTE_ENTRY }, PVH_NOTE_OWNER, 2 * MIB + 8 },
	};
	struct fixture *f = *state;

	memcpy(file.header.e_ident, ELFMAG, SELFMAG);
	file.header.e_ident[EI_CLASS] = ELFCLASS32;
	file.header.e_ident[EI_DATA] = ELFDATA2LSB;
	assert_int_equal(load(f, &file, sizeof(file), KRUN_KERNEL_FORMAT_ELF), -ENOEXEC);
	file.header.e_phnum = 2;
	assert_int_equal(load(f, &file, sizeof(file), KRUN_KERNEL_FORMAT_ELF), 0);
	assert_int_equal(f->kernel->entry, KERNEL_ENTRY_PVH);
	assert_int_equal(f->kernel->image.entry, 2 * MIB + 8);
}

static void formats_are_what_they_say(void **state)
{
	struct fixture *f = *state;
	struct bzimage_file bz = bzimage();
	struct elf_file e = elf();

	assert_int_equal(load(f, &bz, sizeof(bz), KRUN_KERNEL_FORMAT_ELF), -ENOEXEC);
	assert_int_equal(load(f, &e, sizeof(e), KRUN_KERNEL_FORMAT_RAW), -ENOEXEC);
	assert_int_equal(load(f, &e, sizeof(e), KRUN_WALNUT_KERNEL_FORMAT_AUTO), 0);
	assert_int_equal(load(f, "", 0, KRUN_WALNUT_KERNEL_FORMAT_AUTO), -ENOEXEC);
	assert_int_equal(load(f, "x", 1, KRUN_WALNUT_KERNEL_FORMAT_AUTO), -ENOEXEC);
	assert_int_equal(load(f, &e, sizeof(e), 77), -EINVAL);
}

static size_t compress_by(unsigned format, const void *data, size_t size, uint8_t *to, size_t room)
{
	z_stream z = { .next_in = (Bytef *)data, .avail_in = (unsigned)size, .next_out = to, .avail_out = (unsigned)room };
	unsigned length = (unsigned)room;

	switch (format) {
	case KRUN_KERNEL_FORMAT_IMAGE_BZ2:
		assert_int_equal(BZ2_bzBuffToBuffCompress((char *)to, &length, (char *)data, (unsigned)size, 1, 0, 0), BZ_OK);
		return length;
	case KRUN_KERNEL_FORMAT_IMAGE_ZSTD:
		return ZSTD_compress(to, room, data, size, 3);
	default:
		assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
		assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
		deflateEnd(&z);
		return z.total_out;
	}
}

static const unsigned compressed_formats[] = { KRUN_KERNEL_FORMAT_PE_GZ, KRUN_KERNEL_FORMAT_IMAGE_GZ,
					       KRUN_KERNEL_FORMAT_IMAGE_BZ2, KRUN_KERNEL_FORMAT_IMAGE_ZSTD };
#define FORMATS (sizeof(compressed_formats) / sizeof(compressed_formats[0]))

static void compressed_kernels_are_found_anywhere(void **state)
{
	struct fixture *f = *state;
	struct elf_file file = elf();
	uint8_t *image = calloc(1, 256 << 10);

	/* Behind magic numbers that lead nowhere, one of them where a piece that is read ends. */
	memcpy(image + 10, "\x1f\x8b\x08 BZh9 \x28\xb5\x2f\xfd", 14);
	for (size_t i = 0; i < FORMATS; i++) {
		size_t at = i % 2 ? 65534 : 131072, size;

		size = compress_by(compressed_formats[i], &file, sizeof(file), image + at, (256 << 10) - at);
		assert_int_equal(load(f, image, at + size + 100, compressed_formats[i]), 0);
		assert_memory_equal(guest_mem_range(&f->mem, 2 * MIB, CODE_SIZE), file.code, CODE_SIZE);
		memset(guest_mem_range(&f->mem, 2 * MIB, CODE_SIZE), 0, CODE_SIZE);
		memset(image + at, 0, (256 << 10) - at);
	}
	free(image);
}

static void compressed_kernels_are_found_in_a_bzimage(void **state)
{
	struct fixture *f = *state;
	struct bzimage_file file = bzimage();
	struct elf_file e = elf();

	file.header.payload_offset = 512;
	file.header.payload_length = (uint32_t)compress_by(KRUN_KERNEL_FORMAT_IMAGE_GZ, &e, sizeof(e),
							   file.kernel + 512, KERNEL_SIZE - 512);
	assert_int_equal(load(f, &file, sizeof(file), KRUN_KERNEL_FORMAT_IMAGE_GZ), 0);
	assert_int_equal(f->kernel->image.start, 2 * MIB);
}

static void broken_compression_is_refused(void **state)
{
	struct fixture *f = *state;
	struct elf_file file = elf();
	uint8_t image[sizeof(file) + 4096];

	for (size_t i = 0; i < FORMATS; i++) {
		size_t size = compress_by(compressed_formats[i], &file, sizeof(file), image, sizeof(image));

		assert_int_equal(load(f, image, size / 2, compressed_formats[i]), -ENOEXEC);
		for (size_t at = 20; at < size; at += 7)
			image[at] ^= 0x5a;
		assert_int_equal(load(f, image, size, compressed_formats[i]), -ENOEXEC);
		assert_int_equal(load(f, &file, sizeof(file), compressed_formats[i]), -ENOEXEC);
		size = compress_by(compressed_formats[i], "not an ELF file", 16, image, sizeof(image));
		assert_int_equal(load(f, image, size, compressed_formats[i]), -ENOEXEC);
	}
}

static void a_bomb_is_refused(void **state)
{
	const unsigned piece = 64u << 20, room = 4u << 20;
	struct fixture *f = *state;
	uint8_t *zeros = calloc(1, piece), *bomb = malloc(room);
	z_stream z = { .next_out = bomb, .avail_out = room };

	memcpy(zeros, ELFMAG, SELFMAG);
	assert_int_equal(deflateInit2(&z, 1, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
	for (int i = 0; i < 5; i++) {
		z.next_in = zeros;
		z.avail_in = piece;
		assert_true(deflate(&z, i < 4 ? Z_NO_FLUSH : Z_FINISH) >= 0);
	}
	assert_int_equal(load(f, bomb, z.total_out, KRUN_KERNEL_FORMAT_IMAGE_GZ), -EFBIG);
	deflateEnd(&z);
	free(zeros);
	free(bomb);
}

static void initrd_goes_to_the_end_of_low_memory(void **state)
{
	struct fixture *f = *state;
	struct initrd initrd;

	assert_int_equal(pwrite(f->fd, "initrd", 6, 5000), 6);
	assert_int_equal(initrd_load(f->path, &f->mem, 20 * MIB, 0x7fffffff, &initrd, &f->failure), 0);
	assert_int_equal(initrd.size, 5006);
	assert_int_equal(initrd.gpa, 64 * MIB - 8192);
	assert_memory_equal(guest_mem_range(&f->mem, initrd.gpa + 5000, 6), "initrd", 6);
}

static void initrd_stays_between_kernel_and_limit(void **state)
{
	struct fixture *f = *state;
	struct initrd initrd;

	assert_int_equal(initrd_place(&f->mem, 20 * MIB, 40 * MIB - 1, 4096), 40 * MIB - 4096);
	assert_int_equal(initrd_place(&f->mem, 20 * MIB, 40 * MIB, 4096), 40 * MIB - 4096);
	assert_int_equal(initrd_place(&f->mem, 20 * MIB, UINT64_MAX, 44 * MIB), 20 * MIB);
	assert_int_equal(initrd_place(&f->mem, 20 * MIB, UINT64_MAX, 44 * MIB + 1), 0);
	assert_int_equal(initrd_place(&f->mem, 20 * MIB, 19 * MIB, 1), 0);
	assert_int_equal(initrd_place(&f->mem, 20 * MIB, UINT64_MAX, UINT64_MAX), 0);
	assert_int_equal(initrd_load(f->path, &f->mem, 20 * MIB, UINT64_MAX, &initrd, &f->failure), -ENOEXEC);
	assert_int_equal(ftruncate(f->fd, 1ll << 40), 0);
	assert_int_equal(initrd_load(f->path, &f->mem, 20 * MIB, UINT64_MAX, &initrd, &f->failure), -ENOMEM);
	assert_int_equal(initrd_load("/none", &f->mem, 20 * MIB, UINT64_MAX, &initrd, &f->failure), -ENOENT);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(bzimage_goes_where_it_prefers),
		TEST(bzimage_moves_down_where_memory_is_short),
		TEST(bzimage_without_64_bit_entry_starts_in_32),
		TEST(zero_page_gets_no_more_than_the_header),
		TEST(bad_setup_headers_are_refused),
		TEST(a_note_decides_about_the_entry),
		TEST(bad_notes_are_refused_or_passed_over),
		TEST(entry_outside_the_image_is_refused),
		TEST(a_32_bit_kernel_needs_the_note),
		TEST(formats_are_what_they_say),
		TEST(compressed_kernels_are_found_anywhere),
		TEST(compressed_kernels_are_found_in_a_bzimage),
		TEST(broken_compression_is_refused),
		TEST(a_bomb_is_refused),
		TEST(initrd_goes_to_the_end_of_low_memory),
		TEST(initrd_stays_between_kernel_and_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
