/* format(value, spec): Python/formatter_unicode.c. */
#include <ctype.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rp_eval.h"
#include "rp_scalar.h"
#include "rp_unicode.h"

#define WIDTH_MAX 1000000

struct spec {
    char fill[4]; /* one character of UTF-8 */
    size_t fill_len;
    char align, sign, group, type; /* 0: not given */
    bool alternate, no_negative_zero, fill_given;
    int64_t width, precision; /* -1: not given */
};

/* --- Floats --- */

static void
point(char *text) /* the C locale may have another */
{
    for (char *at = text; *at; at++) {
        if (!isalnum((unsigned char)*at) && *at != '-' && *at != '+') {
            *at = '.';
        }
    }
}

/* As %g, with ".0" where there is no point; the exponent comes one place earlier. */
static void
short_with_dot(double real, int precision, struct rp_buf *out)
{
    char text[64];
    precision = precision == 0 ? 1 : precision > 40 ? 40 : precision;
    snprintf(text, sizeof text, "%.*e", precision - 1, real);
    int exponent = atoi(strchr(text, 'e') + 1);
    if (exponent < -4 || exponent >= precision - 1) {
        if (exponent >= -4 && exponent < precision) { /* as many digits as precision */
            snprintf(text, sizeof text, "%.*e", precision - 1, real);
        }
        point(text);
        char *e = strchr(text, 'e'), *end = e;
        bool has_point = strchr(text, '.') != NULL;
        while (has_point && end[-1] == '0') {
            end--;
        }
        end -= has_point && end[-1] == '.';
        rp_buf_add(out, text, (size_t)(end - text));
        rp_buf_add_string(out, e);
        return;
    }
    snprintf(text, sizeof text, "%.*f", precision - 1 - exponent, real);
    point(text);
    size_t len = strlen(text);
    bool has_point = strchr(text, '.') != NULL;
    while (has_point && text[len - 1] == '0' && text[len - 2] != '.') {
        len--;
    }
    rp_buf_add(out, text, len);
    rp_buf_add_string(out, has_point ? "" : ".0");
}

void
rp_float_format(double real, char type, int precision, bool alternate,
                struct rp_buf *out)
{
    char format[8] = "%", *text = NULL;
    if (isnan(real) || isinf(real)) {
        const char *name = isupper((unsigned char)type) ? (isnan(real) ? "NAN" : "INF")
                                                        : (isnan(real) ? "nan" : "inf");
        rp_buf_add_string(out, !isnan(real) && real < 0 ? "-" : "");
        rp_buf_add_string(out, name);
        return;
    }
    strcat(format, alternate ? "#.*" : ".*");
    size_t at = strlen(format);
    format[at] = type;
    format[at + 1] = '\0';
    size_t size = (size_t)precision + 400;
    text = malloc(size);
    if (!text) {
        out->failed = true;
        return;
    }
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(text, size, format, precision, real);
#pragma GCC diagnostic pop
    point(text);
    rp_buf_add_string(out, text);
    free(text);
}

/* --- The specification --- */

static bool
is_align(char c)
{
    return c == '<' || c == '>' || c == '=' || c == '^';
}

static int64_t
number(const char **at, const char *end)
{
    int64_t n = -1;
    while (*at < end && isdigit((unsigned char)**at)) {
        n = (n < 0 ? 0 : n) * 10 + (**at - '0');
        n = n > INT32_MAX ? INT32_MAX : n;
        ++*at;
    }
    return n;
}

static bool
bad(struct rp_eval *eval, const char *message)
{
    return rp_eval_raise(eval, "ValueError", "%s", message);
}

static bool
grouping(struct rp_eval *eval, const char **at, const char *end, struct spec *spec)
{
    if (*at < end && **at == ',') {
        spec->group = ',';
        ++*at;
    }
    if (*at < end && **at == '_') {
        if (spec->group) {
            return bad(eval, "Cannot specify both ',' and '_'.");
        }
        spec->group = '_';
        ++*at;
    }
    if (*at < end && **at == ',' && spec->group) {
        return bad(eval, spec->group == ',' ? "Cannot specify ',' with ','."
                                            : "Cannot specify both ',' and '_'.");
    }
    return true;
}

