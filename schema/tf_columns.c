#include "tf_columns.h"

#include <endian.h>

#include "tf_limits.h"
#include "tf_texts.h"

#define FIELD_X(id, number, name) [TF_##id] = number,
const uint8_t tf_ops_column_field[TF_COL_KINDS] = {TF_OPS_COLUMNS(FIELD_X)};
const uint8_t tf_chunk_column_field[TF_EVENT_KINDS_OF_COLUMNS] = {
    TF_CHUNK_COLUMNS(FIELD_X)};

static tf_status
columns_no_memory(struct tf_err *err)
{
    return tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
}

static tf_status
columns_bad_row(struct tf_err *err, const char *what)
{
    return tf_err_set(err, TF_ERR_ARGUMENT, -1, "a row that cannot be written: %s",
                      what);
}

/* --- Ops --- */
void
tf_ops_builder_clear(struct tf_ops_builder *ops)
{
    for (int i = 0; i < TF_COL_KINDS; i++) {
        ops->column[i].len = 0;
    }
    tf_texts_clear(&ops->texts);
    ops->frame = ops->object = ops->ref = 0;
    ops->full = false;
}

void
tf_ops_builder_release(struct tf_ops_builder *ops)
{
    for (int i = 0; i < TF_COL_KINDS; i++) {
        tf_blob_release(&ops->column[i]);
    }
    tf_texts_release(&ops->texts);
}

static inline bool
put(struct tf_ops_builder *ops, enum tf_ops_column column, uint64_t n)
{
    bool ok = tf_blob_u64(&ops->column[column], n);
    ops->full |= !ok;
    return ok;
}

static inline bool
put_delta(struct tf_ops_builder *ops, enum tf_ops_column column, uint64_t n,
          uint64_t *before)
{
    int64_t delta = (int64_t)(n - *before);
    *before = n;
    return put(ops, column, tf_zigzag(delta));
}

static bool
put_real(struct tf_ops_builder *ops, struct tf_cursor *rows)
{
    uint64_t bits;
    const uint8_t *at;
    if (!tf_cursor_take(rows, sizeof bits, &at)) {
        return false;
    }
    memcpy(&bits, at, sizeof bits);
    bits = htole64(bits);
    ops->full |= !tf_blob_bytes(&ops->column[TF_COL_REAL], &bits, sizeof bits);
    return !ops->full;
}

static bool
put_text(struct tf_ops_builder *ops, struct tf_cursor *rows)
{
    uint64_t len;
    const uint8_t *at;
    uint32_t idx;
    if (!tf_cursor_u64(rows, &len) || len > TF_TEXT_BYTES_MAX
        || !tf_cursor_take(rows, len, &at)) {
        return false;
    }
    ops->full |= !tf_texts_add(&ops->texts, at, (size_t)len, &idx);
    return !ops->full && put(ops, TF_COL_TEXT, idx);
}

/* One value; the first of a change is told to the tally. */
static inline __attribute__((always_inline)) bool
put_value(struct tf_ops_builder *ops, struct tf_cursor *rows, struct tf_op_facts *facts)
{
    if (rows->at == rows->end) {
        return false;
    }
    unsigned kind = *rows->at++;
    uint64_t n;
    const char *letter;
    if (kind >= TF_VAL_COUNT || !put(ops, TF_COL_VALUE, kind)) {
        return false;
    }
    facts->value_kind = (uint8_t)kind;
    for (letter = tf_value_letters[kind]; *letter != 0; letter++) {
        bool ok = false;
        switch (*letter) {
        case 'd':
            /* zigzag in the row as in the column */
            ok = tf_cursor_u64(rows, &n) && put(ops, TF_COL_INTEGER, n);
            break;
        case 'r':
            ok = tf_cursor_u64(rows, &n) && n < TF_ID_MAX
                 && put_delta(ops, TF_COL_REF, n, &ops->ref);
            facts->value_id = n;
            break;
        case 'x': ok = put_real(ops, rows); break;
        case 's': ok = put_text(ops, rows); break;
        case 'n': ok = tf_cursor_u64(rows, &n) && put(ops, TF_COL_COUNT, n); break;
        case 't':
            ok = tf_cursor_u64(rows, &n) && n <= TF_DEFINITIONS_MAX
                 && put(ops, TF_COL_TYPE, n);
            facts->value_id = n;
            break;
        default: break;
        }
        if (!ok) {
            return false;
        }
    }
    return true;
}

