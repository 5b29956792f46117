/* `Chunk` and `Checkpoint`: the events' columns. */
#include <stdlib.h>

#include "tf_limits.h"
#include "tf_ops.h"

/* The struct of the interface, and what it points into. */
struct chunk_owner {
    struct tf_chunk chunk;
    uint8_t *content;
};

struct checkpoint_owner {
    struct tf_checkpoint checkpoint;
    uint8_t *content;
};

static tf_status
chunk_damaged(struct tf_err *err, int64_t file_off, const char *what)
{
    return tf_err_set(err, TF_ERR_DAMAGED, file_off,
                      "damaged recording: the chunk at offset %lld: %s",
                      (long long)file_off, what);
}

/* --- the message's fields --- */
static bool
view_column(struct tf_chunk_view *view, const struct tf_wire *wire)
{
    for (int i = 0; i < TF_EVENT_KINDS_OF_COLUMNS; i++) {
        if (tf_chunk_column_field[i] == wire->number) {
            bool again = view->event[i].at != NULL;
            view->event[i] = wire->bytes;
            return !again;
        }
    }
    return true; /* of a later version */
}

static bool
view_field(struct tf_chunk_view *view, const struct tf_wire *wire)
{
    uint64_t *const head[] = {&view->number,       &view->first_seq,
                              &view->event_count,  &view->first_object,
                              &view->object_count, &view->first_frame,
                              &view->frame_count,  &view->start_ns};
    struct tf_cursor *part = NULL;
    if (wire->number <= sizeof head / sizeof *head) {
        *head[wire->number - 1] = wire->varint;
        return wire->type == TF_WIRE_VARINT;
    }
    if (wire->number > TF_CHUNK_GAP) {
        return true;
    }
    switch (wire->number) {
    case TF_CHUNK_KEYFRAME: part = &view->keyframe; break;
    case TF_CHUNK_CHANGES: part = &view->changes; break;
    case TF_CHUNK_GAP:
        part = &view->gap;
        view->has_gap = true;
        break;
    default: return wire->type == TF_WIRE_BYTES && view_column(view, wire);
    }
    bool again = part->at != NULL;
    *part = wire->bytes;
    return !again && wire->type == TF_WIRE_BYTES;
}

static bool
view_holds(const struct tf_chunk_view *view)
{
    return view->first_seq > 0 && view->first_seq <= TF_SEQ_MAX
           && view->event_count <= TF_CHUNK_EVENTS_MAX && view->first_object > 0
           && view->first_object < TF_ID_MAX && view->object_count < TF_ID_MAX
           && view->first_object + view->object_count <= TF_ID_MAX
           && view->first_frame > 0 && view->first_frame < TF_ID_MAX
           && view->frame_count < TF_ID_MAX
           && view->first_frame + view->frame_count <= TF_ID_MAX
           && view->start_ns <= TF_SEQ_MAX && view->number < TF_ID_MAX;
}

bool
tf_chunk_view_get(struct tf_cursor bytes, struct tf_chunk_view *ret_view)
{
    struct tf_wire wire;
    enum tf_wire_step step;
    *ret_view = (struct tf_chunk_view){0};
    while ((step = tf_wire_next(&bytes, &wire)) == TF_WIRE_FIELD) {
        if (!view_field(ret_view, &wire)) {
            return false;
        }
    }
    return step == TF_WIRE_END && view_holds(ret_view);
}

/* Field numbers of Gap. */
bool
tf_gap_get(struct tf_cursor bytes, struct tf_gap *ret_gap)
{
    struct tf_wire wire;
    enum tf_wire_step step;
    *ret_gap = (struct tf_gap){0, 0, {"", 0}};
    while ((step = tf_wire_next(&bytes, &wire)) == TF_WIRE_FIELD) {
        if (wire.number == 1) {
            ret_gap->events = wire.varint;
        }
        else if (wire.number == 2) {
            ret_gap->reason = (struct tf_text){(const char *)wire.bytes.at,
                                               tf_cursor_left(&wire.bytes)};
        }
        else if (wire.number == 3) {
            ret_gap->before_seq = wire.varint;
        }
    }
    return step == TF_WIRE_END;
}

/* --- the events --- */
static bool
counts_hold(const struct tf_chunk_view *view)
{
    static const enum tf_event_column one_an_event[] = {
        TF_EVENT_KIND, TF_EVENT_THREAD, TF_EVENT_LINE, TF_EVENT_OP_COUNT};

    for (size_t i = 0; i < sizeof one_an_event / sizeof *one_an_event; i++) {
        if (tf_cursor_count_varints(view->event[one_an_event[i]])
            != view->event_count) {
            return false;
        }
    }
    return true;
}

