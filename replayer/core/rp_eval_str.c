/* Methods of str, bytes and bytearray that take text apart and join it: split, strip ... They
 * work on the bytes: UTF-8 is found in UTF-8 at the borders of characters only. */
#include <string.h>

#include "rp_str.h"

/* --- What the methods share --- */

bool
rp_str_give(struct rp_calling *call, const struct rp_value *self,
            const struct rp_object *object, struct rp_buf *buf,
            struct rp_value *ret_value)
{
    struct rp_object *array;
    struct rp_value bytes;
    if (!object || object->category != TF_CAT_BYTEARRAY) {
        return rp_eval_text_of(call->eval, self->kind, buf, ret_value);
    }
    if (!rp_eval_text_of(call->eval, TF_VAL_BYTES, buf, &bytes)) {
        return false;
    }
    if (!rp_eval_make(call->eval, TF_CAT_BYTEARRAY, &array)) {
        rp_value_release(&bytes);
        return false;
    }
    rp_value_set_object(ret_value, array);
    return rp_eval_add(call->eval, array, &bytes) || (rp_object_release(array), false);
}

bool
rp_str_give_part(struct rp_calling *call, const struct rp_value *self,
                 const struct rp_object *object, const char *begin, size_t len,
                 struct rp_value *ret_value)
{
    struct rp_buf buf = RP_BUF_INIT;
    rp_buf_add(&buf, begin, len);
    return rp_str_give(call, self, object, &buf, ret_value);
}

bool
rp_str_plain(struct rp_calling *call, const struct rp_value *value,
             struct rp_value *ret_plain)
{
    struct rp_object *object = NULL;
    if (!rp_eval_known(call->eval, value)
        || (value->kind == TF_VAL_REF && !rp_eval_object(call->eval, value, &object))) {
        return false;
    }
    bool array = object && object->category == TF_CAT_BYTEARRAY && object->item_count;
    rp_value_copy(ret_plain, array ? &object->item[0]
                                   : rp_plain_of(call->eval->rp, object, value));
    rp_object_release(object);
    return rp_eval_known(call->eval, ret_plain) || (rp_value_release(ret_plain), false);
}

/* An argument of the kind that `self` is of; `message` (%s: its type) when it is not. */
bool
rp_str_arg(struct rp_calling *call, const struct rp_value *self,
           const struct rp_value *value, const char *message, struct rp_value *ret_text)
{
    char label[80], text[200];
    if (!rp_str_plain(call, value, ret_text)) {
        return false;
    }
    if (ret_text->kind == self->kind) {
        return true;
    }
    rp_value_release(ret_text);
    if (!message) {
        message = self->kind == TF_VAL_STR
                      ? "must be str, not %s"
                      : "a bytes-like object is required, not '%s'";
    }
    strcpy(label, rp_eval_label(call->eval, value).text);
    const char *mark = strstr(message, "%s");
    size_t before = mark ? (size_t)(mark - message) : strlen(message);
    memcpy(text, message, before);
    text[before] = '\0';
    if (mark) {
        strcat(text, label);
        strncat(text, mark + 2, sizeof text - strlen(text) - 1);
    }
    return rp_eval_raise(call->eval, "TypeError", "%s", text);
}

size_t
rp_str_length(const struct rp_value *self)
{
    return (size_t)rp_text_length(self);
}

const char *
rp_str_search(struct tf_text text, struct tf_text needle)
{
    return needle.len ? memmem(text.data, text.len, needle.data, needle.len)
                      : text.data;
}

const char *
rp_str_rsearch(struct tf_text text, struct tf_text needle)
{
    for (size_t at = text.len + 1; at-- > 0;) {
        if (at + needle.len <= text.len
            && (needle.len == 0
                || memcmp(text.data + at, needle.data, needle.len) == 0)) {
            return text.data + at;
        }
    }
    return NULL;
}

#define METHOD(name)                                                    \
 static bool name(struct rp_calling *call, const struct rp_value *self, \
                  const struct rp_object *object, struct rp_value *ret_value)

/* --- strip --- */

bool
rp_str_is_space(const struct rp_value *self, const struct rp_eval *eval, uint32_t code)
{
    return self->kind == TF_VAL_STR
               ? rp_unicode_flags(eval->rp->facts.header->python_hex, code)
                     & RP_UNICODE_SPACE
               : code == ' ' || (code >= '\t' && code <= '\r');
}

/* The character of str, or the byte, at *off. */
static uint32_t
next_unit(const struct rp_value *self, struct tf_text text, size_t *off)
{
    return self->kind == TF_VAL_STR ? rp_utf8_next(text, off)
                                    : (unsigned char)text.data[(*off)++];
}

