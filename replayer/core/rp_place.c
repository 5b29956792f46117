/* Places that can be written, from expressions. */
#include "rp_place.h"

#include <stdlib.h>

#include "rp_eval.h"

void
rp_place_free(struct rp_place *place)
{
    if (place) {
        rp_value_release(&place->key);
        free(place);
    }
}

/* Keys are found as they were when the place was made: by kind and content. */
static const struct rp_value *
pair_in(const struct rp_value *pair, size_t count, size_t first,
        const struct rp_value *key, size_t *ret_idx)
{
    for (size_t i = first; i + 1 < count; i += 2) {
        if (rp_value_same(&pair[i], key)) {
            *ret_idx = i + 1;
            return &pair[i + 1];
        }
    }
    return NULL;
}

const struct rp_value *
rp_place_in(const struct rp_place *place, const struct rp_object *object,
            size_t *ret_idx)
{
    const struct rp_value *found = NULL;
    *ret_idx = SIZE_MAX;
    switch (place->sort) {
    case RP_PLACE_ITEM:
        if (place->index < object->item_count) {
            *ret_idx = place->index;
            found = &object->item[place->index];
        }
        break;
    case RP_PLACE_ENTRY:
        if (rp_category_is_dict(object->category)) {
            found = pair_in(object->item, object->item_count,
                            rp_object_run(object).first, &place->key, ret_idx);
        }
        break;
    case RP_PLACE_ATTR:
        found = pair_in(object->attr, object->attr_count, 0, &place->key, ret_idx);
        break;
    default: break;
    }
    return found && found->kind != TF_VAL_UNBOUND ? found : NULL;
}

static bool
key_stands_at(const struct rp_place *place, const struct rp_object *object, size_t idx)
{
    return idx > 0 && idx < object->item_count && idx % 2 == 1
           && rp_value_same(&object->item[idx - 1], &place->key);
}

struct rp_key
rp_place_key(const struct rp_place *place, const struct rp_object *object)
{
    return (struct rp_key){place->id, &place->key, rp_object_run(object).first};
}

/* Where the entry stands in a large dict, without all its keys. *ret_known false: they are
 * needed. */
static tf_status
follow_key(struct rp *rp, const struct rp_place *place, struct rp_object *object,
           bool *ret_known, size_t *ret_idx, struct tf_err *err)
{
    const struct rp_state *state = (const struct rp_state *)object;
    const struct rp_key key = rp_place_key(place, object);
    tf_status status = rp_key_at(rp, &key, state->valid_chunk, state->valid_first,
                                 ret_known, ret_idx, err);
    if (status != TF_OK || !*ret_known || *ret_idx == SIZE_MAX) {
        return status;
    }
    status = rp_object_load(rp, object, *ret_idx - 1, *ret_idx + 1, err);
    *ret_known = key_stands_at(place, object, *ret_idx);
    return status;
}

tf_status
rp_place_find(struct rp *rp, const struct rp_place *place, struct rp_object *object,
              size_t hint, const struct rp_value **ret_found, size_t *ret_idx,
              struct tf_err *err)
{
    tf_status status = TF_OK;
    if (object->partial && place->sort == RP_PLACE_ITEM) {
        status = rp_object_load(rp, object, place->index, place->index + 1, err);
    }
    else if (object->partial && place->sort == RP_PLACE_ENTRY) {
        hint = hint != SIZE_MAX ? hint : (size_t)place->index;
        if (hint > 0) {
            status = rp_object_load(rp, object, hint - 1, hint + 1, err);
        }
        if (status == TF_OK && key_stands_at(place, object, hint)) {
            *ret_idx = hint;
            *ret_found = &object->item[hint];
            return TF_OK;
        }
        bool known = false;
        if (status == TF_OK) {
            status = follow_key(rp, place, object, &known, ret_idx, err);
        }
        if (status == TF_OK && known) {
            *ret_found = *ret_idx != SIZE_MAX ? &object->item[*ret_idx] : NULL;
            return TF_OK;
        }
        if (status == TF_OK) {
            status = rp_object_load_keys(rp, object, err);
        }
        if (status == TF_OK && rp_place_in(place, object, ret_idx) == NULL
            && *ret_idx != SIZE_MAX) {
            status = rp_object_load(rp, object, *ret_idx, *ret_idx + 1, err);
        }
    }
    if (status == TF_OK) {
        *ret_found = rp_place_in(place, object, ret_idx);
    }
    return status;
}

/* --- Making one --- */

struct maker {
    struct rp *rp;
    uint64_t seq, frame;
    struct rp_expr *expr;
    struct rp_place *place;
    struct tf_err *err;
};

static tf_status
eval_at(const struct maker *maker, uint32_t root, struct rp_value *ret_value)
{
    struct rp_expr part = *maker->expr;
    part.root = root;
    return rp_expr_eval(maker->rp, &part, maker->seq, maker->frame, ret_value, NULL,
                        maker->err);
}

