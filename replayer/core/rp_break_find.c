/* Finding the next breakpoint or watchpoint that holds.
 *
 * The postings name the chunks in which any of the places was run; the nearest is looked
 * at. Before it, up to its end, each watchpoint is asked for a change, which again decodes
 * only chunks that wrote what is watched. So no chunk is decoded that matters for none. */
#include <stdlib.h>
#include <string.h>

#include "rp_ask_ahead.h"
#include "rp_break.h"
#include "rp_find_posts.h"
#include "rp_watch.h"

struct watching { /* one watchpoint */
    struct rp_point *point;
    struct rp_watcher watcher;
    uint64_t found; /* its nearest change, not yet passed; 0: none known */
};

struct hunt {
    struct rp *rp;
    const struct rp_hunting *what;
    uint8_t *wanted; /* by code id: some breakpoint concerns it */
    bool exceptions;
    struct rp_posts posts;
    struct watching *watching;
    size_t watch_count;
    struct rp_ahead
        *ahead; /* makes the chunks that come next; NULL: not yet, or never */
    bool alone, planned_all;
    size_t planned[RP_AHEAD], last_planned;
    unsigned planned_count, seen;
};

/* Who looks at so many chunks will look at more. */
#define AHEAD_AFTER 4u

/* --- What is hunted for --- */

/* Of one that holds only at its nth execution, the chunks are known. */
static void
bound_posts(struct hunt *hunt, const struct rp_point *point)
{
    size_t first = 0, last = SIZE_MAX;
    tf_reader_chunk_of_seq(hunt->rp->reader, point->seq_first, &first);
    tf_reader_chunk_of_seq(hunt->rp->reader, point->seq_last, &last);
    rp_posts_bound(&hunt->posts, first, last);
}

static bool
add_posts(struct hunt *hunt, const struct rp_point *point)
{
    bool lines = point->pub.sort == RP_BREAK_LINE;
    enum tf_posting_sort sort = lines                ? TF_POSTING_LINE
                                : point->pub.at_exit ? TF_POSTING_CODE
                                                     : TF_POSTING_CALL;
    bool added = true;
    for (size_t i = 0; i < point->pub.code_count && added; i++) {
        hunt->wanted[point->code[i]] = 1;
        added = rp_posts_add(&hunt->posts, sort, point->code[i],
                             lines ? point->pub.lineno : 0);
        if (added) {
            bound_posts(hunt, point);
        }
    }
    for (size_t i = 0; i < point->type_count && added && !point->pub.uncaught; i++) {
        added = rp_posts_add(&hunt->posts, TF_POSTING_EXCEPTION, point->type[i], 0);
    }
    if (point->pub.sort == RP_BREAK_EXCEPTION && added) {
        hunt->exceptions = true;
        if (point->pub.uncaught) {
            hunt->posts.seq = point->uncaught->seq;
            hunt->posts.seq_count = point->uncaught->count;
        }
        else { /* of a type that the writer did not know any more: */
            added = rp_posts_add(&hunt->posts, TF_POSTING_EXCEPTION, 0, 0);
        }
    }
    return added;
}

static tf_status
hunt_begin(struct hunt *hunt, struct tf_err *err)
{
    struct rp *rp = hunt->rp;
    hunt->wanted = calloc((size_t)rp->facts.code_count + 1, 1);
    hunt->watching = calloc(rp->breaks->count + 1, sizeof *hunt->watching);
    if (!hunt->wanted || !hunt->watching) {
        return rp_no_memory(err);
    }
    for (size_t i = 0; i < rp->breaks->count; i++) {
        struct rp_point *point = rp->breaks->point[i];
        if (!point->pub.enabled) {
            continue;
        }
        if (point->pub.sort != RP_BREAK_WATCH) {
            if (!add_posts(hunt, point)) {
                return rp_no_memory(err);
            }
            continue;
        }
        struct watching *watching = &hunt->watching[hunt->watch_count++];
        watching->point = point;
        tf_status status =
            rp_watcher_begin(rp, point->place, hunt->what->from, hunt->what->forward,
                             &watching->watcher, err);
        if (status != TF_OK) {
            return status;
        }
    }
    return TF_OK;
}

