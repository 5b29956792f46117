/* An object's state at a place: its latest image, and the changes since.
 *
 * Looked for backward from the place: in the chunk itself, then in the chunks that the
 * postings name, until there is an image, or a state in the cache that holds. Then the
 * changes on the way are applied forward. The cache keeps one state an object, with the
 * places between which it holds, so that stepping forward costs the new changes only; and
 * of a large one also the state at the start of the chunk, so that stepping backward does
 * not go back to an image that is many chunks away. */
#include "rp_private.h"

#include <stdlib.h>
#include <string.h>

/* --- The cache --- */

static size_t
bucket_of(uint64_t id)
{
    return (size_t)((id * 0x9e3779b97f4a7c15u) >> 40) % RP_STATE_BUCKETS;
}

static struct rp_state *
cached_state(const struct rp *rp, uint64_t id, bool start)
{
    struct rp_state *state = rp->state_bucket[bucket_of(id)];
    while (state && (state->object.id != id || state->start != start)) {
        state = state->next_in_bucket;
    }
    return state;
}

static void
unlink_state(struct rp *rp, struct rp_state *state)
{
    struct rp_state **at = &rp->state_bucket[bucket_of(state->object.id)];
    while (*at != state) {
        at = &(*at)->next_in_bucket;
    }
    *at = state->next_in_bucket;
    *(state->newer ? &state->newer->older : &rp->state_newest) = state->older;
    *(state->older ? &state->older->newer : &rp->state_oldest) = state->newer;
    state->newer = state->older = state->next_in_bucket = NULL;
    rp->state_bytes -= state->cached_bytes;
    state->cached = false;
}

static void
trim(struct rp *rp)
{
    while (rp->state_oldest && rp->state_bytes > rp->state_bytes_max) {
        struct rp_state *state = rp->state_oldest;
        unlink_state(rp, state);
        rp_state_unref(state);
    }
}

static void
link_state(struct rp *rp, struct rp_state *state)
{
    struct rp_state **at = &rp->state_bucket[bucket_of(state->object.id)];
    state->next_in_bucket = *at;
    *at = state;
    state->older = rp->state_newest;
    *(state->older ? &state->older->newer : &rp->state_oldest) = state;
    rp->state_newest = state;
    state->cached_bytes =
        sizeof *state + state->text_bytes
        + (state->item_cap + state->attr_cap) * sizeof(struct rp_value);
    rp->state_bytes += state->cached_bytes;
    state->cached = true;
    state->refs++;
}

void
rp_states_clear(struct rp *rp)
{
    while (rp->state_oldest) {
        struct rp_state *state = rp->state_oldest;
        unlink_state(rp, state);
        rp_state_unref(state);
    }
}

/* --- Where to begin, and what to apply --- */

struct step { /* entries [first, last] of the object in a chunk */
    size_t chunk;
    uint32_t first, last;
};

struct path {
    struct rp *rp;
    uint64_t id;
    struct rp_state *base; /* borrowed from the cache; NULL: begin with an image */
    struct tf_checkpoint *checkpoint; /* the image is in there */
    struct step *step;                /* newest first */
    size_t count, cap;
    bool lost; /* there is nothing to begin with */
};

static bool
path_add(struct path *path, size_t chunk, uint32_t first, uint32_t last)
{
    if (first > last) {
        return true;
    }
    if (path->count == path->cap) {
        size_t cap = path->cap ? path->cap * 2 : 8;
        struct step *step = realloc(path->step, cap * sizeof *step);
        if (!step) {
            return false;
        }
        path->step = step;
        path->cap = cap;
    }
    path->step[path->count++] = (struct step){chunk, first, last};
    return true;
}

/* Entries of the object in the chunk at or before a place: [*ret_first, *ret_end). */
void
rp_object_entries(const struct rp_chunk *chunk, uint64_t id, rp_place_no place,
                  uint32_t *ret_first, uint32_t *ret_end)
{
    uint32_t idx = rp_chunk_object(chunk, id);
    *ret_first = *ret_end = 0;
    if (idx == RP_NONE) {
        return;
    }
    uint32_t first = chunk->object_first[idx], end = chunk->object_first[idx + 1];
    *ret_first = first;
    while (first < end) {
        uint32_t middle = first + (end - first) / 2;
        if (chunk->object_place[middle] <= place) {
            first = middle + 1;
        }
        else {
            end = middle;
        }
    }
    *ret_end = first;
}

