/* Runs the core suite's assertions inside the microVM. It is linked with the modules
 * under test and the kernel archive and takes the program's place. Standard input
 * is a script made by ../plan.py, one command a line, names and values hexadecimal:
 *
 *	memory zero|based
 *	ID instantiate MODULE ok|unlinkable|trap:CODE [PROVIDER:xFIELD | ?]…
 *	ID invoke MODULE xFIELD VALUE… = VALUE… | trap:CODE | any
 *	ID get MODULE xFIELD = VALUE
 *	ID call MODULE xFIELD VALUE…
 *	end
 *
 * VALUE is TYPE:BITS with the letters of enum walnut_value_type; `*` for any value
 * that is not null, `cnan` and `anan` for canonical and arithmetic NaNs, in a vector
 * filled up to the lane's number of digits by `-`. A|B is either. Standard output gets
 * a line for each: `ID ok` or `ID fail REASON`; for `call`, which expects nothing,
 * `ID VALUE…` or `ID trap:CODE`. */
#include "driver.h"

#include "lib/string.h"
#include "lib/text.h"
#include "try.h"
#include "virtio/console.h"

#define LINE_MAX 8192
#define VALUES_MAX 64
#define MODULES_MAX 256

extern const struct walnut_module *const modules_begin[] __asm__("__start_walnut_modules");
extern const struct walnut_module *const modules_end[] __asm__("__stop_walnut_modules");

static bool based;
static const struct walnut_module *alive[MODULES_MAX]; /* instantiated without a trap */
static size_t alive_count;

/* --- The script ------------------------------------------------------------- */

/* The rest of the line being read; words are cut off its front. */
struct words {
	const char *at, *end;
};

