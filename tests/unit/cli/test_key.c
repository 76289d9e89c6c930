/* The cache key: everything that the image depends on, and nothing else. */
#include "support.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "cache.h"
#include "key.h"

static const struct cache no_cache = { .folder_fd = -1 };

struct inputs {
	struct source source;
	struct compile_settings settings;
	struct paths paths;
};

static uint8_t module[100000] = "\0asm\1\0\0";

static void write_module(struct inputs *inputs)
{
	if (inputs->source.fd >= 0)
		close(inputs->source.fd);
	unlink("module");
	write_file("module", module, sizeof(module));
	inputs->source.fd = open("module", O_RDONLY | O_CLOEXEC);
	assert_true(inputs->source.fd >= 0);
}

static struct inputs make_inputs(void)
{
	struct inputs inputs = {
		.source = { .name = "app.wasm", .fd = -1, .size = sizeof(module) },
		.settings = { .opt_level = 2, .require_start = true, .target_cpu = "native" },
		.paths = { .compiler = "compiler", .kernel_archive = "kernel", .linker_script = "script" },
	};

	write_file("compiler", "c", 1);
	write_file("kernel", "k", 1);
	write_file("script", "s", 1);
	write_module(&inputs);
	return inputs;
}

static struct key key_for(const struct inputs *inputs)
{
	struct key key;

	assert_int_equal(key_make(&key, &inputs->source, &inputs->settings, &inputs->paths, &no_cache), 0);
	return key;
}

static void the_same_inputs_have_the_same_key(void **state)
{
	struct inputs inputs = make_inputs();
	struct key first = key_for(&inputs), second;

	(void)state;
	inputs.source.name = "other-name.wasm";
	inputs.settings.emit_llvm = false;
	second = key_for(&inputs);
	assert_memory_equal(first.bytes, second.bytes, KEY_SIZE);
	close(inputs.source.fd);
}

static void every_setting_counts(void **state)
{
	struct inputs inputs[11];
	struct key keys[11];

	(void)state;
	for (unsigned i = 0; i < 11; i++)
		inputs[i] = make_inputs();
	module[sizeof(module) - 1] ^= 1;
	write_module(&inputs[1]);
	module[sizeof(module) - 1] ^= 1;
	inputs[2].source.size--;
	inputs[3].settings.opt_level = 3;
	inputs[4].settings.require_start = false;
	inputs[5].settings.allow_unknown_imports = true;
	inputs[6].settings.target_cpu = NULL;
	inputs[7].settings.target_cpu = "x86-64-v2";
	inputs[8].settings.memory = "based";
	inputs[9].settings.module_name = "other";
	/* The same letters, otherwise divided. */
	inputs[10].settings.memory = "bas";
	inputs[10].settings.module_name = "ed";
	for (unsigned i = 0; i < 11; i++)
		keys[i] = key_for(&inputs[i]);
	for (unsigned i = 0; i < 11; i++) {
		for (unsigned j = 0; j < i; j++)
			assert_memory_not_equal(keys[i].bytes, keys[j].bytes, KEY_SIZE);
		close(inputs[i].source.fd);
	}
}

/* A rebuilt compiler or kernel makes other images. */
static void tools_are_part_of_the_key(void **state)
{
	static const char *const tools[] = { "compiler", "kernel", "script" };
	struct inputs inputs = make_inputs();

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct timespec times[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
		struct key before = key_for(&inputs), touched, grown;

		assert_int_equal(utimensat(AT_FDCWD, tools[i], times, 0), 0);
		touched = key_for(&inputs);
		assert_memory_not_equal(before.bytes, touched.bytes, KEY_SIZE);
		write_file(tools[i], "longer", 6);
		assert_int_equal(utimensat(AT_FDCWD, tools[i], times, 0), 0);
		grown = key_for(&inputs);
		assert_memory_not_equal(touched.bytes, grown.bytes, KEY_SIZE);
	}
	close(inputs.source.fd);
}

static void a_missing_tool_gives_no_key(void **state)
{
	struct inputs inputs = make_inputs();
	struct key key;

	(void)state;
	unlink("kernel");
	assert_int_equal(key_make(&key, &inputs.source, &inputs.settings, &inputs.paths, &no_cache), -1);
	close(inputs.source.fd);
}

/* It shrank after we looked. */
static void a_module_that_ends_early_gives_no_key(void **state)
{
	struct inputs inputs = make_inputs();
	struct key key;

	(void)state;
	inputs.source.size++;
	assert_int_equal(key_make(&key, &inputs.source, &inputs.settings, &inputs.paths, &no_cache), -1);
	close(inputs.source.fd);
}

static void text_is_hexadecimal(void **state)
{
	struct key key;
	char text[2 * KEY_SIZE + 1];

	(void)state;
	for (unsigned i = 0; i < KEY_SIZE; i++)
		key.bytes[i] = (uint8_t)(i * 8 + 7);
	key_text(&key, text);
	assert_int_equal(strlen(text), 2 * KEY_SIZE);
	assert_int_equal(strncmp(text, "070f171f", 8), 0);
	assert_string_equal(text + 2 * KEY_SIZE - 2, "ff");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_in_folder(the_same_inputs_have_the_same_key),
		test_in_folder(every_setting_counts),
		test_in_folder(tools_are_part_of_the_key),
		test_in_folder(a_missing_tool_gives_no_key),
		test_in_folder(a_module_that_ends_early_gives_no_key),
		cmocka_unit_test(text_is_hexadecimal),
	};

	return cmocka_run_group_tests_name("key", tests, NULL, NULL);
}
