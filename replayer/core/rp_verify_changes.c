/* Whether a change fits what it is about: a slot that the function has, an index within the
 * object, a pair where there are pairs. */
#include <inttypes.h>
#include <stdlib.h>

#include "rp_verify.h"

#define LENGTHS (1u << 18)

bool
rp_verify_changes_begin(struct rp_verifier *verifier)
{
    verifier->length = calloc(LENGTHS, sizeof *verifier->length);
    return verifier->length != NULL;
}

void
rp_verify_changes_end(struct rp_verifier *verifier)
{
    free(verifier->length);
}

/* --- Lengths --- */

/* What the core says of the object before the change. */
static tf_status
ask_length(struct rp_verifier *verifier, uint64_t id, size_t idx, uint32_t op,
           struct rp_verify_length *ret, struct tf_err *err)
{
    struct rp_object *object;
    tf_status status = rp_state_open(verifier->rp, id, idx, op, &object, err);
    if (status != TF_OK) {
        return status;
    }
    *ret = (struct rp_verify_length){.id = id,
                                     .items = object->item_count,
                                     .attrs = object->attr_count,
                                     .unknown = object->note == TF_ELIDE_ITEMS};
    if (object->damaged && !ret->unknown) {
        ret->unknown = true;
        rp_verify_found(verifier, rp_verify_chunk_off(verifier, idx),
                        "chunk %zu changes object %" PRIu64
                        ", which nothing before it makes",
                        idx, id);
    }
    rp_object_release(object);
    return TF_OK;
}

static tf_status
length_of(struct rp_verifier *verifier, uint64_t id, size_t idx, uint32_t op,
          struct rp_verify_length **ret, struct tf_err *err)
{
    *ret = &verifier->length[id % LENGTHS];
    return (*ret)->id == id ? TF_OK : ask_length(verifier, id, idx, op, *ret, err);
}

/* --- Changes --- */

static void
does_not_fit(struct rp_verifier *verifier, size_t idx, const struct tf_op *op,
             struct rp_verify_length *length)
{
    length->unknown = true;
    rp_verify_found(verifier, rp_verify_chunk_off(verifier, idx),
                    "a change of object %" PRIu64
                    " in chunk %zu is not within the object: index %" PRIu64
                    " of %" PRIu64 " items and %" PRIu64 " names and values",
                    op->id, idx, op->index, length->items, length->attrs);
}

static bool
splice_fits(uint64_t *count, const struct tf_op *op)
{
    if (op->index > *count || op->count > *count - op->index) {
        return false;
    }
    *count += op->value_count - op->count;
    return true;
}

/* How many items an object of the category has (FORMAT.md, section 7). */
static bool
items_fit(unsigned category, uint32_t items)
{
    switch (category) {
    case TF_CAT_OPAQUE:
    case TF_CAT_INSTANCE: return items == 0;
    case TF_CAT_BYTEARRAY:
    case TF_CAT_CELL:
    case TF_CAT_INT:
    case TF_CAT_FLOAT:
    case TF_CAT_COMPLEX:
    case TF_CAT_STR:
    case TF_CAT_BYTES:
    case TF_CAT_DECIMAL:
    case TF_CAT_UUID:
    case TF_CAT_PATH:
    case TF_CAT_MAPPINGPROXY: return items == 1;
    case TF_CAT_BUILTIN:
    case TF_CAT_METHOD:
    case TF_CAT_MODULE:
    case TF_CAT_ENUM:
    case TF_CAT_TIMEZONE:
    case TF_CAT_PATTERN:
    case TF_CAT_GENERATOR:
    case TF_CAT_FLAG: return items == 2;
    case TF_CAT_RANGE:
    case TF_CAT_SLICE:
    case TF_CAT_PARTIAL:
    case TF_CAT_CLASS:
    case TF_CAT_DATE:
    case TF_CAT_TIMEDELTA: return items == 3;
    case TF_CAT_FUNCTION:
    case TF_CAT_EXCEPTION: return items == 5;
    case TF_CAT_TIME: return items == 6;
    case TF_CAT_DATETIME: return items == 9;
    case TF_CAT_DEQUE: return items >= 1;
    case TF_CAT_ARRAY:
    case TF_CAT_MEMORYVIEW: return items >= 2;
    case TF_CAT_DICT:
    case TF_CAT_DEFAULTDICT:
    case TF_CAT_ORDEREDDICT:
    case TF_CAT_COUNTER:
    case TF_CAT_NAMESPACE: return items % 2 == 0;
    default: return true;
    }
}

