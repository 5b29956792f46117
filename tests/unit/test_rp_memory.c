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
#include "tt_file.h"

/* What was answered, without an allocation of one's own. */
struct answer {
    size_t len;
    char text[1 << 18];
};

__attribute__((format(printf, 2, 3))) static void
say(struct answer *answer, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(answer->text + answer->len, sizeof answer->text - answer->len,
                        format, args);
    va_end(args);
    if (len > 0 && answer->len + (size_t)len < sizeof answer->text) {
        answer->len += (size_t)len;
    }
}

struct asked {
    struct rp *rp; /* NULL: the question opens the file itself */
    const char *path, *text;
    uint64_t seq;
    struct answer *answer;
};

typedef tf_status (*question_fn)(const struct asked *asked, struct tf_err *err);

/* Each fault is told once, and all of them before the test fails. */
static size_t faults;

__attribute__((format(printf, 1, 2))) static void
fault(const char *format, ...)
{
    char line[600];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (faults++ < 400) {
        print_message("%s\n", line);
    }
}

static bool
is_memory(tf_status status, const struct tf_err *err)
{
    return status == TF_ERR_MEMORY || strstr(err->message, "memory") != NULL;
}

/* Asks with the nth allocation failing. False: there are not so many. */
static bool
ask_failing(question_fn question, struct asked asked, size_t nth, bool onward,
            const struct answer *right, struct answer *answer, const char *name)
{
    struct tf_err err = TF_ERR_INIT;
    bool opens = asked.rp == NULL;
    if (!opens) {
        assert_int_equal(rp_open(asked.path, NULL, &asked.rp, NULL), TF_OK);
    }
    answer->len = 0;
    answer->text[0] = 0;
    asked.answer = answer;
    tt_alloc_fail(nth, onward);
    tf_status status = question(&asked, &err);
    size_t done = tt_alloc_end();
    if (done >= nth && status != TF_OK && !is_memory(status, &err)) {
        fault("%s of %s, allocation %zu: %d %s", name, asked.text ? asked.text : "",
              nth, status, err.message);
    }
    if (status == TF_OK && strcmp(answer->text, right->text) != 0) {
        fault("%s of %s, allocation %zu: %.100s\nnot %.100s", name,
              asked.text ? asked.text : "", nth, answer->text, right->text);
    }
    if (!opens) {
        /* the same recording, asked again */
        answer->len = 0;
        answer->text[0] = 0;
        err = (struct tf_err)TF_ERR_INIT;
        if (question(&asked, &err) != TF_OK) {
            fault("%s of %s, after allocation %zu: %s", name,
                  asked.text ? asked.text : "", nth, err.message);
        }
        else if (strcmp(answer->text, right->text) != 0) {
            fault("%s of %s, after allocation %zu: %.100s\nnot %.100s", name,
                  asked.text ? asked.text : "", nth, answer->text, right->text);
        }
        rp_close(asked.rp);
    }
    return done >= nth;
}

static struct answer right, answer;

static size_t
ask_all(question_fn question, const char *name, const char *path, const char *text,
        uint64_t seq, bool opens)
{
    struct asked asked = {.path = path, .text = text, .seq = seq, .answer = &right};
    struct tf_err err = TF_ERR_INIT;
    size_t nth = 1, tried = 0;
    if (!opens) {
        assert_int_equal(rp_open(path, NULL, &asked.rp, NULL), TF_OK);
    }
    right.len = 0;
    right.text[0] = 0;
    tt_alloc_fail(0, false);
    tf_status status = question(&asked, &err);
    size_t count = tt_alloc_end();
    if (status != TF_OK) {
        fail_msg("%s of %s: %s", name, text ? text : "", err.message);
    }
    rp_close(asked.rp);
    size_t most = getenv("PYREC_TEST_FULL") ? 100000 : 150;
    size_t step = count / most + 1;
    for (; nth <= count; nth += step) {
        ask_failing(question, asked, nth, false, &right, &answer, name);
        ask_failing(question, asked, nth, true, &right, &answer, name);
        tried += 2;
    }
    return tried;
}

/* --- The questions --- */

