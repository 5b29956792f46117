/* Locals, globals, an event's argument, and exceptions. */
#include "rp_private.h"

#include <stdlib.h>

/* --- One slot --- */

/* The slots of a frame that did not change are in an earlier chunk's keyframe. */
static tf_status
same_slot(struct rp *rp, const struct rp_chunk *chunk, uint32_t frame_idx,
          uint32_t slot, struct rp_value *ret_value, struct tf_err *err)
{
    const struct rp_cframe *frame = &chunk->frame[frame_idx];
    *ret_value = (struct rp_value){.kind = RP_VAL_DAMAGED};
    if (frame->same_chunk >= chunk->idx) {
        return TF_OK;
    }
    struct rp_chunk *older;
    tf_status status = rp_chunk_get(rp, (size_t)frame->same_chunk, &older, err);
    if (status != TF_OK) {
        return status;
    }
    uint32_t there = rp_chunk_frame(older, frame->id);
    if (there != RP_NONE) {
        bool same;
        uint32_t entry = rp_chunk_slot(older, there, slot, 0, &same);
        if (entry != RP_NONE) {
            status =
                rp_chunk_value(older, true, older->slot[entry].value, ret_value, err);
        }
        else if (!same) {
            ret_value->kind = TF_VAL_UNBOUND;
        }
    }
    rp_chunk_put(rp, older);
    return status;
}

tf_status
rp_slot_value(struct rp *rp, struct rp_chunk *chunk, uint32_t frame, uint32_t slot,
              rp_place_no place, struct rp_value *ret_value, struct tf_err *err)
{
    bool same;
    uint32_t entry = rp_chunk_slot(chunk, frame, slot, place, &same);
    if (entry != RP_NONE) {
        return rp_chunk_value(chunk, chunk->slot[entry].place == 0,
                              chunk->slot[entry].value, ret_value, err);
    }
    if (same) {
        return same_slot(rp, chunk, frame, slot, ret_value, err);
    }
    *ret_value = (struct rp_value){.kind = TF_VAL_UNBOUND};
    return TF_OK;
}

/* --- Where one looks: a frame at an event --- */

struct view {
    struct rp *rp;
    struct rp_chunk *chunk;
    uint32_t frame;
    rp_place_no place;
    const struct tf_def_code *code;
};

static tf_status
view_open(struct rp *rp, uint64_t seq, uint64_t frame_id, struct view *ret_view,
          struct tf_err *err)
{
    struct view view = {.rp = rp};
    uint32_t event;
    tf_status status = rp_chunk_at(rp, seq, &view.chunk, &event, err);
    if (status != TF_OK) {
        return status;
    }
    uint32_t act = rp_chunk_act_of(view.chunk, frame_id, event);
    if (act == RP_NONE) {
        rp_chunk_put(rp, view.chunk);
        return tf_err_set(err, TF_ERR_NOT_FOUND, -1,
                          "frame %llu is on no stack at event %llu",
                          (unsigned long long)frame_id, (unsigned long long)seq);
    }
    view.frame = view.chunk->act[act].frame;
    view.place = view.chunk->raw->op_end[event];
    view.code = rp_code(rp, view.chunk->frame[view.frame].code);
    *ret_view = view;
    return TF_OK;
}

static void
view_close(struct view *view)
{
    rp_chunk_put(view->rp, view->chunk);
}

/* Puts the content in the place of a cell. */
static tf_status
open_cell(const struct view *view, struct rp_value *value, struct tf_err *err)
{
    if (value->kind != TF_VAL_REF) {
        return TF_OK;
    }
    struct rp_object *cell;
    tf_status status =
        rp_state_at(view->rp, value->ref, view->chunk->idx, view->place, &cell, err);
    if (status == TF_OK && cell->category == TF_CAT_CELL) {
        rp_value_release(value);
        if (cell->item_count) {
            rp_value_copy(value, &cell->item[0]);
        }
    }
    if (status == TF_OK) {
        rp_object_release(cell);
    }
    return status;
}

static tf_status
slot_of(const struct view *view, uint32_t slot, struct rp_value *ret_value,
        struct tf_err *err)
{
    tf_status status = rp_slot_value(view->rp, view->chunk, view->frame, slot,
                                     view->place, ret_value, err);
    unsigned kind = view->code->slot_kind[slot];
    if (status == TF_OK && (kind == TF_SLOT_CELL || kind == TF_SLOT_FREE)) {
        status = open_cell(view, ret_value, err);
        if (status != TF_OK) {
            rp_value_release(ret_value);
        }
    }
    return status;
}

