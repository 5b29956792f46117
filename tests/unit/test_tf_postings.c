/* Questions to the postings against a plain search: a random program of many small chunks,
 * read through its index, without it, and unfinished. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include <cmocka.h>

#include "tf_limits.h"
#include "tf_postings.h"
#include "tf_reader.h"
#include "tf_writes.h"
#include "tt_file.h"

enum {
    CHUNKS = 600, /* 3 levels of summaries, 3 groups of lists of writes */
    CODES = 12,
    LINES = 6,
    SLOTS = 3,
    TYPES = 5, /* 4 and 5 are exceptions */
    THREADS = 3,
    OBJECTS_MAX = 12000,
    FRAMES_MAX = 12000,
    DEPTH = 6,
};

/* Items that are asked for: at the borders of what an entry, and a page, tells. */
static const uint32_t item_idx[] = {0, 1, 31, 32, 63, 64, 127, 128, 70000};

enum { ITEMS = sizeof item_idx / sizeof *item_idx, ATTRS = 6 };

/* What happened, chunk by chunk, as plainly as can be. */
struct model {
    uint16_t threads[CHUNKS][THREADS + 1];
    uint16_t item[CHUNKS][OBJECTS_MAX]; /* a bit for each of item_idx that may be new */
    uint8_t attr[CHUNKS][OBJECTS_MAX];
    int64_t length[CHUNKS][OBJECTS_MAX]; /* at the chunk's end, where it was written */
    int64_t length_now[OBJECTS_MAX];
    uint16_t line[CHUNKS][CODES + 1][LINES + 1];
    uint16_t calls[CHUNKS][CODES + 1], events[CHUNKS][CODES + 1];
    uint16_t exceptions[CHUNKS][TYPES + 1];
    uint8_t object[CHUNKS][OBJECTS_MAX]; /* 1 written, 2 a full image or its creation */
    uint8_t slot[CHUNKS][FRAMES_MAX][SLOTS]; /* written, or its frame created */
    uint64_t kinds[TF_EV_COUNT];
    uint32_t type_of[OBJECTS_MAX];
    uint32_t code_of[FRAMES_MAX];
    uint64_t objects, frames;
    uint64_t stack[THREADS + 1][DEPTH + 1];
    int depth[THREADS + 1];
    uint64_t suspended[64];
    int suspended_count;
    uint64_t seen_in[FRAMES_MAX]; /* chunk + 1 in which it was last on a stack */
    int chunk;
    struct tf_rows *rows;
};

static uint64_t seed = 88172645463325252u;

static uint32_t
roll(uint32_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)((seed >> 11) % below);
}

/* Items [first, end) of an object are other ones. */
static void
touch_items(struct model *m, uint64_t id, uint64_t first, uint64_t end)
{
    for (int i = 0; i < ITEMS; i++) {
        if (item_idx[i] >= first && item_idx[i] < end) {
            m->item[m->chunk][id] |= (uint16_t)(1u << i);
        }
    }
    m->object[m->chunk][id] |= 1;
    m->length[m->chunk][id] = m->length_now[id];
}

static void
put_ints(struct tf_rows *rows, uint32_t count)
{
    tf_rows_u64(rows, count);
    for (uint32_t i = 0; i < count; i++) {
        tf_rows_int(rows, (int64_t)i);
    }
}

/* Nobody checks here whether the object has such items. */
static void
write_items(struct model *m, uint64_t id)
{
    uint32_t idx = item_idx[roll(ITEMS)], gone = roll(3), come = roll(70);
    bool same = roll(2);
    tf_rows_op(m->rows, TF_OP_ITEM_SPLICE);
    tf_rows_u64(m->rows, id);
    tf_rows_u64(m->rows, idx);
    tf_rows_u64(m->rows, same ? come : gone);
    put_ints(m->rows, come);
    bool moves = !same && come != gone;
    m->length_now[id] += moves ? (int64_t)come - gone : 0;
    touch_items(m, id, idx, moves ? UINT64_MAX : (uint64_t)idx + come);
}

