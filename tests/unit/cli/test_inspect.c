/* What `walnut inspect` says about modules and ELF files. */
#include "support.h"

#include <elf.h>

#include "app_note.h"
#include "fail.h"
#include "inspect.h"

static char *output;

/* The status; what was printed is in `output`. */
static int inspect(const char *path, bool json)
{
	struct source source;
	int status, saved, saved_errors;

	free(output);
	assert_int_equal(source_open(&source, path), 0);
	saved = capture_begin(1);
	saved_errors = dup(2);
	dup2(1, 2);
	status = source.kind == SOURCE_ELF ? inspect_elf(&source, json) : inspect_module(&source, json);
	dup2(saved_errors, 2);
	close(saved_errors);
	output = capture_end(1, saved);
	source_close(&source);
	return status;
}

#define HEADER "\0asm\1\0\0\0"
#define BYTES(text) (text), sizeof(text) - 1

/* (module
 *   (import "wasi_snapshot_preview1" "sched_yield" (func (result i32)))
 *   (import "env" "x" (global (mut i64)))
 *   (func (export "_start") (drop (i32.extend8_s (i32.const 0))))
 *   (table 1 externref) (memory 1 2) (data "abc")) and a custom section "note" */
static const char module[] = HEADER
	"\x01\x08\x02\x60\x00\x01\x7f\x60\x00\x00"
	"\x02\x2f\x02\x16wasi_snapshot_preview1\x0bsched_yield\x00\x00\x03" "env\x01x\x03\x7e\x01"
	"\x03\x02\x01\x01"
	"\x04\x04\x01\x6f\x00\x01"
	"\x05\x04\x01\x01\x01\x02"
	"\x07\x0a\x01\x06_start\x00\x01"
	"\x0c\x01\x01"
	"\x0a\x08\x01\x06\x00\x41\x00\xc0\x1a\x0b"
	"\x0b\x06\x01\x01\x03" "abc"
	"\x00\x07\x04note\x01\x02";

static void a_module_is_explained(void **state)
{
	static const char *const parts[] = {
		"kind               WebAssembly module\n", "code bytes         8\n", "data bytes         3\n",
		"functions          1\n", "features           mutable-globals, sign-ext, bulk-memory, reference-types\n",
		"runs               no\n", "because            the runtime does not provide every import\n",
		"  1 to 2 pages of 64 KiB\n", "  externref   1 elements and up\n",
		"  wasi_snapshot_preview1  sched_yield             func () -> (i32)                          known\n",
		"  env                     x                       global mut i64                            unknown\n",
		"  _start                  func () -> ()\n", "  data count    0x", "7 bytes           note\n",
	};

	(void)state;
	write_file("module", module, sizeof(module) - 1);
	assert_int_equal(inspect("module", false), 0);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (!strstr(output, parts[i]))
			fail_msg("no \"%s\" in\n%s", parts[i], output);
	}
}

static void a_module_is_explained_to_programs(void **state)
{
	static const char *const parts[] = {
		"{\"file\":\"module\",\"kind\":\"WebAssembly module\",",
		"\"features\":[\"mutable-globals\",\"sign-ext\",\"bulk-memory\",\"reference-types\"],",
		"\"runs\":false,", "\"memories\":[{\"min\":1,\"max\":2}],",
		"\"tables\":[{\"type\":\"externref\",\"min\":1}],",
		"{\"module\":\"env\",\"field\":\"x\",\"type\":\"global mut i64\",\"runtime\":\"unknown\"}],",
		"{\"section\":\"type\",\"offset\":\"0x8\",\"bytes\":8},", "\"name\":\"note\"}]}\n",
	};

	(void)state;
	write_file("module", module, sizeof(module) - 1);
	assert_int_equal(inspect("module", true), 0);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (!strstr(output, parts[i]))
			fail_msg("no \"%s\" in\n%s", parts[i], output);
	}
}

static void the_smallest_module_is_explained(void **state)
{
	(void)state;
	write_file("module", BYTES(HEADER));
	assert_int_equal(inspect("module", false), 0);
	assert_non_null(strstr(output, "because            _start is not exported\n"));
	assert_non_null(strstr(output, "features           none\n"));
	assert_non_null(strstr(output, "sections\n  none\n"));
}

/* What run would refuse must not be said to run. */
static void a_start_with_parameters_or_results_does_not_run(void **state)
{
	static const char parameter[] = HEADER "\x01\x05\x01\x60\x01\x7f\x00\x03\x02\x01\x00"
				        "\x07\x0a\x01\x06_start\x00\x00\x0a\x04\x01\x02\x00\x0b";
	static const char result[] = HEADER "\x01\x05\x01\x60\x00\x01\x7f\x03\x02\x01\x00"
				     "\x07\x0a\x01\x06_start\x00\x00\x0a\x06\x01\x04\x00\x41\x00\x0b";

	(void)state;
	write_file("module", BYTES(parameter));
	assert_int_equal(inspect("module", false), 0);
	assert_non_null(strstr(output, "because            _start takes parameters or has results\n"));
	write_file("module", BYTES(result));
	assert_int_equal(inspect("module", false), 0);
	assert_non_null(strstr(output, "because            _start takes parameters or has results\n"));
}

