/* A value and all that it holds, step by step. */
#include <stdlib.h>

#include "rp_text.h"

struct level {
    struct rp_object *object;
    size_t next, count; /* children */
    bool value_next;    /* the key of an entry was given, its value is next */
    bool cut;           /* by the caller's limit */
};

struct rp_walk {
    struct rp *rp;
    uint64_t seq;
    struct rp_limits limits;
    struct rp_value root;
    bool begun;
    bool closing; /* the top level was closed by the last step */
    struct level *level;
    size_t count, cap;
    struct rp_buf text, type;
    struct rp_again again;
};

tf_status
rp_walk_begin(struct rp *rp, const struct rp_value *value, uint64_t seq,
              const struct rp_limits *limits, struct rp_walk **ret_walk,
              struct tf_err *err)
{
    struct rp_walk *walk = calloc(1, sizeof *walk);
    if (!walk) {
        return rp_no_memory(err);
    }
    walk->rp = rp;
    walk->seq = seq;
    if (limits) {
        walk->limits = *limits;
    }
    rp_value_copy(&walk->root, value);
    *ret_walk = walk;
    return TF_OK;
}

void
rp_walk_free(struct rp_walk *walk)
{
    if (!walk) {
        return;
    }
    while (walk->count) {
        rp_object_release(walk->level[--walk->count].object);
    }
    free(walk->level);
    rp_value_release(&walk->root);
    rp_buf_release(&walk->text);
    rp_buf_release(&walk->type);
    rp_map_release(&walk->again.seen);
    free(walk);
}

/* Categories whose parts say nothing that their text does not: only attributes follow. */
static bool
is_text(const struct rp_object *object)
{
    switch (object->category) {
    case TF_CAT_BYTEARRAY:
    case TF_CAT_RANGE:
    case TF_CAT_FUNCTION:
    case TF_CAT_BUILTIN:
    case TF_CAT_MODULE:
    case TF_CAT_CLASS:
    case TF_CAT_ENUM:
    case TF_CAT_FLAG:
    case TF_CAT_DATE:
    case TF_CAT_TIME:
    case TF_CAT_DATETIME:
    case TF_CAT_TIMEDELTA:
    case TF_CAT_TIMEZONE:
    case TF_CAT_DECIMAL:
    case TF_CAT_UUID:
    case TF_CAT_PATH:
    case TF_CAT_PATTERN:
    case TF_CAT_GENERATOR:
    case TF_CAT_NAMESPACE: return true;
    default: return false;
    }
}

static const char *
elision(uint8_t reason)
{
    return reason == TF_ELIDE_NONE ? NULL : tf_elision_name(reason);
}

static tf_status
step_scalar(struct rp_walk *walk, const struct rp_value *value, struct rp_step *step,
            struct tf_err *err)
{
    rp_buf_clear(&walk->text);
    tf_status status = rp_value_text(walk->rp, value, walk->seq, &walk->limits,
                                     &walk->text, NULL, NULL, err);
    if (status != TF_OK) {
        return status;
    }
    step->sort = RP_STEP_SCALAR;
    step->text = (struct tf_text){walk->text.data, walk->text.len};
    switch (value->kind) {
    case TF_VAL_ELIDED: step->elided = elision(value->note); break;
    case RP_VAL_DAMAGED: step->elided = "unreadable"; break;
    case TF_VAL_STR_CUT:
    case TF_VAL_BYTES_CUT: step->elided = "length"; /* fall through */
    case TF_VAL_STR:
    case TF_VAL_BYTES:
        step->has_length = true;
        step->length = rp_text_length(value);
        break;
    case TF_VAL_BIGINT_CUT: step->elided = "length"; break;
    default: break;
    }
    return TF_OK;
}

static bool
is_open(const struct rp_walk *walk, const struct rp_object *object)
{
    for (size_t i = walk->count; i-- > 0;) {
        if (walk->level[i].object == object
            || (object->id && walk->level[i].object->id == object->id)) {
            return true;
        }
    }
    return false;
}

static tf_status
open_level(struct rp_walk *walk, struct rp_object *object, struct tf_err *err)
{
    if (walk->count == walk->cap) {
        size_t cap = walk->cap ? walk->cap * 2 : 16;
        struct level *level = realloc(walk->level, cap * sizeof *level);
        if (!level) {
            return rp_no_memory(err);
        }
        walk->level = level;
        walk->cap = cap;
    }
    size_t all = rp_object_child_count(object), count = all;
    if (walk->limits.items && count > walk->limits.items) {
        count = walk->limits.items;
    }
    size_t attrs = object->attr_count / 2;
    walk->level[walk->count++] =
        (struct level){.object = object,
                       .next = is_text(object) ? all - attrs : 0,
                       .count = is_text(object) ? all : count,
                       .cut = count < all};
    return TF_OK;
}