static void
write_attr(struct model *m, uint64_t id)
{
    uint32_t attr = roll(ATTRS), gone = roll(2) * 2, come = roll(2) * 2;
    if (roll(2)) {
        tf_rows_op(m->rows, TF_OP_ATTR_SET);
        tf_rows_u64(m->rows, id);
        tf_rows_u64(m->rows, 2 * attr + 1);
        tf_rows_int(m->rows, 1);
        m->attr[m->chunk][id] |= (uint8_t)(1u << attr);
    }
    else {
        tf_rows_op(m->rows, TF_OP_ATTR_SPLICE);
        tf_rows_u64(m->rows, id);
        tf_rows_u64(m->rows, 2 * attr);
        tf_rows_u64(m->rows, gone);
        put_ints(m->rows, come);
        m->attr[m->chunk][id] |= (uint8_t)(gone != come ? 0xff
                                           : come > 0   ? 1u << attr
                                                        : 0);
    }
    touch_items(m, id, 0, 0);
}

static void
new_object(struct model *m, uint32_t type)
{
    tf_rows_op(m->rows, TF_OP_NEW);
    tf_rows_u64(m->rows, type);
    tf_rows_u64(m->rows, 0);
    tf_rows_u64(m->rows, 1);
    tf_rows_u64(m->rows, 0);
    tf_rows_u64(m->rows, 0);
    tf_rows_int(m->rows, 7);
    m->objects++;
    m->type_of[m->objects] = type;
    m->length_now[m->objects] = 1;
    touch_items(m, m->objects, 0, UINT64_MAX);
    m->attr[m->chunk][m->objects] = 0xff;
    m->object[m->chunk][m->objects] = 3;
}

static void
write_object(struct model *m, uint64_t id)
{
    bool image = roll(5) == 0;
    if (!image && roll(2)) {
        (roll(3) ? write_items : write_attr)(m, id);
        return;
    }
    tf_rows_op(m->rows, image ? TF_OP_IMAGE : TF_OP_ITEM_SET);
    tf_rows_u64(m->rows, id);
    if (image) {
        tf_rows_u64(m->rows, m->type_of[id]);
        tf_rows_u64(m->rows, 0);
        tf_rows_u64(m->rows, 1);
        tf_rows_u64(m->rows, 0);
        tf_rows_u64(m->rows, 0);
    }
    else {
        tf_rows_u64(m->rows, 0);
    }
    tf_rows_int(m->rows, -1);
    m->length_now[id] = image ? 1 : m->length_now[id];
    touch_items(m, id, 0, image ? UINT64_MAX : 1);
    m->attr[m->chunk][id] |= image ? 0xff : 0;
    m->object[m->chunk][id] |= image ? 3 : 1;
}

static uint64_t
top(const struct model *m, uint32_t thread)
{
    return m->depth[thread] > 0 ? m->stack[thread][m->depth[thread] - 1] : 0;
}

static void
set_local(struct model *m, uint32_t thread, uint32_t slot)
{
    tf_rows_op(m->rows, TF_OP_LOCAL);
    tf_rows_u64(m->rows, slot);
    tf_rows_int(m->rows, roll(9));
    m->slot[m->chunk][top(m, thread)][slot] = 1;
}

static void
push(struct model *m, uint32_t thread, uint64_t frame)
{
    m->stack[thread][m->depth[thread]++] = frame;
    m->seen_in[frame] = (uint64_t)m->chunk + 1;
}

static void
enter(struct model *m, uint32_t thread)
{
    uint32_t code = 1 + roll(CODES);
    tf_rows_op(m->rows, TF_OP_ENTER);
    tf_rows_u64(m->rows, code);
    tf_rows_value(m->rows, TF_VAL_NONE);
    m->frames++;
    m->code_of[m->frames] = code;
    memset(m->slot[m->chunk][m->frames], 1, SLOTS);
    push(m, thread, m->frames);
}

static void
resume(struct model *m, uint32_t thread)
{
    int which = (int)roll((uint32_t)m->suspended_count);
    uint64_t frame = m->suspended[which];
    bool full = m->seen_in[frame] != (uint64_t)m->chunk + 1;
    m->suspended[which] = m->suspended[--m->suspended_count];
    tf_rows_op(m->rows, full ? TF_OP_RESUME_FULL : TF_OP_RESUME);
    tf_rows_u64(m->rows, frame);
    tf_rows_u64(m->rows, m->code_of[frame]);
    tf_rows_value(m->rows, TF_VAL_NONE);
    push(m, thread, frame);
    if (full) {
        set_local(m, thread, 1);
    }
}

