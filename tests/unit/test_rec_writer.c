/* The writer thread: order, waiting, failing, ending, forking. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "rec_writer.h"
#include "tf_tail.h"

static struct tf_header
some_header(void)
{
    struct tf_header header = {
        .uuid = {1, 2, 3},
        .recorder = {"test", 4},
        .python = {"3.11", 4},
        .platform = {"x", 1},
        .executable = {"py", 2},
        .cwd = {"/", 1},
        .script = {"s", 1},
        .python_hex = 0x030b0000,
    };
    return header;
}

static const struct tf_footer FOOTER = {.end_ns = 5, .has_exit_status = true};

/* A file without a name. */
static int
new_file(void)
{
    char path[] = "/tmp/rec_writer.XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    unlink(path);
    return fd;
}

static struct rec_writer *
start(int fd, unsigned batch_count)
{
    struct rec_writer *w = NULL;
    struct tf_err err = TF_ERR_INIT;
    struct tf_header header = some_header();
    struct rec_writer_config config = {
        .fd = fd, .header = &header, .batch_count = batch_count, .tail = true};
    assert_int_equal(rec_writer_start(&config, &w, &err), TF_OK);
    return w;
}

/* Thread 1 enters code 1 at the first event; `first`: this is the first batch. */
static void
fill(struct tf_batch *batch, bool first, unsigned events)
{
    if (first) {
        struct tf_def_file file = {.id = 1, .path = {"a.py", 4}, .own = true};
        uint32_t line = 1;
        struct tf_def_code code = {
            .id = 1,
            .file = 1,
            .first_lineno = 1,
            .name = {"f", 1},
            .qualname = {"f", 1},
            .line = &line,
            .line_count = 1,
        };
        struct tf_def_thread thread = {.id = 1};
        tf_batch_add_file(batch, &file);
        tf_batch_add_code(batch, &code);
        tf_batch_add_thread(batch, &thread);
    }
    for (unsigned i = 0; i < events; i += 2) {
        tf_rows_op(&batch->changes, TF_OP_ENTER);
        tf_rows_u64(&batch->changes, 1);
        tf_rows_value(&batch->changes, TF_VAL_NONE);
        tf_rows_event(&batch->changes, TF_EV_START, 1, 1, 0, 1);
        tf_rows_event(&batch->changes, TF_EV_RETURN, 1, 1, 0, 2);
    }
}

static struct tf_batch *
take(struct rec_writer *w)
{
    struct tf_batch *batch = rec_writer_try_take(w);
    while (batch == NULL) {
        rec_writer_wait(w);
        batch = rec_writer_try_take(w);
    }
    assert_int_equal(batch->changes.len, 0);
    assert_int_equal(batch->definitions.len, 0);
    return batch;
}

static void
writes_every_batch(void **state)
{
    (void)state;
    int fd = new_file();
    int copy = dup(fd);
    struct rec_writer *w = start(fd, 2);
    for (unsigned i = 0; i < 50; i++) {
        struct tf_batch *batch = take(w);
        fill(batch, i == 0, 1000);
        rec_writer_submit(w, batch);
    }
    struct tf_writer_stats stats = {0};
    struct tf_err err = TF_ERR_INIT;
    assert_false(rec_writer_failed(w, NULL));
    assert_int_equal(rec_writer_finish(w, &FOOTER, &stats, &err), TF_OK);
    assert_int_equal(stats.events, 50000);
    assert_int_equal(stats.chunks, 50);
    struct stat st;
    assert_int_equal(fstat(copy, &st), 0);
    assert_int_equal(stats.file_bytes, st.st_size);
    assert_int_equal(fcntl(fd, F_GETFD), -1); /* closed */
    close(copy);
}

static void
has_no_more_batches_than_asked_for(void **state)
{
    (void)state;
    struct rec_writer *w = start(new_file(), 3);
    struct tf_batch *taken[3];
    for (int i = 0; i < 3; i++) {
        taken[i] = rec_writer_try_take(w);
        assert_non_null(taken[i]);
    }
    assert_null(rec_writer_try_take(w));
    rec_writer_wait(w); /* nothing is being written: does not block */
    fill(taken[0], true, 10);
    rec_writer_submit(w, taken[0]);
    while (rec_writer_try_take(w) == NULL) {
        rec_writer_wait(w);
    }
    rec_writer_wait(w); /* nor now */
    struct tf_writer_stats stats;
    assert_int_equal(rec_writer_finish(w, &FOOTER, &stats, NULL), TF_OK);
    assert_int_equal(stats.events, 10);
}

