/* Methods of str, bytes and bytearray that look at characters: case, classes, padding. */
#include <stdlib.h>
#include <string.h>

#include "rp_str.h"

#define METHOD(name)                                                      \
 bool rp_str_##name(struct rp_calling *call, const struct rp_value *self, \
                    const struct rp_object *object, struct rp_value *ret_value)

/* --- Characters: code points, or bytes --- */

struct chars {
    uint32_t *at;
    size_t count;
    bool str;
    uint32_t python_hex;
};

static bool
chars_of(struct rp_calling *call, const struct rp_value *self, struct chars *ret)
{
    struct tf_text text = rp_value_bytes(self);
    *ret = (struct chars){.at = malloc((text.len + 1) * sizeof(uint32_t)),
                          .str = self->kind == TF_VAL_STR,
                          .python_hex = call->eval->rp->facts.header->python_hex};
    if (!ret->at) {
        return rp_eval_memory(call->eval);
    }
    for (size_t off = 0; off < text.len;) {
        ret->at[ret->count++] =
            ret->str ? rp_utf8_next(text, &off) : (unsigned char)text.data[off++];
    }
    if (!rp_eval_steps(call->eval, text.len / 64)) {
        free(ret->at);
        return false;
    }
    return true;
}

static unsigned
flags_of(const struct chars *chars, uint32_t code)
{
    if (chars->str) {
        return rp_unicode_flags(chars->python_hex, code);
    }
    return code < 0x80 ? rp_unicode_flags(0, code) : 0;
}

static void
put(const struct chars *chars, uint32_t code, struct rp_buf *out)
{
    char text[4] = {(char)code};
    bool one = !chars->str || code & RP_UTF8_BAD;
    rp_buf_add(out, text, one ? 1 : rp_utf8_put(code, text));
}

enum mapping { MAP_LOWER, MAP_UPPER, MAP_TITLE, MAP_FOLD };

/* U+03A3 at the end of a word is another small letter (Objects/unicodeobject.c,
 * handle_capital_sigma). */
static bool
is_final_sigma(const struct chars *chars, size_t idx)
{
    size_t at = idx;
    while (at > 0 && flags_of(chars, chars->at[at - 1]) & RP_UNICODE_IGNORABLE) {
        at--;
    }
    if (at == 0 || !(flags_of(chars, chars->at[at - 1]) & RP_UNICODE_CASED)) {
        return false;
    }
    at = idx + 1;
    while (at < chars->count && flags_of(chars, chars->at[at]) & RP_UNICODE_IGNORABLE) {
        at++;
    }
    return at == chars->count || !(flags_of(chars, chars->at[at]) & RP_UNICODE_CASED);
}

static void
put_mapped(const struct chars *chars, size_t idx, enum mapping mapping,
           struct rp_buf *out)
{
    uint32_t code = chars->at[idx], to[3];
    if (!chars->str) {
        bool lower = code >= 'a' && code <= 'z', upper = code >= 'A' && code <= 'Z';
        bool down = mapping == MAP_LOWER || mapping == MAP_FOLD;
        put(chars, upper && down ? code + 32 : lower && !down ? code - 32 : code, out);
        return;
    }
    if (mapping == MAP_LOWER && code == 0x3a3) {
        put(chars, is_final_sigma(chars, idx) ? 0x3c2 : 0x3c3, out);
        return;
    }
    size_t count =
        mapping == MAP_LOWER   ? rp_unicode_lower(chars->python_hex, code, to)
        : mapping == MAP_UPPER ? rp_unicode_upper(chars->python_hex, code, to)
        : mapping == MAP_TITLE ? rp_unicode_title(chars->python_hex, code, to)
                               : rp_unicode_fold(chars->python_hex, code, to);
    for (size_t i = 0; i < count; i++) {
        put(chars, to[i], out);
    }
}

/* --- Case --- */

