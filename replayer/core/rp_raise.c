/* Exceptions: where they began, how far they went; and where to open a recording. */
#include "rp_private.h"

/* An exception event right after an unwinding is the same exception one level up. */
static tf_status
is_begin(struct rp *rp, const struct rp_event *event, bool *ret_begin,
         struct tf_err *err)
{
    struct rp_event before;
    bool has;
    tf_status status = rp_event_beside(rp, event, false, &before, &has, err);
    if (status == TF_OK) {
        *ret_begin = !has || before.kind != TF_EV_UNWIND;
    }
    return status;
}

/* Follows it up the stack: unwind, exception, unwind ... A frame that goes on instead has
 * caught it, or runs `finally`, an `__exit__` or what stands before a bare `raise`: then it
 * is left by the exception after all, without another event of it. */
static tf_status
follow(struct rp *rp, const struct rp_event *event, struct rp_raise *raise,
       struct tf_err *err)
{
    struct rp_event at = *event;
    for (;;) {
        struct rp_event next;
        struct rp_fate fate = {0};
        bool has;
        tf_status status = rp_event_beside(rp, &at, true, &next, &has, err);
        if (status != TF_OK || !has) {
            return status;
        }
        bool unwound = at.kind == TF_EV_UNWIND;
        if (next.kind != TF_EV_UNWIND && !(unwound && next.kind == TF_EV_EXCEPTION)) {
            /* After the last level the thread may go on with a frame that knows nothing
             * of it: atexit, the next callback. */
            if (unwound ? at.parent == 0 : rp_code_ends_thread(rp, at.code)) {
                return TF_OK;
            }
            if (!unwound) {
                status = rp_fate_of(rp, &at, &fate, err);
            }
            if (status == TF_OK && fate.unwind_seq && fate.raise_seq == at.seq) {
                status = rp_event_at(rp, fate.unwind_seq, &next, err);
            }
            else {
                raise->handled_seq = next.seq;
                return status;
            }
        }
        if (status != TF_OK) {
            return status;
        }
        raise->levels += next.kind == TF_EV_UNWIND;
        at = next;
    }
}

static tf_status
fill_raise(struct rp *rp, const struct rp_event *event, struct rp_raise *ret_raise,
           struct tf_err *err)
{
    struct rp_raise raise = {.seq = event->seq};
    struct rp_value arg = {0};
    bool has;
    tf_status status = rp_event_arg(rp, event->seq, &has, &arg, err);
    if (status != TF_OK) {
        return status;
    }
    if (has && arg.kind == TF_VAL_ELIDED) {
        raise.type_id = arg.type_id;
    }
    if (has && arg.kind == TF_VAL_REF) {
        struct rp_object *object;
        raise.object = arg.ref;
        status = rp_object_at(rp, &arg, event->seq, &object, err);
        if (status == TF_OK) {
            raise.type_id = object->type->id;
            rp_object_release(object);
        }
    }
    rp_value_release(&arg);
    if (status == TF_OK) {
        status = follow(rp, event, &raise, err);
    }
    if (status == TF_OK) {
        *ret_raise = raise;
    }
    return status;
}

tf_status
rp_raise_at(struct rp *rp, uint64_t seq, struct rp_raise *ret_raise, struct tf_err *err)
{
    struct rp_event event;
    bool begin = false;
    tf_status status = rp_event_at(rp, seq, &event, err);
    if (status == TF_OK && event.kind == TF_EV_EXCEPTION) {
        status = is_begin(rp, &event, &begin, err);
    }
    if (status == TF_OK && !begin) {
        return tf_err_set(err, TF_ERR_NOT_FOUND, -1, "no exception begins here");
    }
    return status == TF_OK ? fill_raise(rp, &event, ret_raise, err) : status;
}

tf_status
rp_raise_next(struct rp *rp, uint64_t from, bool forward, struct rp_raise *ret_raise,
              struct tf_err *err)
{
    struct rp_filter filter = {.kinds = 1u << TF_EV_EXCEPTION};
    for (;;) {
        uint64_t seq;
        struct rp_event event;
        bool begin = false;
        tf_status status = rp_find(rp, &filter, from, forward, &seq, err);
        if (status == TF_OK) {
            status = rp_event_at(rp, seq, &event, err);
        }
        if (status == TF_OK) {
            status = is_begin(rp, &event, &begin, err);
        }
        if (status != TF_OK) {
            return status;
        }
        if (begin) {
            return fill_raise(rp, &event, ret_raise, err);
        }
        from = seq;
    }
}

/* --- Where to open --- */

static bool
is_own_line(void *ctx, const struct rp_event *event)
{
    (void)ctx;
    return event->file->own;
}

static tf_status
first_own_line(struct rp *rp, struct rp_opening *opening, struct tf_err *err)
{
    struct rp_filter filter = {.kinds = 1u << TF_EV_LINE, .accept = is_own_line};
    tf_status status = rp_find(rp, &filter, 0, true, &opening->seq, err);
    if (status == TF_ERR_NOT_FOUND) {
        opening->seq = rp->facts.first_seq;
        status = TF_OK;
    }
    return status;
}

/* A recording without a footer was cut off, one with a reason ended early: its end is where
 * one looks. */
tf_status
rp_opening(struct rp *rp, struct rp_opening *ret_opening, struct tf_err *err)
{
    if (rp->facts.event_count == 0) {
        return tf_err_set(err, TF_ERR_NOT_FOUND, -1, "the recording has no event");
    }
    const struct tf_footer *footer = rp->facts.footer;
    struct rp_opening opening = {0};
    tf_status status = TF_OK;
    size_t idx;
    if (footer && footer->failure_seq
        && tf_reader_chunk_of_seq(rp->reader, footer->failure_seq, &idx)) {
        opening =
            (struct rp_opening){footer->failure_seq, true, footer->failure_object};
    }
    else if (!footer || footer->end_reason.len) {
        opening.seq = rp->facts.last_seq;
    }
    else {
        status = first_own_line(rp, &opening, err);
    }
    if (status == TF_OK) {
        *ret_opening = opening;
    }
    return status;
}