static size_t
previous_off(const struct rp_value *self, struct tf_text text, size_t end)
{
    size_t at = end - 1;
    while (self->kind == TF_VAL_STR && at > 0 && end - at < 4
           && ((unsigned char)text.data[at] & 0xc0) == 0x80) {
        at--;
    }
    return at;
}

static bool
stripped(const struct rp_value *self, const struct rp_eval *eval, const char *at,
         size_t len, const struct tf_text *set)
{
    size_t off = 0;
    if (!set) {
        return rp_str_is_space(self, eval,
                               next_unit(self, (struct tf_text){at, len}, &off));
    }
    return memmem(set->data, set->len, at, len) != NULL;
}

static bool
strip(struct rp_calling *call, const struct rp_value *self,
      const struct rp_object *object, bool left, bool right, struct rp_value *ret_value)
{
    struct rp_value chars_value = {0};
    struct tf_text text = rp_value_bytes(self), set = {"", 0};
    bool given = call->count && call->arg[0].kind != TF_VAL_NONE;
    char message[60];
    strcpy(message, call->name);
    strcat(message, " arg must be None or str");
    if (given
        && !rp_str_arg(call, self, &call->arg[0],
                       self->kind == TF_VAL_STR ? message : NULL, &chars_value)) {
        return false;
    }
    set = rp_value_bytes(&chars_value);
    size_t begin = 0, end = text.len;
    while (left && begin < end) {
        size_t off = begin;
        next_unit(self, text, &off);
        if (!stripped(self, call->eval, text.data + begin, off - begin,
                      given ? &set : NULL)) {
            break;
        }
        begin = off;
    }
    while (right && begin < end) {
        size_t off = previous_off(self, text, end);
        if (!stripped(self, call->eval, text.data + off, end - off,
                      given ? &set : NULL)) {
            break;
        }
        end = off;
    }
    bool fine = rp_eval_steps(call->eval, text.len / 64)
                && rp_str_give_part(call, self, object, text.data + begin, end - begin,
                                    ret_value);
    rp_value_release(&chars_value);
    return fine;
}

METHOD(str_strip)
{
    return strip(call, self, object, true, true, ret_value);
}

METHOD(str_lstrip)
{
    return strip(call, self, object, true, false, ret_value);
}

METHOD(str_rstrip)
{
    return strip(call, self, object, false, true, ret_value);
}

/* --- split, partition --- */

struct splitting {
    struct rp_calling *call;
    const struct rp_value *self;
    const struct rp_object *object;
    struct rp_object *list;
};

static bool
add_part(struct splitting *s, const char *begin, size_t len)
{
    struct rp_value part;
    return rp_str_give_part(s->call, s->self, s->object, begin, len, &part)
           && rp_eval_add(s->call->eval, s->list, &part);
}

static bool
split_blanks(struct splitting *s, struct tf_text text, int64_t max)
{
    size_t at = 0;
    while (true) {
        size_t begin = at, off;
        while (at < text.len) {
            off = at;
            if (!rp_str_is_space(s->self, s->call->eval,
                                 next_unit(s->self, text, &off))) {
                break;
            }
            at = off;
        }
        begin = at;
        if (at >= text.len) {
            return true;
        }
        if (max-- == 0) {
            return add_part(s, text.data + begin, text.len - begin);
        }
        while (at < text.len) {
            off = at;
            if (rp_str_is_space(s->self, s->call->eval,
                                next_unit(s->self, text, &off))) {
                break;
            }
            at = off;
        }
        if (!add_part(s, text.data + begin, at - begin)) {
            return false;
        }
    }
}

/* From the right: parts come last first. */
static bool
rsplit_blanks(struct splitting *s, struct tf_text text, int64_t max)
{
    size_t end = text.len;
    while (true) {
        size_t off, next;
        while (end) {
            off = next = previous_off(s->self, text, end);
            if (!rp_str_is_space(s->self, s->call->eval,
                                 next_unit(s->self, text, &next))) {
                break;
            }
            end = off;
        }
        if (!end) {
            return true;
        }
        if (max-- == 0) {
            return add_part(s, text.data, end);
        }
        size_t begin = end;
        while (begin) {
            off = next = previous_off(s->self, text, begin);
            if (rp_str_is_space(s->self, s->call->eval,
                                next_unit(s->self, text, &next))) {
                break;
            }
            begin = off;
        }
        if (!add_part(s, text.data + begin, end - begin)) {
            return false;
        }
        end = begin;
    }
}

