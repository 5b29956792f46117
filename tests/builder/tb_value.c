#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tb_inside.h"

uint64_t
tb_object_named(struct tb *tb, const char *name)
{
    for (size_t i = tb->name.count; i > 0; i--) {
        if (strcmp(tb->name.at[i - 1].name, name) == 0) {
            return tb->name.at[i - 1].id;
        }
    }
    return 0;
}

/* Types that need no definition. */
static const struct {
    const char *module, *name;
    uint32_t category, flags;
} builtin_types[] = {
    {"builtins", "object", TF_CAT_OPAQUE, 0},
    {"builtins", "list", TF_CAT_LIST, TF_TYPE_EXACT},
    {"builtins", "tuple", TF_CAT_TUPLE, TF_TYPE_EXACT},
    {"builtins", "dict", TF_CAT_DICT, TF_TYPE_EXACT},
    {"builtins", "set", TF_CAT_SET, TF_TYPE_EXACT},
    {"builtins", "frozenset", TF_CAT_FROZENSET, TF_TYPE_EXACT},
    {"collections", "deque", TF_CAT_DEQUE, TF_TYPE_EXACT},
    {"collections", "defaultdict", TF_CAT_DEFAULTDICT, TF_TYPE_EXACT},
    {"collections", "OrderedDict", TF_CAT_ORDEREDDICT, TF_TYPE_EXACT},
    {"collections", "Counter", TF_CAT_COUNTER, TF_TYPE_EXACT},
    {"builtins", "bytearray", TF_CAT_BYTEARRAY, TF_TYPE_EXACT},
    {"builtins", "range", TF_CAT_RANGE, TF_TYPE_EXACT},
    {"builtins", "slice", TF_CAT_SLICE, TF_TYPE_EXACT},
    {"builtins", "cell", TF_CAT_CELL, TF_TYPE_EXACT},
    {"builtins", "function", TF_CAT_FUNCTION, TF_TYPE_EXACT},
    {"builtins", "builtin_function_or_method", TF_CAT_BUILTIN, TF_TYPE_EXACT},
    {"builtins", "method", TF_CAT_METHOD, TF_TYPE_EXACT},
    {"functools", "partial", TF_CAT_PARTIAL, TF_TYPE_EXACT},
    {"builtins", "module", TF_CAT_MODULE, TF_TYPE_EXACT},
    {"builtins", "type", TF_CAT_CLASS, TF_TYPE_EXACT},
    {"builtins", "BaseException", TF_CAT_EXCEPTION, 0},
    {"builtins", "Exception", TF_CAT_EXCEPTION, 0},
    {"builtins", "ValueError", TF_CAT_EXCEPTION, 0},
    {"builtins", "KeyError", TF_CAT_EXCEPTION, 0},
    {"builtins", "TypeError", TF_CAT_EXCEPTION, 0},
    {"builtins", "StopIteration", TF_CAT_EXCEPTION, 0},
    {"datetime", "date", TF_CAT_DATE, TF_TYPE_EXACT},
    {"datetime", "time", TF_CAT_TIME, TF_TYPE_EXACT},
    {"datetime", "datetime", TF_CAT_DATETIME, TF_TYPE_EXACT},
    {"datetime", "timedelta", TF_CAT_TIMEDELTA, TF_TYPE_EXACT},
    {"datetime", "timezone", TF_CAT_TIMEZONE, TF_TYPE_EXACT},
    {"decimal", "Decimal", TF_CAT_DECIMAL, TF_TYPE_EXACT},
    {"uuid", "UUID", TF_CAT_UUID, TF_TYPE_EXACT},
    {"pathlib", "PosixPath", TF_CAT_PATH, TF_TYPE_EXACT},
    {"re", "Pattern", TF_CAT_PATTERN, TF_TYPE_EXACT},
    {"array", "array", TF_CAT_ARRAY, TF_TYPE_EXACT},
    {"", "namespace", TF_CAT_NAMESPACE, 0},
    {"builtins", "generator", TF_CAT_GENERATOR, TF_TYPE_EXACT},
    {"builtins", "mappingproxy", TF_CAT_MAPPINGPROXY, TF_TYPE_EXACT},
    {"builtins", "memoryview", TF_CAT_MEMORYVIEW, TF_TYPE_EXACT},
};

uint32_t
tb_type_named(struct tb *tb, const char *name)
{
    for (size_t i = 0; i < tb->type.count; i++) {
        if (strcmp(tb->type.at[i].name, name) == 0) {
            return (uint32_t)i + 1;
        }
    }
    for (size_t i = 0; i < sizeof builtin_types / sizeof *builtin_types; i++) {
        if (strcmp(builtin_types[i].name, name) == 0) {
            return tb_new_type(tb, builtin_types[i].module, name,
                               builtin_types[i].category, builtin_types[i].flags, NULL,
                               0, NULL, 0);
        }
    }
    tb_fail(tb, "type %s is not defined", name);
}

