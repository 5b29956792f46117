#include "rp_ask_ahead.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "tf_aside.h"

/* With more than this decoded and not yet taken the thread waits. */
#define BYTES_MAX ((size_t)48 << 20)

struct ahead_chunk {
    size_t idx;
    struct tf_chunk *raw;
    tf_status status;
    struct tf_err err;
};

struct rp_ahead {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t asked, decoded;
    struct tf_aside *aside; /* used by the thread only */
    struct ahead_chunk chunk[RP_AHEAD];
    unsigned first;       /* place of the one to be taken next */
    unsigned done, count; /* of those from `first` on: decoded, asked for */
    size_t bytes;         /* of those that are decoded */
    bool quit;
};

static void *
work(void *arg)
{
    struct rp_ahead *ahead = arg;
    pthread_mutex_lock(&ahead->mutex);
    for (;;) {
        while (!ahead->quit
               && (ahead->done == ahead->count || ahead->bytes > BYTES_MAX)) {
            pthread_cond_wait(&ahead->asked, &ahead->mutex);
        }
        if (ahead->quit) {
            break;
        }
        struct ahead_chunk *chunk =
            &ahead->chunk[(ahead->first + ahead->done) % RP_AHEAD];
        size_t idx = chunk->idx;
        struct tf_chunk *raw = NULL;
        struct tf_err err = TF_ERR_INIT;
        pthread_mutex_unlock(&ahead->mutex);
        tf_status status = tf_aside_chunk(ahead->aside, idx, &raw, &err);
        pthread_mutex_lock(&ahead->mutex);
        chunk->raw = raw;
        chunk->status = status;
        chunk->err = err;
        ahead->bytes += raw ? raw->memory_bytes : 0;
        ahead->done++;
        pthread_cond_signal(&ahead->decoded);
    }
    pthread_mutex_unlock(&ahead->mutex);
    return NULL;
}

/* Signals are the first thread's business. */
static bool
start_thread(struct rp_ahead *ahead)
{
    sigset_t all, before;
    sigfillset(&all);
    if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0) {
        return false;
    }
    int error = pthread_create(&ahead->thread, NULL, work, ahead);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error == 0;
}

struct rp_ahead *
rp_ahead_start(struct rp *rp)
{
    struct rp_ahead *ahead = calloc(1, sizeof *ahead);
    if (!ahead) {
        return NULL;
    }
    pthread_mutex_init(&ahead->mutex, NULL);
    pthread_cond_init(&ahead->asked, NULL);
    pthread_cond_init(&ahead->decoded, NULL);
    if (tf_aside_open(rp->reader, &ahead->aside, NULL) != TF_OK
        || !start_thread(ahead)) {
        tf_aside_close(ahead->aside);
        free(ahead);
        return NULL;
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
    pthread_cond_signal(&ahead->asked);
    pthread_mutex_unlock(&ahead->mutex);
    pthread_join(ahead->thread, NULL);
    for (unsigned i = 0; i < ahead->done; i++) {
        tf_chunk_free(ahead->chunk[(ahead->first + i) % RP_AHEAD].raw);
    }
    tf_aside_close(ahead->aside);
    pthread_cond_destroy(&ahead->asked);
    pthread_cond_destroy(&ahead->decoded);
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
rp_ahead_take(struct rp_ahead *ahead, struct tf_chunk **ret_chunk, struct tf_err *err)
{
    pthread_mutex_lock(&ahead->mutex);
    while (ahead->done == 0) {
        pthread_cond_wait(&ahead->decoded, &ahead->mutex);
    }
    struct ahead_chunk chunk = ahead->chunk[ahead->first];
    ahead->first = (ahead->first + 1) % RP_AHEAD;
    ahead->done--;
    ahead->count--;
    ahead->bytes -= chunk.raw ? chunk.raw->memory_bytes : 0;
    pthread_cond_signal(&ahead->asked);
    pthread_mutex_unlock(&ahead->mutex);
    if (chunk.status == TF_OK) {
        *ret_chunk = chunk.raw;
    }
    else if (err) {
        *err = chunk.err;
    }
    return chunk.status;
}