const struct tf_op *
rp_object_op(const struct rp_chunk *chunk, uint32_t entry)
{
    uint32_t op = chunk->object_op[entry];
    return op & RP_KEYFRAME_OP ? &chunk->raw->keyframe.op[op & ~RP_KEYFRAME_OP]
                               : &chunk->raw->changes.op[op];
}

static bool
is_image(const struct rp_chunk *chunk, uint32_t entry)
{
    unsigned kind = rp_object_op(chunk, entry)->kind;
    return kind == TF_OP_NEW || kind == TF_OP_IMAGE;
}

/* Adds what one chunk has up to a place. True: the path is complete. */
static bool
path_chunk(struct path *path, const struct rp_chunk *chunk, rp_place_no place,
           struct rp_state *cached, bool *ret_failed)
{
    uint32_t first, end;
    rp_object_entries(chunk, path->id, place, &first, &end);
    bool here = cached && cached->write_entry != RP_NONE
                && cached->write_chunk == chunk->idx && cached->write_entry < end;
    uint32_t begin = end;
    bool done = false;
    while (begin > first && !done) {
        if (here && cached->write_entry == begin - 1) {
            path->base = cached;
            done = true;
            break;
        }
        begin--;
        done = is_image(chunk, begin);
    }
    if (end > begin) {
        *ret_failed = !path_add(path, chunk->idx, begin, end - 1);
    }
    return done || *ret_failed;
}

static tf_status
path_checkpoint(struct path *path, size_t chunk, struct tf_err *err)
{
    struct tf_reader *reader = path->rp->reader;
    for (size_t i = tf_reader_checkpoint_count(reader); i-- > 0;) {
        struct tf_checkpoint *checkpoint = NULL;
        tf_status status = tf_reader_checkpoint(reader, i, &checkpoint, err);
        if (status != TF_OK) {
            return status;
        }
        if (checkpoint->chunk <= chunk) {
            path->checkpoint = checkpoint;
            return TF_OK;
        }
        tf_checkpoint_free(checkpoint);
    }
    path->lost = true;
    return TF_OK;
}

static tf_status
path_find(struct path *path, size_t chunk_idx, rp_place_no place, struct tf_err *err)
{
    struct rp *rp = path->rp;
    struct rp_state *cached = cached_state(rp, path->id, false);
    struct rp_state *start = cached_state(rp, path->id, true);
    for (;;) {
        struct rp_chunk *chunk;
        tf_status status = rp_chunk_get(rp, chunk_idx, &chunk, err);
        if (status != TF_OK) {
            return status;
        }
        bool failed = false;
        bool done = path_chunk(path, chunk, place, cached, &failed);
        rp_chunk_put(rp, chunk);
        if (done) {
            return failed ? rp_no_memory(err) : TF_OK;
        }
        if (start && start->valid_chunk == chunk_idx) {
            path->base = start;
            return TF_OK;
        }
        if (cached && chunk_idx > 0 && cached->valid_chunk == chunk_idx - 1
            && cached->valid_last == UINT32_MAX) {
            path->base = cached;
            return TF_OK;
        }
        size_t before;
        status = tf_reader_object_before(rp->reader, path->id, TF_POSTING_ANY,
                                         chunk_idx, &before, err);
        if (status == TF_ERR_NOT_FOUND || (status == TF_OK && before >= chunk_idx)) {
            return path_checkpoint(path, chunk_idx, err);
        }
        if (status == TF_OK) {
            status = rp_progress(rp, chunk_idx - before, chunk_idx, err);
        }
        if (status != TF_OK) {
            return status;
        }
        chunk_idx = before;
        place = UINT32_MAX;
    }
}

/* --- Making the state --- */

static tf_status
clone_values(struct rp_value **to, size_t *to_count, size_t *to_cap,
             const struct rp_value *from, size_t count, struct tf_err *err)
{
    *to = malloc((count + 1) * sizeof **to);
    if (!*to) {
        return rp_no_memory(err);
    }
    for (size_t i = 0; i < count; i++) {
        rp_value_copy(&(*to)[i], &from[i]);
    }
    *to_count = count;
    *to_cap = count + 1;
    return TF_OK;
}