static void
event(struct model *m, unsigned kind, uint32_t thread)
{
    uint32_t lineno = 1 + roll(LINES), code = m->code_of[top(m, thread)];
    tf_rows_event(m->rows, kind, thread, lineno, 0, roll(3) == 0 ? 5 : 0);
    m->threads[m->chunk][thread]++;
    m->events[m->chunk][code]++;
    m->calls[m->chunk][code] += kind == TF_EV_START;
    m->kinds[kind]++;
    if (kind == TF_EV_LINE) {
        m->line[m->chunk][code][lineno]++;
    }
    if (kind == TF_EV_RETURN || kind == TF_EV_YIELD || kind == TF_EV_UNWIND) {
        if (kind == TF_EV_YIELD) {
            m->suspended[m->suspended_count++] = top(m, thread);
        }
        m->depth[thread]--;
    }
}

static void
some_changes(struct model *m, uint32_t thread)
{
    if (roll(4) == 0) {
        new_object(m, 1 + roll(TYPES));
    }
    for (uint32_t n = roll(3); n > 0 && m->objects > 0; n--) {
        /* mostly young ones, some as old as can be */
        uint64_t back = roll(2) ? roll(20) : roll(OBJECTS_MAX);
        write_object(m, m->objects - back % m->objects);
    }
    if (roll(2) == 0) {
        set_local(m, thread, roll(SLOTS));
    }
}

static void
raise_event(struct model *m, uint32_t thread)
{
    uint64_t id = m->objects;
    for (uint32_t tries = roll(200); tries > 0 && id > 1; tries--) {
        id--;
    }
    while (id > 0 && m->type_of[id] < 4) {
        id--;
    }
    if (id == 0) {
        new_object(m, 4);
        id = m->objects;
    }
    tf_rows_op(m->rows, TF_OP_ARG);
    tf_rows_ref(m->rows, id);
    m->exceptions[m->chunk][m->type_of[id]]++;
    event(m, TF_EV_EXCEPTION, thread);
}

static void
one_event(struct model *m)
{
    uint32_t thread = 1 + roll(THREADS), what = roll(20);
    if (m->depth[thread] == 0 || (what < 3 && m->depth[thread] < DEPTH)) {
        if (m->suspended_count > 0 && roll(3) == 0) {
            resume(m, thread);
            some_changes(m, thread);
            event(m, TF_EV_RESUME, thread);
            return;
        }
        enter(m, thread);
        some_changes(m, thread);
        event(m, TF_EV_START, thread);
        return;
    }
    if (what == 3 && m->depth[thread] > 1) {
        tf_rows_op(m->rows, TF_OP_LEAVE);
        m->depth[thread]--;
    }
    some_changes(m, thread);
    if (what == 4) {
        raise_event(m, thread);
    }
    else if (what == 5 && m->suspended_count < 64) {
        event(m, TF_EV_YIELD, thread);
    }
    else if (what < 8) {
        event(m, what == 6 ? TF_EV_RETURN : TF_EV_UNWIND, thread);
    }
    else {
        event(m, TF_EV_LINE, thread);
    }
}

static void
keyframe(struct model *m, struct tf_rows *rows)
{
    for (uint32_t thread = 1; thread <= THREADS; thread++) {
        if (m->depth[thread] == 0) {
            continue;
        }
        tf_rows_op(rows, TF_OP_THREAD);
        tf_rows_u64(rows, thread);
        for (int i = 0; i < m->depth[thread]; i++) {
            uint64_t frame = m->stack[thread][i];
            tf_rows_op(rows, TF_OP_FRAME);
            tf_rows_u64(rows, frame);
            tf_rows_u64(rows, m->code_of[frame]);
            tf_rows_u64(rows, 3);
            tf_rows_u64(rows, 1);
            tf_rows_u64(rows, TF_EV_START);
            tf_rows_value(rows, TF_VAL_NONE);
            tf_rows_op(rows, TF_OP_LOCAL);
            tf_rows_u64(rows, 0);
            tf_rows_int(rows, 1);
            m->seen_in[frame] = (uint64_t)m->chunk + 1;
        }
    }
}