static void
an_empty_recording_is_whole(void **state)
{
    (void)state;
    struct rec_writer *w = start(new_file(), 0);
    struct tf_writer_stats stats;
    assert_int_equal(rec_writer_finish(w, &FOOTER, &stats, NULL), TF_OK);
    assert_int_equal(stats.events, 0);
    assert_true(stats.file_bytes > 0);
}

static void
says_why_it_failed_and_goes_on_taking(void **state)
{
    (void)state;
    int fd = new_file();
    struct rec_writer *w = start(fd, 2);
    int null = open("/dev/null", O_WRONLY);
    assert_int_equal(dup2(null, fd), fd); /* as a program that closes all does */
    for (unsigned i = 0; i < 20; i++) {
        struct tf_batch *batch = take(w);
        fill(batch, i == 0, 100);
        rec_writer_submit(w, batch);
    }
    struct tf_err err = TF_ERR_INIT;
    struct tf_writer_stats stats;
    assert_int_equal(rec_writer_finish(w, &FOOTER, &stats, &err), TF_ERR_IO);
    assert_non_null(strstr(err.message, "closed the recording's file descriptor"));
    assert_int_equal(stats.events, 0);
    assert_true(fcntl(fd, F_GETFD) >= 0); /* not ours any more: left open */
    close(fd);
    close(null);
}

static void
finds_its_file_again(void **state)
{
    (void)state;
    char path[] = "/tmp/rec_writer.XXXXXX";
    int fd = mkstemp(path);
    int null = open("/dev/null", O_WRONLY);
    struct rec_writer *w = start(fd, 2);
    for (unsigned i = 0; i < 20; i++) {
        struct tf_batch *batch = take(w);
        fill(batch, i == 0, 100);
        if (i == 7) {
            assert_int_equal(dup2(null, fd), fd);
        }
        rec_writer_submit(w, batch);
    }
    struct tf_writer_stats stats;
    struct stat st;
    assert_int_equal(rec_writer_finish(w, &FOOTER, &stats, NULL), TF_OK);
    assert_int_equal(stats.events, 2000);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(stats.file_bytes, st.st_size);
    assert_true(fcntl(fd, F_GETFD) >= 0); /* not ours any more: left open */
    close(fd);
    close(null);
    unlink(path);
}

static void
a_full_disk_is_a_failure(void **state)
{
    (void)state;
    int fd = open("/dev/full", O_WRONLY);
    if (fd < 0) {
        skip();
    }
    struct rec_writer *w = NULL;
    struct tf_err err = TF_ERR_INIT;
    struct tf_header header = some_header();
    struct rec_writer_config config = {.fd = fd, .header = &header};
    assert_int_equal(rec_writer_start(&config, &w, &err), TF_ERR_IO);
    assert_int_equal(err.errno_value, ENOSPC);
    assert_null(w);
    assert_int_equal(fcntl(fd, F_GETFD), -1);
}

static void
failure_is_seen_while_it_goes_on(void **state)
{
    (void)state;
    int fd = new_file();
    struct rec_writer *w = start(fd, 2);
    close(fd);
    struct tf_err err = TF_ERR_INIT;
    for (unsigned i = 0; i < 1000 && !rec_writer_failed(w, &err); i++) {
        struct tf_batch *batch = take(w);
        fill(batch, i == 0, 2);
        rec_writer_submit(w, batch);
    }
    assert_int_equal(err.status, TF_ERR_IO);
    struct tf_writer_stats stats;
    assert_int_equal(rec_writer_finish(w, &FOOTER, &stats, NULL), TF_ERR_IO);
}

static volatile sig_atomic_t handled;
static volatile pid_t handler_thread;

static void
handle(int number)
{
    (void)number;
    handler_thread = gettid();
    handled++;
}

