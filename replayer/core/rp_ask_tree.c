/* The call tree, folded.
 *
 * Only calls and returns count. The index of a chunk knows each activation's parent, so no
 * stack is kept within a chunk; from chunk to chunk the open ones are carried over by
 * their frame. */
#include "rp_ask.h"

#include <stdlib.h>
#include <string.h>

#define NODES_MAX 200000u
#define LEFT_OUT  (RP_NONE - 1) /* act_node: too deep, or not below the root */

struct open_act { /* an activation that goes on in the next chunk */
    uint32_t node;
    uint64_t start_ns;
};

struct tree_job {
    struct rp *rp;
    const struct rp_tree_spec *spec;
    struct rp_tree_node *node;
    uint32_t count, cap;
    struct rp_map children; /* (parent, code): node */
    bool cut, done;
    uint64_t root_call_seq; /* of spec->frame */
    uint64_t last_ns;
    /* of the present chunk, by activation */
    uint32_t *act_node; /* or LEFT_OUT; RP_NONE: not met yet */
    uint64_t *act_start;
    size_t act_cap;
    struct rp_map carried; /* by frame: place in `open` */
    struct open_act *open;
    uint32_t open_count, open_cap;
};

static uint32_t
new_node(struct tree_job *job, uint32_t parent, const struct tf_def_code *code)
{
    if (job->count == job->cap) {
        uint32_t cap = job->cap ? job->cap * 2 : 64;
        struct rp_tree_node *bigger = realloc(job->node, cap * sizeof *bigger);
        if (!bigger) {
            return RP_NONE;
        }
        job->node = bigger;
        job->cap = cap;
    }
    uint32_t depth = job->count ? job->node[parent].depth + 1 : 0;
    job->node[job->count] =
        (struct rp_tree_node){.parent = parent, .depth = depth, .code = code};
    return job->count++;
}

/* The node for a function below another, or LEFT_OUT. */
static tf_status
child(struct tree_job *job, uint32_t parent, uint32_t code_id, uint32_t *ret_node,
      struct tf_err *err)
{
    const struct tf_def_code *code = rp_code(job->rp, code_id);
    bool root = parent == 0 && !job->spec->frame;
    *ret_node = parent;
    if (!root && job->node[parent].code == code) {
        return TF_OK; /* a recursion */
    }
    uint64_t key = (uint64_t)parent << 32 | code_id;
    *ret_node = rp_map_get(&job->children, key);
    if (*ret_node != RP_NONE) {
        return TF_OK;
    }
    bool deep = job->spec->depth_max && job->node[parent].depth >= job->spec->depth_max;
    if (deep || job->count >= NODES_MAX) {
        job->cut |= !deep;
        *ret_node = LEFT_OUT;
        return TF_OK;
    }
    uint32_t node = new_node(job, parent, code);
    if (node == RP_NONE || !rp_map_put(&job->children, key, node)) {
        return rp_no_memory(err);
    }
    *ret_node = node;
    return TF_OK;
}

/* --- From chunk to chunk --- */

static tf_status
carry(struct tree_job *job, uint64_t frame, const struct open_act *act,
      struct tf_err *err)
{
    if (job->open_count == job->open_cap) {
        uint32_t cap = job->open_cap ? job->open_cap * 2 : 64;
        struct open_act *bigger = realloc(job->open, cap * sizeof *bigger);
        if (!bigger) {
            return rp_no_memory(err);
        }
        job->open = bigger;
        job->open_cap = cap;
    }
    job->open[job->open_count] = *act;
    return rp_map_put(&job->carried, frame, job->open_count++) ? TF_OK
                                                               : rp_no_memory(err);
}

/* What is open at the chunk's end. */
static tf_status
end_chunk(struct tree_job *job, const struct rp_chunk *chunk, struct tf_err *err)
{
    tf_status status = TF_OK;
    rp_map_release(&job->carried);
    job->open_count = 0;
    for (uint32_t i = 0; i < chunk->thread_count; i++) {
        uint32_t act =
            rp_chunk_top(chunk, chunk->thread[i].id, chunk->raw->event_count);
        for (; act != RP_NONE && status == TF_OK; act = chunk->act[act].parent) {
            struct open_act open = {job->act_node[act], job->act_start[act]};
            if (open.node != RP_NONE) {
                status = carry(job, chunk->frame[chunk->act[act].frame].id, &open, err);
            }
        }
    }
    return status;
}

