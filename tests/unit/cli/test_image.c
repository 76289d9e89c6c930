/* Walnut's note in an ELF image: found, or refused whatever the file says. */
#include "support.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>

#include "image.h"

/* One PT_NOTE segment with another vendor's note before ours. */
struct file {
	Elf64_Ehdr header;
	Elf64_Phdr segments[2];
	struct {
		Elf64_Nhdr header;
		char owner[4];
		uint32_t description;
	} xen;
	struct {
		Elf64_Nhdr header;
		char owner[8];
		struct walnut_app_note note;
	} __attribute__((packed)) walnut;
} __attribute__((packed));

static struct file make_file(void)
{
	struct file file = {
		.header = { .e_type = ET_EXEC, .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 2,
			    .e_phoff = offsetof(struct file, segments) },
		.segments = {
			{ .p_type = PT_LOAD },
			{ .p_type = PT_NOTE, .p_offset = offsetof(struct file, xen),
			  .p_filesz = sizeof(struct file) - offsetof(struct file, xen) },
		},
		.xen = { { 4, 4, 18 }, "Xen", 1234 },
		.walnut = { { sizeof(WALNUT_NOTE_OWNER), sizeof(struct walnut_app_note), WALNUT_NOTE_APP },
			    WALNUT_NOTE_OWNER, { .abi_version = 1, .memory_pages = 17, .target_cpu = "x86-64" } },
	};

	memcpy(file.header.e_ident, ELFMAG, SELFMAG);
	file.header.e_ident[EI_CLASS] = ELFCLASS64;
	return file;
}

static int read_note(const struct file *file, size_t size, struct walnut_app_note *note)
{
	struct image image = { .end = 1 };
	int fd, result;

	write_file("image", file, size);
	fd = open("image", O_RDONLY);
	result = image_read(fd, &image);
	close(fd);
	*note = image.note;
	return result;
}

static void the_note_is_found_behind_others(void **state)
{
	struct file file = make_file();
	struct walnut_app_note note;

	(void)state;
	assert_int_equal(read_note(&file, sizeof(file), &note), 0);
	assert_int_equal(note.memory_pages, 17);
	assert_string_equal(note.target_cpu, "x86-64");
}

static void the_end_is_that_of_the_highest_segment(void **state)
{
	struct file file = make_file();
	struct image image;
	int fd;

	(void)state;
	file.segments[0].p_paddr = 0x200000;
	file.segments[0].p_memsz = 0x1234;
	write_file("image", &file, sizeof(file));
	fd = open("image", O_RDONLY);
	assert_int_equal(image_read(fd, &image), 0);
	assert_int_equal(image.end, 0x201234);
	close(fd);
	file.segments[0].p_memsz = UINT64_MAX;
	write_file("image", &file, sizeof(file));
	fd = open("image", O_RDONLY);
	assert_int_equal(image_read(fd, &image), -EINVAL);
	close(fd);
}

static void the_cpu_is_always_terminated(void **state)
{
	struct file file = make_file();
	struct walnut_app_note note;

	(void)state;
	memset(file.walnut.note.target_cpu, 'x', sizeof(file.walnut.note.target_cpu));
	assert_int_equal(read_note(&file, sizeof(file), &note), 0);
	assert_int_equal(strlen(note.target_cpu), sizeof(note.target_cpu) - 1);
}

static void other_notes_are_not_ours(void **state)
{
	struct file file = make_file();
	struct walnut_app_note note;

	(void)state;
	file.walnut.header.n_type = 2;
	assert_int_equal(read_note(&file, sizeof(file), &note), -ENOENT);
	file = make_file();
	file.walnut.owner[0] = 'w';
	assert_int_equal(read_note(&file, sizeof(file), &note), -ENOENT);
	file = make_file();
	file.segments[1].p_type = PT_LOAD;
	assert_int_equal(read_note(&file, sizeof(file), &note), -ENOENT);
}