static inline __attribute__((always_inline)) bool
put_operand(struct tf_ops_builder *ops, char letter, struct tf_cursor *rows,
            uint64_t *values, struct tf_op_facts *facts)
{
    uint64_t n;
    if (letter == '1') {
        *values += 1;
        return true;
    }
    if (!tf_cursor_u64(rows, &n)) {
        return false;
    }
    switch (letter) {
    case 's':
        facts->a = (uint32_t)n;
        return n < TF_SLOTS_MAX && put(ops, TF_COL_SLOT, n);
    case 'c':
        facts->a = (uint32_t)n;
        return n <= TF_DEFINITIONS_MAX && put(ops, TF_COL_CODE, n);
    case 'f':
        facts->id = n;
        return n < TF_ID_MAX && put_delta(ops, TF_COL_FRAME, n, &ops->frame);
    case 'o':
        facts->id = n;
        return n < TF_ID_MAX && put_delta(ops, TF_COL_OBJECT, n, &ops->object);
    case 't':
        facts->a = (uint32_t)n;
        return n <= TF_DEFINITIONS_MAX && put(ops, TF_COL_TYPE, n);
    case 'i': facts->index = n; return put(ops, TF_COL_INDEX, n);
    case 'N':
        facts->values = facts->counted ? facts->values : n; /* items come first */
        facts->counted = true;
        *values += n;
        return n <= TF_VALUES_MAX && put(ops, TF_COL_COUNT, n);
    case 'n': facts->count = n; return put(ops, TF_COL_COUNT, n);
    default: return false;
    }
}

static inline __attribute__((always_inline)) bool
put_op(struct tf_ops_builder *ops, unsigned op, struct tf_cursor *rows,
       struct tf_op_facts *facts)
{
    uint64_t values = 0;
    const char *letter;
    if (!put(ops, TF_COL_OP, op)) {
        return false;
    }
    for (letter = tf_op_letters[op]; *letter != 0; letter++) {
        if (!put_operand(ops, *letter, rows, &values, facts)) {
            return false;
        }
    }
    for (; values > 0; values--) {
        if (!put_value(ops, rows, facts)) {
            return false;
        }
    }
    return true;
}

/* A change whose first byte was read. */
static tf_status
add_op(struct tf_ops_builder *ops, unsigned op, struct tf_cursor *rows,
       enum tf_ops_place place, struct tf_tally *tally, struct tf_err *err)
{
    struct tf_op_facts facts = {0};
    if (!tf_op_allowed(place, op)) {
        return columns_bad_row(err, "a change that may not stand there");
    }
    if (!put_op(ops, op, rows, &facts)) {
        return ops->full ? columns_no_memory(err) : columns_bad_row(err, "an operand");
    }
    return tally != NULL ? tf_tally_op(tally, op, &facts, err) : TF_OK;
}

tf_status
tf_ops_builder_rows(struct tf_ops_builder *ops, const struct tf_rows *rows,
                    enum tf_ops_place place, struct tf_tally *tally, struct tf_err *err)
{
    struct tf_cursor cursor = tf_cursor_of(rows->data, rows->len);
    tf_status status = TF_OK;
    while (cursor.at < cursor.end && status == TF_OK) {
        unsigned op = *cursor.at++;
        status = add_op(ops, op, &cursor, place, tally, err);
    }
    return status;
}

static size_t
ops_size(const struct tf_ops_builder *ops)
{
    size_t size = ops->texts.table.len;
    for (int i = 0; i < TF_COL_KINDS; i++) {
        size_t len = ops->column[i].len;
        size +=
            len > 0 ? 1 + tf_varint_size(len) + len : 0; /* fields below 16: 1 byte */
    }
    return size;
}

static bool
put_ops_columns(const struct tf_ops_builder *ops, struct tf_blob *blob)
{
    for (int i = 0; i < TF_COL_KINDS; i++) {
        const struct tf_blob *column = &ops->column[i];
        if (column->len > 0
            && !tf_blob_field(blob, tf_ops_column_field[i], column->data,
                              column->len)) {
            return false;
        }
    }
    return tf_blob_bytes(blob, ops->texts.table.data, ops->texts.table.len);
}

bool
tf_ops_builder_put(const struct tf_ops_builder *ops, struct tf_blob *blob,
                   uint32_t number)
{
    size_t size = ops_size(ops);
    if (size == 0) {
        return true;
    }
    if (!tf_blob_reserve(blob, size + 2 * TF_VARINT_MAX)) {
        return false;
    }
    tf_blob_put_tag(blob, number, TF_WIRE_BYTES);
    tf_blob_put_u64(blob, size);
    return put_ops_columns(ops, blob);
}

/* --- Chunk --- */
void
tf_columns_init(struct tf_columns *columns)
{
    *columns = (struct tf_columns){.stamp_event = -1};
}

void
tf_columns_release(struct tf_columns *columns)
{
    tf_ops_builder_release(&columns->keyframe);
    tf_ops_builder_release(&columns->changes);
    tf_blob_release(&columns->message);
    for (int i = 0; i < TF_EVENT_KINDS_OF_COLUMNS; i++) {
        tf_blob_release(&columns->event[i]);
    }
}

void
tf_columns_clear(struct tf_columns *columns)
{
    tf_ops_builder_clear(&columns->keyframe);
    tf_ops_builder_clear(&columns->changes);
    for (int i = 0; i < TF_EVENT_KINDS_OF_COLUMNS; i++) {
        columns->event[i].len = 0;
    }
    columns->event_count = columns->pending_ops = 0;
    columns->lineno = 0;
    columns->stamp_event = -1;
    columns->start_ns = columns->stamp_ns;
}

