/* repr(), str(), ascii(); encodings. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rp_eval.h"
#include "rp_unicode.h"

static bool
too_many_digits(struct rp_eval *eval, const struct rp_value *value,
                const struct rp_buf *out, size_t begin)
{
    bool big = value->kind == TF_VAL_BIGINT && out->len - begin > 4300;
    size_t digits = big ? out->len - begin - (out->data[begin] == '-') : 0;
    return digits > 4300
           && !rp_eval_raise(
               eval, "ValueError",
               eval->rp->facts.header->python_hex < 0x030b0000
                   ? "Exceeds the limit (4300) for integer string conversion; use "
                     "sys.set_int_max_str_digits() to increase the limit"
                   : "Exceeds the limit (4300 digits) for integer string conversion; use "
                     "sys.set_int_max_str_digits() to increase the limit");
}

/* An instance of a subclass of int, str ... that has no __repr__ of its own prints as they
 * do. */
static bool
plain_repr(struct rp_eval *eval, const struct rp_value *value,
           struct rp_value *ret_plain, bool *ret_is)
{
    struct rp_object *object;
    *ret_is = false;
    if (value->kind != TF_VAL_REF) {
        return true;
    }
    if (!rp_eval_object(eval, value, &object)) {
        return false;
    }
    *ret_is = object->category >= TF_CAT_INT && object->category <= TF_CAT_BYTES
              && object->item_count && object->item[0].kind != TF_VAL_REF
              && !(object->type->flags & TF_TYPE_OWN_REPR);
    if (*ret_is) {
        rp_value_copy(ret_plain, &object->item[0]);
    }
    rp_object_release(object);
    return true;
}

bool
rp_eval_repr(struct rp_eval *eval, const struct rp_value *value, struct rp_buf *out)
{
    struct rp_notes notes = RP_NOTES_INIT;
    size_t begin = out->len;
    struct rp_limits limits = {.chars = RP_EVAL_TEXT};
    struct rp_value plain;
    bool is;
    if (!plain_repr(eval, value, &plain, &is)) {
        return false;
    }
    if (is) {
        bool known = rp_eval_repr(eval, &plain, out);
        rp_value_release(&plain);
        return known;
    }
    if (!rp_eval_known(eval, value)
        || (value->kind == TF_VAL_BIGINT && rp_value_bytes(value).len > 4000
            && !rp_eval_raise(
                eval, "ValueError",
                "Exceeds the limit (4300 digits) for integer string "
                "conversion; use sys.set_int_max_str_digits() to increase "
                "the limit"))) {
        return false;
    }
    bool fine = rp_eval_status(
        eval, rp_value_text(eval->rp, value, eval->seq, &limits, out,
                            value->kind == TF_VAL_REF ? &notes : NULL, "", eval->err));
    for (size_t i = 0; i < notes.count && fine; i++) {
        if (notes.note[i].reason != TF_ELIDE_NONE || notes.note[i].damaged) {
            fine = rp_eval_fail(eval, "not all of the value is recorded");
        }
    }
    rp_notes_release(&notes);
    fine = fine && !too_many_digits(eval, value, out, begin);
    return fine && rp_eval_room(eval, out->len - begin);
}

/* Types whose str() is not worked out here: it is neither repr() nor in the recording. */
static bool
has_str(struct rp_eval *eval, const struct rp_object *object)
{
    unsigned category = object->category;
    bool own = object->type->flags & (TF_TYPE_OWN_STR | TF_TYPE_OWN_REPR)
               || category == TF_CAT_INSTANCE || category == TF_CAT_OPAQUE
               || category == TF_CAT_ENUM || category == TF_CAT_FLAG
               || (category >= TF_CAT_DATE && category <= TF_CAT_TIMEZONE)
               || category == TF_CAT_UUID || category == TF_CAT_ARRAY;
    return !own || rp_eval_needs_code(eval, "str() (repr() shows it)", object);
}