static bool
map_all(struct rp_calling *call, const struct rp_value *self,
        const struct rp_object *object, enum mapping mapping,
        struct rp_value *ret_value)
{
    struct chars chars;
    struct rp_buf out = RP_BUF_INIT;
    if (!chars_of(call, self, &chars)) {
        return false;
    }
    for (size_t i = 0; i < chars.count; i++) {
        put_mapped(&chars, i, mapping, &out);
    }
    free(chars.at);
    return rp_str_give(call, self, object, &out, ret_value);
}

METHOD(lower)
{
    return map_all(call, self, object, MAP_LOWER, ret_value);
}

METHOD(upper)
{
    return map_all(call, self, object, MAP_UPPER, ret_value);
}

METHOD(casefold)
{
    return map_all(call, self, object, MAP_FOLD, ret_value);
}

METHOD(capitalize)
{
    struct chars chars;
    struct rp_buf out = RP_BUF_INIT;
    if (!chars_of(call, self, &chars)) {
        return false;
    }
    for (size_t i = 0; i < chars.count; i++) {
        put_mapped(&chars, i, i ? MAP_LOWER : MAP_TITLE, &out);
    }
    free(chars.at);
    return rp_str_give(call, self, object, &out, ret_value);
}

METHOD(title)
{
    struct chars chars;
    struct rp_buf out = RP_BUF_INIT;
    bool cased = false;
    if (!chars_of(call, self, &chars)) {
        return false;
    }
    for (size_t i = 0; i < chars.count; i++) {
        put_mapped(&chars, i, cased ? MAP_LOWER : MAP_TITLE, &out);
        cased = flags_of(&chars, chars.at[i]) & RP_UNICODE_CASED;
    }
    free(chars.at);
    return rp_str_give(call, self, object, &out, ret_value);
}

METHOD(swapcase)
{
    struct chars chars;
    struct rp_buf out = RP_BUF_INIT;
    if (!chars_of(call, self, &chars)) {
        return false;
    }
    for (size_t i = 0; i < chars.count; i++) {
        unsigned flags = flags_of(&chars, chars.at[i]);
        if (flags & RP_UNICODE_UPPER) {
            put_mapped(&chars, i, MAP_LOWER, &out);
        }
        else if (flags & RP_UNICODE_LOWER) {
            put_mapped(&chars, i, MAP_UPPER, &out);
        }
        else {
            put(&chars, chars.at[i], &out);
        }
    }
    free(chars.at);
    return rp_str_give(call, self, object, &out, ret_value);
}

/* --- Classes --- */

/* Not empty, and each character has one of the flags. */
static bool
each_is(struct rp_calling *call, const struct rp_value *self, unsigned flags,
        bool empty, struct rp_value *ret_value)
{
    struct chars chars;
    if (!chars_of(call, self, &chars)) {
        return false;
    }
    bool all = chars.count > 0 || empty;
    for (size_t i = 0; i < chars.count && all; i++) {
        all = flags_of(&chars, chars.at[i]) & flags;
    }
    free(chars.at);
    rp_value_set_bool(ret_value, all);
    return true;
}

#define EACH(name, flags, empty)                       \
 METHOD(name)                                          \
 {                                                     \
  (void)object;                                        \
  return each_is(call, self, flags, empty, ret_value); \
 }

EACH(isalpha, RP_UNICODE_ALPHA, false)
EACH(isdigit, RP_UNICODE_DIGIT, false)
EACH(isdecimal, RP_UNICODE_DECIMAL, false)
EACH(isnumeric, RP_UNICODE_NUMERIC, false)
EACH(isprintable, RP_UNICODE_PRINTABLE, true)
EACH(isalnum,
     RP_UNICODE_ALPHA | RP_UNICODE_DIGIT | RP_UNICODE_DECIMAL | RP_UNICODE_NUMERIC,
     false)

METHOD(isspace)
{
    struct chars chars;
    (void)object;
    if (!chars_of(call, self, &chars)) {
        return false;
    }
    bool all = chars.count > 0;
    for (size_t i = 0; i < chars.count && all; i++) {
        all = rp_str_is_space(self, call->eval, chars.at[i]);
    }
    free(chars.at);
    rp_value_set_bool(ret_value, all);
    return true;
}

