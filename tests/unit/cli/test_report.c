/* The two forms of a report. */
#include "support.h"

#include "report.h"

static char *print(bool json)
{
	static const char *const words[] = { "one", "two" };
	static const uint8_t widths[] = { 6, 0 };
	int saved = capture_begin(1);
	struct report report;

	report_begin(&report, json);
	report_text(&report, "file", "a\"b\\c\033[2J");
	report_number(&report, "code_bytes", UINT64_MAX);
	report_words(&report, "features", words, 2);
	report_words(&report, "no_words", words, 0);
	report_list(&report, "imports", widths);
	report_item(&report);
	report_bytes(&report, "field", (const uint8_t *)"x\0y", 3);
	report_number(&report, "bytes", 3);
	report_item_end(&report);
	report_item(&report);
	report_text(&report, "field", "\xc3\xa4");
	report_flag(&report, "known", false);
	report_item_end(&report);
	report_list_end(&report);
	report_list(&report, "exports", widths);
	report_list_end(&report);
	report_flag(&report, "runs", true);
	report_end(&report);
	return capture_end(1, saved);
}

static void json_is_one_object(void **state)
{
	char *text = print(true);

	(void)state;
	assert_string_equal(text,
		"{\"file\":\"a\\\"b\\\\c\\u001b[2J\",\"code_bytes\":18446744073709551615,"
		"\"features\":[\"one\",\"two\"],\"no_words\":[],"
		"\"imports\":[{\"field\":\"x\\u0000y\",\"bytes\":3},{\"field\":\"\xc3\xa4\",\"known\":false}],"
		"\"exports\":[],\"runs\":true}\n");
	free(text);
}

static void text_is_for_people(void **state)
{
	char *text = print(false);

	(void)state;
	assert_string_equal(text,
		"file               a\"b\\c\\x1b[2J\n"
		"code bytes         18446744073709551615\n"
		"features           one, two\n"
		"no words           none\n"
		"imports\n"
		"  x\\x00y  3 bytes\n"
		"  \xc3\xa4       no\n"
		"exports\n"
		"  none\n"
		"runs               yes\n");
	free(text);
}

/* Names of files are bytes; JSON is UTF-8. Invalid: a lone byte, a cut character, an overlong
 * one, a surrogate, too large a number. */
static void what_is_no_utf8_is_replaced(void **state)
{
	static const char odd[] = "a\x9b" "b\xe2\x82" "c\xc0\x80" "d\xed\xa0\x80" "\xf4\x90\x80\x80" "\xf0\x9f\x8c\xb0" "\xe2";
	struct report report;
	char *text;
	int saved;

	(void)state;
	saved = capture_begin(1);
	report_begin(&report, true);
	report_text(&report, "file", odd);
	report_end(&report);
	text = capture_end(1, saved);
	assert_string_equal(text, "{\"file\":\"a\\ufffdb\\ufffd\\ufffdc\\ufffd\\ufffdd\\ufffd\\ufffd\\ufffd"
				  "\\ufffd\\ufffd\\ufffd\\ufffd\xf0\x9f\x8c\xb0\\ufffd\"}\n");
	free(text);
	saved = capture_begin(1);
	report_begin(&report, false);
	report_text(&report, "file", odd);
	report_end(&report);
	text = capture_end(1, saved);
	assert_string_equal(text, "file               a\\x9bb\\xe2\\x82c\\xc0\\x80d\\xed\\xa0\\x80"
				  "\\xf4\\x90\\x80\\x80\xf0\x9f\x8c\xb0\\xe2\n");
	free(text);
}

static void names_cannot_drive_the_terminal(void **state)
{
	int saved = capture_begin(1);
	struct report report;
	char *text;

	(void)state;
	report_begin(&report, false);
	report_text(&report, "name", "\x1b[2J\r\x7f\xc2\x9b\xc2\xa0");
	text = capture_end(1, saved);
	assert_string_equal(text, "name               \\x1b[2J\\x0d\\x7f\\xc2\\x9b\xc2\xa0\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_in_folder(json_is_one_object),
		test_in_folder(text_is_for_people),
		test_in_folder(names_cannot_drive_the_terminal),
		test_in_folder(what_is_no_utf8_is_replaced),
	};

	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
