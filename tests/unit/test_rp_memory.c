/* Memory runs out, at each allocation in turn: whatever was asked then says so, or has the
 * same answer as ever; and what is asked next is answered as if nothing had been. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rp.h"
#include "tt_alloc.h"
#include "tt_ask.h"
#include "tt_file.h"

/* --- The questions --- */

static tf_status
ask_open(const struct tt_asked *asked, struct tf_err *err)
{
    struct rp *rp;
    tf_status status = rp_open(asked->path, NULL, &rp, err);
    if (status == TF_OK) {
        tt_say(asked->answer, "%llu", (unsigned long long)rp_facts(rp)->event_count);
        if (!rp_facts(rp)->complete) {
            tt_say(asked->answer, " %s", rp_facts(rp)->incomplete_reason);
        }
        rp_close(rp);
    }
    return status;
}

static void
say_finding(void *ctx, const struct tf_err *finding)
{
    tt_say(ctx, "%s ", finding->message);
}

static tf_status
ask_verify(const struct tt_asked *asked, struct tf_err *err)
{
    struct tf_verify verify = {
        .finding = say_finding, .ctx = asked->answer, .quick = asked->text[0] == 'q'};
    uint64_t findings = 0;
    tf_status status = rp_verify(asked->path, &verify, &findings, err);
    tt_say(asked->answer, "%llu", (unsigned long long)findings);
    return status;
}

static tf_status
say_vars(const struct tt_asked *asked, uint64_t seq, struct rp_vars *vars,
         struct tf_err *err)
{
    tf_status status = TF_OK;
    for (size_t i = 0; i < vars->count && status == TF_OK; i++) {
        struct rp_buf text = RP_BUF_INIT;
        struct rp_notes notes = RP_NOTES_INIT;
        status = rp_value_text(asked->rp, &vars->var[i].value, seq, NULL, &text, &notes,
                               "x", err);
        tt_say(asked->answer, "%.*s=%s (%zu)\n", (int)vars->var[i].name.len,
               vars->var[i].name.data, text.data ? text.data : "", notes.count);
        rp_notes_release(&notes);
        rp_buf_release(&text);
    }
    rp_vars_release(vars);
    return status;
}

static tf_status
ask_state(const struct tt_asked *asked, struct tf_err *err)
{
    struct rp_event event;
    struct rp_stack stack;
    struct rp_vars vars;
    tf_status status = rp_event_at(asked->rp, asked->seq, &event, err);
    if (status == TF_OK) {
        status = rp_stack_at(asked->rp, asked->seq, event.thread, 0, 50, &stack, err);
    }
    if (status != TF_OK) {
        return status;
    }
    for (size_t i = 0; i < stack.count && status == TF_OK; i++) {
        tt_say(asked->answer, "frame %llu line %u\n",
               (unsigned long long)stack.frame[i].frame, stack.frame[i].lineno);
        status = rp_locals(asked->rp, asked->seq, stack.frame[i].frame, &vars, err);
        if (status == TF_OK) {
            status = say_vars(asked, asked->seq, &vars, err);
        }
    }
    rp_stack_release(&stack);
    if (status == TF_OK) {
        status = rp_globals(asked->rp, asked->seq, event.frame, true, &vars, err);
        if (status == TF_OK) {
            status = say_vars(asked, asked->seq, &vars, err);
        }
        status = status == TF_ERR_NOT_FOUND ? TF_OK : status;
    }
    return status;
}

static bool
say_event(void *ctx, const struct rp_event *event)
{
    tt_say(ctx, "%llu ", (unsigned long long)event->seq);
    return true;
}

static tf_status
ask_when(const struct tt_asked *asked, struct tf_err *err)
{
    struct rp_when_total total;
    struct rp_expr_err error = {0};
    struct rp_when when = {0};
    struct rp_expr *expr;
    tf_status status =
        rp_expr_parse(asked->text, strlen(asked->text), &expr, &error, err);
    if (status != TF_OK) {
        return status;
    }
    when.expr = expr;
    status = rp_when(asked->rp, &when, say_event, asked->answer, &total, err);
    if (status == TF_OK) {
        tt_say(asked->answer, "unknown %llu", (unsigned long long)total.unknown);
    }
    rp_expr_free(expr);
    return status;
}

static bool
say_hit(void *ctx, const struct rp_hit *hit)
{
    tt_say(ctx, "%llu %d ", (unsigned long long)hit->event.seq, hit->cell[0].has);
    return true;
}

