#include "tt_model.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rp.h"
#include "tb_build.h"

enum {
    SLOTS = 4,
    THREADS = 3,
    CODES = 4,
    DEPTH = 6,
    GENERATORS = 4,
    OBJECTS = 12,
    ITEMS = 12
};

struct value {
    enum { UNBOUND, NUMBER, OBJECT } sort;

    int number; /* or the object's place */
};

struct object { /* a list of numbers, or an instance with numbers for attributes */
    int is_list, made;
    int item[ITEMS], count;
};

struct frame {
    int code, line, generator; /* generator: its place + 1; 0 none */
    struct value slot[SLOTS];
};

struct tt_model {
    unsigned random;
    struct rp_buf text;
    char **state;
    unsigned count;
    struct object object[OBJECTS];

    struct {
        struct frame frame[DEPTH];
        int depth;
    } thread[THREADS];

    struct {
        struct frame frame;
        int made, parked;
    } generator[GENERATORS];

    int current; /* thread */
    int next_name;
};

static unsigned
roll(struct tt_model *model, unsigned sides)
{
    model->random = model->random * 1103515245u + 12345u;
    return (model->random >> 16) % sides;
}

/* --- What the state looks like --- */

static void
add_value(const struct tt_model *model, struct value value, struct rp_buf *out)
{
    if (value.sort == NUMBER) {
        rp_buf_addf(out, "%d", value.number);
        return;
    }
    const struct object *object = &model->object[value.number];
    rp_buf_add_string(out, object->is_list ? "[" : "<Box");
    for (int i = 0; i < object->count; i++) {
        if (object->is_list) {
            rp_buf_addf(out, "%s%d", i ? ", " : "", object->item[i]);
        }
        else {
            rp_buf_addf(out, " a%d=%d", i, object->item[i]);
        }
    }
    rp_buf_add_string(out, object->is_list ? "]" : ">");
}

static void
add_frame(const struct tt_model *model, int thread, const struct frame *frame,
          struct rp_buf *out)
{
    rp_buf_addf(out, "%d f%d:%d", thread + 1, frame->code, frame->line);
    for (int i = 0; i < SLOTS; i++) {
        if (frame->slot[i].sort != UNBOUND) {
            rp_buf_addf(out, " v%d=", i);
            add_value(model, frame->slot[i], out);
        }
    }
    rp_buf_add_string(out, "\n");
}

static void
remember(struct tt_model *model)
{
    struct rp_buf out = RP_BUF_INIT;
    rp_buf_add_string(&out, "");
    for (int t = 0; t < THREADS; t++) {
        for (int i = model->thread[t].depth; i-- > 0;) {
            add_frame(model, t, &model->thread[t].frame[i], &out);
        }
    }
    model->state[++model->count] = out.data;
}

/* --- Changes --- */

static struct frame *
top(struct tt_model *model)
{
    int depth = model->thread[model->current].depth;
    return depth ? &model->thread[model->current].frame[depth - 1] : NULL;
}

static void
new_object(struct tt_model *model, struct value *slot, const char *target)
{
    int at = (int)roll(model, OBJECTS);
    struct object *object = &model->object[at];
    *slot = (struct value){OBJECT, at};
    if (object->made) {
        rp_buf_addf(&model->text, " %s=$o%d", target, at);
        return;
    }
    *object = (struct object){.made = 1, .is_list = at % 3 != 0, .count = 2};
    object->item[0] = (int)roll(model, 100);
    object->item[1] = (int)roll(model, 100);
    rp_buf_addf(&model->text,
                object->is_list ? " %s=$o%d:list[%d, %d]"
                                : " %s=$o%d:Box(a0=%d, a1=%d)",
                target, at, object->item[0], object->item[1]);
}

static void
bind(struct tt_model *model)
{
    int i = (int)roll(model, SLOTS);
    struct value *slot = &top(model)->slot[i];
    char target[8];
    snprintf(target, sizeof target, "v%d", i);
    unsigned what = roll(model, 8);
    if (what == 0 && slot->sort != UNBOUND) {
        slot->sort = UNBOUND;
        rp_buf_addf(&model->text, " del %s", target);
    }
    else if (what < 5) {
        *slot = (struct value){NUMBER, (int)roll(model, 1000)};
        rp_buf_addf(&model->text, " %s=%d", target, slot->number);
    }
    else {
        new_object(model, slot, target);
    }
}

