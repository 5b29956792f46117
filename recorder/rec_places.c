/* Deques and heaps of which one place changed, or a few. */
#include "rec_layout.h"
#include "rec_renew.h"
#include "rec_values.h"

bool
rec_value_is_there(const struct rec_val *old, PyObject *item, uint32_t depth)
{
    struct rec_src src = rec_src_obj(item);
    struct rec_val now;
    switch (old->kind) {
    case TF_VAL_INT:
        if (rec_py_small_scalar(item, &now)) {
            return now.kind == TF_VAL_INT && now.data == old->data;
        }
        return rec_value_same(old, &src, depth);
    case TF_VAL_REF: {
        const struct rec_obj *known = rec_val_obj(old);
        return known != NULL && known->addr == item;
    }
    case TF_VAL_STR:
    case TF_VAL_STR_CUT:
    case TF_VAL_BYTES:
    case TF_VAL_BYTES_CUT:
    case TF_VAL_ELIDED: return old->data == (uintptr_t)item;
    default: return rec_value_same(old, &src, depth);
    }
}

/* From so many values on they are not moved for one at the front. */
#define DEQUE_LARGE 64u

static inline struct tf_rows *
rows(void)
{
    return &rec.batch->changes;
}

static void
insert(struct rec_obj *obj, uint32_t at, PyObject *item)
{
    if (rec_obj_open(obj, at, 0, 1)) {
        struct rec_src src = rec_src_obj(item);
        obj->val[at] = rec_value_emit(&src, obj->depth + 1);
    }
}

/* --- Deques: the first value is the greatest length, the others are the items. --- */

/* Room for one item before all others, which stay where they are; now and then room for
 * many. */
static bool
make_front(struct rec_obj *obj)
{
    size_t count = (size_t)obj->item_count + obj->attr_count, room = count / 2 + 1;
    if (obj->front > 0) {
        return true;
    }
    if (count < DEQUE_LARGE || !rec_obj_reserve(obj, count + room)) {
        return false;
    }
    memmove(obj->val + room, obj->val, count * sizeof *obj->val);
    obj->val += room;
    obj->val_cap -= (uint32_t)room;
    obj->front = (uint32_t)room;
    return true;
}

static void
put_first(struct rec_obj *obj, PyObject *item)
{
    if (!make_front(obj)) {
        insert(obj, 1, item);
        return;
    }
    rec_delta_op(TF_OP_ITEM_SPLICE, obj->id, 1);
    tf_rows_u64(rows(), 0);
    tf_rows_u64(rows(), 1);
    rec_obj_changed(obj, 2);
    obj->val--;
    obj->val_cap++;
    obj->front--;
    obj->item_count++;
    obj->val[0] = obj->val[1];
    obj->val[1] = rec_value_emit_obj(item, obj->depth + 1);
}

static void
take_first(struct rec_obj *obj)
{
    if ((size_t)obj->item_count + obj->attr_count < DEQUE_LARGE) {
        rec_obj_open(obj, 1, 1, 0);
        return;
    }
    rec_delta_op(TF_OP_ITEM_SPLICE, obj->id, 1);
    tf_rows_u64(rows(), 1);
    tf_rows_u64(rows(), 0);
    rec_obj_changed(obj, 1);
    obj->val[1] = obj->val[0];
    obj->val++;
    obj->val_cap--;
    obj->front++;
    obj->item_count--;
}

static void
take_last(struct rec_obj *obj)
{
    rec_obj_open(obj, obj->item_count - 1, 1, 0);
}

bool
rec_look_at_deque(struct rec_obj *obj, struct rec_hint hint)
{
    size_t size = (size_t)Py_SIZE(obj->addr);
    uint64_t version = obj->version, now = rec_deque_version(obj->addr);
    if (obj->more != 0 || obj->note != 0 || obj->item_count == 0 || version == 0
        || (now != version && now != version + 1)) {
        return false;
    }
    if (now == version) {
        return true;
    }
    size_t recorded = obj->item_count - 1;
    bool tail = hint.sort == REC_HINT_TAIL;
    bool full = size == recorded && rec_deque_maxlen(obj->addr) == (Py_ssize_t)size;
    if ((!full && size != recorded + 1 && size + 1 != recorded)
        || (full && size == 0)) {
        return false;
    }
    if (size + 1 == recorded || full) { /* one goes, from the other end if it is full */
        (tail != full ? take_last : take_first)(obj);
    }
    if (size == recorded + 1 || full) {
        if (tail) {
            insert(obj, obj->item_count, rec_deque_at(obj->addr, size - 1));
        }
        else {
            put_first(obj, rec_deque_at(obj->addr, 0));
        }
    }
    obj->version = now;
    return true;
}

void
rec_deque_fill_gap(struct rec_obj *obj, struct rec_hint hint)
{
    uint64_t version = obj->version, total = (uint64_t)obj->item_count + obj->more;
    if (version == 0 || obj->note != 0 || total > GAP_ITEMS_MAX
        || total != (size_t)Py_SIZE(obj->addr) + 1
        || !rec_obj_fill_gap(obj, total, 0)) {
        return;
    }
    if (hint.sort == REC_HINT_TAIL) { /* it may just have come */
        PyObject *last = rec_deque_at(obj->addr, (size_t)Py_SIZE(obj->addr) - 1);
        rec_delta_op(TF_OP_ITEM_SET, obj->id, obj->item_count - 1);
        obj->val[obj->item_count - 1] = rec_value_emit_obj(last, obj->depth + 1);
        rec_obj_changed(obj, 1);
    }
    obj->version = version;
}

