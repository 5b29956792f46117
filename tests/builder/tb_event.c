/* Events and their changes: each is applied to the builder's own state, which keyframes
 * and checkpoints are made from, and put into the rows. */
#include <string.h>

#include "tb_inside.h"

struct tb_frame *
tb_top(struct tb *tb)
{
    if (tb->current == 0 || tb->thread.at[tb->current - 1].stack.count == 0) {
        tb_fail(tb, "no frame is on the stack of thread %u", tb->current);
    }
    const struct tb_thread *thread = &tb->thread.at[tb->current - 1];
    return &tb->frame.at[thread->stack.at[thread->stack.count - 1] - 1];
}

void
tb_thread(struct tb *tb, uint64_t id)
{
    if (id == 0 || id > tb->thread.count) {
        tb_fail(tb, "thread %llu is not defined", (unsigned long long)id);
    }
    tb->current = (uint32_t)id;
}

static void
push(struct tb *tb, uint64_t frame)
{
    struct tb_thread *thread = &tb->thread.at[tb->current - 1];
    if (!tf_list_next(&thread->stack)) {
        tb_fail(tb, "out of memory");
    }
    thread->stack.at[thread->stack.count++] = frame;
    tb->frame.at[frame - 1].chunk_seen = tb->chunk + 1;
}

static void
pop(struct tb *tb)
{
    tb_top(tb);
    tb->thread.at[tb->current - 1].stack.count--;
}

/* --- changes of the frame --- */
static uint32_t
slot_named(struct tb *tb, const char *name)
{
    const struct tb_code *code = &tb->code.at[tb_top(tb)->code];
    for (uint32_t i = 0; i < code->slot_count; i++) {
        if (code->slot[i].len == strlen(name)
            && memcmp(code->slot[i].data, name, strlen(name)) == 0) {
            return i;
        }
    }
    tb_fail(tb, "%s has no slot %s", code->name, name);
}

static void
set_local(struct tb *tb, uint32_t slot, struct tb_value value)
{
    struct tb_frame *frame = tb_top(tb);
    frame->local[slot] = value;
    frame->chunk_full = 0;
    tf_rows_op(&tb->batch.changes, TF_OP_LOCAL);
    tf_rows_u64(&tb->batch.changes, slot);
    tb_put_value(&tb->batch.changes, &value);
}

/* --- changes of objects --- */
static void
splice(struct tb *tb, uint64_t id, bool attrs, size_t idx, size_t taken,
       const struct tb_value *value, size_t count)
{
    struct tf_rows *rows = &tb->batch.changes;
    struct tb_object *object = &tb->object.at[id - 1];
    tb_values *values = attrs ? &object->attr : &object->item;
    if (idx > values->count || taken > values->count - idx) {
        tb_fail(tb, "the object has %zu values only", values->count);
    }
    for (size_t i = 0; i < count; i++) {
        if (!tf_list_next(values)) {
            tb_fail(tb, "out of memory");
        }
        values->count++;
    }
    memmove(&values->at[idx + count], &values->at[idx + taken],
            (values->count - count - idx - taken) * sizeof *value);
    values->count -= taken;
    if (count > 0) {
        memcpy(&values->at[idx], value, count * sizeof *value);
    }
    tf_rows_op(rows, attrs ? TF_OP_ATTR_SPLICE : TF_OP_ITEM_SPLICE);
    tf_rows_u64(rows, id);
    tf_rows_u64(rows, idx);
    tf_rows_u64(rows, taken);
    tf_rows_u64(rows, count);
    for (size_t i = 0; i < count; i++) {
        tb_put_value(rows, &value[i]);
    }
}

