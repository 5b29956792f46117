/* How the objects of each category are written: repr() as CPython writes it for the
 * built-in types (Objects/, Modules/_datetimemodule.c, Lib/collections, Lib/enum
 * ...; tests/e2e/test_rp_repr.py compares with the Python at hand), ours for the rest. */
#include "rp_text.h"

#include <stdlib.h>
#include <string.h>

#include "rp_eval.h"
#include "rp_scalar.h"

static const struct rp_value *
item(const struct rp_object *object, size_t idx)
{
    static const struct rp_value damaged = {.kind = RP_VAL_DAMAGED};
    return idx < object->item_count ? &object->item[idx] : &damaged;
}

/* __name__ of a type is the last part of its __qualname__. */
static struct tf_text
short_name(const struct tf_def_type *type)
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

static void
add_before(struct rp_text_job *job, const struct rp_text_frame *frame)
{
    if (!frame->own && frame->form->before) {
        rp_buf_add_string(job->out, frame->form->before);
    }
    rp_buf_add_string(job->out, frame->form->open);
}

/* ", ..." when there are more than are shown, the bracket, and what comes after it. */
static void
add_after(struct rp_text_job *job, const struct rp_text_frame *frame, bool more)
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

static const struct rp_value *
next_run(struct rp_text_job *job, struct rp_text_frame *frame)
{
    struct rp_run items = rp_object_run(frame->object);
    if (frame->stage == 0) {
        frame->stage = 1;
        frame->count = shown(job, frame->object);
        add_before(job, frame);
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
    add_after(job, frame, more);
    return NULL;
}

static const struct rp_value *
next_set(struct rp_text_job *job, struct rp_text_frame *frame)
{
    bool empty = rp_object_run(frame->object).count == 0 && !frame->object->more;
    if (frame->stage == 0 && empty) {
        bool frozen = frame->object->category == TF_CAT_FROZENSET;
        rp_buf_add_string(job->out, frame->own ? "{}"
                                    : frozen   ? "frozenset()"
                                               : "set()");
        return NULL;
    }
    const struct rp_value *child = next_run(job, frame);
    if (child) {
        rp_path_reset(job, frame);
        rp_path_addf(job, "{%zu}", frame->idx - 1);
    }
    return child;
}

static const struct rp_value *
next_namedtuple(struct rp_text_job *job, struct rp_text_frame *frame)
{
    const struct tf_def_type *type = frame->object->type;
    if (frame->stage == 0 && !frame->own) {
        rp_buf_add_text(job->out, short_name(type));
    }
    const struct rp_value *child = next_run(job, frame);
    if (child && frame->idx <= type->field_count) {
        struct tf_text name = type->field[frame->idx - 1];
        rp_buf_add_text(job->out, name);
        rp_buf_add_string(job->out, "=");
        rp_path_reset(job, frame);
        rp_path_addf(job, ".%.*s", (int)(name.len < 200 ? name.len : 200), name.data);
    }
    return child;
}

static const struct rp_value *
next_deque(struct rp_text_job *job, struct rp_text_frame *frame)
{
    const struct rp_value *child = next_run(job, frame);
    const struct rp_value *maxlen = item(frame->object, 0);
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

static const struct rp_value *
next_dict(struct rp_text_job *job, struct rp_text_frame *frame)
{
    if (frame->stage == 0) {
        frame->stage = 1;
        frame->count = shown(job, frame->object);
        add_before(job, frame);
    }
    const struct rp_value *child = next_entry(job, frame);
    if (!child) {
        add_after(job, frame, has_more(frame));
    }
    return child;
}

static const struct rp_value *
next_defaultdict(struct rp_text_job *job, struct rp_text_frame *frame)
{
    if (frame->stage == 0 && !frame->own) {
        frame->stage = 1;
        frame->count = shown(job, frame->object);
        rp_buf_add_string(job->out, "defaultdict(");
        rp_path_reset(job, frame);
        rp_path_addf(job, ".default_factory");
        return item(frame->object, 0);
    }
    if (frame->stage == 1) {
        frame->stage = 2;
        rp_buf_add_string(job->out, ", {");
    }
    return next_dict(job, frame);
}

/* OrderedDict.__repr__ of C: a list of pairs up to 3.11, a dict from 3.12 on
 * (Objects/odictobject.c; gh-101446). */
static const struct rp_value *
next_ordereddict(struct rp_text_job *job, struct rp_text_frame *frame)
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
        return next_dict(job, frame);
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

static const struct rp_value *
next_counter(struct rp_text_job *job, struct rp_text_frame *frame)
{
    if (frame->stage == 0) {
        if (rp_object_run(frame->object).count == 0 && !frame->object->more) {
            rp_buf_add_string(job->out, frame->own ? "{}" : "Counter()");
            return NULL;
        }
        frame->order = most_common(frame->object);
    }
    return next_dict(job, frame);
}

/* --- Parts in a row: range, slice, date ... --- */

static const struct rp_value *
next_parts(struct rp_text_job *job, struct rp_text_frame *frame, size_t first,
           size_t count)
{
    if (frame->stage == 0) {
        frame->stage = 1;
        add_before(job, frame);
    }
    if (frame->idx >= count) {
        return NULL;
    }
    size_t at = first + frame->idx;
    const char *name = rp_part_name(frame->object->category, at);
    rp_buf_add_string(job->out, frame->idx ? ", " : "");
    rp_path_reset(job, frame);
    rp_path_addf(job, ".%s", name ? name : "?");
    frame->idx++;
    return item(frame->object, at);
}

static const struct rp_value *
end_parts(struct rp_text_job *job, const struct rp_text_frame *frame,
          const struct rp_value *child)
{
    if (!child) {
        add_after(job, frame, false);
    }
    return child;
}

static const struct rp_value *
next_one(struct rp_text_job *job, struct rp_text_frame *frame)
{
    frame->count = 1;
    return end_parts(job, frame, next_parts(job, frame, 0, 1));
}

static const struct rp_value *
next_three(struct rp_text_job *job, struct rp_text_frame *frame)
{
    return end_parts(job, frame, next_parts(job, frame, 0, 3));
}

static const struct rp_value *
next_range(struct rp_text_job *job, struct rp_text_frame *frame)
{
    const struct rp_value *step = item(frame->object, 2);
    bool one = step->kind == TF_VAL_INT && step->integer == 1;
    return end_parts(job, frame, next_parts(job, frame, 0, one ? 2 : 3));
}

static bool
is_zero(const struct rp_object *object, size_t idx)
{
    const struct rp_value *value = item(object, idx);
    return value->kind == TF_VAL_INT && value->integer == 0;
}

/* Seconds and microseconds are left out when they are 0; `first` is the minute's place. */
static size_t
time_parts(const struct rp_object *object, size_t minute)
{
    return minute
           + (!is_zero(object, minute + 2)   ? 3
              : !is_zero(object, minute + 1) ? 2
                                             : 1);
}

/* datetime and time: `, fold=1, tzinfo=...` (_datetimemodule.c, append_keyword_*: time puts
 * tzinfo first). */
static const struct rp_value *
next_time(struct rp_text_job *job, struct rp_text_frame *frame)
{
    bool full = frame->object->category == TF_CAT_DATETIME;
    size_t minute = full ? 4 : 1, fold = full ? 7 : 4, tzinfo = fold + 1;
    if (frame->stage < 2) {
        const struct rp_value *child =
            next_parts(job, frame, 0, time_parts(frame->object, minute));
        if (child) {
            return child;
        }
        frame->stage = 2;
        bool folded = !is_zero(frame->object, fold);
        if (folded && full) {
            rp_buf_add_string(job->out, ", fold=1");
        }
        if (item(frame->object, tzinfo)->kind != TF_VAL_NONE) {
            rp_buf_add_string(job->out, ", tzinfo=");
            rp_path_reset(job, frame);
            rp_path_addf(job, ".tzinfo");
            return item(frame->object, tzinfo);
        }
    }
    if (!full && !is_zero(frame->object, fold)) {
        rp_buf_add_string(job->out, ", fold=1");
    }
    add_after(job, frame, false);
    return NULL;
}

static const struct rp_value *
next_timedelta(struct rp_text_job *job, struct rp_text_frame *frame)
{
    static const char *const names[] = {"days=", "seconds=", "microseconds="};
    add_before(job, frame);
    bool any = false;
    for (size_t i = 0; i < 3; i++) {
        if (!is_zero(frame->object, i)) {
            rp_buf_add_string(job->out, any ? ", " : "");
            rp_buf_add_string(job->out, names[i]);
            if (!rp_scalar_text(job->rp, item(frame->object, i), 0, job->out)) {
                rp_buf_add_string(job->out, "<damaged>");
            }
            any = true;
        }
    }
    rp_buf_add_string(job->out, any ? "" : "0");
    add_after(job, frame, false);
    return NULL;
}

/* timezone.utc prints as that; it is the one with offset 0 and no name. */
static const struct rp_value *
next_timezone(struct rp_text_job *job, struct rp_text_frame *frame)
{
    const struct rp_value *name = item(frame->object, 1);
    if (frame->stage == 0 && name->kind != TF_VAL_STR) {
        struct rp_object *offset = NULL;
        bool utc =
            item(frame->object, 0)->kind == TF_VAL_REF
            && rp_object_at(job->rp, item(frame->object, 0), job->seq, &offset, NULL)
                   == TF_OK
            && is_zero(offset, 0) && is_zero(offset, 1) && is_zero(offset, 2);
        rp_object_release(offset);
        if (utc) {
            rp_buf_add_string(job->out, "datetime.timezone.utc");
            return NULL;
        }
    }
    return end_parts(job, frame,
                     next_parts(job, frame, 0, name->kind == TF_VAL_STR ? 2 : 1));
}

static const struct rp_value *
next_path(struct rp_text_job *job, struct rp_text_frame *frame)
{
    if (frame->stage == 0 && !frame->own) {
        rp_buf_add_text(job->out, short_name(frame->object->type));
    }
    return next_one(job, frame);
}

static const struct rp_value *
next_uuid(struct rp_text_job *job, struct rp_text_frame *frame)
{
    const struct rp_value *number = item(frame->object, 0);
    uint8_t byte[16] = {0}; /* lowest first */
    struct tf_text text = rp_value_bytes(number);
    for (size_t i = 0; i < 16; i++) {
        if (number->kind == TF_VAL_INT && i < 8) {
            uint64_t bits = (uint64_t)number->integer >> (8 * i);
            byte[i] = (uint8_t)(bits & 0xff);
        }
        else if (i < text.len) {
            byte[i] = (uint8_t)text.data[i];
        }
    }
    add_before(job, frame);
    rp_buf_add_string(job->out, "'");
    for (size_t i = 16; i-- > 0;) {
        bool dash = i == 11 || i == 9 || i == 7 || i == 5;
        rp_buf_addf(job->out, "%s%02x", dash ? "-" : "", byte[i]);
    }
    rp_buf_add_string(job->out, "'");
    add_after(job, frame, false);
    return NULL;
}

/* Modules/_sre.c, pattern_repr: flag names by bit; UNICODE is not said of a str pattern. */
static void
add_pattern_flags(struct rp_text_job *job, int64_t flags, bool is_str)
{
    static const struct {
        int64_t bit;
        const char *name;
    } names[] = {{1, "re.TEMPLATE"},  {2, "re.IGNORECASE"}, {4, "re.LOCALE"},
                 {8, "re.MULTILINE"}, {16, "re.DOTALL"},    {32, "re.UNICODE"},
                 {64, "re.VERBOSE"},  {128, "re.DEBUG"},    {256, "re.ASCII"}};

    const char *separator = ", ";
    if (is_str && (flags & (4 | 32 | 256)) == 32) {
        flags &= ~(int64_t)32;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (flags & names[i].bit) {
            rp_buf_addf(job->out, "%s%s", separator, names[i].name);
            flags &= ~names[i].bit;
            separator = "|";
        }
    }
    if (flags) {
        rp_buf_addf(job->out, "%s0x%llx", separator, (unsigned long long)flags);
    }
}

static const struct rp_value *
next_pattern(struct rp_text_job *job, struct rp_text_frame *frame)
{
    const struct rp_value *child = next_parts(job, frame, 0, 1);
    if (!child) {
        const struct rp_value *flags = item(frame->object, 1);
        if (flags->kind == TF_VAL_INT) {
            add_pattern_flags(job, flags->integer,
                              item(frame->object, 0)->kind == TF_VAL_STR);
        }
        add_after(job, frame, false);
    }
    return child;
}

/* BaseException_repr (Objects/exceptions.c): one argument stands in parentheses without
 * the comma of a tuple. */
static const struct rp_value *
next_exception(struct rp_text_job *job, struct rp_text_frame *frame)
{
    if (frame->stage == 0 && !frame->own) {
        rp_buf_add_text(job->out, short_name(frame->object->type));
        job->no_comma = true;
    }
    return next_one(job, frame);
}

/* --- Enumerations --- */

/* global_enum_repr, global_flag_repr (Lib/enum.py): "re.IGNORECASE|re.MULTILINE". */
static void
add_global_enum(struct rp_text_job *job, const struct rp_object *object)
{
    struct tf_text module = object->type->module,
                   name = rp_value_bytes(item(object, 0));
    for (size_t i = module.len; i-- > 0;) {
        if (module.data[i] == '.') {
            module = (struct tf_text){module.data + i + 1, module.len - i - 1};
            break;
        }
    }
    for (size_t i = 0, begin = 0; i <= name.len; i++) {
        if (i < name.len && name.data[i] != '|') {
            continue;
        }
        bool digit = begin < i && name.data[begin] >= '0' && name.data[begin] <= '9';
        rp_buf_add_string(job->out, begin ? "|" : "");
        if (!digit) {
            rp_buf_add_text(job->out, module);
            rp_buf_add_string(job->out, ".");
        }
        rp_buf_add(job->out, name.data + begin, i - begin);
        begin = i + 1;
    }
}

static const struct rp_value *
next_enum(struct rp_text_job *job, struct rp_text_frame *frame)
{
    const struct rp_object *object = frame->object;
    const struct rp_value *name = item(object, 0);
    bool global = object->type->flags & TF_TYPE_ENUM_GLOBAL;
    if (frame->stage == 1) {
        rp_buf_add_string(job->out, ">");
        return NULL;
    }
    frame->stage = 1;
    if (global && name->kind == TF_VAL_STR) {
        add_global_enum(job, object);
        return NULL;
    }
    rp_buf_add_string(job->out, "<");
    if (object->type->flags & TF_TYPE_ENUM_STD) {
        rp_buf_add_text(job->out, short_name(object->type));
    }
    else {
        rp_text_own_name(object, job->out);
    }
    if (name->kind == TF_VAL_STR) {
        rp_buf_add_string(job->out, object->type->flags & TF_TYPE_ENUM_STD ? "." : " ");
        rp_buf_add_text(job->out, rp_value_bytes(name));
    }
    rp_buf_add_string(job->out, ": ");
    rp_path_reset(job, frame);
    rp_path_addf(job, ".value");
    return item(object, 1);
}

/* --- Functions, classes, modules --- */

static void
add_text_item(struct rp_text_job *job, const struct rp_object *object, size_t idx)
{
    const struct rp_value *value = item(object, idx);
    if (value->kind == TF_VAL_STR || value->kind == TF_VAL_STR_CUT) {
        rp_buf_add_text(job->out, rp_value_bytes(value));
    }
    else {
        rp_buf_add_string(job->out, "?");
    }
}

static void
add_id(struct rp_text_job *job, const struct rp_object *object)
{
    rp_buf_addf(job->out, " #%llu>", (unsigned long long)object->id);
}

static const struct rp_value *
next_function(struct rp_text_job *job, struct rp_text_frame *frame)
{
    rp_buf_add_string(job->out, "<function ");
    add_text_item(job, frame->object, 0);
    add_id(job, frame->object);
    return NULL;
}

static const struct rp_value *
next_builtin(struct rp_text_job *job, struct rp_text_frame *frame)
{
    const struct rp_value *self = item(frame->object, 1);
    bool method = self->kind != TF_VAL_NONE && self->kind != RP_VAL_DAMAGED;
    struct rp_object *owner = NULL;
    if (self->kind == TF_VAL_REF
        && rp_object_at(job->rp, self, job->seq, &owner, NULL) == TF_OK) {
        method = owner->category != TF_CAT_MODULE;
    }
    rp_buf_add_string(job->out, method ? "<built-in method " : "<built-in function ");
    add_text_item(job, frame->object, 0);
    if (method && owner) {
        rp_buf_add_string(job->out, " of ");
        rp_type_name(owner->type, job->out);
        rp_buf_addf(job->out, " object #%llu", (unsigned long long)owner->id);
    }
    rp_buf_add_string(job->out, ">");
    rp_object_release(owner);
    return NULL;
}

static const struct rp_value *
next_method(struct rp_text_job *job, struct rp_text_frame *frame)
{
    if (frame->stage == 1) {
        rp_buf_add_string(job->out, ">");
        return NULL;
    }
    frame->stage = 1;
    rp_buf_add_string(job->out, "<bound method ");
    struct rp_object *function = NULL;
    if (item(frame->object, 0)->kind == TF_VAL_REF
        && rp_object_at(job->rp, item(frame->object, 0), job->seq, &function, NULL)
               == TF_OK) {
        add_text_item(job, function, 0);
    }
    else {
        rp_buf_add_string(job->out, "?");
    }
    rp_object_release(function);
    rp_buf_add_string(job->out, " of ");
    rp_path_reset(job, frame);
    rp_path_addf(job, ".__self__");
    return item(frame->object, 1);
}

static const struct rp_value *
next_partial(struct rp_text_job *job, struct rp_text_frame *frame)
{
    static const char *const before[] = {"functools.partial(", ", *", ", **"};
    if (frame->idx == 3) {
        rp_buf_add_string(job->out, ")");
        return NULL;
    }
    rp_buf_add_string(job->out, before[frame->idx]);
    rp_path_reset(job, frame);
    rp_path_addf(job, ".%s", rp_part_name(TF_CAT_PARTIAL, frame->idx));
    return item(frame->object, frame->idx++);
}

static const struct rp_value *
next_module(struct rp_text_job *job, struct rp_text_frame *frame)
{
    rp_buf_add_string(job->out, "<module '");
    add_text_item(job, frame->object, 0);
    rp_buf_add_string(job->out, "'>");
    return NULL;
}

static const struct rp_value *
next_class(struct rp_text_job *job, struct rp_text_frame *frame)
{
    const struct rp_value *module = item(frame->object, 0);
    rp_buf_add_string(job->out, "<class '");
    if (module->kind == TF_VAL_STR && !rp_text_is(rp_value_bytes(module), "builtins")) {
        rp_buf_add_text(job->out, rp_value_bytes(module));
        rp_buf_add_string(job->out, ".");
    }
    add_text_item(job, frame->object, 1);
    rp_buf_add_string(job->out, "'>");
    return NULL;
}

static const struct rp_value *
next_generator(struct rp_text_job *job, struct rp_text_frame *frame)
{
    rp_buf_add_string(job->out, "<");
    rp_type_name(frame->object->type, job->out);
    rp_buf_add_string(job->out, " ");
    add_text_item(job, frame->object, 0);
    add_id(job, frame->object);
    return NULL;
}

static const struct rp_value *
next_named(struct rp_text_job *job, struct rp_text_frame *frame)
{
    rp_buf_add_string(job->out, "<");
    rp_text_own_name(frame->object, job->out);
    rp_buf_add_string(job->out, ">");
    return NULL;
}

/* dtype, shape, then the leading elements in a row. */
static const struct rp_value *
next_array(struct rp_text_job *job, struct rp_text_frame *frame)
{
    if (frame->stage == 0) {
        add_text_item(job, frame->object, 0);
        rp_buf_add_string(job->out, " ");
        add_text_item(job, frame->object, 1);
        rp_buf_add_string(job->out, " ");
    }
    return next_run(job, frame);
}

/* --- The table --- */

static const struct rp_text_form forms[TF_CAT_COUNT] = {
    [TF_CAT_OPAQUE] = {NULL, NULL, "", "", "", "", RP_WRAP_ALWAYS},
    [TF_CAT_INSTANCE] = {NULL, NULL, "", "", "", "", RP_WRAP_ALWAYS},
    [TF_CAT_LIST] = {next_run, "[...]", "", "[", "]", "", RP_WRAP_SUBCLASS},
    [TF_CAT_TUPLE] = {next_run, "(...)", "", "(", ")", "", RP_WRAP_SUBCLASS},
    [TF_CAT_NAMEDTUPLE] = {next_namedtuple, "(...)", "", "(", ")", "",
                           RP_WRAP_SUBCLASS},
    [TF_CAT_DICT] = {next_dict, "{...}", "", "{", "}", "", RP_WRAP_SUBCLASS},
    [TF_CAT_SET] = {next_set, "set(...)", "", "{", "}", "", RP_WRAP_SUBCLASS},
    [TF_CAT_FROZENSET] = {next_set, "frozenset(...)", "frozenset(", "{", "}", ")",
                          RP_WRAP_SUBCLASS},
    [TF_CAT_DEQUE] = {next_deque, "[...]", "deque(", "[", "]", "", RP_WRAP_SUBCLASS},
    [TF_CAT_DEFAULTDICT] = {next_defaultdict, "defaultdict(...)", "", "{", "}", ")",
                            RP_WRAP_SUBCLASS},
    [TF_CAT_ORDEREDDICT] = {next_ordereddict, "...", "", "{", "}", ")",
                            RP_WRAP_SUBCLASS},
    [TF_CAT_COUNTER] = {next_counter, "Counter(...)", "Counter(", "{", "}", ")",
                        RP_WRAP_SUBCLASS},
    [TF_CAT_BYTEARRAY] = {next_one, "bytearray(...)", "bytearray(", "", "", ")",
                          RP_WRAP_SUBCLASS},
    [TF_CAT_RANGE] = {next_range, "range(...)", "range(", "", "", ")",
                      RP_WRAP_SUBCLASS},
    [TF_CAT_SLICE] = {next_three, "slice(...)", "slice(", "", "", ")",
                      RP_WRAP_SUBCLASS},
    [TF_CAT_CELL] = {next_one, NULL, "", "", "", "", RP_WRAP_ALWAYS},
    [TF_CAT_FUNCTION] = {next_function, "<function ...>", "", "", "", "",
                         RP_WRAP_NEVER},
    [TF_CAT_BUILTIN] = {next_builtin, "<built-in ...>", "", "", "", "", RP_WRAP_NEVER},
    [TF_CAT_METHOD] = {next_method, "<bound method ...>", "", "", "", "",
                       RP_WRAP_NEVER},
    [TF_CAT_PARTIAL] = {next_partial, "functools.partial(...)", "", "", "", "",
                        RP_WRAP_NEVER},
    [TF_CAT_MODULE] = {next_module, "<module ...>", "", "", "", "", RP_WRAP_NEVER},
    [TF_CAT_CLASS] = {next_class, "<class ...>", "", "", "", "", RP_WRAP_NEVER},
    [TF_CAT_EXCEPTION] = {next_exception, NULL, "", "", "", "", RP_WRAP_ALWAYS},
    [TF_CAT_ENUM] = {next_enum, "<...>", "", "", "", "", RP_WRAP_NEVER},
    [TF_CAT_INT] = {next_one, NULL, "", "", "", "", RP_WRAP_ALWAYS},
    [TF_CAT_FLOAT] = {next_one, NULL, "", "", "", "", RP_WRAP_ALWAYS},
    [TF_CAT_COMPLEX] = {next_one, NULL, "", "", "", "", RP_WRAP_ALWAYS},
    [TF_CAT_STR] = {next_one, NULL, "", "", "", "", RP_WRAP_ALWAYS},
    [TF_CAT_BYTES] = {next_one, NULL, "", "", "", "", RP_WRAP_ALWAYS},
    [TF_CAT_DATE] = {next_three, NULL, "datetime.date(", "", "", ")", RP_WRAP_SUBCLASS},
    [TF_CAT_TIME] = {next_time, NULL, "datetime.time(", "", "", ")", RP_WRAP_SUBCLASS},
    [TF_CAT_DATETIME] = {next_time, NULL, "datetime.datetime(", "", "", ")",
                         RP_WRAP_SUBCLASS},
    [TF_CAT_TIMEDELTA] = {next_timedelta, NULL, "datetime.timedelta(", "", "", ")",
                          RP_WRAP_SUBCLASS},
    [TF_CAT_TIMEZONE] = {next_timezone, NULL, "datetime.timezone(", "", "", ")",
                         RP_WRAP_SUBCLASS},
    [TF_CAT_DECIMAL] = {next_one, NULL, "Decimal(", "", "", ")", RP_WRAP_SUBCLASS},
    [TF_CAT_UUID] = {next_uuid, NULL, "UUID(", "", "", ")", RP_WRAP_SUBCLASS},
    [TF_CAT_PATH] = {next_path, NULL, "(", "", "", ")", RP_WRAP_SUBCLASS},
    [TF_CAT_PATTERN] = {next_pattern, NULL, "re.compile(", "", "", ")", RP_WRAP_NEVER},
    [TF_CAT_ARRAY] = {next_array, NULL, "", "[", "]", "", RP_WRAP_ALWAYS},
    [TF_CAT_NAMESPACE] = {next_named, "{...}", "", "", "", "", RP_WRAP_NEVER},
    [TF_CAT_GENERATOR] = {next_generator, NULL, "", "", "", "", RP_WRAP_NEVER},
    [TF_CAT_MAPPINGPROXY] = {next_one, NULL, "mappingproxy(", "", "", ")",
                             RP_WRAP_NEVER},
    [TF_CAT_MEMORYVIEW] = {next_array, NULL, "", "[", "]", "", RP_WRAP_ALWAYS},
    [TF_CAT_FLAG] = {next_enum, "<...>", "", "", "", "", RP_WRAP_NEVER},
};

bool
rp_text_wrapped(const struct rp_object *object)
{
    uint8_t wrap = rp_text_form_of(object)->wrap;
    if (object->category == TF_CAT_EXCEPTION) {
        return object->attr_count || !rp_text_is(object->type->module, "builtins")
               || object->type->flags & TF_TYPE_OWN_REPR;
    }
    return wrap == RP_WRAP_ALWAYS
           || (wrap == RP_WRAP_SUBCLASS && !(object->type->flags & TF_TYPE_EXACT));
}

/* dict_keys([...]): an expression made it (rp_eval_value.c). */
static const struct rp_text_form view_forms[] = {
    {next_run, "dict_keys([...])", "", "dict_keys([", "])", "", RP_WRAP_NEVER},
    {next_run, "dict_values([...])", "", "dict_values([", "])", "", RP_WRAP_NEVER},
    {next_run, "dict_items([...])", "", "dict_items([", "])", "", RP_WRAP_NEVER},
};

const struct rp_text_form *
rp_text_form_of(const struct rp_object *object)
{
    enum rp_view view = rp_view_of(object);
    if (view) {
        return &view_forms[view - RP_VIEW_KEYS];
    }
    bool nothing = object->note != TF_ELIDE_NONE && object->item_count == 0;
    return &forms[nothing || object->category >= TF_CAT_COUNT ? TF_CAT_OPAQUE
                                                              : object->category];
}
