/* The state at an event as a text, and its digest: for the drivers that compare ways to an
 * event. `limits`: as in rp_value_text, NULL: all of it. */
#ifndef RP_STATE_TEXT_H
#define RP_STATE_TEXT_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "rp.h"

static inline void
die(const char *what, const struct tf_err *err)
{
    fprintf(stderr, "%s: %s\n", what, err ? err->message : "");
    exit(1);
}

static inline void
check(tf_status status, const char *what, const struct tf_err *err)
{
    if (status != TF_OK) {
        die(what, err);
    }
}

static inline uint64_t
random_next(uint64_t *state)
{
    *state ^= *state << 13; /* Marsaglia's xorshift64 */
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static inline void
add_value(struct rp *rp, const struct rp_value *value, uint64_t seq,
          const struct rp_limits *limits, struct rp_buf *out)
{
    struct tf_err err = TF_ERR_INIT;
    struct rp_notes notes = RP_NOTES_INIT;
    check(rp_value_text(rp, value, seq, limits, out, &notes, "", &err), "text", &err);
    for (size_t i = 0; i < notes.count; i++) {
        const struct rp_note *note = &notes.note[i];
        if (note->damaged) {
            fprintf(stderr, "event %" PRIu64 ": damaged at %s\n", seq, note->path);
            exit(1);
        }
        rp_buf_addf(out, " [%s %u %" PRIu64 "]", note->path, note->reason,
                    note->events);
    }
    rp_notes_release(&notes);
}

static inline void
add_vars(struct rp *rp, struct rp_vars *vars, uint64_t seq,
         const struct rp_limits *limits, struct rp_buf *out)
{
    for (size_t i = 0; i < vars->count; i++) {
        const struct rp_var *var = &vars->var[i];
        rp_buf_addf(out, "    %.*s: ", (int)var->name.len, var->name.data);
        add_value(rp, &var->value, seq, limits, out);
        rp_buf_add_string(out, "\n");
    }
    rp_vars_release(vars);
}

static inline void
add_frame(struct rp *rp, const struct rp_frame *frame, uint64_t seq, bool values,
          const struct rp_limits *limits, struct rp_buf *out)
{
    struct tf_err err = TF_ERR_INIT;
    struct rp_vars vars;
    rp_buf_addf(out,
                "  frame %" PRIu64 " parent %" PRIu64 " call %" PRIu64
                " depth %u line %u"
                " code %u kind %u\n",
                frame->frame, frame->parent, frame->call_seq, frame->depth,
                frame->lineno, frame->code->id, frame->call_kind);
    if (values) {
        check(rp_locals(rp, seq, frame->frame, &vars, &err), "locals", &err);
        add_vars(rp, &vars, seq, limits, out);
        rp_buf_add_string(out, "   globals\n");
        check(rp_globals(rp, seq, frame->frame, false, &vars, &err), "globals", &err);
        add_vars(rp, &vars, seq, limits, out);
    }
}

/* Values of the innermost frames only: those farther out were innermost at their time. */
#define FRAMES_WITH_VALUES 3

static inline void
add_state(struct rp *rp, uint64_t seq, const struct rp_limits *limits,
          struct rp_buf *out)
{
    struct tf_err err = TF_ERR_INIT;
    struct rp_event event;
    check(rp_event_at(rp, seq, &event, &err), "event", &err);
    rp_buf_addf(out,
                "event %" PRIu64 " kind %u thread %u frame %" PRIu64
                " line %u time %" PRIu64 "\n",
                event.seq, event.kind, event.thread, event.frame, event.lineno,
                event.time_ns);
    bool has_arg = false;
    struct rp_value arg = {0};
    check(rp_event_arg(rp, seq, &has_arg, &arg, &err), "argument", &err);
    if (has_arg) {
        rp_buf_add_string(out, "argument ");
        add_value(rp, &arg, seq, limits, out);
        rp_value_release(&arg);
    }
    for (uint32_t thread = 1; thread <= rp_facts(rp)->thread_count; thread++) {
        struct rp_stack stack;
        check(rp_stack_at(rp, seq, thread, 0, SIZE_MAX, &stack, &err), "stack", &err);
        rp_buf_addf(out, " thread %u: %zu frames\n", thread, stack.total);
        for (size_t i = 0; i < stack.count; i++) {
            add_frame(rp, &stack.frame[i], seq, i < FRAMES_WITH_VALUES, limits, out);
        }
        rp_stack_release(&stack);
    }
}

static inline uint64_t
digest(const struct rp_buf *buf)
{
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    for (size_t i = 0; i < buf->len; i++) {
        hash = (hash ^ (unsigned char)buf->data[i]) * 1099511628211u;
    }
    return hash;
}

#endif
