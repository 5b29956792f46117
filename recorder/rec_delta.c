#include "rec_delta.h"

#include "rec_renew.h"
#include "rec_set.h"
#include "rec_values.h"

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

/* --- Items and attributes --- */

bool
rec_obj_has_keys(const struct rec_obj *obj)
{
    switch ((enum tf_category)obj->type->category) {
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
    if (face->pairs && idx % 2 == 1) {
        return rec_value_emit_named(&face->src[idx - 1], &face->src[idx], depth);
    }
    return rec_value_emit(&face->src[idx], depth);
}

void
rec_delta_op(enum tf_op_kind op, uint64_t id, uint64_t index)
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
face_set_each(const struct face *face, struct rec_obj *obj, size_t from, size_t to,
              uint32_t depth)
{
    for (size_t i = from; i < to; i++) {
        if (!rec_value_same(&face->val[i], &face->src[i], depth)) {
            rec_delta_op(face->set, obj->id, i);
            face->val[i] = face_emit(face, i, depth);
            if (face->set == TF_OP_ITEM_SET) {
                rec_renew_item(obj, (uint32_t)i);
            }
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
    rec_delta_op(face->splice, id, prefix);
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
            face_set_each(face, obj, prefix, end, depth);
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
bool
rec_obj_begin_sequence(struct rec_obj *obj)
{
    PyTypeObject *type = obj->type->type;
    if (obj->namespace || (type != &PyTuple_Type && type != &PyList_Type)) {
        return false;
    }
    size_t count = (size_t)Py_SIZE(obj->addr);
    uint32_t depth = obj->depth;
    if (count > rec.options->max_items || !rec_obj_reserve(obj, count)
        || !tf_rows_op(rows(), TF_OP_NEW)) {
        return false;
    }
    tf_rows_u64(rows(), obj->type->id);
    tf_rows_u64(rows(), TF_ELIDE_NONE);
    tf_rows_u64(rows(), count);
    tf_rows_u64(rows(), 0);
    tf_rows_u64(rows(), 0);
    obj->fresh = false;
    bool leaf = type == &PyTuple_Type;
    PyObject **item = PySequence_Fast_ITEMS(obj->addr);
    /* ("password", X), as dict.items() and lists of headers have it */
    bool is_pair = leaf && count == 2 && PyUnicode_CheckExact(item[0]);
    for (size_t i = 0; i < count; i++) {
        struct rec_val val;
        if (is_pair && i == 1) {
            struct rec_src pair[2] = {rec_src_obj(item[0]), rec_src_obj(item[1])};
            val = rec_value_emit_named(&pair[0], &pair[1], depth + 1);
        }
        else {
            val = rec_value_emit_obj(item[i], depth + 1);
        }
        obj->val[i] = val;
        leaf = leaf && val.kind != TF_VAL_REF && val.kind != TF_VAL_ELIDED;
    }
    obj->leaf = leaf;
    obj->item_count = (uint32_t)count;
    obj->attr_count = 0;
    obj->more = 0;
    obj->note = 0;
    obj->delta_count = obj->delta_chunks = 0;
    obj->delta_chunk = (uint32_t)rec.chunk;
    rec_renew_image(obj);
    return true;
}

void
rec_obj_write(struct rec_obj *obj, enum tf_op_kind op)
{
    obj->changes++;
    rec_set_close(obj);
    uint32_t depth = obj->depth;
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
    struct face items = {.src = view->item, .pairs = rec_obj_has_keys(obj)};
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
    obj->delta_chunk = (uint32_t)rec.chunk;
    rec_renew_image(obj);
    rec.elided_count += view->more > 0;
}

/* How many items may be read of an object that is known: all, or as many as at first sight. */
uint64_t
rec_obj_items_wanted(const struct rec_obj *obj)
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

bool
rec_obj_wants_image(const struct rec_obj *obj)
{
    size_t count = (size_t)obj->item_count + obj->attr_count;
    return obj->delta_chunks >= IMAGE_CHUNKS && count <= IMAGE_VALUES_MAX
           && (count <= SMALL_VALUES || obj->delta_count > count);
}

void
rec_obj_changed(struct rec_obj *obj, size_t values)
{
    obj->no_refs = false;
    if (!obj->by_slot) {
        obj->version = 0;
    }
    obj->changes++;
    if (values > 0 || obj->delta_chunk != (uint32_t)rec.chunk) {
        obj->delta_chunks +=
            obj->delta_chunk != (uint32_t)rec.chunk && obj->delta_chunks < UINT8_MAX;
        obj->delta_chunk = (uint32_t)rec.chunk;
        obj->delta_count += (uint32_t)values;
    }
}

void
rec_obj_compare(struct rec_obj *obj)
{
    rec_set_close(obj);
    uint32_t depth = obj->depth;
    struct rec_view *view = &rec.view;
    size_t item_max =
        view->item_count > obj->item_count ? view->item_count : obj->item_count;
    size_t attr_max =
        view->attr_count > obj->attr_count ? view->attr_count : obj->attr_count;
    /* The items are changed first: the attributes before then stand behind those after. */
    if (view->failed || !rec_obj_reserve(obj, item_max + attr_max)) {
        rec.out_of_memory = true;
        return;
    }
    struct face items = {.val = obj->val,
                         .count = &obj->item_count,
                         .src = view->item,
                         .src_count = view->item_count,
                         .pairs = rec_obj_has_keys(obj),
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
    if (rec_obj_wants_image(obj) || view->note != obj->note) {
        rec_obj_write(obj, TF_OP_IMAGE);
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
    rec_obj_changed(obj, values);
}
