/* How runs of items and entries are written: list, tuple, set, dict ... See rp_text_forms.c. */
#include <stdlib.h>
#include <string.h>

#include "rp_scalar.h"
#include "rp_text.h"

const struct rp_value *
rp_text_item(const struct rp_object *object, size_t idx)
{
    static const struct rp_value damaged = {.kind = RP_VAL_DAMAGED};
    return idx < object->item_count ? &object->item[idx] : &damaged;
}

/* __name__ of a type is the last part of its __qualname__. */
struct tf_text
rp_text_short_name(const struct tf_def_type *type)
{
    struct tf_text name = type->name;
    for (size_t i = name.len; i-- > 0;) {
        if (name.data[i] == '.') {
            return (struct tf_text){name.data + i + 1, name.len - i - 1};
        }
    }
    return name;
}

/* --- Runs of items: list, tuple, set, dict ... --- */

void
rp_text_add_before(struct rp_text_job *job, const struct rp_text_frame *frame)
{
    if (!frame->own && frame->form->before) {
        rp_buf_add_string(job->out, frame->form->before);
    }
    rp_buf_add_string(job->out, frame->form->open);
}

/* ", ..." when there are more than are shown, the bracket, and what comes after it. */
void
rp_text_add_after(struct rp_text_job *job, const struct rp_text_frame *frame, bool more)
{
    if (more) {
        rp_buf_add_string(job->out, frame->count ? ", ..." : "...");
    }
    rp_buf_add_string(job->out, frame->form->close);
    if (!frame->own && frame->form->after) {
        rp_buf_add_string(job->out, frame->form->after);
    }
}

static size_t
shown(const struct rp_text_job *job, const struct rp_object *object)
{
    size_t count = rp_object_run(object).count;
    return job->limits.items && job->limits.items < count ? job->limits.items : count;
}

static bool
has_more(const struct rp_text_frame *frame)
{
    return frame->object->more || frame->count < rp_object_run(frame->object).count;
}

/* Makes an item of a large container present, with those that come next. */
static void
make_present(struct rp_text_job *job, struct rp_object *object, size_t idx)
{
    if (object->partial && idx < object->item_count
        && object->item[idx].kind == TF_VAL_UNBOUND && job->status == TF_OK) {
        size_t wanted = job->limits.items ? 2 * job->limits.items : TF_PAGE_ITEMS;
        wanted = wanted < TF_PAGE_ITEMS ? wanted : TF_PAGE_ITEMS;
        job->status = rp_object_load(job->rp, object, idx, idx + wanted, job->err);
    }
}

/* Items that were never recorded stand for themselves as one "...". True if there were
 * some at frame->idx; `values` an item. */
static bool
skip_gap(struct rp_text_job *job, struct rp_text_frame *frame, size_t values)
{
    struct rp_run items = rp_object_run(frame->object);
    size_t first = frame->idx;
    make_present(job, frame->object, items.first + frame->idx);
    while (frame->idx < frame->count * values
           && rp_is_gap(&frame->object->item[items.first + frame->idx])) {
        frame->idx += values;
        make_present(job, frame->object, items.first + frame->idx);
    }
    if (frame->idx == first) {
        return false;
    }
    rp_buf_add_string(job->out, first ? ", ..." : "...");
    return true;
}

const struct rp_value *
rp_text_next_run(struct rp_text_job *job, struct rp_text_frame *frame)
{
    struct rp_run items = rp_object_run(frame->object);
    if (frame->stage == 0) {
        frame->stage = 1;
        frame->count = shown(job, frame->object);
        rp_text_add_before(job, frame);
    }
    bool gap = skip_gap(job, frame, 1);
    if (frame->idx < frame->count) {
        rp_buf_add_string(job->out, frame->idx ? ", " : "");
        rp_path_reset(job, frame);
        rp_path_addf(job, "[%zu]", frame->idx);
        return &frame->object->item[items.first + frame->idx++];
    }
    bool more = has_more(frame) && !gap;
    if (frame->object->category == TF_CAT_TUPLE && frame->count == 1 && !more
        && !frame->no_comma) {
        rp_buf_add_string(job->out, ",");
    }
    rp_text_add_after(job, frame, more);
    return NULL;
}

const struct rp_value *
rp_text_next_set(struct rp_text_job *job, struct rp_text_frame *frame)
{
    bool empty = rp_object_run(frame->object).count == 0 && !frame->object->more;
    if (frame->stage == 0 && empty) {
        bool frozen = frame->object->category == TF_CAT_FROZENSET;
        rp_buf_add_string(job->out, frame->own ? "{}"
                                    : frozen   ? "frozenset()"
                                               : "set()");
        return NULL;
    }
    const struct rp_value *child = rp_text_next_run(job, frame);
    if (child) {
        rp_path_reset(job, frame);
        rp_path_addf(job, "{%zu}", frame->idx - 1);
    }
    return child;
}