static void
set_one(struct tb *tb, uint64_t id, bool attrs, size_t idx, struct tb_value value)
{
    struct tf_rows *rows = &tb->batch.changes;
    struct tb_object *object = &tb->object.at[id - 1];
    tb_values *values = attrs ? &object->attr : &object->item;
    if (idx >= values->count) {
        tb_fail(tb, "the object has %zu values only", values->count);
    }
    values->at[idx] = value;
    tf_rows_op(rows, attrs ? TF_OP_ATTR_SET : TF_OP_ITEM_SET);
    tf_rows_u64(rows, id);
    tf_rows_u64(rows, idx);
    tb_put_value(rows, &value);
}

/* The place of a key (dicts) or name (attributes); the count when it is not there. */
static size_t
find_key(const tb_values *values, size_t first, const struct tb_value *key)
{
    for (size_t i = first; i + 1 < values->count; i += 2) {
        if (tb_same(&values->at[i], key)) {
            return i;
        }
    }
    return values->count;
}

static void
change_key(struct tb *tb, uint64_t id, bool attrs, struct tb_value key, bool del)
{
    const struct tb_object *object = &tb->object.at[id - 1];
    uint32_t category = tb->type.at[object->type - 1].category;
    size_t first = !attrs && category == TF_CAT_DEFAULTDICT ? 2 : 0;
    const tb_values *values = attrs ? &object->attr : &object->item;
    size_t at = find_key(values, first, &key), count = values->count;
    if (del) {
        if (at == count) {
            tb_fail(tb, "no such key");
        }
        splice(tb, id, attrs, at, 2, NULL, 0);
        return;
    }
    tb_expect(tb, "=");
    struct tb_value pair[2] = {key, tb_parse_value(tb)};
    if (at < count) {
        set_one(tb, id, attrs, at + 1, pair[1]);
    }
    else {
        splice(tb, id, attrs, count, 0, pair, 2);
    }
}

/* $o[i] = v, $o[i:j] = [v, ...], $o[+] = v */
static void
change_items(struct tb *tb, uint64_t id, bool del)
{
    size_t count = tb->object.at[id - 1].item.count;
    size_t from = count, to = count;
    bool append = tb_try(tb, "+"), slice = false;
    if (!append) {
        from = (size_t)tb_number(tb);
        slice = tb_try(tb, ":");
        to = slice ? (size_t)tb_number(tb) : from + 1;
    }
    tb_expect(tb, "]");
    if (to < from) {
        tb_fail(tb, "a slice that ends before it begins");
    }
    if (del) {
        splice(tb, id, false, from, to - from, NULL, 0);
        return;
    }
    tb_expect(tb, "=");
    if (!slice) {
        struct tb_value value = tb_parse_value(tb);
        if (append) {
            splice(tb, id, false, from, 0, &value, 1);
        }
        else {
            set_one(tb, id, false, from, value);
        }
        return;
    }
    struct tb_value value[256];
    size_t n = 0;
    tb_expect(tb, "[");
    while (!tb_try(tb, "]")) {
        if (n == sizeof value / sizeof *value) {
            tb_fail(tb, "more than 256 values");
        }
        value[n++] = tb_parse_value(tb);
        tb_try(tb, ",");
    }
    splice(tb, id, false, from, to - from, value, n);
}

static uint64_t
object_after_dollar(struct tb *tb)
{
    tb_expect(tb, "$");
    const char *name = tb_name(tb);
    uint64_t id = tb_object_named(tb, name);
    if (id == 0) {
        tb_fail(tb, "no object $%s", name);
    }
    return id;
}

static void
change_object(struct tb *tb, bool del)
{
    uint64_t id = object_after_dollar(tb);
    if (tb_try(tb, "[")) {
        change_items(tb, id, del);
    }
    else if (tb_try(tb, "{")) {
        struct tb_value key = tb_parse_value(tb);
        tb_expect(tb, "}");
        change_key(tb, id, false, key, del);
    }
    else {
        tb_expect(tb, ".");
        const char *name = tb_name(tb);
        struct tb_value key = {.kind = TF_VAL_STR, .text = name, .len = strlen(name)};
        change_key(tb, id, true, key, del);
    }
}