bool names_equal(struct name a, struct name b)
{
	return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

bool strings_equal(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

static bool is(struct name word, const char *string)
{
	return names_equal(word, (struct name){ string, strlen(string) });
}

static bool next_word(struct words *words, struct name *word)
{
	while (words->at < words->end && *words->at == ' ')
		words->at++;
	word->data = words->at;
	while (words->at < words->end && *words->at != ' ')
		words->at++;
	word->size = (size_t)(words->at - word->data);
	return word->size > 0;
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static uint64_t hexadecimal(const char *data, size_t size)
{
	uint64_t value = 0;

	for (size_t i = 0; i < size; i++)
		value = value << 4 | (uint64_t)digit(data[i]);
	return value;
}

static uint64_t decimal(struct name word)
{
	uint64_t value = 0;

	for (size_t i = 0; i < word.size; i++)
		value = value * 10 + (uint64_t)(word.data[i] - '0');
	return value;
}

/* "x6162" into "ab"; the buffer holds what a line can. */
static struct name field_name(struct name word, char buffer[static LINE_MAX / 2])
{
	size_t size = (word.size - 1) / 2;

	for (size_t i = 0; i < size; i++)
		buffer[i] = (char)hexadecimal(word.data + 1 + 2 * i, 2);
	return (struct name){ buffer, size };
}

/* The part of "a:b" before the first `at`; *after gets the other. */
static struct name split_at(struct name word, char at, struct name *after)
{
	size_t i = 0;

	while (i < word.size && word.data[i] != at)
		i++;
	*after = (struct name){ word.data + i + 1, i < word.size ? word.size - i - 1 : 0 };
	return (struct name){ word.data, i };
}

static struct name split(struct name word, struct name *after)
{
	return split_at(word, ':', after);
}

/* --- Verdicts --------------------------------------------------------------- */

static void verdict(struct name id, const char *failure, const char *got)
{
	char line[512];
	struct text text = TEXT_IN(line);

	text_bytes(&text, id.data, id.size);
	text_string(&text, failure ? " fail " : " ok");
	if (failure) {
		text_string(&text, failure);
		text_string(&text, got ? got : "");
	}
	text_string(&text, "\n");
	console_write_all(CONSOLE_OUTPUT, line, text.used);
}

static void verdict_code(struct name id, const char *failure, uint32_t code)
{
	char number[16];
	struct text text = TEXT_IN(number);

	text_unsigned(&text, code);
	number[text.used] = '\0';
	verdict(id, failure, number);
}

/* --- Modules ---------------------------------------------------------------- */

const struct walnut_module *find_module(struct name name)
{
	for (const struct walnut_module *const *at = modules_begin; at < modules_end; at++)
		if (is(name, (*at)->name))
			return *at;
	return NULL;
}

const struct walnut_export *find_export(const struct walnut_module *module, struct name field)
{
	for (uint64_t i = 0; i < module->export_count; i++) {
		const struct walnut_export *export = &module->exports[i];

		if (names_equal(field, (struct name){ export->field, export->field_size }))
			return export;
	}
	return NULL;
}

static bool is_alive(const struct walnut_module *module)
{
	for (size_t i = 0; i < alive_count; i++)
		if (alive[i] == module)
			return true;
	return false;
}

static const struct walnut_export *find_provider(struct name word)
{
	static char buffer[LINE_MAX / 2];
	struct name field_word, owner = split(word, &field_word);
	const struct walnut_module *module;
	struct name field;

	if (is(word, "?"))
		return NULL;
	field = field_name(field_word, buffer);
	if (is(owner, "spectest")) {
		const struct walnut_export *export = spectest_find(field);

		if (export && export->type.kind == WALNUT_EXTERN_MEMORY)
			spectest_start_memory(export, based);
		return export;
	}
	module = find_module(owner);
	return module ? find_export(module, field) : NULL;
}

static void call_instantiate(void *argument)
{
	((const struct walnut_module *)argument)->instantiate();
}

static void instantiate(struct name id, struct words *words)
{
	const struct walnut_module *module;
	struct name name, expected, word;
	bool linkable = true;
	uint32_t code;

	next_word(words, &name);
	next_word(words, &expected);
	module = find_module(name);
	if (!module)
		return verdict(id, "module is not in the image", NULL);
	for (uint64_t i = 0; i < module->import_count; i++) {
		const struct walnut_export *provider;

		if (!next_word(words, &word))
			return verdict(id, "more imports than the script knows", NULL);
		provider = find_provider(word);
		linkable = linkable && provider && import_matches(&module->imports[i], provider);
	}
	if (is(expected, "unlinkable"))
		return verdict(id, linkable ? "links" : NULL, NULL);
	if (!linkable)
		return verdict(id, "an import does not match", NULL);
	code = runtime_try(call_instantiate, (void *)module);
	if (!code && alive_count < MODULES_MAX)
		alive[alive_count++] = module;
	if (is(expected, "ok"))
		return verdict_code(id, code ? "instantiation traps with code " : NULL, code);
	split(expected, &word);
	if (!code)
		return verdict(id, "instantiates without a trap", NULL);
	verdict_code(id, code != decimal(word) ? "traps with another code: " : NULL, code);
}

/* --- Values ----------------------------------------------------------------- */

static uint64_t bits_of(char type, const union walnut_value *value)
{
	return type == WALNUT_I32 || type == WALNUT_F32 ? value->i32 : value->i64;
}

static bool is_nan(char type, uint64_t bits, bool canonical)
{
	uint64_t sign = type == WALNUT_F32 ? 1ull << 31 : 1ull << 63;
	uint64_t quiet = type == WALNUT_F32 ? 0x7fc00000ull : 0x7ff8000000000000ull;

	/* Canonical: only the payload's top bit; arithmetic: at least that. */
	return canonical ? (bits & ~sign) == quiet : (bits & quiet) == quiet;
}

#define VECTOR_DIGITS 32 /* the highest lane first */

/* The 32 or 64 bits whose digits end at `end`. */
static uint64_t vector_bits(const union walnut_value *value, size_t end, size_t size)
{
	uint64_t bits = 0;

	memcpy(&bits, value->v128 + (VECTOR_DIGITS - end) / 2, size);
	return bits;
}

static bool vector_matches(struct name digits, const union walnut_value *value)
{
	size_t end;

	if (digits.size != VECTOR_DIGITS)
		return false;
	for (size_t i = 0; i < VECTOR_DIGITS; i = end) {
		const char *at = digits.data + i;
		bool wide;

		end = i + 8;
		if (at[1] != 'n') {
			if (vector_bits(value, end, 4) != hexadecimal(at, 8))
				return false;
			continue;
		}
		wide = end < VECTOR_DIGITS && at[8] == '-';
		end += wide ? 8 : 0;
		if (!is_nan(wide ? WALNUT_F64 : WALNUT_F32, vector_bits(value, end, wide ? 8 : 4),
			    at[0] == 'c'))
			return false;
	}
	return true;
}

static bool value_matches(struct name expected, char type, const union walnut_value *value)
{
	struct name bits, others, one = split_at(expected, '|', &others);

	if (others.size && value_matches(others, type, value))
		return true;
	split(one, &bits);
	if (one.data[0] != type)
		return false;
	if (type == WALNUT_V128)
		return vector_matches(bits, value);
	if (is(bits, "*"))
		return bits_of(type, value) != 0;
	if (is(bits, "cnan") || is(bits, "anan"))
		return is_nan(type, bits_of(type, value), bits.data[0] == 'c');
	return bits_of(type, value) == hexadecimal(bits.data, bits.size);
}

/* "T:BITS " for each of the first values; a vector's are "HIGH,LOW". */
static void text_values(struct text *text, const char *types, const union walnut_value *values)
{
	for (size_t i = 0; types[i] && i < 4; i++) {
		text_bytes(text, &types[i], 1);
		text_string(text, ":");
		if (types[i] == WALNUT_V128) {
			text_hex(text, vector_bits(&values[i], VECTOR_DIGITS / 2, 8));
			text_string(text, ",");
		}
		text_hex(text, bits_of(types[i], &values[i]));
		text_string(text, " ");
	}
}

static void fail_with_values(struct name id, const char *types, const union walnut_value *values)
{
	char line[256];
	struct text text = TEXT_IN(line);

	text_values(&text, types, values);
	line[text.used < sizeof(line) ? text.used : sizeof(line) - 1] = '\0';
	verdict(id, "got ", line);
}

/* Compares results with the words after "=". */
static void check_values(struct name id, struct words *words, const char *types,
			 const union walnut_value *values)
{
	size_t count = strlen(types), i;
	struct name word;

	for (i = 0; next_word(words, &word); i++) {
		if (is(word, "any"))
			return verdict(id, NULL, NULL);
		if (word.data[0] == 't')
			return fail_with_values(id, types, values);
		if (i >= count || !value_matches(word, types[i], &values[i]))
			return fail_with_values(id, types, values);
	}
	if (i != count)
		return fail_with_values(id, types, values);
	verdict(id, NULL, NULL);
}

static union walnut_value argument(struct name digits)
{
	size_t high = digits.size > 16 ? digits.size - 16 : 0;
	uint64_t parts[] = {
		hexadecimal(digits.data + high, digits.size - high),
		hexadecimal(digits.data, high),
	};
	union walnut_value value;

	memcpy(&value, parts, sizeof(value));
	return value;
}

struct call {
	const struct walnut_export *export;
	union walnut_value arguments[VALUES_MAX];
	union walnut_value results[VALUES_MAX];
};

static void call_export(void *argument)
{
	struct call *call = argument;

	call->export->invoke(call->arguments, call->results);
}

/* Calls with the arguments up to "=" or the line's end; returns the trap's code. */
static uint32_t perform(struct call *call, const struct walnut_export *export, struct words *words)
{
	struct name word, bits;

	memset(call, 0, sizeof(*call));
	call->export = export;
	for (size_t i = 0; next_word(words, &word) && !is(word, "=") && i < VALUES_MAX; i++) {
		split(word, &bits);
		call->arguments[i] = argument(bits);
	}
	return runtime_try(call_export, call);
}

/* `call`: says what came, whatever it is. */
static void report(struct name id, struct words *words, const struct walnut_export *export)
{
	static struct call call;
	char line[256];
	struct text text = TEXT_IN(line);
	uint32_t code = perform(&call, export, words);

	text_bytes(&text, id.data, id.size);
	text_string(&text, code ? " trap:" : " ");
	if (code)
		text_unsigned(&text, code);
	else
		text_values(&text, export->type.func->results, call.results);
	text_string(&text, "\n");
	console_write_all(CONSOLE_OUTPUT, line, text.used);
}

static void invoke(struct name id, struct words *words, const struct walnut_export *export,
		   bool is_report)
{
	static struct call call;
	struct words rest;
	struct name word, bits;
	uint32_t code;

	if (export->type.kind != WALNUT_EXTERN_FUNC || !export->invoke)
		return verdict(id, "not a function", NULL);
	if (is_report)
		return report(id, words, export);
	code = perform(&call, export, words);
	if (!code)
		return check_values(id, words, export->type.func->results, call.results);
	rest = *words;
	if (next_word(&rest, &word) && word.data[0] == 't') {
		split(word, &bits);
		if (decimal(bits) == code)
			return verdict(id, NULL, NULL);
	}
	verdict_code(id, "traps with code ", code);
}

static void get(struct name id, struct words *words, const struct walnut_export *export)
{
	char type[2] = { (char)export->type.value_type, '\0' };
	union walnut_value value = { 0 };
	struct name word;

	if (export->type.kind != WALNUT_EXTERN_GLOBAL)
		return verdict(id, "not a global", NULL);
	if (type[0] == WALNUT_I32 || type[0] == WALNUT_F32)
		value.i32 = *(const uint32_t *)export->address;
	else if (type[0] == WALNUT_V128)
		memcpy(value.v128, export->address, sizeof(value.v128));
	else
		value.i64 = *(const uint64_t *)export->address;
	next_word(words, &word); /* = */
	check_values(id, words, type, &value);
}

static void action(struct name id, struct words *words, struct name verb)
{
	static char buffer[LINE_MAX / 2];
	const struct walnut_module *module;
	const struct walnut_export *export;
	struct name name, field;

	next_word(words, &name);
	next_word(words, &field);
	module = find_module(name);
	if (!module || !is_alive(module))
		return verdict(id, "module was not instantiated", NULL);
	export = find_export(module, field_name(field, buffer));
	if (!export)
		return verdict(id, "no such export", NULL);
	if (is(verb, "get"))
		get(id, words, export);
	else
		invoke(id, words, export, is(verb, "call"));
}

static bool command(struct words words)
{
	struct name id, verb;

	if (!next_word(&words, &id) || is(id, "end"))
		return false;
	next_word(&words, &verb);
	if (is(id, "memory"))
		based = is(verb, "based");
	else if (is(verb, "instantiate"))
		instantiate(id, &words);
	else
		action(id, &words, verb);
	return true;
}

/* Waits for input; 0 at its end. */
static size_t read_input(void *data, size_t size)
{
	for (;;) {
		size_t got = console_read(data, size);

		if (got || console_state(CONSOLE_INPUT) == CONSOLE_CLOSED)
			return got;
		console_wait(1u << CONSOLE_INPUT, UINT64_MAX);
	}
}

/* Bytes before the newline; `size` where there is none. */
static size_t line_length(const char *data, size_t size)
{
	size_t length = 0;

	while (length < size && data[length] != '\n')
		length++;
	return length;
}

/* Commands until "end". A script that breaks off leaves verdicts missing. */
static void run_script(const union walnut_value *arguments, union walnut_value *results)
{
	static char buffer[LINE_MAX];
	size_t filled = 0, begin = 0;

	spectest_start_tables();
	for (;;) {
		size_t line = line_length(buffer + begin, filled - begin), got;

		if (begin + line < filled) {
			if (!command((struct words){ buffer + begin, buffer + begin + line }))
				return;
			begin += line + 1;
			continue;
		}
		memmove(buffer, buffer + begin, filled - begin);
		filled -= begin;
		begin = 0;
		got = read_input(buffer + filled, sizeof(buffer) - filled);
		if (!got)
			return;
		filled += got;
	}
}

/* The kernel takes the driver for a compiled program: a module named main. */
static void nothing_to_instantiate(void)
{
}

static const struct walnut_functype start_type = { .params = "", .results = "" };
static const struct walnut_export main_exports[] = {
	{ "_start", 6, { .kind = WALNUT_EXTERN_FUNC, .func = &start_type }, NULL, run_script },
};
static const struct walnut_module main_module = {
	.abi_version = WALNUT_ABI_VERSION,
	.name = "main",
	.instantiate = nothing_to_instantiate,
	.exports = main_exports,
	.export_count = 1,
};
static const struct walnut_module *const main_entry
	__attribute__((section(WALNUT_SECTION_MODULES), used)) = &main_module;