METHOD(isascii)
{
    struct tf_text text = rp_value_bytes(self);
    bool all = true;
    (void)object;
    (void)call;
    for (size_t i = 0; i < text.len && all; i++) {
        all = (unsigned char)text.data[i] < 0x80;
    }
    rp_value_set_bool(ret_value, all);
    return true;
}

METHOD(isidentifier)
{
    struct chars chars;
    (void)object;
    if (!chars_of(call, self, &chars)) {
        return false;
    }
    bool all =
        chars.count > 0 && flags_of(&chars, chars.at[0]) & RP_UNICODE_IDENTIFIER_START;
    for (size_t i = 1; i < chars.count && all; i++) {
        all = flags_of(&chars, chars.at[i]) & RP_UNICODE_IDENTIFIER;
    }
    free(chars.at);
    rp_value_set_bool(ret_value, all);
    return true;
}

/* Some character has `yes`, and none has `no`. */
static bool
some_case(struct rp_calling *call, const struct rp_value *self, unsigned yes,
          unsigned no, struct rp_value *ret_value)
{
    struct chars chars;
    if (!chars_of(call, self, &chars)) {
        return false;
    }
    bool some = false, none = true;
    for (size_t i = 0; i < chars.count && none; i++) {
        unsigned flags = flags_of(&chars, chars.at[i]);
        none = !(flags & no);
        some |= (flags & yes) != 0;
    }
    free(chars.at);
    rp_value_set_bool(ret_value, some && none);
    return true;
}

METHOD(islower)
{
    (void)object;
    return some_case(call, self, RP_UNICODE_LOWER, RP_UNICODE_UPPER | RP_UNICODE_TITLE,
                     ret_value);
}

METHOD(isupper)
{
    (void)object;
    return some_case(call, self, RP_UNICODE_UPPER, RP_UNICODE_LOWER | RP_UNICODE_TITLE,
                     ret_value);
}

METHOD(istitle)
{
    struct chars chars;
    bool cased = false, previous = false, fits = true;
    (void)object;
    if (!chars_of(call, self, &chars)) {
        return false;
    }
    for (size_t i = 0; i < chars.count && fits; i++) {
        unsigned flags = flags_of(&chars, chars.at[i]);
        bool upper = flags & (RP_UNICODE_UPPER | RP_UNICODE_TITLE);
        bool lower = flags & RP_UNICODE_LOWER;
        fits = upper ? !previous : !lower || previous;
        cased |= upper || lower;
        previous = upper || lower;
    }
    free(chars.at);
    rp_value_set_bool(ret_value, cased && fits);
    return true;
}

/* --- Padding --- */

static bool
fill_of(struct rp_calling *call, const struct rp_value *self, struct rp_value *ret_fill)
{
    bool str = self->kind == TF_VAL_STR;
    if (call->count < 2) {
        return rp_eval_text(call->eval, self->kind, " ", 1, ret_fill);
    }
    if (!rp_str_plain(call, &call->arg[1], ret_fill)) {
        return false;
    }
    if (ret_fill->kind == self->kind && rp_text_length(ret_fill) == 1) {
        return true;
    }
    bool text = ret_fill->kind == self->kind;
    rp_value_release(ret_fill);
    struct rp_label label = rp_eval_label(call->eval, &call->arg[1]);
    return text && str
               ? rp_eval_raise(call->eval, "TypeError",
                               "The fill character must be exactly one character long")
           : str
               ? rp_eval_raise(call->eval, "TypeError",
                               "The fill character must be a unicode character, not %s",
                               label.text)
               : rp_eval_raise(
                   call->eval, "TypeError",
                   "%s() argument 2 must be a byte string of length 1, not %s",
                   call->name, label.text);
}

