#include "rec_session.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "rec_checkpoint.h"
#include "rec_clock.h"
#include "rec_facts.h"
#include "rec_frames.h"
#include "rec_hooks.h"
#include "rec_signals.h"
#include "rec_trace.h"
#include "rec_type.h"
#include "rec_values.h"
#include "rec_writer.h"
#include "tf_renew.h"
#include "tf_tail.h"

struct rec_state rec;

static struct {
    struct rec_writer *writer;
    struct rec_facts facts;
    char reason[256]; /* why recording stopped early */
    bool started, finished;
    bool ending; /* and not to be ended twice */
    bool fork_watched;
    unsigned waiting; /* threads that wait for the writer */
    pid_t pid;
    struct rec_output child; /* in a forked child: its file */
    struct rec_session_result result;
} session;

void
rec_session_stop(const char *reason)
{
    rec.active = false;
    rec.whole = false;
    if (session.reason[0] == '\0') {
        snprintf(session.reason, sizeof session.reason, "%s", reason);
    }
}

/* --- Batches --- */
static void
begin_batch(void)
{
    rec.chunk++;
    rec.batch_ns = rec_clock_ns();
    rec_frames_keyframe();
    rec.batch->lost_reason = rec.lost;
    rec.lost = NULL;
    tf_tail_begin(rec.batch, rec.seq + 1);
}

bool
rec_session_wait_batch(void)
{
    struct tf_err err = TF_ERR_INIT;
    while (rec.active && rec.batch == NULL) {
        rec.batch = rec_writer_try_take(session.writer);
        if (rec.batch != NULL) {
            begin_batch();
            break;
        }
        session.waiting++;
        Py_BEGIN_ALLOW_THREADS
        rec_writer_wait(session.writer);
        Py_END_ALLOW_THREADS
        session.waiting--;
    }
    if (rec.active && rec_writer_failed(session.writer, &err)) {
        rec_session_stop(err.message);
    }
    return rec.active;
}

void
rec_session_next_batch(void)
{
    struct tf_batch *full = rec.batch;
    rec.batch = NULL;
    rec_writer_submit(session.writer, full);
    rec_session_wait_batch();
}

/* --- Deaths --- */
static void
died(uintptr_t base)
{
    if ((rec.active || rec.forked)
        && (!rec.interpreters || rec_py_is_main_interpreter())) {
        rec_shadow_died(&rec.shadow, base);
    }
}

void
rec_session_watch_deaths(void)
{
    rec_py_watch_deaths(died);
}

/* --- Fork: the child is another process; its events are not of this recording. --- */

/* It may have been forked by any code, at any time: nothing is done here that needs a lock. */
static void
after_fork_in_child(void)
{
    if (session.started && !session.finished) {
        rec.forked = rec.active && rec.options->forks;
        rec.active = false;
        session.finished = true;
        rec_signals_forget();
        rec_writer_forget(session.writer);
    }
}

/* --- Start and end --- */
static bool
init_state(const struct rec_session_config *config)
{
    rec.options = config->options;
    rec.text_rules = tf_rules_has_texts(rec.options->rules);
    rec.whole = true;
    rec.facts = &session.facts;
    rec_clock_begin();
    rec.main_tstate_id = rec_py_thread_id(PyThreadState_Get());
    rec.builtins = PyEval_GetBuiltins();
    rec_filter_init(&rec.filter, config->options);
    bool ok = rec_shadow_init(&rec.shadow);
    rec.shadow.type_died = rec_type_died;
    rec.shadow.frame_died = rec_frame_died;
    return ok;
}

static void
release_state(void)
{
    bool code_extra_ready = rec.code_extra_ready;
    signed char layout_result[TF_CAT_COUNT];
    memcpy(layout_result, rec.layout_result, sizeof layout_result);
    rec_frames_release();
    rec_threads_release();
    rec_code_release();
    rec_type_release();
    rec_values_release();
    rec_shadow_release(&rec.shadow);
    tf_renew_free(rec.renew);
    free(rec.deep);
    free(rec.queue);
    free(rec.view.item);
    free(rec.view.attr);
    free(rec.view.scratch);
    memset(&rec, 0, sizeof rec);
    rec.code_extra_ready = code_extra_ready;
    memcpy(rec.layout_result, layout_result, sizeof layout_result);
    rec_facts_release(&session.facts);
}

