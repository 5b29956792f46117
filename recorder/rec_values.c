#include "rec_values.h"

#include <stdlib.h>

#include "rec_code.h"
#include "rec_read.h"
#include "rec_redact.h"

/* An event stops taking new objects in when it has written so much: the batch stays within
 * TF_FIELD_BYTES_MAX. */
#define EVENT_BYTES_MAX (16u << 20)
/* Objects above are not imaged anew. */
#define IMAGE_VALUES_MAX 65536u
/* A small object whose changes lie in so many chunks is imaged anew, so that no reader has
 * to visit more. */
#define IMAGE_CHUNKS 4u
#define SMALL_VALUES 64u

static inline struct tf_rows *
rows(void)
{
    return &rec.batch->changes;
}

void
rec_values_begin(bool changed)
{
    rec.epoch += changed;
    rec.budget = rec.options->max_objects;
    rec.queue_head = rec.queue_tail = 0;
    rec.event_start_bytes = rows()->len;
}

static void
enqueue(struct rec_obj *obj, uint32_t depth)
{
    if (obj->epoch == rec.epoch || (obj->leaf && !obj->fresh)) {
        return;
    }
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
    obj->epoch = rec.epoch;
    rec.queue[rec.queue_tail++] = (struct rec_visit){obj, depth};
}