static bool
allows_group(const struct spec *spec)
{
    return !spec->group || !spec->type || strchr("deEfFgG%", spec->type)
           || (spec->group == '_' && strchr("boxX", spec->type));
}

/* `right`: numbers go to the right, and a 0 before the width means "=". */
static bool
parse_spec(struct rp_eval *eval, struct tf_text text, bool right, const char *label,
           struct spec *ret)
{
    const char *at = text.data, *end = text.data + text.len;
    uint32_t python_hex = eval->rp->facts.header->python_hex;
    struct spec spec = {.fill = " ", .fill_len = 1, .width = -1, .precision = -1};
    size_t off = 0;
    if (text.len) {
        rp_utf8_next(text, &off);
    }
    if (text.len > off && off <= 4 && is_align(text.data[off])) {
        memcpy(spec.fill, text.data, off);
        spec.fill_len = off;
        spec.fill_given = true;
        spec.align = text.data[off];
        at += off + 1;
    }
    else if (at < end && is_align(*at)) {
        spec.align = *at++;
    }
    if (at < end && (*at == '+' || *at == '-' || *at == ' ')) {
        spec.sign = *at++;
    }
    if (at < end && *at == 'z' && python_hex >= 0x030b0000) {
        spec.no_negative_zero = true;
        at++;
    }
    if (at < end && *at == '#') {
        spec.alternate = true;
        at++;
    }
    if (!spec.fill_given && at < end && *at == '0') {
        spec.fill[0] = '0';
        if (!spec.align && (right || python_hex < 0x030a0000)) {
            spec.align = '=';
        }
        at++;
    }
    spec.width = number(&at, end);
    if (!grouping(eval, &at, end, &spec)) {
        return false;
    }
    if (at < end && *at == '.') {
        at++;
        spec.precision = number(&at, end);
        if (spec.precision < 0) {
            return bad(eval, "Format specifier missing precision");
        }
    }
    if (spec.width == INT32_MAX || spec.precision == INT32_MAX) {
        return rp_eval_fail(eval, "the width or precision is too large");
    }
    if (end - at > 1) {
        return python_hex < 0x030a0000
                   ? bad(eval, "Invalid format specifier")
                   : rp_eval_raise(
                       eval, "ValueError",
                       "Invalid format specifier '%.*s' for object of type '%s'",
                       (int)(text.len < 60 ? text.len : 60), text.data, label);
    }
    spec.type = at < end ? *at : '\0';
    if (!allows_group(&spec)) {
        return rp_eval_raise(eval, "ValueError", "Cannot specify '%c' with '%c'.",
                             spec.group, spec.type);
    }
    if (spec.width > WIDTH_MAX || spec.precision > WIDTH_MAX) {
        return rp_eval_fail(eval, "the width or precision is too large");
    }
    *ret = spec;
    return true;
}

static bool
unknown_code(struct rp_eval *eval, const struct spec *spec, const char *label)
{
    unsigned char code = (unsigned char)spec->type;
    return code > 32 && code < 128
               ? rp_eval_raise(eval, "ValueError",
                               "Unknown format code '%c' for object of type '%s'", code,
                               label)
               : rp_eval_raise(eval, "ValueError",
                               "Unknown format code '\\x%x' for object of type '%s'",
                               code, label);
}

static void
fill(const struct spec *spec, int64_t count, struct rp_buf *out)
{
    for (; count > 0; count--) {
        rp_buf_add(out, spec->fill, spec->fill_len);
    }
}

static bool
padded(struct rp_eval *eval, const struct spec *spec, char align, struct tf_text text,
       struct rp_buf *out)
{
    int64_t length = (int64_t)rp_utf8_length(text);
    int64_t more = spec->width > length ? spec->width - length : 0;
    int64_t left = align == '>' ? more : align == '^' ? more / 2 : 0;
    if (!rp_eval_room(eval, text.len + (uint64_t)more * spec->fill_len)) {
        return false;
    }
    fill(spec, left, out);
    rp_buf_add_text(out, text);
    fill(spec, more - left, out);
    return true;
}