/* Gives an activation its place below its parent, which has one. */
static tf_status
place_act(struct tree_job *job, const struct rp_chunk *chunk, uint32_t idx,
          uint64_t start_ns, struct tf_err *err)
{
    const struct rp_act *act = &chunk->act[idx];
    uint32_t parent = act->parent == RP_NONE ? job->spec->frame ? LEFT_OUT : 0
                                             : job->act_node[act->parent];
    job->act_start[idx] = start_ns;
    job->act_node[idx] = LEFT_OUT;
    return parent >= LEFT_OUT ? TF_OK
                              : child(job, parent, chunk->frame[act->frame].code,
                                      &job->act_node[idx], err);
}

/* The same for one whose callers may not have been met: on a stack when all began, or (a
 * generator that is closed while it waits for another) without a call event of their own. */
static tf_status
place_with_callers(struct tree_job *job, const struct rp_chunk *chunk, uint32_t idx,
                   uint64_t start_ns, struct tf_err *err)
{
    tf_status status = TF_OK;
    while (status == TF_OK && job->act_node[idx] == RP_NONE) {
        uint32_t act = idx, parent = chunk->act[act].parent;
        while (parent != RP_NONE && job->act_node[parent] == RP_NONE) {
            act = parent;
            parent = chunk->act[act].parent;
        }
        status = place_act(job, chunk, act, start_ns, err);
    }
    return status;
}

static bool
reserve(struct tree_job *job, const struct rp_chunk *chunk)
{
    size_t count = (size_t)chunk->act_count + 1;
    if (count > job->act_cap) {
        free(job->act_node);
        free(job->act_start);
        job->act_cap = count;
        job->act_node = malloc(count * sizeof *job->act_node);
        job->act_start = malloc(count * sizeof *job->act_start);
    }
    if (!job->act_node || !job->act_start) {
        return false;
    }
    memset(job->act_node, 0xff, count * sizeof *job->act_node);
    return true;
}

static tf_status
begin_chunk(struct tree_job *job, const struct rp_chunk *chunk, bool first,
            struct tf_err *err)
{
    tf_status status = TF_OK;
    if (!reserve(job, chunk)) {
        return rp_no_memory(err);
    }
    for (uint32_t i = 0; i < chunk->act_count && status == TF_OK; i++) {
        if (chunk->act[i].call_seq >= chunk->raw->first_seq) {
            continue;
        }
        uint64_t frame = chunk->frame[chunk->act[i].frame].id;
        uint32_t at = rp_map_get(&job->carried, frame);
        if (at != RP_NONE) {
            job->act_node[i] = job->open[at].node;
            job->act_start[i] = job->open[at].start_ns;
        }
        else if (first
                 && (!job->spec->thread || chunk->act[i].thread == job->spec->thread)) {
            status = place_act(job, chunk, i, chunk->raw->start_ns, err);
        }
    }
    return status;
}

/* --- Calls and returns --- */

static bool
is_root(const struct tree_job *job, const struct rp_chunk *chunk,
        const struct rp_act *act)
{
    return job->spec->frame && chunk->frame[act->frame].id == job->spec->frame
           && act->call_seq == job->root_call_seq;
}

static tf_status
on_call(struct tree_job *job, const struct rp_chunk *chunk, uint32_t event,
        struct tf_err *err)
{
    uint32_t idx = chunk->event_act[event], parent = chunk->act[idx].parent;
    uint64_t now_ns = chunk->raw->time_ns[event];
    tf_status status = TF_OK;
    if (is_root(job, chunk, &chunk->act[idx])) {
        job->act_node[idx] = 0;
        job->act_start[idx] = now_ns;
    }
    else {
        status = place_with_callers(job, chunk, idx, now_ns, err);
    }
    if (status != TF_OK) {
        return status;
    }
    uint32_t node = job->act_node[idx];
    if (node == LEFT_OUT) {
        if (parent != RP_NONE && job->act_node[parent] != LEFT_OUT) {
            job->node[job->act_node[parent]].left_out++;
        }
        return TF_OK;
    }
    if (!job->node[node].first_seq) {
        job->node[node].first_seq = chunk->raw->first_seq + event;
    }
    *(chunk->raw->kind[event] == TF_EV_START ? &job->node[node].calls
                                             : &job->node[node].resumes) += 1;
    return TF_OK;
}