/* --- other changes --- */
static void
change_number(struct tb *tb, enum tf_op_kind op)
{
    uint64_t id = object_after_dollar(tb), n = tb_number(tb);
    if (op == TF_OP_MORE) {
        tb->object.at[id - 1].more = n;
    }
    tf_rows_op(&tb->batch.changes, op);
    tf_rows_u64(&tb->batch.changes, id);
    tf_rows_u64(&tb->batch.changes, n);
}

static void
change_del(struct tb *tb)
{
    tb_blanks(tb);
    if (tb->at < tb->end && *tb->at == '$') {
        change_object(tb, true);
        return;
    }
    set_local(tb, slot_named(tb, tb_word(tb)),
              (struct tb_value){.kind = TF_VAL_UNBOUND});
}

static void
change_value(struct tb *tb, enum tf_op_kind op)
{
    struct tb_value value = tb_parse_value(tb);
    tf_rows_op(&tb->batch.changes, op);
    tb_put_value(&tb->batch.changes, &value);
}

static void
change_word(struct tb *tb, uint64_t *ns)
{
    const char *word = tb_word(tb);
    if (strcmp(word, "del") == 0) {
        change_del(tb);
    }
    else if (strcmp(word, "at") == 0) {
        *ns = tb_number(tb);
    }
    else if (strcmp(word, "late") == 0) {
        change_number(tb, TF_OP_LATE);
    }
    else if (strcmp(word, "more") == 0) {
        change_number(tb, TF_OP_MORE);
    }
    else if (strcmp(word, "image") == 0) {
        tb_put_object(tb, &tb->batch.changes, object_after_dollar(tb), false);
    }
    else if (strcmp(word, "new") == 0) {
        tb_parse_value(tb); /* objects that nothing shows yet */
    }
    else if (strcmp(word, "mark") == 0) {
        change_value(tb, TF_OP_MARK);
    }
    else if (strcmp(word, "leave") == 0) {
        pop(tb);
        tf_rows_op(&tb->batch.changes, TF_OP_LEAVE);
    }
    else {
        uint32_t slot = slot_named(tb, word);
        tb_expect(tb, "=");
        set_local(tb, slot, tb_parse_value(tb));
    }
}

static void
changes(struct tb *tb, uint64_t *ns)
{
    while (!tb_at_end(tb)) {
        if (tb_try(tb, "=>")) {
            change_value(tb, TF_OP_ARG);
        }
        else if (*tb->at == '$') {
            change_object(tb, false);
        }
        else {
            change_word(tb, ns);
        }
    }
}

/* --- calls --- */
static uint32_t
code_named(struct tb *tb, const char *name)
{
    for (size_t i = 0; i < tb->code.count; i++) {
        if (strcmp(tb->code.at[i].name, name) == 0) {
            return (uint32_t)i;
        }
    }
    tb_fail(tb, "code %s is not defined", name);
}

static bool
number_follows(struct tb *tb)
{
    tb_blanks(tb);
    return tb->at < tb->end && *tb->at >= '0' && *tb->at <= '9';
}

static void
enter(struct tb *tb)
{
    struct tf_rows *rows = &tb->batch.changes;
    uint32_t code = code_named(tb, tb_word(tb));
    struct tb_frame frame = {.code = code,
                             .globals = {.kind = TF_VAL_NONE},
                             .lineno = tb->code.at[code].first_lineno};
    if (number_follows(tb)) {
        frame.lineno = tb_number(tb);
    }
    if (tb_peek_word(tb, "as")) {
        tb_word(tb);
        frame.name = tb_word(tb);
    }
    if (tb_peek_word(tb, "globals")) {
        tb_word(tb);
        tb_expect(tb, "=");
        frame.globals = tb_parse_value(tb);
    }
    frame.local = tb_get(tb, (tb->code.at[code].slot_count + 1) * sizeof *frame.local);
    frame.call_seq = tb->seq;
    frame.call_kind = TF_EV_START;
    if (!tf_list_next(&tb->frame)) {
        tb_fail(tb, "out of memory");
    }
    tb->frame.at[tb->frame.count++] = frame;
    push(tb, tb->frame.count);
    tf_rows_op(rows, TF_OP_ENTER);
    tf_rows_u64(rows, code + 1);
    tb_put_value(rows, &frame.globals);
}

