/* An exception that nobody catches leaves the first frame of its thread, or reaches the
 * function with which `threading` begins threads, or the recording ends on its way. From there
 * it is followed back to where it was raised. */
#include "rp_uncaught.h"

#include <stdlib.h>

#include "rp_find_posts.h"

void
rp_uncaught_free(struct rp_uncaught *uncaught)
{
    if (uncaught) {
        free(uncaught->seq);
        free(uncaught->type);
        free(uncaught);
    }
}

/* The place of the first that is not before `seq`. */
static size_t
place_of(const struct rp_uncaught *uncaught, uint64_t seq)
{
    size_t first = 0, end = uncaught->count;
    while (first < end) {
        size_t middle = first + (end - first) / 2;
        if (uncaught->seq[middle] < seq) {
            first = middle + 1;
        }
        else {
            end = middle;
        }
    }
    return first;
}

bool
rp_uncaught_has(const struct rp_uncaught *uncaught, uint64_t seq)
{
    size_t at = place_of(uncaught, seq);
    return at < uncaught->count && uncaught->seq[at] == seq;
}

static bool
grow(struct rp_uncaught *uncaught)
{
    size_t cap = uncaught->cap ? uncaught->cap * 2 : 16;
    uint64_t *seq = realloc(uncaught->seq, cap * sizeof *seq);
    uncaught->seq = seq ? seq : uncaught->seq;
    uint32_t *type = realloc(uncaught->type, cap * sizeof *type);
    uncaught->type = type ? type : uncaught->type;
    if (seq && type) {
        uncaught->cap = cap;
    }
    return seq && type;
}

static tf_status
add(struct rp_uncaught *uncaught, const struct rp_raise *raise, struct tf_err *err)
{
    size_t at = place_of(uncaught, raise->seq);
    if (at < uncaught->count && uncaught->seq[at] == raise->seq) {
        return TF_OK;
    }
    if (uncaught->count == uncaught->cap && !grow(uncaught)) {
        return rp_no_memory(err);
    }
    for (size_t i = uncaught->count++; i > at; i--) { /* they come almost in order */
        uncaught->seq[i] = uncaught->seq[i - 1];
        uncaught->type[i] = uncaught->type[i - 1];
    }
    uncaught->seq[at] = raise->seq;
    uncaught->type[at] = raise->type_id;
    return TF_OK;
}

/* Back from an EV_UNWIND or EV_EXCEPTION event to where it was raised; 0: not recorded. */
static tf_status
begin_of(struct rp *rp, const struct rp_event *event, uint64_t *ret_seq,
         struct tf_err *err)
{
    struct rp_event at = *event;
    *ret_seq = 0;
    for (;;) {
        struct rp_event before;
        bool has;
        tf_status status = TF_OK;
        if (at.kind == TF_EV_UNWIND) {
            uint64_t seq = 0;
            status = rp_fate_raise(rp, &at, &seq, err);
            if (status != TF_OK || !seq) {
                return status;
            }
            status = rp_event_at(rp, seq, &at, err);
        }
        if (status == TF_OK) {
            status = rp_event_beside(rp, &at, false, &before, &has, err);
        }
        if (status != TF_OK) {
            return status;
        }
        if (!has || before.kind != TF_EV_UNWIND) {
            *ret_seq = at.seq;
            return TF_OK;
        }
        at = before;
    }
}

static tf_status
consider(struct rp *rp, uint64_t seq, struct rp_uncaught *uncaught, struct tf_err *err)
{
    struct rp_event event;
    struct rp_raise raise;
    uint64_t begin;
    tf_status status = rp_event_at(rp, seq, &event, err);
    if (status == TF_OK) {
        status = begin_of(rp, &event, &begin, err);
    }
    if (status != TF_OK || !begin) {
        return status;
    }
    struct tf_err none = TF_ERR_INIT;
    status = rp_raise_at(rp, begin, &raise, &none);
    if (status == TF_OK) {
        return raise.handled_seq ? TF_OK : add(uncaught, &raise, err);
    }
    if (status != TF_ERR_NOT_FOUND && err) {
        *err = none;
    }
    return status == TF_ERR_NOT_FOUND ? TF_OK : status;
}

/* --- Where to begin --- */