static bool
pad(struct rp_calling *call, const struct rp_value *self,
    const struct rp_object *object, int where, struct rp_value *ret_value)
{
    struct rp_value fill;
    struct rp_buf out = RP_BUF_INIT;
    int64_t width;
    if (!rp_eval_index_of(call->eval, &call->arg[0],
                          "'%s' object cannot be interpreted as an integer", &width)
        || !fill_of(call, self, &fill)) {
        return false;
    }
    int64_t length = (int64_t)rp_str_length(self), more = width - length;
    more = width > length ? more : 0;
    if ((uint64_t)more > RP_EVAL_TEXT / 4) {
        rp_value_release(&fill);
        return rp_eval_fail(call->eval, "the result is too long");
    }
    int64_t left = where < 0 ? 0 : where > 0 ? more : more / 2 + (more & width & 1);
    for (int64_t i = 0; i < left; i++) {
        rp_buf_add_text(&out, rp_value_bytes(&fill));
    }
    rp_buf_add_text(&out, rp_value_bytes(self));
    for (int64_t i = left; i < more; i++) {
        rp_buf_add_text(&out, rp_value_bytes(&fill));
    }
    rp_value_release(&fill);
    return rp_str_give(call, self, object, &out, ret_value);
}

METHOD(center)
{
    return pad(call, self, object, 0, ret_value);
}

METHOD(ljust)
{
    return pad(call, self, object, -1, ret_value);
}

METHOD(rjust)
{
    return pad(call, self, object, 1, ret_value);
}

METHOD(zfill)
{
    struct tf_text text = rp_value_bytes(self);
    struct rp_buf out = RP_BUF_INIT;
    int64_t width;
    if (!rp_eval_index_of(call->eval, &call->arg[0],
                          "'%s' object cannot be interpreted as an integer", &width)) {
        return false;
    }
    int64_t length = (int64_t)rp_str_length(self);
    uint64_t more = width > length ? (uint64_t)(width - length) : 0;
    if (more > RP_EVAL_TEXT) {
        return rp_eval_fail(call->eval, "the result is too long");
    }
    bool sign = text.len && (text.data[0] == '-' || text.data[0] == '+');
    rp_buf_add(&out, text.data, sign);
    for (uint64_t i = 0; i < more; i++) {
        rp_buf_add(&out, "0", 1);
    }
    rp_buf_add(&out, text.data + sign, text.len - sign);
    return rp_str_give(call, self, object, &out, ret_value);
}

METHOD(expandtabs)
{
    struct chars chars;
    struct rp_buf out = RP_BUF_INIT;
    int64_t size = 8, column = 0;
    const struct rp_value *given = rp_call_arg(call, 0, "tabsize");
    if ((given
         && !rp_eval_index_of(call->eval, given,
                              "'%s' object cannot be interpreted as an integer", &size))
        || !chars_of(call, self, &chars)) {
        return false;
    }
    bool fine = size <= 100000 || rp_eval_fail(call->eval, "the result is too long");
    for (size_t i = 0; i < chars.count && fine; i++) {
        if (chars.at[i] == '\t') {
            int64_t blanks = size > 0 ? size - column % size : 0;
            column += blanks;
            fine = out.len + (uint64_t)blanks <= RP_EVAL_TEXT
                   || rp_eval_fail(call->eval, "the result is too long");
            for (; blanks && fine; blanks--) {
                rp_buf_add(&out, " ", 1);
            }
            continue;
        }
        column = chars.at[i] == '\n' || chars.at[i] == '\r' ? 0 : column + 1;
        put(&chars, chars.at[i], &out);
    }
    free(chars.at);
    if (!fine) {
        rp_buf_release(&out);
        return false;
    }
    return rp_str_give(call, self, object, &out, ret_value);
}

/* --- translate --- */