/* --- str --- */

static bool
format_text(struct rp_eval *eval, struct tf_text text, struct tf_text spec_text,
            const char *label, struct rp_buf *out)
{
    struct spec spec;
    if (!parse_spec(eval, spec_text, false, label, &spec)) {
        return false;
    }
    if (spec.type && spec.type != 's') {
        return unknown_code(eval, &spec, label);
    }
    if (spec.group) {
        return rp_eval_raise(eval, "ValueError", "Cannot specify '%c' with 's'.",
                             spec.group);
    }
    if (spec.sign) {
        return bad(eval, spec.sign == ' '
                             ? "Space not allowed in string format specifier"
                             : "Sign not allowed in string format specifier");
    }
    if (spec.no_negative_zero) {
        return bad(eval,
                   "Negative zero coercion (z) not allowed in string format specifier");
    }
    if (spec.alternate) {
        return bad(eval, "Alternate form (#) not allowed in string format specifier");
    }
    if (spec.align == '=') {
        return bad(eval, "'=' alignment not allowed in string format specifier");
    }
    if (spec.precision >= 0) {
        text.len = rp_utf8_off(text, (size_t)spec.precision);
    }
    return padded(eval, &spec, spec.align ? spec.align : '<', text, out);
}

/* --- Numbers --- */

/* Digits in groups, with zeros before them up to a width
 * (_PyUnicode_InsertThousandsGrouping). */
static void
grouped(const char *digits, size_t count, const struct spec *spec, int64_t min_width,
        struct rp_buf *out)
{
    int64_t size =
        spec->group == '_' && spec->type && strchr("boxX", spec->type) ? 4 : 3;
    int64_t left = (int64_t)count;
    size_t cap = (count + (min_width > 0 ? (size_t)min_width : 0)) * 2 + 8, at = cap;
    char *text = malloc(cap);
    if (!text) {
        out->failed = true;
        return;
    }
    size = spec->group ? size : INT32_MAX;
    for (bool first = true;; first = false) {
        int64_t most = left > min_width ? left : min_width;
        int64_t length = size < (most > 1 ? most : 1) ? size : (most > 1 ? most : 1);
        int64_t take = left < length ? left : length;
        if (!first) {
            text[--at] = spec->group;
        }
        for (int64_t i = 0; i < take; i++) {
            text[--at] = digits[--left];
        }
        for (int64_t i = take; i < length; i++) {
            text[--at] = '0';
        }
        min_width -= length;
        if (left <= 0 && min_width <= 0) {
            break;
        }
        min_width--;
    }
    rp_buf_add(out, text + at, cap - at);
    free(text);
}

/* sign, prefix, digits, rest ("." and what follows): laid out by the specification. */
static bool
laid_out(struct rp_eval *eval, const struct spec *spec, bool negative,
         const char *prefix, struct tf_text digits, struct tf_text rest,
         struct rp_buf *out)
{
    char sign[2] = {negative                          ? '-'
                    : spec->sign && spec->sign != '-' ? spec->sign
                                                      : '\0',
                    '\0'};
    char align = spec->align ? spec->align : '>';
    bool zeros = spec->fill_len == 1 && spec->fill[0] == '0' && align == '=';
    int64_t fixed = (int64_t)(strlen(sign) + strlen(prefix) + rp_utf8_length(rest));
    struct rp_buf body = RP_BUF_INIT;
    if (!rp_eval_room(eval, digits.len * 2 + rest.len
                                + (spec->width > 0 ? (uint64_t)spec->width * 4 : 0))) {
        return false;
    }
    if (digits.len) {
        grouped(digits.data, digits.len, spec, zeros ? spec->width - fixed : 0, &body);
    }
    int64_t more = spec->width - fixed - (int64_t)body.len;
    more = more > 0 ? more : 0;
    int64_t left = align == '>' ? more : align == '^' ? more / 2 : 0;
    fill(spec, left, out);
    rp_buf_add_string(out, sign);
    rp_buf_add_string(out, prefix);
    if (align == '=') {
        fill(spec, more, out);
        more = 0;
    }
    rp_buf_add(out, body.data ? body.data : "", body.len);
    rp_buf_add_text(out, rest);
    fill(spec, more - left, out);
    out->failed |= body.failed;
    rp_buf_release(&body);
    return true;
}

