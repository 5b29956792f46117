/* What a recorder does between the program and the writer: frames, locals, objects and
 * events become rows, rows become chunks with keyframes. The caller tells the program. */
#ifndef SY_EMIT_H
#define SY_EMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "sy_source.h"
#include "tf_writer.h"

#define SY_THREADS   4u
#define SY_SLOTS_MAX 8u
#define SY_TEXT_MAX  48u

struct sy_value {
    uint8_t kind; /* enum tf_value_kind */

    union {
        int64_t integer;
        uint64_t ref;
        double real;
    };

    char text[SY_TEXT_MAX];
};

struct sy_value sy_none(void);
struct sy_value sy_int(int64_t n);
struct sy_value sy_float(double x);
struct sy_value sy_ref(uint64_t object);
struct sy_value sy_str(const char *format, ...) __attribute__((format(printf, 1, 2)));

struct sy_frame {
    uint64_t id, call_seq, full_chunk, known_chunk;
    uint32_t lineno;
    uint16_t code;
    uint8_t call_kind;
    bool written; /* since the keyframe that has its slots in full */
    struct sy_value slot[SY_SLOTS_MAX];
};

struct sy_thread {
    uint32_t id;
    struct sy_frame **stack; /* borrowed from whoever entered them */
    size_t depth, cap;
};

/* When an object's changes have spread so far that it is to be told anew: the recorder's
 * rule for small objects. */
struct sy_spread {
    uint32_t chunk;
    uint8_t chunks;
};

/* A small object and what it holds. */
#define SY_VALUES_MAX 24u

struct sy_object {
    uint64_t id;
    uint16_t type;
    uint16_t item_count, attr_count; /* values; the attributes after the items */
    struct sy_spread spread;
    struct sy_value value[SY_VALUES_MAX];
};

struct sy {
    struct tf_writer *writer;
    struct tf_batch batch;
    struct tf_err err;
    struct sy_thread thread[SY_THREADS];
    uint64_t globals; /* the module's namespace */
    uint64_t seq;     /* of the event to come */
    uint64_t chunk, next_object, next_frame;
    uint64_t now_ns;
    bool failed;                    /* `err` says why; nothing more is written */
    void (*after_event)(void *ctx); /* may be NULL */
    void *ctx;
};

/* Slots of each code object. */
extern const uint8_t sy_code_slots[SY_C_COUNT];

/* Opens the writer on `sink` (borrowed) and defines everything. False: see sy->err. */
bool sy_begin(struct sy *sy, struct tf_sink *sink, uint64_t seed);
/* Writes what is pending and the footer, and frees everything. */
bool sy_end(struct sy *sy, struct tf_footer *footer, struct tf_writer_stats *ret_stats);
/* Writes what is pending as a chunk. */
void sy_flush(struct sy *sy);

/* --- Frames. `frame` is the caller's and stays until it has returned. --- */
void sy_enter(struct sy *sy, struct sy_thread *thread, struct sy_frame *frame,
              enum sy_code code);
void sy_local(struct sy *sy, struct sy_thread *thread, unsigned slot,
              struct sy_value value);
/* A generator's frame that was left by sy_yield goes on. */
void sy_resume(struct sy *sy, struct sy_thread *thread, struct sy_frame *frame);

/* --- Events. Each returns its seq. --- */
uint64_t sy_call(struct sy *sy, struct sy_thread *thread, enum tf_event_kind kind);
uint64_t sy_line(struct sy *sy, struct sy_thread *thread, enum sy_line line);
uint64_t sy_return(struct sy *sy, struct sy_thread *thread, struct sy_value value);
uint64_t sy_yield(struct sy *sy, struct sy_thread *thread, struct sy_value value);
uint64_t sy_exception(struct sy *sy, struct sy_thread *thread, uint64_t exception);
uint64_t sy_unwind(struct sy *sy, struct sy_thread *thread);

/* --- Objects --- */
uint64_t sy_new(struct sy *sy, enum sy_type type, const struct sy_value *item,
                size_t item_count, const struct sy_value *attr, size_t attr_count);
/* A new small object; `value` is filled in. */
void sy_object_new(struct sy *sy, struct sy_object *object);
void sy_object_add_attr(struct sy *sy, struct sy_object *object, const char *name,
                        struct sy_value value);
/* A value of it, by its place (items first) changes. */
void sy_object_set(struct sy *sy, struct sy_object *object, unsigned idx,
                   struct sy_value value);
void sy_object_append(struct sy *sy, struct sy_object *object, struct sy_value value);
/* For the operations below: true: the caller is to write all of the object (sy_image)
 * instead of the change. */
bool sy_spread_due(const struct sy *sy, struct sy_spread *spread);
void sy_image(struct sy *sy, uint64_t id, enum sy_type type,
              const struct sy_value *item, size_t item_count,
              const struct sy_value *attr, size_t attr_count);
void sy_item_set(struct sy *sy, uint64_t id, uint64_t idx, struct sy_value value);
void sy_attr_set(struct sy *sy, uint64_t id, uint64_t idx, struct sy_value value);
/* Attribute number idx / 2. */
void sy_attr_add(struct sy *sy, uint64_t id, uint64_t idx, const char *name,
                 struct sy_value value);
/* Puts `count` values in the place of as many. */
void sy_item_replace(struct sy *sy, uint64_t id, uint64_t idx,
                     const struct sy_value *value, size_t count);
/* Puts values in at `idx`. */
void sy_item_insert(struct sy *sy, uint64_t id, uint64_t idx,
                    const struct sy_value *value, size_t count);

#endif
