/* vmm/program/container.c and json.c: what an engine writes is understood, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "context.h"
#include "program/container.h"
#include "program/json.h"

static struct vm_config *parsed(const char *text, int expected)
{
	struct vm_config *config = calloc(1, sizeof(*config));

	if (container_parse(config, text, strlen(text)) != expected)
		fail_msg("%s", text);
	return config;
}

static void a_process_is_read(void **state)
{
	struct vm_config *config = parsed(" { \"ociVersion\" : \"1.0\", \"linux\": {\"x\": [1, -2.5e+3, true, null, {}, []]},\n"
					  "\"process\": { \"terminal\": false, \"args\": [\"/app.wasm\", \"a \\\"b\\\"\\n\", "
					  "\"\\u00e4\\u20ac\\ud83d\\ude00\"], \"env\": [\"A=1\"], \"cwd\": \"/srv\" } }", 0);

	assert_string_equal(config->argv[0], "/app.wasm");
	assert_string_equal(config->argv[1], "a \"b\"\n");
	assert_string_equal(config->argv[2], "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
	assert_null(config->argv[3]);
	assert_string_equal(config->envp[0], "A=1");
	assert_string_equal(config->workdir, "/srv");
	context_config_free(config);
}

static void what_was_set_stays(void **state)
{
	const char *text = "{\"process\":{\"args\":[\"x\"],\"args\":[\"y\"],\"env\":[\"A=1\"],\"cwd\":\"/srv\"}}";
	struct vm_config *config = calloc(1, sizeof(*config));

	config->envp = calloc(1, sizeof(char *));
	config->workdir = strdup("/here");
	assert_int_equal(container_parse(config, text, strlen(text)), 0);
	assert_string_equal(config->argv[0], "y");
	assert_null(config->envp[0]);
	assert_string_equal(config->workdir, "/here");
	context_config_free(config);
}

static void other_texts_are_refused(void **state)
{
	static const char *const texts[] = {
		"", "{", "[]", "\"process\"", "{}", "{\"process\":{}}", "{\"process\":{\"args\":[]}}",
		"{\"process\":{\"args\":[\"x\"}}", "{\"process\":{\"args\":[\"x\",]}}", "{\"process\":{\"args\":[1]}}",
		"{\"process\":{\"args\":\"x\"}}", "{\"process\":{\"args\":[\"x\"],\"cwd\":1}}", "{\"process\":{\"args\":[\"x\"]}",
		"{\"process\":{\"args\":[\"\\u0000\"]}}", "{\"process\":{\"args\":[\"\\ud800\"]}}",
		"{\"process\":{\"args\":[\"\\ud800\\u0041\"]}}", "{\"process\":{\"args\":[\"\\q\"]}}",
		"{\"process\":{\"args\":[\"a\nb\"]}}", "{\"process\":{\"args\":[\"x", "{\"process\":{\"args\":[\"x\\",
		"{\"a\" 1}", "{\"a\":}", "{\"a\":1 \"b\":2}", "{1:2}", "{\"process\":{\"args\":[\"\\u12",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		context_config_free(parsed(texts[i], -EINVAL));
}

static void depth_is_bounded(void **state)
{
	char text[1000] = "{\"a\":";

	memset(text + 5, '[', sizeof(text) - 6);
	context_config_free(parsed(text, -EINVAL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_is_read),
		cmocka_unit_test(what_was_set_stays),
		cmocka_unit_test(other_texts_are_refused),
		cmocka_unit_test(depth_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