/* What a dict says of a character: nothing, delete it, a number, a text. */
static bool
translated(struct rp_calling *call, const struct chars *chars, uint32_t code,
           const struct rp_object *dict, struct rp_buf *out)
{
    struct rp_value key;
    size_t found;
    rp_value_set_int(&key, code);
    if (!rp_eval_find_key(call->eval, dict, &key, &found)) {
        return false;
    }
    if (found == SIZE_MAX) {
        put(chars, code, out);
        return true;
    }
    const struct rp_value *to = &dict->item[found];
    if (to->kind == TF_VAL_STR) {
        rp_buf_add_text(out, rp_value_bytes(to));
    }
    else if (to->kind == TF_VAL_INT && to->integer >= 0 && to->integer <= 0x10ffff) {
        put(chars, (uint32_t)to->integer, out);
    }
    else if (to->kind != TF_VAL_NONE) {
        return rp_eval_known(call->eval, to)
               && rp_eval_raise(call->eval, "TypeError",
                                "character mapping must return integer, None or str");
    }
    return true;
}

METHOD(translate)
{
    struct chars chars;
    struct rp_object *dict = NULL;
    struct rp_buf out = RP_BUF_INIT;
    if (!rp_eval_known(call->eval, &call->arg[0])
        || (call->arg[0].kind == TF_VAL_REF
            && !rp_eval_object(call->eval, &call->arg[0], &dict))) {
        return false;
    }
    if (!dict || !rp_category_is_dict(dict->category) || self->kind != TF_VAL_STR) {
        rp_object_release(dict);
        return rp_eval_fail(call->eval, "translate() takes a dict here, of a str");
    }
    bool fine = chars_of(call, self, &chars);
    for (size_t i = 0; fine && i < chars.count; i++) {
        fine = rp_eval_step(call->eval)
               && translated(call, &chars, chars.at[i], dict, &out);
    }
    free(chars.at);
    rp_object_release(dict);
    if (!fine) {
        rp_buf_release(&out);
        return false;
    }
    return rp_str_give(call, self, object, &out, ret_value);
}

/* --- Encodings, hex --- */

METHOD(encode)
{
    (void)object;
    return rp_eval_encode(call, rp_value_bytes(self), rp_call_arg(call, 0, "encoding"),
                          rp_call_arg(call, 1, "errors"), ret_value);
}

METHOD(decode)
{
    (void)object;
    return rp_eval_decode(call, rp_value_bytes(self), rp_call_arg(call, 0, "encoding"),
                          rp_call_arg(call, 1, "errors"), ret_value);
}

METHOD(hex)
{
    struct tf_text text = rp_value_bytes(self);
    struct rp_buf out = RP_BUF_INIT;
    int64_t group = 1;
    const struct rp_value *separator = rp_call_arg(call, 0, "sep");
    const struct rp_value *every = rp_call_arg(call, 1, "bytes_per_sep");
    (void)object;
    if (every
        && !rp_eval_index_of(call->eval, every,
                             "'%s' object cannot be interpreted as an integer",
                             &group)) {
        return false;
    }
    if (separator
        && ((separator->kind != TF_VAL_STR && separator->kind != TF_VAL_BYTES)
            || rp_value_bytes(separator).len != 1)) {
        return rp_eval_raise(call->eval, "ValueError", "sep must be length 1.");
    }
    if (!rp_eval_room(call->eval, text.len)) {
        return false;
    }
    uint64_t run = group < 0 ? -(uint64_t)group : (uint64_t)group;
    for (size_t i = 0; i < text.len; i++) {
        size_t from_end = text.len - i;
        bool border =
            separator && run && i && (group > 0 ? from_end % run == 0 : i % run == 0);
        if (border) {
            rp_buf_add_text(&out, rp_value_bytes(separator));
        }
        rp_buf_addf(&out, "%02x", (unsigned char)text.data[i]);
    }
    return rp_eval_text_of(call->eval, TF_VAL_STR, &out, ret_value);
}

METHOD(format)
{
    (void)object;
    return rp_eval_template(call, rp_value_bytes(self), false, ret_value);
}

METHOD(format_map)
{
    (void)object;
    return rp_eval_template(call, rp_value_bytes(self), true, ret_value);
}