/* --- OrderedDicts: the order is their own, not that of the dict's entries. --- */
static bool
is_key_at(const struct rec_obj *obj, uint32_t at, PyObject *key)
{
    return at < obj->item_count
           && rec_value_is_there(&obj->val[at], key, obj->depth + 1);
}

uint32_t
rec_odict_place(const struct rec_obj *obj, PyObject *key, uint32_t likely)
{
    uint32_t at = is_key_at(obj, likely, key) ? likely : 0;
    while (at < obj->item_count && !is_key_at(obj, at, key)) {
        at += 2;
    }
    return at;
}

/* The item is put at `to`, which may be behind the last. */
static bool
put_item(struct rec_obj *obj, uint32_t to, PyObject *key)
{
    PyObject *value;
    if (rec_py_dict_lookup(obj->addr, key, &value) < 0
        || !rec_obj_open(obj, to, 0, 2)) {
        return false;
    }
    struct rec_src pair[2] = {rec_src_obj(key), rec_src_obj(value)};
    obj->val[to] = rec_value_emit(&pair[0], obj->depth + 1);
    obj->val[to + 1] = rec_value_emit_named(&pair[0], &pair[1], obj->depth + 1);
    return true;
}

static bool
move_item(struct rec_obj *obj, PyObject *first, PyObject *last)
{
    uint32_t end = obj->item_count - 2;
    bool same_first = is_key_at(obj, 0, first), same_last = is_key_at(obj, end, last);
    if (same_first && same_last) {
        return true;
    }
    /* To the end: the last key is another, and so may be the first, if it was that one. */
    PyObject *moved = same_last ? first : last, *value;
    uint32_t at = rec_odict_place(obj, moved, end);
    if (at > end || (!same_last && !same_first && at != 0)
        || rec_py_dict_lookup(obj->addr, moved, &value) < 0) {
        return false;
    }
    return rec_obj_open(obj, at, 2, 0) && put_item(obj, same_last ? 0 : end, moved);
}

bool
rec_look_at_odict(struct rec_obj *obj)
{
    size_t size = (size_t)PyDict_GET_SIZE(obj->addr);
    PyObject *first, *last;
    if (obj->more != 0 || size == 0 || !rec_odict_ends(obj->addr, &first, &last)) {
        return false;
    }
    if (size * 2 == obj->item_count) {
        return move_item(obj, first, last);
    }
    if (size * 2 + 2 != obj->item_count) {
        return false;
    }
    if (is_key_at(obj, 0, first) && is_key_at(obj, obj->item_count - 4, last)) {
        return rec_obj_open(obj, obj->item_count - 2, 2, 0);
    }
    return is_key_at(obj, 2, first) && is_key_at(obj, obj->item_count - 2, last)
           && rec_obj_open(obj, 0, 2, 0);
}

/* --- Heaps --- */

/* So many places are looked at before all of it is. */
#define HEAP_PLACES 512u

/* Modules/_heapqmodule.c: what leaves the root makes room for one of its children, that one
 * for one of its own, down to where another item is put. So only a child that held what now
 * stands in its parent's place can have changed. */
static bool
look_down(struct rec_obj *obj, PyObject *const *item)
{
    uint32_t pending[HEAP_PLACES] = {0}, count = 1, seen = 0;
    while (count > 0) {
        uint32_t i = pending[--count];
        uint64_t child = 2 * (uint64_t)i + 1;
        for (uint64_t c = child; c < child + 2 && c < obj->item_count; c++) {
            bool told = obj->val[c].kind != TF_VAL_ELIDED;
            if (!told || rec_value_is_there(&obj->val[c], item[i], obj->depth + 1)) {
                if (count + 1 >= HEAP_PLACES || ++seen >= HEAP_PLACES) {
                    return false;
                }
                pending[count++] = (uint32_t)c;
            }
        }
        rec_obj_look_at_item(obj, i, item[i]);
    }
    return true;
}

bool
rec_look_at_heap(struct rec_obj *obj)
{
    PyListObject *list = (PyListObject *)obj->addr;
    uint32_t recorded = obj->item_count;
    size_t size = (size_t)PyList_GET_SIZE(list);
    if (obj->more != 0 || obj->note != 0) {
        return false;
    }
    if (size == (size_t)recorded + 1) { /* on its way up from the end */
        insert(obj, recorded, list->ob_item[recorded]);
        for (uint32_t i = recorded; i > 0 && obj->item_count == size;) {
            i = (i - 1) / 2;
            rec_obj_look_at_item(obj, i, list->ob_item[i]);
        }
        return obj->item_count == size;
    }
    if (size + 1 == recorded && !rec_obj_open(obj, (uint32_t)size, 1, 0)) {
        return false;
    }
    return size == obj->item_count && (size == 0 || look_down(obj, list->ob_item));
}