/* The object as a whole. One with a note is not whole. */
static void
check_image(struct rp_verifier *verifier, size_t idx, const struct tf_op *op,
            struct rp_verify_length *length)
{
    unsigned category = rp_type(verifier->rp, op->a)->category;
    uint32_t attrs = op->value_count - op->item_count;
    *length = (struct rp_verify_length){
        .id = op->id, .items = op->item_count, .attrs = attrs};
    if (attrs % 2 || (op->note == 0 && !items_fit(category, op->item_count))) {
        rp_verify_found(verifier, rp_verify_chunk_off(verifier, idx),
                        "object %" PRIu64 " in chunk %zu has %u items and %u names and "
                        "values, which no %s has",
                        op->id, idx, op->item_count, attrs, tf_category_name(category));
    }
}

static tf_status
check_object(struct rp_verifier *verifier, const struct tf_chunk *chunk, size_t idx,
             uint32_t i, struct tf_err *err)
{
    const struct tf_op *op = &chunk->changes.op[i];
    struct rp_verify_length *length;
    if (op->kind == TF_OP_NEW) {
        check_image(verifier, idx, op, &verifier->length[op->id % LENGTHS]);
        return TF_OK;
    }
    tf_status status = length_of(verifier, op->id, idx, i, &length, err);
    if (status != TF_OK) {
        return status;
    }
    if (op->kind == TF_OP_IMAGE) {
        check_image(verifier, idx, op, length);
        return TF_OK;
    }
    if (length->unknown) {
        return TF_OK;
    }
    bool fits = true;
    switch (op->kind) {
    case TF_OP_ITEM_SET: fits = op->index < length->items; break;
    case TF_OP_ATTR_SET: fits = op->index < length->attrs; break;
    case TF_OP_ITEM_SPLICE: fits = splice_fits(&length->items, op); break;
    case TF_OP_ATTR_SPLICE: fits = splice_fits(&length->attrs, op); break;
    default: break;
    }
    if (!fits) {
        does_not_fit(verifier, idx, op, length);
    }
    return TF_OK;
}

static void
check_slot(struct rp_verifier *verifier, size_t idx, const struct tf_op *op,
           uint32_t thread)
{
    const struct rp_follow_frame *frame = rp_follow_top(&verifier->follow, thread);
    const struct tf_def_code *code = frame ? rp_code(verifier->rp, frame->code) : NULL;
    if (!verifier->rp->facts.header->limits.values && !verifier->values_told) {
        verifier->values_told = true;
        rp_verify_found(
            verifier, rp_verify_chunk_off(verifier, idx),
            "chunk %zu sets variables, and by the header none were recorded", idx);
    }
    if (code && op->a >= code->slot_count) {
        rp_verify_found(verifier, rp_verify_chunk_off(verifier, idx),
                        "chunk %zu sets variable %u of frame %" PRIu64
                        ", whose function has %u",
                        idx, op->a, frame->id, code->slot_count);
    }
}

tf_status
rp_verify_change(struct rp_verifier *verifier, const struct tf_chunk *chunk, size_t idx,
                 uint32_t op, uint32_t thread, struct tf_err *err)
{
    const struct tf_op *change = &chunk->changes.op[op];
    if (change->kind == TF_OP_LOCAL) {
        check_slot(verifier, idx, change, thread);
        return TF_OK;
    }
    return rp_op_is_of_object(change->kind)
               ? check_object(verifier, chunk, idx, op, err)
               : TF_OK;
}
