/* An object's state at a place: its latest image, and the changes since.
 *
 * Looked for backward from the place: in the chunk itself, then in the chunks that the
 * postings name, until there is an image, or a state in the cache that holds. Then the
 * changes on the way are applied forward. The cache keeps one state an object, with the
 * places between which it holds, so that stepping forward costs the new changes only; and
 * of a large one also the state at the start of the chunk, so that stepping backward does
 * not go back to an image that is many chunks away. */
#include "rp_object.h"

#include <stdlib.h>

/* --- Where to begin, and what to apply --- */

struct step { /* the object's changes at places [first, last] of a chunk */
    size_t chunk;
    rp_place_no first, last;
    bool all; /* all of them instead, but for what the keyframe says */
};

struct path {
    struct rp *rp;
    uint64_t id;
    struct rp_state *base; /* borrowed from the cache; NULL: begin with an image */
    const struct rp_checkpoint *checkpoint; /* borrowed: the image is in there */
    struct step *step;                      /* newest first */
    size_t count, cap;
    bool whole; /* all items are wanted */
    bool lost;  /* there is nothing to begin with */
};

static bool
path_add(struct path *path, struct step step)
{
    if (path->count == path->cap) {
        size_t cap = path->cap ? path->cap * 2 : 8;
        struct step *bigger = realloc(path->step, cap * sizeof *bigger);
        if (!bigger) {
            return false;
        }
        path->step = bigger;
        path->cap = cap;
    }
    path->step[path->count++] = step;
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
is_image(const struct tf_op *op)
{
    return op->kind == TF_OP_NEW || op->kind == TF_OP_IMAGE;
}

/* Adds what one chunk has up to a place. True: the path is complete. */
static bool
path_chunk(struct path *path, const struct rp_chunk *chunk, rp_place_no place,
           struct rp_state *cached, bool *ret_failed)
{
    struct rp_object_changes changes;
    struct rp_object_change change;
    bool here = cached && cached->written && cached->write_chunk == chunk->idx
                && cached->write_place <= place;
    bool any = false, done = false;
    rp_place_no first = 0, last = 0;
    rp_object_changes_begin(&changes, chunk, path->id, place);
    while (!done && rp_object_changes_prev(&changes, &change)) {
        if (here && cached->write_place == change.place) {
            path->base = cached;
            done = true;
            break;
        }
        last = any ? last : change.place;
        first = change.place;
        any = true;
        done = is_image(change.op);
    }
    if (any) {
        *ret_failed = !path_add(path, (struct step){chunk->idx, first, last, false});
    }
    return done || *ret_failed;
}

static tf_status
path_checkpoint(struct path *path, size_t chunk, struct tf_err *err)
{
    tf_status status = rp_checkpoint_before(path->rp, chunk, &path->checkpoint, err);
    path->lost = status == TF_OK && !path->checkpoint;
    return status;
}

/* After so many chunks it pays to ask where the image is. */
#define BETWEEN_AFTER 8u

/* A state made before, to go on from. */
static struct rp_state *
usable(const struct path *path, bool start)
{
    struct rp_state *state = rp_state_cached(path->rp, path->id, start);
    return state && path->whole && state->object.partial ? NULL : state;
}

/* Whether all changes of a chunk are on the path, which can be told without reading it:
 * the image that they follow is in an earlier one. *image: SIZE_MAX until it is known. */
static bool
is_between(const struct path *path, const struct rp_state *cached, size_t idx,
           size_t *image)
{
    bool base = cached && cached->written && cached->write_chunk == idx;
    if (base || path->count < BETWEEN_AFTER) {
        return false;
    }
    if (*image == SIZE_MAX
        && tf_reader_object_before(path->rp->reader, path->id, TF_POSTING_IMAGE,
                                   idx + 1, image, NULL)
               != TF_OK) {
        *image = idx;
    }
    return *image < idx;
}

/* Goes back from `chunk_idx` (what it has itself was looked at, up to the place) until the
 * path is complete. */
static tf_status
path_before(struct path *path, size_t chunk_idx, struct tf_err *err)
{
    struct rp *rp = path->rp;
    struct rp_state *cached = usable(path, false), *start = usable(path, true);
    size_t image = SIZE_MAX;
    for (;;) {
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
        tf_status status = tf_reader_object_before(rp->reader, path->id, TF_POSTING_ANY,
                                                   chunk_idx, &before, err);
        if (status == TF_ERR_NOT_FOUND || (status == TF_OK && before >= chunk_idx)) {
            return path_checkpoint(path, chunk_idx, err);
        }
        if (status == TF_OK) {
            status = rp_progress(rp, chunk_idx - before, chunk_idx, err);
        }
        if (status == TF_OK && cached && cached->valid_chunk >= before
            && cached->valid_chunk < chunk_idx && cached->valid_last == UINT32_MAX) {
            path->base = cached; /* nothing wrote it between there and here */
            return TF_OK;
        }
        struct rp_chunk *chunk;
        if (status == TF_OK && is_between(path, cached, before, &image)) {
            if (!path_add(path, (struct step){before, 0, UINT32_MAX - 1, true})) {
                return rp_no_memory(err);
            }
            chunk_idx = before;
            continue;
        }
        if (status == TF_OK && !rp->chunk[before]) {
            rp->refused = rp->near;
            rp->strays += !rp->near;
            status = rp->near ? TF_ERR_NOT_FOUND : TF_OK;
        }
        if (status == TF_OK) {
            status = rp_chunk_get_raw(rp, before, &chunk, err);
        }
        if (status != TF_OK) {
            return status;
        }
        bool failed = false;
        bool done = path_chunk(path, chunk, UINT32_MAX, cached, &failed);
        rp_chunk_put(rp, chunk);
        if (done) {
            return failed ? rp_no_memory(err) : TF_OK;
        }
        chunk_idx = before;
    }
}

/* --- Making the state --- */

/* The state to apply changes to: the cached one itself when nobody else looks at it. */
static tf_status
begin_state(struct path *path, struct rp_state **ret_state, struct tf_err *err)
{
    struct rp_state *base = path->base;
    if (base && base->refs == 1 && !base->start) {
        rp_state_uncache(path->rp, base);
        *ret_state = base;
        return TF_OK;
    }
    if (base) {
        return rp_state_clone(base, ret_state, err);
    }
    *ret_state = rp_state_new();
    if (!*ret_state) {
        return rp_no_memory(err);
    }
    (*ret_state)->object.id = path->id;
    return TF_OK;
}

#define START_VALUES 16u /* from so many on the state at a chunk's start is kept */

/* Keeps a copy of what the object was before the chunk's own changes, for who steps back.
 */
static tf_status
keep_start(struct rp *rp, const struct rp_state *state, size_t chunk_idx,
           struct tf_err *err)
{
    struct rp_state *start, *old = rp_state_cached(rp, state->object.id, true);
    if (!rp->state_bytes_max || rp->scans || (old && old->valid_chunk == chunk_idx)
        || state->object.item_count + state->object.attr_count < START_VALUES) {
        return TF_OK;
    }
    tf_status status = rp_state_clone(state, &start, err);
    if (status != TF_OK) {
        return status;
    }
    start->start = true;
    start->valid_chunk = chunk_idx;
    start->valid_first = start->valid_last = 0;
    rp_state_keep(rp, start);
    rp_state_unref(start); /* the cache has it */
    return TF_OK;
}

static tf_status
apply_checkpoint(struct path *path, struct rp_state *state, struct tf_err *err)
{
    const struct tf_ops *ops = &path->checkpoint->raw->state;
    uint32_t op = rp_map_get(&path->checkpoint->image, path->id);
    path->lost = op == RP_NONE;
    return path->lost ? TF_OK
                      : rp_state_apply(path->rp, state, ops, NULL, &ops->op[op], err);
}

tf_status
rp_state_apply_change(struct rp *rp, struct rp_state *state,
                      const struct rp_chunk *chunk,
                      const struct rp_object_change *change, struct tf_err *err)
{
    uint64_t seq = chunk->raw->first_seq + rp_chunk_event_of(chunk, change->place);
    tf_status status =
        rp_state_apply(rp, state, change->ops, change->text, change->op, err);
    state->object.write_seq = change->place == 0 ? 0 : seq;
    if (change->op->kind == TF_OP_LATE) {
        state->object.late_seq = seq;
        state->object.late_events = change->op->count;
    }
    return status;
}

static tf_status
apply_step(struct path *path, struct rp_state *state, const struct step *step,
           struct tf_err *err)
{
    struct rp_chunk *chunk;
    struct rp_object_changes changes;
    struct rp_object_change change;
    tf_status status = rp_chunk_get_raw(path->rp, step->chunk, &chunk, err);
    if (status != TF_OK) {
        return status;
    }
    rp_place_no last = step->first;
    rp_object_changes_begin(&changes, chunk, path->id, step->first);
    if (!step->all) { /* the one that stands there */
        if (rp_object_changes_prev(&changes, &change)) {
            status = rp_state_apply_change(path->rp, state, chunk, &change, err);
        }
        rp_object_changes_begin(&changes, chunk, path->id, step->first);
    }
    while (status == TF_OK && rp_object_changes_next(&changes, &change)
           && change.place <= step->last) {
        status = rp_state_apply_change(path->rp, state, chunk, &change, err);
        last = change.place;
    }
    state->written = true;
    state->write_chunk = step->chunk;
    state->write_place = last;
    rp_chunk_put(path->rp, chunk);
    return status;
}

/* Between which places of the chunk the state holds. */
tf_status
rp_state_set_validity(struct rp *rp, struct rp_state *state, size_t chunk_idx,
                      rp_place_no place, struct tf_err *err)
{
    struct rp_chunk *chunk;
    struct rp_object_changes changes;
    struct rp_object_change change;
    tf_status status = rp_chunk_get_raw(rp, chunk_idx, &chunk, err);
    if (status != TF_OK) {
        return status;
    }
    state->valid_chunk = chunk_idx;
    rp_object_changes_begin(&changes, chunk, state->object.id, place);
    state->valid_first = rp_object_changes_prev(&changes, &change) ? change.place : 0;
    rp_object_changes_begin(&changes, chunk, state->object.id, place);
    state->valid_last =
        rp_object_changes_next(&changes, &change) ? change.place - 1 : UINT32_MAX;
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
        state->bound = true;
        status = apply_checkpoint(path, state, err);
    }
    for (size_t i = path->count; i-- > 0 && status == TF_OK;) {
        bool before = state->written && state->write_chunk < chunk_idx;
        if (i == 0 && before && path->step[0].chunk == chunk_idx) {
            status = keep_start(path->rp, state, chunk_idx, err);
        }
        if (status != TF_OK) {
            break;
        }
        status = apply_step(path, state, &path->step[i], err);
    }
    if (status == TF_OK) {
        status = rp_state_set_validity(path->rp, state, chunk_idx, place, err);
    }
    if (status != TF_OK) {
        rp_state_unref(state);
        return status;
    }
    if (path->lost || !state->object.type) {
        state->object.damaged = state->bound = true;
    }
    if (!state->object.type) {
        state->object.type = rp_type(path->rp, 0);
    }
    *ret_state = state;
    return TF_OK;
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

/* Makes the state as a path tells, after what the chunk itself has. */
static tf_status
follow_path(struct path *path, size_t chunk_idx, rp_place_no place, bool complete,
            struct rp_state **ret_state, struct tf_err *err)
{
    tf_status status = complete ? TF_OK : path_before(path, chunk_idx, err);
    return status == TF_OK ? make_state(path, chunk_idx, place, ret_state, err)
                           : status;
}

static tf_status
find_state(struct path *path, size_t chunk_idx, rp_place_no place,
           struct rp_state **ret_state, struct tf_err *err)
{
    struct rp *rp = path->rp;
    struct rp_state *cached = usable(path, false);
    struct rp_chunk *chunk;
    bool failed = false, pays = false;
    tf_status status = rp_chunk_get_raw(rp, chunk_idx, &chunk, err);
    if (status != TF_OK) {
        return status;
    }
    bool complete = path_chunk(path, chunk, place, cached, &failed);
    rp_chunk_put(rp, chunk);
    if (failed) {
        return rp_no_memory(err);
    }
    if (!complete && rp->near && !cached) {
        rp->refused = true;
        return TF_ERR_NOT_FOUND;
    }
    if (!complete) {
        status = rp_part_pays(rp, path->id, chunk_idx, cached, &pays, err);
    }
    *ret_state = NULL;
    if (status == TF_OK && pays) {
        status = rp_part_open(rp, path->id, chunk_idx, place, ret_state, err);
    }
    struct rp_state *part = *ret_state;
    if (status == TF_OK && part && path->whole) {
        if (part->object.item_count <= RP_PART_WHOLE) {
            status = rp_part_load(rp, part, 0, part->object.item_count, err);
        }
        else {
            rp_state_unref(part);
            *ret_state = part = NULL;
        }
    }
    if (status == TF_OK && !part) {
        status = follow_path(path, chunk_idx, place, complete, ret_state, err);
    }
    else if (status != TF_OK && part) {
        rp_state_unref(part);
    }
    return status;
}

/* One that holds at the place, if it does for what is asked. */
static tf_status
cached_here(struct path *path, size_t chunk_idx, rp_place_no place,
            struct rp_state **ret_state, struct tf_err *err)
{
    struct rp_state *state = rp_state_cached(path->rp, path->id, false);
    *ret_state = NULL;
    if (!state || state->valid_chunk != chunk_idx || state->valid_first > place
        || place > state->valid_last) {
        return TF_OK;
    }
    if (path->whole && state->object.partial
        && state->object.item_count > RP_PART_WHOLE) {
        return TF_OK;
    }
    state->refs++;
    tf_status status = TF_OK;
    if (path->whole && state->object.partial) {
        status = rp_part_load(path->rp, state, 0, state->object.item_count, err);
    }
    if (status != TF_OK) {
        rp_state_unref(state);
        return status;
    }
    *ret_state = state;
    return TF_OK;
}

static void
narrow(struct rp_span *span, const struct rp_state *state)
{
    if (!state || state->valid_chunk != span->chunk) {
        span->broken = true;
        return;
    }
    span->first = state->valid_first > span->first ? state->valid_first : span->first;
    span->last = state->valid_last < span->last ? state->valid_last : span->last;
}

static tf_status
state_at(struct rp *rp, uint64_t id, size_t chunk_idx, rp_place_no place, bool whole,
         struct rp_object **ret_object, struct tf_err *err)
{
    struct path path = {.rp = rp, .id = id, .whole = whole};
    struct rp_state *state;
    if (rp->touched) {
        rp_touch(rp->touched, id);
    }
    tf_status status = cached_here(&path, chunk_idx, place, &state, err);
    if (status == TF_OK && !state) {
        status = find_state(&path, chunk_idx, place, &state, err);
        free(path.step);
        if (status == TF_OK && !whole) {
            rp_part_shrink(rp, state);
        }
        if (status == TF_OK) {
            rp_state_keep(rp, state);
        }
    }
    if (rp->span) {
        narrow(rp->span, status == TF_OK ? state : NULL);
    }
    if (status == TF_OK) {
        *ret_object = &state->object;
    }
    return status;
}

tf_status
rp_state_at(struct rp *rp, uint64_t id, size_t chunk_idx, rp_place_no place,
            struct rp_object **ret_object, struct tf_err *err)
{
    return state_at(rp, id, chunk_idx, place, true, ret_object, err);
}

tf_status
rp_state_open(struct rp *rp, uint64_t id, size_t chunk_idx, rp_place_no place,
              struct rp_object **ret_object, struct tf_err *err)
{
    return state_at(rp, id, chunk_idx, place, false, ret_object, err);
}

uint64_t
rp_strays(const struct rp *rp)
{
    return rp->strays;
}

void
rp_fold_strays(struct rp *rp, bool fold)
{
    rp->fold_strays = fold;
}

static tf_status
object_at(struct rp *rp, const struct rp_value *value, uint64_t seq, bool whole,
          struct rp_object **ret_object, struct tf_err *err)
{
    if (value->kind != TF_VAL_REF) {
        return tf_err_set(err, TF_ERR_ARGUMENT, -1, "the value is no object");
    }
    if (value->object) {
        if (rp->span) {
            rp->span->broken = true;
        }
        rp_object_ref(value->object);
        *ret_object = value->object;
        return TF_OK;
    }
    struct rp_chunk *chunk;
    uint32_t event;
    tf_status status = rp_chunk_at(rp, seq, &chunk, &event, err);
    if (status == TF_OK) {
        status = state_at(rp, value->ref, chunk->idx, chunk->raw->op_end[event], whole,
                          ret_object, err);
        rp_chunk_put(rp, chunk);
    }
    return status;
}

tf_status
rp_object_at(struct rp *rp, const struct rp_value *value, uint64_t seq,
             struct rp_object **ret_object, struct tf_err *err)
{
    return object_at(rp, value, seq, true, ret_object, err);
}

tf_status
rp_object_open(struct rp *rp, const struct rp_value *value, uint64_t seq,
               struct rp_object **ret_object, struct tf_err *err)
{
    return object_at(rp, value, seq, false, ret_object, err);
}