static void
values_add(struct tb *tb, tb_values *values, struct tb_value value)
{
    if (!tf_list_next(values)) {
        tb_fail(tb, "out of memory");
    }
    values->at[values->count++] = value;
}

/* --- rows --- */
void
tb_put_value(struct tf_rows *rows, const struct tb_value *value)
{
    switch (value->kind) {
    case TF_VAL_INT: tf_rows_int(rows, value->integer); break;
    case TF_VAL_REF: tf_rows_ref(rows, value->ref); break;
    case TF_VAL_FLOAT: tf_rows_float(rows, value->real); break;
    case TF_VAL_COMPLEX: tf_rows_complex(rows, value->real, value->imag); break;
    case TF_VAL_STR:
    case TF_VAL_BYTES:
    case TF_VAL_BIGINT: tf_rows_text(rows, value->kind, value->text, value->len); break;
    case TF_VAL_STR_CUT:
    case TF_VAL_BYTES_CUT:
    case TF_VAL_BIGINT_CUT:
        tf_rows_text_cut(rows, value->kind, value->text, value->len, value->length);
        break;
    case TF_VAL_ELIDED: tf_rows_elided(rows, value->note, value->type); break;
    default: tf_rows_value(rows, value->kind); break;
    }
}

void
tb_put_object(struct tb *tb, struct tf_rows *rows, uint64_t id, bool made)
{
    const struct tb_object *object = &tb->object.at[id - 1];
    tf_rows_op(rows, made ? TF_OP_NEW : TF_OP_IMAGE);
    if (!made) {
        tf_rows_u64(rows, id);
    }
    tf_rows_u64(rows, object->type);
    tf_rows_u64(rows, object->note);
    tf_rows_u64(rows, object->item.count);
    tf_rows_u64(rows, object->more);
    tf_rows_u64(rows, object->attr.count);
    for (size_t i = 0; i < object->item.count; i++) {
        tb_put_value(rows, &object->item.at[i]);
    }
    for (size_t i = 0; i < object->attr.count; i++) {
        tb_put_value(rows, &object->attr.at[i]);
    }
}

bool
tb_same(const struct tb_value *a, const struct tb_value *b)
{
    return a->kind == b->kind && a->integer == b->integer && a->ref == b->ref
           && memcmp(&a->real, &b->real, sizeof a->real) == 0 && a->len == b->len
           && (a->len == 0 || memcmp(a->text, b->text, a->len) == 0);
}

/* --- scalars --- */
static struct tb_value
value_text(uint8_t kind, struct tf_text text)
{
    return (struct tb_value){.kind = kind, .text = text.data, .len = text.len};
}

/* "text" or "text"...LENGTH (cut). */
static struct tb_value
parse_text(struct tb *tb, uint8_t whole, uint8_t cut)
{
    struct tb_value value = value_text(whole, tb_string(tb));
    if (tb_try(tb, "...")) {
        value.kind = cut;
        value.length = tb_number(tb);
    }
    return value;
}

/* Decimal digits to two's complement, little endian, shortest. */
static struct tb_value
big_int(struct tb *tb, const char *digits, size_t count, bool negative)
{
    size_t cap = count / 2 + 2, len = 0;
    uint8_t *bytes = tb_get(tb, cap + 1);
    for (size_t i = 0; i < count; i++) {
        unsigned carry = (unsigned)(digits[i] - '0');
        for (size_t j = 0; j < len || carry > 0; j++) {
            carry += (j < len ? bytes[j] : 0u) * 10u;
            bytes[j] = (uint8_t)carry;
            carry >>= 8;
            len = j >= len ? j + 1 : len;
        }
    }
    bytes[len++] = 0; /* the sign */
    for (size_t i = 0, carry = 1; negative && i < len; i++) {
        size_t n = (uint8_t)~bytes[i] + carry;
        bytes[i] = (uint8_t)n;
        carry = n >> 8;
    }
    while (len > 1 && bytes[len - 1] == (negative ? 0xff : 0)
           && (bytes[len - 2] >= 0x80) == negative) {
        len--;
    }
    return value_text(TF_VAL_BIGINT, (struct tf_text){(char *)bytes, len});
}

static bool
is_number(char c)
{
    return isalnum((unsigned char)c) || c == '.' || c == '+' || c == '-';
}

