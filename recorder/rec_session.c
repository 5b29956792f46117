#include "rec_session.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "rec_facts.h"
#include "rec_frames.h"
#include "rec_trace.h"
#include "rec_type.h"
#include "rec_writer.h"
#include "tf_tail.h"

struct rec_state rec;

static struct {
    struct rec_writer *writer;
    struct rec_facts facts;
    char reason[256]; /* why recording stopped early */
    bool started, finished;
    struct rec_session_result result;
} session;

static uint64_t
monotonic_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

void
rec_session_stop(const char *reason)
{
    rec.active = false;
    if (session.reason[0] == '\0') {
        snprintf(session.reason, sizeof session.reason, "%s", reason);
    }
}

/* --- Batches --- */
static void
begin_batch(void)
{
    rec.chunk++;
    rec.batch_ns = monotonic_ns() - rec.start_ns;
    rec_frames_keyframe();
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
        Py_BEGIN_ALLOW_THREADS
        rec_writer_wait(session.writer);
        Py_END_ALLOW_THREADS
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
    if (rec.active) {
        rec_shadow_died(&rec.shadow, base);
    }
}

/* --- Fork: the child is another process; its events are not of this recording. --- */
static void
after_fork_in_child(void)
{
    if (session.started && !session.finished) {
        rec.active = false;
        session.finished = true;
        rec_writer_forget(session.writer);
    }
}

/* --- Start and end --- */
static bool
init_state(const struct rec_session_config *config)
{
    rec.options = config->options;
    rec.facts = &session.facts;
    rec.start_ns = monotonic_ns();
    rec.main_tstate_id = rec_py_thread_id(PyThreadState_Get());
    rec.builtins = PyEval_GetBuiltins();
    rec_filter_init(&rec.filter, config->options);
    bool ok = rec_shadow_init(&rec.shadow);
    rec.shadow.type_died = rec_type_died;
    rec.shadow.frame_died = rec_frame_died;
    return ok;
}

tf_status
rec_session_start(const struct rec_session_config *config, struct tf_err *err)
{
    tf_status status = rec_facts_init(&session.facts, config->options, err);
    if (status != TF_OK) {
        return status;
    }
    if (!init_state(config)) {
        return tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
    }
    const struct rec_writer_config writer = {.fd = config->fd,
                                             .header = &session.facts.header,
                                             .tail = config->options->tail};
    status = rec_writer_start(&writer, &session.writer, err);
    if (status != TF_OK) {
        return status;
    }
    rec.batch = rec_writer_try_take(session.writer);
    tf_tail_begin(rec.batch, rec.seq + 1);
    session.started = true;
    if (pthread_atfork(NULL, NULL, after_fork_in_child) != 0) {
        return tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
    }
    rec_py_watch_deaths(died);
    rec.active = true;
    return rec_trace_install(err);
}

static void
fill_footer(struct tf_footer *footer, bool has_status, int exit_status)
{
    footer->end_ns = monotonic_ns() - rec.start_ns;
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
        if (rec.batch != NULL) {
            rec_writer_submit(session.writer, rec.batch);
            rec.batch = NULL;
        }
        fill_footer(&footer, has_status, exit_status);
        tf_status status =
            rec_writer_finish(session.writer, &footer, &session.result.stats, &err);
        session.result.ok = status == TF_OK;
        session.result.elided = rec.elided_count;
        snprintf(session.result.message, sizeof session.result.message, "%s",
                 status != TF_OK ? err.message : session.reason);
    }
    *ret = session.result;
}
