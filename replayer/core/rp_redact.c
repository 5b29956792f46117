/* Writes a recording anew without its secrets: chunk for chunk, so that numbers of events,
 * objects, frames and chunks stay. */
#include "rp_redact.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- Texts --- */

/* Appends the text with the home folder as "~". False: it is not in there. */
static bool
shorten_home(const struct rp_redactor *redactor, struct tf_text text, struct rp_buf *to)
{
    const char *home = redactor->home.folder;
    size_t len = home ? strlen(home) : 0;
    const char *at = text.data, *end = text.len ? at + text.len : at, *there = NULL;
    if (!len || !text.len || !(there = memmem(text.data, text.len, home, len))) {
        return false;
    }
    for (; there; there = memmem(at, (size_t)(end - at), home, len)) {
        const char *after = there + len;
        bool whole =
            after == end
            || !(*after == '.' || *after == '-' || *after == '_'
                 || (*after >= '0' && *after <= '9') || (*after >= 'A' && *after <= 'Z')
                 || (*after >= 'a' && *after <= 'z'));
        rp_buf_add_text(to, (struct tf_text){at, (size_t)(there - at)});
        rp_buf_add_text(to,
                        whole ? (struct tf_text){"~", 1} : (struct tf_text){home, len});
        at = after;
    }
    rp_buf_add_text(to, (struct tf_text){at, (size_t)(end - at)});
    return true;
}

/* The text as it may be written; borrowed, or made in the redactor's buffer. */
static struct tf_text
scrub(struct rp_redactor *redactor, struct tf_text text)
{
    size_t at = 0, end, from = 0;
    struct rp_buf *buf = &redactor->text;
    rp_buf_clear(buf);
    if (shorten_home(redactor, text, buf)) {
        struct rp_buf whole = *buf;
        *buf = (struct rp_buf){0};
        redactor->failed |= whole.failed;
        struct tf_text shorter = {whole.data, whole.len};
        struct tf_text result = shorter;
        if (tf_rules_text(redactor->rules, shorter.data, shorter.len, false, &at,
                          &end)) {
            struct rp_redact_home home = redactor->home;
            redactor->home.folder = NULL;
            result = scrub(redactor, shorter);
            redactor->home = home;
            rp_buf_release(&whole);
            return result;
        }
        *buf = whole;
        return result;
    }
    while (tf_rules_text(redactor->rules, text.data, text.len, false, &at, &end)) {
        rp_buf_add_text(buf, (struct tf_text){text.data + from, at - from});
        rp_buf_add_text(buf, (struct tf_text){TF_REDACTED, sizeof TF_REDACTED - 1});
        redactor->redacted++;
        at = from = end;
    }
    if (from == 0) {
        return text;
    }
    rp_buf_add_text(buf, (struct tf_text){text.data + from, text.len - from});
    redactor->failed |= buf->failed;
    return (struct tf_text){buf->data ? buf->data : "", buf->len};
}

/* The same for definitions: it lives until the next one. */
static struct tf_text
retext(void *ctx, struct tf_text text)
{
    struct rp_redactor *redactor = ctx;
    struct tf_text result = scrub(redactor, text);
    if (result.data == text.data) {
        return text;
    }
    if (redactor->kept_count == redactor->kept_cap) {
        size_t cap = redactor->kept_cap * 2 + 16;
        char **more = realloc(redactor->kept, cap * sizeof *more);
        if (!more) {
            redactor->failed = true;
            return (struct tf_text){"", 0};
        }
        redactor->kept = more;
        redactor->kept_cap = cap;
    }
    char *copy = malloc(result.len + 1);
    if (!copy) {
        redactor->failed = true;
        return (struct tf_text){"", 0};
    }
    memcpy(copy, result.data, result.len);
    redactor->kept[redactor->kept_count++] = copy;
    return (struct tf_text){copy, result.len};
}

static void
forget_texts(void *ctx)
{
    struct rp_redactor *redactor = ctx;
    while (redactor->kept_count) {
        free(redactor->kept[--redactor->kept_count]);
    }
}

/* --- Values --- */

static void
put_redacted(struct rp_redactor *redactor)
{
    tf_rows_elided(redactor->rows, TF_ELIDE_REDACTED, 0);
    redactor->redacted++;
}

static bool
number_matches(const struct rp_redactor *redactor, const struct tf_value *value)
{
    return value->kind == TF_VAL_INT
           && tf_rules_number(redactor->rules, value->integer);
}

