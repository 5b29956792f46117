/* Rows: what the recorder encodes on its hot path, before the writer makes columns.
 *
 * A row is a change or an event, as bytes; numbers are LEB128 varints (signed ones
 * zigzag). The changes of an event come before the event's own row. The recorder puts
 * rows into a `struct tf_rows`; `tf_writer` turns a batch of them into one chunk.
 *
 * Everything here is called with the GIL held by one producer at a time; nothing locks.
 * Emitting never fails half-way: when memory runs out `failed` is set, the row is
 * dropped whole with all that follow, and the owner finds out at the end of the event. */
#ifndef TF_ROWS_H
#define TF_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tf_format.h"

/* The bit in a row's first byte that tells an event from a change. */
#define TF_ROW_EVENT 0x80u

/* Where rows and blobs are, if not in ordinary memory. `grow` makes room for `need` more
 * bytes after `len`, and changes the other two; false: there is none. */
struct tf_memory {
    bool (*grow)(struct tf_memory *memory, uint8_t **data, size_t len, size_t *cap,
                 size_t need);
};

struct tf_rows {
    uint8_t *data;
    size_t len;
    size_t cap;
    uint64_t event_count;
    uint64_t object_count; /* OP_NEW rows */
    uint64_t frame_count;  /* OP_ENTER rows */
    bool failed;
    struct tf_memory *memory; /* NULL: ordinary memory */
};

void tf_rows_init(struct tf_rows *rows);
void tf_rows_release(struct tf_rows *rows);
/* Empty again; keeps the memory. */
void tf_rows_clear(struct tf_rows *rows);
/* Adds the rows of another to the end. */
void tf_rows_append(struct tf_rows *rows, const struct tf_rows *more);
/* Makes room for `need` more bytes; false (and rows->failed) when memory ran out. */
bool tf_rows_grow(struct tf_rows *rows, size_t need);

/* The largest number of bytes that one row without texts takes, before its values. */
#define TF_ROW_FIXED_BYTES 80u

static inline bool
tf_rows_reserve(struct tf_rows *rows, size_t need)
{
    return __builtin_expect(rows->cap - rows->len >= need, 1)
           || tf_rows_grow(rows, need);
}

static inline void
tf_rows_byte(struct tf_rows *rows, unsigned byte)
{
    rows->data[rows->len++] = (uint8_t)byte;
}

static inline void
tf_rows_u64(struct tf_rows *rows, uint64_t n)
{
    uint8_t *at = rows->data + rows->len; /* a byte may alias `rows` itself */
    const uint8_t *begin = at;
    while (n >= 0x80) {
        *at++ = (uint8_t)(n | 0x80);
        n >>= 7;
    }
    *at++ = (uint8_t)n;
    rows->len += (size_t)(at - begin);
}

static inline void
tf_rows_s64(struct tf_rows *rows, int64_t n)
{
    tf_rows_u64(rows, ((uint64_t)n << 1) ^ (uint64_t)(n >> 63));
}

/* --- Changes: begin one, then append its operands and values in the order of its
 * letters in TF_OP_KINDS. Reserves room for all fixed operands; each value reserves
 * its own. Returns false when memory ran out: then append nothing. --- */
static inline bool
tf_rows_op(struct tf_rows *rows, enum tf_op_kind op)
{
    if (!tf_rows_reserve(rows, TF_ROW_FIXED_BYTES)) {
        return false;
    }
    rows->object_count += op == TF_OP_NEW;
    rows->frame_count += op == TF_OP_ENTER;
    tf_rows_byte(rows, (unsigned)op);
    return true;
}

/* --- Values --- */
static inline void
tf_rows_value(struct tf_rows *rows, enum tf_value_kind kind)
{
    if (tf_rows_reserve(rows, 1)) {
        tf_rows_byte(rows, (unsigned)kind);
    }
}

static inline void
tf_rows_int(struct tf_rows *rows, int64_t n)
{
    if (tf_rows_reserve(rows, 11)) {
        tf_rows_byte(rows, TF_VAL_INT);
        tf_rows_s64(rows, n);
    }
}