static bool
allocate_events(struct tf_chunk *chunk, size_t *memory_bytes)
{
    size_t n = (size_t)chunk->event_count + 1;
    chunk->kind = malloc(n * sizeof *chunk->kind);
    chunk->thread = malloc(n * sizeof *chunk->thread);
    chunk->lineno = malloc(n * sizeof *chunk->lineno);
    chunk->op_end = malloc(n * sizeof *chunk->op_end);
    chunk->time_ns = malloc(n * sizeof *chunk->time_ns);
    *memory_bytes += n * (1 + 4 + 4 + 4 + 8);
    return chunk->kind != NULL && chunk->thread != NULL && chunk->lineno != NULL
           && chunk->op_end != NULL && chunk->time_ns != NULL;
}

/* The next entry of a column; `bytes`: each of its entries is one byte, as nearly always. */
static inline __attribute__((always_inline)) bool
take_entry(struct tf_cursor *column, bool bytes, uint64_t *ret)
{
    if (bytes) {
        *ret = *column->at++;
        return true;
    }
    return tf_cursor_u64(column, ret);
}

/* One column after the other, each in a loop of its own: a measured third of one over all
 * of them. The columns have `count` entries, see counts_hold(). */
static inline __attribute__((always_inline)) bool
decode_kinds(struct tf_cursor column, uint32_t count, bool bytes, uint8_t *kind)
{
    bool fine = true;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t n;
        if (!take_entry(&column, bytes, &n)) {
            return false;
        }
        fine &= n > 0 && n < TF_EV_COUNT;
        kind[i] = (uint8_t)n;
    }
    return fine && column.at == column.end;
}

static inline __attribute__((always_inline)) bool
decode_threads(struct tf_cursor column, uint32_t count, bool bytes, uint32_t max,
               uint32_t *thread)
{
    bool fine = true;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t n;
        if (!take_entry(&column, bytes, &n)) {
            return false;
        }
        fine &= n > 0 && n <= max;
        thread[i] = (uint32_t)n;
    }
    return fine && column.at == column.end;
}

static inline __attribute__((always_inline)) bool
decode_lines(struct tf_cursor column, uint32_t count, bool bytes, uint32_t *lineno)
{
    bool fine = true;
    uint64_t line = 0, n;
    for (uint32_t i = 0; i < count; i++) {
        if (!take_entry(&column, bytes, &n)) {
            return false;
        }
        line += (uint64_t)tf_unzigzag(n);
        fine &= line <= TF_LINE_MAX;
        lineno[i] = (uint32_t)line;
    }
    return fine && column.at == column.end;
}

static inline __attribute__((always_inline)) bool
decode_op_counts(struct tf_cursor column, uint32_t count, bool bytes, uint32_t ops,
                 uint32_t *op_end)
{
    bool fine = true;
    uint64_t end = 0, n;
    for (uint32_t i = 0; i < count; i++) {
        if (!take_entry(&column, bytes, &n)) {
            return false;
        }
        fine &= n <= ops;
        end += n <= ops ? n : 0;
        op_end[i] = (uint32_t)end;
    }
    return fine && end <= ops && column.at == column.end;
}

static const char *
decode_events(struct tf_chunk *chunk, const struct tf_chunk_view *view,
              const struct tf_id_bounds *bounds)
{
    const struct tf_cursor kinds = view->event[TF_EVENT_KIND],
                           threads = view->event[TF_EVENT_THREAD],
                           lines = view->event[TF_EVENT_LINE],
                           ops = view->event[TF_EVENT_OP_COUNT];
    uint32_t count = chunk->event_count, max = bounds->thread_count,
             op_count = chunk->changes.op_count;
    if (!(tf_cursor_left(&kinds) == count
              ? decode_kinds(kinds, count, true, chunk->kind)
              : decode_kinds(kinds, count, false, chunk->kind))) {
        return "an event of no known kind";
    }
    if (!(tf_cursor_left(&threads) == count
              ? decode_threads(threads, count, true, max, chunk->thread)
              : decode_threads(threads, count, false, max, chunk->thread))
        || !(tf_cursor_left(&lines) == count
                 ? decode_lines(lines, count, true, chunk->lineno)
                 : decode_lines(lines, count, false, chunk->lineno))) {
        return "an event with no such thread or line";
    }
    return (tf_cursor_left(&ops) == count
                ? decode_op_counts(ops, count, true, op_count, chunk->op_end)
                : decode_op_counts(ops, count, false, op_count, chunk->op_end))
               ? NULL
               : "an event with more changes than there are";
}