static void
mutate(struct tt_model *model)
{
    int at = (int)roll(model, OBJECTS);
    struct object *object = &model->object[at];
    int number = (int)roll(model, 1000);
    if (!object->made) {
        return;
    }
    if (object->count < ITEMS && roll(model, 3) == 0) {
        if (object->is_list) {
            rp_buf_addf(&model->text, " $o%d[+]=%d", at, number);
        }
        else {
            rp_buf_addf(&model->text, " $o%d.a%d=%d", at, object->count, number);
        }
        object->item[object->count++] = number;
    }
    else if (object->count && object->is_list && roll(model, 3) == 0) {
        int gone = (int)roll(model, (unsigned)object->count);
        rp_buf_addf(&model->text, " del $o%d[%d]", at, gone);
        memmove(&object->item[gone], &object->item[gone + 1],
                (size_t)(--object->count - gone) * sizeof(int));
    }
    else if (object->count) {
        int i = (int)roll(model, (unsigned)object->count);
        rp_buf_addf(&model->text, object->is_list ? " $o%d[%d]=%d" : " $o%d.a%d=%d", at,
                    i, number);
        object->item[i] = number;
    }
    if (roll(model, 40) == 0) {
        rp_buf_addf(&model->text, " image $o%d", at);
    }
}

static void
changes(struct tt_model *model, unsigned most)
{
    for (unsigned i = roll(model, most + 1); i > 0; i--) {
        if (roll(model, 2)) {
            bind(model);
        }
        else {
            mutate(model);
        }
    }
}

/* --- Events --- */

static void
event_call(struct tt_model *model)
{
    int code = (int)roll(model, CODES), thread = model->current;
    struct frame frame = {.code = code, .line = code * 10 + 1};
    rp_buf_addf(&model->text, "call f%d", code);
    for (int i = 0; i < GENERATORS; i++) {
        if (!model->generator[i].made && !frame.generator && code == 3) {
            frame.generator = i + 1;
            model->generator[i].made = 1;
            rp_buf_addf(&model->text, " as g%d", i);
        }
    }
    model->thread[thread].frame[model->thread[thread].depth++] = frame;
}

/* True when there was one to go on. */
static int
event_resume(struct tt_model *model)
{
    int i = (int)roll(model, GENERATORS), thread = model->current;
    if (!model->generator[i].parked || model->thread[thread].depth == DEPTH) {
        return 0;
    }
    model->generator[i].parked = 0;
    model->thread[thread].frame[model->thread[thread].depth++] =
        model->generator[i].frame;
    rp_buf_addf(&model->text, "%s g%d", roll(model, 4) ? "resume" : "throw", i);
    return 1;
}

/* After the event the frame goes. */
static void
leave(struct tt_model *model, int parks)
{
    struct frame *frame = top(model);
    if (parks) {
        model->generator[frame->generator - 1].frame = *frame;
        model->generator[frame->generator - 1].parked = 1;
    }
    model->thread[model->current].depth--;
}

static void
event_line(struct tt_model *model)
{
    struct frame *frame = top(model);
    frame->line = frame->code * 10 + 1 + (int)roll(model, 8);
    rp_buf_addf(&model->text, "line %d", frame->line);
}

static void
event(struct tt_model *model)
{
    struct frame *frame = top(model);
    int depth = model->thread[model->current].depth;
    unsigned what = roll(model, 10);
    int leaves = 0, parks = 0;
    if (depth < DEPTH && (!frame || what < 2)
        && !(frame && what == 0 && event_resume(model))) {
        event_call(model);
    }
    else if (frame && top(model) != frame) {
        /* resumed */
    }
    else if (what < 4 && depth > 1) {
        leaves = 1;
        parks = frame->generator && roll(model, 4);
        rp_buf_add_string(&model->text, parks            ? "yield"
                                        : roll(model, 3) ? "return"
                                                         : "unwind");
    }
    else {
        event_line(model);
    }
    changes(model, 4);
    rp_buf_add_string(&model->text, "\n");
    remember(model);
    if (leaves) {
        leave(model, parks);
    }
}

static void
chunk(struct tt_model *model)
{
    if (top(model) && roll(model, 3) == 0) {
        rp_buf_add_string(&model->text, "changes");
        changes(model, 3);
        mutate(model);
        rp_buf_add_string(&model->text, "\n");
    }
    rp_buf_add_string(&model->text, roll(model, 2)   ? "chunk same\n"
                                    : roll(model, 8) ? "chunk\n"
                                                     : "checkpoint\n");
}