static struct tb_value
parse_number(struct tb *tb)
{
    const char *start = tb->at, *to = start;
    while (to < tb->end && is_number(*to)
           && (to == start || (*to != '+' && *to != '-') || to[-1] == 'e')) {
        to++;
    }
    size_t len = (size_t)(to - start), sign = *start == '-';
    char *text = tb_get(tb, len + 1), *end;
    memcpy(text, start, len);
    tb->at = to;
    if (strspn(text + sign, "0123456789") == len - sign && len > sign) {
        errno = 0;
        long long n = strtoll(text, &end, 10);
        if (errno == 0) {
            return (struct tb_value){.kind = TF_VAL_INT, .integer = n};
        }
        return big_int(tb, text + sign, len - sign, sign != 0);
    }
    double real = strtod(text, &end);
    if (end == text || *end != 0) {
        tb_fail(tb, "no number: %s", text);
    }
    return (struct tb_value){.kind = TF_VAL_FLOAT, .real = real};
}

/* ?reason or ?reason:type */
static struct tb_value
parse_elided(struct tb *tb)
{
    const char *word = tb_word(tb);
    struct tb_value value = {.kind = TF_VAL_ELIDED};
    for (unsigned i = 1; i < TF_ELIDE_COUNT; i++) {
        if (strcmp(tf_elision_name(i), word) == 0) {
            value.note = (uint8_t)i;
        }
    }
    if (value.note == 0) {
        tb_fail(tb, "no reason: %s", word);
    }
    if (tb->at < tb->end && *tb->at == ':') {
        tb->at++;
        value.type = tb_type_named(tb, tb_word(tb));
    }
    return value;
}

/* --- objects --- */
static uint64_t
object_new(struct tb *tb, const struct tb_object *object, const char *name)
{
    if (!tf_list_next(&tb->object) || !tf_list_next(&tb->name)) {
        tb_fail(tb, "out of memory");
    }
    tb->object.at[tb->object.count++] = *object;
    if (name != NULL) {
        tb->name.at[tb->name.count++] = (struct tb_name){name, tb->object.count};
    }
    tb_put_object(tb, &tb->batch.changes, tb->object.count, true);
    return tb->object.count;
}

/* ...N at the end of items: so many more are not recorded. */
static bool
parse_more(struct tb *tb, struct tb_object *object)
{
    if (!tb_try(tb, "...")) {
        return false;
    }
    object->more = tb_number(tb);
    object->note = TF_ELIDE_ITEMS;
    return true;
}

static void
parse_items(struct tb *tb, struct tb_object *object, const char *close)
{
    while (!tb_try(tb, close)) {
        if (!parse_more(tb, object)) {
            values_add(tb, &object->item, tb_parse_value(tb));
        }
        if (!tb_try(tb, ",")) {
            tb_expect(tb, close);
            break;
        }
    }
}

/* {k: v, ...} a dict, {a, b} a set, {} a dict */
static void
parse_braces(struct tb *tb, struct tb_object *object, bool typed)
{
    bool dict = true;
    while (!tb_try(tb, "}")) {
        if (!parse_more(tb, object)) {
            values_add(tb, &object->item, tb_parse_value(tb));
            dict = tb_try(tb, ":");
            if (dict) {
                values_add(tb, &object->item, tb_parse_value(tb));
            }
        }
        if (!tb_try(tb, ",")) {
            tb_expect(tb, "}");
            break;
        }
    }
    if (!typed) {
        object->type = tb_type_named(tb, dict ? "dict" : "set");
    }
}

static void
parse_attrs(struct tb *tb, struct tb_object *object)
{
    while (!tb_try(tb, ")")) {
        const char *name = tb_word(tb);
        values_add(tb, &object->attr,
                   value_text(TF_VAL_STR, (struct tf_text){name, strlen(name)}));
        tb_expect(tb, "=");
        values_add(tb, &object->attr, tb_parse_value(tb));
        if (!tb_try(tb, ",")) {
            tb_expect(tb, ")");
            break;
        }
    }
}

static struct tb_value
finish_object(struct tb *tb, struct tb_object *object, const char *name)
{
    return (struct tb_value){.kind = TF_VAL_REF, .ref = object_new(tb, object, name)};
}

/* Type[items](attributes), Type{...}, or only one of them; !reason: its note. */
static struct tb_value
parse_typed(struct tb *tb, const char *type, const char *name)
{
    struct tb_object object = {.type = tb_type_named(tb, type)};
    bool any = false;
    if (tb->at < tb->end && *tb->at == '[') {
        tb->at++;
        any = true;
        parse_items(tb, &object, "]");
    }
    else if (tb->at < tb->end && *tb->at == '{') {
        tb->at++;
        any = true;
        parse_braces(tb, &object, true);
    }
    if (tb->at < tb->end && *tb->at == '(') {
        tb->at++;
        any = true;
        parse_attrs(tb, &object);
    }
    if (!any) {
        tb_fail(tb, "[...], {...} or (...) expected after %s", type);
    }
    if (tb->at < tb->end && *tb->at == '!') {
        tb->at++;
        struct tb_value reason = parse_elided(tb);
        object.note = reason.note;
    }
    return finish_object(tb, &object, name);
}

