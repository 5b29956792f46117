/* repr() of single values, as CPython prints them. */
#include "rp_scalar.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rp_unicode.h"

/* --- float --- */

struct digits {
    char digit[20]; /* no trailing zeros */
    int count;
    int exponent; /* of the first digit */
};

/* The fewest digits that give the same float back. printf rounds to the nearest, so the
 * first precision that gives the value back is it; but where the gap below a float is half
 * that above it (powers of two), the nearest decimal of some length may lie outside and
 * its neighbour inside: then the neighbour is what Gay's algorithm (CPython's
 * Python/dtoa.c, mode 0) finds. The decimal point of the C locale is skipped over. */
static bool
digits_at(double real, int precision, int nudge, struct digits *ret)
{
    char text[64];
    snprintf(text, sizeof text, "%.*e", precision - 1, real);
    struct digits found = {.count = 0};
    char *exponent = strchr(text, 'e');
    for (char *at = text; at < exponent; at++) {
        if (*at >= '0' && *at <= '9' && found.count < 19) {
            found.digit[found.count++] = *at;
        }
    }
    found.exponent = atoi(exponent + 1);
    int last = found.count - 1;
    if (nudge) {
        if (found.digit[last] + nudge > '9' || found.digit[last] + nudge < '0') {
            return false;
        }
        found.digit[last] = (char)(found.digit[last] + nudge);
    }
    char again[64];
    snprintf(again, sizeof again, "%.*se%d", found.count, found.digit,
             found.exponent - last);
    if (strtod(again, NULL) != real) {
        return false;
    }
    while (found.count > 1 && found.digit[found.count - 1] == '0') {
        found.count--;
    }
    *ret = found;
    return true;
}

/* Up to 15 digits every decimal comes back from a normal double as it was, so 15 digits
 * without their zeros are the fewest whenever 15 are enough. Below DBL_MIN precision fades,
 * and fewer may do. */
static void
shortest_digits(double real, struct digits *ret)
{
    for (int precision = real < DBL_MIN ? 1 : 15; precision <= 17; precision++) {
        if (digits_at(real, precision, 0, ret) || digits_at(real, precision, 1, ret)
            || digits_at(real, precision, -1, ret)) {
            return;
        }
    }
    *ret = (struct digits){"0", 1, 0};
}

#define WHOLE_MAX 1e15 /* whole numbers below it are written digit by digit */

/* Format 'r' of PyOS_double_to_string (Python/pystrtod.c): an exponent below -4 or from
 * 16 on is written out. `dot`: ".0" after a whole number. */
static void
add_float(double real, bool dot, bool sign, struct rp_buf *out)
{
    if (signbit(real) && !isnan(real)) {
        rp_buf_add_string(out, "-");
    }
    else if (sign) {
        rp_buf_add_string(out, "+");
    }
    if (isnan(real) || isinf(real)) {
        rp_buf_add_string(out, isnan(real) ? "nan" : "inf");
        return;
    }
    if (fabs(real) < WHOLE_MAX && real == trunc(real)) {
        rp_buf_add_u64(out, (uint64_t)fabs(real));
        rp_buf_add_string(out, dot ? ".0" : "");
        return;
    }
    struct digits digits = {"0", 1, 0};
    if (real != 0) {
        shortest_digits(fabs(real), &digits);
    }
    int point = digits.exponent + 1; /* digits before the point */
    if (digits.exponent < -4 || digits.exponent >= 16) {
        rp_buf_add(out, digits.digit, 1);
        if (digits.count > 1) {
            rp_buf_addf(out, ".%.*s", digits.count - 1, digits.digit + 1);
        }
        rp_buf_addf(out, "e%c%02d", digits.exponent < 0 ? '-' : '+',
                    abs(digits.exponent));
        return;
    }
    if (point <= 0) {
        rp_buf_addf(out, "0.%.*s%.*s", -point, "0000", digits.count, digits.digit);
        return;
    }
    if (digits.count <= point) {
        rp_buf_addf(out, "%.*s%.*s%s", digits.count, digits.digit, point - digits.count,
                    "0000000000000000", dot ? ".0" : "");
        return;
    }
    rp_buf_addf(out, "%.*s.%.*s", point, digits.digit, digits.count - point,
                digits.digit + point);
}

void
rp_float_text(double real, struct rp_buf *out)
{
    add_float(real, true, false, out);
}

