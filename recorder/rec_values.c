#include "rec_values.h"

#include <stdlib.h>

#include "rec_delta.h"
#include "rec_read.h"
#include "rec_redact.h"
#include "rec_scan.h"
#include "rec_secrets.h"
#include "rec_set.h"

/* An event stops taking new objects in when it has written so much: the batch stays within
 * TF_FIELD_BYTES_MAX. */
#define EVENT_BYTES_MAX (16u << 20)

static inline struct tf_rows *
rows(void)
{
    return &rec.batch->changes;
}

static void
queue_put(struct rec_visit visit)
{
    if (rec.queue_tail == rec.queue_cap) {
        size_t cap = rec.queue_cap * 2 + 1024;
        struct rec_visit *more = realloc(rec.queue, cap * sizeof *more);
        if (more == NULL) {
            rec.out_of_memory = true;
            return;
        }
        rec.queue = more;
        rec.queue_cap = cap;
    }
    visit.obj->epoch = rec.epoch;
    rec.queue[rec.queue_tail++] = visit;
}

void
rec_values_enqueue(struct rec_obj *obj, uint32_t depth)
{
    bool look = obj->epoch != rec.epoch;
    bool queued = obj->fresh && !look;
    if ((!look && depth >= obj->depth) || (obj->leaf && !obj->fresh)) {
        return;
    }
    if (depth < obj->depth) {
        obj->depth = (uint16_t)depth;
    }
    if (!queued) {
        queue_put((struct rec_visit){.obj = obj, .look = look});
    }
}

void
rec_values_found_late(struct rec_obj *obj)
{
    queue_put((struct rec_visit){.obj = obj, .look = true, .late = true});
}

/* --- Values --- */

/* Some iterators (enumerate, zip, dict.items()) put new items into the tuple that they gave
 * last when nothing else refers to it: the same address, but another tuple to the program. */
static bool
is_tuple_used_again(const struct rec_obj *obj)
{
    if (!PyTuple_CheckExact(obj->addr) || obj->fresh || obj->more != 0
        || obj->item_count == 0) {
        return false;
    }
    for (uint32_t i = 0; i < obj->item_count; i++) {
        PyObject *item = PyTuple_GET_ITEM(obj->addr, (Py_ssize_t)i);
        const struct rec_val *old = &obj->val[i];
        struct rec_src src = rec_src_obj(item);
        struct rec_val now;
        if (old->kind == TF_VAL_REF) {
            const struct rec_obj *child = rec_val_obj(old);
            if (child == NULL || child->addr != item) {
                return true;
            }
        }
        else if (old->kind != TF_VAL_ELIDED
                 && (!(rec_py_small_scalar(item, &now) || rec_scalar_make(&src, &now))
                     || !rec_val_equal(old, &now))) {
            return true;
        }
    }
    return false;
}

/* No scalar is known to the collector. */
static inline bool
is_no_scalar(const struct rec_src *src)
{
    return src->sort == SRC_OBJ && PyType_IS_GC(Py_TYPE(src->obj));
}

/* The text of the value that was just written from `start` on (FORMAT.md, section 14). */
static struct tf_text
text_from(const struct tf_rows *to, size_t start)
{
    size_t at = start + 1;
    uint64_t len = 0;
    for (unsigned shift = 0; at < to->len && shift < 64; shift += 7) {
        uint8_t byte = to->data[at++];
        len |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            break;
        }
    }
    return len <= to->len - at
               ? (struct tf_text){(const char *)to->data + at, (size_t)len}
               : (struct tf_text){"", 0};
}