static bool
format_real(struct rp_eval *eval, double real, const struct spec *spec,
            const char *label, struct rp_buf *out)
{
    char type = spec->type;
    int64_t precision = spec->precision;
    struct rp_buf text = RP_BUF_INIT;
    if (type && !strchr("eEfFgGn%", type)) {
        return unknown_code(eval, spec, label);
    }
    bool percent = type == '%';
    real = percent ? real * 100 : real;
    type = percent ? 'f' : type == 'n' ? 'g' : type;
    if (precision > 5000) {
        return rp_eval_fail(eval, "the precision is too large");
    }
    if (!type && precision < 0) {
        rp_float_text(real, &text);
        const char *e = text.data ? strchr(text.data, 'e') : NULL;
        if (spec->alternate && e && !strchr(text.data, '.')) {
            struct rp_buf dotted = RP_BUF_INIT;
            rp_buf_add(&dotted, text.data, (size_t)(e - text.data));
            rp_buf_addf(&dotted, ".%s", e);
            out->failed |= text.failed || dotted.failed;
            rp_buf_release(&text);
            text = dotted;
        }
    }
    else if (!type && isfinite(real) && precision >= 0 && !spec->alternate) {
        short_with_dot(real, (int)precision, &text);
    }
    else {
        rp_float_format(real, type ? type : 'g',
                        precision < 0 ? (type ? 6 : 17) : (int)precision,
                        spec->alternate, &text);
    }
    rp_buf_add_string(&text, percent ? "%" : "");
    const char *at = text.data ? text.data : "";
    bool negative = *at == '-';
    at += negative;
    size_t count = strspn(at, "0123456789");
    if (negative && spec->no_negative_zero && strspn(at, "0.%") == strlen(at)) {
        negative = false;
    }
    bool fine = laid_out(eval, spec, negative, "", (struct tf_text){at, count},
                         (struct tf_text){at + count, strlen(at + count)}, out);
    out->failed |= text.failed;
    rp_buf_release(&text);
    return fine;
}

static bool
format_character(struct rp_eval *eval, const struct rp_int *n, struct spec *spec,
                 struct rp_buf *out)
{
    int64_t code;
    char text[4];
    if (spec->sign) {
        return bad(eval, "Sign not allowed with integer format specifier 'c'");
    }
    if (spec->alternate) {
        return bad(eval,
                   "Alternate form (#) not allowed with integer format specifier 'c'");
    }
    if (!rp_int_fits(n, &code) || code < 0 || code > 0x10ffff) {
        return rp_eval_raise(eval, "OverflowError", "%%c arg not in range(0x110000)");
    }
    struct tf_text one = {text, rp_utf8_put((uint32_t)code, text)};
    return padded(eval, spec, spec->align ? spec->align : '<', one, out);
}

