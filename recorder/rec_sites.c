#include "rec_sites.h"

#include "rec_callee.h"
#include "rec_touch.h"
#include "rec_values.h"

/* What a symbol stands for at this moment. */
enum found_sort {
    FOUND_UNKNOWN, /* cannot be told without running code */
    FOUND_NOTHING, /* a scalar, or nothing at all: nothing to change, an error comes */
    FOUND_OBJECT,
    FOUND_METHOD, /* of `object`: the descriptor `callable` of C code */
    FOUND_PYTHON, /* a Python function, bound or not */
    FOUND_MADE,   /* an object of `type` that one of the instructions makes */
};

struct found {
    enum found_sort sort;
    PyObject *object, *callable; /* borrowed */
    PyTypeObject *type;
};

struct follow {
    struct rec_frame *frame;
    struct rec_plan *plan;
    rec_py_ref *slots, *stack;
    bool again;
    bool changed; /* a site before this one changes something */
};

static const struct found unknown = {.sort = FOUND_UNKNOWN};
static const struct found nothing = {.sort = FOUND_NOTHING};
static const struct rec_hint anywhere = {.sort = REC_HINT_NONE};

static struct found follow_sym(struct follow *follow, int16_t number);

static struct found
object(PyObject *obj)
{
    if (obj == NULL) {
        return nothing;
    }
    return (struct found){.sort = Py_IS_TYPE(obj, &PyFunction_Type) ? FOUND_PYTHON
                                                                    : FOUND_OBJECT,
                          .object = obj,
                          .type = Py_TYPE(obj)};
}

/* --- Names --- */
static struct found
follow_global(struct follow *follow, struct rec_sym *sym)
{
    PyObject *globals = follow->frame->globals, *builtins;
    builtins = rec_py_frame_builtins(follow->frame->frame);
    if (!PyDict_CheckExact(globals) || !PyDict_CheckExact(builtins)) {
        return unknown;
    }
    struct rec_sym_cache *cache = &sym->cache;
    uint64_t version = rec_py_dict_version(globals);
    uint64_t below = rec_py_dict_version(builtins);
    if (cache->owner != globals || cache->version != version
        || cache->version_below != below || version == 0) {
        PyObject *name =
            rec_py_code_name(rec_py_frame_code(follow->frame->frame), sym->arg);
        PyObject *value = rec_py_dict_get_str(globals, name);
        cache->found = value != NULL ? value : rec_py_dict_get_str(builtins, name);
        cache->owner = globals;
        cache->version = version;
        cache->version_below = below;
    }
    return object(cache->found);
}

static struct found
follow_name(struct follow *follow, struct rec_sym *sym)
{
    PyObject *mapping = rec_py_frame_mapping(follow->frame->frame);
    if (mapping == NULL || !PyDict_CheckExact(mapping)) {
        return unknown;
    }
    if (mapping != follow->frame->globals) {
        PyObject *name =
            rec_py_code_name(rec_py_frame_code(follow->frame->frame), sym->arg);
        PyObject *value = rec_py_dict_get_str(mapping, name);
        if (value != NULL) {
            return object(value);
        }
    }
    return follow_global(follow, sym);
}

/* --- Attributes --- */

/* What looking `found` up in the type of `self` gives. */
static struct found
bind_found(PyObject *descr, PyObject *self)
{
    PyTypeObject *type = Py_TYPE(descr);
    if (type == &PyFunction_Type) {
        return (struct found){.sort = FOUND_PYTHON, .object = descr, .type = type};
    }
    if (type == &PyMethodDescr_Type) {
        return (struct found){
            .sort = FOUND_METHOD, .object = self, .callable = descr, .type = type};
    }
    bool wraps = type == &PyStaticMethod_Type || type == &PyClassMethod_Type;
    PyObject *inner = wraps ? rec_py_wrapped_function(descr) : NULL;
    if (inner != NULL) {
        return Py_IS_TYPE(inner, &PyFunction_Type) ? object(inner) : unknown;
    }
    return type->tp_descr_get == NULL ? object(descr) : unknown;
}