struct tt_model *
tt_model_new(unsigned seed, unsigned events)
{
    struct tt_model *model = calloc(1, sizeof *model);
    model->random = seed * 7919 + 1;
    model->state = calloc(events + 1, sizeof(char *));
    rp_buf_add_string(&model->text, "file app.py own\ntype Box instance module=app\n");
    for (int i = 0; i < CODES; i++) {
        rp_buf_addf(&model->text, "code f%d app.py:%d slots=v0,v1,v2,v3 lines=", i,
                    i * 10 + 1);
        for (int k = 1; k <= 8; k++) {
            rp_buf_addf(&model->text, "%s%d", k > 1 ? "," : "", i * 10 + k);
        }
        rp_buf_add_string(&model->text, "\n");
    }
    for (int i = 1; i <= THREADS; i++) {
        rp_buf_addf(&model->text, "thread %d \"t%d\"\n", i, i);
    }
    rp_buf_add_string(&model->text, seed % 2 ? "images\n@1\n" : "@1\n");
    int may_switch = 1;
    while (model->count < events) {
        if (may_switch && roll(model, 8) == 0) {
            model->current = (int)roll(model, THREADS);
            rp_buf_addf(&model->text, "@%d\n", model->current + 1);
        }
        event(model);
        may_switch = 1;
        if (roll(model, 25) == 0) {
            chunk(model);
            may_switch = 0; /* a tail belongs to this thread's next event */
        }
    }
    rp_buf_add_string(&model->text, "exit 0\n");
    return model;
}

void
tt_model_free(struct tt_model *model)
{
    for (unsigned i = 1; i <= model->count; i++) {
        free(model->state[i]);
    }
    free(model->state);
    rp_buf_release(&model->text);
    free(model);
}

const char *
tt_model_text(const struct tt_model *model, size_t *ret_len)
{
    *ret_len = model->text.len;
    return model->text.data;
}

const char *
tt_model_state(const struct tt_model *model, uint64_t seq)
{
    return model->state[seq];
}

/* --- The same from the core --- */

/* Takes " #12" and "app." out of "<app.Box #12 a0=1>". */
static void
add_plain(struct rp_buf *out, const char *text)
{
    for (const char *at = text; *at; at++) {
        if (at[0] == ' ' && at[1] == '#') {
            at += 2 + strspn(at + 2, "0123456789") - 1;
        }
        else if (strncmp(at, "app.", 4) == 0) {
            at += 3;
        }
        else {
            rp_buf_add(out, at, 1);
        }
    }
}

static void
add_core_frame(struct rp *rp, uint64_t seq, const struct rp_frame *frame,
               struct rp_buf *out)
{
    struct rp_vars vars;
    struct tf_err err = TF_ERR_INIT;
    rp_buf_addf(out, "%u %.*s:%u", frame->thread, (int)frame->code->name.len,
                frame->code->name.data, frame->lineno);
    if (rp_locals(rp, seq, frame->frame, &vars, &err) != TF_OK) {
        rp_buf_addf(out, " ERROR %s\n", err.message);
        return;
    }
    for (size_t i = 0; i < vars.count; i++) {
        struct rp_buf text = RP_BUF_INIT;
        rp_buf_addf(out, " %.*s=", (int)vars.var[i].name.len, vars.var[i].name.data);
        if (rp_value_text(rp, &vars.var[i].value, seq, NULL, &text, NULL, NULL, &err)
            != TF_OK) {
            rp_buf_addf(out, "ERROR %s", err.message);
        }
        add_plain(out, text.data ? text.data : "");
        rp_buf_release(&text);
    }
    rp_buf_add_string(out, "\n");
    rp_vars_release(&vars);
}

void
tt_state_text(struct rp *rp, uint64_t seq, struct rp_buf *out)
{
    struct tf_err err = TF_ERR_INIT;
    rp_buf_clear(out);
    rp_buf_add_string(out, "");
    for (uint32_t t = 1; t <= rp_facts(rp)->thread_count; t++) {
        struct rp_stack stack;
        if (rp_stack_at(rp, seq, t, 0, SIZE_MAX, &stack, &err) != TF_OK) {
            rp_buf_addf(out, "ERROR %s\n", err.message);
            return;
        }
        for (size_t i = 0; i < stack.count; i++) {
            add_core_frame(rp, seq, &stack.frame[i], out);
        }
        rp_stack_release(&stack);
    }
}

char *
tt_model_file(const char *text, size_t len)
{
    char *path = strdup("/tmp/tt_model_XXXXXX");
    struct tf_err err = TF_ERR_INIT;
    int fd = mkstemp(path);
    if (fd >= 0) {
        close(fd);
    }
    if (fd < 0 || tb_build_file(text, len, path, &err) != TF_OK) {
        fprintf(stderr, "builder: %s\n", err.message);
        abort();
    }
    return path;
}
