/* Everything that the core's header offers, asked of one file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fz_look.h"
#include "rp.h"

#define EVENTS_LOOKED_AT 24u

static void
look_value(struct rp *rp, const struct rp_value *value, uint64_t seq)
{
    struct rp_buf text = RP_BUF_INIT;
    struct rp_notes notes = RP_NOTES_INIT;
    struct rp_limits limits = RP_LIMITS_SCREEN;
    struct rp_object *object;
    struct rp_walk *walk;
    bool truth;
    rp_value_text(rp, value, seq, NULL, &text, &notes, "x", NULL);
    rp_buf_clear(&text);
    rp_value_str(rp, value, seq, &limits, &text, NULL);
    rp_value_type_name(rp, value, seq, &text, NULL);
    rp_value_truth(rp, value, seq, &truth, NULL);
    if (rp_object_open(rp, value, seq, &object, NULL) == TF_OK) {
        uint64_t length;
        struct rp_child child;
        rp_object_length(object, &length);
        rp_object_load(rp, object, 0, 70, NULL);
        rp_object_load_keys(rp, object, NULL);
        rp_object_last_write(rp, object, &length, NULL);
        for (size_t i = 0; i < 8 && i < rp_object_child_count(object); i++) {
            rp_object_child(object, i, &child);
        }
        rp_object_release(object);
    }
    if (rp_object_at(rp, value, seq, &object, NULL) == TF_OK) {
        struct rp_exception exception;
        if (rp_exception_of(object, &exception, NULL) == TF_OK) {
            rp_exception_text(rp, object, seq, &limits, &text, NULL);
        }
        rp_object_release(object);
    }
    if (rp_walk_begin(rp, value, seq, &limits, &walk, NULL) == TF_OK) {
        struct rp_step step;
        while (rp_walk_next(walk, &step, NULL) == TF_OK) {
        }
        rp_walk_free(walk);
    }
    rp_notes_release(&notes);
    rp_buf_release(&text);
}

static void
look_vars(struct rp *rp, uint64_t seq, struct rp_vars *vars)
{
    for (size_t i = 0; i < vars->count && i < 12; i++) {
        look_value(rp, &vars->var[i].value, seq);
    }
    rp_vars_release(vars);
}

static void
look_event(struct rp *rp, uint64_t seq)
{
    struct rp_event event;
    struct rp_stack stack;
    struct rp_value value;
    struct rp_vars vars;
    struct rp_raise raise;
    bool has;
    if (rp_event_at(rp, seq, &event, NULL) != TF_OK) {
        return;
    }
    if (rp_stack_at(rp, seq, event.thread, 0, 12, &stack, NULL) == TF_OK) {
        for (size_t i = 0; i < stack.count; i++) {
            if (rp_locals(rp, seq, stack.frame[i].frame, &vars, NULL) == TF_OK) {
                look_vars(rp, seq, &vars);
            }
        }
        rp_stack_release(&stack);
    }
    if (rp_globals(rp, seq, event.frame, true, &vars, NULL) == TF_OK) {
        look_vars(rp, seq, &vars);
    }
    if (rp_event_arg(rp, seq, &has, &value, NULL) == TF_OK && has) {
        look_value(rp, &value, seq);
        rp_value_release(&value);
    }
    rp_raise_at(rp, seq, &raise, NULL);
}

static void
look_moves(struct rp *rp, uint64_t seq)
{
    for (int move = RP_STEP; move <= RP_NEXT_CALL_BACK; move++) {
        struct rp_moving moving = {
            .move = move, .seq = seq, .breaks = move % 3 == 0, .any_thread = move & 1};
        struct rp_stop stop;
        struct tf_err err = TF_ERR_INIT;
        if (rp_move(rp, &moving, &stop, &err) != TF_OK && err.message[0] == 0) {
            abort();
        }
    }
}

static void
look_places(struct rp *rp, uint64_t seq)
{
    static const char *const places[] = {"n",   "l", "l[0]", "d['k']",
                                         "p.z", "x", "cell"};
    struct rp_event event;
    if (rp_event_at(rp, seq, &event, NULL) != TF_OK) {
        return;
    }
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct rp_place *place;
        struct rp_write write;
        struct rp_changes *changes;
        struct rp_change change;
        if (rp_place_parse(rp, places[i], seq, event.frame, &place, NULL) != TF_OK) {
            continue;
        }
        if (rp_write_last(rp, place, seq, &write, NULL) == TF_OK) {
            rp_write_release(&write);
        }
        if (rp_write_next(rp, place, seq, &write, NULL) == TF_OK) {
            rp_write_release(&write);
        }
        if (rp_changes_begin(rp, place, seq, i & 1, i & 2, &changes, NULL) == TF_OK) {
            for (int k = 0; k < 5 && rp_changes_next(changes, &change, NULL) == TF_OK;
                 k++) {
                rp_change_release(&change);
            }
            rp_changes_free(changes);
        }
        rp_place_free(place);
    }
}

static bool
any_event(void *ctx, const struct rp_event *event)
{
    return ++*(int *)ctx < 50 && event != NULL;
}

static bool
any_hit(void *ctx, const struct rp_hit *hit)
{
    return ++*(int *)ctx < 50 && hit != NULL;
}

static bool
any_call(void *ctx, const struct rp_call *call)
{
    return ++*(int *)ctx < 50 && call != NULL;
}

static bool
any_found(void *ctx, const struct rp_found *found)
{
    return ++*(int *)ctx < 50 && found != NULL;
}

static bool
any_referrer(void *ctx, const struct rp_referrer *referrer)
{
    return ++*(int *)ctx < 50 && referrer != NULL;
}

static void
look_questions(struct rp *rp, uint64_t seq)
{
    const struct rp_facts *facts = rp_facts(rp);
    struct rp_expr *expr = NULL;
    struct rp_tree tree;
    struct rp_when_total total;
    int rows = 0;
    rp_expr_parse("n > 0 or l", 10, &expr, NULL, NULL);
    struct rp_when when = {.expr = expr, .backward = seq & 1};
    rp_when(rp, &when, any_event, &rows, &total, NULL);
    const struct rp_expr *columns[] = {expr};
    struct rp_hits hits = {
        .file_id = 1, .lineno = 2, .where = expr, .column = columns, .column_count = 1};
    rows = 0;
    rp_hits(rp, &hits, any_hit, &rows, NULL);
    struct rp_calls calls = {.where = NULL};
    rows = 0;
    rp_calls(rp, &calls, any_call, &rows, NULL);
    struct rp_search search = {.text = {"e", 1}};
    rows = 0;
    rp_search(rp, &search, any_found, &rows, NULL);
    for (uint64_t object = 1; object < 4; object++) {
        rows = 0;
        rp_who(rp, seq, object, any_referrer, &rows, NULL);
    }
    for (uint32_t thread = 1; thread <= 2 && thread <= facts->thread_count; thread++) {
        struct rp_tree_spec spec = {.seq = seq, .thread = thread};
        if (rp_tree(rp, &spec, &tree, NULL) == TF_OK) {
            rp_tree_release(&tree);
        }
    }
    rp_expr_free(expr);
}

static void
look_definitions(struct rp *rp)
{
    const struct rp_facts *facts = rp_facts(rp);
    for (uint32_t id = 0; id <= facts->code_count && id < 20; id++) {
        struct rp_dis *dis;
        struct rp_instruction ins;
        struct rp_buf text = RP_BUF_INIT;
        const struct tf_def_code *code = rp_code(rp, id);
        rp_codes_named(rp, code->name, NULL, 0);
        if (rp_dis_begin(rp, id, &dis, NULL) == TF_OK) {
            while (rp_dis_next(dis, &ins)) {
                rp_dis_arg_text(dis, &ins, &text);
            }
            rp_dis_end(dis);
        }
        rp_buf_release(&text);
    }
    for (uint32_t id = 0; id <= facts->file_count && id < 20; id++) {
        struct tf_text text;
        uint32_t count;
        uint64_t hits;
        bool has_code;
        rp_source(rp, id, &text, NULL);
        rp_source_line(rp, id, 1, &text, NULL);
        rp_source_line(rp, id, UINT32_MAX, &text, NULL);
        rp_source_line_count(rp, id, &count, NULL);
        rp_line_hits(rp, id, 2, &hits, &has_code, NULL);
        rp_code_at_line(rp, id, 2);
        rp_files_named(rp, rp_file(rp, id)->path, NULL, 0);
    }
}

static void
set_breaks(struct rp *rp, uint64_t seq)
{
    static const char *const places[] = {"app.py:2", "gen", "<module>", "app.py:9"};
    struct rp_event event;
    uint32_t id;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct rp_break_spec spec;
        if (rp_break_parse(rp, places[i], 1, &spec, NULL) == TF_OK) {
            spec.condition = i == 1 ? "n > 0" : NULL;
            rp_break_add(rp, &spec, &id, NULL);
        }
    }
    struct rp_break_spec raised = {.sort = RP_BREAK_EXCEPTION};
    rp_break_add(rp, &raised, &id, NULL);
    if (rp_event_at(rp, seq, &event, NULL) == TF_OK) {
        struct rp_break_spec watch = {
            .sort = RP_BREAK_WATCH, .name = {"l", 1}, .seq = seq, .frame = event.frame};
        rp_break_add(rp, &watch, &id, NULL);
    }
}

static void
look_all(struct rp *rp)
{
    const struct rp_facts *facts = rp_facts(rp);
    struct rp_opening opening = {0};
    struct rp_raise raise;
    struct rp_filter filter = {.kinds = 1u << TF_EV_RETURN};
    uint64_t seq, from = 0;
    rp_opening(rp, &opening, NULL);
    look_definitions(rp);
    seq = facts->first_seq;
    for (unsigned i = 0; i < EVENTS_LOOKED_AT && seq != 0 && seq <= facts->last_seq;
         i++) {
        look_event(rp, seq);
        uint64_t next = rp_clamp(rp, seq + 1 + (i > 12 ? i : 0));
        if (next <= seq) {
            break;
        }
        seq = next;
    }
    look_event(rp, facts->last_seq);
    look_event(rp, UINT64_MAX);
    fz_clock_stop("states");
    fz_clock_start();
    for (int i = 0; i < 30 && rp_raise_next(rp, from, true, &raise, NULL) == TF_OK;
         i++) {
        from = raise.seq;
    }
    rp_find(rp, &filter, 0, true, &from, NULL);
    rp_find(rp, &filter, UINT64_MAX, false, &from, NULL);
    rp_seq_at_time(rp, facts->duration_ns / 2, &from, NULL);
    seq = rp_clamp(rp, opening.seq);
    look_places(rp, seq);
    look_places(rp, facts->first_seq + facts->event_count / 2);
    look_moves(rp, seq);
    fz_clock_stop("moves");
    fz_clock_start();
    set_breaks(rp, seq);
    look_moves(rp, facts->first_seq);
    look_moves(rp, rp_clamp(rp, facts->first_seq + facts->event_count / 2));
    fz_clock_stop("breakpoints");
    fz_clock_start();
    look_questions(rp, seq);
}

void
fz_look_core(const char *path)
{
    struct rp_options options = {.cache_bytes = 1 << 20};
    struct tf_verify verify = {.quick = false};
    struct tf_err err = TF_ERR_INIT;
    uint64_t findings;
    struct rp *rp;
    fz_clock_start();
    if (rp_open(path, &options, &rp, &err) != TF_OK) {
        if (err.message[0] == 0) {
            abort();
        }
        return;
    }
    look_all(rp);
    rp_close(rp);
    fz_clock_stop("questions");
    fz_clock_start();
    rp_verify(path, &verify, &findings, &err);
    fz_clock_stop("verification");
}
