/* str % values, bytes % values: Objects/unicodeobject.c, PyUnicode_Format. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "rp_eval.h"
#include "rp_unicode.h"

#define WIDTH_MAX 1000000

struct percent {
    struct rp_eval *eval;
    bool bytes;
    struct tf_text format;
    size_t off;
    const struct rp_value *args; /* all of them, as they were given */
    struct rp_object *tuple;     /* NULL: `args` is the only one */
    struct rp_object *dict;      /* NULL: no mapping */
    size_t next;
    struct rp_buf out;
};

struct conversion {
    bool left, plus, blank, alternate, zero;
    int64_t width, precision; /* -1: not given */
    char type;
    const struct rp_value *value; /* borrowed */
};

static const struct rp_value *
next_value(struct percent *p)
{
    if (p->tuple && p->next < p->tuple->item_count) {
        return &p->tuple->item[p->next++];
    }
    if (!p->tuple && p->next == 0) {
        p->next = 1;
        return p->args;
    }
    rp_eval_raise(p->eval, "TypeError", "not enough arguments for format string");
    return NULL;
}

static bool
incomplete(struct percent *p)
{
    return rp_eval_raise(p->eval, "ValueError", "incomplete format");
}

/* %(key) */
static bool
take_key(struct percent *p, const struct rp_value **ret_value)
{
    size_t begin = ++p->off, depth = 1;
    for (; p->off < p->format.len && depth; p->off++) {
        depth += p->format.data[p->off] == '(';
        depth -= p->format.data[p->off] == ')';
    }
    if (!p->dict) {
        return rp_eval_raise(p->eval, "TypeError", "format requires a mapping");
    }
    if (depth) {
        return rp_eval_raise(p->eval, "ValueError", "incomplete format key");
    }
    struct rp_value key;
    size_t found;
    if (!rp_eval_text(p->eval, p->bytes ? TF_VAL_BYTES : TF_VAL_STR,
                      p->format.data + begin, p->off - 1 - begin, &key)) {
        return false;
    }
    bool fine = rp_eval_find_key(p->eval, p->dict, &key, &found);
    if (fine && found == SIZE_MAX) {
        struct rp_value value; /* for its error */
        struct rp_value dict = {
            .kind = TF_VAL_REF, .ref = p->dict->id, .object = p->dict};
        fine = rp_eval_index(p->eval, &dict, &key, &value);
        if (fine) {
            rp_value_release(&value);
            fine = rp_eval_fail(p->eval, "there is no such key");
        }
    }
    rp_value_release(&key);
    *ret_value = fine ? &p->dict->item[found] : NULL;
    return fine;
}

/* A width or precision: digits, or `*`. */
static bool
take_number(struct percent *p, int64_t *ret_number)
{
    *ret_number = -1;
    if (p->off < p->format.len && p->format.data[p->off] == '*') {
        const struct rp_value *value = next_value(p);
        p->off++;
        if (!value) {
            return false;
        }
        if (!rp_is_int(value)) {
            return rp_eval_raise(p->eval, "TypeError", "* wants int");
        }
        if (value->kind == TF_VAL_BIGINT) {
            return rp_eval_raise(p->eval, "OverflowError",
                                 "Python int too large to convert to C ssize_t");
        }
        return rp_eval_index_of(p->eval, value, "%s", ret_number);
    }
    while (p->off < p->format.len && isdigit((unsigned char)p->format.data[p->off])) {
        *ret_number =
            (*ret_number < 0 ? 0 : *ret_number) * 10 + (p->format.data[p->off++] - '0');
        if (*ret_number > INT32_MAX) { /* CPython knows more */
            return rp_eval_fail(p->eval, "the width or precision is too large");
        }
    }
    return true;
}