/* Adds the time of an activation to its node: that of one inside another of the same node
 * is in that one's already. Of what is left out its caller takes note: `self_ns` is until
 * the end what is to be taken away. */
static void
add_time(struct tree_job *job, const struct rp_chunk *chunk, uint32_t act,
         uint64_t end_ns)
{
    uint32_t node = job->act_node[act], parent = chunk->act[act].parent;
    uint32_t above = parent == RP_NONE ? RP_NONE : job->act_node[parent];
    if (node == RP_NONE) {
        return;
    }
    uint64_t start_ns = job->act_start[act];
    uint64_t time_ns = end_ns > start_ns ? end_ns - start_ns : 0;
    if (node < LEFT_OUT && node != above) {
        job->node[node].total_ns += time_ns;
    }
    else if (node == LEFT_OUT && above < LEFT_OUT) {
        job->node[above].self_ns += time_ns;
    }
}

static void
on_return(struct tree_job *job, const struct rp_chunk *chunk, uint32_t event)
{
    uint32_t act = chunk->event_act[event], node = job->act_node[act];
    if (node < LEFT_OUT) {
        job->node[node].unwinds += chunk->raw->kind[event] == TF_EV_UNWIND;
        job->done = is_root(job, chunk, &chunk->act[act]);
    }
    add_time(job, chunk, act, chunk->raw->time_ns[event]);
}

static tf_status
sweep(struct tree_job *job, const struct rp_chunk *chunk, const struct rp_range *range,
      struct tf_err *err)
{
    const struct tf_chunk *raw = chunk->raw;
    uint32_t first, end;
    tf_status status = TF_OK;
    rp_range_events(range, raw, &first, &end);
    for (uint32_t i = first; i < end && status == TF_OK && !job->done; i++) {
        bool call = rp_kind_is_call(raw->kind[i]);
        if ((!call && !rp_kind_is_return(raw->kind[i]))
            || chunk->event_act[i] == RP_NONE
            || (range->thread && raw->thread[i] != range->thread)) {
            continue;
        }
        if (call) {
            status = on_call(job, chunk, i, err);
        }
        else {
            on_return(job, chunk, i);
        }
    }
    if (end > first) {
        job->last_ns = raw->time_ns[end - 1];
    }
    return status;
}

/* What has not ended when the recording does. */
static void
close_open(struct tree_job *job, const struct rp_chunk *chunk)
{
    for (uint32_t i = 0; i < chunk->thread_count; i++) {
        uint32_t act =
            rp_chunk_top(chunk, chunk->thread[i].id, chunk->raw->event_count);
        for (; act != RP_NONE; act = chunk->act[act].parent) {
            add_time(job, chunk, act, job->last_ns);
        }
    }
}

static tf_status
chunk_by_chunk(struct tree_job *job, struct rp_scan *scan, struct tf_err *err)
{
    struct rp *rp = job->rp;
    struct rp_chunk *last = NULL;
    bool first = true;
    tf_status status = TF_OK;
    while (status == TF_OK && !job->done) {
        struct rp_chunk *chunk;
        status = rp_scan_next(scan, &chunk, err);
        if (status != TF_OK) {
            break;
        }
        rp_chunk_put(rp, last);
        last = chunk;
        status = begin_chunk(job, chunk, first, err);
        first = false;
        if (status == TF_OK) {
            status = sweep(job, chunk, scan->range, err);
        }
        if (status == TF_OK) {
            status = end_chunk(job, chunk, err);
        }
    }
    status = status == TF_ERR_NOT_FOUND ? TF_OK : status;
    if (status == TF_OK && last && !job->done) {
        close_open(job, last);
    }
    rp_chunk_put(rp, last);
    return status;
}

/* --- In order --- */

struct order {
    uint32_t idx, parent;
    uint64_t total_ns;
};

static int
by_parent(const void *a, const void *b)
{
    const struct order *x = a, *y = b;
    if (x->parent != y->parent) {
        return x->parent < y->parent ? -1 : 1;
    }
    if (x->total_ns != y->total_ns) {
        return x->total_ns > y->total_ns ? -1 : 1;
    }
    return x->idx < y->idx ? -1 : 1;
}