static bool
format_int(struct rp_eval *eval, const struct rp_value *value, struct spec *spec,
           const char *label, struct rp_buf *out)
{
    struct rp_int n;
    struct rp_buf digits = RP_BUF_INIT;
    double real;
    if (spec->type && strchr("eEfFgG%", spec->type)) {
        return rp_eval_real(eval, value, &real)
               && format_real(eval, real, spec, label, out);
    }
    if (spec->type && !strchr("bcdoxXn", spec->type)) {
        return unknown_code(eval, spec, label);
    }
    if (spec->precision >= 0) {
        return bad(eval, "Precision not allowed in integer format specifier");
    }
    if (spec->no_negative_zero) {
        return bad(
            eval, "Negative zero coercion (z) not allowed in integer format specifier");
    }
    if (!rp_int_of(value, &n)) {
        return rp_eval_memory(eval);
    }
    if (spec->type == 'c') {
        bool fine = format_character(eval, &n, spec, out);
        rp_int_release(&n);
        return fine;
    }
    bool negative = n.negative;
    n.negative = false;
    unsigned base = spec->type == 'b'                        ? 2
                    : spec->type == 'o'                      ? 8
                    : spec->type == 'x' || spec->type == 'X' ? 16
                                                             : 10;
    if (base == 10 && n.count > 450) {
        rp_int_release(&n);
        return rp_eval_raise(eval, "ValueError",
                             "Exceeds the limit (4300 digits) for integer string "
                             "conversion; use sys.set_int_max_str_digits() to increase "
                             "the limit");
    }
    rp_int_text(&n, base, &digits);
    rp_int_release(&n);
    char prefix[3] = {'0', base == 10 ? '\0' : spec->type, '\0'};
    for (size_t i = 0; spec->type == 'X' && i < digits.len; i++) {
        digits.data[i] = (char)toupper((unsigned char)digits.data[i]);
    }
    bool fine = laid_out(
        eval, spec, negative, spec->alternate && base != 10 ? prefix : "",
        (struct tf_text){digits.data, digits.len}, (struct tf_text){"", 0}, out);
    out->failed |= digits.failed;
    rp_buf_release(&digits);
    return fine;
}

/* --- All --- */

static bool
no_format(struct rp_eval *eval, const struct rp_value *value)
{
    struct rp_object *object = NULL;
    if (value->kind == TF_VAL_REF && !rp_eval_object(eval, value, &object)) {
        return false;
    }
    bool own =
        object
        && (object->category <= TF_CAT_INSTANCE || object->category == TF_CAT_DECIMAL
            || object->category == TF_CAT_ENUM || object->category == TF_CAT_FLAG
            || object->category == TF_CAT_ARRAY
            || (object->category >= TF_CAT_DATE
                && object->category <= TF_CAT_TIMEZONE));
    bool fine = own ? rp_eval_needs_code(eval, "format()", object)
                    : rp_eval_raise(eval, "TypeError",
                                    "unsupported format string passed to %s.__format__",
                                    rp_eval_label(eval, value).text);
    rp_object_release(object);
    return fine;
}

bool
rp_eval_format(struct rp_eval *eval, const struct rp_value *value,
               struct tf_text spec_text, struct rp_buf *out)
{
    struct rp_value plain;
    struct spec spec;
    if (!rp_eval_known(eval, value)) {
        return false;
    }
    if (spec_text.len == 0) {
        return rp_eval_str(eval, value, out);
    }
    if (!rp_eval_plain(eval, value, &plain)) {
        return false;
    }
    struct rp_label label = rp_eval_label(eval, value);
    bool fine = rp_eval_known(eval, &plain);
    bool is_enum = value->kind == TF_VAL_REF && plain.kind != TF_VAL_REF;
    if (fine && is_enum) { /* an enum's own format differs between versions */
        struct rp_object *object = NULL;
        fine = rp_eval_object(eval, value, &object);
        bool member =
            fine
            && (object->category == TF_CAT_ENUM || object->category == TF_CAT_FLAG);
        fine = fine && (!member || rp_eval_needs_code(eval, "format()", object));
        rp_object_release(object);
    }
    if (!fine) {
        rp_value_release(&plain);
        return false;
    }
    if (plain.kind == TF_VAL_STR) {
        fine = format_text(eval, rp_value_bytes(&plain), spec_text, label.text, out);
    }
    else if (rp_is_int(&plain)) {
        fine = parse_spec(eval, spec_text, true, label.text, &spec)
               && format_int(eval, &plain, &spec, label.text, out);
    }
    else if (plain.kind == TF_VAL_FLOAT) {
        fine = parse_spec(eval, spec_text, true, label.text, &spec)
               && format_real(eval, plain.real, &spec, label.text, out);
    }
    else if (plain.kind == TF_VAL_COMPLEX) {
        fine = rp_eval_fail(eval, "a format of a complex number is not supported");
    }
    else {
        fine = no_format(eval, &plain);
    }
    rp_value_release(&plain);
    return fine;
}