static void
hunt_release(struct hunt *hunt)
{
    for (size_t i = 0; i < hunt->watch_count; i++) {
        rp_watcher_release(&hunt->watching[i].watcher);
    }
    free(hunt->watching);
    free(hunt->wanted);
    rp_ahead_stop(hunt->ahead);
    rp_posts_release(&hunt->posts);
}

/* --- Does it hold? --- */

static bool
concerns(const struct rp_point *point, uint32_t code)
{
    for (size_t i = 0; i < point->pub.code_count; i++) {
        if (point->code[i] == code) {
            return true;
        }
    }
    return false;
}

bool
rp_point_is_at(const struct rp_point *point, unsigned kind, uint32_t lineno,
               uint32_t code)
{
    switch (point->pub.sort) {
    case RP_BREAK_LINE:
        return kind == TF_EV_LINE && lineno == point->pub.lineno
               && concerns(point, code);
    case RP_BREAK_FUNCTION:
        return (point->pub.at_exit ? kind == TF_EV_RETURN || kind == TF_EV_UNWIND
                                   : kind == TF_EV_START)
               && concerns(point, code);
    default: return false;
    }
}

static bool
means_type(const struct rp_point *point, uint32_t type)
{
    for (size_t i = 0; i < point->type_count; i++) {
        if (point->type[i] == type) {
            return true;
        }
    }
    return false;
}

/* Where it is raised, not each level that it passes. */
static tf_status
raises(struct rp *rp, const struct rp_point *point, uint64_t seq, bool *ret_yes,
       struct tf_err *err)
{
    struct rp_raise raise;
    struct tf_err none = TF_ERR_INIT;
    *ret_yes = false;
    if (point->pub.uncaught && !rp_uncaught_has(point->uncaught, seq)) {
        return TF_OK;
    }
    tf_status status = rp_raise_at(rp, seq, &raise, &none);
    if (status == TF_OK) {
        *ret_yes = means_type(point, raise.type_id);
    }
    else if (status != TF_ERR_NOT_FOUND && err) {
        *err = none;
    }
    return status == TF_ERR_NOT_FOUND ? TF_OK : status;
}

/* As in pdb, a condition that has no value does not keep one from stopping. */
static tf_status
condition_holds(struct rp *rp, const struct rp_point *point,
                const struct rp_event *event, bool *ret_holds, bool *ret_failed,
                struct tf_err *err)
{
    *ret_holds = true;
    *ret_failed = false;
    if (!point->condition) {
        return TF_OK;
    }
    struct rp_value value;
    struct rp_frame frame;
    struct tf_err why = TF_ERR_INIT;
    uint64_t frame_id = event->frame;
    if (point->frame
        && rp_frame_at(rp, event->seq, point->frame, &frame, &why) == TF_OK) {
        frame_id = point->frame;
    }
    tf_status status =
        rp_expr_eval(rp, point->condition, event->seq, frame_id, &value, NULL, &why);
    if (status == TF_OK) {
        status = rp_value_truth(rp, &value, event->seq, ret_holds, &why);
        rp_value_release(&value);
    }
    if (status == TF_ERR_ARGUMENT) {
        *ret_failed = *ret_holds = true;
        return TF_OK;
    }
    if (status != TF_OK && err) {
        *err = why;
    }
    return status;
}

/* The place is met: whether one stops, all else considered. */
static tf_status
stops_at(struct rp *rp, struct rp_point *point, const struct rp_event *event,
         bool *ret_stops, bool *ret_failed, struct tf_err *err)
{
    *ret_stops = *ret_failed = false;
    if (event->seq < point->seq_first || event->seq > point->seq_last
        || (point->pub.thread && event->thread != point->pub.thread)) {
        return TF_OK;
    }
    bool holds;
    tf_status status = condition_holds(rp, point, event, &holds, ret_failed, err);
    if (status != TF_OK || !holds) {
        return status;
    }
    *ret_stops = point->pub.ignore_count == 0;
    if (!*ret_stops) {
        point->pub.ignore_count--;
        point->pub.hit_count++;
    }
    return TF_OK;
}