static const char *
decode_stamps(struct tf_chunk *chunk, struct tf_chunk_view *view)
{
    struct tf_cursor *events = &view->event[TF_EVENT_STAMP_EVENT];
    struct tf_cursor *times = &view->event[TF_EVENT_STAMP_NS];
    uint64_t ns = chunk->start_ns, gap, delta;
    uint32_t at = 0; /* the first event without a time */
    while (events->at != events->end) {
        if (!tf_cursor_u64(events, &gap) || !tf_cursor_u64(times, &delta) || gap == 0
            || gap > chunk->event_count || delta > TF_SEQ_MAX - ns) {
            return "a time stamp does not hold";
        }
        /* events from the one that was stamped before keep its time */
        uint64_t stamped = (at == 0 ? 0 : (uint64_t)at) + gap - 1;
        if (stamped >= chunk->event_count) {
            return "a time stamp does not hold";
        }
        while (at < stamped) {
            chunk->time_ns[at++] = ns;
        }
        ns += delta;
        chunk->time_ns[at++] = ns;
    }
    while (at < chunk->event_count) {
        chunk->time_ns[at++] = ns;
    }
    return times->at == times->end ? NULL : "a time stamp does not hold";
}

static const char no_memory[] = "out of memory";

static const char *
decode_instructions(struct tf_chunk *chunk, struct tf_chunk_view *view,
                    size_t *memory_bytes)
{
    struct tf_cursor *column = &view->event[TF_EVENT_INSTRUCTION];
    uint64_t n;
    size_t opcodes = 0;
    for (uint32_t i = 0; i < chunk->event_count; i++) {
        opcodes += chunk->kind[i] == TF_EV_OPCODE;
    }
    if (opcodes != tf_cursor_count_varints(*column)) {
        return "the column of instructions has another length";
    }
    if (opcodes == 0) {
        return column->at == column->end ? NULL : "a column is too long";
    }
    chunk->instruction = calloc(chunk->event_count, sizeof *chunk->instruction);
    *memory_bytes += chunk->event_count * sizeof *chunk->instruction;
    if (chunk->instruction == NULL) {
        return no_memory;
    }
    for (uint32_t i = 0; i < chunk->event_count; i++) {
        if (chunk->kind[i] == TF_EV_OPCODE) {
            if (!tf_cursor_u64(column, &n) || n > UINT32_MAX) {
                return "an instruction does not hold";
            }
            chunk->instruction[i] = (uint32_t)n;
        }
    }
    return column->at == column->end ? NULL : "a column is too long";
}

static tf_status
chunk_fill(struct tf_chunk *chunk, struct tf_chunk_view *view, int64_t file_off,
           const struct tf_id_bounds *bounds, struct tf_err *err)
{
    struct tf_ops_context keyframe = {TF_IN_KEYFRAME, *bounds, 1, 0, 1, 0};
    struct tf_ops_context changes = {TF_IN_CHANGES,      *bounds,
                                     view->first_object, view->object_count,
                                     view->first_frame,  view->frame_count};
    size_t *memory = &chunk->memory_bytes;
    if (!counts_hold(view)) {
        return chunk_damaged(err, file_off, "its columns have not one length");
    }
    tf_status status = tf_ops_decode(view->keyframe, file_off, &keyframe,
                                     &chunk->keyframe, memory, err);
    if (status == TF_OK) {
        status = tf_ops_decode(view->changes, file_off, &changes, &chunk->changes,
                               memory, err);
    }
    if (status != TF_OK) {
        return status;
    }
    if (!allocate_events(chunk, memory)) {
        return tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
    }
    const char *fault = decode_events(chunk, view, bounds);
    fault = fault != NULL ? fault : decode_stamps(chunk, view);
    fault = fault != NULL ? fault : decode_instructions(chunk, view, memory);
    if (fault == no_memory) {
        return tf_err_set(err, TF_ERR_MEMORY, -1, "%s", no_memory);
    }
    return fault == NULL ? TF_OK : chunk_damaged(err, file_off, fault);
}

