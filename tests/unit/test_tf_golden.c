/* Recordings made by earlier builds are read as they were then. tests/golden/NAME.pyrec was
 * made once from NAME.txt by the builder and is never made again; NAME.dump is what the
 * reader gave. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tb_build.h"
#include "tt_dump.h"
#include "tt_file.h"

static int
is_recording(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return dot != NULL && strcmp(dot, ".pyrec") == 0;
}

static void
check_one(const char *folder, const char *name)
{
    struct tf_err err = TF_ERR_INIT;
    char path[600], saved_path[600], got_path[600];
    size_t len;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    snprintf(saved_path, sizeof saved_path, "%.*s.dump", (int)(strlen(path) - 6), path);
    snprintf(got_path, sizeof got_path, "/tmp/%s.dump", name);
    char *got = tt_dump_file(path, &err);
    if (got == NULL) {
        fail_msg("%s: %s", name, err.message);
    }
    char *saved = (char *)tt_read(saved_path, &len);
    if (strcmp(got, saved) != 0) {
        tt_write(got_path, got, strlen(got));
        fail_msg("%s is read otherwise than it was. If that is right: cp %s %s", name,
                 got_path, saved_path);
    }
    free(got);
    free(saved);
}

static void
test_golden(void **state)
{
    char folder[300];
    struct dirent **entry;
    (void)state;
    snprintf(folder, sizeof folder, "%s/tests/golden", tt_root());
    int count = scandir(folder, &entry, is_recording, alphasort);
    assert_true(count >= 6);
    for (int i = 0; i < count; i++) {
        check_one(folder, entry[i]->d_name);
        free(entry[i]);
    }
    free(entry);
}

/* The builder of today still makes what reads the same. */
static void
test_builder(void **state)
{
    char folder[300], path[600];
    struct dirent **entry;
    struct tf_err err = TF_ERR_INIT;
    (void)state;
    snprintf(folder, sizeof folder, "%s/tests/golden", tt_root());
    int count = scandir(folder, &entry, is_recording, alphasort);
    for (int i = 0; i < count; i++) {
        size_t len;
        snprintf(path, sizeof path, "%s/%s", folder, entry[i]->d_name);
        char *golden = tt_dump_file(path, &err);
        snprintf(path + strlen(path) - 6, 7, ".txt");
        char *text = (char *)tt_read(path, &len);
        const char *made = tt_path("made.pyrec");
        if (tb_build_file(text, len, made, &err) != TF_OK) {
            fail_msg("%s: %s", path, err.message);
        }
        char *now = tt_dump_file(made, &err);
        assert_string_equal(now, golden);
        free(golden);
        free(now);
        free(text);
        free(entry[i]);
    }
    free(entry);
}

static void
expect_error(const char *text, const char *message)
{
    struct tf_err err = TF_ERR_INIT;
    struct tf_sink_memory sink;
    tf_sink_memory_init(&sink);
    assert_int_equal(tb_build(text, strlen(text), &sink.sink, &err), TF_ERR_ARGUMENT);
    assert_string_equal(err.message, message);
    tf_sink_memory_release(&sink);
}

static void
test_errors_in_the_text(void **state)
{
    static const char start[] = "file a.py\ncode f a.py:1 slots=x\nthread 1\ncall f\n";
    char text[300];
    (void)state;
    expect_error("line 1", "line 1: no thread is defined");
    expect_error("\n\nline_ 1", "line 3: unknown word line_");
    snprintf(text, sizeof text, "%sline 1 y=2", start);
    expect_error(text, "line 5: f has no slot y");
    snprintf(text, sizeof text, "%sline 1 x=$o", start);
    expect_error(text, "line 5: no object $o");
    snprintf(text, sizeof text, "%sline 1 x=$o:[1]\nline 2 $o[1]=2", start);
    expect_error(text, "line 6: the object has 1 values only");
    snprintf(text, sizeof text, "%sreturn\nline 2", start);
    expect_error(text, "line 6: no frame is on the stack of thread 1");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_builder),
        cmocka_unit_test(test_errors_in_the_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
