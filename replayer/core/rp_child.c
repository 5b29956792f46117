/* What an object holds, child by child: what a front end unfolds. */
#include <string.h>

#include "rp_text.h"

#define RP_PARTS_MAX 9

/* Names of the items that are not a run of like ones, by category; FORMAT.md has them. */
static const char *const part_names[TF_CAT_COUNT][RP_PARTS_MAX + 1] = {
    [TF_CAT_DEQUE] = {"maxlen"},
    [TF_CAT_DEFAULTDICT] = {"default_factory"},
    [TF_CAT_BYTEARRAY] = {"bytes"},
    [TF_CAT_RANGE] = {"start", "stop", "step"},
    [TF_CAT_SLICE] = {"start", "stop", "step"},
    [TF_CAT_CELL] = {"cell_contents"},
    [TF_CAT_FUNCTION] = {"__qualname__", "__module__", "code", "__defaults__",
                         "__kwdefaults__"},
    [TF_CAT_BUILTIN] = {"__name__", "__self__"},
    [TF_CAT_METHOD] = {"__func__", "__self__"},
    [TF_CAT_PARTIAL] = {"func", "args", "keywords"},
    [TF_CAT_MODULE] = {"__name__", "__file__"},
    [TF_CAT_CLASS] = {"__module__", "__qualname__", "type"},
    [TF_CAT_EXCEPTION] = {"args", "__cause__", "__context__", "__suppress_context__",
                          "text"},
    [TF_CAT_ENUM] = {"name", "value"},
    [TF_CAT_INT] = {"value"},
    [TF_CAT_FLOAT] = {"value"},
    [TF_CAT_COMPLEX] = {"value"},
    [TF_CAT_STR] = {"value"},
    [TF_CAT_BYTES] = {"value"},
    [TF_CAT_DATE] = {"year", "month", "day"},
    [TF_CAT_TIME] = {"hour", "minute", "second", "microsecond", "fold", "tzinfo"},
    [TF_CAT_DATETIME] = {"year", "month", "day", "hour", "minute", "second",
                         "microsecond"},
    [TF_CAT_TIMEDELTA] = {"days", "seconds", "microseconds"},
    [TF_CAT_TIMEZONE] = {"offset", "name"},
    [TF_CAT_DECIMAL] = {"value"},
    [TF_CAT_UUID] = {"int"},
    [TF_CAT_PATH] = {"path"},
    [TF_CAT_PATTERN] = {"pattern", "flags"},
    [TF_CAT_ARRAY] = {"dtype", "shape"},
    [TF_CAT_GENERATOR] = {"__qualname__", "frame"},
    [TF_CAT_MAPPINGPROXY] = {"mapping"},
    [TF_CAT_MEMORYVIEW] = {"format", "shape"},
    [TF_CAT_FLAG] = {"name", "value"},
};

const char *
rp_part_name(unsigned category, size_t idx)
{
    return category < TF_CAT_COUNT && idx < RP_PARTS_MAX ? part_names[category][idx]
                                                         : NULL;
}

/* Where the run of like items begins: behind the named parts. */
static size_t
run_begin(const struct rp_object *object)
{
    switch (object->category) {
    case TF_CAT_LIST:
    case TF_CAT_TUPLE:
    case TF_CAT_NAMEDTUPLE:
    case TF_CAT_DICT:
    case TF_CAT_SET:
    case TF_CAT_FROZENSET:
    case TF_CAT_ORDEREDDICT:
    case TF_CAT_COUNTER:
    case TF_CAT_NAMESPACE: return 0;
    case TF_CAT_DEQUE: return 1;
    case TF_CAT_DEFAULTDICT:
    case TF_CAT_ARRAY:
    case TF_CAT_MEMORYVIEW: return 2;
    default: return SIZE_MAX;
    }
}

bool
rp_category_is_dict(unsigned category)
{
    return category == TF_CAT_DICT || category == TF_CAT_DEFAULTDICT
           || category == TF_CAT_ORDEREDDICT || category == TF_CAT_COUNTER
           || category == TF_CAT_NAMESPACE;
}