static tf_status
clone_state(const struct rp_state *from, struct rp_state **ret_state,
            struct tf_err *err)
{
    struct rp_state *state = rp_state_new();
    if (!state) {
        return rp_no_memory(err);
    }
    *state = *from;
    state->refs = 1;
    state->cached = state->start = false;
    state->newer = state->older = state->next_in_bucket = NULL;
    state->object.item = state->object.attr = NULL;
    state->object.item_count = state->object.attr_count = 0;
    state->item_cap = state->attr_cap = 0;
    tf_status status =
        clone_values(&state->object.item, &state->object.item_count, &state->item_cap,
                     from->object.item, from->object.item_count, err);
    if (status == TF_OK) {
        status = clone_values(&state->object.attr, &state->object.attr_count,
                              &state->attr_cap, from->object.attr,
                              from->object.attr_count, err);
    }
    if (status != TF_OK) {
        rp_state_unref(state);
        return status;
    }
    *ret_state = state;
    return TF_OK;
}

/* The state to apply changes to: the cached one itself when nobody else looks at it. */
static tf_status
begin_state(struct path *path, struct rp_state **ret_state, struct tf_err *err)
{
    struct rp_state *base = path->base;
    if (base && base->refs == 1 && !base->start) {
        unlink_state(path->rp, base);
        *ret_state = base;
        return TF_OK;
    }
    if (base) {
        return clone_state(base, ret_state, err);
    }
    *ret_state = rp_state_new();
    if (!*ret_state) {
        return rp_no_memory(err);
    }
    (*ret_state)->object.id = path->id;
    return TF_OK;
}

#define START_VALUES 16u /* from so many on the state at a chunk's start is kept */

/* Keeps a copy of what the object was before the chunk's own changes. */
static tf_status
keep_start(struct rp *rp, const struct rp_state *state, size_t chunk_idx,
           struct tf_err *err)
{
    struct rp_state *start, *old = cached_state(rp, state->object.id, true);
    if (!rp->state_bytes_max || (old && old->valid_chunk == chunk_idx)
        || state->object.item_count + state->object.attr_count < START_VALUES) {
        return TF_OK;
    }
    tf_status status = clone_state(state, &start, err);
    if (status != TF_OK) {
        return status;
    }
    if (old) {
        unlink_state(rp, old);
        rp_state_unref(old);
    }
    start->start = true;
    start->valid_chunk = chunk_idx;
    link_state(rp, start);
    rp_state_unref(start); /* the cache has it */
    return TF_OK;
}

static tf_status
apply_checkpoint(struct path *path, struct rp_state *state, struct tf_err *err)
{
    const struct tf_ops *ops = &path->checkpoint->state;
    for (uint32_t i = 0; i < ops->op_count; i++) {
        const struct tf_op *op = &ops->op[i];
        if ((op->kind == TF_OP_IMAGE || op->kind == TF_OP_NEW) && op->id == path->id) {
            return rp_state_apply(path->rp, state, ops, NULL, op, err);
        }
    }
    path->lost = true;
    return TF_OK;
}

static tf_status
apply_step(struct path *path, struct rp_state *state, const struct step *step,
           struct tf_err *err)
{
    struct rp_chunk *chunk;
    tf_status status = rp_chunk_get(path->rp, step->chunk, &chunk, err);
    if (status != TF_OK) {
        return status;
    }
    for (uint32_t entry = step->first; entry <= step->last && status == TF_OK;
         entry++) {
        bool keyframe = chunk->object_op[entry] & RP_KEYFRAME_OP;
        const struct tf_op *op = rp_object_op(chunk, entry);
        uint64_t seq = chunk->raw->first_seq
                       + rp_chunk_event_of(chunk, chunk->object_place[entry]);
        status = rp_state_apply(path->rp, state,
                                keyframe ? &chunk->raw->keyframe : &chunk->raw->changes,
                                keyframe ? chunk->keyframe_text : chunk->text, op, err);
        state->object.write_seq = keyframe ? 0 : seq;
        if (op->kind == TF_OP_LATE) {
            state->object.late_seq = seq;
            state->object.late_events = op->count;
        }
    }
    state->write_chunk = step->chunk;
    state->write_entry = step->last;
    rp_chunk_put(path->rp, chunk);
    return status;
}

