/* Values, the texts that they share, and buffers. */
#include "rp_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- Texts: counted, so that a chunk, an object and a front end may share one. --- */

struct rp_str *
rp_str_new(const char *bytes, size_t len)
{
    struct rp_str *str = malloc(sizeof *str + len + 1);
    if (!str) {
        return NULL;
    }
    str->refs = 1;
    str->len = len;
    if (len) {
        memcpy(str->data, bytes, len);
    }
    str->data[len] = '\0';
    return str;
}

void
rp_str_unref(struct rp_str *str)
{
    if (str && --str->refs == 0) {
        free(str);
    }
}

bool
rp_kind_has_text(unsigned kind)
{
    switch (kind) {
    case TF_VAL_BIGINT:
    case TF_VAL_BIGINT_CUT:
    case TF_VAL_STR:
    case TF_VAL_STR_CUT:
    case TF_VAL_BYTES:
    case TF_VAL_BYTES_CUT: return true;
    default: return false;
    }
}

void
rp_value_copy(struct rp_value *to, const struct rp_value *from)
{
    *to = *from;
    if (rp_kind_has_text(to->kind)) {
        if (to->str) {
            to->str->refs++;
        }
    }
    else if (to->kind == TF_VAL_REF && to->object) {
        rp_object_ref(to->object);
    }
    else if (to->kind == RP_VAL_MADE) {
        ((struct rp_made *)(void *)to->str)->refs++;
    }
}

void
rp_value_release(struct rp_value *value)
{
    struct rp_value old = *value;
    *value = (struct rp_value){0};
    if (rp_kind_has_text(old.kind)) {
        rp_str_unref(old.str);
    }
    else if (old.kind == TF_VAL_REF) {
        rp_object_release(old.object);
    }
    else if (old.kind == RP_VAL_MADE) {
        struct rp_made *made = (struct rp_made *)(void *)old.str;
        if (--made->refs == 0) {
            made->free(made);
        }
    }
}

struct tf_text
rp_value_bytes(const struct rp_value *value)
{
    if (rp_kind_has_text(value->kind) && value->str) {
        return (struct tf_text){value->str->data, value->str->len};
    }
    return (struct tf_text){"", 0};
}

static bool
same_bits(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

bool
rp_value_same(const struct rp_value *a, const struct rp_value *b)
{
    if (a->kind != b->kind) {
        return false;
    }
    if (rp_kind_has_text(a->kind)) {
        return a->length == b->length
               && rp_text_equal(rp_value_bytes(a), rp_value_bytes(b));
    }
    switch (a->kind) {
    case TF_VAL_INT: return a->integer == b->integer;
    case TF_VAL_REF: return a->ref == b->ref && a->object == b->object;
    case RP_VAL_MADE: return a->str == b->str;
    case TF_VAL_FLOAT: return same_bits(a->real, b->real);
    case TF_VAL_COMPLEX:
        return same_bits(a->real, b->real) && same_bits(a->imag, b->imag);
    case TF_VAL_ELIDED: return a->note == b->note && a->type_id == b->type_id;
    default: return true;
    }
}

bool
rp_text_equal(struct tf_text a, struct tf_text b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool
rp_text_is(struct tf_text a, const char *string)
{
    return rp_text_equal(a, (struct tf_text){string, strlen(string)});
}

void
rp_value_set_int(struct rp_value *value, int64_t n)
{
    *value = (struct rp_value){.kind = TF_VAL_INT, .integer = n};
}

bool
rp_value_set_text(struct rp_value *value, enum tf_value_kind kind, const char *bytes,
                  size_t len)
{
    struct rp_str *str = rp_str_new(bytes, len);
    if (!str) {
        return false;
    }
    *value = (struct rp_value){.kind = (uint8_t)kind, .str = str, .length = len};
    return true;
}

/* --- Buffers --- */

static bool
buf_reserve(struct rp_buf *buf, size_t len)
{
    if (buf->failed) {
        return false;
    }
    if (buf->cap - buf->len > len) {
        return true;
    }
    size_t cap = buf->cap ? buf->cap : 64;
    while (cap - buf->len <= len) {
        cap *= 2;
    }
    char *data = realloc(buf->data, cap);
    if (!data) {
        buf->failed = true;
        return false;
    }
    buf->data = data;
    buf->cap = cap;
    return true;
}

void
rp_buf_release(struct rp_buf *buf)
{
    free(buf->data);
    *buf = (struct rp_buf)RP_BUF_INIT;
}

void
rp_buf_clear(struct rp_buf *buf)
{
    buf->len = 0;
    buf->failed = false;
    if (buf->data) {
        buf->data[0] = '\0';
    }
}

void
rp_buf_add(struct rp_buf *buf, const char *bytes, size_t len)
{
    if (buf_reserve(buf, len)) {
        if (len) {
            memcpy(buf->data + buf->len, bytes, len);
        }
        buf->len += len;
        buf->data[buf->len] = '\0';
    }
}

void
rp_buf_add_string(struct rp_buf *buf, const char *string)
{
    rp_buf_add(buf, string, strlen(string));
}

void
rp_buf_add_text(struct rp_buf *buf, struct tf_text text)
{
    rp_buf_add(buf, text.data, text.len);
}

void
rp_buf_add_u64(struct rp_buf *buf, uint64_t number)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    rp_buf_add(buf, digits + at, sizeof digits - at);
}

void
rp_buf_addf(struct rp_buf *buf, const char *format, ...)
{
    char line[512];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (len < 0) {
        buf->failed = true;
        return;
    }
    if ((size_t)len < sizeof line) {
        rp_buf_add(buf, line, (size_t)len);
        return;
    }
    if (buf_reserve(buf, (size_t)len)) {
        va_start(args, format);
        vsnprintf(buf->data + buf->len, (size_t)len + 1, format, args);
        va_end(args);
        buf->len += (size_t)len;
    }
}

/* --- Notes --- */

void
rp_notes_clear(struct rp_notes *notes)
{
    for (size_t i = 0; i < notes->count; i++) {
        free(notes->note[i].path);
    }
    notes->count = 0;
    notes->failed = false;
}

void
rp_notes_release(struct rp_notes *notes)
{
    rp_notes_clear(notes);
    free(notes->note);
    *notes = (struct rp_notes)RP_NOTES_INIT;
}

void
rp_notes_add(struct rp_notes *notes, char *path, uint8_t reason, bool damaged,
             uint64_t events)
{
    if (notes->count == notes->cap) {
        size_t cap = notes->cap ? notes->cap * 2 : 8;
        struct rp_note *note = realloc(notes->note, cap * sizeof *note);
        if (!note) {
            notes->failed = true;
            free(path);
            return;
        }
        notes->note = note;
        notes->cap = cap;
    }
    notes->note[notes->count++] = (struct rp_note){
        .path = path, .reason = reason, .damaged = damaged, .events = events};
}