tf_status
tf_chunk_decode(uint8_t *content, struct tf_cursor bytes, int64_t file_off,
                const struct tf_id_bounds *bounds, struct tf_chunk **ret_chunk,
                struct tf_err *err)
{
    struct tf_chunk_view view;
    struct chunk_owner *owner = calloc(1, sizeof *owner);
    if (owner == NULL) {
        free(content);
        return tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
    }
    struct tf_chunk *chunk = &owner->chunk;
    owner->content = content;
    if (!tf_chunk_view_get(bytes, &view)) {
        tf_chunk_free(chunk);
        return chunk_damaged(err, file_off, "its fields do not hold");
    }
    chunk->number = view.number;
    chunk->first_seq = view.first_seq;
    chunk->event_count = (uint32_t)view.event_count;
    chunk->first_object = view.first_object;
    chunk->object_count = view.object_count;
    chunk->first_frame = view.first_frame;
    chunk->frame_count = view.frame_count;
    chunk->start_ns = view.start_ns;
    chunk->memory_bytes = sizeof *owner + tf_cursor_left(&bytes);
    tf_status status = chunk_fill(chunk, &view, file_off, bounds, err);
    if (status != TF_OK) {
        tf_chunk_free(chunk);
        return status;
    }
    *ret_chunk = chunk;
    return TF_OK;
}

void
tf_chunk_free(struct tf_chunk *chunk)
{
    if (chunk == NULL) {
        return;
    }
    free(((struct chunk_owner *)chunk)->content);
    free(chunk->kind);
    free(chunk->thread);
    free(chunk->lineno);
    free(chunk->op_end);
    free(chunk->time_ns);
    free(chunk->instruction);
    tf_ops_release(&chunk->keyframe);
    tf_ops_release(&chunk->changes);
    free(chunk);
}

/* --- checkpoints; field numbers of Checkpoint --- */
static bool
checkpoint_fields(struct tf_checkpoint *checkpoint, struct tf_cursor bytes,
                  struct tf_cursor *ret_state)
{
    uint64_t *const field[] = {&checkpoint->seq, &checkpoint->chunk,
                               &checkpoint->next_object, &checkpoint->next_frame};
    struct tf_wire wire;
    enum tf_wire_step step;
    *ret_state = (struct tf_cursor){NULL, NULL};
    while ((step = tf_wire_next(&bytes, &wire)) == TF_WIRE_FIELD) {
        if (wire.number <= 4 && wire.type == TF_WIRE_VARINT) {
            *field[wire.number - 1] = wire.varint;
        }
        else if (wire.number == 5 && wire.type == TF_WIRE_BYTES
                 && ret_state->at == NULL) {
            *ret_state = wire.bytes;
        }
        else if (wire.number <= 5) {
            return false;
        }
    }
    return step == TF_WIRE_END && checkpoint->seq > 0 && checkpoint->seq <= TF_SEQ_MAX
           && checkpoint->next_object > 0 && checkpoint->next_object <= TF_ID_MAX
           && checkpoint->next_frame > 0 && checkpoint->next_frame <= TF_ID_MAX;
}

tf_status
tf_checkpoint_decode(uint8_t *content, struct tf_cursor bytes, int64_t file_off,
                     const struct tf_id_bounds *bounds,
                     struct tf_checkpoint **ret_checkpoint, struct tf_err *err)
{
    struct tf_ops_context context = {TF_IN_CHECKPOINT, *bounds, 1, 0, 1, 0};
    struct checkpoint_owner *owner = calloc(1, sizeof *owner);
    struct tf_cursor state;
    size_t memory_bytes = tf_cursor_left(&bytes);
    if (owner == NULL) {
        free(content);
        return tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
    }
    owner->content = content;
    tf_status status =
        checkpoint_fields(&owner->checkpoint, bytes, &state)
            ? tf_ops_decode(state, file_off, &context, &owner->checkpoint.state,
                            &memory_bytes, err)
            : tf_err_set(
                err, TF_ERR_DAMAGED, file_off,
                "damaged recording: the checkpoint at offset %lld does not hold",
                (long long)file_off);
    if (status != TF_OK) {
        tf_checkpoint_free(&owner->checkpoint);
        return status;
    }
    *ret_checkpoint = &owner->checkpoint;
    return TF_OK;
}

void
tf_checkpoint_free(struct tf_checkpoint *checkpoint)
{
    if (checkpoint != NULL) {
        free(((struct checkpoint_owner *)checkpoint)->content);
        tf_ops_release(&checkpoint->state);
        free(checkpoint);
    }
}