static bool
is_piece(const struct tf_value *value)
{
    return value->kind == TF_VAL_STR || value->kind == TF_VAL_BYTES
           || value->kind == TF_VAL_INT;
}

static void
put_text_value(struct rp_redactor *redactor, const struct tf_ops *ops,
               const struct tf_value *value, const struct rp_redact_place *place)
{
    struct tf_text text = ops->text[value->text];
    bool cut = value->kind == TF_VAL_STR_CUT || value->kind == TF_VAL_BYTES_CUT;
    bool number = value->kind == TF_VAL_BIGINT || value->kind == TF_VAL_BIGINT_CUT;
    size_t at = 0, end;
    if (!number && !place->name && rp_redact_is_grown(redactor, text)) {
        put_redacted(redactor);
        return;
    }
    if (!number
        && tf_rules_text(redactor->rules, text.data, text.len, cut, &at, &end)) {
        if (!place->name || cut) {
            put_redacted(redactor);
            return;
        }
        text = scrub(redactor, text);
    }
    else if (!number) {
        text = scrub(redactor, text);
    }
    if (cut || value->kind == TF_VAL_BIGINT_CUT) {
        tf_rows_text_cut(redactor->rows, (enum tf_value_kind)value->kind, text.data,
                         text.len, value->length);
    }
    else {
        tf_rows_text(redactor->rows, (enum tf_value_kind)value->kind, text.data,
                     text.len);
    }
}

static void
put_value(struct rp_redactor *redactor, const struct tf_ops *ops,
          const struct tf_value *value, const struct rp_redact_place *place)
{
    bool plain = value->kind == TF_VAL_UNBOUND || value->kind == TF_VAL_NONE
                 || value->kind == TF_VAL_ELIDED;
    if ((place->secret && !plain) || number_matches(redactor, value)
        || (place->item && is_piece(value)
            && rp_ids_has(&redactor->split, place->holder))) {
        put_redacted(redactor);
    }
    else if (rp_kind_has_text(value->kind)) {
        put_text_value(redactor, ops, value, place);
    }
    else {
        rp_rows_raw_value(redactor->rows, ops, value);
    }
}

static void
put_nothing(struct rp_redactor *redactor, const struct tf_ops *ops,
            const struct tf_value *value, const struct rp_redact_place *place)
{
    (void)redactor, (void)ops, (void)value, (void)place;
}

/* An object that is hidden stays, without what it holds. */
static void
put_hidden(struct rp_redactor *redactor, const struct tf_op *op)
{
    struct tf_op empty = *op;
    switch (op->kind) {
    case TF_OP_NEW:
    case TF_OP_IMAGE:
        empty.note = TF_ELIDE_REDACTED;
        empty.item_count = empty.value_count = 0;
        empty.count = 0;
        redactor->redacted++;
        break;
    case TF_OP_LATE: break;
    default:
        empty.kind = TF_OP_MORE;
        empty.count = 0;
        break;
    }
    rp_rows_op_head(redactor->rows, &empty);
}

static void
put_op(struct rp_redactor *redactor, uint32_t thread, const struct tf_ops *ops,
       const struct tf_op *op)
{
    bool image = op->kind == TF_OP_NEW || op->kind == TF_OP_IMAGE;
    bool forced = image && op->a <= redactor->rp->facts.type_count
                  && redactor->type_secret[op->a];
    if (forced
        || (rp_op_is_of_object(op->kind)
            && (rp_ids_has(&redactor->hidden, op->id)
                || rp_ids_has(&redactor->forced, op->id)))) {
        redactor->take = put_nothing;
        rp_redact_op(redactor, thread, ops, op);
        put_hidden(redactor, op);
        return;
    }
    redactor->take = put_value;
    if (rp_rows_op_head(redactor->rows, op)) {
        rp_redact_op(redactor, thread, ops, op);
    }
}

/* --- Chunks --- */

/* Stacks with the names of their slots: of a keyframe or checkpoint. */
static void
put_state(struct rp_redactor *redactor, const struct tf_ops *ops)
{
    uint32_t thread = 0;
    static const struct rp_redact_place plain;
    for (uint32_t i = 0; i < ops->op_count; i++) {
        const struct tf_op *op = &ops->op[i];
        if (op->kind == TF_OP_THREAD) {
            thread = (uint32_t)op->id;
        }
        if (op->kind == TF_OP_LOCAL || op->kind == TF_OP_IMAGE) {
            put_op(redactor, thread, ops, op);
        }
        else if (rp_rows_op_head(redactor->rows, op) && op->kind == TF_OP_FRAME) {
            struct tf_op enter = *op;
            enter.kind = TF_OP_ENTER;
            redactor->take = put_nothing;
            rp_redact_op(redactor, thread, ops, &enter);
            put_value(redactor, ops, &ops->value[op->value_first], &plain);
        }
    }
}