const struct rp_value *
rp_text_next_namedtuple(struct rp_text_job *job, struct rp_text_frame *frame)
{
    const struct tf_def_type *type = frame->object->type;
    if (frame->stage == 0 && !frame->own) {
        rp_buf_add_text(job->out, rp_text_short_name(type));
    }
    const struct rp_value *child = rp_text_next_run(job, frame);
    if (child && frame->idx <= type->field_count) {
        struct tf_text name = type->field[frame->idx - 1];
        rp_buf_add_text(job->out, name);
        rp_buf_add_string(job->out, "=");
        rp_path_reset(job, frame);
        rp_path_addf(job, ".%.*s", (int)(name.len < 200 ? name.len : 200), name.data);
    }
    return child;
}

const struct rp_value *
rp_text_next_deque(struct rp_text_job *job, struct rp_text_frame *frame)
{
    const struct rp_value *child = rp_text_next_run(job, frame);
    const struct rp_value *maxlen = rp_text_item(frame->object, 0);
    if (!child) {
        if (maxlen->kind == TF_VAL_INT) {
            rp_buf_addf(job->out, ", maxlen=%lld", (long long)maxlen->integer);
        }
        rp_buf_add_string(job->out, frame->own ? "" : ")");
    }
    return child;
}

/* --- Entries: dict, defaultdict, OrderedDict, Counter --- */

/* Even steps give keys, odd ones their values. `order` may be NULL. */
static const struct rp_value *
next_entry(struct rp_text_job *job, struct rp_text_frame *frame)
{
    struct rp_run items = rp_object_run(frame->object);
    if (!frame->order && frame->idx % 2 == 0) {
        skip_gap(job, frame, 2);
    }
    if (frame->idx >= frame->count * 2) {
        return NULL;
    }
    size_t shown_idx = frame->idx / 2;
    size_t entry = frame->order ? frame->order[shown_idx] : shown_idx;
    make_present(job, frame->object, items.first + entry * 2);
    make_present(job, frame->object, items.first + entry * 2 + 1);
    const struct rp_value *key = &frame->object->item[items.first + entry * 2];
    rp_path_reset(job, frame);
    if (frame->idx++ % 2 == 0) {
        rp_buf_add_string(job->out, shown_idx ? ", " : "");
        rp_path_addf(job, ".keys()[%zu]", entry);
        return key;
    }
    rp_buf_add_string(job->out, ": ");
    rp_path_key(job, key, entry);
    return key + 1;
}

const struct rp_value *
rp_text_next_dict(struct rp_text_job *job, struct rp_text_frame *frame)
{
    if (frame->stage == 0) {
        frame->stage = 1;
        frame->count = shown(job, frame->object);
        rp_text_add_before(job, frame);
    }
    const struct rp_value *child = next_entry(job, frame);
    if (!child) {
        rp_text_add_after(job, frame, has_more(frame));
    }
    return child;
}

const struct rp_value *
rp_text_next_defaultdict(struct rp_text_job *job, struct rp_text_frame *frame)
{
    if (frame->stage == 0 && !frame->own) {
        frame->stage = 1;
        frame->count = shown(job, frame->object);
        rp_buf_add_string(job->out, "defaultdict(");
        rp_path_reset(job, frame);
        rp_path_addf(job, ".default_factory");
        return rp_text_item(frame->object, 0);
    }
    if (frame->stage == 1) {
        frame->stage = 2;
        rp_buf_add_string(job->out, ", {");
    }
    return rp_text_next_dict(job, frame);
}

/* OrderedDict.__repr__ of C: a list of pairs up to 3.11, a dict from 3.12 on
 * (Objects/odictobject.c; gh-101446). */
const struct rp_value *
rp_text_next_ordereddict(struct rp_text_job *job, struct rp_text_frame *frame)
{
    bool pairs = !frame->own && job->rp->facts.header->python_hex < 0x030c0000;
    if (frame->stage == 0) {
        frame->stage = 1;
        frame->count = shown(job, frame->object);
        if (frame->count == 0 && !frame->object->more) {
            rp_buf_add_string(job->out, frame->own ? "{}" : "OrderedDict()");
            return NULL;
        }
        rp_buf_add_string(job->out, frame->own ? "{"
                                    : pairs    ? "OrderedDict(["
                                               : "OrderedDict({");
    }
    if (!pairs) {
        return rp_text_next_dict(job, frame);
    }
    bool key = frame->idx % 2 == 0 && frame->idx < frame->count * 2;
    if (frame->idx && key) {
        rp_buf_add_string(job->out, "), (");
    }
    else if (key) {
        rp_buf_add_string(job->out, "(");
    }
    if (frame->idx < frame->count * 2) {
        struct rp_run items = rp_object_run(frame->object);
        make_present(job, frame->object, items.first + frame->idx);
        const struct rp_value *value = &frame->object->item[items.first + frame->idx];
        rp_path_reset(job, frame);
        if (key) {
            rp_path_addf(job, ".keys()[%zu]", frame->idx / 2);
        }
        else {
            rp_buf_add_string(job->out, ", ");
            rp_path_key(job, value - 1, frame->idx / 2);
        }
        frame->idx++;
        return value;
    }
    rp_buf_add_string(job->out, frame->count ? ")" : "");
    rp_buf_add_string(job->out, has_more(frame) ? ", ...])" : "])");
    return NULL;
}

