/* Decimal text and binary floating point, by exact arithmetic on big integers: slow,
 * short and right (Steele and White's free-format algorithm for printing, long
 * division for reading). Used for a handful of numbers in a run. */
#include "lib/decimal.h"

#include "lib/string.h"

/* 10^(DIGITS_MAX + EXPONENT_MAX) and what is compared with it must fit. */
#define LIMBS 160
#define DIGITS_MAX 800	 /* no halfway case between doubles has more */
#define EXPONENT_MAX 400 /* beyond it any such number is 0 or infinite */

struct big {
	uint32_t limb[LIMBS]; /* least significant first */
	uint32_t count;	      /* highest one is not 0 */
};

/* What binary format a number has. */
struct format {
	int mantissa_bits; /* with the implicit one */
	int exponent_min;  /* of the lowest bit of a denormal */
	int exponent_max;  /* of the lowest bit of the largest number */
};
static const struct format format_f64 = { 53, -1074, 971 };
static const struct format format_f32 = { 24, -149, 104 };

static void big_set(struct big *big, uint64_t value)
{
	big->count = 0;
	for (; value; value >>= 32)
		big->limb[big->count++] = (uint32_t)value;
}

static void big_multiply_add(struct big *big, uint32_t factor, uint32_t carry)
{
	uint64_t value = carry;

	for (uint32_t i = 0; i < big->count; i++) {
		value += (uint64_t)big->limb[i] * factor;
		big->limb[i] = (uint32_t)value;
		value >>= 32;
	}
	if (value)
		big->limb[big->count++] = (uint32_t)value;
}

static void big_power_of_ten(struct big *big, int exponent)
{
	for (; exponent > 0; exponent--)
		big_multiply_add(big, 10, 0);
}

static void big_shift(struct big *big, int bits)
{
	uint32_t limbs = (uint32_t)bits / 32;

	if (!big->count)
		return;
	big_multiply_add(big, 1u << (bits % 32), 0);
	memmove(big->limb + limbs, big->limb, big->count * sizeof(big->limb[0]));
	memset(big->limb, 0, limbs * sizeof(big->limb[0]));
	big->count += limbs;
}

static int big_compare(const struct big *a, const struct big *b)
{
	if (a->count != b->count)
		return a->count < b->count ? -1 : 1;
	for (uint32_t i = a->count; i-- > 0;) {
		if (a->limb[i] != b->limb[i])
			return a->limb[i] < b->limb[i] ? -1 : 1;
	}
	return 0;
}

/* a + b compared with c. */
static int big_compare_sum(const struct big *a, const struct big *b, const struct big *c)
{
	static struct big sum;
	uint64_t carry = 0;
	uint32_t count = a->count > b->count ? a->count : b->count;

	for (uint32_t i = 0; i < count; i++) {
		carry += (i < a->count ? a->limb[i] : 0);
		carry += (i < b->count ? b->limb[i] : 0);
		sum.limb[i] = (uint32_t)carry;
		carry >>= 32;
	}
	sum.count = count;
	if (carry)
		sum.limb[sum.count++] = (uint32_t)carry;
	return big_compare(&sum, c);
}

/* a -= b, which is not greater. */
static void big_subtract(struct big *a, const struct big *b)
{
	int64_t borrow = 0;

	for (uint32_t i = 0; i < a->count; i++) {
		borrow += (int64_t)a->limb[i] - (i < b->count ? b->limb[i] : 0);
		a->limb[i] = (uint32_t)borrow;
		borrow >>= 32;
	}
	while (a->count && !a->limb[a->count - 1])
		a->count--;
}

static int big_bits(const struct big *big)
{
	return big->count ? (int)big->count * 32 - __builtin_clz(big->limb[big->count - 1]) : 0;
}

/* The bits of the number numerator / denominator in a format without its sign:
 * mantissa bits and exponent as they are stored. Both are changed. */
