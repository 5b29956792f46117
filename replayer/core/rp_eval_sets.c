/* | & - ^ of sets, and of the views of dicts. */
#include "rp_eval.h"

static bool
add_if(struct rp_eval *eval, struct rp_maker *result, const struct rp_object *from,
       struct rp_maker *other, bool wanted)
{
    for (size_t i = 0; i < from->item_count; i++) {
        struct rp_value item;
        bool has;
        if (!rp_maker_has(eval, other, &from->item[i], &has)) {
            return false;
        }
        if (has != wanted) {
            continue;
        }
        rp_value_copy(&item, &from->item[i]);
        if (!rp_maker_put(eval, result, &item, NULL)) {
            return false;
        }
    }
    return true;
}

static bool
combine(struct rp_eval *eval, enum rp_op op, const struct rp_object *a,
        struct rp_maker *left, const struct rp_value *b, struct rp_maker *result)
{
    struct rp_maker right = {0};
    bool fine =
        rp_maker_begin(eval, TF_CAT_SET, &right) && rp_maker_update(eval, &right, b);
    if (fine && op == RP_OP_OR) {
        struct rp_value self = {.kind = TF_VAL_REF, .object = left->object};
        struct rp_value other = {.kind = TF_VAL_REF, .object = right.object};
        fine = rp_maker_update(eval, result, &self)
               && rp_maker_update(eval, result, &other);
    }
    else if (fine && op == RP_OP_AND) {
        bool swap = right.object->item_count > a->item_count;
        fine = swap ? add_if(eval, result, a, &right, true)
                    : add_if(eval, result, right.object, left, true);
    }
    else if (fine) {
        fine = add_if(eval, result, a, &right, false)
               && (op != RP_OP_XOR || add_if(eval, result, right.object, left, false));
    }
    rp_maker_release(&right);
    return fine;
}

bool
rp_eval_set_with(struct rp_eval *eval, enum rp_op op, const struct rp_object *a,
                 const struct rp_value *b, struct rp_value *ret_value)
{
    struct rp_maker left = {0}, result = {0};
    struct rp_value self = {.kind = TF_VAL_REF, .ref = a->id, .object = NULL};
    enum tf_category category =
        a->category == TF_CAT_FROZENSET ? TF_CAT_FROZENSET : TF_CAT_SET;
    self.object = (struct rp_object *)(uintptr_t)a;
    bool fine = rp_maker_begin(eval, TF_CAT_SET, &left)
                && rp_maker_begin(eval, category, &result)
                && rp_maker_update(eval, &left, &self)
                && combine(eval, op, a, &left, b, &result)
                && rp_maker_end(eval, &result, ret_value);
    rp_maker_release(&left);
    rp_maker_release(&result);
    return fine;
}

bool
rp_eval_set_op(struct rp_eval *eval, enum rp_op op, const struct rp_value *a,
               const struct rp_value *b, bool *ret_done, struct rp_value *ret_value)
{
    struct rp_object *x = NULL, *y = NULL;
    *ret_done = false;
    bool fits = op == RP_OP_OR || op == RP_OP_AND || op == RP_OP_XOR || op == RP_OP_SUB;
    if (!fits || (a->kind != TF_VAL_REF && b->kind != TF_VAL_REF)) {
        return true;
    }
    bool fine = (a->kind != TF_VAL_REF || rp_eval_object(eval, a, &x))
                && (b->kind != TF_VAL_REF || rp_eval_object(eval, b, &y));
    enum rp_view view = x ? rp_view_of(x) : RP_VIEW_NONE;
    bool sets = x && y && rp_is_set(x) && rp_is_set(y);
    bool views = view == RP_VIEW_KEYS || view == RP_VIEW_ITEMS;
    enum rp_view other = y ? rp_view_of(y) : RP_VIEW_NONE;
    bool set_view = other == RP_VIEW_KEYS || other == RP_VIEW_ITEMS;
    bool dicts = x && y && op == RP_OP_OR && rp_category_is_dict(x->category)
                 && rp_category_is_dict(y->category) && x->category != TF_CAT_COUNTER
                 && y->category != TF_CAT_COUNTER;
    if (fine && (sets || views || set_view)) {
        *ret_done = true;
        struct rp_object *list = NULL;
        bool own = sets || views;
        fine = (!x || rp_eval_whole(eval, x)) && (!y || rp_eval_whole(eval, y))
               && (own || rp_eval_list_of(eval, a, &list))
               && rp_eval_set_with(eval, op, own ? x : list, b, ret_value);
        rp_object_release(list);
    }
    else if (fine && dicts && eval->rp->facts.header->python_hex >= 0x03090000
             && x->category == TF_CAT_DICT && y->category == TF_CAT_DICT) {
        struct rp_maker maker = {0};
        *ret_done = true;
        fine = rp_maker_begin(eval, TF_CAT_DICT, &maker)
               && rp_maker_merge(eval, &maker, x) && rp_maker_merge(eval, &maker, y)
               && rp_maker_end(eval, &maker, ret_value);
        rp_maker_release(&maker);
    }
    else if (fine && dicts) {
        *ret_done = true;
        fine =
            rp_eval_needs_code(eval, "an operator", x->category == TF_CAT_DICT ? y : x);
    }
    rp_object_release(x);
    rp_object_release(y);
    return fine;
}