/* --- Lists of variables --- */

static bool
vars_add(struct rp_vars *vars, size_t *cap, const struct rp_var *var)
{
    if (vars->count == *cap) {
        size_t more = *cap ? *cap * 2 : 16;
        struct rp_var *bigger = realloc(vars->var, more * sizeof *bigger);
        if (!bigger) {
            return false;
        }
        vars->var = bigger;
        *cap = more;
    }
    vars->var[vars->count++] = *var;
    return true;
}

void
rp_vars_release(struct rp_vars *vars)
{
    for (size_t i = 0; i < vars->count; i++) {
        rp_value_release(&vars->var[i].value);
    }
    free(vars->var);
    rp_object_release(vars->namespace_object);
    *vars = (struct rp_vars){0};
}

static bool
is_bound_name(const struct rp_value *name, const struct rp_value *value)
{
    return name->kind == TF_VAL_STR && value->kind != TF_VAL_UNBOUND;
}

/* Adds the entries of a namespace, all of them or those that `wanted` names. */
static tf_status
vars_add_entries(struct rp_vars *vars, size_t *cap, const struct tf_text *wanted,
                 uint32_t wanted_count, struct tf_err *err)
{
    const struct rp_object *object = vars->namespace_object;
    struct rp_run run = rp_object_run(object);
    if (run.stride != 2) {
        return TF_OK;
    }
    size_t rounds = wanted ? wanted_count : 1;
    for (size_t round = 0; round < rounds; round++) {
        for (size_t i = 0; i < run.count; i++) {
            const struct rp_value *name = &object->item[run.first + 2 * i];
            if (!is_bound_name(name, name + 1)
                || (wanted && !rp_text_equal(rp_value_bytes(name), wanted[round]))) {
                continue;
            }
            struct rp_var var = {.name = rp_value_bytes(name),
                                 .slot_kind = TF_SLOT_MAPPING};
            rp_value_copy(&var.value, name + 1);
            if (!vars_add(vars, cap, &var)) {
                rp_value_release(&var.value);
                return rp_no_memory(err);
            }
        }
    }
    vars->partial = object->more || object->note != TF_ELIDE_NONE
                    || object->category == TF_CAT_NAMESPACE;
    return TF_OK;
}

static tf_status
add_mapping(const struct view *view, const struct rp_value *mapping,
            struct rp_vars *vars, size_t *cap, const struct tf_text *wanted,
            uint32_t wanted_count, struct tf_err *err)
{
    if (mapping->kind != TF_VAL_REF || vars->namespace_object) {
        return TF_OK;
    }
    tf_status status = rp_state_at(view->rp, mapping->ref, view->chunk->idx,
                                   view->place, &vars->namespace_object, err);
    return status == TF_OK ? vars_add_entries(vars, cap, wanted, wanted_count, err)
                           : status;
}

static bool
has_mapping(const struct tf_def_code *code)
{
    return code->slot_count && code->slot_kind[code->slot_count - 1] == TF_SLOT_MAPPING;
}

/* Up to CPython 3.10 an argument that is a cell has a slot of its own for that, behind the
 * locals, and the argument's slot is never bound. The other of the two, or `slot`. */
static uint32_t
other_slot_of_argument(const struct tf_def_code *code, uint32_t slot)
{
    bool cell = code->slot_kind[slot] == TF_SLOT_CELL;
    uint32_t first = cell ? 0 : slot + 1;
    uint32_t end = cell ? code->arg_count : code->slot_count;
    if (!cell && (code->slot_kind[slot] != TF_SLOT_LOCAL || slot >= code->arg_count)) {
        return slot;
    }
    for (uint32_t i = first; i < end && i < code->slot_count; i++) {
        if (i != slot && code->slot_kind[i] == (cell ? TF_SLOT_LOCAL : TF_SLOT_CELL)
            && rp_text_equal(code->slot[i], code->slot[slot])) {
            return i;
        }
    }
    return slot;
}

