/* Methods of list, tuple, dict, set and range, as far as they only read. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rp_compare.h"

#define METHOD(name)                                                    \
 static bool name(struct rp_calling *call, const struct rp_value *self, \
                  const struct rp_object *object, struct rp_value *ret_value)
#define UNUSED (void)self, (void)object, (void)call

/* --- Sequences --- */

/* list, tuple: arg[1], arg[2] as in index(x, start, stop). */
static bool
find_item(struct rp_calling *call, const struct rp_object *object, uint64_t *ret_count,
          size_t *ret_first, bool all)
{
    struct rp_run run = rp_object_run(object);
    int64_t bound[2] = {0, INT64_MAX}, length = (int64_t)run.count;
    for (size_t i = 0; i < 2 && !all; i++) {
        if (call->count > i + 1
            && !rp_eval_index_of(
                call->eval, &call->arg[i + 1],
                "slice indices must be integers or have an __index__ method",
                &bound[i])) {
            return false;
        }
        bound[i] += bound[i] < 0 ? length : 0;
        bound[i] = bound[i] < 0 ? 0 : bound[i];
    }
    *ret_count = 0;
    *ret_first = SIZE_MAX;
    for (size_t i = (size_t)bound[0]; i < run.count && (int64_t)i < bound[1]; i++) {
        bool same;
        if (!rp_eval_step(call->eval)
            || !rp_equal_items(call->eval, &object->item[run.first + i], &call->arg[0],
                               &same)) {
            return false;
        }
        if (same) {
            *ret_count += 1;
            *ret_first = *ret_first == SIZE_MAX ? i : *ret_first;
            if (!all) {
                return true;
            }
        }
    }
    return object->more == 0 || rp_eval_fail(call->eval, "not all items are recorded");
}

METHOD(seq_count)
{
    uint64_t count;
    size_t first;
    UNUSED;
    if (!find_item(call, object, &count, &first, true)) {
        return false;
    }
    rp_value_set_int(ret_value, (int64_t)count);
    return true;
}

METHOD(seq_index)
{
    uint64_t count;
    size_t first;
    UNUSED;
    if (!find_item(call, object, &count, &first, false)) {
        return false;
    }
    if (first == SIZE_MAX) {
        if (rp_is_tuple(object)) {
            return rp_eval_raise(call->eval, "ValueError",
                                 "tuple.index(x): x not in tuple");
        }
        struct rp_buf text = RP_BUF_INIT;
        if (rp_eval_repr(call->eval, &call->arg[0], &text)) {
            rp_eval_raise(call->eval, "ValueError",
                          object->category == TF_CAT_DEQUE ? "%.100s is not in deque"
                                                           : "%.100s is not in list",
                          text.data ? text.data : "");
        }
        rp_buf_release(&text);
        return false;
    }
    rp_value_set_int(ret_value, (int64_t)first);
    return true;
}

static bool
copy_run(struct rp_calling *call, const struct rp_object *object,
         enum tf_category category, struct rp_value *ret_value)
{
    struct rp_object *copy;
    struct rp_run run = rp_object_run(object);
    if (!rp_eval_whole(call->eval, object)
        || !rp_eval_make(call->eval, category, &copy)) {
        return false;
    }
    for (size_t i = 0; i < run.count * run.stride; i++) {
        if (!rp_eval_add_copy(call->eval, copy, &object->item[run.first + i])) {
            rp_object_release(copy);
            return false;
        }
    }
    rp_value_set_object(ret_value, copy);
    return true;
}

METHOD(list_copy)
{
    UNUSED;
    return copy_run(call, object, TF_CAT_LIST, ret_value);
}