static tf_status
step_object(struct rp_walk *walk, struct rp_object *object, struct rp_step *step,
            struct tf_err *err)
{
    step->object = object;
    step->entries = rp_object_run(object).stride == 2;
    step->has_length = rp_object_length(object, &step->length);
    step->elided = object->damaged ? "unreadable" : elision(object->note);
    if (!step->elided && (object->more || rp_has_gap(object))) {
        step->elided = tf_elision_name(TF_ELIDE_ITEMS);
    }
    if (is_open(walk, object)) {
        step->sort = RP_STEP_AGAIN;
        return TF_OK;
    }
    size_t depth = walk->limits.depth && walk->limits.depth < RP_TEXT_DEPTH
                       ? walk->limits.depth
                       : RP_TEXT_DEPTH;
    bool enough = rp_again_enough(&walk->again, object);
    if (walk->count >= depth || enough) {
        step->sort = RP_STEP_SCALAR;
        step->elided = tf_elision_name(enough ? TF_ELIDE_BUDGET : TF_ELIDE_DEPTH);
        step->text = (struct tf_text){"...", 3};
        return TF_OK;
    }
    step->sort = RP_STEP_OPEN;
    if (is_text(object)) {
        rp_buf_clear(&walk->text);
        tf_status status = rp_value_text(walk->rp, step->value, walk->seq,
                                         &walk->limits, &walk->text, NULL, NULL, err);
        if (status != TF_OK) {
            return status;
        }
        step->text = (struct tf_text){walk->text.data, walk->text.len};
    }
    rp_object_ref(object);
    tf_status status = open_level(walk, object, err);
    if (status != TF_OK) {
        rp_object_release(object);
    }
    return status;
}

static tf_status
step_value(struct rp_walk *walk, const struct rp_value *value, struct rp_step *step,
           struct tf_err *err)
{
    step->value = value;
    rp_buf_clear(&walk->type);
    tf_status status = rp_value_type_name(walk->rp, value, walk->seq, &walk->type, err);
    if (status != TF_OK) {
        return status;
    }
    step->type = (struct tf_text){walk->type.data, walk->type.len};
    if (value->kind != TF_VAL_REF) {
        return step_scalar(walk, value, step, err);
    }
    struct rp_object *object;
    status = rp_object_at(walk->rp, value, walk->seq, &object, err);
    if (status == TF_OK) {
        status = step_object(walk, object, step, err);
        /* While it is open the level holds it, while it is open again a lower one; else
         * nothing needs it. */
        if (step->sort == RP_STEP_SCALAR) {
            step->object = NULL;
        }
        rp_object_release(object);
    }
    return status;
}

static const struct rp_value *
child_of(struct level *level, struct rp_step *step)
{
    struct rp_child child;
    rp_object_child(level->object, level->next, &child);
    step->index = child.index;
    step->name = child.name;
    switch (child.sort) {
    case RP_CHILD_ENTRY:
        if (!level->value_next) {
            level->value_next = true;
            step->role = RP_ROLE_KEY;
            return child.key;
        }
        level->value_next = false;
        step->role = RP_ROLE_VALUE;
        break;
    case RP_CHILD_PART:
    case RP_CHILD_ATTR: step->role = RP_ROLE_ATTR; break;
    default: step->role = RP_ROLE_ITEM; break;
    }
    level->next++;
    return child.value;
}

tf_status
rp_walk_next(struct rp_walk *walk, struct rp_step *ret_step, struct tf_err *err)
{
    struct rp_step step = {.role = RP_ROLE_ROOT};
    if (walk->closing) {
        walk->closing = false;
        rp_object_release(walk->level[--walk->count].object);
    }
    const struct rp_value *value = &walk->root;
    if (walk->begun && walk->count == 0) {
        return tf_err_set(err, TF_ERR_NOT_FOUND, -1, "the walk is at its end");
    }
    if (walk->begun) {
        struct level *level = &walk->level[walk->count - 1];
        if (level->next >= level->count) {
            walk->closing = true;
            *ret_step = (struct rp_step){.sort = RP_STEP_CLOSE,
                                         .object = level->object,
                                         .elided = level->cut ? "items" : NULL};
            return TF_OK;
        }
        value = child_of(level, &step);
    }
    walk->begun = true;
    tf_status status = step_value(walk, value, &step, err);
    if (status == TF_OK) {
        *ret_step = step;
    }
    return status;
}
