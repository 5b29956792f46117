#include "rec_delta.h"
#include "rec_layout.h"
#include "rec_renew.h"
#include "rec_set.h"
#include "rec_values.h"

/* Follows the references of an object that is as it was recorded. False when a value was
 * left out that might be taken in now. */
bool
rec_obj_follow(struct rec_obj *obj)
{
    uint32_t depth = obj->depth;
    bool no_refs = true, leaves = true;
    size_t count = rec_obj_values(obj);
    for (size_t i = 0; i < count; i++) {
        const struct rec_val *val = &obj->val[i];
        if (val->kind == TF_VAL_REF) {
            struct rec_obj *child = rec_val_obj(val);
            if (child == NULL) {
                return false;
            }
            rec_values_enqueue(child, depth + 1);
            no_refs = false;
            leaves = leaves && child->leaf && !child->fresh;
        }
        else if (val->kind == TF_VAL_ELIDED
                 && (val->note == TF_ELIDE_BUDGET
                     || (val->note == TF_ELIDE_DEPTH
                         && depth < rec.options->max_depth))) {
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
bool
rec_obj_is_same(struct rec_obj *obj)
{
    uint32_t depth = obj->depth;
    const struct rec_type *type = obj->type;
    bool attrs = type->has_dict || type->slot_count > 0;
    if (type->fixed && !attrs) {
        return obj->no_refs || rec_obj_follow(obj);
    }
    if (type->category == TF_CAT_LIST && !attrs) {
        return list_is_same(obj, depth);
    }
    if (obj->by_slot) {
        return rec_set_is_same(obj) && (obj->no_refs || rec_obj_follow(obj));
    }
    PyObject *dict = dict_behind(obj);
    if (dict != NULL) {
        return obj->version != 0 && obj->version == rec_py_dict_version(dict)
               && (obj->no_refs || rec_obj_follow(obj));
    }
    return type->category == TF_CAT_INSTANCE && type->slot_count == 0
           && inline_attrs_are_same(obj, depth);
}

/* After everything of the object was compared or written. */
void
rec_obj_note_version(struct rec_obj *obj)
{
    PyObject *dict = dict_behind(obj);
    obj->version = dict != NULL                        ? rec_py_dict_version(dict)
                   : obj->type->category == TF_CAT_SET ? rec_py_set_version(obj->addr)
                   : obj->type->category == TF_CAT_DEQUE && obj->note == 0
                       ? rec_deque_version(obj->addr)
                       : 0;
    obj->no_refs = false;
}

/* --- Places --- */

static inline struct tf_rows *
rows(void)
{
    return &rec.batch->changes;
}

/* An item beyond those that were recorded at first sight. */
static bool
is_gap(const struct rec_val *val)
{
    return val->kind == TF_VAL_ELIDED && val->note == TF_ELIDE_ITEMS;
}

static void
set_item(struct rec_obj *obj, uint32_t i, const struct rec_src *name, PyObject *value)
{
    struct rec_src src = rec_src_obj(value);
    if (!is_gap(&obj->val[i]) && rec_value_same(&obj->val[i], &src, obj->depth + 1)) {
        return;
    }
    rec_delta_op(TF_OP_ITEM_SET, obj->id, i);
    obj->val[i] = name != NULL ? rec_value_emit_named(name, &src, obj->depth + 1)
                               : rec_value_emit(&src, obj->depth + 1);
    rec_obj_changed(obj, 1);
    rec_renew_item(obj, i);
}

bool
rec_obj_open(struct rec_obj *obj, uint32_t from, uint32_t gone, uint32_t come)
{
    size_t count = (size_t)obj->item_count + obj->attr_count;
    if (!rec_obj_reserve(obj, count - gone + come)) {
        rec.out_of_memory = true;
        return false;
    }
    rec_delta_op(TF_OP_ITEM_SPLICE, obj->id, from);
    tf_rows_u64(rows(), gone);
    tf_rows_u64(rows(), come);
    rec_obj_changed(obj, come + 1);
    memmove(&obj->val[from + come], &obj->val[from + gone],
            (count - from - gone) * sizeof *obj->val);
    obj->item_count += come - gone;
    return true;
}

/* Values [from, end of the object) give way to `come` new ones, which the caller emits. */
static void
begin_tail(struct rec_obj *obj, uint32_t from, size_t come)
{
    rec_delta_op(TF_OP_ITEM_SPLICE, obj->id, from);
    tf_rows_u64(rows(), obj->item_count - from);
    tf_rows_u64(rows(), come);
    rec_obj_changed(obj, come + 1);
    obj->item_count = from;
}

/* Values before the items: a defaultdict's factory and what stands behind it. */
static uint32_t
values_before(const struct rec_obj *obj)
{
    return obj->type->category == TF_CAT_DEFAULTDICT && obj->item_count >= 2 ? 2 : 0;
}

int64_t
rec_obj_keys(const struct rec_obj *obj)
{
    return (int64_t)((obj->item_count - values_before(obj)) / 2 + obj->more);
}

bool
rec_obj_fill_gap(struct rec_obj *obj, uint64_t count, uint64_t more)
{
    if (count > UINT32_MAX || !rec_obj_reserve(obj, count + obj->attr_count)) {
        return false;
    }
    uint32_t first = obj->item_count, come = (uint32_t)count - first;
    rec_delta_op(TF_OP_ITEM_SPLICE, obj->id, first);
    tf_rows_u64(rows(), 0);
    tf_rows_u64(rows(), come);
    memmove(&obj->val[count], &obj->val[first], obj->attr_count * sizeof *obj->val);
    for (uint32_t i = first; i < count; i++) {
        tf_rows_elided(rows(), TF_ELIDE_ITEMS, 0);
        obj->val[i] = (struct rec_val){.kind = TF_VAL_ELIDED, .note = TF_ELIDE_ITEMS};
    }
    obj->item_count = (uint32_t)count;
    obj->more = more;
    if (tf_rows_op(rows(), TF_OP_MORE)) {
        tf_rows_u64(rows(), obj->id);
        tf_rows_u64(rows(), more);
    }
    rec_obj_changed(obj, 1);
    return true;
}

/* The limit on items holds for the first sight only: before a write beyond the recorded
 * ones, the items between are made to stand there as not recorded. `values` an item: 1, or 2
 * in a dict. False when the hint does not say enough. */
static bool
bridge_gap(struct rec_obj *obj, struct rec_hint hint, size_t size, uint32_t values)
{
    uint32_t before = values_before(obj);
    uint64_t recorded = (obj->item_count - before) / values;
    uint64_t total = recorded + obj->more;
    bool tail = hint.sort == REC_HINT_TAIL;
    uint64_t upto = (uint64_t)hint.index + !tail;
    if (hint.index < 0 || upto > total || upto > GAP_ITEMS_MAX
        || (tail ? upto < recorded : size != total)) {
        return false;
    }
    if (upto <= recorded && !tail) {
        return true;
    }
    return rec_obj_fill_gap(obj, before + upto * values, tail ? 0 : total - upto);
}

void
rec_obj_look_at_item(struct rec_obj *obj, uint32_t i, PyObject *value)
{
    set_item(obj, i, NULL, value);
}

static bool
look_at_list(struct rec_obj *obj, struct rec_hint hint)
{
    PyListObject *list = (PyListObject *)obj->addr;
    size_t size = (size_t)PyList_GET_SIZE(list);
    if (obj->more != 0 && !bridge_gap(obj, hint, size, 1)) {
        return false;
    }
    if (hint.index < 0 || (uint64_t)hint.index > obj->item_count
        || (uint64_t)hint.index > size) {
        return false;
    }
    uint32_t i = (uint32_t)hint.index;
    if (hint.sort == REC_HINT_GONE) {
        return size + 1 == obj->item_count && i < obj->item_count
               && rec_obj_open(obj, i, 1, 0);
    }
    if (hint.sort == REC_HINT_COME) {
        if (size != (size_t)obj->item_count + 1 || !rec_obj_open(obj, i, 0, 1)) {
            return false;
        }
        obj->val[i] = rec_value_emit_obj(list->ob_item[i], obj->depth + 1);
        return true;
    }
    if (hint.sort == REC_HINT_ITEM) {
        if (size != obj->item_count + obj->more || i >= obj->item_count
            || list->ob_item[i] == NULL) {
            return false;
        }
        set_item(obj, i, NULL, list->ob_item[i]);
        return true;
    }
    for (; i < obj->item_count && i < size && list->ob_item[i] != NULL; i++) {
        set_item(obj, i, NULL, list->ob_item[i]);
    }
    if (i == obj->item_count && i == size) {
        return true;
    }
    if (!rec_obj_reserve(obj, size)) {
        return false;
    }
    begin_tail(obj, i, size - i);
    for (; i < size; i++) {
        struct rec_val val = rec_value_emit_obj(list->ob_item[i], obj->depth + 1);
        obj->val[obj->item_count++] = val;
    }
    return true;
}

/* The item was deleted: what comes after it has moved up. */
static bool
look_at_deleted(struct rec_obj *obj, uint32_t i, size_t size)
{
    uint32_t at = values_before(obj) + i * 2;
    PyObject *key, *value;
    if (i < size) {
        if (!rec_py_dict_entry(obj->addr, i, &key, &value)) {
            return false;
        }
        struct rec_src next = rec_src_obj(key);
        if (!rec_value_same(&obj->val[at + 2], &next, obj->depth + 1)) {
            return false;
        }
    }
    return rec_obj_open(obj, at, 2, 0);
}

/* More new items are compared with all that are there: to find them one by one costs more
 * where keys were deleted. */
#define NEW_ITEMS_MAX 4u

/* The value of item `i`, or the item itself, if it was not recorded. */
static bool
look_at_value(struct rec_obj *obj, uint32_t i, uint32_t at)
{
    PyObject *key, *value;
    if (at >= obj->item_count || !rec_py_dict_entry(obj->addr, i, &key, &value)) {
        return false;
    }
    struct rec_src name = rec_src_obj(key);
    if (obj->type->category == TF_CAT_ORDEREDDICT) {
        at = rec_odict_place(obj, key, at);
    }
    if (at >= obj->item_count
        || !rec_value_same(&obj->val[at], &name, obj->depth + 1)) {
        return false;
    }
    if (is_gap(&obj->val[at])) {
        set_item(obj, at, NULL, key);
    }
    set_item(obj, at + 1, &name, value);
    return true;
}

static void
add_item(struct rec_obj *obj, PyObject *key, PyObject *value)
{
    struct rec_src pair[2] = {rec_src_obj(key), rec_src_obj(value)};
    struct rec_val val = rec_value_emit(&pair[0], obj->depth + 1);
    obj->val[obj->item_count++] = val;
    val = rec_value_emit_named(&pair[0], &pair[1], obj->depth + 1);
    obj->val[obj->item_count++] = val;
}

static bool
look_at_dict(struct rec_obj *obj, struct rec_hint hint)
{
    PyObject *key, *value;
    uint32_t before = values_before(obj);
    size_t size = (size_t)PyDict_GET_SIZE(obj->addr);
    uint64_t recorded = (obj->item_count - before) / 2;
    bool popped = hint.sort == REC_HINT_TAIL && hint.index >= 0
                  && (uint64_t)hint.index == size; /* popitem() */
    if (hint.sort == REC_HINT_GONE || popped) {
        if (obj->more != 0 || hint.index < 0 || size + 1 != recorded
            || (uint64_t)hint.index >= recorded) {
            return popped && obj->more == 0 && size == recorded;
        }
        obj->version = 0;
        return look_at_deleted(obj, (uint32_t)hint.index, size);
    }
    if (size == 0 || !rec_py_dict_entry(obj->addr, (uint32_t)size - 1, &key, &value)
        || (obj->more != 0 && !bridge_gap(obj, hint, size, 2)) || hint.index < 0) {
        return false;
    }
    recorded = (obj->item_count - before) / 2;
    if ((uint64_t)hint.index > recorded || size < recorded) {
        return false;
    }
    uint32_t i = (uint32_t)hint.index;
    if (hint.sort == REC_HINT_TAIL && (i != recorded || size == i)) {
        return size == i && i == recorded;
    }
    obj->version = 0;
    if (hint.sort == REC_HINT_ITEM) {
        return look_at_value(obj, i, before + i * 2);
    }
    if ((size - i > NEW_ITEMS_MAX && rec_py_dict_has_holes(obj->addr))
        || !rec_obj_reserve(obj, before + size * 2)) {
        return false;
    }
    begin_tail(obj, before + i * 2, (size - i) * 2);
    for (; i < size && rec_py_dict_entry(obj->addr, i, &key, &value); i++) {
        add_item(obj, key, value);
    }
    return true;
}

/* The place counted from the start. An entry of a dict past those that are recorded is a new
 * one. */
static struct rec_hint
from_start(const struct rec_obj *obj, struct rec_hint hint, uint32_t values)
{
    int64_t recorded =
        (int64_t)((obj->item_count - values_before(obj)) / values + obj->more);
    if (hint.sort == REC_HINT_TAIL) {
        hint.index = recorded > hint.index ? recorded - hint.index : 0;
    }
    else if (values == 2 && hint.index >= recorded) {
        hint = (struct rec_hint){.sort = REC_HINT_TAIL, .index = recorded};
    }
    return hint;
}

/* --- One attribute --- */
static uint32_t
find_attr(const struct rec_obj *obj, PyObject *name)
{
    uint32_t end = obj->item_count + obj->attr_count;
    for (uint32_t i = obj->item_count; i < end; i += 2) {
        if (obj->val[i].data == (uintptr_t)name) {
            return i + 1;
        }
    }
    return UINT32_MAX;
}

/* The slot of that name: its value in *ret_value (NULL: unbound), and behind which of the
 * recorded attributes it stands. */
static bool
find_slot(const struct rec_obj *obj, PyObject *name, PyObject **ret_value,
          uint32_t *ret_place)
{
    const struct rec_type *type = obj->type;
    uint32_t bound = 0;
    for (uint32_t i = 0; i < type->slot_count; i++) {
        PyObject *value = *(PyObject **)((char *)obj->addr + type->slot[i].offset);
        if (type->slot[i].interned == name) {
            *ret_value = value;
            *ret_place = bound * 2;
            return true;
        }
        bound += value != NULL;
    }
    return false;
}

static bool
add_attr(struct rec_obj *obj, uint32_t place, PyObject *name, PyObject *value)
{
    struct rec_src pair[2] = {rec_src_obj(name), rec_src_obj(value)};
    uint32_t count = obj->item_count + obj->attr_count;
    if (!rec_obj_reserve(obj, (size_t)count + 2)) {
        return false;
    }
    struct rec_val *at = &obj->val[obj->item_count + place];
    memmove(at + 2, at, (obj->attr_count - place) * sizeof *at);
    obj->attr_count += 2;
    rec_delta_op(TF_OP_ATTR_SPLICE, obj->id, place);
    tf_rows_u64(rows(), 0);
    tf_rows_u64(rows(), 2);
    at[0] = rec_value_emit(&pair[0], obj->depth + 1);
    at[1] = rec_value_emit_named(&pair[0], &pair[1], obj->depth + 1);
    rec_obj_changed(obj, 2);
    return true;
}

/* An instance of which one attribute may have changed. */
static bool
look_at_attr(struct rec_obj *obj, PyObject *name)
{
    const struct rec_type *type = obj->type;
    PyObject *value = NULL;
    uint32_t place = obj->attr_count, at = find_attr(obj, name);
    if ((type->category != TF_CAT_INSTANCE && type->category != TF_CAT_FUNCTION)
        || obj->note != 0 || Py_TYPE(obj->addr) != type->type) {
        return false;
    }
    if (type->slot_count == 0) {
        int32_t hint = at != UINT32_MAX ? (int32_t)(at - obj->item_count) / 2 : -1;
        value = rec_py_instance_attr(obj->addr, name, &hint);
    }
    else if (type->has_dict || !find_slot(obj, name, &value, &place)) {
        return false;
    }
    if (value == NULL) {
        return at == UINT32_MAX; /* deleted: all of it is compared */
    }
    if (at == UINT32_MAX) {
        return place <= obj->attr_count && add_attr(obj, place, name, value);
    }
    struct rec_src src = rec_src_obj(value);
    if (!rec_value_same(&obj->val[at], &src, obj->depth + 1)) {
        /* One that is no secret by its name was not one before, either. */
        rec_delta_op(TF_OP_ATTR_SET, obj->id, at - obj->item_count);
        obj->val[at] = rec_value_emit_obj(value, obj->depth + 1);
        rec_obj_changed(obj, 1);
    }
    return true;
}

/* --- All of it, in its place --- */

/* Smaller ones are as well read and compared. */
#define LARGE_VALUES 128u

static bool
has_no_attrs(const struct rec_obj *obj)
{
    PyObject *name, *value;
    Py_ssize_t pos = 0;
    if (!obj->type->has_dict) {
        return obj->type->slot_count == 0;
    }
    PyObject *dict = rec_py_instance_dict(obj->addr);
    return obj->type->slot_count == 0 && (dict == NULL || PyDict_GET_SIZE(dict) == 0)
           && !rec_py_inline_attr_next(obj->addr, &pos, &name, &value);
}

/* Keys that stay, values that differ or not, new items at the end. */
static bool
look_through_dict(struct rec_obj *obj)
{
    PyObject *key, *value;
    Py_ssize_t pos = 0;
    uint32_t at = values_before(obj);
    size_t size = (size_t)PyDict_GET_SIZE(obj->addr);
    size_t recorded = (obj->item_count - at) / 2;
    if (size < recorded) {
        return false;
    }
    for (size_t i = 0; i < recorded; i++, at += 2) {
        if (!PyDict_Next(obj->addr, &pos, &key, &value)) {
            return false;
        }
        struct rec_src name = rec_src_obj(key);
        if (!rec_value_same(&obj->val[at], &name, obj->depth + 1)) {
            return false;
        }
        set_item(obj, at + 1, &name, value);
    }
    if (size == recorded) {
        return true;
    }
    if (!rec_obj_reserve(obj, at + (size - recorded) * 2)) {
        return false;
    }
    begin_tail(obj, at, (size - recorded) * 2);
    while (PyDict_Next(obj->addr, &pos, &key, &value)) {
        add_item(obj, key, value);
    }
    return true;
}

bool
rec_obj_look_through(struct rec_obj *obj)
{
    if (obj->item_count < LARGE_VALUES || obj->more != 0 || obj->note != 0
        || obj->attr_count > 0 || obj->namespace || !has_no_attrs(obj)
        || rec_obj_wants_image(obj)) {
        return false;
    }
    bool done = false;
    switch ((enum tf_category)obj->type->category) {
    case TF_CAT_DICT:
    case TF_CAT_COUNTER: done = look_through_dict(obj); break;
    case TF_CAT_SET: return rec_set_look_through(obj);
    default: break;
    }
    if (done) {
        rec_obj_note_version(obj);
    }
    return done;
}

bool
rec_obj_look_there(struct rec_obj *obj, struct rec_hint hint)
{
    if (hint.sort == REC_HINT_ATTR) {
        return look_at_attr(obj, hint.name);
    }
    if (obj->type->category == TF_CAT_CELL && obj->item_count == 1) {
        set_item(obj, 0, NULL, PyCell_GET(obj->addr));
        return true;
    }
    if (hint.sort == REC_HINT_NONE || obj->attr_count > 0 || obj->note != 0
        || Py_TYPE(obj->addr) != obj->type->type) {
        return false;
    }
    switch ((enum tf_category)obj->type->category) {
    case TF_CAT_LIST:
        return hint.sort == REC_HINT_HEAP ? rec_look_at_heap(obj)
                                          : look_at_list(obj, from_start(obj, hint, 1));
    case TF_CAT_ORDEREDDICT:
        if (hint.sort == REC_HINT_MOVE) {
            return rec_look_at_odict(obj);
        }
        if (hint.sort == REC_HINT_GONE) { /* it has an order of its own */
            return false;
        } /* fall through */
    case TF_CAT_DICT:
    case TF_CAT_DEFAULTDICT:
    case TF_CAT_COUNTER: return look_at_dict(obj, from_start(obj, hint, 2));
    case TF_CAT_SET:
        return (hint.sort == REC_HINT_ONE || hint.sort == REC_HINT_HASH)
               && rec_look_at_set(obj, hint);
    case TF_CAT_DEQUE:
        return (hint.sort == REC_HINT_HEAD || hint.sort == REC_HINT_TAIL)
               && rec_look_at_deque(obj, hint);
    default: return false;
    }
}

void
rec_obj_fill_more(struct rec_obj *obj, struct rec_hint hint)
{
    if (obj->type->category == TF_CAT_SET
        && (hint.sort == REC_HINT_ONE || hint.sort == REC_HINT_HASH)) {
        rec_set_fill_gap(obj, hint);
    }
    else if (obj->type->category == TF_CAT_DEQUE
             && (hint.sort == REC_HINT_HEAD || hint.sort == REC_HINT_TAIL)) {
        rec_deque_fill_gap(obj, hint);
    }
}
