#include "rec_run.h"

#include <Python.h>

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rec_output.h"
#include "rec_pycompat.h"
#include "rec_session.h"

static struct {
    const struct rec_options *options;
    struct rec_output output;
    pid_t
        pid; /* of the recorded process; its forked children have recordings of their own */
    bool started;
    bool reported;
    struct stat stderr_stat; /* the program may have put something else in its place */
} run;

/* --- The line at the end --- */

static bool
stderr_is_ours(void)
{
    struct stat now;
    return fstat(STDERR_FILENO, &now) == 0 && now.st_dev == run.stderr_stat.st_dev
           && now.st_ino == run.stderr_stat.st_ino;
}

static void
format_size(char *text, size_t size, uint64_t bytes)
{
    static const char *const UNITS[] = {"KB", "MB", "GB", "TB"};
    if (bytes < 1000) {
        snprintf(text, size, "%" PRIu64 " bytes", bytes);
        return;
    }
    double value = (double)bytes / 1000;
    size_t unit = 0;
    while (value >= 999.95 && unit < 3) {
        value /= 1000;
        unit++;
    }
    snprintf(text, size, "%.1f %s", value, UNITS[unit]);
}

/* 1234567 as 1,234,567. */
static void
format_count(char *text, size_t size, uint64_t count)
{
    char digits[24];
    size_t len = (size_t)snprintf(digits, sizeof digits, "%" PRIu64, count);
    size_t to = 0;
    for (size_t i = 0; i < len && to + 2 < size; i++) {
        if (i > 0 && (len - i) % 3 == 0) {
            text[to++] = ',';
        }
        text[to++] = digits[i];
    }
    text[to] = '\0';
}

/* The file's name as a shell takes it. Control characters would be the terminal's. */
static void
print_word(FILE *out, const char *word)
{
    bool plain = word[0] != '\0';
    for (const char *c = word; *c != '\0'; c++) {
        plain &= strchr("+,-./:=@_%", *c) != NULL || (*c >= '0' && *c <= '9')
                 || (*c >= 'A' && *c <= 'Z') || (*c >= 'a' && *c <= 'z')
                 || (unsigned char)*c >= 0x80;
    }
    if (plain) {
        fputs(word, out);
        return;
    }
    fputc('\'', out);
    for (const char *c = word; *c != '\0'; c++) {
        if (*c == '\'') {
            fputs("'\\''", out);
        }
        else {
            fputc((unsigned char)*c < 0x20 || *c == 0x7f ? '?' : *c, out);
        }
    }
    fputc('\'', out);
}

/* Of the forked children: how many recordings there are beside this one. */
static void
print_children(const struct rec_fork_tally *children)
{
    if (children->recorded > 0) {
        fprintf(stderr, ", and %" PRIu32 " forked child%s beside it",
                children->recorded, children->recorded == 1 ? "" : "ren");
    }
    if (children->failed > 0) {
        fprintf(stderr, ", %" PRIu32 " forked child%s not recorded: %s",
                children->failed, children->failed == 1 ? "" : "ren", children->reason);
    }
}

/* One line, also when recording stopped early: then it says why. */
static void
print_summary(const struct rec_session_result *result)
{
    char events[32], size[32];
    bool early = result->message[0] != '\0';
    format_count(events, sizeof events, result->stats.events);
    format_size(size, sizeof size, result->stats.file_bytes);
    fputs("pyrecord: ", stderr);
    print_word(stderr, run.output.path);
    fprintf(stderr, ": %s event%s, %s%s%s", events,
            result->stats.events == 1 ? "" : "s", size,
            early ? ", recording stopped early: " : "", result->message);
    print_children(&result->children);
    fputs("; open it with: pyreplay ", stderr);
    print_word(stderr, run.output.path);
    fputc('\n', stderr);
    fflush(stderr);
}

static void
report(bool has_status, int status)
{
    struct rec_session_result result = {0};
    if (!run.started || getpid() != rec_session_pid()) {
        return;
    }
    if (getpid() != run.pid) { /* a forked child: its parent tells of it */
        rec_session_finish(has_status, status, &result);
        return;
    }
    if (run.reported) {
        return;
    }
    run.reported = true;
    rec_session_finish(has_status, status, &result);
    bool early = result.message[0] != '\0';
    if ((!run.options->quiet || early) && stderr_is_ours()) {
        print_summary(&result);
    }
}

static void
at_exit(int status, void *unused)
{
    (void)unused;
    if (run.started && getpid() == rec_session_pid() && Py_IsInitialized()) {
        PyGILState_Ensure(); /* C code called exit(): no other thread may go on */
    }
    report(true, status & 0xff);
}

static void
at_finalized(void)
{
    if (rec_py_interrupted()) {
        report(true, -SIGINT);
    }
}

/* --- The start --- */

void
rec_run_prepare(void)
{
    fstat(STDERR_FILENO, &run.stderr_stat);
    on_exit(at_exit, NULL);
}

tf_status
rec_run_start(const struct rec_options *options, struct tf_err *err)
{
    tf_status status = rec_output_open(options, &run.output, err);
    if (status != TF_OK) {
        return status;
    }
    const struct rec_session_config config = {
        .options = options,
        .fd = run.output.fd,
        .output_path = run.output.path,
    };
    status = rec_session_start(&config, err);
    if (status != TF_OK) {
        rec_output_discard(&run.output);
        return status;
    }
    run.options = options;
    run.pid = getpid();
    run.started = true;
    Py_AtExit(at_finalized);
    return TF_OK;
}
