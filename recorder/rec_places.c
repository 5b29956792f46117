/* Sets, deques and heaps of which one place changed, or a few. */
#include "rec_layout.h"
#include "rec_renew.h"
#include "rec_values.h"

/* Is it the value that was recorded, as far as that can be told from its address? Of what
 * takes the place of another member of a set at most one is equal to it. */
static bool
is_there(const struct rec_val *old, PyObject *item, uint32_t depth)
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

static void
insert(struct rec_obj *obj, uint32_t at, PyObject *item)
{
    if (rec_obj_open(obj, at, 0, 1)) {
        struct rec_src src = rec_src_obj(item);
        obj->val[at] = rec_value_emit(&src, obj->depth + 1);
    }
}

/* A member more or less, in a table that is not a new one: all others stand in the same
 * order. */
bool
rec_look_at_set(struct rec_obj *obj)
{
    size_t size = (size_t)PySet_GET_SIZE(obj->addr);
    uint64_t version = obj->version;
    if (obj->more != 0 || obj->note != 0) {
        return false;
    }
    if (size == obj->item_count) {
        return true;
    }
    if (version == 0 || version != rec_py_set_version(obj->addr)
        || (size != (size_t)obj->item_count + 1 && size + 1 != obj->item_count)) {
        return false;
    }
    PyObject *key = NULL;
    Py_hash_t hash;
    Py_ssize_t pos = 0;
    uint32_t i = 0;
    bool found;
    while ((found = rec_py_set_next(obj->addr, &pos, &key, &hash))
           && i < obj->item_count && is_there(&obj->val[i], key, obj->depth + 1)) {
        i++;
    }
    if (size > obj->item_count) {
        if (!found) {
            return false;
        }
        insert(obj, i, key);
    }
    else {
        rec_obj_open(obj, i, 1, 0);
    }
    obj->version = version;
    return true;
}

/* The first of its values is the greatest length, the others are its items. */
bool
rec_look_at_deque(struct rec_obj *obj, struct rec_hint hint)
{
    size_t size = (size_t)Py_SIZE(obj->addr);
    size_t recorded = obj->item_count > 0 ? obj->item_count - 1 : 0;
    if (obj->more != 0 || obj->note != 0 || obj->item_count == 0
        || rec_deque_maxlen(obj->addr) >= 0) {
        return false;
    }
    bool tail = hint.sort == REC_HINT_TAIL;
    if (size + 1 == recorded) {
        return rec_obj_open(obj, tail ? obj->item_count - 1 : 1, 1, 0);
    }
    if (size == recorded + 1) {
        insert(obj, tail ? obj->item_count : 1,
               rec_deque_at(obj->addr, tail ? size - 1 : 0));
        return true;
    }
    return size == recorded;
}

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
            if (!told || is_there(&obj->val[c], item[i], obj->depth + 1)) {
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