static uint64_t
frame_named(struct tb *tb, const char *name)
{
    for (size_t i = tb->frame.count; i > 0; i--) {
        if (tb->frame.at[i - 1].name != NULL
            && strcmp(tb->frame.at[i - 1].name, name) == 0) {
            return i;
        }
    }
    tb_fail(tb, "no frame %s", name);
}

static void
resume(struct tb *tb, uint64_t kind)
{
    struct tf_rows *rows = &tb->batch.changes;
    uint64_t id = frame_named(tb, tb_word(tb));
    struct tb_frame *frame = &tb->frame.at[id - 1];
    bool full = frame->chunk_seen != tb->chunk + 1;
    tf_rows_op(rows, full ? TF_OP_RESUME_FULL : TF_OP_RESUME);
    tf_rows_u64(rows, id);
    tf_rows_u64(rows, frame->code + 1);
    tb_put_value(rows, &frame->globals);
    push(tb, id);
    frame->call_seq = tb->seq;
    frame->call_kind = kind;
    if (number_follows(tb)) {
        frame->lineno = tb_number(tb);
    }
    for (uint32_t i = 0; full && i < tb->code.at[frame->code].slot_count; i++) {
        if (frame->local[i].kind != TF_VAL_UNBOUND) {
            set_local(tb, i, frame->local[i]);
        }
    }
}

/* --- events --- */
static const struct {
    const char *word;
    uint8_t kind;
} events[] = {
    {"call", TF_EV_START},        {"resume", TF_EV_RESUME},
    {"throw", TF_EV_THROW},       {"line", TF_EV_LINE},
    {"return", TF_EV_RETURN},     {"yield", TF_EV_YIELD},
    {"unwind", TF_EV_UNWIND},     {"exception", TF_EV_EXCEPTION},
    {"opcode", TF_EV_OPCODE},     {"c_call", TF_EV_C_CALL},
    {"c_return", TF_EV_C_RETURN}, {"c_exception", TF_EV_C_EXCEPTION},
};

static bool
is_return(unsigned kind)
{
    return kind == TF_EV_RETURN || kind == TF_EV_YIELD || kind == TF_EV_UNWIND;
}

static void
event(struct tb *tb, unsigned kind)
{
    uint32_t instruction = 0;
    uint64_t ns = kind == TF_EV_LINE || kind == TF_EV_OPCODE ? 0 : tb->seq * 1000;
    if (tb->current == 0) {
        tb_fail(tb, "no thread is defined");
    }
    if (kind == TF_EV_START) {
        enter(tb);
    }
    else if (kind == TF_EV_RESUME || kind == TF_EV_THROW) {
        resume(tb, kind);
    }
    else if (number_follows(tb)) {
        uint64_t lineno = tb_number(tb);
        if (kind == TF_EV_OPCODE) {
            instruction = (uint32_t)tb_number(tb);
        }
        changes(tb, &ns);
        tb_top(tb)->lineno = lineno;
    }
    changes(tb, &ns);
    tf_rows_event(&tb->batch.changes, kind, tb->current, (uint32_t)tb_top(tb)->lineno,
                  instruction, ns);
    if (is_return(kind)) {
        pop(tb);
    }
    tb->seq++;
}

void
tb_event(struct tb *tb, const char *word)
{
    if (strcmp(word, "changes") == 0) { /* of the event to come */
        uint64_t ns = 0;
        changes(tb, &ns);
        tb->batch.tail_thread = tb->current;
        return;
    }
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        if (strcmp(events[i].word, word) == 0) {
            event(tb, events[i].kind);
            tb->batch.tail_thread = 0;
            return;
        }
    }
    tb_fail(tb, "unknown word %s", word);
}