static struct tb_value
parse_object(struct tb *tb, const char *name)
{
    struct tb_object object = {0};
    tb_blanks(tb);
    char c = tb->at < tb->end ? *tb->at : 0;
    if (c == '[') {
        tb->at++;
        object.type = tb_type_named(tb, "list");
        parse_items(tb, &object, "]");
    }
    else if (c == '(') {
        tb->at++;
        object.type = tb_type_named(tb, "tuple");
        parse_items(tb, &object, ")");
    }
    else if (c == '{') {
        tb->at++;
        parse_braces(tb, &object, false);
    }
    else {
        return parse_typed(tb, tb_word(tb), name);
    }
    return finish_object(tb, &object, name);
}

/* $name of a known object, or $name:... of a new one. */
static struct tb_value
parse_named(struct tb *tb)
{
    const char *name = tb_name(tb);
    if (tb->at < tb->end && *tb->at == ':') {
        tb->at++;
        return parse_object(tb, name);
    }
    uint64_t id = tb_object_named(tb, name);
    if (id == 0) {
        tb_fail(tb, "no object $%s", name);
    }
    return (struct tb_value){.kind = TF_VAL_REF, .ref = id};
}

static const struct {
    const char *word;
    uint8_t kind;
} constants[] = {
    {"None", TF_VAL_NONE},       {"True", TF_VAL_TRUE},
    {"False", TF_VAL_FALSE},     {"Ellipsis", TF_VAL_ELLIPSIS},
    {"unbound", TF_VAL_UNBOUND}, {"NotImplemented", TF_VAL_NOTIMPLEMENTED},
};

static struct tb_value
parse_word(struct tb *tb)
{
    const char *word = tb_word(tb);
    for (size_t i = 0; i < sizeof constants / sizeof *constants; i++) {
        if (strcmp(constants[i].word, word) == 0) {
            return (struct tb_value){.kind = constants[i].kind};
        }
    }
    if (strcmp(word, "nan") == 0 || strcmp(word, "inf") == 0) {
        return (struct tb_value){.kind = TF_VAL_FLOAT,
                                 .real = *word == 'n' ? NAN : INFINITY};
    }
    if (strcmp(word, "complex") == 0) {
        struct tb_value value = {.kind = TF_VAL_COMPLEX};
        tb_expect(tb, "(");
        tb_blanks(tb);
        struct tb_value re = parse_number(tb);
        tb_expect(tb, ",");
        tb_blanks(tb);
        struct tb_value im = parse_number(tb);
        tb_expect(tb, ")");
        value.real = re.kind == TF_VAL_INT ? (double)re.integer : re.real;
        value.imag = im.kind == TF_VAL_INT ? (double)im.integer : im.real;
        return value;
    }
    if (strcmp(word, "huge") == 0) { /* an int of so many bits, not kept */
        struct tb_value value = {.kind = TF_VAL_BIGINT_CUT, .text = ""};
        tb_expect(tb, "(");
        if (tb_try(tb, "-")) {
            value.text = "-";
            value.len = 1;
        }
        value.length = tb_number(tb);
        tb_expect(tb, ")");
        return value;
    }
    return parse_typed(tb, word, NULL);
}

struct tb_value
tb_parse_value(struct tb *tb)
{
    tb_blanks(tb);
    char c = tb->at < tb->end ? *tb->at : 0;
    char d = tb->end - tb->at > 1 ? tb->at[1] : 0;
    if (c == '"') {
        return parse_text(tb, TF_VAL_STR, TF_VAL_STR_CUT);
    }
    if (c == 'b' && d == '"') {
        tb->at++;
        return parse_text(tb, TF_VAL_BYTES, TF_VAL_BYTES_CUT);
    }
    if (isdigit((unsigned char)c)
        || (c == '-' && (isdigit((unsigned char)d) || d == 'i'))) {
        return parse_number(tb);
    }
    if (c == '?') {
        tb->at++;
        return parse_elided(tb);
    }
    if (c == '$') {
        tb->at++;
        return parse_named(tb);
    }
    if (c == '[' || c == '(' || c == '{') {
        return parse_object(tb, NULL);
    }
    return parse_word(tb);
}