static uint64_t round_quotient(struct big *numerator, struct big *denominator, const struct format *format)
{
	int exponent = big_bits(numerator) - big_bits(denominator) - format->mantissa_bits;
	uint64_t mantissa = 0;
	int order;

	if (!numerator->count)
		return 0;
	if (exponent < format->exponent_min)
		exponent = format->exponent_min;
	/* Scales so that the quotient is the mantissa, of mantissa_bits or one more. */
	if (exponent > 0)
		big_shift(denominator, exponent);
	else
		big_shift(numerator, -exponent);
	big_shift(denominator, format->mantissa_bits);
	for (int i = 0; i <= format->mantissa_bits; i++) {
		mantissa <<= 1;
		if (big_compare(numerator, denominator) >= 0) {
			big_subtract(numerator, denominator);
			mantissa |= 1;
		}
		big_shift(numerator, 1);
	}
	/* The remainder, doubled, over the denominator times 2^mantissa_bits: half. */
	order = big_compare(numerator, denominator);
	if (mantissa >> format->mantissa_bits) {
		/* One bit too many: it joins the remainder. */
		bool low = mantissa & 1;

		order = low ? (numerator->count ? 1 : 0) : -1;
		mantissa >>= 1;
		exponent++;
	}
	if (order > 0 || (order == 0 && mantissa & 1))
		mantissa++;
	if (mantissa >> format->mantissa_bits) {
		mantissa >>= 1;
		exponent++;
	}
	if (exponent > format->exponent_max) {
		mantissa = UINT64_C(1) << (format->mantissa_bits - 1);
		exponent = format->exponent_max + 1;
	}
	/* A denormal has stored exponent 0, as if the implicit bit were added to it. */
	return mantissa + ((uint64_t)(exponent - format->exponent_min) << (format->mantissa_bits - 1));
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool same_word(const char *string, const char *word)
{
	while (*word && (*string | 0x20) == *word) {
		string++;
		word++;
	}
	return !*string && !*word;
}

/* Reads "123.45e-6" into digits * 10^exponent. */
static bool read_digits(const char *string, struct big *digits, int *exponent)
{
	bool any = false, point = false, negative = false;
	int read = 0, explicit = 0;

	big_set(digits, 0);
	*exponent = 0;
	for (; is_digit(*string) || (*string == '.' && !point); string++) {
		if (*string == '.') {
			point = true;
			continue;
		}
		any = true;
		if (read < DIGITS_MAX) {
			big_multiply_add(digits, 10, (uint32_t)(*string - '0'));
			read += digits->count != 0;
			*exponent -= point && *exponent > -1000000;
		} else {
			/* Only whether anything follows matters now. */
			if (*string != '0')
				digits->limb[0] |= 1;
			*exponent += !point && *exponent < 1000000;
		}
	}
	if (!any)
		return false;
	if (*string == 'e' || *string == 'E') {
		string++;
		if (*string == '+' || *string == '-')
			negative = *string++ == '-';
		if (!is_digit(*string))
			return false;
		for (; is_digit(*string); string++) {
			if (explicit < 1000000)
				explicit = explicit * 10 + (*string - '0');
		}
		*exponent += negative ? -explicit : explicit;
	}
	return !*string;
}

static bool read_bits(const char *string, const struct format *format, uint64_t sign, uint64_t *out)
{
	static struct big numerator, denominator;
	uint64_t infinity = (uint64_t)(format->exponent_max - format->exponent_min + 2)
			    << (format->mantissa_bits - 1);
	int exponent, size;

	*out = 0;
	if (*string == '-' || *string == '+') {
		if (*string++ == '-')
			*out = sign;
	}
	if (same_word(string, "inf") || same_word(string, "infinity")) {
		*out |= infinity;
		return true;
	}
	if (same_word(string, "nan")) {
		*out |= infinity | UINT64_C(1) << (format->mantissa_bits - 2);
		return true;
	}
	if (!read_digits(string, &numerator, &exponent))
		return false;
	/* About how many digits there are before the point. */
	size = big_bits(&numerator) * 3 / 10 + exponent;
	if (!numerator.count || size < -EXPONENT_MAX)
		return true;
	if (size > EXPONENT_MAX) {
		*out |= infinity;
		return true;
	}
	big_set(&denominator, 1);
	big_power_of_ten(exponent < 0 ? &denominator : &numerator, exponent < 0 ? -exponent : exponent);
	*out |= round_quotient(&numerator, &denominator, format);
	return true;
}

bool decimal_read_f64(const char *string, double *out)
{
	uint64_t bits;

	if (!read_bits(string, &format_f64, UINT64_C(1) << 63, &bits))
		return false;
	memcpy(out, &bits, sizeof(*out));
	return true;
}

bool decimal_read_f32(const char *string, float *out)
{
	uint64_t bits;

	if (!read_bits(string, &format_f32, UINT64_C(1) << 31, &bits))
		return false;
	memcpy(out, &bits, sizeof(*out));
	return true;
}

/* Whether value + above reaches one; at the midpoint itself only if `even`, because
 * that is where reading rounds to. */
static bool reaches(const struct big *value, const struct big *above, const struct big *one, bool even)
{
	int order = big_compare_sum(value, above, one);

	return order > 0 || (even && order == 0);
}

/* The shortest digits for mantissa * 2^exponent that no neighbour is closer to, and
 * where the point goes: 0.DIGITS * 10^*point. Returns how many. */
static int shortest_digits(uint64_t mantissa, int exponent, const struct format *format, char *digits,
			   int *point)
{
	static struct big value, one, below, above; /* all times the same factor */
	bool even = !(mantissa & 1);
	bool edge = mantissa == UINT64_C(1) << (format->mantissa_bits - 1) && exponent > format->exponent_min;
	int shift = exponent < 0 ? -exponent : 0, count = 0;
	bool low, high;

	/* Twice the value, and the distances to the midpoints on both sides, once. */
	big_set(&value, mantissa);
	big_set(&one, 1);
	big_set(&below, 1);
	big_shift(&value, exponent - (exponent < 0 ? exponent : 0) + 1 + edge);
	big_shift(&one, shift + 1 + edge);
	big_shift(&below, exponent > 0 ? exponent : 0);
	above = below;
	big_shift(&above, edge);

	*point = 0;
	/* Scales by powers of ten until 0.1 <= value < 1 for what will be printed. */
	while (reaches(&value, &above, &one, even)) {
		big_multiply_add(&one, 10, 0);
		++*point;
	}
	for (;;) {
		struct big *parts[] = { &value, &below, &above };

		for (int i = 0; i < 3; i++)
			big_multiply_add(parts[i], 10, 0);
		if (reaches(&value, &above, &one, even))
			break;
		--*point;
	}
	for (;;) {
		int digit = 0, order;

		while (big_compare(&value, &one) >= 0) {
			big_subtract(&value, &one);
			digit++;
		}
		order = big_compare(&value, &below);
		low = order < 0 || (even && order == 0);
		high = reaches(&value, &above, &one, even);
		if (low || high) {
			/* Both ends are near enough: the nearer. */
			if (high && (!low || big_compare_sum(&value, &value, &one) >= 0))
				digit++;
			digits[count++] = (char)('0' + digit);
			return count;
		}
		digits[count++] = (char)('0' + digit);
		big_multiply_add(&value, 10, 0);
		big_multiply_add(&below, 10, 0);
		big_multiply_add(&above, 10, 0);
	}
}

static void print(struct text *text, uint64_t bits, int stored_exponent_bits, const struct format *format)
{
	uint64_t implicit = UINT64_C(1) << (format->mantissa_bits - 1);
	uint64_t mantissa = bits & (implicit - 1);
	int stored = (int)(bits >> (format->mantissa_bits - 1)) & ((1 << stored_exponent_bits) - 1);
	bool negative = bits >> (format->mantissa_bits - 1 + stored_exponent_bits) & 1;
	char digits[32];
	int count, point;

	if (stored == (1 << stored_exponent_bits) - 1) {
		text_string(text, mantissa ? "NaN" : negative ? "-inf" : "inf");
		return;
	}
	if (negative)
		text_string(text, "-");
	if (!stored && !mantissa) {
		text_string(text, "0");
		return;
	}
	if (stored)
		mantissa |= implicit;
	else
		stored = 1;
	count = shortest_digits(mantissa, stored - 1 + format->exponent_min, format, digits, &point);
	if (point <= 0) {
		text_string(text, "0.");
		for (int i = point; i < 0; i++)
			text_string(text, "0");
		text_bytes(text, digits, (size_t)count);
		return;
	}
	text_bytes(text, digits, (size_t)(count < point ? count : point));
	for (int i = count; i < point; i++)
		text_string(text, "0");
	if (count > point) {
		text_string(text, ".");
		text_bytes(text, digits + point, (size_t)(count - point));
	}
}

void decimal_print_f64(struct text *text, double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	print(text, bits, 11, &format_f64);
}

void decimal_print_f32(struct text *text, float value)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	print(text, bits, 8, &format_f32);
}