static void
define(struct tf_batch *batch)
{
    static const struct tf_text slot[SLOTS] = {{"a", 1}, {"b", 1}, {"c", 1}};
    tf_batch_add_file(batch, &(struct tf_def_file){.id = 1, .path = {"app.py", 6}});
    for (uint32_t id = 1; id <= CODES; id++) {
        struct tf_def_code code = {
            .id = id, .file = 1, .slot = slot, .slot_count = SLOTS};
        tf_batch_add_code(batch, &code);
    }
    for (uint32_t id = 1; id <= TYPES; id++) {
        struct tf_def_type type = {.id = id,
                                   .category = id < 4 ? TF_CAT_LIST : TF_CAT_EXCEPTION};
        tf_batch_add_type(batch, &type);
    }
    for (uint32_t id = 1; id <= THREADS; id++) {
        struct tf_def_thread thread = {.id = id};
        tf_batch_add_thread(batch, &thread);
    }
}

/* Changes at the end of a chunk that belong to an event in the next one. */
static uint32_t
tail(struct model *m)
{
    uint32_t thread = 1 + roll(THREADS);
    if (m->depth[thread] == 0 || roll(3) != 0) {
        return 0;
    }
    some_changes(m, thread);
    set_local(m, thread, roll(SLOTS));
    return thread;
}

static struct model *
record(struct tf_sink_memory *sink, bool finish)
{
    struct tf_header header = {.limits.events = ~0u};
    struct tf_footer footer = {.end_ns = 1u << 30};
    struct tf_writer *writer;
    struct tf_batch batch;
    struct model *m = calloc(1, sizeof *m);
    seed = 88172645463325252u;
    tf_sink_memory_init(sink);
    assert_int_equal(tf_writer_open(&sink->sink, &header, 1, &writer, NULL), TF_OK);
    tf_batch_init(&batch);
    define(&batch);
    m->rows = &batch.changes;
    for (uint32_t before = 0; m->chunk < CHUNKS; m->chunk++) {
        keyframe(m, &batch.keyframe);
        if (before != 0) {
            event(m, TF_EV_LINE, before);
        }
        for (uint32_t n = roll(30); n > 0; n--) {
            one_event(m);
        }
        before = batch.tail_thread = m->chunk + 1 < CHUNKS ? tail(m) : 0;
        if (batch.changes.len == 0) {
            event(m, TF_EV_LINE, 1); /* in no frame, perhaps */
        }
        assert_int_equal(tf_writer_batch(writer, &batch, NULL), TF_OK);
        tf_batch_clear(&batch);
    }
    tf_batch_release(&batch);
    assert_true(m->objects < OBJECTS_MAX && m->frames < FRAMES_MAX);
    if (finish) {
        assert_int_equal(tf_writer_close(writer, &footer, NULL, NULL), TF_OK);
    }
    else {
        tf_writer_abandon(writer);
    }
    return m;
}

/* --- the plain search --- */
struct question {
    enum { OBJECT, IMAGE, ITEM, ATTR, SLOT, LINE, CODE, EXCEPTION, THREAD, SORTS } sort;

    uint64_t id;
    uint32_t second;
};

static bool
has(const struct model *m, int chunk, const struct question *q)
{
    switch (q->sort) {
    case OBJECT: return m->object[chunk][q->id] != 0;
    case IMAGE: return (m->object[chunk][q->id] & 2) != 0;
    case ITEM: return (m->item[chunk][q->id] >> q->second & 1) != 0;
    case ATTR: return (m->attr[chunk][q->id] >> q->second & 1) != 0;
    case SLOT: return m->slot[chunk][q->id][q->second] != 0;
    case THREAD: return m->threads[chunk][q->id] != 0;
    case LINE: return m->line[chunk][q->id][q->second] != 0;
    case CODE: return m->events[chunk][q->id] != 0;
    default: return m->exceptions[chunk][q->id] != 0;
    }
}

static int
search(const struct model *m, const struct question *q, int from, int step)
{
    for (int chunk = from; chunk >= 0 && chunk < CHUNKS; chunk += step) {
        if (has(m, chunk, q)) {
            return chunk;
        }
    }
    return -1;
}

static uint64_t
count(const struct model *m, const struct question *q, int before)
{
    uint64_t n = 0;
    for (int chunk = 0; chunk < before; chunk++) {
        n += q->sort == LINE     ? m->line[chunk][q->id][q->second]
             : q->sort == CODE   ? m->calls[chunk][q->id]
             : q->sort == THREAD ? m->threads[chunk][q->id]
                                 : m->exceptions[chunk][q->id];
    }
    return n;
}

