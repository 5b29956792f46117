/* Watching a place: the writes of the place itself and of the containers that its value
 * holds, found by the postings of each. */
#include "rp_watch.h"

#include <stdlib.h>

/* --- The place now --- */

/* On no stack in this chunk: its variables are as they were when it was suspended. */
static tf_status
suspended_value(struct rp *rp, const struct rp_place *place, uint64_t seq,
                struct rp_value *ret_value, struct tf_err *err)
{
    struct rp_write write;
    struct tf_err none = TF_ERR_INIT;
    tf_status status = rp_write_within(rp, place, seq, false, 0, &write, &none);
    if (status == TF_OK) {
        rp_value_release(&write.before);
        *ret_value = write.after;
    }
    else if (status != TF_ERR_NOT_FOUND && err) {
        *err = none;
    }
    return status == TF_ERR_NOT_FOUND ? TF_OK : status;
}

tf_status
rp_place_value(struct rp *rp, const struct rp_place *place, uint64_t seq,
               struct rp_value *ret_value, struct tf_err *err)
{
    *ret_value = (struct rp_value){0};
    if (place->sort != RP_PLACE_SLOT) {
        struct rp_value ref = {.kind = TF_VAL_REF, .ref = place->id};
        const struct rp_value *found = NULL;
        struct rp_object *object;
        size_t idx;
        tf_status status = rp_object_open(rp, &ref, seq, &object, err);
        if (status == TF_OK) {
            status = rp_place_find(rp, place, object, SIZE_MAX, &found, &idx, err);
            if (status == TF_OK && found) {
                rp_value_copy(ret_value, found);
            }
            rp_object_release(object);
        }
        return status;
    }
    struct rp_chunk *chunk;
    uint32_t event;
    tf_status status = rp_chunk_at(rp, seq, &chunk, &event, err);
    if (status != TF_OK) {
        return status;
    }
    uint32_t frame = rp_chunk_frame(chunk, place->id);
    if (frame != RP_NONE) {
        status = rp_slot_value(rp, chunk, frame, place->slot, chunk->raw->op_end[event],
                               ret_value, err);
    }
    bool away =
        status == TF_OK && ret_value->kind == TF_VAL_UNBOUND
        && (frame == RP_NONE || rp_chunk_act_of(chunk, place->id, event) == RP_NONE);
    rp_chunk_put(rp, chunk);
    return away ? suspended_value(rp, place, seq, ret_value, err) : status;
}

/* --- Beginning --- */

void
rp_watcher_release(struct rp_watcher *watcher)
{
    free(watcher->object);
    free(watcher->next);
    *watcher = (struct rp_watcher){0};
}

/* Where the search for an object's changes goes on; `fallback` when it is a new one. */
static size_t
next_of(const struct rp_watcher *watcher, uint64_t id, size_t hint, size_t fallback)
{
    if (hint < watcher->count && watcher->object[hint] == id) {
        return watcher->next[hint];
    }
    for (size_t i = 0; i < watcher->count; i++) {
        if (watcher->object[i] == id) {
            return watcher->next[i];
        }
    }
    return fallback;
}

static tf_status
take_objects(struct rp_watcher *watcher, const struct rp_content *content,
             uint64_t from, struct tf_err *err)
{
    struct rp_watcher fresh = *watcher;
    size_t first = 0;
    tf_reader_chunk_of_seq(watcher->rp->reader, rp_clamp(watcher->rp, from), &first);
    fresh.count = 0;
    fresh.object = calloc(content->count + 1, sizeof *fresh.object);
    fresh.next = calloc(content->count + 1, sizeof *fresh.next);
    if (!fresh.object || !fresh.next) {
        free(fresh.object);
        free(fresh.next);
        return rp_no_memory(err);
    }
    for (size_t i = 0; i < content->count; i++) {
        if (content->changes[i]) {
            fresh.next[fresh.count] =
                next_of(watcher, content->id[i], fresh.count, first);
            fresh.object[fresh.count++] = content->id[i];
        }
    }
    free(watcher->object);
    free(watcher->next);
    *watcher = fresh;
    return TF_OK;
}

