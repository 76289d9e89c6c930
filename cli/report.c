#include "report.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NAME_WIDTH 18

static void separate(struct report *report)
{
	if (report->filled[report->depth])
		putchar(',');
	report->filled[report->depth] = true;
}

static void descend(struct report *report)
{
	assert(report->depth < REPORT_DEPTH_MAX);
	report->filled[++report->depth] = false;
}

/* The bytes of the UTF-8 character at the front; 0: there is none. File names and what a
 * note says need not be UTF-8. */
static size_t character(const uint8_t *data, size_t size)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t count = data[0] < 0x80 ? 1 : data[0] >> 5 == 6 ? 2 : data[0] >> 4 == 14 ? 3 : data[0] >> 3 == 30 ? 4 : 0;
	uint32_t value;

	if (count <= 1 || count > size)
		return count <= size ? count : 0;
	value = data[0] & (0x7fu >> count);
	for (size_t i = 1; i < count; i++) {
		if ((data[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (data[i] & 0x3f);
	}
	if (value < least[count] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
		return 0;
	return count;
}

static void quoted(const uint8_t *data, size_t size)
{
	putchar('"');
	for (size_t i = 0, count; i < size; i += count ? count : 1) {
		count = character(data + i, size - i);
		if (!count)
			printf("\\ufffd");
		else if (data[i] == '"' || data[i] == '\\')
			printf("\\%c", data[i]);
		else if (data[i] < 0x20 || data[i] == 0x7f)
			printf("\\u%04x", data[i]);
		else
			fwrite(data + i, 1, count, stdout);
	}
	putchar('"');
}

/* Names come from the module: they must not drive the terminal. The C1 controls are
 * 0xc2 0x80 to 0xc2 0x9f in UTF-8. Returns the columns taken. */
static unsigned printable(const uint8_t *data, size_t size)
{
	unsigned columns = 0;

	for (size_t i = 0, count; i < size; i += count) {
		bool control;

		count = character(data + i, size - i);
		control = !count || data[i] < 0x20 || data[i] == 0x7f || (data[i] == 0xc2 && data[i + 1] < 0xa0);
		count = count ? count : 1;
		for (size_t j = i; control && j < i + count; j++)
			columns += (unsigned)printf("\\x%02x", data[j]);
		if (!control) {
			fwrite(data + i, 1, count, stdout);
			columns++;
		}
	}
	return columns;
}

static void spoken(const char *name)
{
	for (; *name; name++)
		putchar(*name == '_' ? ' ' : *name);
}

/* Everything before a value. */
static void lead(struct report *report, const char *name)
{
	if (report->json) {
		separate(report);
		printf("\"%s\":", name);
	} else if (report->in_item) {
		printf("%*s  ", (int)report->padding, "");
		report->padding = 0;
	} else {
		spoken(name);
		printf("%*s ", (int)(strlen(name) < NAME_WIDTH ? NAME_WIDTH - strlen(name) : 0), "");
	}
}

/* Everything after a value that took so many columns. Blanks are owed to the next column,
 * so that no line ends with them. */
static void trail(struct report *report, unsigned columns)
{
	unsigned width;

	if (report->json)
		return;
	if (!report->in_item) {
		putchar('\n');
		return;
	}
	width = *report->widths;
	if (width) {
		report->widths++;
		report->padding = columns < width ? width - columns : 0;
	}
}

void report_begin(struct report *report, bool json)
{
	*report = (struct report){ .json = json };
	if (json)
		putchar('{');
}

void report_end(struct report *report)
{
	if (report->json)
		puts("}");
}

void report_list(struct report *report, const char *name, const uint8_t *widths)
{
	if (report->json) {
		separate(report);
		printf("\"%s\":[", name);
	} else {
		spoken(name);
		putchar('\n');
	}
	report->columns = widths;
	descend(report);
}

void report_list_end(struct report *report)
{
	if (report->json)
		putchar(']');
	else if (!report->filled[report->depth])
		puts("  none");
	report->depth--;
}

void report_item(struct report *report)
{
	if (report->json) {
		separate(report);
		putchar('{');
	}
	report->filled[report->depth] = true;
	report->in_item = true;
	report->widths = report->columns;
	report->padding = 0;
	descend(report);
}

void report_item_end(struct report *report)
{
	putchar(report->json ? '}' : '\n');
	report->in_item = false;
	report->depth--;
}

void report_bytes(struct report *report, const char *name, const uint8_t *data, size_t size)
{
	unsigned columns = 0;

	lead(report, name);
	if (report->json)
		quoted(data, size);
	else
		columns = printable(data, size);
	trail(report, columns);
}

void report_text(struct report *report, const char *name, const char *text)
{
	report_bytes(report, name, (const uint8_t *)text, strlen(text));
}

void report_number(struct report *report, const char *name, uint64_t number)
{
	int columns;

	lead(report, name);
	if (report->json || !report->in_item) {
		columns = printf("%" PRIu64, number);
	} else {
		columns = printf("%" PRIu64 " ", number) + (int)strlen(name);
		spoken(name);
	}
	trail(report, (unsigned)columns);
}

void report_flag(struct report *report, const char *name, bool value)
{
	lead(report, name);
	fputs(report->json ? (value ? "true" : "false") : (value ? "yes" : "no"), stdout);
	trail(report, value ? 3 : 2);
}

void report_words(struct report *report, const char *name, const char *const *words, size_t count)
{
	lead(report, name);
	if (report->json)
		putchar('[');
	for (size_t i = 0; i < count; i++)
		printf("%s%s%s%s", i ? "," : "", report->json ? "\"" : i ? " " : "", words[i],
		       report->json ? "\"" : "");
	if (report->json)
		putchar(']');
	else if (!count)
		fputs("none", stdout);
	trail(report, 0);
}
