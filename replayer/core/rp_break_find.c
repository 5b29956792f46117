/* Finding the next breakpoint that holds. Chunks in which none of the code ran are left
 * out by the postings; in the others a table by code object lets through only the events
 * that some breakpoint may mean. */
#include "rp_break.h"

#include <stdlib.h>
#include <string.h>

/* With more places than this it is cheaper to look into every chunk. */
#define PLACES_MAX 64u

struct hunt {
    struct rp *rp;
    bool forward;
    uint64_t bound;
    uint8_t *wanted; /* by code id: some breakpoint concerns it */
    bool exceptions;
    size_t places;
};

static tf_status
hunt_begin(struct hunt *hunt, struct tf_err *err)
{
    const struct rp *rp = hunt->rp;
    hunt->wanted = calloc((size_t)rp->facts.code_count + 1, 1);
    if (!hunt->wanted) {
        return rp_no_memory(err);
    }
    for (size_t i = 0; i < rp->breaks->count; i++) {
        const struct rp_point *point = rp->breaks->point[i];
        if (!point->pub.enabled) {
            continue;
        }
        hunt->exceptions |= point->pub.sort == RP_BREAK_EXCEPTION;
        hunt->places += point->pub.code_count;
        for (size_t k = 0; k < point->pub.code_count; k++) {
            hunt->wanted[point->code[k]] = 1;
        }
    }
    return TF_OK;
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

static tf_status
raises(struct rp *rp, const struct rp_point *point, uint64_t seq, bool *ret_yes,
       struct tf_err *err)
{
    struct rp_value arg;
    bool has;
    *ret_yes = false;
    tf_status status = rp_event_arg(rp, seq, &has, &arg, err);
    if (status != TF_OK || !has) {
        return status;
    }
    struct tf_text pattern = {point->type, strlen(point->type)};
    struct rp_buf name = RP_BUF_INIT;
    struct rp_object *object = NULL;
    if (arg.kind == TF_VAL_REF) {
        status = rp_object_at(rp, &arg, seq, &object, err);
    }
    if (status == TF_OK) {
        const struct tf_def_type *type =
            object ? object->type
                   : rp_type(rp, arg.kind == TF_VAL_ELIDED ? arg.type_id : 0);
        rp_type_name(type, &name);
        *ret_yes = rp_glob(pattern, type->name)
                   || rp_glob(pattern, (struct tf_text){name.data, name.len})
                   || (!rp_glob_magic(pattern) && rp_type_is(rp, type, point->type));
    }
    rp_object_release(object);
    rp_buf_release(&name);
    rp_value_release(&arg);
    return status;
}

static tf_status
is_place(const struct hunt *hunt, const struct rp_point *point,
         const struct rp_event *event, bool *ret_yes, struct tf_err *err)
{
    *ret_yes = false;
    switch (point->pub.sort) {
    case RP_BREAK_LINE:
        *ret_yes = event->kind == TF_EV_LINE && event->lineno == point->pub.lineno
                   && concerns(point, event->code->id);
        return TF_OK;
    case RP_BREAK_FUNCTION:
        *ret_yes = event->kind == TF_EV_START && concerns(point, event->code->id);
        return TF_OK;
    default:
        return event->kind == TF_EV_EXCEPTION
                   ? raises(hunt->rp, point, event->seq, ret_yes, err)
                   : TF_OK;
    }
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
    tf_status status =
        rp_expr_eval(rp, point->condition, event->seq, event->frame, &value, NULL, err);
    if (status == TF_OK) {
        status = rp_value_truth(rp, &value, event->seq, ret_holds, err);
        rp_value_release(&value);
    }
    if (status == TF_ERR_ARGUMENT) {
        *ret_failed = *ret_holds = true;
        return TF_OK;
    }
    return status;
}

static tf_status
check(const struct hunt *hunt, const struct rp_event *event, bool *ret_stops,
      struct rp_stop *stop, struct tf_err *err)
{
    struct rp *rp = hunt->rp;
    *ret_stops = false;
    for (size_t i = 0; i < rp->breaks->count && !*ret_stops; i++) {
        struct rp_point *point = rp->breaks->point[i];
        bool holds = false, failed = false;
        tf_status status =
            point->pub.enabled ? is_place(hunt, point, event, &holds, err) : TF_OK;
        if (status == TF_OK && holds) {
            status = condition_holds(rp, point, event, &holds, &failed, err);
        }
        if (status != TF_OK) {
            return status;
        }
        if (!holds) {
            continue;
        }
        point->pub.hit_count++;
        if (point->pub.ignore_count) {
            point->pub.ignore_count--;
            continue;
        }
        *ret_stops = true;
        *stop = (struct rp_stop){.seq = event->seq,
                                 .reason = RP_STOP_BREAK,
                                 .break_id = point->pub.id,
                                 .break_removed = point->pub.temporary,
                                 .condition_failed = failed};
    }
    if (*ret_stops && stop->break_removed) {
        return rp_break_remove(rp, stop->break_id, err);
    }
    return TF_OK;
}

/* --- The search --- */

static bool
worth_a_look(const struct hunt *hunt, const struct rp_chunk *chunk, uint32_t event)
{
    unsigned kind = chunk->raw->kind[event];
    if (kind == TF_EV_EXCEPTION) {
        return hunt->exceptions;
    }
    uint32_t act = chunk->event_act[event];
    if ((kind != TF_EV_LINE && kind != TF_EV_START) || act == RP_NONE) {
        return false;
    }
    uint32_t code = chunk->frame[chunk->act[act].frame].code;
    return code <= hunt->rp->facts.code_count && hunt->wanted[code];
}

static tf_status
hunt_chunk(const struct hunt *hunt, const struct rp_chunk *chunk, uint32_t event,
           bool *ret_stops, struct rp_stop *stop, struct tf_err *err)
{
    for (; event < chunk->raw->event_count; event += hunt->forward ? 1u : UINT32_MAX) {
        uint64_t seq = chunk->raw->first_seq + event;
        if (hunt->forward ? seq > hunt->bound : seq < hunt->bound) {
            return TF_OK;
        }
        if (!worth_a_look(hunt, chunk, event)) {
            continue;
        }
        struct rp_event full;
        rp_fill_event(hunt->rp, chunk, event, &full);
        tf_status status = check(hunt, &full, ret_stops, stop, err);
        if (status != TF_OK || *ret_stops) {
            return status;
        }
        status = rp_progress(hunt->rp, seq, hunt->rp->facts.last_seq, err);
        if (status != TF_OK) {
            return status;
        }
    }
    return TF_OK;
}

/* The nearest chunk in which one of the places was run. */
static tf_status
skip(const struct hunt *hunt, size_t *idx, struct tf_err *err)
{
    const struct rp *rp = hunt->rp;
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < rp->breaks->count; i++) {
        const struct rp_point *point = rp->breaks->point[i];
        bool lines = point->pub.sort == RP_BREAK_LINE;
        for (size_t k = 0; point->pub.enabled && k < point->pub.code_count; k++) {
            size_t found;
            tf_status status =
                (hunt->forward ? tf_reader_posting_after : tf_reader_posting_before)(
                    rp->reader, lines ? TF_POSTING_LINE : TF_POSTING_CODE,
                    point->code[k], lines ? point->pub.lineno : 0, *idx, &found, err);
            if (status != TF_OK && status != TF_ERR_NOT_FOUND) {
                return status;
            }
            if (status == TF_OK
                && (best == SIZE_MAX
                    || (hunt->forward ? found < best : found > best))) {
                best = found;
            }
        }
    }
    *idx = best;
    return TF_OK;
}