static inline void
tf_rows_ref(struct tf_rows *rows, uint64_t object_id)
{
    if (tf_rows_reserve(rows, 11)) {
        tf_rows_byte(rows, TF_VAL_REF);
        tf_rows_u64(rows, object_id);
    }
}

static inline void
tf_rows_real_bits(struct tf_rows *rows, double x)
{
    memcpy(rows->data + rows->len, &x,
           sizeof x); /* native order: rows never leave the machine */
    rows->len += sizeof x;
}

static inline void
tf_rows_float(struct tf_rows *rows, double x)
{
    if (tf_rows_reserve(rows, 9)) {
        tf_rows_byte(rows, TF_VAL_FLOAT);
        tf_rows_real_bits(rows, x);
    }
}

static inline void
tf_rows_float_bits(struct tf_rows *rows, uint64_t bits)
{
    if (tf_rows_reserve(rows, 9)) {
        tf_rows_byte(rows, TF_VAL_FLOAT);
        memcpy(rows->data + rows->len, &bits, sizeof bits);
        rows->len += sizeof bits;
    }
}

static inline void
tf_rows_complex(struct tf_rows *rows, double re, double im)
{
    if (tf_rows_reserve(rows, 17)) {
        tf_rows_byte(rows, TF_VAL_COMPLEX);
        tf_rows_real_bits(rows, re);
        tf_rows_real_bits(rows, im);
    }
}

/* `kind`: VAL_STR, VAL_BYTES or VAL_BIGINT. Copies the bytes. */
static inline void
tf_rows_text(struct tf_rows *rows, enum tf_value_kind kind, const void *bytes,
             size_t len)
{
    if (tf_rows_reserve(rows, 11 + len)) {
        tf_rows_byte(rows, (unsigned)kind);
        tf_rows_u64(rows, len);
        if (len > 0) { /* `bytes` may be NULL then */
            memcpy(rows->data + rows->len, bytes, len);
            rows->len += len;
        }
    }
}

/* `kind`: VAL_STR_CUT, VAL_BYTES_CUT or VAL_BIGINT_CUT; `length` as TF_VALUE_KINDS says. */
static inline void
tf_rows_text_cut(struct tf_rows *rows, enum tf_value_kind kind, const void *bytes,
                 size_t len, uint64_t length)
{
    if (tf_rows_reserve(rows, 21 + len)) {
        tf_rows_text(rows, kind, bytes, len);
        tf_rows_u64(rows, length);
    }
}

static inline void
tf_rows_elided(struct tf_rows *rows, enum tf_elision reason, uint32_t type_id)
{
    if (tf_rows_reserve(rows, 16)) {
        tf_rows_byte(rows, TF_VAL_ELIDED);
        tf_rows_u64(rows, reason);
        tf_rows_u64(rows, type_id);
    }
}

/* --- Events: closes the changes since the previous event row.
 * `ns`: time since the start of the recording, 0 for "not stamped" (a stamp of 0 is
 * written as 1); `instruction`: byte offset, for EV_OPCODE only. --- */
static inline void
tf_rows_event(struct tf_rows *rows, enum tf_event_kind kind, uint32_t thread_id,
              uint32_t lineno, uint32_t instruction, uint64_t ns)
{
    if (tf_rows_reserve(rows, 32)) {
        rows->data[rows->len] = (uint8_t)(TF_ROW_EVENT | (unsigned)kind);
        if (thread_id < 0x80 && lineno < 0x4000) { /* nearly all */
            uint8_t *row = rows->data + rows->len;
            row[1] = (uint8_t)thread_id;
            row[2] = (uint8_t)(lineno >= 0x80 ? lineno | 0x80 : lineno);
            row[3] = (uint8_t)(lineno >> 7);
            size_t end = lineno >= 0x80 ? 4 : 3;
            row[end] = 0;
            rows->len += end + (ns == 0);
        }
        else {
            rows->len++;
            tf_rows_u64(rows, thread_id);
            tf_rows_u64(rows, lineno);
            if (ns == 0) {
                tf_rows_byte(rows, 0);
            }
        }
        if (ns != 0) {
            tf_rows_u64(rows, ns);
        }
        if (kind == TF_EV_OPCODE) {
            tf_rows_u64(rows, instruction);
        }
        rows->event_count++;
    }
}

#endif
