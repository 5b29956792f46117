#include "rec_scan.h"

#include "rec_delta.h"
#include "rec_read.h"
#include "rec_set.h"
#include "rec_values.h"

/* Values that are compared in one step; an object counts for a few more than it has. */
#define STEP_VALUES   16u
#define OBJECT_VALUES 4u
#define STEP_BUCKETS  32u

/* Its changes are not all its own doing, or seen elsewhere, or there can be none. */
static bool
is_scanned(const struct rec_obj *obj)
{
    if (obj->fresh || obj->leaf || obj->namespace || obj->note != 0
        || Py_TYPE(obj->addr) != obj->type->type) {
        return false;
    }
    switch ((enum tf_category)obj->type->category) {
    case TF_CAT_LIST:
    case TF_CAT_DICT:
    case TF_CAT_DEFAULTDICT:
    case TF_CAT_ORDEREDDICT:
    case TF_CAT_COUNTER:
    case TF_CAT_SET:
    case TF_CAT_DEQUE:
    case TF_CAT_BYTEARRAY:
    case TF_CAT_ARRAY:
    case TF_CAT_INSTANCE:
    case TF_CAT_CELL: return true;
    default: return false;
    }
}

/* As rec_value_same(), but nothing is marked to be looked at, and what was left out stays so. */
static bool
is_as_recorded(const struct rec_val *old, const struct rec_src *src)
{
    if (old->kind == TF_VAL_ELIDED) {
        return true;
    }
    if (old->kind == TF_VAL_REF && src->sort == SRC_OBJ) {
        const struct rec_obj *known = rec_val_obj(old);
        return known != NULL && known->addr == src->obj;
    }
    return rec_value_same(old, src, 1);
}

static bool
are_as_recorded(const struct rec_val *old, const struct rec_src *src, size_t count)
{
    size_t i = 0;
    while (i < count && is_as_recorded(&old[i], &src[i])) {
        i++;
    }
    return i == count;
}

static bool
list_differs(const struct rec_obj *obj)
{
    PyObject **item = ((PyListObject *)obj->addr)->ob_item;
    uint32_t i = 0;
    if (obj->more != 0 || (size_t)PyList_GET_SIZE(obj->addr) != obj->item_count) {
        return true;
    }
    for (; i < obj->item_count; i++) {
        struct rec_src src = rec_src_obj(item[i]);
        if (!is_as_recorded(&obj->val[i], &src)) {
            return true;
        }
    }
    return false;
}

static bool
differs(const struct rec_obj *obj)
{
    const struct rec_view *view = &rec.view;
    if (obj->by_slot) {
        return !rec_set_is_same(obj);
    }
    if ((obj->type->type == &PyList_Type && !list_differs(obj))
        || (obj->type->type == &PyDict_Type && obj->version != 0
            && obj->version == rec_py_dict_version(obj->addr))) {
        return false;
    }
    rec_read(obj->addr, obj->type, rec_obj_items_wanted(obj));
    if (view->failed) {
        return false;
    }
    return view->item_count != obj->item_count || view->attr_count != obj->attr_count
           || view->more != obj->more || view->note != obj->note
           || !are_as_recorded(obj->val, view->item, obj->item_count)
           || !are_as_recorded(obj->val + obj->item_count, view->attr, obj->attr_count);
}

/* The bucket's objects; false: they are more than is allowed now. */
static bool
scan_bucket(struct rec_scan *scan)
{
    const struct rec_link *link = rec.shadow.objects.head[scan->bucket];
    uint64_t cost = 0;
    for (const struct rec_link *at = link; at != NULL; at = at->next) {
        const struct rec_obj *obj = (const struct rec_obj *)at;
        cost += is_scanned(obj) ? OBJECT_VALUES + obj->item_count + obj->attr_count : 1;
    }
    if (cost > scan->allowed) {
        return false;
    }
    scan->allowed -= cost;
    for (; link != NULL; link = link->next) {
        struct rec_obj *obj = (struct rec_obj *)link;
        if (is_scanned(obj) && differs(obj)) {
            rec_values_found_late(obj);
        }
    }
    return true;
}

void
rec_scan_step(void)
{
    struct rec_scan *scan = &rec.scan;
    scan->allowed += STEP_VALUES;
    for (unsigned i = 0; i < STEP_BUCKETS && scan_bucket(scan); i++) {
        if (++scan->bucket > rec.shadow.objects.mask) {
            scan->bucket = 0;
            scan->begun_before = scan->begun;
            scan->begun = rec.seq;
            return;
        }
    }
}

static size_t
size_now(const struct rec_obj *obj)
{
    switch ((enum tf_category)obj->type->category) {
    case TF_CAT_LIST: return (size_t)Py_SIZE(obj->addr);
    case TF_CAT_DICT: return (size_t)PyDict_GET_SIZE(obj->addr) * 2;
    case TF_CAT_SET: return (size_t)PySet_GET_SIZE(obj->addr);
    default: return obj->item_count;
    }
}

void
rec_scan_met(struct rec_obj *obj)
{
    if (obj->more == 0 && size_now(obj) != obj->item_count && is_scanned(obj)
        && obj->epoch == rec.epoch) {
        rec_values_found_late(obj);
    }
}

void
rec_scan_mark(const struct rec_obj *obj)
{
    /* the scan came here last after the sweep before this one began */
    rec_delta_op(TF_OP_LATE, obj->id, rec.seq - rec.scan.begun_before + 1);
}