/* namedtuple */
METHOD(tuple_asdict)
{
    struct rp_object *dict;
    UNUSED;
    if (object->category != TF_CAT_NAMEDTUPLE) {
        return rp_eval_no_attr(call->eval, self, (struct tf_text){"_asdict", 7});
    }
    if (!rp_eval_whole(call->eval, object)
        || !rp_eval_make(call->eval, TF_CAT_DICT, &dict)) {
        return false;
    }
    bool fine = true;
    for (size_t i = 0; i < object->item_count && i < object->type->field_count && fine;
         i++) {
        struct rp_value key;
        struct tf_text name = object->type->field[i];
        fine = rp_eval_text(call->eval, TF_VAL_STR, name.data, name.len, &key)
               && rp_eval_add(call->eval, dict, &key)
               && rp_eval_add_copy(call->eval, dict, &object->item[i]);
    }
    if (!fine) {
        rp_object_release(dict);
        return false;
    }
    rp_value_set_object(ret_value, dict);
    return true;
}

const struct rp_method rp_list_methods[] = {
    {"count", seq_count, 1, 1, NULL},
    {"index", seq_index, 1, 3, NULL},
    {"copy", list_copy, 0, 0, NULL},
    {NULL, NULL, 0, 0, NULL},
};

const struct rp_method rp_deque_methods[] = {
    {"count", seq_count, 1, 1, NULL},
    {"index", seq_index, 1, 3, NULL},
    {NULL, NULL, 0, 0, NULL},
};

const struct rp_method rp_tuple_methods[] = {
    {"count", seq_count, 1, 1, NULL},
    {"index", seq_index, 1, 3, NULL},
    {"_asdict", tuple_asdict, 0, 0, NULL},
    {NULL, NULL, 0, 0, NULL},
};

/* --- range --- */

METHOD(range_index)
{
    bool has;
    struct rp_range_of range;
    UNUSED;
    struct rp_value value = {.kind = TF_VAL_REF, .object = (void *)(uintptr_t)object};
    if (!rp_eval_range(call->eval, object, &range)
        || !rp_eval_compare(call->eval, RP_OP_IN, &call->arg[0], &value, &has)) {
        return false;
    }
    struct rp_number number;
    if (!has) {
        struct rp_buf text = RP_BUF_INIT;
        if (rp_eval_repr(call->eval, &call->arg[0], &text)) {
            rp_eval_raise(call->eval, "ValueError",
                          rp_is_int(&call->arg[0])
                              ? "%.100s is not in range"
                              : "sequence.index(x): x not in sequence",
                          text.data ? text.data : "");
        }
        rp_buf_release(&text);
        return false;
    }
    if (!rp_number_of(&call->arg[0], &number)) {
        return rp_eval_fail(call->eval, "index() takes an int here");
    }
    int64_t at = number.is_float ? (int64_t)number.real : number.integer;
    rp_value_set_int(ret_value, (at - range.start) / range.step);
    return true;
}

METHOD(range_count)
{
    bool has;
    UNUSED;
    struct rp_value value = {.kind = TF_VAL_REF, .object = (void *)(uintptr_t)object};
    if (!rp_eval_compare(call->eval, RP_OP_IN, &call->arg[0], &value, &has)) {
        return false;
    }
    rp_value_set_int(ret_value, has);
    return true;
}

const struct rp_method rp_range_methods[] = {
    {"count", range_count, 1, 1, NULL},
    {"index", range_index, 1, 1, NULL},
    {NULL, NULL, 0, 0, NULL},
};

/* --- dict --- */

METHOD(dict_get)
{
    size_t found;
    uint64_t hash;
    bool known;
    UNUSED;
    if (!rp_eval_known(call->eval, &call->arg[0])
        || (call->arg[0].kind == TF_VAL_REF
            && !rp_eval_hash(call->eval, &call->arg[0], &hash, &known))
        || !rp_eval_find_key(call->eval, object, &call->arg[0], &found)
        || (found != SIZE_MAX && !rp_eval_load(call->eval, object, found, found + 1))) {
        return false;
    }
    if (found != SIZE_MAX) {
        rp_value_copy(ret_value, &object->item[found]);
    }
    else if (call->count > 1) {
        rp_value_copy(ret_value, &call->arg[1]);
    }
    else {
        rp_value_set_none(ret_value);
    }
    return true;
}