static tf_status
ask_open(const struct asked *asked, struct tf_err *err)
{
    struct rp *rp;
    tf_status status = rp_open(asked->path, NULL, &rp, err);
    if (status == TF_OK) {
        say(asked->answer, "%llu", (unsigned long long)rp_facts(rp)->event_count);
        if (!rp_facts(rp)->complete) {
            say(asked->answer, " %s", rp_facts(rp)->incomplete_reason);
        }
        rp_close(rp);
    }
    return status;
}

static void
say_finding(void *ctx, const struct tf_err *finding)
{
    say(ctx, "%s ", finding->message);
}

static tf_status
ask_verify(const struct asked *asked, struct tf_err *err)
{
    struct tf_verify verify = {
        .finding = say_finding, .ctx = asked->answer, .quick = asked->text[0] == 'q'};
    uint64_t findings = 0;
    tf_status status = rp_verify(asked->path, &verify, &findings, err);
    say(asked->answer, "%llu", (unsigned long long)findings);
    return status;
}

static tf_status
say_vars(const struct asked *asked, uint64_t seq, struct rp_vars *vars,
         struct tf_err *err)
{
    tf_status status = TF_OK;
    for (size_t i = 0; i < vars->count && status == TF_OK; i++) {
        struct rp_buf text = RP_BUF_INIT;
        struct rp_notes notes = RP_NOTES_INIT;
        status = rp_value_text(asked->rp, &vars->var[i].value, seq, NULL, &text, &notes,
                               "x", err);
        say(asked->answer, "%.*s=%s (%zu)\n", (int)vars->var[i].name.len,
            vars->var[i].name.data, text.data ? text.data : "", notes.count);
        rp_notes_release(&notes);
        rp_buf_release(&text);
    }
    rp_vars_release(vars);
    return status;
}

static tf_status
ask_state(const struct asked *asked, struct tf_err *err)
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
        say(asked->answer, "frame %llu line %u\n",
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

static tf_status
ask_expr(const struct asked *asked, struct tf_err *err)
{
    struct rp_expr_err error = {0};
    struct rp_expr *expr;
    struct rp_value value;
    struct rp_event event;
    struct rp_buf text = RP_BUF_INIT;
    tf_status status =
        rp_expr_parse(asked->text, strlen(asked->text), &expr, &error, err);
    if (status != TF_OK) {
        return status == TF_ERR_ARGUMENT
                   ? tf_err_set(err, status, -1, "%s", error.message)
                   : status;
    }
    status = rp_event_at(asked->rp, asked->seq, &event, err);
    if (status == TF_OK) {
        status =
            rp_expr_eval(asked->rp, expr, asked->seq, event.frame, &value, &error, err);
        if (status == TF_ERR_ARGUMENT) {
            status = tf_err_set(err, status, -1, "%s", error.message);
        }
    }
    if (status == TF_OK) {
        status =
            rp_value_text(asked->rp, &value, asked->seq, NULL, &text, NULL, NULL, err);
        say(asked->answer, "%s", text.data ? text.data : "");
        rp_value_release(&value);
    }
    rp_buf_release(&text);
    rp_expr_free(expr);
    return status;
}

static bool
say_event(void *ctx, const struct rp_event *event)
{
    say(ctx, "%llu ", (unsigned long long)event->seq);
    return true;
}

static tf_status
ask_when(const struct asked *asked, struct tf_err *err)
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
        say(asked->answer, "unknown %llu", (unsigned long long)total.unknown);
    }
    rp_expr_free(expr);
    return status;
}

static bool
say_hit(void *ctx, const struct rp_hit *hit)
{
    say(ctx, "%llu %d ", (unsigned long long)hit->event.seq, hit->cell[0].has);
    return true;
}

static tf_status
ask_hits(const struct asked *asked, struct tf_err *err)
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
    say(ctx, "%llu-%llu %d ", (unsigned long long)call->event.seq,
        (unsigned long long)call->end_seq, call->has_result);
    return true;
}

static tf_status
ask_calls(const struct asked *asked, struct tf_err *err)
{
    struct rp_calls calls = {0};
    return rp_calls(asked->rp, &calls, say_call, asked->answer, err);
}

static bool
say_found(void *ctx, const struct rp_found *found)
{
    say(ctx, "%llu %d ", (unsigned long long)found->event.seq, found->at.sort);
    return true;
}