/* Whether a text or number that was just written is what a rule of the user's own names. */
static bool
is_secret_text(const struct rec_val *val, size_t start)
{
    bool cut = val->kind == TF_VAL_STR_CUT || val->kind == TF_VAL_BYTES_CUT;
    size_t at = 0, end;
    if (val->kind == TF_VAL_INT) {
        return rec.text_rules
               && tf_rules_number(rec.options->rules, (int64_t)val->data);
    }
    if (!rec.text_rules || rows()->failed
        || (!cut && val->kind != TF_VAL_STR && val->kind != TF_VAL_BYTES)) {
        return false;
    }
    struct tf_text text = text_from(rows(), start);
    return tf_rules_text(rec.options->rules, text.data, text.len, cut, &at, &end);
}

/* The same of a value that was left out for its text before. */
static bool
is_still_secret_text(const struct rec_src *src)
{
    struct rec_val now = {0};
    size_t start = rows()->len;
    if (!rec.text_rules || !rec_scalar_make(src, &now)) {
        return false;
    }
    rec_scalar_emit(rows(), src, &now);
    bool secret = is_secret_text(&now, start);
    rows()->len = start;
    return secret;
}

bool
rec_value_same(const struct rec_val *old, const struct rec_src *src, uint32_t depth)
{
    struct rec_val now;
    bool object = is_no_scalar(src);
    if (!object && src->sort == SRC_OBJ && old->kind != TF_VAL_ELIDED
        && rec_py_small_scalar(src->obj, &now)) {
        return old->kind == now.kind && old->data == now.data;
    }
    if (old->kind == TF_VAL_ELIDED
        && (old->note == TF_ELIDE_REDACTED || old->note == TF_ELIDE_ITEMS)) {
        /* by the value's identity, not by its name: until there is another value */
        return old->data == 0 ? src->sort != SRC_UNBOUND
                              : src->sort == SRC_OBJ
                                    && (rec_secret_is(src->obj)
                                        || (old->data == (uintptr_t)src->obj
                                            && is_still_secret_text(src)));
    }
    if (!object && rec_scalar_make(src, &now)) {
        return rec_val_equal(old, &now);
    }
    if (old->kind == TF_VAL_REF) {
        struct rec_obj *known = rec_val_obj(old);
        if (known == NULL || known->addr != src->obj || is_tuple_used_again(known)) {
            return false;
        }
        rec_values_enqueue(known, depth);
        return true;
    }
    if (old->kind != TF_VAL_ELIDED || old->data != (uintptr_t)src->obj
        || rec_shadow_find(&rec.shadow, src->obj) != NULL) {
        return false;
    }
    if (src->obj == rec.builtins) {
        return true;
    }
    /* Left out before: taken in as soon as the limits allow. */
    return old->note == TF_ELIDE_DEPTH ? depth > rec.options->max_depth
                                       : rec.budget == 0;
}

static struct rec_val
emit_elided(PyObject *obj, enum tf_elision reason)
{
    struct rec_type *type = rec_type_of(Py_TYPE(obj));
    tf_rows_elided(rows(), reason, type != NULL ? type->id : 0);
    rec.elided_count++;
    return (struct rec_val){
        .kind = TF_VAL_ELIDED, .note = (uint8_t)reason, .data = (uintptr_t)obj};
}

struct rec_val
rec_value_emit_redacted(PyObject *obj)
{
    rec_secret_seen(obj);
    tf_rows_elided(rows(), TF_ELIDE_REDACTED, 0);
    rec.elided_count++;
    return (struct rec_val){.kind = TF_VAL_ELIDED, .note = TF_ELIDE_REDACTED};
}

/* A new object, to be read when its turn comes; NULL when the limits forbid it. */
struct rec_obj *
rec_values_new(PyObject *obj)
{
    struct rec_type *type = rec_type_of(Py_TYPE(obj));
    struct rec_obj *entry = type != NULL ? rec_shadow_add(&rec.shadow, obj) : NULL;
    if (entry == NULL) {
        rec.out_of_memory = true;
        return NULL;
    }
    entry->type = type;
    entry->fresh = true;
    entry->epoch = rec.epoch - 1;
    entry->depth = REC_DEPTH_UNKNOWN;
    if (rec.budget > 0) {
        rec.budget--;
    }
    if (rows()->len - rec.event_start_bytes > EVENT_BYTES_MAX) {
        rec.budget = 0;
    }
    return entry;
}