tf_status
rp_watcher_renew(struct rp_watcher *watcher, uint64_t from, struct tf_err *err)
{
    struct rp *rp = watcher->rp;
    struct rp_content *content = calloc(1, sizeof *content);
    if (!content) {
        return rp_no_memory(err);
    }
    /* Backward, what changed at `from` itself is past: the content is that before it. */
    uint64_t seq = rp_clamp(rp, watcher->forward || from == 0 ? from : from - 1);
    tf_status status = rp_content_find(rp, watcher->place, seq, content, err);
    if (status == TF_OK) {
        status = take_objects(watcher, content, from, err);
    }
    free(content);
    return status;
}

tf_status
rp_watcher_begin(struct rp *rp, const struct rp_place *place, uint64_t from,
                 bool forward, struct rp_watcher *watcher, struct tf_err *err)
{
    *watcher = (struct rp_watcher){
        .rp = rp,
        .place = place,
        .forward = forward,
        .place_bound = from,
    };
    return rp->facts.event_count ? rp_watcher_renew(watcher, from, err) : TF_OK;
}

/* --- Changes of the content --- */

static bool
same_values(const struct rp_value *a, size_t a_count, const struct rp_value *b,
            size_t b_count)
{
    for (size_t i = 0; a_count == b_count && i < a_count; i++) {
        if (!rp_value_same(&a[i], &b[i])) {
            return false;
        }
    }
    return a_count == b_count;
}

static bool
same_state(const struct rp_object *a, const struct rp_object *b)
{
    return a->category == b->category && a->type == b->type && a->more == b->more
           && same_values(a->item, a->item_count, b->item, b->item_count)
           && same_values(a->attr, a->attr_count, b->attr, b->attr_count);
}

/* Items that an assignment of as many in their place would change, in a large object. */
static tf_status
same_items(struct rp *rp, struct rp_object *before, struct rp_object *after,
           const struct tf_op *op, bool *ret_same, struct tf_err *err)
{
    size_t first = (size_t)op->index, count = op->value_count;
    *ret_same = false;
    if (first > before->item_count || count > before->item_count - first
        || before->item_count != after->item_count) {
        return TF_OK;
    }
    tf_status status = rp_object_load(rp, before, first, first + count, err);
    if (status == TF_OK) {
        status = rp_object_load(rp, after, first, first + count, err);
    }
    if (status == TF_OK) {
        *ret_same =
            same_values(before->item + first, count, after->item + first, count);
    }
    return status;
}

static tf_status
compare_states(struct rp *rp, struct rp_object *before, struct rp_object *after,
               const struct tf_op *op, bool *ret_differs, struct tf_err *err)
{
    bool same = false;
    tf_status status = TF_OK;
    if (!before->partial && !after->partial) {
        same = same_state(before, after);
    }
    else if (op->kind == TF_OP_ITEM_SET || op->kind == TF_OP_ITEM_SPLICE) {
        status = same_items(rp, before, after, op, &same, err);
    }
    else if (op->kind == TF_OP_IMAGE) { /* renewed, or so large that it is all one */
        same = before->item_count == after->item_count && before->more == after->more;
    }
    *ret_differs = !same;
    return status;
}

/* Whether the object differs before and after the event. */
static tf_status
differs(const struct rp_watcher *watcher, const struct rp_chunk *chunk, uint64_t id,
        uint32_t entry, bool *ret_differs, struct tf_err *err)
{
    struct rp *rp = watcher->rp;
    const struct tf_op *op = rp_object_op(chunk, entry);
    uint32_t event = rp_chunk_event_of(chunk, chunk->object_place[entry]);
    rp_place_no low = event ? chunk->raw->op_end[event - 1] : 0;
    rp_place_no high =
        event < chunk->raw->event_count ? chunk->raw->op_end[event] : UINT32_MAX - 1;
    struct rp_object *before = NULL, *after = NULL;
    *ret_differs = op->kind != TF_OP_LATE;
    if (op->kind == TF_OP_LATE || op->kind == TF_OP_NEW) {
        return TF_OK;
    }
    tf_status status = rp_state_open(rp, id, chunk->idx, high, &after, err);
    if (status == TF_OK) {
        status = rp_state_open(rp, id, chunk->idx, low, &before, err);
    }
    if (status == TF_OK) {
        status = compare_states(rp, before, after, op, ret_differs, err);
    }
    rp_object_release(before);
    rp_object_release(after);
    return status;
}

