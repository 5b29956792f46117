/* Changes applied to an object's state. A change that does not fit (an index past the
 * end) marks the state as damaged and does as much as makes sense. */
#include "rp_object.h"

#include <stdlib.h>
#include <string.h>

struct rp_state *
rp_state_new(void)
{
    struct rp_state *state = calloc(1, sizeof *state);
    if (state) {
        state->refs = 1;
    }
    return state;
}

static void
drop_values(struct rp_state *state, struct rp_value *value, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        state->text_bytes -= rp_value_bytes(&value[i]).len;
        rp_value_release(&value[i]);
    }
}

void
rp_state_drop_items(struct rp_state *state)
{
    size_t end;
    if (!state->object.partial) {
        drop_values(state, state->object.item, state->object.item_count);
        return;
    }
    for (size_t idx = 0; rp_part_run(state, &idx, &end); idx = end) {
        drop_values(state, state->object.item + idx, end - idx);
    }
}

void
rp_state_unref(struct rp_state *state)
{
    if (state && --state->refs == 0) {
        rp_state_drop_items(state);
        drop_values(state, state->object.attr, state->object.attr_count);
        free(state->object.item);
        free(state->object.attr);
        free(state->page);
        free(state);
    }
}

void
rp_object_ref(struct rp_object *object)
{
    ((struct rp_state *)object)->refs++;
}

void
rp_object_release(struct rp_object *object)
{
    rp_state_unref((struct rp_state *)object);
}

struct sequence { /* the items or the attributes */
    struct rp_value **value;
    size_t *count, *cap;
};

static bool
reserve(const struct sequence *sequence, size_t more)
{
    size_t need = *sequence->count + more;
    if (need <= *sequence->cap) {
        return true;
    }
    size_t cap = *sequence->cap ? *sequence->cap : 4;
    while (cap < need) {
        cap *= 2;
    }
    struct rp_value *value = realloc(*sequence->value, cap * sizeof *value);
    if (!value) {
        return false;
    }
    *sequence->value = value;
    *sequence->cap = cap;
    return true;
}

struct source { /* where values come from */
    const struct tf_ops *ops;
    struct rp_str **text;
    uint32_t first, count;
};

/* Takes `removed` values away at `at` and puts those of `source` in. */
static tf_status
splice(struct rp_state *state, const struct sequence *sequence, uint64_t at,
       uint64_t removed, const struct source *source, struct tf_err *err)
{
    size_t count = *sequence->count;
    if (at > count || removed > count - at) {
        state->object.damaged = true;
        at = at > count ? count : at;
        removed = removed > count - at ? count - at : removed;
    }
    size_t added = source->count;
    if (count - removed + added > RP_OBJECT_VALUES) {
        state->object.note = TF_ELIDE_ITEMS;
        state->object.more += added;
        added = 0;
    }
    if (!reserve(sequence, added)) {
        return rp_no_memory(err);
    }
    struct rp_value *value = *sequence->value;
    if (removed) {
        drop_values(state, value + at, removed);
    }
    if (count - at - removed) {
        memmove(value + at + added, value + at + removed,
                (count - at - removed) * sizeof *value);
    }
    *sequence->count = count - removed + added;
    if (state->object.partial && sequence->value == &state->object.item) {
        if (!rp_part_reserve(state)) {
            return rp_no_memory(err);
        }
        bool moved = added != removed && at + removed < count;
        rp_part_mark(state, at, moved ? *sequence->count : at + added);
    }
    if (added) {
        memset(value + at, 0, added * sizeof *value);
    }
    for (size_t i = 0; i < added; i++) {
        tf_status status =
            rp_ops_value(source->ops, source->text, source->first + (uint32_t)i,
                         &value[at + i], err);
        if (status != TF_OK) {
            return status;
        }
        state->text_bytes += rp_value_bytes(&value[at + i]).len;
    }
    return TF_OK;
}

static tf_status
set(struct rp_state *state, const struct sequence *sequence,
    const struct source *source, uint64_t at, struct tf_err *err)
{
    if (at >= *sequence->count) {
        state->object.damaged = true;
        return TF_OK;
    }
    struct rp_value *value = *sequence->value + at;
    if (state->object.partial && sequence->value == &state->object.item) {
        rp_part_mark(state, at, at + 1);
    }
    drop_values(state, value, 1);
    tf_status status =
        rp_ops_value(source->ops, source->text, source->first, value, err);
    state->text_bytes += rp_value_bytes(value).len;
    return status;
}

static tf_status
image(struct rp *rp, struct rp_state *state, const struct sequence *items,
      const struct sequence *attrs, const struct source *source, const struct tf_op *op,
      struct tf_err *err)
{
    struct source first = *source, second = *source;
    first.count = op->item_count < op->value_count ? op->item_count : op->value_count;
    second.first += first.count;
    second.count -= first.count;
    state->object.type = rp_type(rp, op->a);
    state->object.category = (uint8_t)(state->object.type->category < TF_CAT_COUNT
                                           ? state->object.type->category
                                           : TF_CAT_OPAQUE);
    state->object.note = op->note < TF_ELIDE_COUNT ? op->note : TF_ELIDE_OPAQUE;
    state->object.more = op->count;
    state->object.damaged = false;
    tf_status status = splice(state, items, 0, *items->count, &first, err);
    return status == TF_OK ? splice(state, attrs, 0, *attrs->count, &second, err)
                           : status;
}

tf_status
rp_state_apply(struct rp *rp, struct rp_state *state, const struct tf_ops *ops,
               struct rp_str **text, const struct tf_op *op, struct tf_err *err)
{
    struct rp_object *object = &state->object;
    struct sequence items = {&object->item, &object->item_count, &state->item_cap};
    struct sequence attrs = {&object->attr, &object->attr_count, &state->attr_cap};
    struct source source = {ops, text, op->value_first, op->value_count};
    switch (op->kind) {
    case TF_OP_NEW:
    case TF_OP_IMAGE: return image(rp, state, &items, &attrs, &source, op, err);
    case TF_OP_ITEM_SET: return set(state, &items, &source, op->index, err);
    case TF_OP_ATTR_SET: return set(state, &attrs, &source, op->index, err);
    case TF_OP_ITEM_SPLICE:
        return splice(state, &items, op->index, op->count, &source, err);
    case TF_OP_ATTR_SPLICE:
        return splice(state, &attrs, op->index, op->count, &source, err);
    case TF_OP_MORE: object->more = op->count; return TF_OK;
    default: return TF_OK;
    }
}

struct rp_object *
rp_object_make(const struct tf_def_type *type, enum tf_category category,
               size_t item_cap)
{
    struct rp_state *state = rp_state_new();
    if (!state) {
        return NULL;
    }
    state->object.type = type;
    state->object.category = (uint8_t)category;
    struct sequence items = {&state->object.item, &state->object.item_count,
                             &state->item_cap};
    if (item_cap && !reserve(&items, item_cap)) {
        rp_state_unref(state);
        return NULL;
    }
    return &state->object;
}

bool
rp_object_add_item(struct rp_object *object, struct rp_value *value)
{
    struct rp_state *state = (struct rp_state *)object;
    struct sequence items = {&object->item, &object->item_count, &state->item_cap};
    if (object->item_count >= RP_OBJECT_VALUES || !reserve(&items, 1)) {
        rp_value_release(value);
        return false;
    }
    state->text_bytes += rp_value_bytes(value).len;
    object->item[object->item_count++] = *value;
    *value = (struct rp_value){0};
    return true;
}