void
rp_complex_text(double real, double imag, struct rp_buf *out)
{
    if (real == 0 && !signbit(real)) {
        add_float(imag, false, false, out);
        rp_buf_add_string(out, "j");
        return;
    }
    rp_buf_add_string(out, "(");
    add_float(real, false, false, out);
    add_float(imag, false, true, out);
    rp_buf_add_string(out, "j)");
}

/* --- str and bytes --- */

static char
quote_of(struct tf_text text)
{
    bool single = text.len && memchr(text.data, '\'', text.len);
    return single && !memchr(text.data, '"', text.len) ? '"' : '\'';
}

static void
add_escaped(uint32_t code, char quote, struct rp_buf *out)
{
    if (code == (unsigned char)quote || code == '\\') {
        rp_buf_addf(out, "\\%c", (int)code);
    }
    else if (code == '\n' || code == '\r' || code == '\t') {
        rp_buf_add_string(out, code == '\n' ? "\\n" : code == '\r' ? "\\r" : "\\t");
    }
    else if (code & RP_UTF8_BAD || code <= 0xff) {
        rp_buf_addf(out, "\\x%02x", code & 0xff);
    }
    else {
        rp_buf_addf(out, code <= 0xffff ? "\\u%04x" : "\\U%08x", code);
    }
}

void
rp_str_text(struct tf_text text, uint32_t python_hex, size_t max, struct rp_buf *out)
{
    char quote = quote_of(text);
    rp_buf_add(out, &quote, 1);
    size_t off = 0, plain = 0; /* [plain, off): to be copied as it is */
    while (off < text.len && (!max || off < max)) {
        size_t begin = off;
        uint32_t code = rp_utf8_next(text, &off);
        bool as_is =
            !(code & RP_UTF8_BAD) && code != (unsigned char)quote && code != '\\'
            && (code < 0x7f ? code >= 0x20 : rp_unicode_printable(python_hex, code));
        if (!as_is) {
            rp_buf_add(out, text.data + plain, begin - plain);
            add_escaped(code, quote, out);
            plain = off;
        }
    }
    rp_buf_add(out, text.data + plain, off - plain);
    rp_buf_add(out, &quote, 1);
    if (off < text.len) {
        rp_buf_add_string(out, "...");
    }
}

void
rp_bytes_text(struct tf_text text, size_t max, struct rp_buf *out)
{
    char quote = quote_of(text);
    rp_buf_addf(out, "b%c", quote);
    size_t i = 0;
    for (; i < text.len && (!max || i < max); i++) {
        unsigned char byte = (unsigned char)text.data[i];
        if (byte >= 0x20 && byte < 0x7f && byte != (unsigned char)quote
            && byte != '\\') {
            rp_buf_add(out, &text.data[i], 1);
        }
        else {
            add_escaped(byte, quote, out);
        }
    }
    rp_buf_add(out, &quote, 1);
    if (i < text.len) {
        rp_buf_add_string(out, "...");
    }
}

/* --- int --- */

/* Above so many bytes the digits would take too long (and CPython refuses from 4,300
 * digits, 1,786 bytes, on): hexadecimal then. */
#define DECIMAL_BYTES_MAX 16384u

/* The value's size as 32-bit words, lowest first. */
static uint32_t *
magnitude(struct tf_text text, size_t *ret_count, bool *ret_negative)
{
    size_t count = text.len / 4 + 1;
    uint32_t *word = calloc(count, sizeof *word);
    if (!word) {
        return NULL;
    }
    bool negative = text.len && (unsigned char)text.data[text.len - 1] & 0x80;
    for (size_t i = 0; i < count * 4; i++) {
        unsigned byte = i < text.len ? (unsigned char)text.data[i]
                        : negative   ? 0xffu
                                     : 0;
        word[i / 4] |= (uint32_t)(negative ? ~byte & 0xff : byte) << (i % 4 * 8);
    }
    for (size_t i = 0; negative && i < count; i++) {
        if (++word[i]) {
            break;
        }
    }
    while (count > 1 && word[count - 1] == 0) {
        count--;
    }
    *ret_count = count;
    *ret_negative = negative;
    return word;
}

/* Four times nine digits in each pass: what one division leaves goes into the next at once. */
#define STEPS 4