static tf_status
put_chunk(struct rp_redactor *redactor, const struct tf_chunk *chunk, size_t idx,
          struct tf_batch *batch, uint64_t *last_ns, struct tf_err *err)
{
    const struct tf_ops *ops = &chunk->changes;
    uint32_t op = 0;
    static const struct tf_ops none;
    rp_redact_keyframe(redactor, &none); /* put_state() makes the stacks again */
    redactor->rows = &batch->keyframe;
    put_state(redactor, &chunk->keyframe);
    redactor->rows = &batch->changes;
    for (uint32_t event = 0; event < chunk->event_count; event++) {
        for (; op < chunk->op_end[event]; op++) {
            put_op(redactor, chunk->thread[event], ops, &ops->op[op]);
        }
        uint64_t ns = chunk->time_ns[event];
        tf_rows_event(&batch->changes, (enum tf_event_kind)chunk->kind[event],
                      chunk->thread[event], chunk->lineno[event],
                      chunk->instruction ? chunk->instruction[event] : 0,
                      ns != *last_ns ? ns : 0);
        *last_ns = ns;
        rp_redact_event(redactor, chunk->thread[event], chunk->kind[event]);
    }
    tf_status status = op < ops->op_count
                           ? rp_next_thread(redactor->rp, idx, &batch->tail_thread, err)
                           : TF_OK;
    for (; status == TF_OK && op < ops->op_count; op++) {
        put_op(redactor, batch->tail_thread, ops, &ops->op[op]);
    }
    return status;
}

struct writing {
    struct tf_writer *writer;
    struct tf_batch batch;
    size_t checkpoint; /* the next one */
    uint64_t next_seq, last_ns;
};

/* The next to be written is that event, with those ids. */
static tf_status
skip_to(struct writing *writing, uint64_t seq, const char *reason, uint64_t next_object,
        uint64_t next_frame, struct tf_err *err)
{
    uint64_t missing = seq - writing->next_seq;
    writing->next_seq = seq;
    return tf_writer_skip(writing->writer, missing,
                          reason    ? reason
                          : missing ? "lost"
                                    : NULL,
                          next_object, next_frame, err);
}

static tf_status
write_checkpoint(struct rp_redactor *redactor, struct writing *writing,
                 const struct tf_checkpoint *checkpoint, struct tf_err *err)
{
    static const struct tf_ops none;
    struct tf_rows state;
    tf_rows_init(&state);
    rp_redact_keyframe(redactor, &none);
    redactor->rows = &state;
    put_state(redactor, &checkpoint->state);
    tf_status status = redactor->failed
                           ? rp_no_memory(err)
                           : tf_writer_checkpoint(writing->writer, &state, err);
    tf_rows_release(&state);
    return status;
}

/* Those before the chunk; between them and the chunk events may be missing. */
static tf_status
write_checkpoints(struct rp_redactor *redactor, struct writing *writing,
                  const struct tf_chunk *chunk, const char *reason, struct tf_err *err)
{
    struct tf_reader *reader = redactor->rp->reader;
    tf_status status = TF_OK;
    for (; writing->checkpoint < tf_reader_checkpoint_count(reader) && status == TF_OK;
         writing->checkpoint++) {
        struct tf_checkpoint *checkpoint;
        status = tf_reader_checkpoint(reader, writing->checkpoint, &checkpoint, err);
        if (status != TF_OK) {
            break;
        }
        if (checkpoint->chunk > chunk->number) {
            tf_checkpoint_free(checkpoint);
            break;
        }
        bool before = checkpoint->seq < chunk->first_seq;
        if (!before || checkpoint->seq > writing->next_seq) {
            status =
                skip_to(writing, before ? checkpoint->seq : chunk->first_seq, reason,
                        before ? checkpoint->next_object : chunk->first_object,
                        before ? checkpoint->next_frame : chunk->first_frame, err);
        }
        if (status == TF_OK) {
            status = write_checkpoint(redactor, writing, checkpoint, err);
        }
        tf_checkpoint_free(checkpoint);
    }
    return status;
}