static tf_status
ask_hits(const struct tt_asked *asked, struct tf_err *err)
{
    struct rp_expr *expr;
    tf_status status =
        rp_expr_parse(asked->text, strlen(asked->text), &expr, NULL, err);
    if (status != TF_OK) {
        return status;
    }
    const struct rp_expr *column[] = {expr};
    struct rp_hits hits = {
        .file_id = 1, .lineno = 2, .column = column, .column_count = 1};
    status = rp_hits(asked->rp, &hits, say_hit, asked->answer, err);
    rp_expr_free(expr);
    return status;
}

static bool
say_call(void *ctx, const struct rp_call *call)
{
    tt_say(ctx, "%llu-%llu %d ", (unsigned long long)call->event.seq,
           (unsigned long long)call->end_seq, call->has_result);
    return true;
}

static tf_status
ask_calls(const struct tt_asked *asked, struct tf_err *err)
{
    struct rp_calls calls = {0};
    return rp_calls(asked->rp, &calls, say_call, asked->answer, err);
}

static bool
say_found(void *ctx, const struct rp_found *found)
{
    tt_say(ctx, "%llu %d ", (unsigned long long)found->event.seq, found->at.sort);
    return true;
}

static tf_status
ask_search(const struct tt_asked *asked, struct tf_err *err)
{
    struct rp_search search = {.text = {asked->text, strlen(asked->text)}};
    return rp_search(asked->rp, &search, say_found, asked->answer, err);
}

static bool
say_referrer(void *ctx, const struct rp_referrer *referrer)
{
    tt_say(ctx, "%d %llu %d ", referrer->at.sort,
           (unsigned long long)referrer->at.object, referrer->reached);
    return true;
}

static tf_status
ask_who(const struct tt_asked *asked, struct tf_err *err)
{
    return rp_who(asked->rp, asked->seq, strtoul(asked->text, NULL, 10), say_referrer,
                  asked->answer, err);
}

static tf_status
ask_tree(const struct tt_asked *asked, struct tf_err *err)
{
    struct rp_tree_spec spec = {.seq = asked->seq, .thread = 1};
    struct rp_tree tree;
    tf_status status = rp_tree(asked->rp, &spec, &tree, err);
    if (status == TF_OK) {
        for (size_t i = 0; i < tree.count; i++) {
            tt_say(asked->answer, "%u %llu ", tree.node[i].depth,
                   (unsigned long long)tree.node[i].calls);
        }
        rp_tree_release(&tree);
    }
    return status;
}

static tf_status
ask_raises(const struct tt_asked *asked, struct tf_err *err)
{
    struct rp_raise raise;
    uint64_t from = 0;
    tf_status status;
    while ((status = rp_raise_next(asked->rp, from, true, &raise, err)) == TF_OK) {
        tt_say(asked->answer, "%llu %llu ", (unsigned long long)raise.seq,
               (unsigned long long)raise.handled_seq);
        from = raise.seq;
    }
    return status == TF_ERR_NOT_FOUND ? TF_OK : status;
}

static tf_status
ask_moves(const struct tt_asked *asked, struct tf_err *err)
{
    tf_status status = TF_OK;
    for (int move = RP_STEP; move <= RP_NEXT_CALL_BACK && status == TF_OK; move++) {
        struct rp_moving moving = {.move = move, .seq = asked->seq};
        struct rp_stop stop;
        status = rp_move(asked->rp, &moving, &stop, err);
        if (status == TF_OK) {
            tt_say(asked->answer, "%d:%llu ", move, (unsigned long long)stop.seq);
        }
    }
    return status;
}

/* Breakpoints are taken away again, so that one can ask twice. */
static tf_status
ask_breaks(const struct tt_asked *asked, struct tf_err *err)
{
    struct rp_break_spec spec = {.sort = RP_BREAK_EXCEPTION};
    struct rp_event event;
    uint32_t id[3] = {0};
    tf_status status = rp_event_at(asked->rp, asked->seq, &event, err);
    if (status == TF_OK) {
        status = rp_break_add(asked->rp, &spec, &id[0], err);
    }
    if (status == TF_OK) {
        spec = (struct rp_break_spec){.sort = RP_BREAK_WATCH,
                                      .name = {asked->text, strlen(asked->text)},
                                      .seq = asked->seq,
                                      .frame = event.frame};
        status = rp_break_add(asked->rp, &spec, &id[1], err);
    }
    if (status == TF_OK) {
        spec = (struct rp_break_spec){
            .sort = RP_BREAK_LINE, .file_id = 1, .lineno = 2, .condition = "1 < 2"};
        status = rp_break_add(asked->rp, &spec, &id[2], err);
    }
    for (int back = 0; back < 2 && status == TF_OK; back++) {
        uint64_t seq = back ? rp_facts(asked->rp)->last_seq : 1;
        for (int i = 0; i < 6 && status == TF_OK; i++) {
            struct rp_moving moving = {.move = back ? RP_CONTINUE_BACK : RP_CONTINUE,
                                       .seq = seq,
                                       .breaks = true};
            struct rp_stop stop;
            status = rp_move(asked->rp, &moving, &stop, err);
            if (status == TF_OK) {
                seq = stop.seq;
                tt_say(asked->answer, "%llu ", (unsigned long long)seq);
            }
        }
    }
    for (int i = 0; i < 3; i++) {
        if (id[i]) {
            rp_break_remove(asked->rp, id[i], NULL);
        }
    }
    return status;
}