/* What is left over after a chunk's last event is seen at the next event that there is;
 * 0: there is none. */
static uint64_t
seen_at(struct rp *rp, uint64_t seq)
{
    size_t idx;
    if (seq > rp->facts.last_seq || tf_reader_chunk_of_seq(rp->reader, seq, &idx)) {
        return seq > rp->facts.last_seq ? 0 : seq;
    }
    return rp_search_begin(rp, seq - 1, true, &idx, &seq) ? seq : 0;
}

/* Entries of the object in the chunk that are seen after (before) `from`. */
static void
entries_beyond(const struct rp_chunk *chunk, uint64_t id, uint64_t from, bool forward,
               uint32_t *ret_first, uint32_t *ret_end)
{
    const struct tf_chunk *raw = chunk->raw;
    rp_object_entries(chunk, id, UINT32_MAX - 1, ret_first, ret_end);
    if (from < raw->first_seq || from - raw->first_seq >= raw->event_count) {
        return;
    }
    uint32_t event = (uint32_t)(from - raw->first_seq), ignored, *side = ret_end;
    if (forward) {
        side = ret_first;
        event++;
    }
    uint32_t begin = *ret_first;
    rp_object_entries(chunk, id, event ? raw->op_end[event - 1] : 0, &ignored, side);
    *side = *side < begin ? begin : *side;
}

static tf_status
object_in_chunk(const struct rp_watcher *watcher, const struct rp_chunk *chunk,
                uint64_t id, uint64_t from, uint64_t bound, uint64_t *ret_seq,
                struct tf_err *err)
{
    struct rp *rp = watcher->rp;
    bool forward = watcher->forward;
    uint32_t first, end;
    entries_beyond(chunk, id, from, forward, &first, &end);
    *ret_seq = 0;
    for (uint32_t n = 0; n < end - first; n++) {
        uint32_t entry = forward ? first + n : end - 1 - n;
        if (chunk->object_place[entry] == 0) {
            continue; /* of the keyframe */
        }
        uint64_t seq = chunk->raw->first_seq
                       + rp_chunk_event_of(chunk, chunk->object_place[entry]);
        seq = seen_at(rp, seq);
        bool inside =
            seq && (forward ? seq > from && seq <= bound : seq < from && seq >= bound);
        bool yes = false;
        tf_status status =
            inside ? differs(watcher, chunk, id, entry, &yes, err) : TF_OK;
        if (status == TF_OK) {
            status = rp_progress(rp, n, end - first, err);
        }
        if (status != TF_OK || yes) {
            *ret_seq = seq;
            return status;
        }
    }
    return TF_OK;
}

static bool
chunk_beyond(const struct rp *rp, size_t idx, bool forward, uint64_t bound)
{
    const struct tf_chunk_info *info = tf_reader_chunk_info(rp->reader, idx);
    return forward ? info->first_seq > bound
                   : info->first_seq + info->event_count < bound;
}

/* The bound lies in the chunk: there may be more in it beyond. */
static bool
bound_within(const struct rp *rp, size_t idx, bool forward, uint64_t bound)
{
    const struct tf_chunk_info *info = tf_reader_chunk_info(rp->reader, idx);
    return forward ? bound < info->first_seq + info->event_count
                   : bound > info->first_seq;
}