/* Looked up in a type, and kept as long as the type stays as it is. */
static PyObject *
type_find(struct rec_sym_cache *cache, PyTypeObject *type, PyObject *name)
{
    if (cache->owner == type && cache->version == rec_py_type_version(type)
        && cache->version != 0) {
        return cache->found;
    }
    cache->found = rec_py_type_find(type, name);
    cache->owner = type;
    cache->version = rec_py_type_version(type);
    cache->place = -1;
    return cache->found;
}

static struct found
class_attr(struct rec_sym_cache *cache, PyObject *class, PyObject *name)
{
    if (Py_TYPE(class)->tp_getattro != PyType_Type.tp_getattro
        || rec_py_type_find(Py_TYPE(class), name) != NULL) {
        return unknown;
    }
    PyObject *found = type_find(cache, (PyTypeObject *)class, name);
    if (found == NULL) {
        return nothing;
    }
    /* Not bound: a function or method of the class takes self as its first argument. */
    return Py_IS_TYPE(found, &PyMethodDescr_Type) ? object(found)
                                                  : bind_found(found, class);
}

static struct found
instance_attr(struct rec_sym_cache *cache, PyObject *obj, PyTypeObject *type,
              PyObject *name)
{
    PyObject *value;
    if (!rec_py_plain_getattr(type)) {
        return unknown;
    }
    PyObject *descr = type_find(cache, type, name);
    if (descr != NULL && Py_TYPE(descr)->tp_descr_set != NULL) {
        return obj != NULL && rec_py_member_value(descr, obj, &value) ? object(value)
                                                                      : unknown;
    }
    if (obj == NULL) { /* made by __new__ and __init__, which may have stored it, too */
        return descr != NULL && Py_IS_TYPE(descr, &PyFunction_Type)
                   ? bind_found(descr, NULL)
                   : unknown;
    }
    value = rec_py_instance_attr(obj, name, &cache->place);
    if (value != NULL) {
        return object(value);
    }
    return descr != NULL ? bind_found(descr, obj) : nothing;
}

static struct found
follow_attr(struct follow *follow, struct rec_sym *sym)
{
    struct found base = follow_sym(follow, sym->base);
    PyObject *name =
        rec_py_code_name(rec_py_frame_code(follow->frame->frame), sym->arg);
    switch (base.sort) {
    case FOUND_NOTHING: return nothing; /* of a scalar, all is harmless */
    case FOUND_MADE: return instance_attr(&sym->cache, NULL, base.type, name);
    case FOUND_OBJECT: break;
    default: return unknown;
    }
    if (PyModule_CheckExact(base.object)) {
        PyObject *dict = PyModule_GetDict(base.object);
        uint64_t version = rec_py_dict_version(dict);
        if (sym->cache.owner != dict || sym->cache.version != version || version == 0) {
            sym->cache.found = rec_py_dict_get_str(dict, name);
            sym->cache.owner = dict;
            sym->cache.version = version;
        }
        return sym->cache.found != NULL ? object(sym->cache.found) : unknown;
    }
    if (PyType_Check(base.object)) {
        return class_attr(&sym->cache, base.object, name);
    }
    return instance_attr(&sym->cache, base.object, Py_TYPE(base.object), name);
}

/* --- Items --- */
static struct found
follow_subscr(struct follow *follow, struct rec_sym *sym)
{
    struct found base = follow_sym(follow, sym->base);
    struct found key = follow_sym(follow, sym->key);
    int64_t index;
    if (base.sort == FOUND_NOTHING) {
        return nothing;
    }
    if (base.sort != FOUND_OBJECT || key.sort != FOUND_OBJECT) {
        return unknown;
    }
    if (PyList_CheckExact(base.object) || PyTuple_CheckExact(base.object)) {
        Py_ssize_t size = Py_SIZE(base.object);
        if (!PyLong_CheckExact(key.object) || !rec_py_int64(key.object, &index)) {
            return unknown;
        }
        index += index < 0 ? size : 0;
        return index >= 0 && index < size
                   ? object(PySequence_Fast_ITEMS(base.object)[index])
                   : nothing;
    }
    if (PyDict_CheckExact(base.object)) {
        PyObject *value;
        int64_t place = rec_py_dict_lookup(base.object, key.object, &value);
        return place >= 0                 ? object(value)
               : place == REC_PY_DICT_NEW ? nothing
                                          : unknown;
    }
    return PyUnicode_CheckExact(base.object) || PyBytes_CheckExact(base.object)
               ? nothing
               : unknown;
}