METHOD(dict_keys)
{
    UNUSED;
    return rp_eval_view(call->eval, object, RP_VIEW_KEYS, ret_value);
}

METHOD(dict_values)
{
    UNUSED;
    return rp_eval_view(call->eval, object, RP_VIEW_VALUES, ret_value);
}

METHOD(dict_items)
{
    UNUSED;
    return rp_eval_view(call->eval, object, RP_VIEW_ITEMS, ret_value);
}

METHOD(dict_copy)
{
    UNUSED;
    if (object->category != TF_CAT_DICT) {
        return rp_eval_fail(call->eval, "copy() of a '%s' is not supported",
                            rp_eval_label_of(object).text);
    }
    return copy_run(call, object, TF_CAT_DICT, ret_value);
}

const struct rp_method rp_dict_methods[] = {
    {"get", dict_get, 1, 2, NULL},       {"keys", dict_keys, 0, 0, NULL},
    {"values", dict_values, 0, 0, NULL}, {"items", dict_items, 0, 0, NULL},
    {"copy", dict_copy, 0, 0, NULL},     {NULL, NULL, 0, 0, NULL},
};

/* Counts, the most first; ties in the order of the entries. */
METHOD(counter_most_common)
{
    struct rp_object *list;
    struct rp_value view;
    int64_t most = INT64_MAX;
    UNUSED;
    if (call->count && call->arg[0].kind != TF_VAL_NONE
        && !rp_eval_index_of(call->eval, &call->arg[0],
                             "'%s' object cannot be interpreted as an integer",
                             &most)) {
        return false;
    }
    if (!rp_eval_view(call->eval, object, RP_VIEW_ITEMS, &view)) {
        return false;
    }
    bool fine = rp_eval_list_of(call->eval, &view, &list);
    rp_value_release(&view);
    for (size_t i = 1; fine && i < list->item_count; i++) { /* stable */
        struct rp_value moved = list->item[i];
        size_t at = i;
        for (; fine && at > 0; at--) {
            bool less;
            fine = rp_eval_step(call->eval)
                   && rp_eval_compare(call->eval, RP_OP_LT,
                                      &list->item[at - 1].object->item[1],
                                      &moved.object->item[1], &less);
            if (!fine || !less) {
                break;
            }
            list->item[at] = list->item[at - 1];
        }
        list->item[at] = moved;
    }
    if (!fine) {
        return false;
    }
    most = most < 0 ? 0 : most;
    while ((int64_t)list->item_count > most) {
        rp_value_release(&list->item[--list->item_count]);
    }
    rp_value_set_object(ret_value, list);
    return true;
}

METHOD(counter_total)
{
    struct rp_run run = rp_object_run(object);
    struct rp_value total, next;
    UNUSED;
    rp_value_set_int(&total, 0);
    if (!rp_eval_whole(call->eval, object)) {
        return false;
    }
    for (size_t i = 0; i < run.count; i++) {
        bool fine = rp_eval_binary(call->eval, RP_OP_ADD, &total,
                                   &object->item[run.first + 2 * i + 1], &next);
        rp_value_release(&total);
        if (!fine) {
            return false;
        }
        total = next;
    }
    *ret_value = total;
    return true;
}

METHOD(counter_elements)
{
    struct rp_run run = rp_object_run(object);
    struct rp_object *list;
    UNUSED;
    if (!rp_eval_whole(call->eval, object)
        || !rp_eval_make(call->eval, TF_CAT_LIST, &list)) {
        return false;
    }
    bool fine = true;
    for (size_t i = 0; i < run.count && fine; i++) {
        const struct rp_value *entry = &object->item[run.first + 2 * i];
        int64_t count;
        fine =
            rp_eval_index_of(call->eval, entry + 1,
                             "'%s' object cannot be interpreted as an integer", &count);
        for (int64_t k = 0; k < count && fine; k++) {
            fine = rp_eval_add_copy(call->eval, list, entry);
        }
    }
    struct rp_iter *iter = NULL;
    struct rp_value value;
    rp_value_set_object(&value, list);
    fine = fine && rp_iter_of(call->eval, &value, &iter);
    rp_value_release(&value);
    if (fine) {
        rp_value_set_iter(ret_value, iter);
    }
    return fine;
}