/* A node's children stand in `order` from first[node] to first[node + 1]. */
static void
emit(const struct tree_job *job, const struct order *order, const uint32_t *first,
     uint32_t *stack, uint32_t *place, struct rp_tree *tree)
{
    uint32_t depth = 0;
    stack[depth++] = 0;
    while (depth > 0) {
        uint32_t idx = stack[--depth];
        place[idx] = (uint32_t)tree->count;
        struct rp_tree_node *node = &tree->node[tree->count++];
        *node = job->node[idx];
        node->parent = place[job->node[idx].parent];
        for (uint32_t i = first[idx + 1]; i-- > first[idx];) {
            stack[depth++] = order[i].idx;
        }
    }
}

static tf_status
put_in_order(const struct tree_job *job, struct rp_tree *ret_tree, struct tf_err *err)
{
    size_t count = job->count;
    struct rp_tree tree = {.cut = job->cut};
    struct order *order = malloc((count + 1) * sizeof *order);
    uint32_t *first = calloc(count + 2, sizeof *first);
    uint32_t *stack = malloc((count + 1) * sizeof *stack);
    uint32_t *place = calloc(count + 1, sizeof *place);
    tree.node = malloc((count + 1) * sizeof *tree.node);
    bool fine = order && first && stack && place && tree.node;
    for (uint32_t i = 1; fine && i < count; i++) {
        struct rp_tree_node *parent = &job->node[job->node[i].parent];
        uint64_t total = job->node[i].total_ns;
        parent->self_ns -= total < parent->self_ns ? total : parent->self_ns;
        order[i - 1] = (struct order){i, job->node[i].parent, total};
        first[job->node[i].parent + 1]++;
    }
    if (fine) {
        qsort(order, count - 1, sizeof *order, by_parent);
        for (size_t i = 1; i <= count; i++) {
            first[i] += first[i - 1];
        }
        emit(job, order, first, stack, place, &tree);
        *ret_tree = tree;
    }
    else {
        free(tree.node);
    }
    free(order);
    free(first);
    free(stack);
    free(place);
    return fine ? TF_OK : rp_no_memory(err);
}

static tf_status
begin(struct tree_job *job, struct rp_range *range, struct tf_err *err)
{
    const struct rp_tree_spec *spec = job->spec;
    const struct tf_def_code *code = rp_code(job->rp, 0);
    range->thread = spec->thread;
    if (spec->frame) {
        struct rp_frame frame;
        tf_status status = rp_frame_at(job->rp, spec->seq, spec->frame, &frame, err);
        if (status != TF_OK) {
            return status;
        }
        code = frame.code;
        range->thread = frame.thread;
        range->from_seq = frame.call_seq;
        job->root_call_seq = frame.call_seq;
    }
    return new_node(job, 0, code) == RP_NONE ? rp_no_memory(err) : TF_OK;
}

tf_status
rp_tree(struct rp *rp, const struct rp_tree_spec *spec, struct rp_tree *ret_tree,
        struct tf_err *err)
{
    struct tree_job job = {.rp = rp, .spec = spec};
    struct rp_range range = {0};
    struct rp_scan scan = {.rp = rp, .range = &range};
    tf_status status = begin(&job, &range, err);
    if (status == TF_OK) {
        status = rp_scan_begin(&scan, err);
    }
    if (status == TF_OK) {
        status = chunk_by_chunk(&job, &scan, err);
    }
    if (status == TF_OK) {
        if (!spec->frame) {
            job.node[0].total_ns = job.last_ns;
        }
        for (uint32_t i = 0; i < job.count; i++) {
            uint64_t total = job.node[i].total_ns, below = job.node[i].self_ns;
            job.node[i].self_ns = below < total ? total - below : 0;
        }
        status = put_in_order(&job, ret_tree, err);
    }
    rp_scan_end(&scan);
    rp_map_release(&job.children);
    rp_map_release(&job.carried);
    free(job.node);
    free(job.open);
    free(job.act_node);
    free(job.act_start);
    return status;
}

void
rp_tree_release(struct rp_tree *tree)
{
    free(tree->node);
    *tree = (struct rp_tree){0};
}
