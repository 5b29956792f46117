/* Verification: the file by itself, then what needs stacks and objects followed. */
#include "rp_verify.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

void
rp_verify_found(struct rp_verifier *verifier, uint64_t off, const char *format, ...)
{
    struct tf_err finding = {TF_ERR_DAMAGED, 0, (int64_t)off, ""};
    va_list args;
    va_start(args, format);
    vsnprintf(finding.message, sizeof finding.message, format, args);
    va_end(args);
    verifier->findings++;
    if (verifier->options->finding) {
        verifier->options->finding(verifier->options->ctx, &finding);
    }
}

uint64_t
rp_verify_chunk_off(const struct rp_verifier *verifier, size_t idx)
{
    return (uint64_t)tf_reader_chunk_info(verifier->rp->reader, idx)->file_off;
}

/* What does not fit the stacks ends the following, until the next keyframe. */
static tf_status
pass_fault(struct rp_verifier *verifier, tf_status status, const struct tf_err *fault,
           size_t idx, struct tf_err *err)
{
    if (status == TF_OK) {
        return TF_OK;
    }
    if (status != TF_ERR_DAMAGED && status != TF_ERR_LIMIT) {
        if (err) {
            *err = *fault;
        }
        return status;
    }
    rp_verify_found(verifier, rp_verify_chunk_off(verifier, idx), "chunk %zu: %s", idx,
                    fault->message);
    verifier->follows = false;
    return TF_OK;
}

static tf_status
follow_change(struct rp_verifier *verifier, const struct tf_chunk *chunk, size_t idx,
              uint32_t op, uint32_t thread, struct tf_err *err)
{
    tf_status status = rp_verify_change(verifier, chunk, idx, op, thread, err);
    return status == TF_OK && verifier->follows ? rp_follow_op(
               &verifier->follow, thread, &chunk->changes, &chunk->changes.op[op], err)
                                                : status;
}

static bool
has_line(const struct tf_def_code *code, uint32_t lineno)
{
    uint32_t first = 0, end = code->line_count;
    while (first < end) {
        uint32_t middle = first + (end - first) / 2;
        if (code->line[middle] < lineno) {
            first = middle + 1;
        }
        else {
            end = middle;
        }
    }
    return first < code->line_count && code->line[first] == lineno;
}

/* A line runs where the function has code, an instruction within its bytecode. */
static void
check_event(struct rp_verifier *verifier, const struct tf_chunk *chunk, size_t idx,
            uint32_t event)
{
    const struct rp_follow_frame *frame =
        rp_follow_top(&verifier->follow, chunk->thread[event]);
    const struct tf_def_code *code = frame ? rp_code(verifier->rp, frame->code) : NULL;
    uint64_t seq = chunk->first_seq + event;
    uint32_t lineno = chunk->lineno[event];
    if (code && chunk->kind[event] == TF_EV_LINE && code->line_count > 0 && lineno > 0
        && !has_line(code, lineno)) {
        rp_verify_found(verifier, rp_verify_chunk_off(verifier, idx),
                        "event %" PRIu64
                        " in chunk %zu runs line %u, where its function "
                        "has no code",
                        seq, idx, lineno);
    }
    if (code && chunk->kind[event] == TF_EV_OPCODE && code->bytecode.len > 0
        && (chunk->instruction[event] >= code->bytecode.len
            || chunk->instruction[event] % 2)) {
        rp_verify_found(verifier, rp_verify_chunk_off(verifier, idx),
                        "event %" PRIu64
                        " in chunk %zu is at byte %u of %zu of bytecode",
                        seq, idx, chunk->instruction[event], code->bytecode.len);
    }
}

/* All changes and events of a chunk; those left over are of the next chunk's event. */
static tf_status
follow_chunk(struct rp_verifier *verifier, const struct tf_chunk *chunk, size_t idx,
             struct tf_err *err)
{
    struct tf_err fault = TF_ERR_INIT;
    tf_status status = TF_OK;
    uint32_t op = 0;
    for (uint32_t event = 0; event <= chunk->event_count && status == TF_OK; event++) {
        bool last = event == chunk->event_count;
        uint32_t end = last ? chunk->changes.op_count : chunk->op_end[event];
        uint32_t thread = last ? 0 : chunk->thread[event];
        if (last && op < end) {
            status = rp_next_thread(verifier->rp, idx, &thread, err);
        }
        for (; op < end && status == TF_OK; op++) {
            status = pass_fault(verifier,
                                follow_change(verifier, chunk, idx, op, thread, &fault),
                                &fault, idx, err);
        }
        if (!last) {
            check_event(verifier, chunk, idx, event);
            rp_follow_event(&verifier->follow, thread, chunk->kind[event],
                            chunk->lineno[event], chunk->first_seq + event);
        }
    }
    rp_follow_forget(&verifier->follow);
    return status;
}

/* Those that stand before the chunk. */
static tf_status
check_checkpoints(struct rp_verifier *verifier, const struct tf_chunk *chunk,
                  size_t idx, uint32_t places, size_t *next, struct tf_err *err)
{
    struct tf_reader *reader = verifier->rp->reader;
    tf_status status = TF_OK;
    for (; *next < tf_reader_checkpoint_count(reader) && status == TF_OK; ++*next) {
        struct tf_checkpoint *checkpoint;
        struct tf_err fault = TF_ERR_INIT;
        uint64_t off = tf_reader_checkpoint_off(reader, *next);
        if (off > rp_verify_chunk_off(verifier, idx)) {
            break;
        }
        status = tf_reader_checkpoint(reader, *next, &checkpoint, &fault);
        if (status == TF_ERR_DAMAGED || status == TF_ERR_LIMIT) {
            status = TF_OK; /* the file's own check has told of it */
            continue;
        }
        if (status == TF_OK) {
            status = pass_fault(verifier,
                                rp_verify_checkpoint(verifier, checkpoint, off, chunk,
                                                     idx, places, &fault),
                                &fault, idx, err);
            tf_checkpoint_free(checkpoint);
        }
    }
    return status;
}