/* Between which places of the chunk the state holds. */
static tf_status
set_validity(struct rp *rp, struct rp_state *state, size_t chunk_idx, rp_place_no place,
             struct tf_err *err)
{
    struct rp_chunk *chunk;
    tf_status status = rp_chunk_get(rp, chunk_idx, &chunk, err);
    if (status != TF_OK) {
        return status;
    }
    uint32_t first, end;
    rp_object_entries(chunk, state->object.id, place, &first, &end);
    state->valid_chunk = chunk_idx;
    state->valid_first = end > first ? chunk->object_place[end - 1] : 0;
    uint32_t idx = rp_chunk_object(chunk, state->object.id);
    bool more = idx != RP_NONE && end < chunk->object_first[idx + 1];
    state->valid_last = more ? chunk->object_place[end] - 1 : UINT32_MAX;
    rp_chunk_put(rp, chunk);
    return TF_OK;
}

static tf_status
make_state(struct path *path, size_t chunk_idx, rp_place_no place,
           struct rp_state **ret_state, struct tf_err *err)
{
    struct rp_state *state = NULL;
    tf_status status = begin_state(path, &state, err);
    if (status != TF_OK) {
        return status;
    }
    if (path->checkpoint) {
        status = apply_checkpoint(path, state, err);
    }
    for (size_t i = path->count; i-- > 0 && status == TF_OK;) {
        bool before = state->write_entry != RP_NONE && state->write_chunk < chunk_idx;
        if (i == 0 && before && path->step[0].chunk == chunk_idx) {
            status = keep_start(path->rp, state, chunk_idx, err);
        }
        if (status != TF_OK) {
            break;
        }
        status = apply_step(path, state, &path->step[i], err);
    }
    if (status == TF_OK) {
        status = set_validity(path->rp, state, chunk_idx, place, err);
    }
    if (status != TF_OK) {
        rp_state_unref(state);
        return status;
    }
    if (path->lost || !state->object.type) {
        state->object.damaged = true;
    }
    if (!state->object.type) {
        state->object.type = rp_type(path->rp, 0);
    }
    *ret_state = state;
    return TF_OK;
}

static void
keep(struct rp *rp, struct rp_state *state)
{
    struct rp_state *old = cached_state(rp, state->object.id, false);
    if (old) {
        unlink_state(rp, old);
        rp_state_unref(old);
    }
    if (rp->state_bytes_max) {
        link_state(rp, state);
        trim(rp);
    }
}

void
rp_touch(struct rp_touched *touched, uint64_t id)
{
    if (touched->count == touched->cap) {
        size_t cap = touched->cap ? touched->cap * 2 : 64;
        uint64_t *bigger = realloc(touched->id, cap * sizeof *bigger);
        if (!bigger) {
            touched->failed = true;
            return;
        }
        touched->id = bigger;
        touched->cap = cap;
    }
    touched->id[touched->count++] = id;
}

tf_status
rp_state_at(struct rp *rp, uint64_t id, size_t chunk_idx, rp_place_no place,
            struct rp_object **ret_object, struct tf_err *err)
{
    struct rp_state *cached = cached_state(rp, id, false);
    if (rp->touched) {
        rp_touch(rp->touched, id);
    }
    if (cached && cached->valid_chunk == chunk_idx && cached->valid_first <= place
        && place <= cached->valid_last) {
        cached->refs++;
        *ret_object = &cached->object;
        return TF_OK;
    }
    struct path path = {.rp = rp, .id = id};
    struct rp_state *state = NULL;
    tf_status status = path_find(&path, chunk_idx, place, err);
    if (status == TF_OK) {
        status = make_state(&path, chunk_idx, place, &state, err);
    }
    free(path.step);
    if (path.checkpoint) {
        tf_checkpoint_free(path.checkpoint);
    }
    if (status == TF_OK) {
        keep(rp, state);
        *ret_object = &state->object;
    }
    return status;
}

tf_status
rp_object_at(struct rp *rp, const struct rp_value *value, uint64_t seq,
             struct rp_object **ret_object, struct tf_err *err)
{
    if (value->kind != TF_VAL_REF) {
        return tf_err_set(err, TF_ERR_ARGUMENT, -1, "the value is no object");
    }
    if (value->object) {
        rp_object_ref(value->object);
        *ret_object = value->object;
        return TF_OK;
    }
    struct rp_chunk *chunk;
    uint32_t event;
    tf_status status = rp_chunk_at(rp, seq, &chunk, &event, err);
    if (status == TF_OK) {
        status = rp_state_at(rp, value->ref, chunk->idx, chunk->raw->op_end[event],
                             ret_object, err);
        rp_chunk_put(rp, chunk);
    }
    return status;
}