static bool
split_at(struct splitting *s, struct tf_text text, struct tf_text separator,
         int64_t max, bool right)
{
    while (max-- != 0) {
        const char *at =
            right ? rp_str_rsearch(text, separator) : rp_str_search(text, separator);
        if (!at) {
            break;
        }
        size_t before = (size_t)(at - text.data), after = before + separator.len;
        if (!rp_eval_steps(s->call->eval, right ? 1 + (text.len - after) / 256 : 1)
            || !(right ? add_part(s, text.data + after, text.len - after)
                       : add_part(s, text.data, before))) {
            return false;
        }
        text = right ? (struct tf_text){text.data, before}
                     : (struct tf_text){text.data + after, text.len - after};
    }
    return add_part(s, text.data, text.len);
}

static void
reverse(struct rp_object *list)
{
    for (size_t i = 0, k = list->item_count; i + 1 < k; i++) {
        struct rp_value swap = list->item[i];
        list->item[i] = list->item[--k];
        list->item[k] = swap;
    }
}

static bool
split(struct rp_calling *call, const struct rp_value *self,
      const struct rp_object *object, bool right, struct rp_value *ret_value)
{
    const struct rp_value *by = rp_call_arg(call, 0, "sep");
    const struct rp_value *most = rp_call_arg(call, 1, "maxsplit");
    struct rp_value separator = {0};
    int64_t max = -1;
    bool blanks = !by || by->kind == TF_VAL_NONE;
    struct splitting s = {call, self, object, NULL};
    if ((most
         && !rp_eval_index_of(call->eval, most,
                              "'%s' object cannot be interpreted as an integer", &max))
        || (!blanks
            && !rp_str_arg(call, self, by,
                           self->kind == TF_VAL_STR ? "must be str or None, not %s"
                                                    : NULL,
                           &separator))) {
        return false;
    }
    max = max < 0 ? INT64_MAX : max;
    struct tf_text text = rp_value_bytes(self), part = rp_value_bytes(&separator);
    bool fine = blanks || part.len
                || rp_eval_raise(call->eval, "ValueError", "empty separator");
    fine = fine && rp_eval_make(call->eval, TF_CAT_LIST, &s.list);
    fine = fine
           && (!blanks ? split_at(&s, text, part, max, right)
               : right ? rsplit_blanks(&s, text, max)
                       : split_blanks(&s, text, max));
    rp_value_release(&separator);
    if (!fine) {
        rp_object_release(s.list);
        return false;
    }
    if (right) {
        reverse(s.list);
    }
    rp_value_set_object(ret_value, s.list);
    return true;
}

METHOD(str_split)
{
    return split(call, self, object, false, ret_value);
}

METHOD(str_rsplit)
{
    return split(call, self, object, true, ret_value);
}

static bool
partition(struct rp_calling *call, const struct rp_value *self,
          const struct rp_object *object, bool right, struct rp_value *ret_value)
{
    struct rp_value separator;
    struct splitting s = {call, self, object, NULL};
    if (!rp_str_arg(call, self, &call->arg[0], NULL, &separator)) {
        return false;
    }
    struct tf_text text = rp_value_bytes(self), by = rp_value_bytes(&separator);
    bool fine = by.len || rp_eval_raise(call->eval, "ValueError", "empty separator");
    fine = fine && rp_eval_make(call->eval, TF_CAT_TUPLE, &s.list);
    const char *at = !fine   ? NULL
                     : right ? rp_str_rsearch(text, by)
                             : rp_str_search(text, by);
    if (fine && at) {
        size_t before = (size_t)(at - text.data), after = before + by.len;
        fine = add_part(&s, text.data, before) && add_part(&s, at, by.len)
               && add_part(&s, text.data + after, text.len - after);
    }
    else if (fine) {
        fine = (right ? add_part(&s, "", 0) && add_part(&s, "", 0)
                      : add_part(&s, text.data, text.len))
               && (right ? add_part(&s, text.data, text.len)
                         : add_part(&s, "", 0) && add_part(&s, "", 0));
    }
    rp_value_release(&separator);
    if (!fine) {
        rp_object_release(s.list);
        return false;
    }
    rp_value_set_object(ret_value, s.list);
    return true;
}

METHOD(str_partition)
{
    return partition(call, self, object, false, ret_value);
}

METHOD(str_rpartition)
{
    return partition(call, self, object, true, ret_value);
}

