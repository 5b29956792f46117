/* Methods of str and bytes that look for something: find, count, startswith ... */
#include <string.h>

#include "rp_str.h"

#define METHOD(name)                                                      \
 bool rp_str_##name(struct rp_calling *call, const struct rp_value *self, \
                    const struct rp_object *object, struct rp_value *ret_value)

/* Byte offsets of the characters from arg[first] to arg[first + 1]; false in *ret_fits:
 * the beginning lies behind the end of the text. */
static bool
part_of(struct rp_calling *call, const struct rp_value *self, size_t first,
        struct tf_text *ret_text, size_t *ret_begin, bool *ret_fits)
{
    static const char message[] =
        "slice indices must be integers or None or have an __index__ method";
    int64_t length = (int64_t)rp_str_length(self), bound[2] = {0, length};
    for (size_t i = 0; i < 2; i++) {
        const struct rp_value *arg = rp_call_arg(call, first + i, NULL);
        if (arg && arg->kind != TF_VAL_NONE
            && !rp_eval_index_of(call->eval, arg, message, &bound[i])) {
            return false;
        }
        bound[i] += bound[i] < 0 ? length : 0;
        bound[i] = bound[i] < 0 ? 0 : bound[i];
    }
    bound[1] = bound[1] > length ? length : bound[1];
    *ret_fits = bound[0] <= bound[1];
    if (!*ret_fits) {
        bound[1] = bound[0] = length;
    }
    struct tf_text text = rp_value_bytes(self);
    bool str = self->kind == TF_VAL_STR && (uint64_t)length != text.len;
    size_t begin = str ? rp_utf8_off(text, (size_t)bound[0]) : (size_t)bound[0];
    size_t end = str ? rp_utf8_off(text, (size_t)bound[1]) : (size_t)bound[1];
    *ret_text = (struct tf_text){text.data + begin, end - begin};
    *ret_begin = (size_t)bound[0];
    return true;
}

static size_t
chars(const struct rp_value *self, const char *from, size_t len)
{
    return self->kind == TF_VAL_STR ? rp_utf8_length((struct tf_text){from, len}) : len;
}

/* --- find, index, count --- */

/* bytes take a number for one byte, too. */
static bool
needle_of(struct rp_calling *call, const struct rp_value *self,
          struct rp_value *ret_needle)
{
    struct rp_value plain;
    int64_t byte;
    bool new = call->eval->rp->facts.header->python_hex >= 0x030d0000;
    char message[100];
    if (!rp_str_plain(call, &call->arg[0], &plain)) {
        return false;
    }
    bool number = self->kind == TF_VAL_BYTES && rp_is_int(&plain);
    rp_value_release(&plain);
    if (number) {
        char one;
        if (!rp_eval_index_of(call->eval, &call->arg[0], "%s", &byte)) {
            return false;
        }
        one = (char)byte;
        return byte < 0 || byte > 255
                   ? rp_eval_raise(call->eval, "ValueError",
                                   "byte must be in range(0, 256)")
                   : rp_eval_text(call->eval, TF_VAL_BYTES, &one, 1, ret_needle);
    }
    strcpy(message, new ? call->name : "");
    strcat(message, new ? "() argument 1 must be str, not %s" : "must be str, not %s");
    return rp_str_arg(call, self, &call->arg[0],
                      self->kind == TF_VAL_STR
                          ? message
                          : "argument should be integer or bytes-like object, not '%s'",
                      ret_needle);
}

static bool
find(struct rp_calling *call, const struct rp_value *self, bool last, bool must,
     struct rp_value *ret_value)
{
    struct rp_value needle;
    struct tf_text text;
    size_t begin;
    bool fits;
    if (!needle_of(call, self, &needle)) {
        return false;
    }
    bool fine = part_of(call, self, 1, &text, &begin, &fits)
                && rp_eval_steps(call->eval, text.len / 256);
    const char *at = NULL;
    if (fine && fits) {
        at = last ? rp_str_rsearch(text, rp_value_bytes(&needle))
                  : rp_str_search(text, rp_value_bytes(&needle));
    }
    rp_value_release(&needle);
    if (fine && !at && must) {
        return rp_eval_raise(call->eval, "ValueError",
                             self->kind == TF_VAL_STR ? "substring not found"
                                                      : "subsection not found");
    }
    rp_value_set_int(
        ret_value,
        at ? (int64_t)(begin + chars(self, text.data, (size_t)(at - text.data))) : -1);
    return fine;
}

