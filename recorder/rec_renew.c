#include "rec_renew.h"

static inline struct tf_rows *
rows(void)
{
    return &rec.batch->changes;
}

/* Whether a value can be told from what is kept of it: of texts there is a hash only. */
static bool
is_known(const struct rec_val *val)
{
    switch (val->kind) {
    case TF_VAL_NONE:
    case TF_VAL_FALSE:
    case TF_VAL_TRUE:
    case TF_VAL_ELLIPSIS:
    case TF_VAL_NOTIMPLEMENTED:
    case TF_VAL_INT:
    case TF_VAL_FLOAT: return true;
    case TF_VAL_REF: return rec_val_obj(val) != NULL && !rec_val_obj(val)->fresh;
    default: return false;
    }
}

static void
emit(const struct rec_val *val)
{
    double real;
    switch (val->kind) {
    case TF_VAL_INT: tf_rows_int(rows(), (int64_t)val->data); break;
    case TF_VAL_FLOAT:
        memcpy(&real, &val->data, sizeof real);
        tf_rows_float(rows(), real);
        break;
    case TF_VAL_REF: tf_rows_ref(rows(), rec_val_obj(val)->id); break;
    default: tf_rows_value(rows(), (enum tf_value_kind)val->kind); break;
    }
}

/* Values [first, end), all known. */
static void
emit_run(const struct rec_obj *obj, uint32_t first, uint32_t end)
{
    bool one = end - first == 1;
    if (first == end || !tf_rows_op(rows(), one ? TF_OP_ITEM_SET : TF_OP_ITEM_SPLICE)) {
        return;
    }
    tf_rows_u64(rows(), obj->id);
    tf_rows_u64(rows(), first);
    if (!one) {
        tf_rows_u64(rows(), end - first);
        tf_rows_u64(rows(), end - first);
    }
    for (uint32_t i = first; i < end; i++) {
        emit(&obj->val[i]);
    }
}

static void
emit_page(const struct rec_obj *obj, uint32_t first)
{
    uint32_t end = first + TF_PAGE_ITEMS;
    end = end < obj->item_count ? end : obj->item_count;
    while (first < end) {
        uint32_t stop = first;
        while (stop < end && is_known(&obj->val[stop])) {
            stop++;
        }
        emit_run(obj, first, stop);
        first = stop + 1; /* the one at `stop` is not known */
    }
}

void
rec_renew_item_slow(struct rec_obj *obj, uint32_t idx)
{
    if (rec.renew == NULL) {
        rec.renew = tf_renew_new();
    }
    if (rec.renew != NULL && tf_renew_item(rec.renew, obj->id, idx, rec.chunk)) {
        emit_page(obj, idx / TF_PAGE_ITEMS * TF_PAGE_ITEMS);
    }
}

void
rec_renew_image(const struct rec_obj *obj)
{
    if (rec.renew != NULL && obj->item_count >= TF_RENEW_ITEMS) {
        tf_renew_image(rec.renew, obj->id);
    }
}
