#include "rp_ask_ahead.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>

#include "tf_aside.h"

/* With more than this decoded and not yet taken the threads wait. */
#define BYTES_MAX ((size_t)32 << 20)
/* What is asked of a chunk costs less than to decode it: more of them would only wait. */
#define THREADS_MAX 3

struct ahead_chunk {
    size_t idx;
    bool done;
    struct rp_chunk *chunk;
    tf_status status;
    struct tf_err err;
};

struct worker {
    struct rp_ahead *ahead;
    pthread_t thread;
    struct tf_aside *aside; /* used by the thread only */
};

struct rp_ahead {
    struct rp *rp; /* the threads read its facts only */
    struct worker worker[THREADS_MAX];
    unsigned worker_count;
    pthread_mutex_t mutex;
    pthread_cond_t asked, done;
    struct ahead_chunk chunk[RP_AHEAD];
    unsigned first;        /* place of the one to be taken next */
    unsigned begun, count; /* of those from `first` on: given to a thread, asked for */
    size_t bytes;          /* of those that are decoded */
    bool quit;
};

static tf_status
make_chunk(struct worker *worker, size_t idx, struct rp_chunk **ret_chunk,
           struct tf_err *err)
{
    struct tf_chunk *raw;
    struct rp_chunk *chunk;
    tf_status status = tf_aside_chunk(worker->aside, idx, &raw, err);
    if (status == TF_OK) {
        status = rp_chunk_new(raw, idx, &chunk, err);
    }
    if (status != TF_OK) {
        return status;
    }
    status = rp_chunk_build(worker->ahead->rp, worker->aside, chunk, err);
    if (status != TF_OK) {
        rp_chunk_free(chunk);
        return status;
    }
    *ret_chunk = chunk;
    return TF_OK;
}

static void *
work(void *arg)
{
    struct worker *worker = arg;
    struct rp_ahead *ahead = worker->ahead;
    pthread_mutex_lock(&ahead->mutex);
    for (;;) {
        while (!ahead->quit
               && (ahead->begun == ahead->count || ahead->bytes > BYTES_MAX)) {
            pthread_cond_wait(&ahead->asked, &ahead->mutex);
        }
        if (ahead->quit) {
            break;
        }
        struct ahead_chunk *slot =
            &ahead->chunk[(ahead->first + ahead->begun++) % RP_AHEAD];
        struct rp_chunk *chunk = NULL;
        struct tf_err err = TF_ERR_INIT;
        pthread_mutex_unlock(&ahead->mutex);
        tf_status status = make_chunk(worker, slot->idx, &chunk, &err);
        pthread_mutex_lock(&ahead->mutex);
        slot->chunk = chunk;
        slot->status = status;
        slot->err = err;
        slot->done = true;
        ahead->bytes += chunk ? chunk->memory_bytes : 0;
        pthread_cond_signal(&ahead->done);
    }
    pthread_mutex_unlock(&ahead->mutex);
    return NULL;
}

/* As many as there are processors for. */
static unsigned
thread_count(void)
{
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return (unsigned)(count < 1 ? 1 : count > THREADS_MAX ? THREADS_MAX : count);
}

static bool
start_worker(struct rp_ahead *ahead)
{
    struct worker *worker = &ahead->worker[ahead->worker_count];
    worker->ahead = ahead;
    if (tf_aside_open(ahead->rp->reader, &worker->aside, NULL) != TF_OK) {
        return false;
    }
    if (pthread_create(&worker->thread, NULL, work, worker) != 0) {
        tf_aside_close(worker->aside);
        return false;
    }
    ahead->worker_count++;
    return true;
}

struct rp_ahead *
rp_ahead_start(struct rp *rp)
{
    sigset_t all, before; /* signals are the first thread's business */
    struct rp_ahead *ahead = calloc(1, sizeof *ahead);
    if (!ahead) {
        return NULL;
    }
    ahead->rp = rp;
    pthread_mutex_init(&ahead->mutex, NULL);
    pthread_cond_init(&ahead->asked, NULL);
    pthread_cond_init(&ahead->done, NULL);
    sigfillset(&all);
    if (pthread_sigmask(SIG_SETMASK, &all, &before) == 0) {
        for (unsigned wanted = thread_count(); wanted > 0 && start_worker(ahead);) {
            wanted--;
        }
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    if (ahead->worker_count == 0) {
        rp_ahead_stop(ahead);
        ahead = NULL;
    }
    return ahead;
}

void
rp_ahead_stop(struct rp_ahead *ahead)
{
    if (!ahead) {
        return;
    }
    pthread_mutex_lock(&ahead->mutex);
    ahead->quit = true;
    pthread_cond_broadcast(&ahead->asked);
    pthread_mutex_unlock(&ahead->mutex);
    for (unsigned i = 0; i < ahead->worker_count; i++) {
        pthread_join(ahead->worker[i].thread, NULL);
        tf_aside_close(ahead->worker[i].aside);
    }
    for (unsigned i = 0; i < ahead->begun; i++) {
        rp_chunk_free(ahead->chunk[(ahead->first + i) % RP_AHEAD].chunk);
    }
    pthread_cond_destroy(&ahead->asked);
    pthread_cond_destroy(&ahead->done);
    pthread_mutex_destroy(&ahead->mutex);
    free(ahead);
}

void
rp_ahead_ask(struct rp_ahead *ahead, size_t idx)
{
    pthread_mutex_lock(&ahead->mutex);
    ahead->chunk[(ahead->first + ahead->count) % RP_AHEAD] =
        (struct ahead_chunk){.idx = idx};
    ahead->count++;
    pthread_cond_signal(&ahead->asked);
    pthread_mutex_unlock(&ahead->mutex);
}

tf_status
rp_ahead_take(struct rp_ahead *ahead, struct rp_chunk **ret_chunk, struct tf_err *err)
{
    pthread_mutex_lock(&ahead->mutex);
    while (!ahead->chunk[ahead->first].done) {
        pthread_cond_wait(&ahead->done, &ahead->mutex);
    }
    struct ahead_chunk chunk = ahead->chunk[ahead->first];
    ahead->first = (ahead->first + 1) % RP_AHEAD;
    ahead->begun--;
    ahead->count--;
    ahead->bytes -= chunk.chunk ? chunk.chunk->memory_bytes : 0;
    pthread_cond_broadcast(&ahead->asked);
    pthread_mutex_unlock(&ahead->mutex);
    if (chunk.status == TF_OK) {
        return rp_chunk_adopt(ahead->rp, chunk.chunk, ret_chunk, err);
    }
    if (err) {
        *err = chunk.err;
    }
    return chunk.status;
}
