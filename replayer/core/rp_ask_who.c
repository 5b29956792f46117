/* What refers to an object at a moment.
 *
 * Whatever refers to it was given the reference by a recorded change, after the object was
 * made. So the changes from now back to its making are gone through for that reference;
 * each object that was given it is looked at as it is now. Variables of frames on the
 * stacks are simply read.
 *
 * An object that still holds it may itself be garbage: nothing says when an object dies.
 * So for those that are no variable the same question is asked about them in turn, until
 * a variable, a module or a class is found, a few rounds at most. */
#include "rp_ask_who.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS_MAX 6u
#define NODES_MAX  50000u /* holders of holders that are asked about */

#define ALL_PLACES SIZE_MAX

static bool
grow(void **array, uint32_t *cap, uint32_t count, size_t size)
{
    if (count < *cap) {
        return true;
    }
    uint32_t more = *cap ? *cap * 2 : 64;
    void *bigger = realloc(*array, more * size);
    if (bigger) {
        *array = bigger;
        *cap = more;
    }
    return bigger != NULL;
}

uint32_t
rp_who_node(struct who_job *job, uint64_t id)
{
    uint32_t idx = rp_map_get(&job->by_id, id);
    if (idx != RP_NONE) {
        return idx;
    }
    if (!grow((void **)&job->node, &job->node_cap, job->node_count, sizeof *job->node)
        || !rp_map_put(&job->by_id, id, job->node_count)) {
        return RP_NONE;
    }
    struct who_node *node = &job->node[job->node_count];
    *node = (struct who_node){.id = id, .edges = RP_NONE};
    if (!tf_reader_chunk_of_object(job->rp->reader, id, &node->chunk)) {
        node->chunk = 0;
    }
    return job->node_count++;
}

/* --- Words --- */

void
rp_who_reach(struct who_job *job, uint32_t idx, const char *path, uint64_t frame,
             uint32_t code)
{
    struct who_node *node = &job->node[idx];
    if (node->reach != REACH_YES) {
        node->reach = REACH_YES;
        node->frame = frame;
        node->code = code;
        bool words = path && strlen(path) < RP_WHO_WORDS;
        node->path = words ? strdup(path) : NULL;
        job->no_memory |= words && !node->path;
    }
}

/* Appends `[3]`, `["k"]`, `.name`; false: there are no words for it. */
static bool
add_step(struct who_job *job, const struct rp_holder *at, struct rp_buf *path)
{
    const struct rp_limits limits = {.chars = 80};
    switch (at->sort) {
    case RP_AT_ITEM:
        rp_buf_addf(path, "[%llu]", (unsigned long long)at->index);
        return at->type->category == TF_CAT_LIST || at->type->category == TF_CAT_TUPLE
               || at->type->category == TF_CAT_NAMEDTUPLE
               || at->type->category == TF_CAT_DEQUE;
    case RP_AT_ENTRY:
        if (!at->key || at->key->kind == TF_VAL_REF) {
            return false;
        }
        rp_buf_add_string(path, "[");
        rp_value_text(job->rp, at->key, job->seq, &limits, path, NULL, NULL, NULL);
        rp_buf_add_string(path, "]");
        return true;
    case RP_AT_ATTR:
        rp_buf_add_string(path, ".");
        rp_buf_add_text(path, at->name);
        return true;
    case RP_AT_GLOBAL: rp_buf_add_text(path, at->name); return true;
    case RP_AT_CELL: return true;
    default: return false;
    }
}

/* How one gets to what a holder holds; "" when there are no words for it. */
static void
path_to(struct who_job *job, const struct who_node *holder, const struct rp_holder *at,
        struct rp_buf *path)
{
    bool global = at->sort == RP_AT_GLOBAL;
    rp_buf_clear(path);
    if (holder->path && !global) {
        rp_buf_add_string(path, holder->path);
    }
    bool words = (holder->path || global) && add_step(job, at, path);
    job->no_memory |= path->failed;
    if (!words) {
        rp_buf_clear(path);
    }
}

/* --- Objects that hold it --- */

/* What lives as long as the program, as far as one can tell. */
static bool
is_lasting(unsigned category)
{
    return category == TF_CAT_NAMESPACE || category == TF_CAT_CLASS
           || category == TF_CAT_MODULE;
}