static void
add_decimal(uint32_t *word, size_t count, struct rp_buf *out)
{
    size_t cap = count * 10 + STEPS * 9, at = cap; /* 2**32 has ten digits */
    char *digits = malloc(cap);
    if (!digits) {
        out->failed = true;
        return;
    }
    do {
        uint64_t rest[STEPS] = {0};
        for (size_t i = count; i-- > 0;) {
            for (int step = 0; step < STEPS; step++) {
                rest[step] = rest[step] << 32 | word[i];
                word[i] = (uint32_t)(rest[step] / 1000000000u);
                rest[step] %= 1000000000u;
            }
        }
        while (count > 1 && word[count - 1] == 0) {
            count--;
        }
        for (int i = 0; i < STEPS * 9; i++) {
            digits[--at] = (char)('0' + rest[i / 9] % 10);
            rest[i / 9] /= 10;
        }
    } while (word[count - 1] != 0);
    while (at + 1 < cap && digits[at] == '0') {
        at++;
    }
    rp_buf_add(out, digits + at, cap - at);
    free(digits);
}

void
rp_bigint_text(struct tf_text text, struct rp_buf *out)
{
    size_t count;
    bool negative;
    uint32_t *word = magnitude(text, &count, &negative);
    if (!word) {
        out->failed = true;
        return;
    }
    if (negative) {
        rp_buf_add_string(out, "-");
    }
    if (text.len <= DECIMAL_BYTES_MAX) {
        add_decimal(word, count, out);
    }
    else {
        rp_buf_addf(out, "0x%x", word[count - 1]);
        for (size_t i = count - 1; i-- > 0;) {
            rp_buf_addf(out, "%08x", word[i]);
        }
    }
    free(word);
}

static void
add_int(int64_t number, struct rp_buf *out)
{
    if (number < 0) {
        rp_buf_add_string(out, "-");
    }
    rp_buf_add_u64(out, number < 0 ? -(uint64_t)number : (uint64_t)number);
}

/* --- All of them --- */

static void
add_elided(const struct rp *rp, const struct rp_value *value, struct rp_buf *out)
{
    const char *reason = tf_elision_name(value->note);
    rp_buf_addf(out, "<elided: %s", reason ? reason : "unknown");
    if (value->type_id) {
        rp_buf_add_string(out, ", ");
        rp_type_name(rp_type(rp, value->type_id), out);
    }
    rp_buf_add_string(out, ">");
}

bool
rp_scalar_text(const struct rp *rp, const struct rp_value *value, size_t max,
               struct rp_buf *out)
{
    struct tf_text text = rp_value_bytes(value);
    size_t before = out->len;
    switch (value->kind) {
    case TF_VAL_REF: return false;
    case TF_VAL_UNBOUND: rp_buf_add_string(out, "<unbound>"); break;
    case TF_VAL_NONE: rp_buf_add_string(out, "None"); break;
    case TF_VAL_FALSE: rp_buf_add_string(out, "False"); break;
    case TF_VAL_TRUE: rp_buf_add_string(out, "True"); break;
    case TF_VAL_ELLIPSIS: rp_buf_add_string(out, "Ellipsis"); break;
    case TF_VAL_NOTIMPLEMENTED: rp_buf_add_string(out, "NotImplemented"); break;
    case TF_VAL_INT: add_int(value->integer, out); break;
    case TF_VAL_BIGINT: rp_bigint_text(text, out); break;
    case TF_VAL_BIGINT_CUT:
        rp_buf_addf(out, "<elided: length, int of %llu bits>",
                    (unsigned long long)value->length);
        break;
    case TF_VAL_FLOAT: rp_float_text(value->real, out); break;
    case TF_VAL_COMPLEX: rp_complex_text(value->real, value->imag, out); break;
    case TF_VAL_STR:
    case TF_VAL_STR_CUT:
        rp_str_text(text, rp->facts.header->python_hex, max, out);
        break;
    case TF_VAL_BYTES:
    case TF_VAL_BYTES_CUT: rp_bytes_text(text, max, out); break;
    case TF_VAL_ELIDED: add_elided(rp, value, out); break;
    case RP_VAL_MADE:
        rp_buf_add_string(out,
                          ((const struct rp_made *)(const void *)value->str)->text);
        break;
    default: rp_buf_add_string(out, "<damaged>"); break;
    }
    bool cut = value->kind == TF_VAL_STR_CUT || value->kind == TF_VAL_BYTES_CUT;
    bool marked =
        out->len >= before + 3 && memcmp(out->data + out->len - 3, "...", 3) == 0;
    if (cut && !marked) {
        rp_buf_add_string(out, "...");
    }
    return true;
}
