/* The built-in types as functions: numbers. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "rp_compare.h"
#include "rp_unicode.h"

#define INT_DIGITS_MAX 4300u /* sys.get_int_max_str_digits() */

static bool
older(const struct rp_eval *eval, uint32_t python_hex)
{
    return eval->rp->facts.header->python_hex < python_hex;
}

/* --- int --- */

static bool
bad_int(struct rp_calling *call, const struct rp_value *text, int64_t base)
{
    struct rp_buf repr = RP_BUF_INIT;
    if (rp_eval_repr(call->eval, text, &repr)) {
        rp_eval_raise(call->eval, "ValueError",
                      "invalid literal for int() with base %lld: %.140s",
                      (long long)base, repr.data ? repr.data : "");
    }
    rp_buf_release(&repr);
    return false;
}

/* 0x, 0o, 0b: the base that they say; 0: none. */
static int64_t
prefix_base(const char *digits)
{
    if (digits[0] != '0' || !digits[1]) {
        return 0;
    }
    int letter = tolower((unsigned char)digits[1]);
    return letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 0;
}

/* Digits of the base with single underscores between them; they are taken out. */
static bool
clean_digits(char *digits, int64_t base)
{
    size_t to = 0;
    for (size_t i = 0; digits[i]; i++) {
        int c = (unsigned char)digits[i];
        if (c == '_') {
            if (i == 0 || digits[i - 1] == '_' || !digits[i + 1]) {
                return false;
            }
            continue;
        }
        int digit = isdigit(c) ? c - '0' : isalpha(c) ? tolower(c) - 'a' + 10 : 99;
        if (digit >= base) {
            return false;
        }
        digits[to++] = (char)c;
    }
    digits[to] = '\0';
    return to > 0;
}

static bool
int_of_text(struct rp_calling *call, const struct rp_value *text, int64_t base,
            struct rp_value *ret_value)
{
    struct rp_buf buf = RP_BUF_INIT;
    struct rp_value size, zero;
    int64_t asked = base;
    bool fine = rp_digits_of(rp_value_bytes(text), &buf) && buf.len;
    if (buf.failed) {
        rp_buf_release(&buf);
        return rp_eval_memory(call->eval);
    }
    char *digits = buf.data;
    bool negative = fine && digits[0] == '-';
    digits += fine && (digits[0] == '-' || digits[0] == '+');
    int64_t prefix = fine ? prefix_base(digits) : 0;
    if (fine && (base == 0 || base == 16 || base == 8 || base == 2) && prefix
        && (base == 0 || prefix == base)) {
        base = prefix;
        digits += 2 + (digits[2] == '_');
    }
    else if (fine && base == 0) {
        base = 10;
        fine = digits[0] != '0' || strspn(digits, "0_") == strlen(digits);
    }
    fine = fine && clean_digits(digits, base);
    bool power = base == 2 || base == 4 || base == 8 || base == 16 || base == 32;
    if (fine && !power && strlen(digits) > INT_DIGITS_MAX) {
        rp_eval_raise(call->eval, "ValueError",
                      older(call->eval, 0x030b0000)
                          ? "Exceeds the limit (4300) for integer string conversion: "
                            "value has %zu digits; use sys.set_int_max_str_digits() to "
                            "increase the limit"
                          : "Exceeds the limit (4300 digits) for integer string "
                            "conversion: value has %zu digits; use "
                            "sys.set_int_max_str_digits() to increase the limit",
                      strlen(digits));
        rp_buf_release(&buf);
        return false;
    }
    if (!fine) {
        rp_buf_release(&buf);
        return bad_int(call, text, asked);
    }
    fine =
        rp_eval_room(call->eval, strlen(digits))
        && rp_eval_steps(call->eval, (uint64_t)strlen(digits) * strlen(digits) / 4096)
        && (rp_int_parse((struct tf_text){digits, strlen(digits)}, (unsigned)base,
                         &size)
            || rp_eval_memory(call->eval));
    rp_buf_release(&buf);
    rp_value_set_int(&zero, 0);
    if (fine) {
        fine = rp_eval_numbers(call->eval, negative ? RP_OP_SUB : RP_OP_ADD, &zero,
                               &size, ret_value);
        rp_value_release(&size);
    }
    return fine;
}

