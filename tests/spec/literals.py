"""Numbers of the text format as bit patterns: exact, with one rounding to nearest even."""

from fractions import Fraction

FORMATS = {"f32": (8, 23), "f64": (11, 52)}  # bits of exponent and fraction


def integer(text, bits):
    return int(text.replace(b"_", b""), 0) % 2 ** bits if not leading_zeros(text) else \
        int(text.replace(b"_", b""), 10) % 2 ** bits


def leading_zeros(text):
    digits = text.lstrip(b"+-")
    return len(digits) > 1 and digits[:1] == b"0" and digits[1:2] not in b"xX"


def floating(text, kind):
    """The bits of a literal; of nan:canonical and nan:arithmetic the text."""
    exponent_bits, fraction_bits = FORMATS[kind]
    if text in (b"nan:canonical", b"nan:arithmetic"):
        return text.decode()
    sign = (text[:1] == b"-") << (exponent_bits + fraction_bits)
    magnitude = text.lstrip(b"+-").replace(b"_", b"").lower()
    infinity = (2 ** exponent_bits - 1) << fraction_bits
    if magnitude == b"inf":
        return sign | infinity
    if magnitude == b"nan":
        return sign | infinity | 1 << (fraction_bits - 1)
    if magnitude.startswith(b"nan:"):
        return sign | infinity | int(magnitude[4:], 16)
    return sign | rounded(exact(magnitude), exponent_bits, fraction_bits)


def exact(text):
    """An unsigned decimal or hexadecimal number as a fraction."""
    base, mark, scale = (16, b"p", 2) if text.startswith(b"0x") else (10, b"e", 10)
    digits, _, exponent = text.removeprefix(b"0x" if base == 16 else b"").partition(mark)
    whole, _, part = digits.partition(b".")
    value = Fraction(int(whole + part or b"0", base), base ** len(part))
    return value * Fraction(scale) ** int(exponent or b"0")


def rounded(value, exponent_bits, fraction_bits):
    if not value:
        return 0
    bias = 2 ** (exponent_bits - 1) - 1
    exponent = value.numerator.bit_length() - value.denominator.bit_length()
    if Fraction(2) ** exponent > value:
        exponent -= 1
    exponent = max(exponent, 1 - bias)
    # A carry out of the fraction raises the exponent, which is right up to infinity.
    units = round(value / Fraction(2) ** (exponent - fraction_bits))
    if units >> fraction_bits == 0:
        return units
    bits = ((exponent + bias - 1) << fraction_bits) + units
    return min(bits, (2 ** exponent_bits - 1) << fraction_bits)