static tf_status
object_next(struct rp_watcher *watcher, size_t i, uint64_t from, uint64_t bound,
            uint64_t *ret_seq, struct tf_err *err)
{
    struct rp *rp = watcher->rp;
    struct rp_seek seek = {.sort = RP_SEEK_OBJECT, .id = watcher->object[i]};
    tf_status status = TF_OK;
    *ret_seq = 0;
    while (status == TF_OK && !*ret_seq && watcher->next[i] != SIZE_MAX
           && !chunk_beyond(rp, watcher->next[i], watcher->forward, bound)) {
        size_t idx = watcher->next[i];
        struct rp_chunk *chunk;
        status = rp_chunk_get(rp, idx, &chunk, err);
        if (status == TF_OK) {
            status =
                object_in_chunk(watcher, chunk, seek.id, from, bound, ret_seq, err);
            rp_chunk_put(rp, chunk);
        }
        if (status != TF_OK || *ret_seq
            || bound_within(rp, idx, watcher->forward, bound)) {
            break;
        }
        struct tf_err none = TF_ERR_INIT;
        status =
            rp_chunk_seek(rp, &seek, watcher->forward, idx, &watcher->next[i], &none);
        if (status == TF_ERR_NOT_FOUND) {
            watcher->next[i] = SIZE_MAX;
            status = TF_OK;
        }
        else if (status != TF_OK && err) {
            *err = none;
        }
    }
    return status;
}

/* --- Changes of the place itself --- */

static tf_status
search_place(const struct rp_watcher *watcher, uint64_t from, uint64_t bound,
             uint64_t *ret_seq, struct tf_err *err)
{
    struct rp *rp = watcher->rp;
    *ret_seq = 0;
    uint64_t at = watcher->forward ? rp_clamp(rp, from) : from ? from - 1 : 0;
    while (watcher->forward ? at < bound : at >= bound && at) {
        struct rp_write write;
        struct tf_err none = TF_ERR_INIT;
        tf_status status = rp_write_within(rp, watcher->place, rp_clamp(rp, at),
                                           watcher->forward, bound, &write, &none);
        if (status == TF_ERR_NOT_FOUND) {
            return TF_OK;
        }
        if (status != TF_OK) {
            if (err) {
                *err = none;
            }
            return status;
        }
        bool same = !watcher->assigned && rp_value_same(&write.before, &write.after);
        uint64_t seq = seen_at(rp, write.seq);
        rp_write_release(&write);
        if (!same && seq && (watcher->forward ? seq > from : seq < from)) {
            *ret_seq = seq;
            return TF_OK;
        }
        if (!seq) {
            return TF_OK;
        }
        if (watcher->forward ? seq <= at : seq > at) {
            return tf_err_set(err, TF_ERR_DAMAGED, -1,
                              "a write is seen at event %llu, which is not where the "
                              "search came by",
                              (unsigned long long)seq);
        }
        at = watcher->forward ? seq : seq - 1;
    }
    return TF_OK;
}

/* What the last search found, or found not to be, is not searched for again. */
static tf_status
place_next(struct rp_watcher *watcher, uint64_t from, uint64_t bound, uint64_t *ret_seq,
           struct tf_err *err)
{
    bool forward = watcher->forward;
    uint64_t seq = watcher->place_seq, known = watcher->place_bound;
    bool ahead = seq && (forward ? seq > from : seq < from);
    if (!ahead && (forward ? known < bound : known > bound)) {
        uint64_t begin =
            forward ? (from > known ? from : known) : (from < known ? from : known);
        tf_status status = search_place(watcher, begin, bound, &seq, err);
        if (status != TF_OK) {
            return status;
        }
        ahead = seq != 0;
        watcher->place_seq = seq;
        watcher->place_bound = seq ? seq : bound;
    }
    *ret_seq = ahead && (forward ? seq <= bound : seq >= bound) ? seq : 0;
    return TF_OK;
}

tf_status
rp_watcher_next(struct rp_watcher *watcher, uint64_t from, uint64_t bound,
                uint64_t *ret_seq, struct tf_err *err)
{
    uint64_t best, seq;
    tf_status status = place_next(watcher, from, bound, &best, err);
    for (size_t i = 0; status == TF_OK && i < watcher->count; i++) {
        status = object_next(watcher, i, from, best ? best : bound, &seq, err);
        if (status == TF_OK && seq) {
            best = seq; /* not beyond the one before */
        }
    }
    if (status == TF_OK && !best) {
        return tf_err_set(err, TF_ERR_NOT_FOUND, -1, "no change on the way");
    }
    if (status == TF_OK) {
        *ret_seq = best;
    }
    return status;
}