static void
note_stop(struct rp_stop *stop, const struct rp_point *point, uint64_t seq, bool failed)
{
    bool watch = point->pub.sort == RP_BREAK_WATCH;
    if (stop->reason != RP_STOP_BREAK || stop->seq != seq) {
        *stop = (struct rp_stop){.seq = seq,
                                 .reason = RP_STOP_BREAK,
                                 .break_id = point->pub.id,
                                 .break_removed = point->pub.temporary,
                                 .condition_failed = failed};
    }
    if (watch && !stop->watch_id) {
        stop->watch_id = point->pub.id;
    }
}

static tf_status
check(const struct hunt *hunt, const struct rp_event *event, struct rp_stop *stop,
      struct tf_err *err)
{
    struct rp *rp = hunt->rp;
    for (size_t i = 0; i < rp->breaks->count; i++) {
        struct rp_point *point = rp->breaks->point[i];
        bool met = false, stops = false, failed;
        tf_status status = TF_OK;
        if (!point->pub.enabled || point->pub.sort == RP_BREAK_WATCH) {
            continue;
        }
        if (point->pub.sort != RP_BREAK_EXCEPTION) {
            met = rp_point_is_at(point, event->kind, event->lineno, event->code->id);
        }
        else if (event->kind == TF_EV_EXCEPTION) {
            status = raises(rp, point, event->seq, &met, err);
        }
        if (status == TF_OK && met) {
            status = stops_at(rp, point, event, &stops, &failed, err);
        }
        if (status != TF_OK) {
            return status;
        }
        if (stops) {
            note_stop(stop, point, event->seq, failed);
            return TF_OK;
        }
    }
    return TF_OK;
}

/* --- In a chunk --- */

static bool
worth_a_look(const struct hunt *hunt, const struct rp_chunk *chunk, uint32_t event)
{
    unsigned kind = chunk->raw->kind[event];
    if (hunt->what->thread && chunk->raw->thread[event] != hunt->what->thread) {
        return false;
    }
    if (kind == TF_EV_EXCEPTION) {
        return hunt->exceptions;
    }
    uint32_t act = chunk->event_act[event];
    if ((kind != TF_EV_LINE && kind != TF_EV_START && kind != TF_EV_RETURN
         && kind != TF_EV_UNWIND)
        || act == RP_NONE) {
        return false;
    }
    uint32_t code = chunk->frame[chunk->act[act].frame].code;
    return code <= hunt->rp->facts.code_count && hunt->wanted[code];
}

/* From an event on (inclusive), not beyond `bound`. */
static tf_status
hunt_chunk(const struct hunt *hunt, const struct rp_chunk *chunk, uint32_t event,
           uint64_t bound, struct rp_stop *stop, struct tf_err *err)
{
    bool forward = hunt->what->forward;
    for (; event < chunk->raw->event_count; event += forward ? 1u : UINT32_MAX) {
        uint64_t seq = chunk->raw->first_seq + event;
        if (forward ? seq > bound : seq < bound) {
            return TF_OK;
        }
        if (!worth_a_look(hunt, chunk, event)) {
            continue;
        }
        struct rp_event full;
        rp_fill_event(hunt->rp, chunk, event, &full);
        tf_status status = check(hunt, &full, stop, err);
        if (status == TF_OK && stop->reason != RP_STOP_BREAK) {
            status = rp_progress(hunt->rp, seq, hunt->rp->facts.last_seq, err);
        }
        if (status != TF_OK || stop->reason == RP_STOP_BREAK) {
            return status;
        }
    }
    return TF_OK;
}

/* --- Watchpoints on the way --- */