static void
reach_lasting(struct who_job *job, uint32_t idx, const struct rp_object *object)
{
    char name[RP_WHO_WORDS];
    if (object->category == TF_CAT_CLASS && object->item_count > 1
        && object->item[1].kind == TF_VAL_STR) {
        struct tf_text text = rp_value_bytes(&object->item[1]);
        snprintf(name, sizeof name, "%.*s", (int)(text.len < 200 ? text.len : 200),
                 text.data);
        rp_who_reach(job, idx, name, 0, 0);
    }
    else if (is_lasting(object->category)) {
        rp_who_reach(job, idx, NULL, 0, 0);
    }
}

typedef tf_status (*place_fn)(struct who_job *job, const struct rp_holder *at,
                              void *ctx, struct tf_err *err);

/* Calls `fn` for the places of the holder that have `held`: all of them, or one item. */
static tf_status
each_place(struct who_job *job, const struct rp_object *object, uint64_t held,
           size_t item, place_fn fn, void *ctx, struct tf_err *err)
{
    tf_status status = TF_OK;
    size_t first = item == ALL_PLACES ? 0 : item;
    size_t end =
        item == ALL_PLACES ? object->item_count + object->attr_count : item + 1;
    for (size_t i = first; i < end && status == TF_OK && !job->stopped; i++) {
        bool attr = i >= object->item_count;
        size_t index = attr ? i - object->item_count : i;
        const struct rp_value *value =
            attr ? &object->attr[index] : &object->item[index];
        if (value->kind != TF_VAL_REF || value->ref != held) {
            continue;
        }
        struct rp_holder at = {
            .object = object->id, .type = object->type, .code = rp_code(job->rp, 0)};
        if (attr) {
            rp_attr_spot(object, index, &at);
        }
        else {
            rp_item_spot(object, index, &at);
        }
        status = fn(job, &at, ctx, err);
    }
    return status;
}

/* The state now; of a large container, unless all of it is wanted, only the item and what
 * stands before it (its key). */
static tf_status
state_now(struct who_job *job, uint64_t id, size_t item, struct rp_object **ret_object,
          struct tf_err *err)
{
    struct rp_object *object;
    tf_status status =
        rp_state_open(job->rp, id, job->chunk->idx, job->place, &object, err);
    if (status != TF_OK) {
        return status;
    }
    if (item == ALL_PLACES) {
        status = rp_object_load(job->rp, object, 0, object->item_count, err);
    }
    else if (item < object->item_count) {
        status =
            rp_object_load(job->rp, object, item > 0 ? item - 1 : 0, item + 1, err);
    }
    if (status == TF_OK) {
        *ret_object = object;
    }
    else {
        rp_object_release(object);
    }
    return status;
}

static tf_status
put_row(struct who_job *job, const struct rp_holder *at, void *ctx, struct tf_err *err)
{
    const struct who_node *holder = ctx;
    struct rp_buf path = RP_BUF_INIT;
    uint64_t key =
        at->object * 0x9e3779b97f4a7c15u + (uint64_t)at->sort + at->index * 16;
    if (rp_map_get(&job->told, key) != RP_NONE) {
        return TF_OK;
    }
    if (!rp_map_put(&job->told, key, 0)) {
        return rp_no_memory(err);
    }
    path_to(job, holder, at, &path);
    struct rp_referrer row = {
        .at = *at,
        .reached = holder->reach == REACH_YES,
        .path = {path.data ? path.data : "", path.len},
        .path_frame = path.len > 0 && at->sort != RP_AT_GLOBAL ? holder->frame : 0,
    };
    row.path_code = rp_code(job->rp, row.path_frame ? holder->code : 0);
    job->stopped = !job->row(job->ctx, &row);
    rp_buf_release(&path);
    return TF_OK;
}

/* Rows for the holder's places; its reach is known as well as it ever will be. */
static tf_status
put_holder(struct who_job *job, const struct who_edge *edge, struct tf_err *err)
{
    struct rp_object *object;
    struct who_node holder = job->node[edge->holder];
    tf_status status = state_now(job, holder.id, edge->item, &object, err);
    if (status == TF_OK) {
        status =
            each_place(job, object, job->target, edge->item, put_row, &holder, err);
        rp_object_release(object);
    }
    return status;
}

static tf_status
note_first(struct who_job *job, const struct rp_holder *at, void *ctx,
           struct tf_err *err)
{
    (void)job, (void)err;
    struct rp_holder *first = ctx;
    if (!first->type) {
        *first = *at;
    }
    return TF_OK;
}