bool
rp_eval_str(struct rp_eval *eval, const struct rp_value *value, struct rp_buf *out)
{
    struct rp_object *object;
    if (!rp_eval_known(eval, value)) {
        return false;
    }
    if (value->kind == TF_VAL_STR) {
        rp_buf_add_text(out, rp_value_bytes(value));
        return rp_eval_room(eval, rp_value_bytes(value).len);
    }
    if (value->kind != TF_VAL_REF) {
        return rp_eval_repr(eval, value, out);
    }
    if (!rp_eval_object(eval, value, &object)) {
        return false;
    }
    struct rp_limits limits = {.chars = RP_EVAL_TEXT};
    const struct rp_value *plain = rp_plain_of(eval->rp, object, value);
    bool text = object->category == TF_CAT_EXCEPTION
                || object->category == TF_CAT_DECIMAL
                || object->category == TF_CAT_PATH;
    bool fine =
        has_str(eval, object)
        && (plain->kind != TF_VAL_REF ? rp_eval_str(eval, plain, out)
            : text ? rp_eval_status(eval, rp_value_str(eval->rp, value, eval->seq,
                                                       &limits, out, eval->err))
                   : rp_eval_repr(eval, value, out));
    rp_object_release(object);
    return fine;
}

bool
rp_eval_ascii(struct rp_eval *eval, const struct rp_value *value, struct rp_buf *out)
{
    struct rp_buf repr = RP_BUF_INIT;
    bool fine = rp_eval_repr(eval, value, &repr);
    struct tf_text text = {repr.data ? repr.data : "", repr.len};
    for (size_t off = 0; fine && off < text.len;) {
        uint32_t code = rp_utf8_next(text, &off) & ~RP_UTF8_BAD;
        if (code < 0x80) {
            rp_buf_add(out, text.data + off - 1, 1);
        }
        else {
            rp_buf_addf(out,
                        code <= 0xff     ? "\\x%02x"
                        : code <= 0xffff ? "\\u%04x"
                                         : "\\U%08x",
                        code);
        }
    }
    out->failed |= repr.failed;
    rp_buf_release(&repr);
    return fine;
}

/* --- Encodings --- */

enum codec { CODEC_UTF8, CODEC_ASCII, CODEC_LATIN1, CODEC_COUNT };

static const char *const codec_names[] = {"utf-8", "ascii", "latin-1"};

static bool
text_argument(struct rp_calling *call, const struct rp_value *value, const char *which,
              struct tf_text *ret_text)
{
    if (value && value->kind != TF_VAL_STR) {
        return rp_eval_known(call->eval, value)
               && rp_eval_raise(call->eval, "TypeError",
                                "%s() argument '%s' must be str, not %s", call->name,
                                which, rp_eval_label(call->eval, value).text);
    }
    *ret_text = value ? rp_value_bytes(value) : (struct tf_text){NULL, 0};
    return true;
}

static bool
codec_of(struct rp_calling *call, const struct rp_value *encoding,
         enum codec *ret_codec)
{
    static const struct {
        const char *name;
        enum codec codec;
    } names[] = {{"utf-8", CODEC_UTF8},     {"utf8", CODEC_UTF8},
                 {"utf_8", CODEC_UTF8},     {"ascii", CODEC_ASCII},
                 {"us-ascii", CODEC_ASCII}, {"latin-1", CODEC_LATIN1},
                 {"latin1", CODEC_LATIN1},  {"iso-8859-1", CODEC_LATIN1}};
    struct tf_text text = {NULL, 0};
    char lower[32] = "utf-8";
    if (!text_argument(call, encoding, "encoding", &text)) {
        return false;
    }
    if (text.data) {
        size_t len = text.len < sizeof lower - 1 ? text.len : sizeof lower - 1;
        for (size_t i = 0; i < len; i++) {
            char c = text.data[i];
            lower[i] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
        }
        lower[len] = '\0';
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(lower, names[i].name) == 0) {
            *ret_codec = names[i].codec;
            return true;
        }
    }
    return rp_eval_fail(call->eval, "the encoding '%s' is not supported", lower);
}