static bool
is_line_end(const struct rp_value *self, uint32_t code)
{
    return code == '\n' || code == '\r'
           || (self->kind == TF_VAL_STR
               && (code == 0x0b || code == 0x0c || (code >= 0x1c && code <= 0x1e)
                   || code == 0x85 || code == 0x2028 || code == 0x2029));
}

METHOD(str_splitlines)
{
    const struct rp_value *keep = rp_call_arg(call, 0, "keepends");
    struct splitting s = {call, self, object, NULL};
    struct tf_text text = rp_value_bytes(self);
    bool ends = false;
    if ((keep && !rp_eval_truth(call->eval, keep, &ends))
        || !rp_eval_make(call->eval, TF_CAT_LIST, &s.list)) {
        return false;
    }
    bool fine = true;
    for (size_t off = 0; off < text.len && fine;) {
        size_t begin = off, end = off;
        bool ended = false;
        while (off < text.len && !ended) {
            end = off;
            uint32_t code = next_unit(self, text, &off);
            ended = is_line_end(self, code);
            if (code == '\r' && off < text.len && text.data[off] == '\n') {
                off++;
            }
        }
        fine = add_part(&s, text.data + begin, (ended && !ends ? end : off) - begin);
    }
    if (!fine) {
        rp_object_release(s.list);
        return false;
    }
    rp_value_set_object(ret_value, s.list);
    return true;
}

/* --- replace, join --- */

METHOD(str_replace)
{
    struct rp_value old, new;
    struct rp_buf out = RP_BUF_INIT;
    struct tf_text text = rp_value_bytes(self);
    int64_t max = -1;
    bool str = self->kind == TF_VAL_STR;
    const struct rp_value *most = rp_call_arg(call, 2, "count");
    if ((most
         && !rp_eval_index_of(call->eval, most,
                              "'%s' object cannot be interpreted as an integer", &max))
        || !rp_str_arg(call, self, &call->arg[0],
                       str ? "replace() argument 1 must be str, not %s" : NULL, &old)) {
        return false;
    }
    if (!rp_str_arg(call, self, &call->arg[1],
                    str ? "replace() argument 2 must be str, not %s" : NULL, &new)) {
        rp_value_release(&old);
        return false;
    }
    struct tf_text from = rp_value_bytes(&old), to = rp_value_bytes(&new);
    max = max < 0 ? INT64_MAX : max;
    bool fine = true;
    if (from.len == 0) {
        for (size_t off = 0; fine; max--) {
            size_t begin = off;
            rp_buf_add(&out, to.data, max > 0 ? to.len : 0);
            if (off >= text.len) {
                break;
            }
            next_unit(self, text, &off);
            rp_buf_add(&out, text.data + begin, off - begin);
            fine = rp_eval_step(call->eval) && out.len <= RP_EVAL_TEXT * 2;
        }
    }
    else {
        for (; max && fine; max--) {
            const char *at = rp_str_search(text, from);
            if (!at) {
                break;
            }
            rp_buf_add(&out, text.data, (size_t)(at - text.data));
            rp_buf_add_text(&out, to);
            text.len -= (size_t)(at - text.data) + from.len;
            text.data = at + from.len;
            fine = rp_eval_step(call->eval) && out.len <= RP_EVAL_TEXT * 2;
        }
        rp_buf_add_text(&out, text);
    }
    rp_value_release(&old);
    rp_value_release(&new);
    if (!fine) {
        rp_buf_release(&out);
        return rp_eval_fail(call->eval, "the result is too long");
    }
    return rp_str_give(call, self, object, &out, ret_value);
}

METHOD(str_join)
{
    struct rp_object *list;
    struct rp_buf out = RP_BUF_INIT;
    struct rp_iter *iter;
    bool str = self->kind == TF_VAL_STR;
    if (!rp_eval_known(call->eval, &call->arg[0])) {
        return false;
    }
    if (!rp_iter_of(call->eval, &call->arg[0], &iter)) {
        if (call->eval->raised) {
            call->eval->status = TF_OK;
            rp_eval_raise(call->eval, "TypeError", "can only join an iterable");
        }
        return false;
    }
    rp_iter_free(iter);
    if (!rp_eval_list_of(call->eval, &call->arg[0], &list)) {
        return false;
    }
    bool fine = true;
    for (size_t i = 0; i < list->item_count && fine; i++) {
        struct rp_value item;
        fine = rp_str_plain(call, &list->item[i], &item);
        if (fine && item.kind != self->kind) {
            struct rp_label label = rp_eval_label(call->eval, &list->item[i]);
            fine =
                str ? rp_eval_raise(
                    call->eval, "TypeError",
                    "sequence item %zu: expected str instance, %s found", i, label.text)
                    : rp_eval_raise(
                        call->eval, "TypeError",
                        "sequence item %zu: expected a bytes-like object, %s found", i,
                        label.text);
            rp_value_release(&item);
        }
        else if (fine) {
            rp_buf_add(&out, rp_value_bytes(self).data,
                       i ? rp_value_bytes(self).len : 0);
            rp_buf_add_text(&out, rp_value_bytes(&item));
            rp_value_release(&item);
            fine = out.len <= RP_EVAL_TEXT
                   || rp_eval_fail(call->eval, "the result is too long");
        }
    }
    rp_object_release(list);
    if (!fine) {
        rp_buf_release(&out);
        return false;
    }
    return rp_str_give(call, self, object, &out, ret_value);
}

