#include "report.h"

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

static void quoted(const uint8_t *data, size_t size)
{
	putchar('"');
	for (size_t i = 0; i < size; i++) {
		if (data[i] == '"' || data[i] == '\\')
			printf("\\%c", data[i]);
		else if (data[i] < 0x20 || data[i] == 0x7f)
			printf("\\u%04x", data[i]);
		else
			putchar(data[i]);
	}
	putchar('"');
}

/* Names come from the module: they must not drive the terminal. */
static void printable(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (data[i] < 0x20 || data[i] == 0x7f)
			printf("\\x%02x", data[i]);
		else
			putchar(data[i]);
	}
}

/* Everything before a value. */
static void lead(struct report *report, const char *name)
{
	if (report->json) {
		separate(report);
		printf("\"%s\":", name);
	} else if (report->in_item) {
		printf("  ");
	} else {
		printf("%-*s ", NAME_WIDTH, name);
	}
}

static void trail(const struct report *report)
{
	if (!report->json && !report->in_item)
		putchar('\n');
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

void report_list(struct report *report, const char *name)
{
	if (report->json) {
		separate(report);
		printf("\"%s\":[", name);
	} else {
		printf("%s\n", name);
	}
	report->filled[++report->depth] = false;
}

void report_list_end(struct report *report)
{
	if (report->json)
		putchar(']');
	report->depth--;
}

void report_item(struct report *report)
{
	if (report->json) {
		separate(report);
		putchar('{');
	}
	report->in_item = true;
	report->filled[++report->depth] = false;
}

void report_item_end(struct report *report)
{
	putchar(report->json ? '}' : '\n');
	report->in_item = false;
	report->depth--;
}

void report_bytes(struct report *report, const char *name, const uint8_t *data, size_t size)
{
	lead(report, name);
	if (report->json)
		quoted(data, size);
	else
		printable(data, size);
	trail(report);
}

void report_text(struct report *report, const char *name, const char *text)
{
	report_bytes(report, name, (const uint8_t *)text, strlen(text));
}

void report_number(struct report *report, const char *name, uint64_t number)
{
	lead(report, name);
	if (!report->json && report->in_item)
		printf("%s ", name);
	printf("%" PRIu64, number);
	trail(report);
}

void report_flag(struct report *report, const char *name, bool value)
{
	lead(report, name);
	if (!report->json && report->in_item)
		printf("%s%s", value ? "" : "not ", name);
	else
		fputs(report->json ? (value ? "true" : "false") : (value ? "yes" : "no"), stdout);
	trail(report);
}