/* --- and the reader --- */
static tf_status
ask(struct tf_reader *reader, const struct question *q, bool before, size_t at,
    size_t *ret_idx)
{
    static const enum tf_posting_sort sort[] = {[LINE] = TF_POSTING_LINE,
                                                [CODE] = TF_POSTING_CODE,
                                                [EXCEPTION] = TF_POSTING_EXCEPTION,
                                                [THREAD] = TF_POSTING_THREAD};
    enum tf_posting_want want = q->sort == IMAGE ? TF_POSTING_IMAGE : TF_POSTING_ANY;
    if (q->sort <= IMAGE) {
        return before ? tf_reader_object_before(reader, q->id, want, at, ret_idx, NULL)
                      : tf_reader_object_after(reader, q->id, want, at, ret_idx, NULL);
    }
    if (q->sort == ITEM || q->sort == ATTR) {
        uint64_t idx = q->sort == ITEM ? item_idx[q->second] : 2 * q->second + 1;
        struct tf_part part = {.object = q->id, .sort = TF_PART_ATTR, .idx = idx};
        if (q->sort == ITEM) {
            part.sort = TF_PART_ITEMS;
            part.items = UINT64_C(1) << idx % 64;
            part.idx = idx / 64 * 64;
        }
        return (before ? tf_reader_part_before
                       : tf_reader_part_after)(reader, &part, at, ret_idx, NULL);
    }
    if (q->sort == SLOT) {
        return before
                   ? tf_reader_slot_before(reader, q->id, q->second, at, ret_idx, NULL)
                   : tf_reader_slot_after(reader, q->id, q->second, at, ret_idx, NULL);
    }
    return before ? tf_reader_posting_before(reader, sort[q->sort], (uint32_t)q->id,
                                             q->second, at, ret_idx, NULL)
                  : tf_reader_posting_after(reader, sort[q->sort], (uint32_t)q->id,
                                            q->second, at, ret_idx, NULL);
}

static struct question
random_question(const struct model *m)
{
    struct question q = {.sort = roll(SORTS)};
    switch (q.sort) {
    case OBJECT:
    case IMAGE: q.id = 1 + roll((uint32_t)m->objects); break;
    case ITEM:
    case ATTR:
        q.id = 1 + roll((uint32_t)m->objects);
        q.second = roll(q.sort == ITEM ? ITEMS : ATTRS);
        break;
    case THREAD: q.id = 1 + roll(THREADS); break;
    case SLOT:
        q.id = 1 + roll((uint32_t)m->frames);
        q.second = roll(SLOTS);
        break;
    case LINE:
        q.id = 1 + roll(CODES);
        q.second = 1 + roll(LINES);
        break;
    case CODE: q.id = 1 + roll(CODES); break;
    default: q.id = 4 + roll(2); break;
    }
    return q;
}

static void
check_hits(struct tf_reader *reader, const struct model *m)
{
    static const enum tf_posting_sort sort[] = {[LINE] = TF_POSTING_LINE,
                                                [CODE] = TF_POSTING_CODE,
                                                [EXCEPTION] = TF_POSTING_EXCEPTION,
                                                [THREAD] = TF_POSTING_THREAD};

    for (int i = 0; i < 400; i++) {
        struct question q = random_question(m);
        size_t before = roll(CHUNKS + 2);
        uint64_t n;
        if (q.sort < LINE) {
            continue;
        }
        assert_int_equal(tf_reader_posting_hits_before(reader, sort[q.sort],
                                                       (uint32_t)q.id, q.second, before,
                                                       &n, NULL),
                         TF_OK);
        assert_int_equal(n, count(m, &q, before < CHUNKS ? (int)before : (int)CHUNKS));
    }
}

/* How many items an object has at the start of a chunk. */
static void
check_lengths(struct tf_reader *reader, const struct model *m)
{
    for (int i = 0; i < 20000; i++) {
        struct question q = {.sort = OBJECT, .id = 1 + roll((uint32_t)m->objects)};
        size_t at = roll(CHUNKS), base;
        int64_t items;
        int last = search(m, &q, (int)at - 1, -1);
        tf_status status =
            tf_reader_object_items(reader, q.id, at, &items, &base, NULL);
        if (last < 0) {
            assert_int_equal(status, TF_ERR_NOT_FOUND);
            continue;
        }
        assert_int_equal(status, TF_OK);
        if (base != SIZE_MAX) {
            assert_int_equal(m->object[base][q.id] & 2, 2);
            items += m->length[base][q.id];
        }
        assert_int_equal(items, m->length[last][q.id]);
    }
}