/* The nearest change at which a watchpoint stops after `from`, not beyond `bound`. */
static tf_status
watch_next(const struct hunt *hunt, struct watching *watching, uint64_t from,
           uint64_t bound, struct rp_stop *stop, struct tf_err *err)
{
    struct rp *rp = hunt->rp;
    bool forward = hunt->what->forward;
    for (;;) {
        struct rp_event event;
        struct tf_err none = TF_ERR_INIT;
        bool stops = false, failed;
        tf_status status = TF_OK;
        bool passed = watching->found == 0
                      || (forward ? watching->found <= from : watching->found >= from);
        if (passed) {
            watching->found = 0;
            status = rp_watcher_next(&watching->watcher, from, bound, &watching->found,
                                     &none);
        }
        if (status == TF_ERR_NOT_FOUND
            || (status == TF_OK
                && (forward ? watching->found > bound : watching->found < bound))) {
            return TF_OK;
        }
        if (status == TF_OK) {
            status = rp_event_at(rp, watching->found, &event, &none);
        }
        if (status == TF_OK
            && (!hunt->what->thread || event.thread == hunt->what->thread)) {
            status = stops_at(rp, watching->point, &event, &stops, &failed, &none);
        }
        if (status != TF_OK) {
            if (err) {
                *err = none;
            }
            return status;
        }
        if (stops) {
            note_stop(stop, watching->point, event.seq, failed);
            return TF_OK;
        }
        from = watching->found;
    }
}

/* Over all of them; *bound becomes the nearest. */
static tf_status
watches_next(const struct hunt *hunt, uint64_t from, uint64_t *bound,
             struct rp_stop *stop, struct tf_err *err)
{
    for (size_t i = 0; i < hunt->watch_count; i++) {
        tf_status status =
            watch_next(hunt, &hunt->watching[i], from, *bound, stop, err);
        if (status != TF_OK) {
            return status;
        }
        if (stop->reason == RP_STOP_BREAK) {
            *bound = stop->seq;
        }
    }
    return TF_OK;
}

/* --- The hunt --- */

/* The far end of a chunk, or of the hunt if that is nearer. */
static uint64_t
chunk_bound(const struct hunt *hunt, size_t idx)
{
    uint64_t bound = hunt->what->bound;
    if (idx == SIZE_MAX) {
        return bound;
    }
    const struct tf_chunk_info *info = tf_reader_chunk_info(hunt->rp->reader, idx);
    if (hunt->what->forward) {
        uint64_t last = info->first_seq + info->event_count - (info->event_count > 0);
        return last < bound ? last : bound;
    }
    return info->first_seq > bound ? info->first_seq : bound;
}

static bool
beyond(const struct hunt *hunt, size_t idx)
{
    const struct tf_chunk_info *info = tf_reader_chunk_info(hunt->rp->reader, idx);
    return hunt->what->forward
               ? info->first_seq > hunt->what->bound
               : info->first_seq + info->event_count <= hunt->what->bound;
}

/* Keeps `planned` full: the chunks that come next, not beyond the bound. */
static tf_status
plan(struct hunt *hunt, struct tf_err *err)
{
    if (!hunt->ahead && !hunt->alone && hunt->seen >= AHEAD_AFTER
        && hunt->planned_count == 0) {
        hunt->ahead = rp_ahead_start(hunt->rp);
        hunt->alone = !hunt->ahead;
    }
    unsigned wanted = hunt->ahead ? RP_AHEAD : 1;
    while (!hunt->planned_all && hunt->planned_count < wanted) {
        size_t idx;
        tf_status status = rp_posts_next(hunt->rp, &hunt->posts, hunt->what->forward,
                                         hunt->last_planned, &idx, err);
        if (status != TF_OK) {
            return status;
        }
        hunt->planned_all = idx == SIZE_MAX || beyond(hunt, idx);
        if (!hunt->planned_all) {
            hunt->planned[hunt->planned_count++] = hunt->last_planned = idx;
            if (hunt->ahead) {
                rp_ahead_ask(hunt->ahead, idx);
            }
        }
    }
    return TF_OK;
}

/* The next of them; SIZE_MAX: there is none. `ret_ahead`: it is being decoded. */
static tf_status
next_planned(struct hunt *hunt, size_t *ret_idx, bool *ret_ahead, struct tf_err *err)
{
    *ret_idx = SIZE_MAX;
    *ret_ahead = hunt->ahead != NULL;
    tf_status status = plan(hunt, err);
    *ret_ahead = hunt->ahead != NULL;
    if (status != TF_OK || hunt->planned_count == 0) {
        return status;
    }
    *ret_idx = hunt->planned[0];
    hunt->planned_count--;
    memmove(hunt->planned, hunt->planned + 1,
            hunt->planned_count * sizeof hunt->planned[0]);
    hunt->seen++;
    return TF_OK;
}

