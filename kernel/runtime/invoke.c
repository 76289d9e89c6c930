/* --invoke; see invoke.h. Numbers are read and printed as other engines do: integers
 * in decimal (0x is understood), printed signed, floats by lib/decimal.h, vectors as 32
 * hexadecimal digits. */
#include "invoke.h"

#include "cmdline.h"
#include "exit.h"
#include "lib/decimal.h"
#include "lib/string.h"
#include "lib/text.h"
#include "virtio/console.h"

#define VALUES_MAX 64

_Noreturn static void fail(const char *field, const char *what, const char *which)
{
	char buffer[512];
	struct text text = TEXT_IN(buffer);

	text_string(&text, field);
	text_string(&text, what);
	text_string(&text, which);
	runtime_fail(buffer, text.used);
}

/* A number of `bits` bits, signed or unsigned. */
static bool read_integer(const char *string, int bits, uint64_t *out)
{
	bool negative = *string == '-';
	struct cmdline_word word = { string + (negative || *string == '+'), 0 };
	uint64_t magnitude, limit = UINT64_MAX >> (64 - bits);

	word.size = strlen(word.text);
	if (!cmdline_number(word, false, &magnitude))
		return false;
	if (magnitude > (negative ? (limit >> 1) + 1 : limit))
		return false;
	*out = negative ? 0 - magnitude : magnitude;
	return true;
}

static int hexadecimal_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 'a' - 'A';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* 32 hexadecimal digits, the highest lane first, as print_value() writes them. */
static bool read_vector(const char *string, uint8_t bytes[16])
{
	if (string[0] == '0' && (string[1] == 'x' || string[1] == 'X'))
		string += 2;
	if (strlen(string) != 32)
		return false;
	for (int i = 0; i < 32; i++) {
		int digit = hexadecimal_digit(string[i]);

		if (digit < 0)
			return false;
		bytes[15 - i / 2] = (uint8_t)(bytes[15 - i / 2] << 4 | digit);
	}
	return true;
}

static bool read_value(const char *string, char type, union walnut_value *value)
{
	uint64_t number;

	memset(value, 0, sizeof(*value));
	switch (type) {
	case WALNUT_I32:
		if (!read_integer(string, 32, &number))
			return false;
		value->i32 = (uint32_t)number;
		return true;
	case WALNUT_I64:
		return read_integer(string, 64, &value->i64);
	case WALNUT_F32:
		return decimal_read_f32(string, &value->f32);
	case WALNUT_F64:
		return decimal_read_f64(string, &value->f64);
	case WALNUT_V128:
		return read_vector(string, value->v128);
	default:
		return false; /* references cannot be given as text */
	}
}

static void print_value(char type, const union walnut_value *value)
{
	char buffer[DECIMAL_TEXT_MAX];
	struct text text = TEXT_IN(buffer);

	switch (type) {
	case WALNUT_I32:
		text_signed(&text, (int32_t)value->i32);
		break;
	case WALNUT_I64:
		text_signed(&text, (int64_t)value->i64);
		break;
	case WALNUT_F32:
		decimal_print_f32(&text, value->f32);
		break;
	case WALNUT_F64:
		decimal_print_f64(&text, value->f64);
		break;
	case WALNUT_V128:
		for (int i = 0; i < 16; i++) {
			text_bytes(&text, &"0123456789abcdef"[value->v128[15 - i] >> 4], 1);
			text_bytes(&text, &"0123456789abcdef"[value->v128[15 - i] & 15], 1);
		}
		break;
	case WALNUT_FUNCREF:
		text_string(&text, value->funcref ? "<funcref>" : "<null>");
		break;
	default:
		text_string(&text, value->externref ? "<externref>" : "<null>");
		break;
	}
	text_string(&text, "\n");
	console_write_all(CONSOLE_OUTPUT, text.data, text.used);
}

/* A library's own start function, by convention. */
static void initialize(const struct walnut_module *module)
{
	const struct walnut_export *export = module_export(module, "_initialize");

	if (export && export->invoke && !*export->type.func->params && !*export->type.func->results)
		export->invoke(NULL, NULL);
}

void invoke_run(const struct walnut_module *module, const char *field, const struct strings *arguments)
{
	const struct walnut_export *export = module_export(module, field);
	union walnut_value parameters[VALUES_MAX], results[VALUES_MAX];
	const struct walnut_functype *type;
	const char *argument = arguments->data;
	size_t parameter_count, result_count;

	if (!export || export->type.kind != WALNUT_EXTERN_FUNC || !export->invoke)
		fail(field, ": the module exports no such function", "");
	type = export->type.func;
	parameter_count = strlen(type->params);
	result_count = strlen(type->results);
	if (parameter_count > VALUES_MAX || result_count > VALUES_MAX)
		fail(field, ": too many parameters or results", "");
	/* The first argument is the program's name. */
	if (parameter_count != (arguments->count ? arguments->count - 1 : 0)) {
		char buffer[64];
		struct text text = TEXT_IN(buffer);

		text_unsigned(&text, parameter_count);
		text_string(&text, ", given: ");
		text_unsigned(&text, arguments->count ? arguments->count - 1 : 0);
		text_bytes(&text, "", 1);
		fail(field, ": number of arguments expected: ", buffer);
	}
	for (size_t i = 0; i < parameter_count; i++) {
		argument += strlen(argument) + 1;
		if (!read_value(argument, type->params[i], &parameters[i]))
			fail(field, ": an argument is not of the parameter's type: ", argument);
	}
	initialize(module);
	export->invoke(parameters, results);
	for (size_t i = 0; i < result_count; i++)
		print_value(type->results[i], &results[i]);
}