/* What a node that is reached holds directly is reached, too. */
static tf_status
spread_edge(struct who_job *job, const struct who_edge *edge, struct tf_err *err)
{
    struct rp_holder at = {.type = NULL};
    struct rp_object *object;
    tf_status status =
        state_now(job, job->node[edge->holder].id, edge->item, &object, err);
    if (status != TF_OK) {
        return status;
    }
    status = each_place(job, object, job->node[edge->held].id, edge->item, note_first,
                        &at, err);
    if (status == TF_OK && at.type) {
        struct rp_buf path = RP_BUF_INIT;
        path_to(job, &job->node[edge->holder], &at, &path);
        const struct who_node *holder = &job->node[edge->holder];
        bool global = at.sort == RP_AT_GLOBAL;
        rp_who_reach(job, edge->held, path.len ? path.data : NULL,
                     global ? 0 : holder->frame, global ? 0 : holder->code);
        rp_buf_release(&path);
    }
    rp_object_release(object);
    return status;
}

/* A node that is reached makes all reached that can be got to from it. */
static tf_status
spread(struct who_job *job, uint32_t idx, struct tf_err *err)
{
    tf_status status = TF_OK;
    uint32_t *todo = malloc(((size_t)job->node_count + 1) * sizeof *todo);
    uint32_t count = 0;
    if (!todo) {
        return rp_no_memory(err);
    }
    todo[count++] = idx;
    while (count > 0 && status == TF_OK) {
        uint32_t edge = job->node[todo[--count]].edges;
        for (; edge != RP_NONE && status == TF_OK; edge = job->edge[edge].next) {
            uint32_t held = job->edge[edge].held;
            if (job->node[held].reach == REACH_YES) {
                continue;
            }
            status = spread_edge(job, &job->edge[edge], err);
            if (job->node[held].reach == REACH_YES) {
                todo[count++] = held; /* once each: there is room */
            }
        }
    }
    free(todo);
    return status;
}

static bool
add_edge(struct who_job *job, uint64_t id, uint32_t held, size_t item)
{
    uint32_t holder = rp_who_node(job, id);
    if (holder == RP_NONE
        || !grow((void **)&job->edge, &job->edge_cap, job->edge_count,
                 sizeof *job->edge)) {
        return false;
    }
    job->edge[job->edge_count] =
        (struct who_edge){holder, held, job->node[holder].edges, item};
    job->node[holder].edges = job->edge_count++;
    job->low = id < job->low ? id : job->low; /* it is asked about from now on */
    job->high = id > job->high ? id : job->high;
    return true;
}

/* It holds `held`, now: all places (or the one) of `object`. */
static tf_status
found_holder(struct who_job *job, const struct rp_object *object, uint32_t held,
             size_t item, struct tf_err *err)
{
    uint64_t id = object->id;
    if (held != 0 && job->node_count >= NODES_MAX
        && rp_map_get(&job->by_id, id) == RP_NONE) {
        return TF_OK;
    }
    if (!add_edge(job, id, held, item)) {
        return rp_no_memory(err);
    }
    struct who_edge edge = job->edge[job->edge_count - 1];
    reach_lasting(job, edge.holder, object);
    if (job->node[edge.holder].reach != REACH_YES) {
        return TF_OK;
    }
    tf_status status = held == 0 ? put_holder(job, &edge, err) : TF_OK;
    return status == TF_OK ? spread(job, edge.holder, err) : status;
}

/* True: it is new. */
static bool
look_once(struct who_job *job, uint64_t id, uint64_t held, size_t item,
          bool *ret_failed)
{
    uint64_t key =
        (id * 0x9e3779b97f4a7c15u ^ held) + (uint64_t)item * 0xff51afd7ed558ccdu;
    if (rp_map_get(&job->looked, key) != RP_NONE) {
        return false;
    }
    *ret_failed = !rp_map_put(&job->looked, key, 0);
    return true;
}

/* A change gave `id` a reference to `held`, as item `item` unless that is ALL_PLACES: does
 * it still have it? In a large container it is looked for there first. */
static tf_status
look_at_holder(struct who_job *job, uint64_t id, uint32_t held, size_t item,
               struct tf_err *err)
{
    struct rp_object *object;
    struct rp_holder at = {.type = NULL};
    uint64_t held_id = job->node[held].id;
    bool failed = false;
    if (item != ALL_PLACES) {
        tf_status status = state_now(job, id, item, &object, err);
        bool there = status == TF_OK && object->partial && item < object->item_count
                     && object->item[item].kind == TF_VAL_REF
                     && object->item[item].ref == held_id;
        if (there && look_once(job, id, held_id, item, &failed)) {
            status = found_holder(job, object, held, item, err);
        }
        if (status == TF_OK) {
            rp_object_release(object);
        }
        if (status != TF_OK || there) {
            return failed ? rp_no_memory(err) : status;
        }
    }
    if (!look_once(job, id, held_id, ALL_PLACES, &failed)) {
        return TF_OK;
    }
    tf_status status =
        failed ? rp_no_memory(err) : state_now(job, id, ALL_PLACES, &object, err);
    if (status != TF_OK) {
        return status;
    }
    status = each_place(job, object, held_id, ALL_PLACES, note_first, &at, err);
    if (status == TF_OK && at.type) {
        status = found_holder(job, object, held, ALL_PLACES, err);
    }
    rp_object_release(object);
    return status;
}