const struct rp_method rp_counter_methods[] = {
    {"most_common", counter_most_common, 0, 1, NULL},
    {"total", counter_total, 0, 0, NULL},
    {"elements", counter_elements, 0, 0, NULL},
    {NULL, NULL, 0, 0, NULL},
};

/* --- set --- */

/* a.union(b, c): one after another. */
static bool
set_fold(struct rp_calling *call, const struct rp_value *self,
         const struct rp_object *object, enum rp_op op, struct rp_value *ret_value)
{
    struct rp_value result, next;
    struct rp_object *at;
    (void)self;
    bool fine = rp_eval_whole(call->eval, object)
                && copy_run(call, object,
                            object->category == TF_CAT_FROZENSET ? TF_CAT_FROZENSET
                                                                 : TF_CAT_SET,
                            &result);
    if (!fine) {
        return false;
    }
    for (size_t i = 0; i < call->count && fine; i++) {
        at = result.object;
        fine = rp_eval_set_with(call->eval, op, at, &call->arg[i], &next);
        rp_value_release(&result);
        result = fine ? next : (struct rp_value){0};
    }
    if (fine) {
        *ret_value = result;
    }
    return fine;
}

METHOD(set_union)
{
    return set_fold(call, self, object, RP_OP_OR, ret_value);
}

METHOD(set_intersection)
{
    return set_fold(call, self, object, RP_OP_AND, ret_value);
}

METHOD(set_difference)
{
    return set_fold(call, self, object, RP_OP_SUB, ret_value);
}

METHOD(set_symmetric_difference)
{
    return set_fold(call, self, object, RP_OP_XOR, ret_value);
}

static bool
set_test(struct rp_calling *call, const struct rp_object *object, char test,
         struct rp_value *ret_value)
{
    struct rp_maker other = {0};
    bool yes = true;
    bool fine = rp_eval_whole(call->eval, object)
                && rp_maker_begin(call->eval, TF_CAT_SET, &other)
                && rp_maker_update(call->eval, &other, &call->arg[0]);
    if (fine && test == 'd') {
        for (size_t i = 0; i < object->item_count && fine && yes; i++) {
            bool has;
            fine = rp_maker_has(call->eval, &other, &object->item[i], &has);
            yes = fine && !has;
        }
    }
    else if (fine) {
        fine = test == '<' ? rp_is_subset(call->eval, object, other.object, &yes)
                           : rp_is_subset(call->eval, other.object, object, &yes);
    }
    rp_maker_release(&other);
    rp_value_set_bool(ret_value, yes);
    return fine;
}

METHOD(set_issubset)
{
    UNUSED;
    return set_test(call, object, '<', ret_value);
}

METHOD(set_issuperset)
{
    UNUSED;
    return set_test(call, object, '>', ret_value);
}

METHOD(set_isdisjoint)
{
    UNUSED;
    return set_test(call, object, 'd', ret_value);
}

METHOD(set_copy)
{
    UNUSED;
    return copy_run(call, object,
                    object->category == TF_CAT_FROZENSET ? TF_CAT_FROZENSET
                                                         : TF_CAT_SET,
                    ret_value);
}

const struct rp_method rp_set_methods[] = {
    {"union", set_union, 0, 1000, NULL},
    {"intersection", set_intersection, 0, 1000, NULL},
    {"difference", set_difference, 0, 1000, NULL},
    {"symmetric_difference", set_symmetric_difference, 1, 1, NULL},
    {"issubset", set_issubset, 1, 1, NULL},
    {"issuperset", set_issuperset, 1, 1, NULL},
    {"isdisjoint", set_isdisjoint, 1, 1, NULL},
    {"copy", set_copy, 0, 0, NULL},
    {NULL, NULL, 0, 0, NULL},
};
