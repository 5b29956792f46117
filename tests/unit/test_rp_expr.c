/* Each expression of tests/expressions/ has the value, or the error and its column, that
 * stands below it; with each of its allocations failing in turn it has the same or says
 * that memory ran out. tests/e2e/test_expr.py holds the same tables against CPython. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "rp.h"
#include "tt_alloc.h"
#include "tt_file.h"
#include "tt_model.h"

/* A line break inside a line of the tables: U+2424. */
static const char BREAK[] = "\xe2\x90\xa4";

struct entry {
    char *expression, *answer;
};

struct table {
    struct entry *entry;
    size_t count;
};

static void
put_breaks(char *line)
{
    for (char *at; (at = strstr(line, BREAK)) != NULL;) {
        *at = '\n';
        memmove(at + 1, at + 3, strlen(at + 3) + 1);
    }
}

static struct table
read_table(const char *name)
{
    char path[300];
    size_t len;
    struct table table = {NULL, 0};
    snprintf(path, sizeof path, "%s/tests/expressions/%s", tt_root(), name);
    char *text = (char *)tt_read(path, &len), *rest = text;
    for (char *line; (line = strsep(&rest, "\n")) != NULL && rest != NULL;) {
        char *answer = strsep(&rest, "\n");
        assert_non_null(answer);
        assert_memory_equal(answer, "    ", 4);
        put_breaks(line);
        put_breaks(answer);
        table.entry = realloc(table.entry, (table.count + 1) * sizeof *table.entry);
        table.entry[table.count++] = (struct entry){strdup(line), strdup(answer + 4)};
    }
    free(text);
    return table;
}

static void
free_table(struct table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        free(table->entry[i].expression);
        free(table->entry[i].answer);
    }
    free(table->entry);
}

struct setting {
    struct rp *rp;
    struct rp_event event; /* where the expressions are evaluated: the last */
};

/* `version`: "3.8", of the Python that it says recorded it; NULL: as it stands. */
static void
open_made(struct setting *setting, const char *version)
{
    char path[300];
    size_t len;
    snprintf(path, sizeof path, "%s/tests/expressions/made.txt", tt_root());
    char *text = (char *)tt_read(path, &len);
    if (version != NULL) {
        char *hex = strstr(text, "python_hex ") + strlen("python_hex ");
        unsigned minor = (unsigned)strtoul(version + 2, NULL, 10);
        char number[20];
        snprintf(number, sizeof number, "%u", 0x030000f0u + (minor << 16));
        assert_int_equal(strlen(number), strcspn(hex, "\n"));
        memcpy(hex, number, strlen(number));
    }
    char *file = tt_model_file(text, len);
    assert_int_equal(rp_open(file, NULL, &setting->rp, NULL), TF_OK);
    unlink(file);
    uint64_t seq = rp_facts(setting->rp)->last_seq;
    assert_int_equal(rp_event_at(setting->rp, seq, &setting->event, NULL), TF_OK);
    free(file);
    free(text);
}

/* The answer as the tables have it; on another failure than the expression's own, the
 * status and *err. */
static tf_status
evaluate(const struct setting *setting, const char *text, struct rp_buf *out,
         struct tf_err *err)
{
    struct rp_expr *expr = NULL;
    struct rp_expr_err error = {0};
    struct rp_value value = {0};
    const struct rp_event *event = &setting->event;
    tf_status status = rp_expr_parse(text, strlen(text), &expr, &error, err);
    if (status == TF_OK) {
        status = rp_expr_eval(setting->rp, expr, event->seq, event->frame, &value,
                              &error, err);
    }
    rp_expr_free(expr);
    if (status == TF_OK) {
        status =
            rp_value_text(setting->rp, &value, event->seq, NULL, out, NULL, NULL, err);
        rp_value_release(&value);
    }
    else if (status == TF_ERR_ARGUMENT && error.message[0]) {
        rp_buf_addf(out, "! %zu %s", error.column, error.message);
        status = out->failed ? TF_ERR_MEMORY : TF_OK;
    }
    return status;
}