/* Whether two counts can be ordered, and how; rank: what kinds go together. */
static int
rank(const struct rp_value *value)
{
    switch (value->kind) {
    case TF_VAL_FALSE:
    case TF_VAL_TRUE:
    case TF_VAL_INT:
    case TF_VAL_BIGINT:
    case TF_VAL_FLOAT: return 1;
    case TF_VAL_STR: return 2;
    default: return 0;
    }
}

/* x86's long double holds every int64 and every double exactly. A big int is beyond all
 * int64; two of them are told apart by their bytes. */
static int
compare_counts(const struct rp_value *a, const struct rp_value *b)
{
    long double x[2];
    const struct rp_value *value[2] = {a, b};
    for (int i = 0; i < 2; i++) {
        struct tf_text bytes = rp_value_bytes(value[i]);
        x[i] = value[i]->kind == TF_VAL_TRUE    ? 1
               : value[i]->kind == TF_VAL_INT   ? (long double)value[i]->integer
               : value[i]->kind == TF_VAL_FLOAT ? (long double)value[i]->real
                                                : 0;
        for (size_t k = bytes.len; value[i]->kind == TF_VAL_BIGINT && k-- > 0;) {
            bool top = k == bytes.len - 1;
            x[i] = x[i] * 256
                   + (top ? (signed char)bytes.data[k] : (unsigned char)bytes.data[k]);
        }
    }
    if (rank(a) == 2) {
        struct tf_text s = rp_value_bytes(a), t = rp_value_bytes(b);
        int order = memcmp(s.data, t.data, s.len < t.len ? s.len : t.len);
        return order ? order : s.len < t.len ? -1 : s.len > t.len;
    }
    return x[0] < x[1] ? -1 : x[0] > x[1];
}

static const struct rp_value *
count_of(const struct rp_object *object, uint32_t entry)
{
    return &object->item[rp_object_run(object).first + 2 * (size_t)entry + 1];
}

/* Counter.most_common(): by count, the most first, else as they are; as they are, too,
 * when the counts have no order (Lib/collections/__init__.py). A merge sort, to be stable. */
static uint32_t *
most_common(const struct rp_object *object)
{
    uint32_t count = (uint32_t)rp_object_run(object).count;
    uint32_t *order = malloc((size_t)(count + 1) * 2 * sizeof *order);
    if (!order) {
        return NULL;
    }
    for (uint32_t i = 0; i < count; i++) {
        order[i] = i;
        if (rank(count_of(object, i)) == 0
            || rank(count_of(object, i)) != rank(count_of(object, 0))) {
            free(order);
            return NULL;
        }
    }
    uint32_t *from = order, *to = order + count;
    for (uint32_t width = 1; width < count; width *= 2) {
        for (uint32_t begin = 0; begin < count; begin += 2 * width) {
            uint32_t middle = begin + width < count ? begin + width : count;
            uint32_t end = begin + 2 * width < count ? begin + 2 * width : count;
            uint32_t left = begin, right = middle;
            for (uint32_t i = begin; i < end; i++) {
                bool take_right = right < end
                                  && (left >= middle
                                      || compare_counts(count_of(object, from[right]),
                                                        count_of(object, from[left]))
                                             > 0);
                to[i] = take_right ? from[right++] : from[left++];
            }
        }
        uint32_t *swap = from;
        from = to;
        to = swap;
    }
    if (from != order) {
        memcpy(order, from, count * sizeof *order);
    }
    return order;
}

const struct rp_value *
rp_text_next_counter(struct rp_text_job *job, struct rp_text_frame *frame)
{
    if (frame->stage == 0) {
        if (rp_object_run(frame->object).count == 0 && !frame->object->more) {
            rp_buf_add_string(job->out, frame->own ? "{}" : "Counter()");
            return NULL;
        }
        frame->order = most_common(frame->object);
    }
    return rp_text_next_dict(job, frame);
}