static bool
put_stamp(struct tf_columns *columns, uint64_t ns)
{
    int64_t event = (int64_t)columns->event_count;
    uint64_t gap = (uint64_t)(event - columns->stamp_event);
    if (ns < columns->stamp_ns || ns > TF_SEQ_MAX) {
        ns = columns->stamp_ns; /* two threads may stamp out of order by a little, and a
                                   clock may jump */
    }
    bool ok =
        tf_blob_u64(&columns->event[TF_EVENT_STAMP_EVENT], gap)
        && tf_blob_u64(&columns->event[TF_EVENT_STAMP_NS], ns - columns->stamp_ns);
    columns->stamp_event = event;
    columns->stamp_ns = ns;
    return ok;
}

static tf_status
add_event(struct tf_columns *columns, unsigned kind, struct tf_cursor *rows,
          struct tf_tally *tally, struct tf_err *err)
{
    uint64_t thread, line, ns, instruction = 0;
    if (tf_event_name(kind) == NULL || !tf_cursor_u64(rows, &thread)
        || !tf_cursor_u64(rows, &line) || !tf_cursor_u64(rows, &ns)
        || (kind == TF_EV_OPCODE && !tf_cursor_u64(rows, &instruction)) || thread == 0
        || thread > TF_THREADS_MAX || line > TF_LINE_MAX || instruction > UINT32_MAX
        || ns > TF_SEQ_MAX) {
        return columns_bad_row(err, "an event");
    }
    int64_t delta = (int64_t)line - (int64_t)columns->lineno;
    if (!tf_blob_u64(&columns->event[TF_EVENT_KIND], kind)
        || !tf_blob_u64(&columns->event[TF_EVENT_THREAD], thread)
        || !tf_blob_u64(&columns->event[TF_EVENT_LINE], tf_zigzag(delta))
        || !tf_blob_u64(&columns->event[TF_EVENT_OP_COUNT], columns->pending_ops)
        || (kind == TF_EV_OPCODE
            && !tf_blob_u64(&columns->event[TF_EVENT_INSTRUCTION], instruction))
        || (ns != 0 && !put_stamp(columns, ns))) {
        return columns_no_memory(err);
    }
    columns->lineno = (uint32_t)line;
    columns->pending_ops = 0;
    columns->event_count++;
    return tf_tally_event(tally, kind, (uint32_t)thread, (uint32_t)line, err);
}

tf_status
tf_columns_rows(struct tf_columns *columns, const struct tf_rows *rows,
                struct tf_tally *tally, struct tf_err *err)
{
    struct tf_cursor cursor = tf_cursor_of(rows->data, rows->len);
    tf_status status = TF_OK;
    while (cursor.at < cursor.end && status == TF_OK) {
        unsigned first = *cursor.at++;
        if (first & TF_ROW_EVENT) {
            status = add_event(columns, first & ~TF_ROW_EVENT, &cursor, tally, err);
        }
        else {
            columns->pending_ops++;
            status =
                add_op(&columns->changes, first, &cursor, TF_IN_CHANGES, tally, err);
        }
    }
    return status;
}

/* Field numbers of Gap. */
static bool
put_gap(const struct tf_chunk_head *head, struct tf_blob *blob)
{
    struct tf_blob gap = {0};
    if (head->gap_reason == NULL) {
        return true;
    }
    bool ok = tf_blob_field_u64(&gap, 1, head->gap_events)
              && tf_blob_field(&gap, 2, head->gap_reason, strlen(head->gap_reason))
              && tf_blob_field_u64(&gap, 3, head->first_seq)
              && tf_blob_field(blob, TF_CHUNK_GAP, gap.data, gap.len);
    tf_blob_release(&gap);
    return ok;
}

static bool
put_head(const struct tf_columns *columns, const struct tf_chunk_head *head,
         struct tf_blob *blob)
{
    const uint64_t field[] = {
        head->number,       head->first_seq,   columns->event_count, head->first_object,
        head->object_count, head->first_frame, head->frame_count,    columns->start_ns};
    for (uint32_t i = 0; i < sizeof field / sizeof *field; i++) {
        if (!tf_blob_field_u64(blob, i + 1, field[i])) {
            return false;
        }
    }
    return true;
}

bool
tf_columns_put(struct tf_columns *columns, const struct tf_chunk_head *head,
               struct tf_blob *blob, uint32_t number)
{
    struct tf_blob *message = &columns->message;
    message->len = 0;
    bool ok = put_head(columns, head, message);
    for (int i = 0; i < TF_EVENT_KINDS_OF_COLUMNS && ok; i++) {
        const struct tf_blob *column = &columns->event[i];
        ok = column->len == 0
             || tf_blob_field(message, tf_chunk_column_field[i], column->data,
                              column->len);
    }
    ok = ok && tf_ops_builder_put(&columns->keyframe, message, TF_CHUNK_KEYFRAME)
         && tf_ops_builder_put(&columns->changes, message, TF_CHUNK_CHANGES)
         && put_gap(head, message)
         && tf_blob_field(blob, number, message->data, message->len);
    if (message->cap > 2 * TF_CHUNK_ROW_BYTES) {
        tf_blob_release(message);
    }
    return ok;
}