#define BOTH                                                                           \
 {"find", rp_str_find, 1, 3, NULL}, {"rfind", rp_str_rfind, 1, 3, NULL},               \
     {"index", rp_str_index, 1, 3, NULL}, {"rindex", rp_str_rindex, 1, 3, NULL},       \
     {"count", rp_str_count, 1, 3, NULL},                                              \
     {"startswith", rp_str_startswith, 1, 3, NULL},                                    \
     {"endswith", rp_str_endswith, 1, 3, NULL},                                        \
     {"removeprefix", rp_str_removeprefix, 1, 1, NULL},                                \
     {"removesuffix", rp_str_removesuffix, 1, 1, NULL},                                \
     {"strip", str_strip, 0, 1, NULL}, {"lstrip", str_lstrip, 0, 1, NULL},             \
     {"rstrip", str_rstrip, 0, 1, NULL}, {"split", str_split, 0, 2, " sep maxsplit "}, \
     {"rsplit", str_rsplit, 0, 2, " sep maxsplit "},                                   \
     {"partition", str_partition, 1, 1, NULL},                                         \
     {"rpartition", str_rpartition, 1, 1, NULL},                                       \
     {"splitlines", str_splitlines, 0, 1, " keepends "},                               \
     {"replace", str_replace, 2, 3, " count "}, {"join", str_join, 1, 1, NULL},        \
     {"lower", rp_str_lower, 0, 0, NULL}, {"upper", rp_str_upper, 0, 0, NULL},         \
     {"title", rp_str_title, 0, 0, NULL},                                              \
     {"capitalize", rp_str_capitalize, 0, 0, NULL},                                    \
     {"swapcase", rp_str_swapcase, 0, 0, NULL},                                        \
     {"isalpha", rp_str_isalpha, 0, 0, NULL}, {"isalnum", rp_str_isalnum, 0, 0, NULL}, \
     {"isdigit", rp_str_isdigit, 0, 0, NULL}, {"isspace", rp_str_isspace, 0, 0, NULL}, \
     {"islower", rp_str_islower, 0, 0, NULL}, {"isupper", rp_str_isupper, 0, 0, NULL}, \
     {"istitle", rp_str_istitle, 0, 0, NULL}, {"isascii", rp_str_isascii, 0, 0, NULL}, \
     {"center", rp_str_center, 1, 2, NULL}, {"ljust", rp_str_ljust, 1, 2, NULL},       \
     {"rjust", rp_str_rjust, 1, 2, NULL}, {"zfill", rp_str_zfill, 1, 1, NULL},         \
     {"expandtabs", rp_str_expandtabs, 0, 1, " tabsize "},                             \
 {                                                                                     \
  "translate", rp_str_translate, 1, 2, " delete "                                      \
 }

const struct rp_method rp_str_methods[] = {
    BOTH,
    {"casefold", rp_str_casefold, 0, 0, NULL},
    {"isdecimal", rp_str_isdecimal, 0, 0, NULL},
    {"isnumeric", rp_str_isnumeric, 0, 0, NULL},
    {"isidentifier", rp_str_isidentifier, 0, 0, NULL},
    {"isprintable", rp_str_isprintable, 0, 0, NULL},
    {"encode", rp_str_encode, 0, 2, " encoding errors "},
    {"format", rp_str_format, 0, 100000, "*"},
    {"format_map", rp_str_format_map, 1, 1, NULL},
    {NULL, NULL, 0, 0, NULL},
};

const struct rp_method rp_bytes_methods[] = {
    BOTH,
    {"decode", rp_str_decode, 0, 2, " encoding errors "},
    {"hex", rp_str_hex, 0, 2, " sep bytes_per_sep "},
    {NULL, NULL, 0, 0, NULL},
};