static tf_status
watch_forks(struct tf_err *err)
{
    if (!session.fork_watched && pthread_atfork(NULL, NULL, after_fork_in_child) != 0) {
        return tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
    }
    session.fork_watched = true;
    return TF_OK;
}

/* What the recording begins with is in its file before anything else is. */
static tf_status
begin_with_checkpoint(bool child, PyFrameObject *innermost, struct tf_err *err)
{
    struct tf_batch *first = rec.batch, *next = rec_writer_try_take(session.writer);
    tf_status status =
        child ? rec_checkpoint_begin_child(innermost, err) : rec_checkpoint_begin(err);
    if (status != TF_OK || next == NULL) {
        return status;
    }
    tf_rows_append(&next->keyframe, &first->keyframe);
    tf_rows_clear(&first->keyframe);
    rec.batch = next;
    tf_tail_begin(next, rec.seq + 1);
    rec_writer_submit(session.writer, first);
    rec_writer_drain(session.writer);
    return TF_OK;
}

bool
rec_session_is_on(void)
{
    return session.started && !session.finished;
}

uint64_t
rec_session_event_count(void)
{
    return rec.seq;
}

/* The facts are there; the hooks and `config->fd` are its business, also when it fails. */
static tf_status
install(const struct rec_session_config *config, struct tf_err *err)
{
    if (!init_state(config)) {
        close(config->fd);
        release_state();
        return tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
    }
    const struct rec_writer_config writer = {.fd = config->fd,
                                             .header = &session.facts.header,
                                             .tail = config->options->tail};
    tf_status status = rec_writer_start(&writer, &session.writer, err);
    if (status != TF_OK) {
        release_state();
        return status;
    }
    rec_signals_watch(session.writer);
    rec.batch = rec_writer_try_take(session.writer);
    tf_tail_begin(rec.batch, rec.seq + 1);
    session.started = true;
    rec_session_watch_deaths();
    rec.active = true;
    return rec_trace_install(config->running, err);
}

static void
reset_session(void)
{
    session.started = session.finished = false;
    session.reason[0] = '\0';
    session.waiting = 0;
    session.pid = getpid();
    session.result = (struct rec_session_result){0};
}

/* After install() and what came with it: `status` as it was. */
static tf_status
end_if_failed(tf_status status)
{
    struct rec_session_result ignored;
    if (status != TF_OK && session.started) {
        rec_session_end(NULL, &ignored);
    }
    return status;
}

tf_status
rec_session_start(const struct rec_session_config *config, struct tf_err *err)
{
    reset_session();
    tf_status status = watch_forks(err);
    if (status == TF_OK) {
        status = rec_facts_init(&session.facts, config->options, err);
    }
    if (status != TF_OK) {
        close(config->fd);
        return status;
    }
    rec_fork_prepare(config->fd);
    rec_output_release(&session.child);
    status = install(config, err);
    if (status == TF_OK && config->running) {
        status = begin_with_checkpoint(false, NULL, err);
    }
    return end_if_failed(status);
}

/* --- A forked child's --- */

/* What the parent knew of the program is forgotten, except the facts. */
static void
forget_parent(void)
{
    struct rec_facts facts = session.facts;
    session.facts = (struct rec_facts){0};
    rec_hooks_remove();
    rec_py_unwatch_deaths();
    release_state();
    session.facts = facts;
}

static tf_status
begin_child(PyFrameObject *innermost, struct tf_err *err)
{
    struct rec_session_config config = {.options = rec.options, .running = true};
    uint64_t parent_seq = rec.seq;
    forget_parent();
    reset_session();
    rec_output_release(&session.child);
    tf_status status = rec_facts_fork(&session.facts, parent_seq, err);
    if (status == TF_OK) {
        status = rec_fork_open(&session.child, err);
    }
    if (status != TF_OK) {
        rec_facts_release(&session.facts);
        return status;
    }
    config.fd = session.child.fd;
    status = install(&config, err);
    if (status == TF_OK) {
        status = begin_with_checkpoint(true, innermost, err);
    }
    if (end_if_failed(status) != TF_OK) {
        rec_output_discard(&session.child);
    }
    return status;
}