static bool
int_of_plain(struct rp_calling *call, const struct rp_value *arg,
             const struct rp_value *plain, struct rp_value *ret_value)
{
    struct rp_value zero;
    if (plain->kind == TF_VAL_STR || plain->kind == TF_VAL_BYTES) {
        return int_of_text(call, plain, 10, ret_value);
    }
    if (plain->kind == TF_VAL_FLOAT) {
        return rp_eval_whole_number(call->eval, plain->real, ret_value);
    }
    if (rp_is_int(plain)) {
        rp_value_set_int(&zero, 0);
        return rp_eval_numbers(call->eval, RP_OP_ADD, &zero, plain, ret_value);
    }
    if (!rp_eval_known(call->eval, plain)) {
        return false;
    }
    struct rp_object *object = NULL;
    if (plain->kind == TF_VAL_REF && !rp_eval_object(call->eval, plain, &object)) {
        return false;
    }
    bool own =
        object
        && (object->category <= TF_CAT_INSTANCE || object->category == TF_CAT_DECIMAL
            || object->category == TF_CAT_UUID || object->category == TF_CAT_ENUM
            || object->category == TF_CAT_ARRAY);
    bool array = object && object->category == TF_CAT_BYTEARRAY && object->item_count;
    bool fine = own ? rp_eval_needs_code(call->eval, "int()", object)
                : array
                    ? int_of_text(call, &object->item[0], 10, ret_value)
                    : rp_eval_raise(
                        call->eval, "TypeError",
                        older(call->eval, 0x030a0000)
                            ? "int() argument must be a string, a bytes-like object "
                              "or a number, not '%s'"
                            : "int() argument must be a string, a bytes-like object "
                              "or a real number, not '%s'",
                        rp_eval_label(call->eval, arg).text);
    rp_object_release(object);
    return fine;
}

static bool
call_int(struct rp_calling *call, struct rp_value *ret_value)
{
    const struct rp_value *based = rp_call_arg(call, 1, "base");
    struct rp_value plain;
    int64_t base = 10;
    if (call->count == 0) {
        rp_value_set_int(ret_value, 0);
        return !based
               || rp_eval_raise(call->eval, "TypeError",
                                "int() missing string argument");
    }
    if (!rp_eval_known(call->eval, &call->arg[0])
        || (based
            && !rp_eval_index_of(call->eval, based,
                                 "'%s' object cannot be interpreted as an integer",
                                 &base))) {
        return false;
    }
    if (based && ((base < 2 && base != 0) || base > 36)) {
        return rp_eval_raise(call->eval, "ValueError",
                             "int() base must be >= 2 and <= 36, or 0");
    }
    if (!rp_eval_plain(call->eval, &call->arg[0], &plain)) {
        return false;
    }
    bool text = plain.kind == TF_VAL_STR || plain.kind == TF_VAL_BYTES;
    bool fine =
        !based ? int_of_plain(call, &call->arg[0], &plain, ret_value)
        : text ? int_of_text(call, &plain, base, ret_value)
               : rp_eval_raise(call->eval, "TypeError",
                               "int() can't convert non-string with explicit base");
    rp_value_release(&plain);
    return fine;
}

/* --- float, complex --- */

/* What float() takes: digits with single underscores, a point, an exponent; inf, nan. */
static bool
real_of_text(const char *text, double *ret_real)
{
    char clean[1100];
    size_t to = 0;
    const char *word = text + (*text == '+' || *text == '-');
    bool named = strcasecmp(word, "inf") == 0 || strcasecmp(word, "infinity") == 0
                 || strcasecmp(word, "nan") == 0;
    for (size_t i = 0; text[i]; i++) {
        bool digits = i && isdigit((unsigned char)text[i - 1])
                      && isdigit((unsigned char)text[i + 1]);
        if (text[i] == '_' && digits) {
            continue;
        }
        if ((!named && !strchr("0123456789+-.eE", text[i])) || to + 1 >= sizeof clean) {
            return false;
        }
        clean[to++] = text[i];
    }
    clean[to] = '\0';
    char *end;
    *ret_real = strtod(clean, &end);
    if (named && strcasecmp(word, "nan") == 0) {
        *ret_real = copysign(NAN, text[0] == '-' ? -1 : 1);
    }
    return to > 0 && *end == '\0';
}

static bool
float_of_text(struct rp_calling *call, const struct rp_value *text,
              struct rp_value *ret_value)
{
    struct rp_buf buf = RP_BUF_INIT;
    double real;
    bool fine = rp_digits_of(rp_value_bytes(text), &buf) && buf.len
                && strlen(buf.data) == buf.len;
    bool no_memory = buf.failed, too_long = fine && buf.len > 1000;
    if (no_memory || too_long) {
        rp_buf_release(&buf);
        return no_memory ? rp_eval_memory(call->eval)
                         : rp_eval_fail(call->eval, "the text is too long for a float");
    }
    fine = fine && real_of_text(buf.data, &real);
    rp_buf_release(&buf);
    if (fine) {
        rp_value_set_float(ret_value, real);
        return true;
    }
    struct rp_buf repr = RP_BUF_INIT;
    if (rp_eval_repr(call->eval, text, &repr)) {
        rp_eval_raise(call->eval, "ValueError",
                      "could not convert string to float: %.140s",
                      repr.data ? repr.data : "");
    }
    rp_buf_release(&repr);
    return false;
}