enum handling { ERRORS_STRICT, ERRORS_IGNORE, ERRORS_REPLACE };

static bool
handling_of(struct rp_calling *call, const struct rp_value *errors,
            enum handling *ret_handling)
{
    struct tf_text text = {NULL, 0};
    if (!text_argument(call, errors, "errors", &text)) {
        return false;
    }
    *ret_handling = !text.data || rp_text_is(text, "strict") ? ERRORS_STRICT
                    : rp_text_is(text, "ignore")             ? ERRORS_IGNORE
                                                             : ERRORS_REPLACE;
    return *ret_handling != ERRORS_REPLACE || rp_text_is(text, "replace")
           || rp_eval_fail(call->eval, "this error handler is not supported");
}

static bool
cannot_encode(struct rp_calling *call, enum codec codec, const uint32_t code,
              uint64_t first, uint64_t last)
{
    char character[16];
    snprintf(character, sizeof character,
             code <= 0xff     ? "\\x%02x"
             : code <= 0xffff ? "\\u%04x"
                              : "\\U%08x",
             code);
    const char *why = codec == CODEC_UTF8    ? "surrogates not allowed"
                      : codec == CODEC_ASCII ? "ordinal not in range(128)"
                                             : "ordinal not in range(256)";
    return first == last
               ? rp_eval_raise(
                   call->eval, "UnicodeEncodeError",
                   "'%s' codec can't encode character '%s' in position %llu: %s",
                   codec_names[codec], character, (unsigned long long)first, why)
               : rp_eval_raise(
                   call->eval, "UnicodeEncodeError",
                   "'%s' codec can't encode characters in position %llu-%llu: %s",
                   codec_names[codec], (unsigned long long)first,
                   (unsigned long long)last, why);
}

static bool
can_encode(enum codec codec, uint32_t code)
{
    bool surrogate = code >= 0xd800 && code <= 0xdfff;
    return codec == CODEC_UTF8    ? !surrogate && !(code & RP_UTF8_BAD)
           : codec == CODEC_ASCII ? code < 0x80
                                  : code < 0x100;
}

bool
rp_eval_encode(struct rp_calling *call, struct tf_text text,
               const struct rp_value *encoding, const struct rp_value *errors,
               struct rp_value *ret_value)
{
    enum codec codec;
    enum handling handling;
    struct rp_buf out = RP_BUF_INIT;
    if (!codec_of(call, encoding, &codec) || !handling_of(call, errors, &handling)) {
        return false;
    }
    for (size_t off = 0, idx = 0; off < text.len; idx++) {
        size_t begin = off;
        uint32_t code = rp_utf8_next(text, &off);
        char byte = (char)code;
        if (!can_encode(codec, code)) {
            if (handling == ERRORS_STRICT) {
                uint64_t last = idx;
                for (size_t at = off; at < text.len; last++) {
                    if (can_encode(codec, rp_utf8_next(text, &at))) {
                        break;
                    }
                }
                rp_buf_release(&out);
                return cannot_encode(call, codec, code & ~RP_UTF8_BAD, idx, last);
            }
            rp_buf_add_string(&out, handling == ERRORS_REPLACE ? "?" : "");
        }
        else if (codec == CODEC_UTF8) {
            rp_buf_add(&out, text.data + begin, off - begin);
        }
        else {
            rp_buf_add(&out, &byte, 1);
        }
    }
    return rp_eval_text_of(call->eval, TF_VAL_BYTES, &out, ret_value);
}

/* Why a byte cannot begin or go on a character, and how many bytes are to blame
 * (Objects/stringlib/codecs.h, utf8_decode). */