static void another_file_is_refused(void **state)
{
	struct walnut_app_note note;
	struct file file = make_file();

	(void)state;
	file.header.e_ident[0] = 0;
	assert_int_equal(read_note(&file, sizeof(file), &note), -EINVAL);
	file = make_file();
	file.header.e_ident[EI_CLASS] = ELFCLASS32;
	assert_int_equal(read_note(&file, sizeof(file), &note), -EINVAL);
	file = make_file();
	file.header.e_type = ET_REL;
	assert_int_equal(read_note(&file, sizeof(file), &note), -ENOEXEC);
	file = make_file();
	file.header.e_type = ET_DYN;
	assert_int_equal(read_note(&file, sizeof(file), &note), -ENOENT);
	file = make_file();
	file.header.e_phentsize = 32;
	assert_int_equal(read_note(&file, sizeof(file), &note), -EINVAL);
	file = make_file();
	file.header.e_phnum = 60000;
	assert_int_equal(read_note(&file, sizeof(file), &note), -EINVAL);
}

static void places_outside_the_file_are_refused(void **state)
{
	static const uint64_t places[] = { sizeof(struct file), 1 << 20, INT64_MAX, UINT64_MAX - 8, UINT64_MAX };
	struct walnut_app_note note;

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct file file = make_file();

		file.header.e_phoff = places[i];
		assert_true(read_note(&file, sizeof(file), &note) < 0);
		file = make_file();
		file.segments[1].p_offset = places[i];
		assert_true(read_note(&file, sizeof(file), &note) < 0);
	}
}

static void sizes_that_lie_are_refused(void **state)
{
	static const uint32_t sizes[] = { UINT32_MAX, UINT32_MAX - 3, 1 << 30, 1000 };
	struct walnut_app_note note;
	struct file file;

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		file = make_file();
		file.xen.header.n_namesz = sizes[i];
		assert_int_equal(read_note(&file, sizeof(file), &note), -EINVAL);
		file = make_file();
		file.xen.header.n_descsz = sizes[i];
		assert_int_equal(read_note(&file, sizeof(file), &note), -EINVAL);
		file = make_file();
		file.walnut.header.n_descsz = sizes[i];
		assert_int_equal(read_note(&file, sizeof(file), &note), -EINVAL);
	}
	file = make_file();
	file.walnut.header.n_descsz = sizeof(note) - 4;
	assert_int_equal(read_note(&file, sizeof(file), &note), -EINVAL);
	/* A segment that ends inside the note, or goes on behind the file. */
	file = make_file();
	file.segments[1].p_filesz -= 4;
	assert_int_equal(read_note(&file, sizeof(file), &note), -EINVAL);
	file = make_file();
	file.walnut.header.n_type = 9;
	file.segments[1].p_filesz = UINT64_MAX;
	assert_int_equal(read_note(&file, sizeof(file), &note), -EINVAL);
}

static void every_cut_is_refused(void **state)
{
	struct file file = make_file();
	struct walnut_app_note note;

	(void)state;
	for (size_t size = 0; size < sizeof(file); size++)
		assert_true(read_note(&file, size, &note) < 0);
}

/* The kernel hands out frames of 2 MiB; a note may claim anything. */
static void the_least_ram_is_counted_in_frames(void **state)
{
	static const struct { uint64_t end, pages, ram; } cases[] = {
		{ 0x1200000, 0, 18 }, { 0x1200001, 0, 20 }, { 0x1238480, 2, 22 }, { 0x1238480, 32, 22 },
		{ 0x1238480, 33, 24 }, { 0x1200000, 65536, 18 + 4096 }, { 0, UINT64_MAX, UINT64_C(1) << 60 },
		{ UINT64_MAX, UINT64_MAX, (UINT64_C(1) << 60) + (UINT64_C(1) << 44) },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct image image = { .end = cases[i].end, .note.memory_pages = cases[i].pages };

		assert_int_equal(image_ram_mib(&image), cases[i].ram);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_in_folder(the_least_ram_is_counted_in_frames),
		test_in_folder(the_note_is_found_behind_others),
		test_in_folder(the_end_is_that_of_the_highest_segment),
		test_in_folder(the_cpu_is_always_terminated),
		test_in_folder(other_notes_are_not_ours),
		test_in_folder(another_file_is_refused),
		test_in_folder(places_outside_the_file_are_refused),
		test_in_folder(sizes_that_lie_are_refused),
		test_in_folder(every_cut_is_refused),
	};

	return cmocka_run_group_tests_name("image", tests, NULL, NULL);
}