static tf_status
ask_changes(const struct tt_asked *asked, struct tf_err *err)
{
    struct rp_changes *changes;
    struct rp_place *place;
    struct rp_change change;
    struct rp_event event;
    tf_status status = rp_event_at(asked->rp, asked->seq, &event, err);
    if (status == TF_OK) {
        status = rp_place_parse(asked->rp, asked->text, asked->seq, event.frame, &place,
                                err);
    }
    if (status != TF_OK) {
        return status;
    }
    status = rp_changes_begin(asked->rp, place, 1, true, false, &changes, err);
    if (status == TF_OK) {
        while ((status = rp_changes_next(changes, &change, err)) == TF_OK) {
            tt_say(asked->answer, "%llu ", (unsigned long long)change.seq);
            rp_change_release(&change);
        }
        rp_changes_free(changes);
    }
    rp_place_free(place);
    return status == TF_ERR_NOT_FOUND ? TF_OK : status;
}

/* --- Tests --- */

static void
test_opening(void **state)
{
    static const char *const names[] = {"basic", "unfinished", "threads", "opcodes"};
    size_t tried = 0;
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        tried +=
            tt_ask_all(ask_open, "opening", tt_golden_file(names[i]), NULL, 0, true);
        tried +=
            tt_ask_all(ask_verify, "verify", tt_golden_file(names[i]), "all", 0, true);
        tried += tt_ask_all(ask_verify, "verify", tt_golden_file(names[i]), "quick", 0,
                            true);
    }
    tried += tt_ask_all(ask_verify, "verify", tt_sample_file(), "all", 0, true);
    print_message("%zu failing allocations\n", tried);
    assert_int_equal(tt_ask_faults(), 0);
}

static void
test_states(void **state)
{
    size_t tried = 0;
    (void)state;
    for (uint64_t seq = 2; seq <= 24; seq += 11) {
        tried += tt_ask_all(ask_state, "state", tt_sample_file(), NULL, seq, false);
        tried += tt_ask_all(ask_moves, "moves", tt_golden_file("generators"), NULL, seq,
                            false);
    }
    tried += tt_ask_all(ask_state, "state", tt_golden_file("values"), NULL, 4, false);
    print_message("%zu failing allocations\n", tried);
    assert_int_equal(tt_ask_faults(), 0);
}

static void
test_questions(void **state)
{
    size_t tried = 0;
    const char *path = tt_sample_file();
    (void)state;
    tried += tt_ask_all(ask_when, "when", path, "n > 0", 0, false);
    tried += tt_ask_all(ask_when, "when", path, "x == 1 and l[0] == 1", 0, false);
    tried += tt_ask_all(ask_hits, "hits", path, "repr(n)", 0, false);
    tried += tt_ask_all(ask_calls, "calls", path, NULL, 0, false);
    tried += tt_ask_all(ask_search, "search", path, "te", 0, false);
    tried += tt_ask_all(ask_who, "who", path, "3", 9, false);
    tried += tt_ask_all(ask_tree, "tree", path, NULL, 9, false);
    tried += tt_ask_all(ask_raises, "exceptions", path, NULL, 0, false);
    tried += tt_ask_all(ask_breaks, "breakpoints", path, "n", 3, false);
    tried += tt_ask_all(ask_changes, "changes", path, "n", 3, false);
    print_message("%zu failing allocations\n", tried);
    assert_int_equal(tt_ask_faults(), 0);
}

static int
can_fail(void **state)
{
    (void)state;
    if (!tt_alloc_possible()) {
        skip();
    }
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_opening),
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_questions),
    };
    return tt_alloc_possible() ? cmocka_run_group_tests(tests, can_fail, NULL) : 0;
}
