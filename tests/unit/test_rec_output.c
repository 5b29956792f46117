/* The recording's file: names, exclusive creation, replacing. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "rec_output.h"

static char directory[64];

static int
enter_directory(void **state)
{
    (void)state;
    strcpy(directory, "/tmp/rec_output.XXXXXX");
    return mkdtemp(directory) == NULL || chdir(directory) != 0;
}

static int
leave_directory(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", directory);
    return chdir("/") != 0 || system(command) != 0;
}

static struct rec_options
script(const char *name)
{
    return (struct rec_options){.run_kind = REC_RUN_SCRIPT, .target = name};
}

static void
write_file(const char *path, const void *bytes, size_t len)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    fclose(file);
}

static bool
exists(const char *path)
{
    return access(path, F_OK) == 0;
}

static void
makes_stems(void **state)
{
    (void)state;

    static const struct {
        enum rec_run_kind kind;
        const char *target, *stem;
    } CASES[] = {
        {REC_RUN_SCRIPT, "app.py", "app"},
        {REC_RUN_SCRIPT, "/a/b.c/app.py", "app"},
        {REC_RUN_SCRIPT, "a.b.py", "a.b"},
        {REC_RUN_SCRIPT, "app", "app"},
        {REC_RUN_SCRIPT, "dir.d/app", "app"},
        {REC_RUN_SCRIPT, "dir/", "dir"},
        {REC_RUN_SCRIPT, "dir.d//", "dir"},
        {REC_RUN_SCRIPT, ".hidden", ".hidden"},
        {REC_RUN_SCRIPT, ".hidden.py", ".hidden"},
        {REC_RUN_SCRIPT, "app.", "app."},
        {REC_RUN_SCRIPT, "-", "stdin"},
        {REC_RUN_MODULE, "pkg.mod", "pkg.mod"},
        {REC_RUN_MODULE, "odd/name", "odd_name"},
        {REC_RUN_CODE, "print(1)", "command"},
    };

    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct rec_options options = {.run_kind = CASES[i].kind,
                                      .target = CASES[i].target};
        char *stem = rec_output_stem(&options);
        assert_string_equal(stem, CASES[i].stem);
        free(stem);
    }
    struct rec_options here = script("."), root = script("/");
    char *stem = rec_output_stem(&here);
    assert_string_equal(stem, "rec_output");
    free(stem);
    stem = rec_output_stem(&root);
    assert_true(stem[0] != '\0' && strchr(stem, '/') == NULL);
    free(stem);
}

static void
takes_the_first_free_name(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"x.pyrec", "x.2.pyrec", "x.3.pyrec"};
    struct rec_options options = script("x.py");
    struct tf_err err = TF_ERR_INIT;
    struct rec_output output;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(rec_output_open(&options, &output, &err), TF_OK);
        assert_string_equal(output.path, NAMES[i]);
        struct stat st;
        assert_int_equal(fstat(output.fd, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
        assert_int_equal(fcntl(output.fd, F_GETFD), FD_CLOEXEC);
        assert_true(output.fd >= 100);
        close(output.fd);
        rec_output_release(&output);
    }
    /* a link that leads nowhere is taken, not followed */
    assert_int_equal(symlink("/tmp/nowhere/target", "x.4.pyrec"), 0);
    assert_int_equal(rec_output_open(&options, &output, &err), TF_OK);
    assert_string_equal(output.path, "x.5.pyrec");
    close(output.fd);
    rec_output_discard(&output);
    assert_false(exists("x.5.pyrec"));
}

static void
refuses_a_given_name_that_is_taken(void **state)
{
    (void)state;
    struct rec_options options = script("y.py");
    struct tf_err err = TF_ERR_INIT;
    struct rec_output output = {.fd = -5};
    options.output = "taken";
    write_file("taken", "", 0);
    assert_int_equal(rec_output_open(&options, &output, &err), TF_ERR_IO);
    assert_string_equal(err.message, "'taken' exists: --force replaces a recording");
    assert_int_equal(output.fd, -5);
    options.output = "no/such/place";
    assert_int_equal(rec_output_open(&options, &output, &err), TF_ERR_IO);
    assert_int_equal(err.errno_value, ENOENT);
}

static void
replaces_only_recordings(void **state)
{
    (void)state;

    static const struct {
        const char *bytes;
        size_t len;
        bool replaced;
    } CASES[] = {
        {"", 0, true},
        {"\x28\xb5\x2f\xfd", 4, true},
        {"\x28\xb5\x2f\xfd rest", 9, true},
        {"\x50\x2a\x4d\x18 rest", 9, true},
        {"\x5f\x2a\x4d\x18", 4, true},
        {"\x28\xb5\x2f", 3, false},
        {"\x60\x2a\x4d\x18", 4, false},
        {"import this", 11, false},
    };

    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct rec_options options = script("y.py");
        struct tf_err err = TF_ERR_INIT;
        struct rec_output output;
        options.output = "old";
        options.force = true;
        write_file("old", CASES[i].bytes, CASES[i].len);
        tf_status status = rec_output_open(&options, &output, &err);
        assert_int_equal(status == TF_OK, CASES[i].replaced);
        if (status == TF_OK) {
            struct stat st;
            assert_int_equal(stat("old", &st), 0);
            assert_int_equal(st.st_size, 0);
            close(output.fd);
            rec_output_release(&output);
        }
        else {
            assert_non_null(strstr(err.message, "no recording"));
        }
        unlink("old");
    }
}

static void
never_replaces_what_is_locked(void **state)
{
    (void)state;
    struct rec_options options = script("z.py");
    struct tf_err err = TF_ERR_INIT;
    struct rec_output first, second;
    options.output = "z";
    options.force = true;
    assert_int_equal(rec_output_open(&options, &first, &err), TF_OK);
    assert_int_equal(rec_output_open(&options, &second, &err), TF_ERR_IO);
    assert_string_equal(err.message, "'z' is still being written by another run");
    close(first.fd);
    rec_output_release(&first);
    assert_int_equal(rec_output_open(&options, &second, &err), TF_OK);
    close(second.fd);
    rec_output_release(&second);
}

static void
leaves_devices_alone(void **state)
{
    (void)state;
    struct rec_options options = script("y.py");
    struct tf_err err = TF_ERR_INIT;
    struct rec_output output;
    options.output = "/dev/null";
    assert_int_equal(rec_output_open(&options, &output, &err), TF_OK);
    assert_int_equal(write(output.fd, "x", 1), 1);
    close(output.fd);
    rec_output_discard(&output);
    assert_true(exists("/dev/null"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_stems),
        cmocka_unit_test(takes_the_first_free_name),
        cmocka_unit_test(refuses_a_given_name_that_is_taken),
        cmocka_unit_test(replaces_only_recordings),
        cmocka_unit_test(never_replaces_what_is_locked),
        cmocka_unit_test(leaves_devices_alone),
    };
    return cmocka_run_group_tests(tests, enter_directory, leave_directory);
}
