/* The built-in functions that make text, and characters of numbers. */
#include <limits.h>
#include <string.h>

#include "rp_compare.h"
#include "rp_unicode.h"

static bool
version_from(const struct rp_calling *call, uint32_t python_hex)
{
    return call->eval->rp->facts.header->python_hex >= python_hex;
}

static bool
call_repr(struct rp_calling *call, struct rp_value *ret_value)
{
    struct rp_buf buf = RP_BUF_INIT;
    return rp_eval_repr(call->eval, &call->arg[0], &buf)
               ? rp_eval_text_of(call->eval, TF_VAL_STR, &buf, ret_value)
               : (rp_buf_release(&buf), false);
}

static bool
call_ascii(struct rp_calling *call, struct rp_value *ret_value)
{
    struct rp_buf buf = RP_BUF_INIT;
    return rp_eval_ascii(call->eval, &call->arg[0], &buf)
               ? rp_eval_text_of(call->eval, TF_VAL_STR, &buf, ret_value)
               : (rp_buf_release(&buf), false);
}

static bool
call_format(struct rp_calling *call, struct rp_value *ret_value)
{
    struct rp_buf buf = RP_BUF_INIT;
    struct tf_text spec = {"", 0};
    if (call->count > 1) {
        if (call->arg[1].kind != TF_VAL_STR) {
            return rp_eval_raise(call->eval, "TypeError",
                                 "format() argument 2 must be str, not %s",
                                 rp_eval_label(call->eval, &call->arg[1]).text);
        }
        spec = rp_value_bytes(&call->arg[1]);
    }
    return rp_eval_format(call->eval, &call->arg[0], spec, &buf)
               ? rp_eval_text_of(call->eval, TF_VAL_STR, &buf, ret_value)
               : (rp_buf_release(&buf), false);
}

static bool
call_chr(struct rp_calling *call, struct rp_value *ret_value)
{
    int64_t code;
    char text[4];
    if (!rp_eval_index_of(call->eval, &call->arg[0],
                          "'%s' object cannot be interpreted as an integer", &code)) {
        return false;
    }
    if ((code > INT_MAX || code < INT_MIN) && !version_from(call, 0x030d0000)) {
        return rp_eval_raise(call->eval, "OverflowError",
                             "Python int too large to convert to C int");
    }
    if (code < 0 || code > 0x10ffff) {
        return rp_eval_raise(call->eval, "ValueError",
                             "chr() arg not in range(0x110000)");
    }
    return rp_eval_text(call->eval, TF_VAL_STR, text, rp_utf8_put((uint32_t)code, text),
                        ret_value);
}

static bool
call_ord(struct rp_calling *call, struct rp_value *ret_value)
{
    struct rp_eval *eval = call->eval;
    struct rp_value plain;
    if (!rp_eval_known(eval, &call->arg[0])
        || !rp_eval_plain(eval, &call->arg[0], &plain)) {
        return false;
    }
    bool str = plain.kind == TF_VAL_STR, bytes = plain.kind == TF_VAL_BYTES;
    bool fine = rp_eval_known(eval, &plain);
    uint64_t length = str || bytes ? rp_text_length(&plain) : 0;
    if (fine && !str && !bytes) {
        fine = rp_eval_raise(eval, "TypeError",
                             "ord() expected string of length 1, but %s found",
                             rp_eval_label(eval, &call->arg[0]).text);
    }
    else if (fine && length != 1) {
        fine =
            rp_eval_raise(eval, "TypeError",
                          "ord() expected a character, but string of length %llu found",
                          (unsigned long long)length);
    }
    else if (fine) {
        size_t off = 0;
        struct tf_text text = rp_value_bytes(&plain);
        rp_value_set_int(ret_value,
                         str ? rp_utf8_next(text, &off) : (unsigned char)text.data[0]);
    }
    rp_value_release(&plain);
    return fine;
}

/* hex, oct, bin */
static bool
call_base(struct rp_calling *call, unsigned base, const char *prefix,
          struct rp_value *ret_value)
{
    struct rp_value plain;
    struct rp_int n;
    if (!rp_eval_known(call->eval, &call->arg[0])
        || !rp_eval_plain(call->eval, &call->arg[0], &plain)) {
        return false;
    }
    struct rp_buf digits = RP_BUF_INIT, text = RP_BUF_INIT;
    bool fine = rp_int_of(&plain, &n), no_memory = !fine && rp_is_int(&plain);
    rp_value_release(&plain);
    if (no_memory) {
        return rp_eval_memory(call->eval);
    }
    if (!fine) {
        return rp_eval_raise(call->eval, "TypeError",
                             "'%s' object cannot be interpreted as an integer",
                             rp_eval_label(call->eval, &call->arg[0]).text);
    }
    rp_int_text(&n, base, &digits);
    rp_buf_addf(&text, "%s%s%s", n.negative ? "-" : "", prefix,
                digits.data ? digits.data + n.negative : "");
    rp_int_release(&n);
    text.failed |= digits.failed;
    rp_buf_release(&digits);
    return rp_eval_text_of(call->eval, TF_VAL_STR, &text, ret_value);
}

static bool
call_hex(struct rp_calling *call, struct rp_value *ret_value)
{
    return call_base(call, 16, "0x", ret_value);
}

static bool
call_oct(struct rp_calling *call, struct rp_value *ret_value)
{
    return call_base(call, 8, "0o", ret_value);
}

static bool
call_bin(struct rp_calling *call, struct rp_value *ret_value)
{
    return call_base(call, 2, "0b", ret_value);
}

const struct rp_function rp_text_functions[] = {
    {"repr", call_repr, 1, 1, false, NULL},
    {"ascii", call_ascii, 1, 1, false, NULL},
    {"format", call_format, 1, 2, false, NULL},
    {"chr", call_chr, 1, 1, false, NULL},
    {"ord", call_ord, 1, 1, false, NULL},
    {"hex", call_hex, 1, 1, false, NULL},
    {"oct", call_oct, 1, 1, false, NULL},
    {"bin", call_bin, 1, 1, false, NULL},
    {NULL, NULL, 0, 0, false, NULL},
};