static bool
ends_thread(const struct rp *rp, const struct rp_chunk *chunk, uint32_t event)
{
    uint32_t act = chunk->event_act[event];
    unsigned kind = chunk->raw->kind[event];
    if (act == RP_NONE) {
        return false;
    }
    if (kind == TF_EV_UNWIND) {
        return chunk->act[act].parent == RP_NONE;
    }
    uint32_t code = chunk->frame[chunk->act[act].frame].code;
    return kind == TF_EV_EXCEPTION && code <= rp->facts.code_count
           && rp_code_ends_thread(rp, rp_code(rp, code));
}

static tf_status
look_through(struct rp *rp, size_t idx, struct rp_uncaught *uncaught,
             struct tf_err *err)
{
    struct rp_chunk *chunk;
    tf_status status = rp_chunk_get(rp, idx, &chunk, err);
    if (status != TF_OK) {
        return status;
    }
    for (uint32_t i = 0; i < chunk->raw->event_count && status == TF_OK; i++) {
        if (ends_thread(rp, chunk, i)) {
            status = consider(rp, chunk->raw->first_seq + i, uncaught, err);
        }
    }
    rp_chunk_put(rp, chunk);
    return status;
}

/* Threads that are on the way when the recording ends. */
static tf_status
look_at_end(struct rp *rp, struct rp_uncaught *uncaught, struct tf_err *err)
{
    struct rp_chunk *chunk;
    tf_status status = rp_chunk_get(rp, rp->facts.chunk_count - 1, &chunk, err);
    if (status != TF_OK) {
        return status;
    }
    for (uint32_t i = 0; i < chunk->thread_count && status == TF_OK; i++) {
        struct rp_filter filter = {.thread = chunk->thread[i].id};
        struct rp_event event = {0};
        uint64_t seq;
        struct tf_err none = TF_ERR_INIT;
        status = rp_find(rp, &filter, UINT64_MAX, false, &seq, &none);
        if (status == TF_OK) {
            status = rp_event_at(rp, seq, &event, &none);
        }
        if (status == TF_OK
            && (event.kind == TF_EV_UNWIND || event.kind == TF_EV_EXCEPTION)) {
            status = consider(rp, seq, uncaught, &none);
        }
        if (status != TF_OK && status != TF_ERR_NOT_FOUND && err) {
            *err = none;
        }
        status = status == TF_ERR_NOT_FOUND ? TF_OK : status;
    }
    rp_chunk_put(rp, chunk);
    return status;
}

static tf_status
look_for_all(struct rp *rp, struct rp_uncaught *uncaught, struct tf_err *err)
{
    struct rp_posts posts = {0};
    size_t idx = SIZE_MAX;
    tf_status status = TF_OK;
    bool added = rp_posts_add(&posts, TF_POSTING_KIND, TF_COUNT_LAST_UNWIND, 0);
    for (uint32_t id = 1; id <= rp->facts.code_count && added; id++) {
        if (rp_code_ends_thread(rp, rp_code(rp, id))) {
            added = rp_posts_add(&posts, TF_POSTING_CODE, id, 0);
        }
    }
    status = added ? TF_OK : rp_no_memory(err);
    while (status == TF_OK) {
        status = rp_posts_next(rp, &posts, true, idx, &idx, err);
        if (status != TF_OK || idx == SIZE_MAX) {
            break;
        }
        status = look_through(rp, idx, uncaught, err);
        if (status == TF_OK) {
            status = rp_progress(rp, idx, rp->facts.chunk_count, err);
        }
    }
    rp_posts_release(&posts);
    return status == TF_OK ? look_at_end(rp, uncaught, err) : status;
}

tf_status
rp_uncaught(struct rp *rp, const struct rp_uncaught **ret_uncaught, struct tf_err *err)
{
    tf_status status = TF_OK;
    if (!rp->uncaught) {
        struct rp_uncaught *uncaught = calloc(1, sizeof *uncaught);
        status = uncaught ? TF_OK : rp_no_memory(err);
        if (status == TF_OK && rp->facts.event_count) {
            status = look_for_all(rp, uncaught, err);
        }
        if (status != TF_OK) {
            rp_uncaught_free(uncaught);
            return status;
        }
        rp->uncaught = uncaught;
    }
    *ret_uncaught = rp->uncaught;
    return TF_OK;
}