static tf_status
locals_of(const struct view *view, struct rp_vars *vars, struct tf_err *err)
{
    size_t cap = 0;
    const struct tf_def_code *code = view->code;
    for (uint32_t slot = 0; slot < code->slot_count; slot++) {
        struct rp_var var = {
            .name = code->slot[slot],
            .slot_kind = (uint8_t)code->slot_kind[slot],
            .argument = slot < code->arg_count
                        || (code->slot_kind[slot] == TF_SLOT_CELL
                            && other_slot_of_argument(code, slot) != slot),
            .slot = slot,
        };
        /* A class body's locals() has none of the variables that it closes over:
         * PyFrame_FastToLocalsWithError, Objects/frameobject.c of 3.11. */
        if (var.slot_kind == TF_SLOT_FREE && has_mapping(code)) {
            continue;
        }
        tf_status status = slot_of(view, slot, &var.value, err);
        if (status != TF_OK) {
            return status;
        }
        if (var.slot_kind == TF_SLOT_MAPPING) {
            status = add_mapping(view, &var.value, vars, &cap, NULL, 0, err);
        }
        else if (var.value.kind != TF_VAL_UNBOUND) {
            if (vars_add(vars, &cap, &var)) {
                continue;
            }
            status = rp_no_memory(err);
        }
        rp_value_release(&var.value);
        if (status != TF_OK) {
            return status;
        }
    }
    return TF_OK;
}

tf_status
rp_locals(struct rp *rp, uint64_t seq, uint64_t frame, struct rp_vars *ret_vars,
          struct tf_err *err)
{
    struct view view;
    tf_status status = view_open(rp, seq, frame, &view, err);
    if (status != TF_OK) {
        return status;
    }
    struct rp_vars vars = {0};
    status = locals_of(&view, &vars, err);
    view_close(&view);
    if (status != TF_OK) {
        rp_vars_release(&vars);
        return status;
    }
    *ret_vars = vars;
    return TF_OK;
}

static tf_status
globals_value(const struct view *view, struct rp_value *ret_value, struct tf_err *err)
{
    const struct rp_cframe *frame = &view->chunk->frame[view->frame];
    if (frame->globals == RP_NONE) {
        *ret_value = (struct rp_value){0};
        return TF_OK;
    }
    return rp_chunk_value(view->chunk, frame->globals_keyframe, frame->globals,
                          ret_value, err);
}

tf_status
rp_globals(struct rp *rp, uint64_t seq, uint64_t frame, bool all,
           struct rp_vars *ret_vars, struct tf_err *err)
{
    struct view view;
    tf_status status = view_open(rp, seq, frame, &view, err);
    if (status != TF_OK) {
        return status;
    }
    struct rp_vars vars = {0};
    struct rp_value globals;
    size_t cap = 0;
    static const struct tf_text no_names[1];
    status = globals_value(&view, &globals, err);
    if (status == TF_OK) {
        const struct tf_text *names = view.code->global ? view.code->global : no_names;
        status = add_mapping(&view, &globals, &vars, &cap, all ? NULL : names,
                             view.code->global_count, err);
        rp_value_release(&globals);
    }
    view_close(&view);
    if (status != TF_OK) {
        rp_vars_release(&vars);
        return status;
    }
    *ret_vars = vars;
    return TF_OK;
}

/* --- One variable --- */

/* An entry of a namespace; unbound when there is none. */
static tf_status
entry_named(const struct view *view, const struct rp_value *mapping,
            struct tf_text name, struct rp_value *ret_value, struct tf_err *err)
{
    *ret_value = (struct rp_value){0};
    if (mapping->kind != TF_VAL_REF) {
        return TF_OK;
    }
    struct rp_object *object;
    tf_status status = rp_state_at(view->rp, mapping->ref, view->chunk->idx,
                                   view->place, &object, err);
    if (status != TF_OK) {
        return status;
    }
    struct rp_run run = rp_object_run(object);
    for (size_t i = 0; run.stride == 2 && i < run.count; i++) {
        const struct rp_value *key = &object->item[run.first + 2 * i];
        if (key->kind == TF_VAL_STR && rp_text_equal(rp_value_bytes(key), name)) {
            rp_value_release(ret_value);
            rp_value_copy(ret_value, key + 1);
        }
    }
    rp_object_release(object);
    return TF_OK;
}