/* What the indexes of the chunk tell of it. */
static void
check_index(struct rp_verifier *verifier, const struct rp_chunk *chunk, size_t idx)
{
    if (chunk->damaged) {
        rp_verify_found(verifier, rp_verify_chunk_off(verifier, idx), "chunk %zu: %s",
                        idx, chunk->damage);
    }
}

static tf_status
check_chunk(struct rp_verifier *verifier, size_t idx, uint32_t *places,
            size_t *next_checkpoint, struct tf_err *err)
{
    struct rp *rp = verifier->rp;
    struct rp_chunk *chunk;
    struct tf_err fault = TF_ERR_INIT;
    tf_status status = rp_chunk_get(rp, idx, &chunk, &fault);
    if (status == TF_ERR_MEMORY) {
        return rp_no_memory(err);
    }
    if (status != TF_OK) {
        verifier->follows = false; /* the file's own check has told of it */
        return TF_OK;
    }
    const struct tf_chunk *raw = chunk->raw;
    check_index(verifier, chunk, idx);
    verifier->follows &= !chunk->damaged && idx > 0 && !rp_gap_before(rp, idx)
                         && raw->first_object == verifier->follow.next_object
                         && raw->first_frame == verifier->follow.next_frame;
    status = check_checkpoints(verifier, raw, idx, *places, next_checkpoint, err);
    if (status == TF_OK) {
        status = pass_fault(verifier,
                            rp_verify_keyframe(verifier, raw, idx, *places, &fault),
                            &fault, idx, err);
    }
    verifier->follows = !chunk->damaged;
    if (status == TF_OK) {
        status = follow_chunk(verifier, raw, idx, err);
    }
    *places = raw->changes.op_count;
    rp_chunk_put(rp, chunk);
    return status;
}

static tf_status
check_chunks(struct rp_verifier *verifier, struct tf_err *err)
{
    size_t count = verifier->rp->facts.chunk_count, next_checkpoint = 0;
    uint32_t places = 0;
    tf_status status = TF_OK;
    for (size_t i = 0; i < count && status == TF_OK; i++) {
        status = check_chunk(verifier, i, &places, &next_checkpoint, err);
        if (status == TF_OK && verifier->options->progress
            && !verifier->options->progress(verifier->options->ctx, i, count)) {
            return tf_err_set(err, TF_ERR_INTERRUPTED, -1, "interrupted");
        }
    }
    return status;
}

/* The event that the footer names for the failure, with what was raised there. */
static tf_status
check_failure(struct rp_verifier *verifier, struct tf_err *err)
{
    struct rp *rp = verifier->rp;
    const struct tf_footer *footer = rp->facts.footer;
    struct rp_event event;
    struct rp_value raised;
    bool has;
    if (!footer || footer->failure_seq == 0) {
        return TF_OK;
    }
    tf_status status = rp_event_at(rp, footer->failure_seq, &event, err);
    if (status == TF_OK) {
        status = rp_event_arg(rp, footer->failure_seq, &has, &raised, err);
    }
    if (status == TF_ERR_NOT_FOUND || status == TF_ERR_DAMAGED) {
        return TF_OK; /* left out, or told of */
    }
    if (status != TF_OK) {
        return status;
    }
    bool shown = has && raised.kind == TF_VAL_REF; /* not redacted */
    bool same = event.kind == TF_EV_EXCEPTION
                && (!shown || raised.ref == footer->failure_object);
    if (has) {
        rp_value_release(&raised);
    }
    if (!same) {
        rp_verify_found(verifier, tf_reader_footer_off(rp->reader),
                        "the footer names a failure at event %" PRIu64
                        ", where that was not raised",
                        footer->failure_seq);
    }
    return TF_OK;
}

static tf_status
verify_state(const char *path, const struct tf_verify *options, uint64_t *findings,
             struct tf_err *err)
{
    struct rp_options reading = {0};
    struct rp_verifier verifier = {.options = options};
    tf_status status = rp_open(path, &reading, &verifier.rp, err);
    if (status != TF_OK) {
        return status;
    }
    rp_follow_init(&verifier.follow, verifier.rp);
    status = rp_verify_changes_begin(&verifier) ? check_chunks(&verifier, err)
                                                : rp_no_memory(err);
    if (status == TF_OK) {
        status = check_failure(&verifier, err);
    }
    rp_verify_changes_end(&verifier);
    rp_follow_release(&verifier.follow);
    rp_close(verifier.rp);
    *findings += verifier.findings;
    return status;
}

tf_status
rp_verify(const char *path, const struct tf_verify *options, uint64_t *ret_findings,
          struct tf_err *err)
{
    uint64_t findings = 0;
    tf_status status = tf_verify_file(path, options, &findings, err);
    if (status == TF_OK && !options->quick) {
        status = verify_state(path, options, &findings, err);
    }
    if (status == TF_OK) {
        *ret_findings = findings;
    }
    return status;
}