static const char *
utf8_fault(struct tf_text text, size_t off, size_t *ret_count)
{
    const unsigned char *byte = (const unsigned char *)text.data + off;
    size_t left = text.len - off;
    unsigned c = byte[0];
    size_t more = c < 0xc2 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : c < 0xf5 ? 3 : 0;
    *ret_count = 1;
    if (more == 0) {
        return "invalid start byte";
    }
    unsigned low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
    unsigned high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
    for (size_t i = 1; i <= more; i++) {
        if (i >= left) {
            *ret_count = left;
            return "unexpected end of data";
        }
        if (byte[i] < (i == 1 ? low : 0x80) || byte[i] > (i == 1 ? high : 0xbf)) {
            *ret_count = i;
            return "invalid continuation byte";
        }
    }
    return NULL;
}

static bool
cannot_decode(struct rp_calling *call, enum codec codec, unsigned byte, size_t first,
              size_t count, const char *why)
{
    return count == 1
               ? rp_eval_raise(
                   call->eval, "UnicodeDecodeError",
                   "'%s' codec can't decode byte 0x%02x in position %zu: %s",
                   codec_names[codec], byte, first, why)
               : rp_eval_raise(call->eval, "UnicodeDecodeError",
                               "'%s' codec can't decode bytes in position %zu-%zu: %s",
                               codec_names[codec], first, first + count - 1, why);
}

bool
rp_eval_decode(struct rp_calling *call, struct tf_text bytes,
               const struct rp_value *encoding, const struct rp_value *errors,
               struct rp_value *ret_value)
{
    enum codec codec;
    enum handling handling;
    struct rp_buf out = RP_BUF_INIT;
    if (!codec_of(call, encoding, &codec) || !handling_of(call, errors, &handling)) {
        return false;
    }
    for (size_t off = 0; off < bytes.len;) {
        unsigned char byte = (unsigned char)bytes.data[off];
        char text[4];
        size_t count = 1;
        const char *why = NULL;
        if (byte >= 0x80 && codec == CODEC_UTF8) {
            why = utf8_fault(bytes, off, &count);
        }
        else if (byte >= 0x80 && codec == CODEC_ASCII) {
            why = "ordinal not in range(128)";
        }
        if (why && handling == ERRORS_STRICT) {
            rp_buf_release(&out);
            return cannot_decode(call, codec, byte, off, count, why);
        }
        if (why) {
            rp_buf_add_string(&out, handling == ERRORS_REPLACE ? "\xef\xbf\xbd" : "");
            off += count;
            continue;
        }
        size_t end = off + 1;
        if (codec == CODEC_UTF8) {
            end = off;
            rp_utf8_next(bytes, &end);
            rp_buf_add(&out, bytes.data + off, end - off);
        }
        else {
            rp_buf_add(&out, text, rp_utf8_put(byte, text));
        }
        off = end;
    }
    return rp_eval_text_of(call->eval, TF_VAL_STR, &out, ret_value);
}

/* --- Digits --- */

bool
rp_digits_of(struct tf_text text, struct rp_buf *out)
{
    size_t end = text.len, begin = 0;
    for (size_t off = 0; off < text.len;) { /* blanks before */
        if (!(rp_unicode_flags(0, rp_utf8_next(text, &off)) & RP_UNICODE_SPACE)) {
            break;
        }
        begin = off;
    }
    for (size_t off = begin, last = begin; off < text.len;) { /* and after */
        if (!(rp_unicode_flags(0, rp_utf8_next(text, &off)) & RP_UNICODE_SPACE)) {
            last = off;
        }
        end = last;
    }
    end = end < begin ? begin : end;
    rp_buf_add(out, "", 0);
    struct tf_text inner = {text.data, end};
    for (size_t off = begin; off < end;) {
        uint32_t code = rp_utf8_next(inner, &off);
        int decimal = rp_unicode_decimal(0, code);
        char c = decimal >= 0 ? (char)('0' + decimal) : (char)code;
        if ((decimal < 0 && code >= 0x7f) || code == 0) {
            return false;
        }
        rp_buf_add(out, &c, 1);
    }
    return !out->failed;
}
