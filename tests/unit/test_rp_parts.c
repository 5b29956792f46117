/* Large containers of which only some items are looked at, against the plain list: random
 * writes of lists and dicts over many chunks, at random events, in random order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rp.h"
#include "rp_private.h"
#include "tt_file.h"

enum {
    CHUNKS = 400,
    EVENTS = 3, /* a chunk */
    OBJECTS = 4,
    ITEMS_MAX = 6000,
};

/* What an object holds at each event, as plainly as can be. */
struct plain {
    int64_t *item; /* owned */
    size_t count;
    uint64_t more;
};

struct model {
    struct plain now[OBJECTS + 1];
    struct plain at[CHUNKS * EVENTS + 1][OBJECTS + 1];
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

static int64_t next_value = 1;

/* Puts `come` new values in the place of `gone`, in the model and in the recording. */
static void
splice(struct model *m, uint64_t id, size_t at, size_t gone, size_t come)
{
    struct plain *plain = &m->now[id];
    tf_rows_op(m->rows, TF_OP_ITEM_SPLICE);
    tf_rows_u64(m->rows, id);
    tf_rows_u64(m->rows, at);
    tf_rows_u64(m->rows, gone);
    tf_rows_u64(m->rows, come);
    memmove(plain->item + at + come, plain->item + at + gone,
            (plain->count - at - gone) * sizeof *plain->item);
    for (size_t i = 0; i < come; i++) {
        plain->item[at + i] = next_value;
        tf_rows_int(m->rows, next_value++);
    }
    plain->count = plain->count - gone + come;
}

static void
set(struct model *m, uint64_t id, size_t at)
{
    tf_rows_op(m->rows, TF_OP_ITEM_SET);
    tf_rows_u64(m->rows, id);
    tf_rows_u64(m->rows, at);
    tf_rows_int(m->rows, next_value);
    m->now[id].item[at] = next_value++;
}

static void
whole(struct model *m, uint64_t id, bool image)
{
    struct plain *plain = &m->now[id];
    tf_rows_op(m->rows, image ? TF_OP_IMAGE : TF_OP_NEW);
    if (image) {
        tf_rows_u64(m->rows, id);
    }
    tf_rows_u64(m->rows, id == OBJECTS ? 2 : 1); /* the last is a dict */
    tf_rows_u64(m->rows, 0);
    tf_rows_u64(m->rows, plain->count);
    tf_rows_u64(m->rows, plain->more);
    tf_rows_u64(m->rows, 0);
    for (size_t i = 0; i < plain->count; i++) {
        tf_rows_int(m->rows, plain->item[i]);
    }
}

static void
more(struct model *m, uint64_t id)
{
    m->now[id].more = roll(5);
    tf_rows_op(m->rows, TF_OP_MORE);
    tf_rows_u64(m->rows, id);
    tf_rows_u64(m->rows, m->now[id].more);
}

/* A page made whole. */
static void
page(struct model *m, uint64_t id)
{
    size_t first = roll((uint32_t)m->now[id].count) / 64 * 64;
    size_t count = m->now[id].count - first;
    count = count < 64 ? count : 64;
    splice(m, id, first, count, count);
}

static void
some_write(struct model *m, uint64_t id)
{
    size_t count = m->now[id].count, stride = id == OBJECTS ? 2 : 1;
    uint32_t what = roll(100);
    size_t at = roll((uint32_t)(count / stride)) * stride + stride - 1;
    if (what < 50) {
        set(m, id, at);
    }
    else if (what < 75 && count < ITEMS_MAX - 100) {
        splice(m, id, count, 0, (1 + roll(12)) * stride);
    }
    else if (what < 85 && count > 600) {
        size_t gone = (1 + roll(20)) * stride;
        splice(m, id, count - gone, gone, 0);
    }
    else if (what < 90 && id != 1) { /* the first only grows and shrinks at its end */
        size_t place = at / stride * stride;
        splice(m, id, place, stride, roll(3) * stride);
    }
    else if (what < 96) {
        page(m, id);
    }
    else if (what < 98) {
        more(m, id);
    }
    else if (roll(40) == 0) {
        whole(m, id, true);
    }
}

static void
remember(struct model *m, size_t seq)
{
    for (int id = 1; id <= OBJECTS; id++) {
        struct plain *to = &m->at[seq][id];
        *to = m->now[id];
        to->item = malloc((to->count + 1) * sizeof *to->item);
        memcpy(to->item, m->now[id].item, to->count * sizeof *to->item);
    }
}

static void
define(struct tf_batch *batch)
{
    struct tf_def_code code = {.id = 1};
    struct tf_def_type list = {.id = 1, .category = TF_CAT_LIST};
    struct tf_def_type dict = {.id = 2, .category = TF_CAT_DICT};
    struct tf_def_thread thread = {.id = 1};
    tf_batch_add_code(batch, &code);
    tf_batch_add_type(batch, &list);
    tf_batch_add_type(batch, &dict);
    tf_batch_add_thread(batch, &thread);
}

static struct model *
record(struct tf_sink_memory *sink, bool finish)
{
    struct tf_header header = {0};
    struct tf_footer footer = {0};
    struct tf_writer *writer;
    struct tf_batch batch;
    struct model *m = calloc(1, sizeof *m);
    size_t seq = 0;
    tf_sink_memory_init(sink);
    assert_int_equal(tf_writer_open(&sink->sink, &header, 1, &writer, NULL), TF_OK);
    tf_batch_init(&batch);
    define(&batch);
    m->rows = &batch.changes;
    for (int chunk = 0; chunk < CHUNKS; chunk++) {
        for (int event = 0; event < EVENTS; event++) {
            for (uint64_t id = 1; id <= OBJECTS && seq == 0; id++) {
                m->now[id].item = calloc(ITEMS_MAX, sizeof(int64_t));
                m->now[id].count = 500;
                whole(m, id, false);
            }
            for (uint32_t n = roll(4); n > 0; n--) {
                some_write(m, 1 + roll(OBJECTS));
            }
            tf_rows_event(m->rows, TF_EV_LINE, 1, 1, 0, 0);
            remember(m, ++seq);
        }
        assert_int_equal(tf_writer_batch(writer, &batch, NULL), TF_OK);
        tf_batch_clear(&batch);
    }
    tf_batch_release(&batch);
    if (finish) {
        assert_int_equal(tf_writer_close(writer, &footer, NULL, NULL), TF_OK);
    }
    else {
        tf_writer_abandon(writer);
    }
    return m;
}

static void
release(struct model *m, struct tf_sink_memory *sink)
{
    for (int id = 1; id <= OBJECTS; id++) {
        free(m->now[id].item);
        for (int seq = 1; seq <= CHUNKS * EVENTS; seq++) {
            free(m->at[seq][id].item);
        }
    }
    free(m);
    tf_sink_memory_release(sink);
}

static void
expect_items(const struct rp_object *object, const struct plain *plain, size_t first,
             size_t end, size_t stride, uint64_t seq)
{
    assert_int_equal(object->item_count, plain->count);
    assert_int_equal(object->more, plain->more);
    assert_false(object->damaged);
    for (size_t i = first; i < end && i < plain->count; i += stride) {
        if (object->item[i].kind != TF_VAL_INT
            || object->item[i].integer != plain->item[i]) {
            fail_msg("event %llu object %llu item %zu: kind %d %lld, not %lld",
                     (unsigned long long)seq, (unsigned long long)object->id, i,
                     object->item[i].kind, (long long)object->item[i].integer,
                     (long long)plain->item[i]);
        }
    }
}

static size_t
look(struct rp *rp, const struct model *m)
{
    uint64_t id = 1 + roll(OBJECTS), seq = 1 + roll(CHUNKS * EVENTS);
    struct rp_value value = {.kind = TF_VAL_REF, .ref = id};
    struct rp_object *object;
    for (uint32_t steps = 1 + roll(3); steps > 0 && seq <= CHUNKS * EVENTS;
         steps--, seq++) {
        const struct plain *plain = &m->at[seq][id];
        size_t first = roll((uint32_t)plain->count), end = first + roll(150);
        if (roll(10) == 0) {
            assert_int_equal(rp_object_at(rp, &value, seq, &object, NULL), TF_OK);
            expect_items(object, plain, 0, SIZE_MAX, 1, seq);
            rp_object_release(object);
            continue;
        }
        assert_int_equal(rp_object_open(rp, &value, seq, &object, NULL), TF_OK);
        size_t parts = object->partial;
        if (id == OBJECTS && roll(3) == 0) {
            assert_int_equal(rp_object_load_keys(rp, object, NULL), TF_OK);
            expect_items(object, plain, 0, SIZE_MAX, 2, seq);
        }
        assert_int_equal(rp_object_load(rp, object, first, end, NULL), TF_OK);
        expect_items(object, plain, first, end, 1, seq);
        rp_object_release(object);
        if (steps == 1) {
            return parts;
        }
    }
    return 0;
}

static void
check(const char *path, const struct model *m, size_t cache_bytes, bool cache_off)
{
    struct rp_options options = {.cache_bytes = cache_bytes, .cache_off = cache_off};
    struct rp *rp;
    size_t parts = 0;
    assert_int_equal(rp_open(path, &options, &rp, NULL), TF_OK);
    for (int i = 0; i < 1500; i++) {
        parts += look(rp, m);
    }
    assert_true(parts > 200);
    rp_close(rp);
}

static void
test_parts(void **state)
{
    struct tf_sink_memory sink;
    struct model *m = record(&sink, true);
    (void)state;
    tt_write(tt_path("parts"), sink.data, sink.sink.written_bytes);
    check(tt_path("parts"), m, 0, false);
    check(tt_path("parts"), m, 100000, false);
    check(tt_path("parts"), m, 0, true);
    release(m, &sink);
}

static void
test_parts_of_an_unfinished_recording(void **state)
{
    struct tf_sink_memory sink;
    struct model *m = record(&sink, false);
    (void)state;
    tt_write(tt_path("parts"), sink.data, sink.sink.written_bytes);
    check(tt_path("parts"), m, 0, false);
    release(m, &sink);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_parts_of_an_unfinished_recording),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
