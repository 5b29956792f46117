#include "rec_namespace.h"

#include "rec_code.h"
#include "rec_delta.h"
#include "rec_read.h"
#include "rec_values.h"

static inline struct tf_rows *
rows(void)
{
    return &rec.batch->changes;
}

/* A whole one. */
static void
namespace_look(struct rec_obj *obj)
{
    uint64_t version = rec_py_dict_version(obj->addr);
    if (obj->epoch != rec.epoch) {
        rec_values_enqueue(obj, 0);
    }
    else if (version == 0 || version != obj->version) {
        rec_values_look(obj, (struct rec_hint){.sort = REC_HINT_NONE, .index = 0});
    }
}

/* A dict of the program's own. */
static struct rec_obj *
keep_whole(struct rec_obj *obj)
{
    if (obj->fresh) {
        obj->whole = true;
    }
    else if (!obj->whole) {
        obj->whole = true;
        if (obj->more > 0) {
            rec_read(obj->addr, obj->type, UINT64_MAX);
            rec_obj_write(obj, TF_OP_IMAGE);
            rec_obj_note_version(obj);
        }
    }
    namespace_look(obj);
    return obj;
}

static bool
is_dict_category(const struct rec_type *type)
{
    return type != NULL
           && (type->category == TF_CAT_DICT || type->category == TF_CAT_DEFAULTDICT
               || type->category == TF_CAT_ORDEREDDICT
               || type->category == TF_CAT_COUNTER);
}

struct rec_obj *
rec_values_mapping(PyObject *dict)
{
    struct rec_obj *obj = rec_shadow_find(&rec.shadow, dict);
    if (obj == NULL && is_dict_category(rec_type_of(Py_TYPE(dict)))) {
        obj = rec_values_new(dict);
    }
    return obj != NULL && !obj->namespace && is_dict_category(obj->type)
               ? keep_whole(obj)
               : rec_values_namespace(dict, true);
}

/* Not one that the program made for exec(). */
static bool
is_of_module(PyObject *dict)
{
    PyObject *key, *value;
    Py_ssize_t pos = 0;
    while (PyDict_Next(dict, &pos, &key, &value)) {
        if (PyUnicode_CheckExact(key) && rec_py_str_is(key, "__name__")) {
            return true;
        }
    }
    return false;
}

struct rec_obj *
rec_values_namespace(PyObject *dict, bool whole)
{
    struct rec_type *type = rec_type_namespace();
    struct rec_obj *obj = rec_shadow_find(&rec.shadow, dict);
    if (type == NULL) {
        return NULL;
    }
    if (obj != NULL && !obj->namespace && is_dict_category(obj->type)
        && (obj->whole || !is_of_module(dict))) {
        return keep_whole(obj);
    }
    if (obj == NULL) {
        obj = rec_values_new(dict);
        if (obj == NULL) {
            return NULL;
        }
        obj->type = type;
        obj->namespace = true;
        obj->partial = !whole;
        rec_values_enqueue(obj, 0);
        return obj;
    }
    if (!obj->namespace || (obj->partial && whole)) {
        rec_values_drain(); /* its OP_NEW, if that is still to come */
        obj->namespace = true;
        obj->partial = false;
        obj->type = type;
        obj->epoch = rec.epoch;
        obj->depth = 0;
        rec_read_namespace(dict);
        rec_obj_write(obj, TF_OP_IMAGE);
        rec_obj_note_version(obj);
        return obj;
    }
    if (whole) {
        namespace_look(obj);
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
    if (*place >= 0) {
        struct rec_val *val = &namespace->val[*place + 1];
        if (!rec_value_same(val, &pair[1], 1)) {
            rec_delta_op(TF_OP_ITEM_SET, namespace->id, (uint64_t)*place + 1);
            *val = rec_value_emit_named(&pair[0], &pair[1], 1);
            rec_obj_changed(namespace, 1);
        }
    }
    else if (value != NULL && rec_obj_reserve(namespace, namespace->item_count + 2)) {
        *place = namespace->item_count;
        rec_delta_op(TF_OP_ITEM_SPLICE, namespace->id, (uint64_t)*place);
        tf_rows_u64(rows(), 0);
        tf_rows_u64(rows(), 2);
        struct rec_val val = rec_value_emit(&pair[0], 1);
        namespace->val[namespace->item_count++] = val;
        val = rec_value_emit_named(&pair[0], &pair[1], 1);
        namespace->val[namespace->item_count++] = val;
        rec_obj_changed(namespace, 2);
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
            rec_values_enqueue(obj, 1);
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
        namespace_look(namespace);
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