static tf_status
take_chunk(const struct hunt *hunt, size_t idx, bool ahead, struct rp_chunk **ret_chunk,
           struct tf_err *err)
{
    return ahead ? rp_ahead_take(hunt->ahead, ret_chunk, err)
                 : rp_chunk_get(hunt->rp, idx, ret_chunk, err);
}

static tf_status
hunt_step(const struct hunt *hunt, size_t idx, bool ahead, uint64_t from,
          uint64_t *bound, struct rp_stop *stop, struct tf_err *err)
{
    *bound = chunk_bound(hunt, idx);
    uint64_t nearest = *bound;
    tf_status status = watches_next(hunt, from, &nearest, stop, err);
    if (status != TF_OK || idx == SIZE_MAX
        || (!hunt->posts.count && !hunt->posts.seq_count)) {
        return status;
    }
    struct rp_chunk *chunk;
    status = take_chunk(hunt, idx, ahead, &chunk, err);
    if (status != TF_OK) {
        return status;
    }
    const struct tf_chunk *raw = chunk->raw;
    uint32_t event = hunt->what->forward ? 0 : raw->event_count - 1;
    if (hunt->what->forward ? from >= raw->first_seq : from <= raw->first_seq + event) {
        event =
            (uint32_t)(from - raw->first_seq) + (hunt->what->forward ? 1 : UINT32_MAX);
    }
    struct rp_stop place = {0};
    status = hunt_chunk(hunt, chunk, event, nearest, &place, err);
    rp_chunk_put(hunt->rp, chunk);
    if (status == TF_OK && place.reason == RP_STOP_BREAK) {
        place.watch_id = stop->reason == RP_STOP_BREAK && stop->seq == place.seq
                             ? stop->watch_id
                             : 0;
        *stop = place;
    }
    return status;
}

static tf_status
hunt_run(struct hunt *hunt, struct rp_stop *stop, struct tf_err *err)
{
    struct rp *rp = hunt->rp;
    size_t idx;
    uint64_t seq, from = hunt->what->from, bound;
    if (!rp_search_begin(rp, from, hunt->what->forward, &idx, &seq)) {
        return TF_OK;
    }
    from = hunt->what->forward ? seq - 1 : seq + 1;
    hunt->last_planned = idx;
    bool ahead = false;
    for (;;) {
        tf_status status = hunt_step(hunt, idx, ahead, from, &bound, stop, err);
        if (status != TF_OK || stop->reason == RP_STOP_BREAK || idx == SIZE_MAX) {
            return status;
        }
        from = bound;
        status =
            rp_progress(rp, hunt->what->forward ? idx : rp->facts.chunk_count - idx,
                        rp->facts.chunk_count, err);
        if (status == TF_OK) { /* at last the watchpoints, up to the end */
            status = next_planned(hunt, &idx, &ahead, err);
        }
        if (status != TF_OK) {
            return status;
        }
    }
}

static void
count_stop(struct rp *rp, uint32_t id)
{
    for (size_t i = 0; i < rp->breaks->count; i++) {
        rp->breaks->point[i]->pub.hit_count += rp->breaks->point[i]->pub.id == id;
    }
}

tf_status
rp_breaks_next(struct rp *rp, const struct rp_hunting *hunting,
               struct rp_stop *ret_stop, struct tf_err *err)
{
    struct hunt hunt = {.rp = rp, .what = hunting};
    struct rp_stop stop = {.reason = RP_STOP_MOVED};
    tf_status status = rp->breaks ? hunt_begin(&hunt, err) : TF_OK;
    if (status == TF_OK && rp->breaks) {
        status = hunt_run(&hunt, &stop, err);
    }
    hunt_release(&hunt);
    if (status != TF_OK) {
        return status;
    }
    if (stop.reason != RP_STOP_BREAK) {
        return tf_err_set(err, TF_ERR_NOT_FOUND, -1, "no breakpoint on the way");
    }
    *ret_stop = stop;
    count_stop(rp, stop.break_id);
    if (stop.watch_id != stop.break_id) {
        count_stop(rp, stop.watch_id);
    }
    return stop.break_removed ? rp_break_remove(rp, stop.break_id, err) : TF_OK;
}
