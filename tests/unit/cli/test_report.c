/* The two forms of a report. */
#include "support.h"

#include "report.h"

static char *print(bool json)
{
	int saved = capture_begin(1);
	struct report report;

	report_begin(&report, json);
	report_text(&report, "file", "a\"b\\c\033[2J");
	report_number(&report, "bytes", UINT64_MAX);
	report_list(&report, "imports");
	report_item(&report);
	report_bytes(&report, "field", (const uint8_t *)"x\0y", 3);
	report_number(&report, "bytes", 3);
	report_flag(&report, "known", false);
	report_item_end(&report);
	report_item(&report);
	report_text(&report, "field", "\xc3\xa4");
	report_item_end(&report);
	report_list_end(&report);
	report_list(&report, "exports");
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
		"{\"file\":\"a\\\"b\\\\c\\u001b[2J\",\"bytes\":18446744073709551615,"
		"\"imports\":[{\"field\":\"x\\u0000y\",\"bytes\":3,\"known\":false},{\"field\":\"\xc3\xa4\"}],"
		"\"exports\":[],\"runs\":true}\n");
	free(text);
}

static void text_cannot_drive_the_terminal(void **state)
{
	char *text = print(false);

	(void)state;
	assert_null(strchr(text, '\033'));
	assert_non_null(strstr(text, "a\"b\\c\\x1b[2J\n"));
	assert_non_null(strstr(text, "  x\\x00y  bytes 3  not known\n"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_in_folder(json_is_one_object),
		test_in_folder(text_cannot_drive_the_terminal),
	};

	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