/* --- Going through the changes --- */

static bool
is_of_object(unsigned kind)
{
    return kind == TF_OP_NEW || kind == TF_OP_IMAGE || kind == TF_OP_ITEM_SET
           || kind == TF_OP_ITEM_SPLICE || kind == TF_OP_ATTR_SET
           || kind == TF_OP_ATTR_SPLICE;
}

/* Which item the change's nth value becomes; ALL_PLACES: none, or it cannot be told. */
static size_t
item_of(const struct tf_op *op, uint32_t n)
{
    switch (op->kind) {
    case TF_OP_NEW:
    case TF_OP_IMAGE: return n < op->item_count ? n : ALL_PLACES;
    case TF_OP_ITEM_SET:
    case TF_OP_ITEM_SPLICE:
        return op->index < SIZE_MAX / 2 ? (size_t)op->index + n : ALL_PLACES;
    default: return ALL_PLACES;
    }
}

/* The object asked about that an id is; RP_NONE: none. */
static uint32_t
asked_about(const struct who_job *job, uint64_t id, bool first_round)
{
    if (id < job->low || id > job->high) {
        return RP_NONE;
    }
    if (first_round) {
        return id == job->target ? 0 : RP_NONE;
    }
    uint32_t idx = rp_map_get(&job->by_id, id);
    return idx != RP_NONE && idx > 0 && job->node[idx].reach != REACH_YES ? idx
                                                                          : RP_NONE;
}

static tf_status
look_at_ops(struct who_job *job, const struct tf_ops *ops, uint32_t end,
            bool first_round, struct tf_err *err)
{
    tf_status status = TF_OK;
    for (uint32_t i = end; i-- > 0 && status == TF_OK && !job->stopped;) {
        const struct tf_op *op = &ops->op[i];
        if (!is_of_object(op->kind)) {
            continue;
        }
        for (uint32_t n = 0; n < op->value_count && status == TF_OK; n++) {
            const struct tf_value *value = &ops->value[op->value_first + n];
            uint32_t held = value->kind == TF_VAL_REF
                                ? asked_about(job, value->ref, first_round)
                                : RP_NONE;
            if (held != RP_NONE && op->id != 0) {
                status = look_at_holder(job, op->id, held, item_of(op, n), err);
            }
        }
    }
    return status;
}

static bool
refers(const struct who_job *job, struct tf_glance *glance, bool first_round)
{
    uint64_t id = 0;
    while (tf_glance_ref(glance, &id)) {
        if (asked_about(job, id, first_round) != RP_NONE) {
            return true;
        }
    }
    return false;
}

static tf_status
look_at_chunk(struct who_job *job, size_t idx, bool first_round, struct tf_err *err)
{
    struct tf_chunk *raw;
    struct tf_glance glance;
    tf_status status = tf_aside_glance(job->aside, idx, &glance, err);
    if (status != TF_OK || !refers(job, &glance, first_round)) {
        return status;
    }
    status = tf_aside_chunk(job->aside, idx, &raw, err);
    if (status != TF_OK) {
        return status;
    }
    uint32_t end = raw->changes.op_count;
    if (idx == job->chunk->idx) {
        end = end < job->place ? end : job->place;
    }
    status = look_at_ops(job, &raw->changes, end, first_round, err);
    if (status == TF_OK && first_round && !job->stopped) {
        status = rp_who_suspended(job, idx, &raw->changes, err);
    }
    tf_chunk_free(raw);
    return status;
}

/* The state that a recording begins with, when it is a part of another. */
static tf_status
look_at_checkpoints(struct who_job *job, bool first_round, struct tf_err *err)
{
    tf_status status = TF_OK;
    size_t count = tf_reader_checkpoint_count(job->rp->reader);
    for (size_t i = 0; i < count && status == TF_OK && !job->stopped; i++) {
        struct tf_checkpoint *checkpoint;
        status = tf_reader_checkpoint(job->rp->reader, i, &checkpoint, err);
        if (status != TF_OK) {
            break;
        }
        if (checkpoint->seq <= job->seq) {
            status = look_at_ops(job, &checkpoint->state, checkpoint->state.op_count,
                                 first_round, err);
        }
        tf_checkpoint_free(checkpoint);
    }
    return status;
}