static struct found
follow_result(struct follow *follow, uint32_t number)
{
    const struct rec_site *site = &follow->plan->site[number];
    if (site->verdict == REC_CALLS_SCALAR) {
        return nothing;
    }
    if (site->verdict == REC_CALLS_CLASS && site->callable != NULL) {
        PyTypeObject *type = (PyTypeObject *)site->callable;
        return (struct found){.sort = FOUND_MADE, .type = type};
    }
    return unknown;
}

static struct found
follow_sym(struct follow *follow, int16_t number)
{
    struct rec_sym *sym = &follow->plan->sym[number];
    PyObject *value;
    if (sym->late && follow->changed) {
        return unknown;
    }
    switch ((enum rec_sym_sort)sym->sort) {
    case REC_SYM_SCALAR:
    case REC_SYM_NULL: return nothing;
    case REC_SYM_CONST:
        return object(
            rec_py_code_const(rec_py_frame_code(follow->frame->frame), sym->arg));
    case REC_SYM_FAST: return object(rec_py_ref_get(follow->slots[sym->arg]));
    case REC_SYM_CELL:
        value = rec_py_ref_get(follow->slots[sym->arg]);
        return value == NULL         ? nothing
               : PyCell_Check(value) ? object(PyCell_GET(value))
                                     : unknown;
    case REC_SYM_GLOBAL: return follow_global(follow, sym);
    case REC_SYM_NAME: return follow_name(follow, sym);
    case REC_SYM_ATTR: return follow_attr(follow, sym);
    case REC_SYM_SUBSCR: return follow_subscr(follow, sym);
    case REC_SYM_STACK:
        return follow->again || follow->stack == NULL
                   ? unknown
                   : object(rec_py_ref_get(follow->stack[-1 - (int)sym->arg]));
    case REC_SYM_RESULT: return follow_result(follow, sym->arg);
    default: return unknown; /* UNKNOWN; FRESH has no name yet */
    }
}

/* --- Sites --- */
static bool
is_fresh(const struct follow *follow, int16_t number)
{
    return follow->plan->sym[number].sort == REC_SYM_FRESH;
}

static void
note(struct follow *follow, int16_t number, PyObject *obj, struct rec_hint hint)
{
    const struct rec_sym *sym = &follow->plan->sym[number];
    follow->changed = true;
    if (sym->sort == REC_SYM_FAST) { /* the recorded local leads to it */
        const struct rec_val *val = &follow->frame->slot[sym->arg];
        struct rec_obj *known = val->kind == TF_VAL_REF ? rec_val_obj(val) : NULL;
        if (known != NULL && known->addr == obj) {
            rec_touch_known(follow->frame, known, hint);
            return;
        }
    }
    rec_touch_object(follow->frame, obj, hint, false);
}

/* Is the attribute one that assigning just stores: in the instance's dict or a slot? */
static bool
is_stored_attr(struct rec_sym_cache *cache, PyTypeObject *type, PyObject *name)
{
    if (cache->owner != type || cache->version == 0
        || cache->version != rec_py_type_version(type)) {
        PyObject *descr = rec_py_type_find(type, name), *value;
        bool plain = rec_py_plain_setattr(type);
        cache->owner = type;
        cache->version = rec_py_type_version(type);
        cache->place = plain
                       && (descr == NULL || Py_TYPE(descr)->tp_descr_set == NULL
                           || rec_py_member_value(descr, NULL, &value));
    }
    return cache->place;
}