METHOD(find)
{
    (void)object;
    return find(call, self, false, false, ret_value);
}

METHOD(rfind)
{
    (void)object;
    return find(call, self, true, false, ret_value);
}

METHOD(index)
{
    (void)object;
    return find(call, self, false, true, ret_value);
}

METHOD(rindex)
{
    (void)object;
    return find(call, self, true, true, ret_value);
}

METHOD(count)
{
    struct rp_value needle;
    struct tf_text text;
    size_t begin;
    bool fits;
    int64_t count = 0;
    (void)object;
    if (!needle_of(call, self, &needle)) {
        return false;
    }
    bool fine = part_of(call, self, 1, &text, &begin, &fits)
                && rp_eval_steps(call->eval, text.len / 256);
    struct tf_text what = rp_value_bytes(&needle);
    if (fine && fits && what.len == 0) {
        count = (int64_t)chars(self, text.data, text.len) + 1;
    }
    while (fine && fits && what.len) {
        const char *at = rp_str_search(text, what);
        if (!at) {
            break;
        }
        count++;
        text.len -= (size_t)(at - text.data) + what.len;
        text.data = at + what.len;
    }
    rp_value_release(&needle);
    rp_value_set_int(ret_value, count);
    return fine;
}

/* --- startswith, endswith, removeprefix --- */

static bool
has_end(struct tf_text text, struct tf_text part, bool end)
{
    return part.len <= text.len
           && (part.len == 0
               || memcmp(text.data + (end ? text.len - part.len : 0), part.data,
                         part.len)
                      == 0);
}

static bool
any_end(struct rp_calling *call, const struct rp_value *self, bool end,
        struct rp_value *ret_value)
{
    struct rp_object *tuple = NULL;
    struct tf_text text;
    size_t begin;
    bool fits, yes = false, fine = true;
    if (!rp_eval_known(call->eval, &call->arg[0])
        || !part_of(call, self, 1, &text, &begin, &fits)
        || (call->arg[0].kind == TF_VAL_REF
            && !rp_eval_object(call->eval, &call->arg[0], &tuple))) {
        return false;
    }
    bool several = tuple && rp_is_tuple(tuple), str = self->kind == TF_VAL_STR;
    size_t count = several ? tuple->item_count : 1;
    char message[120];
    strcpy(message, several ? "tuple for " : "");
    strcat(message, call->name);
    strcat(message, several ? " must only contain str, not %s"
                    : str   ? " first arg must be str or a tuple of str, not %s"
                            : " first arg must be bytes or a tuple of bytes, not %s");
    for (size_t i = 0; i < count && fine && !yes; i++) {
        struct rp_value part;
        fine = rp_str_arg(call, self, several ? &tuple->item[i] : &call->arg[0],
                          several && !str ? NULL : message, &part);
        if (fine) {
            yes = fits && has_end(text, rp_value_bytes(&part), end);
            rp_value_release(&part);
        }
    }
    rp_object_release(tuple);
    rp_value_set_bool(ret_value, yes);
    return fine;
}

METHOD(startswith)
{
    (void)object;
    return any_end(call, self, false, ret_value);
}

METHOD(endswith)
{
    (void)object;
    return any_end(call, self, true, ret_value);
}

static bool
remove_end(struct rp_calling *call, const struct rp_value *self,
           const struct rp_object *object, bool end, struct rp_value *ret_value)
{
    struct rp_value part;
    if (call->eval->rp->facts.header->python_hex < 0x03090000) {
        return rp_eval_raise(call->eval, "AttributeError",
                             "'%s' object has no attribute '%s'",
                             rp_eval_label(call->eval, self).text, call->name);
    }
    if (!rp_str_arg(call, self, &call->arg[0],
                    self->kind == TF_VAL_STR
                        ? (end ? "removesuffix() argument must be str, not %s"
                               : "removeprefix() argument must be str, not %s")
                        : NULL,
                    &part)) {
        return false;
    }
    struct tf_text text = rp_value_bytes(self), cut = rp_value_bytes(&part);
    bool has = has_end(text, cut, end);
    bool fine =
        rp_str_give_part(call, self, object, text.data + (has && !end ? cut.len : 0),
                         text.len - (has ? cut.len : 0), ret_value);
    rp_value_release(&part);
    return fine;
}

METHOD(removeprefix)
{
    return remove_end(call, self, object, false, ret_value);
}

METHOD(removesuffix)
{
    return remove_end(call, self, object, true, ret_value);
}