static bool
call_float(struct rp_calling *call, struct rp_value *ret_value)
{
    struct rp_eval *eval = call->eval;
    struct rp_value plain;
    double real;
    if (call->count == 0) {
        rp_value_set_float(ret_value, 0);
        return true;
    }
    if (!rp_eval_known(eval, &call->arg[0])
        || !rp_eval_plain(eval, &call->arg[0], &plain)) {
        return false;
    }
    bool fine = rp_eval_known(eval, &plain);
    if (fine && (plain.kind == TF_VAL_STR || plain.kind == TF_VAL_BYTES)) {
        fine = float_of_text(call, &plain, ret_value);
    }
    else if (fine && rp_is_number(&plain)) {
        fine = rp_eval_real(eval, &plain, &real);
        if (fine) {
            rp_value_set_float(ret_value, real);
        }
    }
    else if (fine && plain.kind == TF_VAL_REF) {
        struct rp_object *object;
        fine = rp_eval_object(eval, &plain, &object);
        bool own = fine
                   && (object->category <= TF_CAT_INSTANCE
                       || object->category == TF_CAT_DECIMAL
                       || object->category == TF_CAT_ARRAY);
        fine = fine && own ? rp_eval_needs_code(eval, "float()", object) : fine;
        if (fine) {
            rp_object_release(object);
        }
        else if (own) {
            rp_object_release(object);
        }
        fine = fine
               && rp_eval_raise(
                   eval, "TypeError",
                   older(eval, 0x030a0000)
                       ? "float() argument must be a string or a number, not '%s'"
                       : "float() argument must be a string or a real number, "
                         "not '%s'",
                   rp_eval_label(eval, &call->arg[0]).text);
    }
    else if (fine) {
        fine = rp_eval_raise(
            eval, "TypeError",
            older(eval, 0x030a0000)
                ? "float() argument must be a string or a number, not '%s'"
                : "float() argument must be a string or a real number, "
                  "not '%s'",
            rp_eval_label(eval, &call->arg[0]).text);
    }
    rp_value_release(&plain);
    return fine;
}

static bool
call_complex(struct rp_calling *call, struct rp_value *ret_value)
{
    struct rp_eval *eval = call->eval;
    const struct rp_value *part[2] = {rp_call_arg(call, 0, "real"),
                                      rp_call_arg(call, 1, "imag")};
    double re[2] = {0, 0}, im[2] = {0, 0};
    for (int i = 0; i < 2; i++) {
        struct rp_value plain;
        if (!part[i]) {
            continue;
        }
        if (!rp_eval_known(eval, part[i]) || !rp_eval_plain(eval, part[i], &plain)) {
            return false;
        }
        bool fine = plain.kind == TF_VAL_COMPLEX || rp_is_number(&plain)
                    || rp_eval_fail(eval, "complex() takes only numbers here");
        if (fine && plain.kind == TF_VAL_COMPLEX) {
            re[i] = plain.real;
            im[i] = plain.imag;
        }
        else {
            fine = fine && rp_eval_real(eval, &plain, &re[i]);
        }
        rp_value_release(&plain);
        if (!fine) {
            return false;
        }
    }
    bool whole = part[1] && part[1]->kind == TF_VAL_COMPLEX;
    *ret_value = (struct rp_value){.kind = TF_VAL_COMPLEX,
                                   .real = whole ? re[0] - im[1] : re[0],
                                   .imag = part[1] ? im[0] + re[1] : im[0]};
    if (part[1] && (!part[0] || part[0]->kind != TF_VAL_COMPLEX)) {
        ret_value->imag = re[1];
    }
    return true;
}

static bool
call_bool(struct rp_calling *call, struct rp_value *ret_value)
{
    bool truth = false;
    if (call->count && !rp_eval_truth(call->eval, &call->arg[0], &truth)) {
        return false;
    }
    rp_value_set_bool(ret_value, truth);
    return true;
}

const struct rp_function rp_type_functions[] = {
    {"int", call_int, 0, 2, true, " base "},
    {"float", call_float, 0, 1, true, NULL},
    {"complex", call_complex, 0, 2, true, " real imag "},
    {"bool", call_bool, 0, 1, true, NULL},
    {NULL, NULL, 0, 0, false, NULL},
};