bool
rec_session_follow_fork(PyFrameObject *innermost)
{
    struct tf_err err = TF_ERR_INIT;
    PyObject *error[3];
    if (!rec_py_is_main_interpreter()) {
        return false;
    }
    PyErr_Fetch(&error[0], &error[1], &error[2]);
    bool ok = begin_child(innermost, &err) == TF_OK;
    rec_fork_tell(ok ? NULL : err.message);
    PyErr_Restore(error[0], error[1], error[2]);
    return ok;
}

pid_t
rec_session_pid(void)
{
    return session.pid;
}

const char *
rec_session_child_path(void)
{
    return session.child.path;
}

static void
fill_footer(struct tf_footer *footer, bool has_status, int exit_status)
{
    footer->end_ns = rec_clock_ns();
    footer->end_ns += footer->end_ns == 0; /* as the stamps, of which 0 is none */
    footer->has_exit_status = has_status;
    footer->exit_status = exit_status;
    if (!has_status || exit_status != 0) {
        footer->failure_seq = rec.failure_seq;
        footer->failure_object = rec.failure_object;
    }
    footer->end_reason = (struct tf_text){session.reason, strlen(session.reason)};
    footer->elided_count = rec.elided_count;
}

void
rec_session_finish(bool has_status, int exit_status, struct rec_session_result *ret)
{
    if (session.started && !session.finished) {
        struct tf_err err = TF_ERR_INIT;
        struct tf_footer footer = {0};
        session.finished = true;
        rec.active = false;
        rec_signals_forget();
        if (rec.batch != NULL) {
            rec_writer_submit(session.writer, rec.batch);
            rec.batch = NULL;
        }
        fill_footer(&footer, has_status, exit_status);
        tf_status status =
            rec_writer_finish(session.writer, &footer, &session.result.stats, &err);
        session.result.ok = status == TF_OK;
        session.result.elided = rec.elided_count;
        session.result.children = rec_fork_tally();
        snprintf(session.result.message, sizeof session.result.message, "%s",
                 status != TF_OK ? err.message : session.reason);
    }
    *ret = session.result;
}

/* A thread that waits for the writer goes on when that has written what it has. */
static void
wait_for_waiting(void)
{
    while (session.waiting > 0) {
        Py_BEGIN_ALLOW_THREADS
        usleep(200);
        Py_END_ALLOW_THREADS
    }
}

bool
rec_session_end(void (*ended)(void), struct rec_session_result *ret)
{
    struct tf_footer footer = {0};
    struct tf_err err = TF_ERR_INIT;
    if (!rec_session_is_on() || session.ending) {
        return false;
    }
    session.ending = true;
    rec.active = false;
    rec_signals_forget();
    rec_hooks_remove();
    rec_py_unwatch_deaths();
    wait_for_waiting();
    if (rec.batch != NULL) {
        rec_writer_submit(session.writer, rec.batch);
        rec.batch = NULL;
    }
    fill_footer(&footer, false, 0);
    char reason[sizeof session.reason];
    memcpy(reason, session.reason, sizeof reason);
    footer.end_reason.data = reason;
    struct rec_writer *writer = session.writer;
    struct rec_session_result result = {.elided = rec.elided_count,
                                        .children = rec_fork_tally()};
    release_state();
    if (ended != NULL) {
        ended();
    }
    session.finished = true; /* another may begin from here on */
    session.ending = false;
    tf_status status;
    Py_BEGIN_ALLOW_THREADS
    status = rec_writer_finish(writer, &footer, &result.stats, &err);
    Py_END_ALLOW_THREADS
    result.ok = status == TF_OK;
    snprintf(result.message, sizeof result.message, "%s",
             status != TF_OK ? err.message : reason);
    *ret = result;
    return true;
}