static tf_status
find_variable(const struct view *view, struct tf_text name, struct rp_value *ret_value,
              struct tf_err *err)
{
    const struct tf_def_code *code = view->code;
    struct rp_value mapping = {0};
    tf_status status = TF_OK;
    *ret_value = (struct rp_value){0};
    for (uint32_t slot = 0; slot < code->slot_count && status == TF_OK; slot++) {
        if (code->slot_kind[slot] == TF_SLOT_MAPPING) {
            status = slot_of(view, slot, &mapping, err);
            if (status == TF_OK) {
                status = entry_named(view, &mapping, name, ret_value, err);
            }
            rp_value_release(&mapping);
        }
        else if (rp_text_equal(code->slot[slot], name)) {
            status = slot_of(view, slot, ret_value, err);
        }
        if (ret_value->kind != TF_VAL_UNBOUND) {
            return status;
        }
    }
    if (status == TF_OK) {
        status = globals_value(view, &mapping, err);
    }
    if (status == TF_OK) {
        status = entry_named(view, &mapping, name, ret_value, err);
        rp_value_release(&mapping);
    }
    return status;
}

tf_status
rp_variable(struct rp *rp, uint64_t seq, uint64_t frame, struct tf_text name,
            struct rp_value *ret_value, struct tf_err *err)
{
    struct view view;
    tf_status status = view_open(rp, seq, frame, &view, err);
    if (status != TF_OK) {
        return status;
    }
    struct rp_value value;
    status = find_variable(&view, name, &value, err);
    view_close(&view);
    if (status == TF_OK && value.kind == TF_VAL_UNBOUND) {
        return tf_err_set(err, TF_ERR_NOT_FOUND, -1, "name '%.*s' is not bound here",
                          (int)(name.len < 100 ? name.len : 100), name.data);
    }
    if (status == TF_OK) {
        *ret_value = value;
    }
    return status;
}

tf_status
rp_variable_in(struct rp *rp, struct rp_chunk *chunk, uint32_t frame, rp_place_no place,
               struct tf_text name, struct rp_value *ret_value, struct tf_err *err)
{
    struct view view = {rp, chunk, frame, place, rp_code(rp, chunk->frame[frame].code)};
    return find_variable(&view, name, ret_value, err);
}

static bool
names_global(const struct tf_def_code *code, struct tf_text name)
{
    for (uint32_t i = 0; i < code->global_count; i++) {
        if (rp_text_equal(code->global[i], name)) {
            return true;
        }
    }
    return false;
}

/* Whether it can ever have been a global of this module: it is one now, or some code of
 * the recording says the name. Without that each chunk would be searched in vain. */
static tf_status
global_exists(const struct view *view, const struct rp_value *globals,
              struct tf_text name, struct tf_err *err)
{
    struct rp_value value;
    tf_status status = entry_named(view, globals, name, &value, err);
    bool exists = status == TF_OK && value.kind != TF_VAL_UNBOUND;
    if (status != TF_OK) {
        return status;
    }
    rp_value_release(&value);
    for (uint32_t id = 1; !exists && id <= view->rp->facts.code_count; id++) {
        exists = names_global(rp_code(view->rp, id), name);
    }
    return exists ? TF_OK
                  : tf_err_set(err, TF_ERR_NOT_FOUND, -1,
                               "there is no variable '%.*s' here",
                               (int)(name.len < 100 ? name.len : 100), name.data);
}