static void
check_all(const char *path, const struct model *m, bool complete)
{
    struct tf_reader *reader;
    uint64_t answered = 0, n;
    assert_int_equal(tf_reader_open(path, NULL, NULL, &reader, NULL), TF_OK);
    assert_int_equal(tf_reader_complete(reader), complete);
    assert_int_equal(tf_reader_chunk_count(reader), CHUNKS);
    assert_memory_equal(tf_reader_events_by_kind(reader), m->kinds, sizeof m->kinds);
    for (int i = 0; i < 30000; i++) {
        struct question q = random_question(m);
        bool before = roll(2);
        size_t at = roll(CHUNKS + 1), got;
        int want =
            before ? search(m, &q, (int)at - 1, -1) : search(m, &q, (int)at + 1, 1);
        tf_status status = ask(reader, &q, before, at, &got);
        if (want < 0) {
            assert_int_equal(status, TF_ERR_NOT_FOUND);
            continue;
        }
        assert_int_equal(status, TF_OK);
        if ((int)got != want) {
            fail_msg("sort %d id %llu second %u %s %zu: %zu, not %d", q.sort,
                     (unsigned long long)q.id, q.second, before ? "before" : "after",
                     at, got, want);
        }
        answered++;
    }
    assert_true(answered > 20000);
    check_hits(reader, m);
    check_lengths(reader, m);
    for (uint32_t code = 1; code <= CODES; code++) {
        for (uint32_t lineno = 1; lineno <= LINES; lineno++) {
            struct question q = {LINE, code, lineno};
            assert_int_equal(
                tf_reader_posting_hits(reader, TF_POSTING_LINE, code, lineno, &n, NULL),
                TF_OK);
            assert_int_equal(n, count(m, &q, CHUNKS));
        }
        struct question q = {CODE, code, 0};
        assert_int_equal(
            tf_reader_posting_hits(reader, TF_POSTING_CODE, code, 0, &n, NULL), TF_OK);
        assert_int_equal(n, count(m, &q, CHUNKS));
    }
    for (uint32_t type = 1; type <= TYPES; type++) {
        struct question q = {EXCEPTION, type, 0};
        assert_int_equal(
            tf_reader_posting_hits(reader, TF_POSTING_EXCEPTION, type, 0, &n, NULL),
            TF_OK);
        assert_int_equal(n, count(m, &q, CHUNKS));
    }
    tf_reader_close(reader);
}

static void
show_finding(void *ctx, const struct tf_err *finding)
{
    (void)ctx;
    print_message("%s\n", finding->message);
}

static void
check_verify(const char *path, uint64_t want)
{
    struct tf_verify options = {.finding = show_finding};
    uint64_t findings;
    assert_int_equal(tf_verify_file(path, &options, &findings, NULL), TF_OK);
    assert_int_equal(findings, want);
}

/* The lists of writes have no object or frame that the chunk itself created. */
static void
check_only_older(const struct tf_sink_memory *sink, const char *path)
{
    struct tf_reader *reader;
    size_t off = 0, blocks = 0;
    assert_int_equal(tf_reader_open(path, NULL, NULL, &reader, NULL), TF_OK);
    while (sink->data[off] == 0x28) {
        const uint8_t *at = sink->data + off;
        size_t size = ZSTD_findFrameCompressedSize(at, sink->sink.written_bytes - off);
        size_t len = (size_t)ZSTD_getFrameContentSize(at, size);
        uint8_t *content = malloc(len);
        assert_int_equal(ZSTD_decompress(content, len, at, size), len);
        struct tf_cursor cursor = tf_cursor_of(content, len);
        struct tf_wire wire;
        struct tf_writes_block block;
        assert_int_equal(tf_wire_next(&cursor, &wire), TF_WIRE_FIELD);
        if (wire.number == 10) {
            assert_int_equal(tf_writes_get(wire.bytes, 0, &block, NULL), TF_OK);
            for (size_t i = 0; i < block.count; i++) {
                const struct tf_chunk_info *info = tf_reader_chunk_info(
                    reader, block.first_chunk + block.write[i].chunk);
                assert_true(block.write[i].id < (block.list == TF_WRITES_OBJECTS
                                                     ? info->first_object
                                                     : info->first_frame));
            }
            free(block.write);
            blocks++;
        }
        free(content);
        off += size;
    }
    assert_true(blocks > 2 * ((CHUNKS + TF_WRITES_CHUNKS - 1) / TF_WRITES_CHUNKS));
    tf_reader_close(reader);
}