static bool
note_attr(struct follow *follow, struct rec_site *site)
{
    struct found found = follow_sym(follow, site->a);
    if (found.sort != FOUND_OBJECT) {
        return found.sort == FOUND_NOTHING;
    }
    PyObject *name =
        rec_py_code_name(rec_py_frame_code(follow->frame->frame), site->arg);
    bool stored = is_stored_attr(&site->cache, Py_TYPE(found.object), name);
    note(follow, site->a, found.object,
         stored ? (struct rec_hint){.sort = REC_HINT_ATTR, .name = name} : anywhere);
    return true;
}

/* In a larger list or dict it must be known which item changes: looking at all of it costs
 * more than watching the instructions. */
#define SMALL_ITEMS 8
/* Likewise, where a method's argument tells the item. */
#define FEW_ITEMS 32

static size_t
item_count(PyObject *container)
{
    return PyList_Check(container)     ? (size_t)PyList_GET_SIZE(container)
           : PyDict_Check(container)   ? (size_t)PyDict_GET_SIZE(container)
           : PyAnySet_Check(container) ? (size_t)PySet_GET_SIZE(container)
                                       : 0;
}

static bool
note_item(struct follow *follow, const struct rec_site *site)
{
    if (is_fresh(follow, site->a)) {
        return true;
    }
    struct found base = follow_sym(follow, site->a);
    if (base.sort != FOUND_OBJECT) {
        return base.sort == FOUND_NOTHING;
    }
    struct found key = follow_sym(follow, site->b);
    if (key.sort != FOUND_OBJECT && item_count(base.object) > SMALL_ITEMS) {
        return false;
    }
    note(follow, site->a, base.object,
         key.sort != FOUND_OBJECT ? anywhere
         : site->arg != 0         ? rec_touch_gone_hint(base.object, key.object)
                                  : rec_touch_item_hint(base.object, key.object));
    return true;
}

static bool
note_inplace(struct follow *follow, const struct rec_site *site)
{
    struct found left = follow_sym(follow, site->a);
    if (left.sort != FOUND_OBJECT || rec_callee_is_immutable(left.object)) {
        return left.sort == FOUND_NOTHING || left.sort == FOUND_OBJECT
               || is_fresh(follow, site->a);
    }
    struct rec_hint hint = anywhere;
    if (PyList_CheckExact(left.object)) {
        hint = (struct rec_hint){.sort = REC_HINT_TAIL, .index = 0};
    }
    note(follow, site->a, left.object, hint);
    return true;
}

/* A container that is made on the way, or an object of a type that cannot be called. */
static bool
is_no_callable(const struct follow *follow, int16_t number)
{
    const struct rec_sym *sym = &follow->plan->sym[number];
    if (sym->sort != REC_SYM_RESULT) {
        return sym->sort == REC_SYM_FRESH;
    }
    const struct rec_site *site = &follow->plan->site[sym->arg];
    return site->verdict == REC_CALLS_NOTHING && site->callable != NULL
           && PyType_Check(site->callable)
           && ((PyTypeObject *)site->callable)->tp_call == NULL;
}

/* Everything that the callee may do needs its arguments. */
static bool
note_call_all(struct follow *follow, const struct rec_site *site, PyObject *callable,
              PyObject *self)
{
    PyObject *arg[16];
    size_t count = 0;
    if (site->sort == REC_SITE_CALL_ANY || site->operand_count > 14) {
        return false;
    }
    if (self != NULL) {
        arg[count++] = self;
    }
    for (uint32_t i = 0; i < site->operand_count; i++) {
        int16_t operand = follow->plan->operand[site->operand + i];
        struct found found = follow_sym(follow, operand);
        if (site->verdict == REC_CALLS_ARGS && is_no_callable(follow, operand)) {
            continue;
        }
        if (found.sort == FOUND_OBJECT) {
            arg[count++] = found.object;
        }
        else if (found.sort != FOUND_NOTHING && found.sort != FOUND_PYTHON) {
            return false;
        }
    }
    rec_callee_touch(follow->frame, callable, arg, count);
    follow->changed = true;
    return true;
}

/* What a call calls. Of a method that was looked up before the event, the value stack holds
 * the descriptor and self, or NULL and the callable. */