/* Where a name's value is kept, bound or not. */
static tf_status
spot_of(const struct view *view, struct tf_text name, struct rp_spot *spot,
        struct tf_err *err)
{
    const struct tf_def_code *code = view->code;
    struct rp_value value = {0};
    tf_status status = TF_OK;
    for (uint32_t slot = 0; slot < code->slot_count && status == TF_OK; slot++) {
        unsigned kind = code->slot_kind[slot];
        if (kind != TF_SLOT_MAPPING
            && (!rp_text_equal(code->slot[slot], name)
                || other_slot_of_argument(code, slot) > slot)) {
            continue;
        }
        *spot = (struct rp_spot){.sort = RP_SPOT_SLOT, .slot = slot};
        status = rp_slot_value(view->rp, view->chunk, view->frame, slot, view->place,
                               &value, err);
        bool refers = status == TF_OK && value.kind == TF_VAL_REF;
        if (refers && kind != TF_SLOT_LOCAL) {
            spot->sort = kind == TF_SLOT_MAPPING ? RP_SPOT_ENTRY : RP_SPOT_CELL;
            spot->object = value.ref;
        }
        rp_value_release(&value);
        bool global = false; /* not bound in the class body, but in the module */
        if (status == TF_OK && kind == TF_SLOT_MAPPING) {
            struct rp_value bound;
            struct rp_value mapping = {.kind = refers ? TF_VAL_REF : TF_VAL_NONE,
                                       .ref = spot->object};
            status = entry_named(view, &mapping, name, &bound, err);
            if (status == TF_OK) {
                status = globals_value(view, &value, err);
            }
            bool module = status == TF_OK && rp_value_same(&value, &mapping);
            global = status == TF_OK && bound.kind == TF_VAL_UNBOUND
                     && (module || names_global(code, name));
            rp_value_release(&bound);
            rp_value_release(&value);
        }
        if (!global) {
            return status;
        }
    }
    if (status == TF_OK) {
        status = globals_value(view, &value, err);
    }
    if (status == TF_OK && value.kind != TF_VAL_REF) {
        status =
            tf_err_set(err, TF_ERR_NOT_FOUND, -1, "there is no variable '%.*s' here",
                       (int)(name.len < 100 ? name.len : 100), name.data);
    }
    if (status == TF_OK) {
        status = global_exists(view, &value, name, err);
    }
    *spot = (struct rp_spot){.sort = RP_SPOT_ENTRY, .object = value.ref};
    rp_value_release(&value);
    return status;
}

tf_status
rp_variable_spot(struct rp *rp, uint64_t seq, uint64_t frame, struct tf_text name,
                 struct rp_spot *ret_spot, struct tf_err *err)
{
    struct view view;
    struct rp_spot spot = {0};
    tf_status status = view_open(rp, seq, frame, &view, err);
    if (status == TF_OK) {
        status = spot_of(&view, name, &spot, err);
        view_close(&view);
    }
    if (status == TF_OK) {
        *ret_spot = spot;
    }
    return status;
}

/* --- The event's argument --- */

/* The last OP_ARG among changes [first, end). */
static tf_status
find_arg(struct rp_chunk *chunk, uint32_t first, uint32_t end, bool *ret_has,
         struct rp_value *ret_value, struct tf_err *err)
{
    const struct tf_ops *ops = &chunk->raw->changes;
    for (uint32_t i = end; i-- > first;) {
        if (ops->op[i].kind == TF_OP_ARG && ops->op[i].value_count) {
            *ret_has = true;
            return rp_chunk_value(chunk, false, ops->op[i].value_first, ret_value, err);
        }
    }
    *ret_has = false;
    return TF_OK;
}

/* Those changes of a chunk's first event that ended the chunk before it. */
static tf_status
find_arg_before(struct rp *rp, size_t idx, bool *ret_has, struct rp_value *ret_value,
                struct tf_err *err)
{
    struct rp_chunk *chunk;
    tf_status status = rp_chunk_get(rp, idx, &chunk, err);
    if (status == TF_OK) {
        const struct tf_chunk *raw = chunk->raw;
        uint32_t first = raw->event_count ? raw->op_end[raw->event_count - 1] : 0;
        status = find_arg(chunk, first, raw->changes.op_count, ret_has, ret_value, err);
        rp_chunk_put(rp, chunk);
    }
    return status;
}

tf_status
rp_event_arg(struct rp *rp, uint64_t seq, bool *ret_has, struct rp_value *ret_value,
             struct tf_err *err)
{
    struct rp_chunk *chunk;
    uint32_t event;
    tf_status status = rp_chunk_at(rp, seq, &chunk, &event, err);
    if (status != TF_OK) {
        return status;
    }
    bool has = false;
    struct rp_value value = {0};
    status = find_arg(chunk, event ? chunk->raw->op_end[event - 1] : 0,
                      chunk->raw->op_end[event], &has, &value, err);
    if (status == TF_OK && !has && event == 0 && chunk->idx > 0) {
        status = find_arg_before(rp, chunk->idx - 1, &has, &value, err);
    }
    rp_chunk_put(rp, chunk);
    if (status == TF_OK) {
        *ret_has = has;
        *ret_value = value;
    }
    return status;
}