struct rp_run
rp_object_run(const struct rp_object *object)
{
    size_t begin = run_begin(object);
    begin = begin < object->item_count ? begin : object->item_count;
    return (struct rp_run){
        .first = begin,
        .stride = rp_category_is_dict(object->category) ? 2 : 1,
        .count = (object->item_count - begin)
                 / (rp_category_is_dict(object->category) ? 2 : 1),
    };
}

/* Named parts that are shown: those with a name that have a value. */
static size_t
part_count(const struct rp_object *object)
{
    size_t max = rp_object_run(object).first, count = 0;
    while (count < max && count < RP_PARTS_MAX && part_names[object->category][count]) {
        count++;
    }
    return count;
}

size_t
rp_object_child_count(const struct rp_object *object)
{
    return part_count(object) + rp_object_run(object).count + object->attr_count / 2;
}

static bool
run_child(const struct rp_object *object, size_t idx, struct rp_child *ret_child)
{
    struct rp_run run = rp_object_run(object);
    const struct rp_value *value = &object->item[run.first + idx * run.stride];
    *ret_child = (struct rp_child){.sort = RP_CHILD_ITEM, .index = idx, .value = value};
    if (run.stride == 2) {
        ret_child->sort = RP_CHILD_ENTRY;
        ret_child->key = value;
        ret_child->value = value + 1;
    }
    else if (object->category == TF_CAT_SET || object->category == TF_CAT_FROZENSET) {
        ret_child->sort = RP_CHILD_MEMBER;
    }
    else if (object->category == TF_CAT_NAMEDTUPLE && idx < object->type->field_count) {
        ret_child->sort = RP_CHILD_PART;
        ret_child->name = object->type->field[idx];
    }
    return true;
}

bool
rp_object_child(const struct rp_object *object, size_t idx, struct rp_child *ret_child)
{
    size_t parts = part_count(object), run = rp_object_run(object).count;
    if (idx < parts) {
        const char *name = part_names[object->category][idx];
        *ret_child = (struct rp_child){
            .sort = RP_CHILD_PART,
            .index = idx,
            .name = {name, strlen(name)},
            .value = &object->item[idx],
        };
        return true;
    }
    idx -= parts;
    if (idx < run) {
        return run_child(object, idx, ret_child);
    }
    idx -= run;
    if (idx >= object->attr_count / 2) {
        return false;
    }
    *ret_child = (struct rp_child){
        .sort = RP_CHILD_ATTR,
        .index = idx,
        .name = rp_value_bytes(&object->attr[idx * 2]),
        .value = &object->attr[idx * 2 + 1],
    };
    return true;
}

bool
rp_object_length(const struct rp_object *object, uint64_t *ret_length)
{
    switch (object->category) {
    case TF_CAT_BYTEARRAY:
    case TF_CAT_STR:
    case TF_CAT_BYTES:
        if (object->item_count == 0 || !rp_kind_has_text(object->item[0].kind)) {
            return false;
        }
        *ret_length = rp_text_length(&object->item[0]);
        return true;
    case TF_CAT_LIST:
    case TF_CAT_TUPLE:
    case TF_CAT_NAMEDTUPLE:
    case TF_CAT_DICT:
    case TF_CAT_SET:
    case TF_CAT_FROZENSET:
    case TF_CAT_DEQUE:
    case TF_CAT_DEFAULTDICT:
    case TF_CAT_ORDEREDDICT:
    case TF_CAT_COUNTER:
        if (object->note != TF_ELIDE_NONE && object->note != TF_ELIDE_ITEMS
            && object->item_count == 0 && object->more == 0) {
            return false; /* not looked into */
        }
        *ret_length = rp_object_run(object).count + object->more;
        return true;
    default: return false;
    }
}

const struct rp_value *
rp_object_attr(const struct rp_object *object, struct tf_text name)
{
    for (size_t i = 0; i + 1 < object->attr_count; i += 2) {
        if (rp_text_equal(rp_value_bytes(&object->attr[i]), name)) {
            return &object->attr[i + 1];
        }
    }
    return NULL;
}