static void
signals_are_for_other_threads(void **state)
{
    (void)state;
    sigset_t before, after;
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    struct rec_writer *w = start(new_file(), 0);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    for (int number = 1; number < 32; number++) {
        assert_int_equal(sigismember(&before, number), sigismember(&after, number));
    }
    struct sigaction action = {.sa_handler = handle}, old;
    sigaction(SIGUSR1, &action, &old);
    for (int i = 0; i < 100; i++) {
        kill(getpid(), SIGUSR1);
        assert_int_equal(handler_thread, gettid());
    }
    assert_int_equal(handled, 100);
    /* blocked here, it waits: no other thread takes it */
    sigset_t blocked, pending;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &blocked, NULL);
    kill(getpid(), SIGUSR1);
    usleep(20000);
    sigpending(&pending);
    assert_true(sigismember(&pending, SIGUSR1));
    assert_int_equal(handled, 100);
    pthread_sigmask(SIG_UNBLOCK, &blocked, NULL);
    assert_int_equal(handled, 101);
    sigaction(SIGUSR1, &old, NULL);
    struct tf_writer_stats stats;
    assert_int_equal(rec_writer_finish(w, &FOOTER, &stats, NULL), TF_OK);
}

static void
a_forked_child_forgets(void **state)
{
    (void)state;
    int fd = new_file();
    struct rec_writer *w = start(fd, 2);
    for (unsigned i = 0; i < 20; i++) {
        struct tf_batch *batch = take(w);
        fill(batch, i == 0, 1000);
        rec_writer_submit(w, batch); /* the thread is at work while we fork */
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            alarm(10);
            rec_writer_forget(w);
            _exit(fcntl(fd, F_GETFD) == -1 ? 0 : 1);
        }
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
    }
    struct tf_writer_stats stats;
    assert_int_equal(rec_writer_finish(w, &FOOTER, &stats, NULL), TF_OK);
    assert_int_equal(stats.events, 20000);
}

/* How many batches are in the tail. */
static unsigned
in_tail(int fd, unsigned slot_count)
{
    unsigned count = 0;
    for (unsigned i = 0; i < slot_count; i++) {
        struct tf_tail_slot slot;
        off_t off = (off_t)(TF_TAIL_SLOT_OFF + i * sizeof slot);
        assert_int_equal(pread(fd, &slot, sizeof slot, off), sizeof slot);
        count += slot.batch != 0;
    }
    return count;
}

/* One second has not passed: nothing of the file has reached the disk. */
static void
a_batch_stays_in_the_tail_as_long_as_another_is_free(void **state)
{
    (void)state;
    char path[] = "/tmp/rec_writer.XXXXXX", tail_path[sizeof path + 8];
    int fd = mkstemp(path);
    snprintf(tail_path, sizeof tail_path, "%s" TF_TAIL_SUFFIX, path);
    struct rec_writer *w = start(fd, 3);
    int tail = open(tail_path, O_RDONLY);
    assert_true(tail >= 0);
    struct tf_batch *batch = take(w);
    tf_tail_begin(batch, 1);
    fill(batch, true, 100);
    tf_tail_publish(batch);
    rec_writer_submit(w, batch);
    rec_writer_drain(w);
    assert_int_equal(in_tail(tail, 3), 1);
    assert_ptr_not_equal(take(w), batch);
    assert_ptr_not_equal(take(w), batch);
    assert_int_equal(in_tail(tail, 3), 1);
    assert_ptr_equal(take(w), batch);
    assert_int_equal(in_tail(tail, 3), 0);
    struct tf_writer_stats stats;
    assert_int_equal(rec_writer_finish(w, &FOOTER, &stats, NULL), TF_OK);
    assert_int_equal(stats.events, 100);
    close(tail);
    unlink(path);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_every_batch),
        cmocka_unit_test(has_no_more_batches_than_asked_for),
        cmocka_unit_test(an_empty_recording_is_whole),
        cmocka_unit_test(says_why_it_failed_and_goes_on_taking),
        cmocka_unit_test(finds_its_file_again),
        cmocka_unit_test(a_full_disk_is_a_failure),
        cmocka_unit_test(failure_is_seen_while_it_goes_on),
        cmocka_unit_test(signals_are_for_other_threads),
        cmocka_unit_test(a_forked_child_forgets),
        cmocka_unit_test(a_batch_stays_in_the_tail_as_long_as_another_is_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