/* --- Values --- */
bool
rec_value_same(const struct rec_val *old, const struct rec_src *src, uint32_t depth)
{
    struct rec_val now;
    if (old->kind == TF_VAL_ELIDED && old->note == TF_ELIDE_REDACTED) {
        return src->sort != SRC_UNBOUND;
    }
    if (rec_scalar_make(src, &now)) {
        return rec_val_equal(old, &now);
    }
    if (old->kind == TF_VAL_REF) {
        struct rec_obj *known = rec_val_obj(old);
        if (known == NULL || known->addr != src->obj) {
            return false;
        }
        enqueue(known, depth);
        return true;
    }
    if (old->kind != TF_VAL_ELIDED || old->data != (uintptr_t)src->obj
        || rec_shadow_find(&rec.shadow, src->obj) != NULL) {
        return false;
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
rec_value_emit_redacted(void)
{
    tf_rows_elided(rows(), TF_ELIDE_REDACTED, 0);
    rec.elided_count++;
    return (struct rec_val){.kind = TF_VAL_ELIDED, .note = TF_ELIDE_REDACTED};
}

/* A new object, to be read when its turn comes; NULL when the limits forbid it. */
static struct rec_obj *
obj_new(PyObject *obj)
{
    struct rec_type *type = rec_type_of(Py_TYPE(obj));
    struct rec_obj *entry = type != NULL ? rec_shadow_add(&rec.shadow, obj) : NULL;
    if (entry == NULL) {
        rec.out_of_memory = true;
        return NULL;
    }
    entry->type = type;
    entry->fresh = true;
    rec.defaultdict_seen |= type->category == TF_CAT_DEFAULTDICT;
    entry->epoch = rec.epoch - 1;
    if (rec.budget > 0) {
        rec.budget--;
    }
    if (rows()->len - rec.event_start_bytes > EVENT_BYTES_MAX) {
        rec.budget = 0;
    }
    return entry;
}

struct rec_val
rec_value_emit(const struct rec_src *src, uint32_t depth)
{
    struct rec_val val = {0};
    if (rec_scalar_make(src, &val)) {
        rec_scalar_emit(rows(), src, &val);
        rec.elided_count += rec_scalar_is_cut(&val);
        return val;
    }
    struct rec_obj *obj = rec_shadow_find(&rec.shadow, src->obj);
    if (obj == NULL) {
        if (depth > rec.options->max_depth) {
            return emit_elided(src->obj, TF_ELIDE_DEPTH);
        }
        if (rec.budget == 0 || (obj = obj_new(src->obj)) == NULL) {
            return emit_elided(src->obj, TF_ELIDE_BUDGET);
        }
    }
    enqueue(obj, depth);
    tf_rows_ref(rows(), obj->id);
    return rec_val_ref(obj);
}

/* --- Items and attributes --- */

static bool
is_secret(const struct rec_src *name)
{
    char utf8[4 * REC_REDACT_NAME_BYTES];
    if (!rec.options->redact) {
        return false;
    }
    if (name->sort == SRC_TEXT) {
        return rec_redact_name(name->text, name->len);
    }
    if (name->sort != SRC_OBJ || !PyUnicode_Check(name->obj)
        || !PyUnicode_IS_READY(name->obj)
        || PyUnicode_GET_LENGTH(name->obj) > REC_REDACT_NAME_BYTES) {
        return false;
    }
    return rec_redact_name(utf8, rec_utf8(name->obj, REC_REDACT_NAME_BYTES, utf8));
}

/* Does the value at `idx` belong to the name or key before it? */
static bool
is_pair_category(const struct rec_type *type)
{
    switch ((enum tf_category)type->category) {
    case TF_CAT_DICT:
    case TF_CAT_DEFAULTDICT:
    case TF_CAT_ORDEREDDICT:
    case TF_CAT_COUNTER:
    case TF_CAT_NAMESPACE: return true;
    default: return false;
    }
}

/* One face of an object: its items or its attributes. */
struct face {
    struct rec_val *val; /* as recorded */
    uint32_t *count;
    const struct rec_src *src; /* as it is */
    size_t src_count;
    bool pairs;
    enum tf_op_kind set, splice;
};

static struct rec_val
face_emit(const struct face *face, size_t idx, uint32_t depth)
{
    if (face->pairs && idx % 2 == 1 && is_secret(&face->src[idx - 1])) {
        return rec_value_emit_redacted();
    }
    return rec_value_emit(&face->src[idx], depth);
}

static void
op_with_index(enum tf_op_kind op, uint64_t id, uint64_t index)
{
    if (tf_rows_op(rows(), op)) {
        tf_rows_u64(rows(), id);
        tf_rows_u64(rows(), index);
    }
}

static size_t
same_prefix(const struct face *face, uint32_t depth)
{
    size_t i = 0;
    while (i < *face->count && i < face->src_count
           && rec_value_same(&face->val[i], &face->src[i], depth)) {
        i++;
    }
    return i;
}

static size_t
same_suffix(const struct face *face, size_t prefix, uint32_t depth)
{
    size_t old = *face->count, now = face->src_count, n = 0;
    while (n + prefix < old && n + prefix < now
           && rec_value_same(&face->val[old - 1 - n], &face->src[now - 1 - n], depth)) {
        n++;
    }
    return face->pairs ? n & ~(size_t)1 : n; /* a value goes with its key */
}

static size_t
count_different(const struct face *face, size_t from, size_t to, uint32_t depth)
{
    size_t n = 0;
    for (size_t i = from; i < to; i++) {
        n += !rec_value_same(&face->val[i], &face->src[i], depth);
    }
    return n;
}

static void
face_set_each(const struct face *face, uint64_t id, size_t from, size_t to,
              uint32_t depth)
{
    for (size_t i = from; i < to; i++) {
        if (!rec_value_same(&face->val[i], &face->src[i], depth)) {
            op_with_index(face->set, id, i);
            face->val[i] = face_emit(face, i, depth);
        }
    }
}

/* `face->val` has room for src_count values already. `after`: values of the object that
 * follow this face in its array. */
static void
face_splice(const struct face *face, uint64_t id, size_t prefix, size_t suffix,
            size_t after, uint32_t depth)
{
    size_t gone = *face->count - prefix - suffix;
    size_t come = face->src_count - prefix - suffix;
    op_with_index(face->splice, id, prefix);
    tf_rows_u64(rows(), gone);
    tf_rows_u64(rows(), come);
    memmove(face->val + prefix + come, face->val + prefix + gone,
            (suffix + after) * sizeof *face->val);
    for (size_t i = prefix; i < prefix + come; i++) {
        face->val[i] = face_emit(face, i, depth);
    }
    *face->count = (uint32_t)face->src_count;
}

/* Writes what changed in one face; how many values that took. */
static size_t
face_update(const struct face *face, struct rec_obj *obj, size_t prefix, size_t after,
            uint32_t depth)
{
    if (*face->count == face->src_count) {
        size_t suffix = same_suffix(face, prefix, depth);
        size_t end = face->src_count - suffix;
        size_t different = count_different(face, prefix, end, depth);
        if (different == 0) {
            return 0;
        }
        if (different * 2 <= end - prefix || different <= 2) {
            face_set_each(face, obj->id, prefix, end, depth);
            return different;
        }
        face_splice(face, obj->id, prefix, suffix, after, depth);
        return end - prefix;
    }
    size_t suffix = same_suffix(face, prefix, depth);
    face_splice(face, obj->id, prefix, suffix, after, depth);
    return face->src_count - prefix - suffix + 1;
}

/* --- Whole objects --- */

/* OP_NEW or OP_IMAGE from rec.view. */
static void
obj_write(struct rec_obj *obj, enum tf_op_kind op, uint32_t depth)
{
    struct rec_view *view = &rec.view;
    size_t count = view->item_count + view->attr_count;
    if (view->failed || !rec_obj_reserve(obj, count) || !tf_rows_op(rows(), op)) {
        rec.out_of_memory = true;
        return;
    }
    if (op == TF_OP_IMAGE) {
        tf_rows_u64(rows(), obj->id);
    }
    tf_rows_u64(rows(), obj->type->id);
    tf_rows_u64(rows(), view->note);
    tf_rows_u64(rows(), view->item_count);
    tf_rows_u64(rows(), view->more);
    tf_rows_u64(rows(), view->attr_count);
    struct face items = {.src = view->item, .pairs = is_pair_category(obj->type)};
    struct face attrs = {.src = view->attr, .pairs = true};
    bool leaf = obj->type->fixed && !obj->type->has_dict && obj->type->slot_count == 0;
    for (size_t i = 0; i < view->item_count; i++) {
        obj->val[i] = face_emit(&items, i, depth + 1);
        leaf =
            leaf && obj->val[i].kind != TF_VAL_REF && obj->val[i].kind != TF_VAL_ELIDED;
    }
    for (size_t i = 0; i < view->attr_count; i++) {
        obj->val[view->item_count + i] = face_emit(&attrs, i, depth + 1);
    }
    obj->leaf = leaf;
    obj->item_count = (uint32_t)view->item_count;
    obj->attr_count = (uint32_t)view->attr_count;
    obj->more = view->more;
    obj->note = (uint8_t)view->note;
    obj->delta_count = obj->delta_chunks = 0;
    obj->delta_chunk = rec.chunk;
    rec.elided_count += view->more > 0;
}

/* How many items may be read of an object that is known: all, or as many as at first sight. */
static uint64_t
items_wanted(const struct rec_obj *obj)
{
    if (obj->more == 0) {
        return UINT64_MAX;
    }
    switch ((enum tf_category)obj->type->category) {
    case TF_CAT_DICT:
    case TF_CAT_ORDEREDDICT:
    case TF_CAT_COUNTER: return obj->item_count / 2;
    case TF_CAT_DEFAULTDICT: return (obj->item_count - 2) / 2;
    case TF_CAT_DEQUE: return obj->item_count - 1;
    case TF_CAT_ARRAY:
    case TF_CAT_MEMORYVIEW: return obj->item_count - 2;
    default: return obj->item_count;
    }
}

static bool
wants_image(const struct rec_obj *obj)
{
    size_t count = (size_t)obj->item_count + obj->attr_count;
    return obj->delta_chunks >= IMAGE_CHUNKS && count <= IMAGE_VALUES_MAX
           && (count <= SMALL_VALUES || obj->delta_count > count);
}

static void
obj_changed(struct rec_obj *obj, size_t values)
{
    obj->no_refs = false;
    obj->version = 0;
    if (values > 0 || obj->delta_chunk != rec.chunk) {
        obj->delta_chunks += obj->delta_chunk != rec.chunk;
        obj->delta_chunk = rec.chunk;
        obj->delta_count += (uint32_t)values;
    }
}

static void
obj_compare(struct rec_obj *obj, uint32_t depth)
{
    struct rec_view *view = &rec.view;
    size_t count = view->item_count + view->attr_count;
    if (view->failed
        || !rec_obj_reserve(obj, count > obj->item_count + obj->attr_count
                                     ? count
                                     : obj->item_count + obj->attr_count)) {
        rec.out_of_memory = true;
        return;
    }
    struct face items = {.val = obj->val,
                         .count = &obj->item_count,
                         .src = view->item,
                         .src_count = view->item_count,
                         .pairs = is_pair_category(obj->type),
                         .set = TF_OP_ITEM_SET,
                         .splice = TF_OP_ITEM_SPLICE};
    struct face attrs = {.val = obj->val + obj->item_count,
                         .count = &obj->attr_count,
                         .src = view->attr,
                         .src_count = view->attr_count,
                         .pairs = true,
                         .set = TF_OP_ATTR_SET,
                         .splice = TF_OP_ATTR_SPLICE};
    size_t items_same = same_prefix(&items, depth + 1);
    size_t attrs_same = same_prefix(&attrs, depth + 1);
    bool items_equal = items_same == obj->item_count && items_same == view->item_count;
    bool attrs_equal = attrs_same == obj->attr_count && attrs_same == view->attr_count;
    if (items_equal && attrs_equal && view->more == obj->more
        && view->note == obj->note) {
        return;
    }
    size_t values = 0;
    if (wants_image(obj) || view->note != obj->note) {
        obj_write(obj, TF_OP_IMAGE, depth);
        return;
    }
    if (!items_equal) {
        values += face_update(&items, obj, items_same, obj->attr_count, depth + 1);
    }
    if (!attrs_equal) {
        attrs.val = obj->val + obj->item_count;
        values += face_update(&attrs, obj, attrs_same, 0, depth + 1);
    }
    if (view->more != obj->more && tf_rows_op(rows(), TF_OP_MORE)) {
        tf_rows_u64(rows(), obj->id);
        tf_rows_u64(rows(), view->more);
        obj->more = view->more;
        values++;
    }
    obj_changed(obj, values);
}

/* --- Nothing changed: found out without reading everything --- */

/* Follows the references of an object that is as it was recorded. False when a value was
 * left out that might be taken in now. */
static bool
follow(struct rec_obj *obj, uint32_t depth)
{
    bool no_refs = true, leaves = true;
    size_t count = (size_t)obj->item_count + obj->attr_count;
    for (size_t i = 0; i < count; i++) {
        const struct rec_val *val = &obj->val[i];
        if (val->kind == TF_VAL_REF) {
            struct rec_obj *child = rec_val_obj(val);
            if (child == NULL) {
                return false;
            }
            enqueue(child, depth + 1);
            no_refs = false;
            leaves = leaves && child->leaf && !child->fresh;
        }
        else if (val->kind == TF_VAL_ELIDED && val->note != TF_ELIDE_REDACTED
                 && val->note != TF_ELIDE_OPAQUE) {
            return false;
        }
    }
    obj->no_refs = no_refs;
    if (leaves && obj->type->fixed && !obj->type->has_dict
        && obj->type->slot_count == 0) {
        obj->leaf = true;
    }
    return true;
}

static bool
list_is_same(const struct rec_obj *obj, uint32_t depth)
{
    PyListObject *list = (PyListObject *)obj->addr;
    if (obj->more != 0 || (size_t)PyList_GET_SIZE(list) != obj->item_count) {
        return false;
    }
    for (uint32_t i = 0; i < obj->item_count; i++) {
        struct rec_src src = {.sort = SRC_OBJ, .obj = list->ob_item[i]};
        if (src.obj == NULL || !rec_value_same(&obj->val[i], &src, depth + 1)) {
            return false;
        }
    }
    return true;
}

/* The dict behind an object whose recorded values are those of that dict alone. */
static PyObject *
dict_behind(const struct rec_obj *obj)
{
    switch ((enum tf_category)obj->type->category) {
    case TF_CAT_DICT:
    case TF_CAT_COUNTER:
    case TF_CAT_NAMESPACE: return obj->type->has_dict ? NULL : obj->addr;
    case TF_CAT_INSTANCE:
        return obj->type->slot_count == 0 ? rec_py_instance_dict(obj->addr) : NULL;
    default: return NULL;
    }
}

/* An instance whose attributes are kept inline. */
static bool
inline_attrs_are_same(const struct rec_obj *obj, uint32_t depth)
{
    PyObject *name, *value;
    Py_ssize_t pos = 0;
    uint32_t i = obj->item_count;
    uint32_t end = i + obj->attr_count;
    while (rec_py_inline_attr_next(obj->addr, &pos, &name, &value)) {
        struct rec_src src = {.sort = SRC_OBJ, .obj = value};
        if (i + 1 >= end || obj->val[i].data != (uintptr_t)name
            || !rec_value_same(&obj->val[i + 1], &src, depth + 1)) {
            return false;
        }
        i += 2;
    }
    return i == end;
}

/* Is the object as it was recorded? False: not known, look at all of it. */
static bool
is_same(struct rec_obj *obj, uint32_t depth)
{
    const struct rec_type *type = obj->type;
    bool attrs = type->has_dict || type->slot_count > 0;
    if (type->fixed && !attrs) {
        return obj->no_refs || follow(obj, depth);
    }
    if (type->category == TF_CAT_LIST && !attrs) {
        return list_is_same(obj, depth);
    }
    PyObject *dict = dict_behind(obj);
    if (dict != NULL) {
        return obj->version != 0 && obj->version == rec_py_dict_version(dict)
               && (obj->no_refs || follow(obj, depth));
    }
    return type->category == TF_CAT_INSTANCE && type->slot_count == 0
           && inline_attrs_are_same(obj, depth);
}

/* After everything of the object was compared or written. */
static void
note_version(struct rec_obj *obj)
{
    PyObject *dict = dict_behind(obj);
    obj->version = dict != NULL ? rec_py_dict_version(dict) : 0;
    obj->no_refs = false;
}

static void
obj_visit(struct rec_obj *obj, uint32_t depth)
{
    if (obj->namespace && obj->partial) {
        if (obj->fresh) {
            rec.view.item_count = rec.view.attr_count = 0;
            rec.view.more = 0;
            rec.view.note = TF_ELIDE_NONE;
            rec.view.failed = false;
            obj->fresh = false;
            obj_write(obj, TF_OP_NEW, depth);
        }
        return;
    }
    if (obj->fresh) {
        rec_read(obj->addr, obj->type, rec.options->max_items);
        obj->fresh = false;
        obj_write(obj, TF_OP_NEW, depth);
        note_version(obj);
        return;
    }
    if (!obj->namespace
        && Py_TYPE(obj->addr) != obj->type->type) { /* __class__ assigned */
        struct rec_type *type = rec_type_of(Py_TYPE(obj->addr));
        if (type != NULL) {
            obj->type = type;
            rec_read(obj->addr, type, items_wanted(obj));
            obj_write(obj, TF_OP_IMAGE, depth);
        }
        return;
    }
    if (is_same(obj, depth)) {
        return;
    }
    rec_read(obj->addr, obj->type, items_wanted(obj));
    obj_compare(obj, depth);
    note_version(obj);
}

void
rec_values_drain(void)
{
    while (rec.queue_head < rec.queue_tail) {
        struct rec_visit visit = rec.queue[rec.queue_head++];
        obj_visit(visit.obj, visit.depth);
    }
    rec.queue_head = rec.queue_tail = 0;
}

/* --- Namespaces --- */
struct rec_obj *
rec_values_namespace(PyObject *dict, bool whole)
{
    struct rec_type *type = rec_type_namespace();
    struct rec_obj *obj = rec_shadow_find(&rec.shadow, dict);
    if (type == NULL) {
        return NULL;
    }
    if (obj == NULL) {
        obj = obj_new(dict);
        if (obj == NULL) {
            return NULL;
        }
        obj->type = type;
        obj->namespace = true;
        obj->partial = !whole;
        enqueue(obj, 0);
        return obj;
    }
    if (!obj->namespace || (obj->partial && whole)) {
        rec_values_drain(); /* its OP_NEW, if that is still to come */
        obj->namespace = true;
        obj->partial = false;
        obj->type = type;
        obj->epoch = rec.epoch;
        rec_read_namespace(dict);
        obj_write(obj, TF_OP_IMAGE, 0);
        return obj;
    }
    if (whole) {
        enqueue(obj, 0);
    }
    return obj;
}

/* The place of a name among the namespace's values, or -1. */
static int64_t
namespace_find(const struct rec_obj *namespace, PyObject *name)
{
    for (uint32_t i = 0; i + 1 < namespace->item_count; i += 2) {
        if (namespace->val[i].kind == TF_VAL_STR
            && namespace->val[i].data == (uintptr_t)name) {
            return i;
        }
    }
    return -1;
}

/* One global of a namespace of which only some names are kept. */
static void
global_update(struct rec_obj *namespace, int64_t *place, PyObject *name,
              PyObject *value)
{
    struct rec_src pair[2] = {rec_src_obj(name), rec_src_obj(value)};
    struct face face = {.val = namespace->val,
                        .count = &namespace->item_count,
                        .src = pair,
                        .src_count = 2,
                        .pairs = true};
    if (*place >= 0) {
        struct rec_val *val = &namespace->val[*place + 1];
        if (!rec_value_same(val, &pair[1], 1)) {
            op_with_index(TF_OP_ITEM_SET, namespace->id, (uint64_t)*place + 1);
            *val = face_emit(&face, 1, 1);
            obj_changed(namespace, 1);
        }
    }
    else if (value != NULL && rec_obj_reserve(namespace, namespace->item_count + 2)) {
        *place = namespace->item_count;
        op_with_index(TF_OP_ITEM_SPLICE, namespace->id, (uint64_t)*place);
        tf_rows_u64(rows(), 0);
        tf_rows_u64(rows(), 2);
        for (size_t i = 0; i < 2; i++) {
            struct rec_val val = face_emit(&face, i, 1);
            namespace->val[namespace->item_count++] = val;
        }
        obj_changed(namespace, 2);
    }
}

/* A namespace that is kept whole: only the values that the code uses are followed. */
static void
global_follow(PyObject *value)
{
    struct rec_src src = rec_src_obj(value);
    struct rec_val val;
    if (value != NULL && !rec_scalar_make(&src, &val)) {
        struct rec_obj *obj = rec_shadow_find(&rec.shadow, value);
        if (obj != NULL) {
            enqueue(obj, 1);
        }
    }
}

void
rec_values_globals(struct rec_obj *namespace, PyObject *dict, struct rec_code *code)
{
    if (code->global_count == 0) {
        return;
    }
    if (namespace->fresh) {
        rec_values_drain();
    }
    if (!namespace->partial) {
        uint64_t version = rec_py_dict_version(dict);
        if (version == 0 || version != namespace->version) {
            enqueue(namespace, 0);
        }
    }
    bool known = code->global_namespace == namespace->id;
    code->global_namespace = namespace->id;
    for (uint32_t i = 0; i < code->global_count; i++) {
        PyObject *name = code->global_name[i];
        PyObject *value = rec_py_dict_get_str(dict, name);
        if (!namespace->partial) {
            global_follow(value);
            continue;
        }
        int64_t *place = &code->global_place[i];
        if (!known || *place < 0) {
            *place = namespace_find(namespace, name);
        }
        global_update(namespace, place, name, value);
    }
}