static bool
take_conversion(struct percent *p, struct conversion *c)
{
    *c = (struct conversion){.width = -1, .precision = -1};
    if (p->off < p->format.len && p->format.data[p->off] == '('
        && !take_key(p, &c->value)) {
        return false;
    }
    for (; p->off < p->format.len; p->off++) {
        char flag = p->format.data[p->off];
        c->left |= flag == '-';
        c->plus |= flag == '+';
        c->blank |= flag == ' ';
        c->alternate |= flag == '#';
        c->zero |= flag == '0';
        if (!strchr("-+ #0", flag) || !flag) {
            break;
        }
    }
    if (!take_number(p, &c->width)) {
        return false;
    }
    if (c->width < -1) {
        c->left = true;
        c->width = -c->width;
    }
    if (p->off < p->format.len && p->format.data[p->off] == '.') {
        p->off++;
        if (!take_number(p, &c->precision)) {
            return false;
        }
        c->precision = c->precision < 0 ? 0 : c->precision;
    }
    if (p->off < p->format.len && strchr("hlL", p->format.data[p->off])
        && p->format.data[p->off]) {
        p->off++;
    }
    if (p->off >= p->format.len) {
        return incomplete(p);
    }
    if (c->width > WIDTH_MAX || c->precision > WIDTH_MAX) {
        return rp_eval_fail(p->eval, "the width or precision is too large");
    }
    c->type = p->format.data[p->off++];
    return true;
}

/* --- Writing one --- */

static bool
pad(struct percent *p, const struct conversion *c, const char *before,
    struct tf_text text, bool number)
{
    int64_t length =
        (int64_t)(strlen(before) + (p->bytes ? text.len : rp_utf8_length(text)));
    int64_t more = c->width > length ? c->width - length : 0;
    if (!rp_eval_room(p->eval, text.len + (uint64_t)more)) {
        return false;
    }
    bool zeros = c->zero && number && !c->left;
    for (int64_t i = 0; i < more && !c->left && !zeros; i++) {
        rp_buf_add(&p->out, " ", 1);
    }
    rp_buf_add_string(&p->out, before);
    for (int64_t i = 0; i < more && zeros; i++) {
        rp_buf_add(&p->out, "0", 1);
    }
    rp_buf_add_text(&p->out, text);
    for (int64_t i = 0; i < more && c->left; i++) {
        rp_buf_add(&p->out, " ", 1);
    }
    return true;
}

static const char *
sign_of(const struct conversion *c, bool negative)
{
    return negative ? "-" : c->plus ? "+" : c->blank ? " " : "";
}

static bool
not_a_number(struct percent *p, const struct conversion *c, bool real)
{
    bool old = p->eval->rp->facts.header->python_hex < 0x030a0000;
    return rp_eval_raise(p->eval, "TypeError",
                         real && old ? "%%%c format: a number is required, not %s"
                         : real      ? "%%%c format: a real number is required, not %s"
                                     : "%%%c format: an integer is required, not %s",
                         c->type, rp_eval_label(p->eval, c->value).text);
}

static bool
write_int(struct percent *p, const struct conversion *c, const struct rp_value *plain)
{
    struct rp_value whole;
    struct rp_int n;
    struct rp_buf digits = RP_BUF_INIT, text = RP_BUF_INIT;
    bool decimal = strchr("diu", c->type) != NULL;
    if (plain->kind == TF_VAL_REF) {
        return rp_eval_fail(p->eval, "this may need the program's own code");
    }
    if (!rp_is_int(plain) && !(decimal && plain->kind == TF_VAL_FLOAT)) {
        return rp_eval_known(p->eval, plain) && not_a_number(p, c, decimal);
    }
    if (rp_is_int(plain)) {
        rp_value_copy(&whole, plain);
    }
    else if (!rp_eval_whole_number(p->eval, plain->real, &whole)) {
        return false;
    }
    bool fine = rp_int_of(&whole, &n);
    rp_value_release(&whole);
    if (!fine) {
        return rp_eval_memory(p->eval);
    }
    bool negative = n.negative;
    n.negative = false;
    unsigned base = decimal ? 10 : c->type == 'o' ? 8 : 16;
    if (base == 10 && n.count > 446) {
        rp_int_release(&n);
        return rp_eval_raise(p->eval, "ValueError",
                             "Exceeds the limit (4300 digits) for integer string "
                             "conversion; use sys.set_int_max_str_digits() to increase "
                             "the limit");
    }
    rp_int_text(&n, base, &digits);
    rp_int_release(&n);
    for (int64_t i = (int64_t)digits.len; i < c->precision; i++) {
        rp_buf_add(&text, "0", 1);
    }
    for (size_t i = 0; i < digits.len; i++) {
        char digit = c->type == 'X' ? (char)toupper((unsigned char)digits.data[i])
                                    : digits.data[i];
        rp_buf_add(&text, &digit, 1);
    }
    char before[8];
    snprintf(before, sizeof before, "%s%s", sign_of(c, negative),
             !c->alternate || decimal ? ""
             : c->type == 'o'         ? "0o"
             : c->type == 'x'         ? "0x"
                                      : "0X");
    fine = pad(p, c, before, (struct tf_text){text.data, text.len}, true);
    p->out.failed |= digits.failed || text.failed;
    rp_buf_release(&digits);
    rp_buf_release(&text);
    return fine;
}