static struct found
follow_callee(struct follow *follow, const struct rec_site *site)
{
    struct found callee = follow_sym(follow, site->a);
    if (site->b < 0 || follow->plan->sym[site->a].sort != REC_SYM_STACK) {
        return callee;
    }
    struct found second = follow_sym(follow, site->b);
    if (callee.sort == FOUND_NOTHING) {
        return second;
    }
    if (callee.sort == FOUND_OBJECT && Py_IS_TYPE(callee.object, &PyMethodDescr_Type)) {
        callee.callable = callee.object;
        callee.object = second.object;
        callee.sort = second.sort == FOUND_OBJECT ? FOUND_METHOD : FOUND_UNKNOWN;
    }
    return callee;
}

/* A method that the type of a local has: no code that is called makes it another one, short of
 * changing the class. */
static bool
is_method_of_local(const struct follow *follow, int16_t number)
{
    const struct rec_sym *sym = &follow->plan->sym[number];
    return sym->sort == REC_SYM_ATTR
           && follow->plan->sym[sym->base].sort == REC_SYM_FAST
           && sym->cache.found != NULL
           && Py_IS_TYPE(sym->cache.found, &PyFunction_Type);
}

/* NULL: not known, or there is none. */
static PyObject *
first_argument(struct follow *follow, const struct rec_site *site)
{
    if (site->operand_count == 0) {
        return NULL;
    }
    struct found first = follow_sym(follow, follow->plan->operand[site->operand]);
    return first.sort == FOUND_OBJECT ? first.object : NULL;
}

static bool
note_call(struct follow *follow, struct rec_site *site)
{
    site->settled = false;
    struct found callee = follow_callee(follow, site);
    PyObject *callable = callee.sort == FOUND_METHOD ? callee.callable : callee.object;
    PyObject *self = callee.sort == FOUND_METHOD ? callee.object : NULL;
    switch (callee.sort) {
    case FOUND_PYTHON:
        site->verdict = REC_CALLS_NOTHING;
        site->settled = is_method_of_local(follow, site->a);
        return true;
    case FOUND_NOTHING: site->verdict = REC_CALLS_SCALAR; return true;
    case FOUND_METHOD:
    case FOUND_OBJECT: break;
    default: site->verdict = REC_CALLS_ALL; return false;
    }
    struct rec_judged memory = {site->def, site->version, site->habit};
    site->callable = callable;
    site->verdict = (uint8_t)rec_callee_judge(callable, self, site->names, &memory);
    site->def = memory.def;
    site->version = memory.version;
    site->habit = memory.habit;
    switch ((enum rec_calls)site->verdict) {
    case REC_CALLS_NOTHING:
    case REC_CALLS_SCALAR:
    case REC_CALLS_CLASS: return true;
    case REC_CALLS_SELF: {
        PyObject *receiver = self != NULL ? self : PyCFunction_GET_SELF(callable);
        PyObject *first = first_argument(follow, site);
        struct rec_hint hint =
            rec_callee_hint(callable, self, first, site->operand_count);
        if (first == NULL && site->operand_count > 0
            && (hint.sort == REC_HINT_NONE || hint.sort == REC_HINT_ONE)
            && item_count(receiver) > FEW_ITEMS) {
            return false;
        }
        note(follow, site->b >= 0 ? site->b : 0, receiver, hint);
        return true;
    }
    case REC_CALLS_FIRST: {
        if (site->operand_count == 0) {
            return site->sort == REC_SITE_CALL;
        }
        int16_t operand = follow->plan->operand[site->operand];
        struct found first = follow_sym(follow, operand);
        if (first.sort == FOUND_OBJECT) {
            note(follow, operand, first.object, rec_callee_first_hint(callable));
        }
        return first.sort == FOUND_OBJECT || first.sort == FOUND_NOTHING
               || is_fresh(follow, operand);
    }
    default: return note_call_all(follow, site, callable, self);
    }
}