/* From now back to where the oldest of the objects asked about was made. */
static tf_status
go_through(struct who_job *job, bool first_round, struct tf_err *err)
{
    size_t oldest = job->chunk->idx, from = job->chunk->idx;
    job->low = UINT64_MAX;
    job->high = 0;
    for (uint32_t i = 0; i < job->node_count; i++) {
        const struct who_node *node = &job->node[i];
        if (first_round ? i == 0 : i > 0 && node->reach != REACH_YES) {
            oldest = node->chunk < oldest ? node->chunk : oldest;
            job->low = node->id < job->low ? node->id : job->low;
            job->high = node->id > job->high ? node->id : job->high;
        }
    }
    tf_status status = TF_OK;
    for (size_t idx = from + 1; idx-- > oldest && status == TF_OK && !job->stopped;) {
        status = look_at_chunk(job, idx, first_round, err);
        if (status == TF_OK) {
            status = rp_progress(job->rp, from - idx + 1, from - oldest + 1, err);
        }
    }
    return status == TF_OK ? look_at_checkpoints(job, first_round, err) : status;
}

/* Whether some direct holder is not reached. */
static bool
is_open(const struct who_job *job)
{
    bool open = false;
    for (uint32_t i = 0; i < job->edge_count; i++) {
        open |=
            job->edge[i].held == 0 && job->node[job->edge[i].holder].reach != REACH_YES;
    }
    return open;
}

/* The rows that were kept back; those that something leads to first. */
static tf_status
put_rest(struct who_job *job, const uint8_t *late, uint32_t count, struct tf_err *err)
{
    tf_status status = TF_OK;
    for (uint32_t i = 0; i < 2 * count && status == TF_OK && !job->stopped; i++) {
        uint32_t edge = i % count;
        bool reached = job->node[job->edge[edge].holder].reach == REACH_YES;
        if (late[edge] && reached == (i < count)) {
            struct who_edge kept = job->edge[edge];
            status = put_holder(job, &kept, err);
        }
    }
    return status;
}

static tf_status
ask_rounds(struct who_job *job, struct tf_err *err)
{
    tf_status status = go_through(job, true, err);
    uint32_t direct = job->edge_count, before = 0;
    uint8_t *late = calloc((size_t)direct + 1, 1);
    if (!late) {
        return rp_no_memory(err);
    }
    for (uint32_t i = 0; i < direct; i++) { /* those whose rows are still to come */
        late[i] = job->node[job->edge[i].holder].reach != REACH_YES;
    }
    for (unsigned round = 0; round < ROUNDS_MAX && status == TF_OK && !job->stopped;
         round++) {
        if (!is_open(job) || (round > 0 && before == job->edge_count)) {
            break;
        }
        before = job->edge_count;
        status = go_through(job, false, err);
    }
    if (status == TF_OK) {
        status = put_rest(job, late, direct, err);
    }
    free(late);
    return status;
}

tf_status
rp_who(struct rp *rp, uint64_t seq, uint64_t object,
       bool (*row)(void *ctx, const struct rp_referrer *referrer), void *ctx,
       struct tf_err *err)
{
    struct who_job job = {
        .rp = rp, .seq = seq, .target = object, .row = row, .ctx = ctx};
    tf_status status = rp_chunk_at(rp, seq, &job.chunk, &job.event, err);
    if (status != TF_OK) {
        return status;
    }
    job.place = job.chunk->raw->op_end[job.event];
    if (rp_who_node(&job, object) == RP_NONE) {
        status = rp_no_memory(err);
    }
    if (status == TF_OK) {
        status = tf_aside_open(rp->reader, &job.aside, err);
    }
    if (status == TF_OK) {
        status = rp_who_stacks(&job, err);
    }
    if (status == TF_OK && !job.stopped) {
        status = ask_rounds(&job, err);
    }
    if (status == TF_OK && job.no_memory) {
        status = rp_no_memory(err);
    }
    tf_aside_close(job.aside);
    rp_chunk_put(rp, job.chunk);
    for (uint32_t i = 0; i < job.node_count; i++) {
        free(job.node[i].path);
    }
    free(job.node);
    free(job.edge);
    rp_map_release(&job.by_id);
    rp_map_release(&job.looked);
    rp_map_release(&job.told);
    rp_map_release(&job.suspended);
    return status;
}