static bool
write_real(struct percent *p, const struct conversion *c, const struct rp_value *plain)
{
    double real;
    struct rp_buf text = RP_BUF_INIT;
    if (plain->kind == TF_VAL_REF) {
        return rp_eval_fail(p->eval, "this may need the program's own code");
    }
    if (!rp_is_int(plain) && plain->kind != TF_VAL_FLOAT) {
        return rp_eval_known(p->eval, plain)
               && (p->bytes ? rp_eval_raise(p->eval, "TypeError",
                                            "float argument required, not %s",
                                            rp_eval_label(p->eval, c->value).text)
                            : rp_eval_raise(p->eval, "TypeError",
                                            "must be real number, not %s",
                                            rp_eval_label(p->eval, c->value).text));
    }
    if (c->precision > 5000) {
        return rp_eval_fail(p->eval, "the precision is too large");
    }
    if (!rp_eval_real(p->eval, plain, &real)) {
        return false;
    }
    rp_float_format(real, c->type, c->precision < 0 ? 6 : (int)c->precision,
                    c->alternate, &text);
    bool negative = text.data && text.data[0] == '-';
    bool fine = pad(p, c, sign_of(c, negative),
                    (struct tf_text){text.data + negative, text.len - negative}, true);
    p->out.failed |= text.failed;
    rp_buf_release(&text);
    return fine;
}

static bool
write_character(struct percent *p, const struct conversion *c,
                const struct rp_value *plain)
{
    char text[4];
    int64_t code;
    bool str = plain->kind == (p->bytes ? TF_VAL_BYTES : TF_VAL_STR);
    if (str && rp_text_length(plain) == 1) {
        return pad(p, c, "", rp_value_bytes(plain), false);
    }
    if (!rp_is_int(plain)) {
        return rp_eval_known(p->eval, plain)
               && (p->bytes ? rp_eval_raise(
                       p->eval, "TypeError",
                       "%%c requires an integer in range(256) or a single "
                       "byte")
                            : rp_eval_raise(p->eval, "TypeError",
                                            "%%c requires int or char"));
    }
    if (!rp_eval_index_of(p->eval, plain, "%s", &code)) {
        return false;
    }
    if (code < 0 || code > (p->bytes ? 255 : 0x10ffff)) {
        return p->bytes ? rp_eval_raise(p->eval, "OverflowError",
                                        "%%c arg not in range(256)")
                        : rp_eval_raise(p->eval, "OverflowError",
                                        "%%c arg not in range(0x110000)");
    }
    text[0] = (char)code;
    size_t len = p->bytes ? 1 : rp_utf8_put((uint32_t)code, text);
    return pad(p, c, "", (struct tf_text){text, len}, false);
}

static bool
write_text(struct percent *p, const struct conversion *c, const struct rp_value *plain)
{
    struct rp_buf text = RP_BUF_INIT;
    bool raw = p->bytes && (c->type == 's' || c->type == 'b');
    if (raw && plain->kind != TF_VAL_BYTES) {
        return plain->kind == TF_VAL_REF
                   ? rp_eval_fail(p->eval, "this may need the program's own code")
                   : rp_eval_raise(
                       p->eval, "TypeError",
                       "%%b requires a bytes-like object, or an object that "
                       "implements __bytes__, not '%s'",
                       rp_eval_label(p->eval, c->value).text);
    }
    bool fine = true;
    if (raw) {
        rp_buf_add_text(&text, rp_value_bytes(plain));
    }
    else {
        fine = c->type == 's'                ? rp_eval_str(p->eval, c->value, &text)
               : c->type == 'r' && !p->bytes ? rp_eval_repr(p->eval, c->value, &text)
                                             : rp_eval_ascii(p->eval, c->value, &text);
    }
    struct tf_text all = {text.data ? text.data : "", text.len};
    if (fine && c->precision >= 0) {
        size_t most = (size_t)c->precision;
        all.len = !p->bytes ? rp_utf8_off(all, most) : all.len < most ? all.len : most;
    }
    fine = fine && pad(p, c, "", all, false);
    p->out.failed |= text.failed;
    rp_buf_release(&text);
    return fine;
}