static bool
note_site(struct follow *follow, struct rec_site *site)
{
    switch ((enum rec_site_sort)site->sort) {
    case REC_SITE_ATTR: return note_attr(follow, site);
    case REC_SITE_ITEM: return note_item(follow, site);
    case REC_SITE_INPLACE: return note_inplace(follow, site);
    case REC_SITE_CELL:
        if (rec_py_ref_get(follow->slots[site->arg]) != NULL) {
            rec_touch_object(follow->frame, rec_py_ref_get(follow->slots[site->arg]),
                             anywhere, false);
            follow->changed = true;
        }
        return true;
    default: return note_call(follow, site);
    }
}

bool
rec_sites_note(struct rec_frame *frame, struct rec_plan *plan, bool again)
{
    struct follow follow = {.frame = frame,
                            .plan = plan,
                            .slots = rec_py_frame_slots(frame->frame),
                            .stack = rec_py_frame_stack(frame->frame),
                            .again = again};
    for (uint32_t i = 0; i < plan->site_count; i++) {
        struct rec_site *site = &plan->site[i];
        if (site->afterwards || (again && (!site->late || site->settled))) {
            continue;
        }
        if (!note_site(&follow, site)) {
            return false;
        }
    }
    return true;
}

/* --- Afterwards --- */
static PyObject *
kept_value(const struct rec_frame *frame, rec_py_ref *slots, int16_t number)
{
    const struct rec_sym *sym = &frame->plan->sym[number];
    return sym->sort == REC_SYM_FAST
               ? rec_py_ref_get(slots[sym->arg])
               : rec_py_code_const(rec_py_frame_code(frame->frame), sym->arg);
}

static struct rec_obj *
recorded(const struct rec_frame *frame, uint32_t slot, PyObject *obj)
{
    const struct rec_val *val = &frame->slot[slot];
    struct rec_obj *known = val->kind == TF_VAL_REF ? rec_val_obj(val) : NULL;
    return known != NULL && known->addr == obj ? known
                                               : rec_shadow_find(&rec.shadow, obj);
}

/* No other recorded object shows what it holds, as an instance does its dict's items. */
static bool
has_one_home(const struct rec_obj *known)
{
    if (known->type->has_dict) {
        return rec_py_instance_dict(known->addr) == NULL;
    }
    return PyList_CheckExact(known->addr)
           || (PyDict_Check(known->addr)
               && rec_shadow_get(&rec.shadow, &rec.shadow.owners, known->link.base)
                      == NULL)
           || known->type->category == TF_CAT_INSTANCE;
}

static void
look_at_site(struct rec_frame *frame, struct rec_site *site, rec_py_ref *slots)
{
    if (site->sort != REC_SITE_CELL && frame->plan->sym[site->a].sort != REC_SYM_FAST) {
        return; /* a constant: `().__class__ = C` is an error */
    }
    uint32_t slot =
        site->sort == REC_SITE_CELL ? site->arg : frame->plan->sym[site->a].arg;
    PyObject *obj = rec_py_ref_get(slots[slot]);
    struct rec_obj *known = obj != NULL ? recorded(frame, slot, obj) : NULL;
    if (known == NULL || known->fresh || known->leaf) {
        return;
    }
    if (site->sort == REC_SITE_CELL) {
        rec_values_look(known, anywhere);
        return;
    }
    struct rec_hint hint = anywhere;
    if (site->sort == REC_SITE_ITEM) {
        PyObject *key = kept_value(frame, slots, site->b);
        hint = key != NULL ? rec_touch_item_hint(obj, key) : anywhere;
    }
    else {
        PyObject *name = rec_py_code_name(rec_py_frame_code(frame->frame), site->arg);
        if (is_stored_attr(&site->cache, Py_TYPE(obj), name)) {
            hint = (struct rec_hint){.sort = REC_HINT_ATTR, .name = name};
        }
    }
    if (has_one_home(known)) {
        rec_values_look(known, hint);
    }
    else {
        rec_touch_known(frame, known, hint);
    }
}

void
rec_sites_look(struct rec_frame *frame)
{
    rec_py_ref *slots = rec_py_frame_slots(frame->frame);
    for (uint32_t i = 0; i < frame->plan->site_count; i++) {
        if (frame->plan->site[i].afterwards) {
            look_at_site(frame, &frame->plan->site[i], slots);
        }
    }
}