static void
test_through_the_index(void **state)
{
    struct tf_sink_memory sink;
    struct model *m = record(&sink, true);
    (void)state;
    tt_write(tt_path("indexed"), sink.data, sink.sink.written_bytes);
    check_all(tt_path("indexed"), m, true);
    check_verify(tt_path("indexed"), 0);
    check_only_older(&sink, tt_path("indexed"));
    /* without the seek table */
    tt_write(tt_path("scanned"), sink.data, sink.sink.written_bytes - 1);
    check_all(tt_path("scanned"), m, true);
    tf_sink_memory_release(&sink);
    free(m);
}

static void
test_unfinished(void **state)
{
    struct tf_sink_memory sink;
    struct model *m = record(&sink, false);
    (void)state;
    tt_write(tt_path("unfinished"), sink.data, sink.sink.written_bytes);
    check_all(tt_path("unfinished"), m, false);
    check_verify(tt_path("unfinished"), 1); /* that it is not complete */
    tf_sink_memory_release(&sink);
    free(m);
}

/* --- a group is closed before its lists grow too long --- */
enum { MANY = 320000, WRITTEN_A_CHUNK = MANY / 16 };

static void
many_objects(struct tf_rows *rows, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        tf_rows_op(rows, TF_OP_NEW);
        tf_rows_u64(rows, 1);
        for (int k = 0; k < 4; k++) {
            tf_rows_u64(rows, 0);
        }
    }
}

static void
many_writes(struct tf_rows *rows, uint64_t first)
{
    for (uint64_t id = first; id < first + WRITTEN_A_CHUNK; id++) {
        tf_rows_op(rows, TF_OP_MORE);
        tf_rows_u64(rows, id);
        tf_rows_u64(rows, 1);
    }
}

static void
test_long_lists(void **state)
{
    struct tf_sink_memory sink;
    struct tf_header header = {.limits.events = ~0u};
    struct tf_footer footer = {.end_ns = 1u << 30};
    struct tf_writer *writer;
    struct tf_reader *reader;
    struct tf_batch batch;
    size_t idx;
    (void)state;
    tf_sink_memory_init(&sink);
    assert_int_equal(tf_writer_open(&sink.sink, &header, 1, &writer, NULL), TF_OK);
    tf_batch_init(&batch);
    define(&batch);
    for (uint64_t chunk = 0; chunk < 48; chunk++) {
        if (chunk == 0) {
            many_objects(&batch.changes, MANY);
        }
        if (chunk >= 16 && chunk < 32) {
            many_writes(&batch.changes, 1 + (chunk - 16) * WRITTEN_A_CHUNK);
        }
        tf_rows_event(&batch.changes, TF_EV_LINE, 1, 1, 0, 0);
        assert_int_equal(tf_writer_batch(writer, &batch, NULL), TF_OK);
        tf_batch_clear(&batch);
    }
    tf_batch_release(&batch);
    assert_int_equal(tf_writer_close(writer, &footer, NULL, NULL), TF_OK);
    assert_true(MANY > 2 * TF_WRITES_ENTRIES);
    tt_write(tt_path("many"), sink.data, sink.sink.written_bytes);
    tf_sink_memory_release(&sink);
    assert_int_equal(tf_reader_open(tt_path("many"), NULL, NULL, &reader, NULL), TF_OK);
    for (uint64_t chunk = 16; chunk < 32; chunk++) {
        uint64_t id = 1 + (chunk - 16) * WRITTEN_A_CHUNK + 77;
        assert_int_equal(
            tf_reader_object_before(reader, id, TF_POSTING_ANY, 48, &idx, NULL), TF_OK);
        assert_int_equal(idx, chunk);
        assert_int_equal(
            tf_reader_object_before(reader, id, TF_POSTING_IMAGE, 48, &idx, NULL),
            TF_OK);
        assert_int_equal(idx, 0);
        assert_int_equal(
            tf_reader_object_after(reader, id, TF_POSTING_ANY, 0, &idx, NULL), TF_OK);
        assert_int_equal(idx, chunk);
    }
    tf_reader_close(reader);
    check_verify(tt_path("many"), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_through_the_index),
        cmocka_unit_test(test_unfinished),
        cmocka_unit_test(test_long_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