static tf_status
ask_search(const struct asked *asked, struct tf_err *err)
{
    struct rp_search search = {.text = {asked->text, strlen(asked->text)}};
    return rp_search(asked->rp, &search, say_found, asked->answer, err);
}

static bool
say_referrer(void *ctx, const struct rp_referrer *referrer)
{
    say(ctx, "%d %llu %d ", referrer->at.sort, (unsigned long long)referrer->at.object,
        referrer->reached);
    return true;
}

static tf_status
ask_who(const struct asked *asked, struct tf_err *err)
{
    return rp_who(asked->rp, asked->seq, strtoul(asked->text, NULL, 10), say_referrer,
                  asked->answer, err);
}

static tf_status
ask_tree(const struct asked *asked, struct tf_err *err)
{
    struct rp_tree_spec spec = {.seq = asked->seq, .thread = 1};
    struct rp_tree tree;
    tf_status status = rp_tree(asked->rp, &spec, &tree, err);
    if (status == TF_OK) {
        for (size_t i = 0; i < tree.count; i++) {
            say(asked->answer, "%u %llu ", tree.node[i].depth,
                (unsigned long long)tree.node[i].calls);
        }
        rp_tree_release(&tree);
    }
    return status;
}

static tf_status
ask_raises(const struct asked *asked, struct tf_err *err)
{
    struct rp_raise raise;
    uint64_t from = 0;
    tf_status status;
    while ((status = rp_raise_next(asked->rp, from, true, &raise, err)) == TF_OK) {
        say(asked->answer, "%llu %llu ", (unsigned long long)raise.seq,
            (unsigned long long)raise.handled_seq);
        from = raise.seq;
    }
    return status == TF_ERR_NOT_FOUND ? TF_OK : status;
}

static tf_status
ask_moves(const struct asked *asked, struct tf_err *err)
{
    tf_status status = TF_OK;
    for (int move = RP_STEP; move <= RP_NEXT_CALL_BACK && status == TF_OK; move++) {
        struct rp_moving moving = {.move = move, .seq = asked->seq};
        struct rp_stop stop;
        status = rp_move(asked->rp, &moving, &stop, err);
        if (status == TF_OK) {
            say(asked->answer, "%d:%llu ", move, (unsigned long long)stop.seq);
        }
    }
    return status;
}

/* Breakpoints are taken away again, so that one can ask twice. */
static tf_status
ask_breaks(const struct asked *asked, struct tf_err *err)
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
                say(asked->answer, "%llu ", (unsigned long long)seq);
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
ask_changes(const struct asked *asked, struct tf_err *err)
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
            say(asked->answer, "%llu ", (unsigned long long)change.seq);
            rp_change_release(&change);
        }
        rp_changes_free(changes);
    }
    rp_place_free(place);
    return status == TF_ERR_NOT_FOUND ? TF_OK : status;
}

/* --- Tests --- */

static const char *
sample(void)
{
    static char path[300];
    if (path[0] == 0) {
        struct tf_sink_memory sink;
        tt_build(tt_sample_text, &sink);
        snprintf(path, sizeof path, "%s", tt_path("sample.pyrec"));
        tt_write(path, sink.data, (size_t)sink.sink.written_bytes);
        tf_sink_memory_release(&sink);
    }
    return path;
}

static const char *
golden(const char *name)
{
    static char path[300];
    snprintf(path, sizeof path, "%s/tests/golden/%s.pyrec", tt_root(), name);
    return path;
}

static void
test_opening(void **state)
{
    static const char *const names[] = {"basic", "unfinished", "threads", "opcodes"};
    size_t tried = 0;
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        tried += ask_all(ask_open, "opening", golden(names[i]), NULL, 0, true);
        tried += ask_all(ask_verify, "verify", golden(names[i]), "all", 0, true);
        tried += ask_all(ask_verify, "verify", golden(names[i]), "quick", 0, true);
    }
    tried += ask_all(ask_verify, "verify", sample(), "all", 0, true);
    print_message("%zu failing allocations\n", tried);
    assert_int_equal(faults, 0);
}