static tf_status
write_chunk(struct rp_redactor *redactor, struct writing *writing, size_t idx,
            struct tf_err *err)
{
    struct rp *rp = redactor->rp;
    struct tf_chunk *chunk;
    const struct tf_gap *gap = rp_gap_before(rp, idx);
    tf_status status = tf_reader_chunk(rp->reader, idx, &chunk, err);
    if (status != TF_OK) {
        return status;
    }
    char text[256] = "";
    const char *reason = gap ? text : NULL;
    if (gap) {
        struct tf_text why = scrub(redactor, gap->reason);
        snprintf(text, sizeof text, "%.*s", (int)(why.len < 255 ? why.len : 255),
                 why.len ? why.data : "");
    }
    status = write_checkpoints(redactor, writing, chunk, reason, err);
    if (status == TF_OK) {
        status = skip_to(writing, chunk->first_seq, reason, chunk->first_object,
                         chunk->first_frame, err);
    }
    if (status == TF_OK) {
        status =
            put_chunk(redactor, chunk, idx, &writing->batch, &writing->last_ns, err);
    }
    if (status == TF_OK) {
        status = redactor->failed
                     ? rp_no_memory(err)
                     : tf_writer_batch(writing->writer, &writing->batch, err);
        tf_batch_clear(&writing->batch);
    }
    writing->next_seq = chunk->first_seq + chunk->event_count;
    tf_chunk_free(chunk);
    if (status == TF_OK) {
        status = rp_progress(rp, idx, rp->facts.chunk_count, err);
    }
    return status == TF_OK && redactor->failed ? rp_no_memory(err) : status;
}

/* --- The whole --- */

static struct tf_text
retext_source(void *ctx, struct tf_text text)
{
    struct rp_redactor *redactor = ctx;
    struct rp_buf buf = {0};
    redactor->redacted += rp_redact_source(redactor->rules, text, &buf);
    struct tf_text plain = {buf.data ? buf.data : "", buf.len};
    struct tf_text result = retext(ctx, plain);
    if (result.data == plain.data && redactor->kept_count < redactor->kept_cap
        && buf.data) {
        redactor->kept[redactor->kept_count++] = buf.data; /* freed with the others */
        redactor->failed |= buf.failed;
        return result;
    }
    redactor->failed |= buf.failed || result.data == plain.data;
    rp_buf_release(&buf);
    return result.data == plain.data ? (struct tf_text){"", 0} : result;
}

static tf_status
write_sources(struct rp_redactor *redactor, struct writing *writing, struct tf_err *err)
{
    const struct rp_retext source = {retext_source, forget_texts, redactor};
    const struct rp_retext *texts = &source;
    tf_status status = TF_OK;
    if (!redactor->kept_cap) {
        redactor->kept = calloc(16, sizeof *redactor->kept);
        redactor->kept_cap = redactor->kept ? 16 : 0;
    }
    for (uint32_t id = 1; id <= redactor->rp->facts.file_count && status == TF_OK;
         id++) {
        status = rp_copy_source(redactor->rp, id, &writing->batch, texts, err);
        if (status == TF_OK) {
            status = tf_writer_batch(writing->writer, &writing->batch, err);
        }
        tf_batch_clear(&writing->batch);
    }
    return status;
}

static tf_status
write_all(struct rp_redactor *redactor, struct writing *writing,
          const struct rp_retext *texts, struct rp_redact_result *ret_result,
          struct tf_err *err)
{
    struct rp *rp = redactor->rp;
    struct tf_footer footer = rp_copy_footer(rp);
    struct tf_writer_stats stats;
    tf_status status = rp_copy_definitions(rp, &writing->batch, texts, err);
    if (status == TF_OK) {
        status = tf_writer_batch(writing->writer, &writing->batch, err);
        tf_batch_clear(&writing->batch);
    }
    if (status == TF_OK) {
        status = write_sources(redactor, writing, err);
    }
    rp_redact_restart(redactor);
    for (size_t i = 0; i < rp->facts.chunk_count && status == TF_OK; i++) {
        status = write_chunk(redactor, writing, i, err);
    }
    if (status != TF_OK) {
        return status;
    }
    footer.end_reason = retext(redactor, footer.end_reason);
    if (redactor->failed) {
        return rp_no_memory(err);
    }
    struct tf_writer *writer = writing->writer;
    writing->writer = NULL;
    status = tf_writer_close(writer, &footer, &stats, err);
    if (status == TF_OK) {
        *ret_result = (struct rp_redact_result){redactor->redacted, stats.file_bytes};
    }
    return status;
}