static struct rec_val
emit_scalar(const struct rec_src *src, const struct rec_val *val)
{
    size_t start = rows()->len;
    rec_scalar_emit(rows(), src, val);
    if (is_secret_text(val, start)) {
        rows()->len = start;
        struct rec_val hidden =
            rec_value_emit_redacted(src->sort == SRC_OBJ ? src->obj : NULL);
        hidden.data = src->sort == SRC_OBJ ? (uintptr_t)src->obj : 0;
        return hidden;
    }
    rec.elided_count += rec_scalar_is_cut(val);
    return *val;
}

struct rec_val
rec_value_emit(const struct rec_src *src, uint32_t depth)
{
    struct rec_val val = {0};
    bool object = is_no_scalar(src);
    if (!object && src->sort == SRC_OBJ && !rec.text_rules
        && rec_py_small_scalar(src->obj, &val)) {
        rec_small_scalar_emit(rows(), &val);
        return val;
    }
    if (rec.secrets != NULL && src->sort == SRC_OBJ && rec_secret_is(src->obj)) {
        val = rec_value_emit_redacted(NULL);
        val.data = (uintptr_t)src->obj;
        return val;
    }
    if (!object && src->sort == SRC_OBJ && !rec.text_rules
        && rec_short_text_emit(rows(), src->obj, &val)) {
        return val;
    }
    if (!object && rec_scalar_make(src, &val)) {
        return emit_scalar(src, &val);
    }
    struct rec_obj *obj = rec_shadow_find(&rec.shadow, src->obj);
    if (obj != NULL && is_tuple_used_again(obj)) {
        rec_shadow_died(&rec.shadow, obj->link.base);
        obj = NULL;
    }
    if (obj == NULL) {
        if (src->obj == rec.builtins) {
            return emit_elided(src->obj, TF_ELIDE_OPAQUE);
        }
        if (depth > rec.options->max_depth) {
            return emit_elided(src->obj, TF_ELIDE_DEPTH);
        }
        if (rec.budget == 0 || (obj = rec_values_new(src->obj)) == NULL) {
            rec.left_out = true;
            return emit_elided(src->obj, TF_ELIDE_BUDGET);
        }
    }
    rec_values_enqueue(obj, depth);
    tf_rows_ref(rows(), obj->id);
    return rec_val_ref(obj);
}

static bool
is_secret(const struct rec_src *name)
{
    char utf8[4 * REC_REDACT_NAME_BYTES];
    if (!rec.options->redact) {
        return false;
    }
    if (name->sort == SRC_TEXT) {
        return rec_redact_name(rec.options->rules, name->text, name->len);
    }
    if (name->sort == SRC_OBJ && PyBytes_Check(name->obj)) {
        return rec_redact_name(rec.options->rules, PyBytes_AS_STRING(name->obj),
                               (size_t)PyBytes_GET_SIZE(name->obj));
    }
    if (name->sort != SRC_OBJ || !PyUnicode_Check(name->obj)
        || !PyUnicode_IS_READY(name->obj)
        || PyUnicode_GET_LENGTH(name->obj) > REC_REDACT_NAME_BYTES) {
        return false;
    }
    return rec_redact_name(rec.options->rules, utf8,
                           rec_utf8(name->obj, REC_REDACT_NAME_BYTES, utf8));
}

/* The same few names come again and again. A str that took the place of another one has
 * another hash. */
#define NAMES_KEPT 256

static struct {
    PyObject *name;
    Py_hash_t hash;
    bool secret;
} judged_names[NAMES_KEPT];