static void a_broken_module_is_refused(void **state)
{
	(void)state;
	for (size_t size = 1; size < sizeof(module) - 1; size++) {
		write_file("module", module, size);
		if (inspect("module", false) == 0)
			continue; /* cut between two sections, and valid so */
		assert_ptr_equal(strstr(output, "walnut: module: "), output);
	}
	write_file("module", BYTES(HEADER "\x03\x02\x01\x09\x0a\x04\x01\x02\x00\x0b"));
	assert_int_equal(inspect("module", false), EXIT_WALNUT_FAILED);
	assert_non_null(strstr(output, "walnut: module: function section, "));
}

/* An object: note section, one allocated section, names. */
struct object {
	Elf64_Ehdr header;
	Elf64_Shdr sections[4];
	char names[32];
	struct {
		Elf64_Nhdr header;
		char owner[8];
		struct walnut_app_note note;
	} __attribute__((packed)) note;
};

static struct object make_object(void)
{
	struct object object = {
		.header = { .e_type = ET_REL, .e_shoff = offsetof(struct object, sections), .e_shnum = 4,
			    .e_shentsize = sizeof(Elf64_Shdr), .e_shstrndx = 1 },
		.sections = {
			[1] = { .sh_type = SHT_STRTAB, .sh_offset = offsetof(struct object, names),
				.sh_size = sizeof(object.names) },
			[2] = { .sh_type = SHT_NOTE, .sh_offset = offsetof(struct object, note),
				.sh_size = sizeof(object.note) },
			[3] = { .sh_type = SHT_PROGBITS, .sh_name = 1, .sh_size = 1234,
				.sh_flags = SHF_ALLOC | SHF_EXECINSTR },
		},
		.names = "\0walnut_text",
		.note = { { sizeof(WALNUT_NOTE_OWNER), sizeof(struct walnut_app_note), WALNUT_NOTE_APP },
			  WALNUT_NOTE_OWNER,
			  { .abi_version = 1, .memory_pages = 17, .memory_max = UINT64_MAX, .wasm_size = 99,
			    .target_cpu = "x86-64-v2" } },
	};

	memcpy(object.header.e_ident, ELFMAG, SELFMAG);
	object.header.e_ident[EI_CLASS] = ELFCLASS64;
	return object;
}

static void an_object_is_explained(void **state)
{
	struct object object = make_object();

	(void)state;
	write_file("object", &object, sizeof(object));
	assert_int_equal(inspect("object", false), 0);
	assert_non_null(strstr(output, "kind               Walnut object\n"));
	assert_non_null(strstr(output, "target cpu         x86-64-v2\n"));
	assert_non_null(strstr(output, "memory pages       17\n"));
	assert_non_null(strstr(output, "  walnut_text                   r-x   1234 bytes\n"));
	assert_null(strstr(output, "memory pages max"));
}

static void another_elf_file_is_refused(void **state)
{
	struct object object = make_object();

	(void)state;
	object.note.owner[0] = 'w';
	write_file("object", &object, sizeof(object));
	assert_int_equal(inspect("object", false), EXIT_WALNUT_FAILED);
	assert_non_null(strstr(output, "neither image nor object"));
	write_file("object", &object, 20);
	assert_int_equal(inspect("object", false), EXIT_WALNUT_FAILED);
	assert_non_null(strstr(output, "damaged"));
	assert_int_equal(inspect("/bin/sh", false), EXIT_WALNUT_FAILED);
}

/* Each 8 bytes of the headers in turn at values that overflow: refused or explained,
 * never read outside of the file (the sanitizers and the MMU watch). */
static void hostile_headers_do_no_harm(void **state)
{
	static const uint64_t values[] = { 0, 1, 0x7fffffff, 0xffffffff, INT64_MAX, UINT64_MAX - 7, UINT64_MAX };

	(void)state;
	for (size_t at = EI_VERSION; at + 8 <= sizeof(struct object); at += 4) {
		for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
			struct object object = make_object();

			memcpy((char *)&object + at, &values[i], 8);
			write_file("object", &object, sizeof(object));
			inspect("object", true);
		}
	}
}

static void every_cut_is_survived(void **state)
{
	struct object object = make_object();

	(void)state;
	for (size_t size = 4; size < sizeof(object); size++) {
		write_file("object", &object, size);
		inspect("object", false);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_in_folder(a_module_is_explained),
		test_in_folder(a_module_is_explained_to_programs),
		test_in_folder(the_smallest_module_is_explained),
		test_in_folder(a_start_with_parameters_or_results_does_not_run),
		test_in_folder(a_broken_module_is_refused),
		test_in_folder(an_object_is_explained),
		test_in_folder(another_elf_file_is_refused),
		test_in_folder(hostile_headers_do_no_harm),
		test_in_folder(every_cut_is_survived),
	};
	int failed = cmocka_run_group_tests_name("inspect", tests, NULL, NULL);

	free(output);
	return failed;
}