static bool
write_value(struct percent *p, struct conversion *c)
{
    struct rp_value plain;
    if (!rp_eval_known(p->eval, c->value)
        || !rp_eval_plain(p->eval, c->value, &plain)) {
        return false;
    }
    bool fine;
    if (strchr("diuoxX", c->type)) {
        fine = write_int(p, c, &plain);
    }
    else if (strchr("eEfFgG", c->type)) {
        fine = write_real(p, c, &plain);
    }
    else if (c->type == 'c') {
        fine = write_character(p, c, &plain);
    }
    else {
        fine = write_text(p, c, &plain);
    }
    rp_value_release(&plain);
    return fine;
}

static bool
format_one(struct percent *p)
{
    struct conversion c;
    if (!take_conversion(p, &c)) {
        return false;
    }
    if (!c.value && !(c.value = next_value(p))) {
        return false;
    }
    if (!c.type
        || !strchr(p->bytes ? "diuoxXeEfFgGcrsab" : "diuoxXeEfFgGcrsa", c.type)) {
        return rp_eval_raise(
            p->eval, "ValueError",
            "unsupported format character '%c' (0x%x) at index %zu",
            (unsigned char)c.type > 31 && (unsigned char)c.type < 127 ? c.type : '?',
            (unsigned char)c.type, p->off - 1);
    }
    return write_value(p, &c);
}

/* Whether args have subscripts, so that what is not used of them is no error. */
static bool
is_mapping(const struct percent *p, const struct rp_object *object)
{
    if (!object) {
        return p->args->kind == TF_VAL_BYTES
               || (p->bytes && p->args->kind == TF_VAL_STR);
    }
    return rp_category_is_dict(object->category)
           || (object->category == TF_CAT_LIST && !rp_view_of(object))
           || object->category == TF_CAT_RANGE || object->category == TF_CAT_BYTEARRAY
           || object->category == TF_CAT_MAPPINGPROXY;
}

bool
rp_eval_percent(struct rp_eval *eval, const struct rp_value *format,
                const struct rp_value *args, struct rp_value *ret_value)
{
    struct percent p = {.eval = eval,
                        .bytes = format->kind == TF_VAL_BYTES,
                        .format = rp_value_bytes(format),
                        .args = args};
    struct rp_object *object = NULL;
    if (args->kind == TF_VAL_REF && !rp_eval_object(eval, args, &object)) {
        return false;
    }
    p.tuple = object && rp_is_tuple(object) ? object : NULL;
    p.dict = object && rp_category_is_dict(object->category) ? object : NULL;
    bool fine = !p.tuple || rp_eval_whole(eval, object);
    while (fine && p.off < p.format.len) {
        char c = p.format.data[p.off++];
        if (c == '%') {
            bool percent = p.off < p.format.len && p.format.data[p.off] == '%';
            rp_buf_add_string(&p.out, percent ? "%" : "");
            p.off += percent;
            fine = percent || (p.off < p.format.len ? format_one(&p) : incomplete(&p));
        }
        else {
            rp_buf_add(&p.out, &c, 1);
        }
        fine = fine && rp_eval_step(eval);
    }
    size_t count = p.tuple ? p.tuple->item_count : 1;
    if (fine && p.next < count && (p.tuple || !is_mapping(&p, object))) {
        bool own = object && object->category <= TF_CAT_INSTANCE;
        fine = own ? rp_eval_needs_code(eval, "%", object)
                   : rp_eval_raise(eval, "TypeError",
                                   "not all arguments converted during %s formatting",
                                   p.bytes ? "bytes" : "string");
    }
    rp_object_release(object);
    if (!fine) {
        rp_buf_release(&p.out);
        return false;
    }
    return rp_eval_text_of(eval, format->kind, &p.out, ret_value);
}