/* The command line without what its options name. */
static tf_status
redact_argv(struct rp_redactor *redactor, struct tf_header *header, char ***ret_argv,
            struct tf_err *err)
{
    size_t count = header->argv_count;
    char **plain = calloc(count + 1, sizeof *plain);
    bool fine = plain != NULL;
    for (size_t i = 0; fine && i < count; i++) {
        plain[i] = strndup(header->argv[i].len ? header->argv[i].data : "",
                           header->argv[i].len);
        fine = plain[i] != NULL;
    }
    *ret_argv = fine ? tf_redact_argv(redactor->rules, plain, count) : NULL;
    for (size_t i = 0; plain && i < count; i++) {
        free(plain[i]);
    }
    free(plain);
    struct tf_text *argv = (struct tf_text *)(uintptr_t)header->argv;
    for (size_t i = 0; *ret_argv && i < count; i++) {
        argv[i] = (struct tf_text){(*ret_argv)[i], strlen((*ret_argv)[i])};
    }
    return *ret_argv ? TF_OK : rp_no_memory(err);
}

static tf_status
open_writer(struct rp_redactor *redactor, struct tf_sink *sink,
            const struct rp_retext *texts, struct tf_writer **ret_writer,
            struct tf_err *err)
{
    struct tf_header header;
    struct tf_text *list = NULL;
    char **argv = NULL;
    tf_status status = rp_copy_header(redactor->rp, texts, &header, &list, err);
    if (status == TF_OK) {
        status = redact_argv(redactor, &header, &argv, err);
    }
    if (status == TF_OK) {
        header.limits.redact = true;
        status = tf_writer_open(sink, &header, 0, ret_writer, err);
    }
    tf_redact_argv_free(argv);
    free(list);
    forget_texts(redactor);
    return status;
}

static bool
find_types(struct rp_redactor *redactor)
{
    uint32_t count = redactor->rp->facts.type_count;
    redactor->type_secret = calloc((size_t)count + 1, 1);
    for (uint32_t id = 1; redactor->type_secret && id <= count; id++) {
        const struct tf_def_type *type = rp_type(redactor->rp, id);
        bool secret = tf_rules_type(redactor->rules, type->module.data,
                                    type->module.len, type->name.data, type->name.len);
        for (uint32_t i = 0; i < type->base_count && !secret; i++) {
            secret = type->base[i] < id && redactor->type_secret[type->base[i]];
        }
        redactor->type_secret[id] = secret;
    }
    return redactor->type_secret != NULL;
}

static void
release(struct rp_redactor *redactor)
{
    rp_redact_restart(redactor);
    for (size_t i = 0; i < redactor->stack_count; i++) {
        free(redactor->stack[i].code);
    }
    forget_texts(redactor);
    free(redactor->kept);
    free(redactor->stack);
    free(redactor->flags);
    free(redactor->type_secret);
    rp_map_release(&redactor->stack_of);
    rp_ids_release(&redactor->hidden);
    rp_ids_release(&redactor->forced);
    rp_ids_release(&redactor->visible);
    rp_ids_release(&redactor->seen);
    rp_ids_release(&redactor->split);
    rp_redact_grown_free(redactor);
    rp_buf_release(&redactor->join);
    rp_buf_release(&redactor->piece_end);
    rp_buf_release(&redactor->text);
}

tf_status
rp_redact(struct rp *rp, const struct rp_redact *redact, int fd,
          struct rp_redact_result *ret_result, struct tf_err *err)
{
    struct rp_redactor redactor = {
        .rp = rp, .rules = redact->rules, .home = redact->home};
    const struct rp_retext texts = {retext, forget_texts, &redactor};
    struct writing writing = {.next_seq = 1};
    struct tf_sink_fd sink;
    tf_sink_fd_init(&sink, fd);
    tf_batch_init(&writing.batch);
    tf_status status = find_types(&redactor) ? TF_OK : rp_no_memory(err);
    if (status == TF_OK) {
        status = rp_redact_find(&redactor, err);
    }
    if (status == TF_OK) {
        status = open_writer(&redactor, &sink.sink, &texts, &writing.writer, err);
    }
    if (status == TF_OK) {
        status = write_all(&redactor, &writing, &texts, ret_result, err);
    }
    tf_writer_abandon(writing.writer);
    tf_batch_release(&writing.batch);
    release(&redactor);
    return status;
}