/* --- What is to be seen of it --- */

void
rp_change_release(struct rp_change *change)
{
    rp_value_release(&change->before);
    rp_value_release(&change->after);
}

static tf_status
writer_of(struct rp *rp, uint64_t seq, uint64_t *ret_by, struct tf_err *err)
{
    struct rp_event event;
    tf_status status = rp_event_at(rp, seq, &event, err);
    if (status != TF_OK) {
        return status;
    }
    struct rp_filter filter = {.thread = event.thread};
    struct tf_err none = TF_ERR_INIT;
    *ret_by = 0;
    status = rp_find(rp, &filter, seq, false, ret_by, &none);
    if (status != TF_OK && status != TF_ERR_NOT_FOUND && err) {
        *err = none;
    }
    return status == TF_ERR_NOT_FOUND ? TF_OK : status;
}

static tf_status
change_at(struct rp *rp, const struct rp_place *place, uint64_t seq,
          struct rp_change *ret_change, struct tf_err *err)
{
    struct rp_change change = {.seq = seq};
    change.before_seq = rp_clamp(rp, seq - (seq > rp->facts.first_seq));
    struct rp_write write;
    struct tf_err none = TF_ERR_INIT;
    tf_status status = rp_write_within(rp, place, seq, false, seq, &write, &none);
    if (status == TF_OK) {
        change.bound = true;
        change.before = write.before;
        change.after = write.after;
        change.by_seq = write.by_seq;
    }
    else if (status == TF_ERR_NOT_FOUND) {
        status = rp_place_value(rp, place, seq, &change.after, err);
        rp_value_copy(&change.before, &change.after);
        if (status == TF_OK) {
            status = writer_of(rp, seq, &change.by_seq, err);
        }
    }
    else if (err) {
        *err = none;
    }
    if (status != TF_OK) {
        rp_change_release(&change);
        return status;
    }
    *ret_change = change;
    return TF_OK;
}

tf_status
rp_watch_look(struct rp *rp, const struct rp_place *place, uint64_t seq,
              struct rp_change *ret_change, struct tf_err *err)
{
    struct rp_watcher watcher;
    uint64_t found;
    tf_status status = rp_watcher_begin(rp, place, seq + 1, false, &watcher, err);
    if (status == TF_OK) {
        status = rp_watcher_next(&watcher, seq + 1, seq, &found, err);
    }
    rp_watcher_release(&watcher);
    return status == TF_OK ? change_at(rp, place, seq, ret_change, err) : status;
}

/* --- One after the other --- */

struct rp_changes {
    struct rp_watcher watcher;
    uint64_t at;
};

void
rp_changes_free(struct rp_changes *changes)
{
    if (changes) {
        rp_watcher_release(&changes->watcher);
        free(changes);
    }
}

tf_status
rp_changes_begin(struct rp *rp, const struct rp_place *place, uint64_t from,
                 bool forward, bool assigned, struct rp_changes **ret_changes,
                 struct tf_err *err)
{
    struct rp_changes *changes = calloc(1, sizeof *changes);
    if (!changes) {
        return rp_no_memory(err);
    }
    tf_status status =
        rp_watcher_begin(rp, place, from, forward, &changes->watcher, err);
    if (status != TF_OK) {
        rp_changes_free(changes);
        return status;
    }
    changes->watcher.assigned = assigned;
    changes->at = from;
    *ret_changes = changes;
    return TF_OK;
}

tf_status
rp_changes_next(struct rp_changes *changes, struct rp_change *ret_change,
                struct tf_err *err)
{
    struct rp_watcher *watcher = &changes->watcher;
    uint64_t seq, bound = watcher->forward ? UINT64_MAX : 0;
    tf_status status = rp_watcher_next(watcher, changes->at, bound, &seq, err);
    if (status == TF_OK) {
        status = change_at(watcher->rp, watcher->place, seq, ret_change, err);
    }
    if (status == TF_OK) {
        changes->at = seq;
        status = rp_watcher_renew(watcher, seq, err);
        if (status != TF_OK) {
            rp_change_release(ret_change);
        }
    }
    return status;
}