static size_t
count_wrong(const struct setting *setting, const struct table *table)
{
    size_t wrong = 0;
    for (size_t i = 0; i < table->count; i++) {
        const struct entry *entry = &table->entry[i];
        struct rp_buf out = RP_BUF_INIT;
        struct tf_err err = TF_ERR_INIT;
        tf_status status = evaluate(setting, entry->expression, &out, &err);
        if (status != TF_OK || strcmp(out.data, entry->answer) != 0) {
            print_message("%s\n    %s\nnot %s\n", entry->expression,
                          status == TF_OK ? out.data : err.message, entry->answer);
            wrong++;
        }
        rp_buf_release(&out);
    }
    return wrong;
}

static void
test_values(void **state)
{
    static const char *const names[] = {"values.txt", "syntax.txt", "unrecorded.txt",
                                        "pairs.txt"};
    struct setting setting;
    size_t wrong = 0, count = 0;
    (void)state;
    open_made(&setting, NULL);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct table table = read_table(names[i]);
        wrong += count_wrong(&setting, &table);
        count += table.count;
        free_table(&table);
    }
    rp_close(setting.rp);
    print_message("%zu expressions\n", count);
    assert_true(count > 1000);
    assert_int_equal(wrong, 0);
}

/* Entries that begin with a version, and are different there. */
static void
test_versions(void **state)
{
    struct table table = read_table("versions.txt");
    char version[8] = "";
    struct setting setting = {0};
    size_t wrong = 0;
    (void)state;
    for (size_t i = 0; i < table.count; i++) {
        char *expression = strchr(table.entry[i].expression, ':') + 2;
        size_t len = (size_t)(expression - table.entry[i].expression) - 2;
        if (strncmp(version, table.entry[i].expression, len) != 0 || version[len]) {
            snprintf(version, sizeof version, "%.*s", (int)len,
                     table.entry[i].expression);
            rp_close(setting.rp);
            open_made(&setting, version);
        }
        struct entry entry = {expression, table.entry[i].answer};
        struct table one = {&entry, 1};
        wrong += count_wrong(&setting, &one);
    }
    rp_close(setting.rp);
    assert_true(table.count > 100);
    free_table(&table);
    assert_int_equal(wrong, 0);
}

/* --- Memory --- */

/* The allocations of one expression; all of them, or some in the normal run. */
static size_t
fail_each(const struct setting *setting, const struct entry *entry, bool onward,
          size_t *wrong)
{
    size_t tried = 0, most = getenv("PYREC_TEST_FULL") ? 100000 : 60, step = 1, done;
    for (size_t nth = 1;; nth += step) {
        struct rp_buf out = RP_BUF_INIT;
        struct tf_err err = TF_ERR_INIT;
        tt_alloc_fail(nth, onward);
        tf_status status = evaluate(setting, entry->expression, &out, &err);
        done = tt_alloc_end();
        bool memory = status == TF_ERR_MEMORY || strstr(err.message, "memory")
                      || (status == TF_OK && strstr(out.data, " out of memory"));
        if (!memory && (status != TF_OK || strcmp(out.data, entry->answer) != 0)) {
            print_message("%s, allocation %zu: %d %s\n", entry->expression, nth, status,
                          status == TF_OK ? out.data : err.message);
            ++*wrong;
        }
        rp_buf_release(&out);
        if (done < nth) {
            return tried;
        }
        tried++;
        step = tried > most ? 1 + tried / 8 : 1;
    }
}

static void
test_no_memory(void **state)
{
    static const char *const names[] = {"values.txt", "syntax.txt", "unrecorded.txt",
                                        "pairs.txt"};
    struct setting setting;
    size_t tried = 0, wrong = 0;
    (void)state;
    if (!tt_alloc_possible()) {
        skip();
    }
    open_made(&setting, NULL);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct table table = read_table(names[i]);
        for (size_t k = 0; k < table.count; k++) {
            tried += fail_each(&setting, &table.entry[k], false, &wrong);
            tried += fail_each(&setting, &table.entry[k], true, &wrong);
        }
        assert_int_equal(count_wrong(&setting, &table), 0);
        free_table(&table);
    }
    rp_close(setting.rp);
    print_message("%zu failing allocations\n", tried);
    assert_int_equal(wrong, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