static tf_status
hunt_next_chunk(const struct hunt *hunt, size_t *idx, struct tf_err *err)
{
    const struct rp *rp = hunt->rp;
    size_t at = *idx;
    tf_status status =
        rp_progress(hunt->rp, hunt->forward ? at : rp->facts.chunk_count - at,
                    rp->facts.chunk_count, err);
    if (status != TF_OK) {
        return status;
    }
    if (!hunt->exceptions && hunt->places <= PLACES_MAX) {
        return skip(hunt, idx, err);
    }
    *idx = hunt->forward ? (at + 1 < rp->facts.chunk_count ? at + 1 : SIZE_MAX)
                         : (at > 0 ? at - 1 : SIZE_MAX);
    return TF_OK;
}

static tf_status
hunt_run(const struct hunt *hunt, uint64_t from, struct rp_stop *ret_stop,
         struct tf_err *err)
{
    size_t idx;
    uint64_t seq;
    bool begun = rp_search_begin(hunt->rp, from, hunt->forward, &idx, &seq);
    bool first = true;
    while (begun && idx != SIZE_MAX && idx < hunt->rp->facts.chunk_count) {
        const struct tf_chunk_info *info = tf_reader_chunk_info(hunt->rp->reader, idx);
        if (hunt->forward ? info->first_seq > hunt->bound
                          : info->first_seq + info->event_count <= hunt->bound) {
            break;
        }
        struct rp_chunk *chunk;
        tf_status status = rp_chunk_get(hunt->rp, idx, &chunk, err);
        if (status != TF_OK) {
            return status;
        }
        uint32_t event = hunt->forward ? 0 : chunk->raw->event_count - 1;
        if (first) {
            event = (uint32_t)(seq - chunk->raw->first_seq);
            first = false;
        }
        bool stops = false;
        status = hunt_chunk(hunt, chunk, event, &stops, ret_stop, err);
        rp_chunk_put(hunt->rp, chunk);
        if (status != TF_OK || stops) {
            return status;
        }
        status = hunt_next_chunk(hunt, &idx, err);
        if (status != TF_OK) {
            return status;
        }
    }
    return tf_err_set(err, TF_ERR_NOT_FOUND, -1, "no breakpoint on the way");
}

tf_status
rp_breaks_next(struct rp *rp, uint64_t from, bool forward, uint64_t bound,
               struct rp_stop *ret_stop, struct tf_err *err)
{
    struct hunt hunt = {.rp = rp, .forward = forward, .bound = bound};
    struct rp_stop stop = {0};
    tf_status status = hunt_begin(&hunt, err);
    if (status == TF_OK) {
        status = hunt_run(&hunt, from, &stop, err);
    }
    free(hunt.wanted);
    if (status == TF_OK) {
        *ret_stop = stop;
    }
    return status;
}