static bool
is_secret_again(const struct rec_src *name)
{
    if (name->sort != SRC_OBJ || !PyUnicode_CheckExact(name->obj)
        || ((PyASCIIObject *)name->obj)->hash == -1) {
        return is_secret(name);
    }
    Py_hash_t hash = ((PyASCIIObject *)name->obj)->hash;
    size_t at = ((uintptr_t)name->obj >> 4) % NAMES_KEPT;
    if (judged_names[at].name != name->obj || judged_names[at].hash != hash) {
        judged_names[at].secret = is_secret(name);
        judged_names[at].name = name->obj;
        judged_names[at].hash = hash;
    }
    return judged_names[at].secret;
}

bool
rec_value_is_secret(const struct rec_src *name)
{
    return is_secret_again(name);
}

void
rec_value_hide(struct rec_src *src)
{
    if (src->sort == SRC_OBJ) {
        rec_secret_seen(src->obj);
    }
    *src = (struct rec_src){.sort = SRC_REDACTED};
}

struct rec_val
rec_value_emit_named(const struct rec_src *name, const struct rec_src *src,
                     uint32_t depth)
{
    return is_secret_again(name)
               ? rec_value_emit_redacted(src->sort == SRC_OBJ ? src->obj : NULL)
               : rec_value_emit(src, depth);
}

void
rec_values_release(void)
{
    memset(judged_names, 0, sizeof judged_names);
}

/* --- Objects --- */

/* So that a change of the dict by itself is a change of the instance, too. */
static void
note_owner(struct rec_obj *obj)
{
    PyObject *dict = obj->type->has_dict ? rec_py_instance_dict(obj->addr) : NULL;
    if (dict != NULL) {
        rec_shadow_put(&rec.shadow, &rec.shadow.owners, rec_py_base(dict), obj);
    }
}

static void
obj_begin(struct rec_obj *obj)
{
    if (obj->namespace && obj->partial) { /* its names come one by one */
        rec.view.item_count = rec.view.attr_count = 0;
        rec.view.more = 0;
        rec.view.note = TF_ELIDE_NONE;
        rec.view.failed = false;
    }
    else if (rec_obj_begin_sequence(obj)) {
        return;
    }
    else {
        rec_read(obj->addr, obj->type,
                 obj->whole ? UINT64_MAX : rec.options->max_items);
    }
    obj->fresh = false;
    rec_obj_write(obj, TF_OP_NEW);
    rec_obj_note_version(obj);
    note_owner(obj);
}

static void
obj_look(struct rec_obj *obj)
{
    if (!obj->namespace
        && Py_TYPE(obj->addr) != obj->type->type) { /* __class__ assigned */
        struct rec_type *type = rec_type_of(Py_TYPE(obj->addr));
        if (type != NULL) {
            obj->type = type;
            rec_read(obj->addr, type, rec_obj_items_wanted(obj));
            rec_obj_write(obj, TF_OP_IMAGE);
        }
        return;
    }
    if ((obj->namespace && obj->partial) || rec_obj_is_same(obj)) {
        return;
    }
    if (rec_obj_look_through(obj)) {
        return;
    }
    rec_read(obj->addr, obj->type, rec_obj_items_wanted(obj));
    rec_obj_compare(obj);
    rec_obj_note_version(obj);
    note_owner(obj);
    if (obj->type->category == TF_CAT_SET) {
        rec_set_open(obj);
    }
}

void
rec_values_look(struct rec_obj *obj, struct rec_hint hint)
{
    if (!obj->fresh && !rec_obj_look_there(obj, hint)) {
        obj_look(obj);
        if (obj->more > 0) {
            rec_obj_fill_more(obj, hint);
        }
    }
}

void
rec_values_drain_queue(void)
{
    while (rec.queue_head < rec.queue_tail) {
        struct rec_visit visit = rec.queue[rec.queue_head++];
        if (visit.obj->fresh) {
            obj_begin(visit.obj);
        }
        else if (visit.look || !rec_obj_follow(visit.obj)) {
            if (visit.late) {
                rec_scan_mark(visit.obj);
            }
            obj_look(visit.obj);
        }
    }
    rec.queue_head = rec.queue_tail = 0;
}