static tf_status
make_name(const struct maker *maker, const struct rp_node *node)
{
    struct rp_spot spot;
    struct rp_place *place = maker->place;
    tf_status status = rp_variable_spot(maker->rp, maker->seq, maker->frame, node->text,
                                        &spot, maker->err);
    if (status != TF_OK) {
        return status;
    }
    place->id = spot.sort == RP_SPOT_SLOT ? maker->frame : spot.object;
    place->slot = spot.slot;
    place->sort = spot.sort == RP_SPOT_SLOT   ? RP_PLACE_SLOT
                  : spot.sort == RP_SPOT_CELL ? RP_PLACE_ITEM
                                              : RP_PLACE_ENTRY;
    return rp_value_set_text(&place->key, TF_VAL_STR, node->text.data, node->text.len)
               ? TF_OK
               : rp_no_memory(maker->err);
}

static tf_status
no_place(const struct maker *maker, const char *why)
{
    return tf_err_set(maker->err, TF_ERR_ARGUMENT, -1, "%s", why);
}

static tf_status
make_attr(const struct maker *maker, const struct rp_object *object,
          const struct rp_node *node)
{
    struct rp_place *place = maker->place;
    struct rp_child child;
    place->sort = RP_PLACE_ATTR;
    for (size_t i = 0; rp_object_child(object, i, &child); i++) {
        if (child.sort == RP_CHILD_PART && rp_text_equal(child.name, node->text)
            && !rp_object_attr(object, node->text)) {
            place->sort = RP_PLACE_ITEM;
            place->index = (size_t)(child.value - object->item);
        }
    }
    return rp_value_set_text(&place->key, TF_VAL_STR, node->text.data, node->text.len)
               ? TF_OK
               : rp_no_memory(maker->err);
}

static tf_status
make_element(const struct maker *maker, struct rp_object *object,
             const struct rp_node *node)
{
    struct rp_place *place = maker->place;
    tf_status status = eval_at(maker, node->b, &place->key);
    if (status != TF_OK) {
        return status;
    }
    if (rp_category_is_dict(object->category)) {
        /* The key as it stands in the dict: 1 finds True. */
        struct rp_eval eval = {.rp = maker->rp,
                               .seq = maker->seq,
                               .frame = maker->frame,
                               .err = maker->err,
                               .status = TF_OK};
        size_t found;
        place->sort = RP_PLACE_ENTRY;
        if (rp_eval_find_key(&eval, object, &place->key, &found) && found != SIZE_MAX) {
            rp_value_release(&place->key);
            rp_value_copy(&place->key, &object->item[found - 1]);
            place->index = found;
        }
        return TF_OK;
    }
    struct rp_run run = rp_object_run(object);
    struct rp_number index;
    bool sequence = object->category == TF_CAT_LIST || object->category == TF_CAT_DEQUE
                    || object->category == TF_CAT_TUPLE
                    || object->category == TF_CAT_NAMEDTUPLE;
    if (!sequence || !rp_number_of(&place->key, &index) || index.is_float) {
        return no_place(maker, "only elements of lists and dicts can be watched");
    }
    int64_t at = index.integer + (index.integer < 0 ? (int64_t)run.count : 0);
    if (at < 0) {
        return no_place(maker, "the index is out of range");
    }
    place->sort = RP_PLACE_ITEM;
    place->index = run.first + (size_t)at;
    return TF_OK;
}

static tf_status
make_part(const struct maker *maker, const struct rp_node *node)
{
    struct rp_value value;
    struct rp_object *object;
    tf_status status = eval_at(maker, node->a, &value);
    if (status != TF_OK) {
        return status;
    }
    if (value.kind != TF_VAL_REF || value.object) {
        rp_value_release(&value);
        return no_place(maker, "the value is no recorded object");
    }
    status = rp_object_open(maker->rp, &value, maker->seq, &object, maker->err);
    if (status == TF_OK) {
        maker->place->id = value.ref;
        status = node->kind == RP_NODE_ATTR ? make_attr(maker, object, node)
                                            : make_element(maker, object, node);
        rp_object_release(object);
    }
    rp_value_release(&value);
    return status;
}

tf_status
rp_place_parse(struct rp *rp, const char *text, uint64_t seq, uint64_t frame,
               struct rp_place **ret_place, struct tf_err *err)
{
    struct rp_expr *expr;
    tf_status status = rp_expr_parse(text, __builtin_strlen(text), &expr, NULL, err);
    if (status != TF_OK) {
        return status;
    }
    struct maker maker = {rp, seq, frame, expr, calloc(1, sizeof(struct rp_place)),
                          err};
    const struct rp_node *node = &expr->node[expr->root];
    bool slice =
        node->kind == RP_NODE_INDEX && expr->node[node->b].kind == RP_NODE_SLICE;
    if (!maker.place) {
        status = rp_no_memory(err);
    }
    else if (node->kind == RP_NODE_NAME) {
        status = make_name(&maker, node);
    }
    else if ((node->kind == RP_NODE_ATTR || node->kind == RP_NODE_INDEX) && !slice) {
        status = make_part(&maker, node);
    }
    else {
        status =
            no_place(&maker, "a variable, an attribute or an element expected, such as "
                             "x, self.total, d[\"k\"], items[3]");
    }
    rp_expr_free(expr);
    if (status != TF_OK) {
        rp_place_free(maker.place);
        return status;
    }
    *ret_place = maker.place;
    return TF_OK;
}