static void
test_states(void **state)
{
    size_t tried = 0;
    (void)state;
    for (uint64_t seq = 2; seq <= 24; seq += 11) {
        tried += ask_all(ask_state, "state", sample(), NULL, seq, false);
        tried += ask_all(ask_moves, "moves", golden("generators"), NULL, seq, false);
    }
    tried += ask_all(ask_state, "state", golden("values"), NULL, 4, false);
    print_message("%zu failing allocations\n", tried);
    assert_int_equal(faults, 0);
}

static void
test_questions(void **state)
{
    size_t tried = 0;
    const char *path = sample();
    (void)state;
    tried += ask_all(ask_when, "when", path, "n > 0", 0, false);
    tried += ask_all(ask_when, "when", path, "x == 1 and l[0] == 1", 0, false);
    tried += ask_all(ask_hits, "hits", path, "repr(n)", 0, false);
    tried += ask_all(ask_calls, "calls", path, NULL, 0, false);
    tried += ask_all(ask_search, "search", path, "te", 0, false);
    tried += ask_all(ask_who, "who", path, "3", 9, false);
    tried += ask_all(ask_tree, "tree", path, NULL, 9, false);
    tried += ask_all(ask_raises, "exceptions", path, NULL, 0, false);
    tried += ask_all(ask_breaks, "breakpoints", path, "n", 3, false);
    tried += ask_all(ask_changes, "changes", path, "n", 3, false);
    print_message("%zu failing allocations\n", tried);
    assert_int_equal(faults, 0);
}

static void
test_expressions(void **state)
{
    static const char *const texts[] = {
        "[i * 2 for i in range(8) if i % 2]",
        "sorted([3, 1, 2], key=lambda v: -v)",
        "f'{n:>10} {n!r:*^12}'",
        "'%s %5.2f %d' % ('a', 1.5, 2 ** 70)",
        "{k: v for k, v in zip('abc', [1, 2, 3])}",
        "{1, 2} | {3} - {1} ^ {9}",
        "'a,b,c'.split(',')[::-1]",
        "'-'.join(str(i) for i in range(5)).upper().replace('1', 'one')",
        "b'\\x00\\xff'.decode('latin-1').encode().hex()",
        "2 ** 200 // 3 ** 50 % 10 ** 20, -(2 ** 90) >> 3, int('f' * 30, 16)",
        "'{0:>{1}} {k}'.format('x', 5, k=[1, (2, {3})])",
        "repr([1.5, None, True, 'a', b'b', {'k': (1,)}]), str(2 ** 100)",
        "sum(v for v in [1, 2.5, 3]), min(3, 1), max([2, 9]), divmod(7, -2)",
        "any(v > 3 for v in [1, 5]), all([]), list(map(str, filter(None, [0, 1])))",
        "list(enumerate(reversed('ab'))), tuple(range(3)), frozenset([1]), dict(a=1)",
        "(lambda a, b=2: (a, b))(1)",
        "[1, 2] + [3] * 2 == [1, 2, 3, 3], (1, 2) < (1, 3), 'b' in 'abc'",
        "complex(1.5, -0.0) * 2j, round(2.675, 2), abs(-3), 7 / 2, 1e300 * 10",
        "isinstance(n, int), type(n).__name__",
        "bin(10), oct(8), hex(255), chr(65), ord('a'), bytes([1, 2])[0]",
        "5 if x else 0, not 1, [1, 2][0:1], {1: 2}.get(1)",
        "getattr(n, 'real', 0), x, n == 3",
    };
    size_t tried = 0;
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct rp *rp;
        struct asked asked = {
            .path = sample(), .text = texts[i], .seq = 3, .answer = &answer};
        struct tf_err err = TF_ERR_INIT;
        assert_int_equal(rp_open(asked.path, NULL, &rp, NULL), TF_OK);
        asked.rp = rp;
        tf_status status = ask_expr(&asked, &err);
        rp_close(rp);
        if (status != TF_OK) {
            fail_msg("%s: %s", texts[i], err.message);
        }
        tried += ask_all(ask_expr, "expression", asked.path, texts[i], 3, false);
    }
    print_message("%zu failing allocations\n", tried);
    assert_int_equal(faults, 0);
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
        cmocka_unit_test(test_expressions),
    };
    return tt_alloc_possible() ? cmocka_run_group_tests(tests, can_fail, NULL) : 0;
}
