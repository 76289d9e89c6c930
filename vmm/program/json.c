#include "program/json.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 64

static void *fail(struct json *json)
{
	json->bad = true;
	json->at = json->end;
	return NULL;
}

/* The next character that counts, which stays; 0: there is none. */
static char peek(struct json *json)
{
	while (json->at < json->end && strchr(" \t\r\n", *json->at) && *json->at)
		json->at++;
	return json->at < json->end ? *json->at : 0;
}

static bool take(struct json *json, char wanted)
{
	if (peek(json) != wanted || wanted == 0)
		return false;
	json->at++;
	return true;
}

bool json_enter(struct json *json, char bracket)
{
	return take(json, bracket);
}

static bool next(struct json *json, bool first, char bracket)
{
	if (take(json, bracket))
		return false;
	if (!first && !take(json, ','))
		fail(json);
	return !json->bad;
}

bool json_next_member(struct json *json, bool first, char **key)
{
	*key = NULL;
	if (!next(json, first, '}'))
		return false;
	*key = json_string(json);
	if (*key && take(json, ':'))
		return true;
	free(*key);
	*key = NULL;
	fail(json);
	return false;
}

bool json_next_element(struct json *json, bool first)
{
	return next(json, first, ']') && (peek(json) || fail(json));
}

/* The four digits of an escape; -1: they are none. */
static int32_t hexadecimal(struct json *json)
{
	int32_t value = 0;

	if (json->end - json->at < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		static const char digits[] = "0123456789abcdef";
		char c = *json->at++;
		const char *digit = memchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c, sizeof(digits) - 1);

		if (!digit)
			return -1;
		value = value << 4 | (int32_t)(digit - digits);
	}
	return value;
}

/* A code point from one escape or, of a surrogate pair, two. -1: not a character. */
static int32_t code_point(struct json *json)
{
	int32_t high = hexadecimal(json), low;

	if (high < 0xd800 || high > 0xdfff)
		return high;
	if (high > 0xdbff || json->end - json->at < 2 || json->at[0] != '\\' || json->at[1] != 'u')
		return -1;
	json->at += 2;
	low = hexadecimal(json);
	return low < 0xdc00 || low > 0xdfff ? -1 : 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

static char *put_utf8(char *to, int32_t c)
{
	if (c < 0x80) {
		*to++ = (char)c;
		return to;
	}
	if (c < 0x800) {
		*to++ = (char)(0xc0 | c >> 6);
	} else {
		if (c < 0x10000) {
			*to++ = (char)(0xe0 | c >> 12);
		} else {
			*to++ = (char)(0xf0 | c >> 18);
			*to++ = (char)(0x80 | (c >> 12 & 0x3f));
		}
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
	}
	*to++ = (char)(0x80 | (c & 0x3f));
	return to;
}

/* After a backslash. NULL: no such escape, or a NUL. */
static char *put_escaped(struct json *json, char *to)
{
	static const char names[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
	char c = json->at < json->end ? *json->at++ : 0;
	const char *name = c ? strchr(names, c) : NULL;

	if (name) {
		*to = meant[name - names];
		return to + 1;
	}
	if (c == 'u') {
		int32_t point = code_point(json);

		if (point > 0)
			return put_utf8(to, point);
	}
	return NULL;
}

char *json_string(struct json *json)
{
	char *text, *to;

	if (!take(json, '"'))
		return fail(json);
	/* No escape is shorter than what it means. */
	text = to = malloc((size_t)(json->end - json->at) + 1);
	while (text && json->at < json->end && *json->at != '"') {
		char c = *json->at++;

		if ((unsigned char)c < 0x20)
			break;
		if (c != '\\')
			*to++ = c;
		else if (!(to = put_escaped(json, to)))
			break;
	}
	if (!text || !to || json->at == json->end || *json->at != '"') {
		free(text);
		return fail(json);
	}
	json->at++;
	*to = '\0';
	to = realloc(text, (size_t)(to - text) + 1);
	return to ? to : text;
}

static void skip_word(struct json *json)
{
	const char *start = json->at;

	while (json->at < json->end && (strchr("+-.", *json->at) || (*json->at >= '0' && *json->at <= '9') ||
					((*json->at | 32) >= 'a' && (*json->at | 32) <= 'z')) && *json->at)
		json->at++;
	if (json->at == start)
		fail(json);
}

static void skip(struct json *json, unsigned depth)
{
	char c = peek(json), *key;
	bool first = true;

	if (depth == 0) {
		fail(json);
	} else if (json_enter(json, '{')) {
		for (; json_next_member(json, first, &key); first = false) {
			free(key);
			skip(json, depth - 1);
		}
	} else if (json_enter(json, '[')) {
		for (; json_next_element(json, first); first = false)
			skip(json, depth - 1);
	} else if (c == '"') {
		free(json_string(json));
	} else {
		skip_word(json);
	}
}

void json_skip(struct json *json)
{
	skip(json, DEPTH_MAX);
}
