#include "rec_sync.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define STACK_BYTES 65536u

struct rec_sync {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t closed;
    bool closing; /* under the lock */
    const struct rec_sink *sink;
    struct tf_tail *tail;
};

/* The recording first: a batch may already be gone from the tail. */
static void
sync_all(const struct rec_sync *sync)
{
    rec_sink_sync(sync->sink);
    if (sync->tail != NULL) {
        tf_tail_sync(sync->tail);
    }
}

static void *
thread_main(void *arg)
{
    struct rec_sync *sync = arg;
    struct timespec until;
    pthread_setname_np(pthread_self(), "pyrec-sync");
    pthread_mutex_lock(&sync->lock);
    while (!sync->closing) {
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec++;
        int waited = pthread_cond_timedwait(&sync->closed, &sync->lock, &until);
        if (waited == ETIMEDOUT && !sync->closing) {
            pthread_mutex_unlock(&sync->lock);
            sync_all(sync);
            pthread_mutex_lock(&sync->lock);
        }
    }
    pthread_mutex_unlock(&sync->lock);
    return NULL;
}

static bool
start_thread(struct rec_sync *sync)
{
    sigset_t all, before;
    pthread_attr_t attr;
    size_t stack = (size_t)PTHREAD_STACK_MIN > STACK_BYTES ? (size_t)PTHREAD_STACK_MIN
                                                           : STACK_BYTES;
    if (pthread_attr_init(&attr) != 0) {
        return false;
    }
    pthread_attr_setstacksize(&attr, stack);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&sync->thread, &attr, thread_main, sync);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    return failed == 0;
}

static void
sync_free(struct rec_sync *sync)
{
    pthread_cond_destroy(&sync->closed);
    pthread_mutex_destroy(&sync->lock);
    free(sync);
}

struct rec_sync *
rec_sync_start(const struct rec_sink *sink, struct tf_tail *tail)
{
    pthread_condattr_t attr;
    struct rec_sync *sync = calloc(1, sizeof *sync);
    if (sync == NULL) {
        return NULL;
    }
    sync->sink = sink;
    sync->tail = tail;
    pthread_mutex_init(&sync->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&sync->closed, &attr);
    pthread_condattr_destroy(&attr);
    if (!start_thread(sync)) {
        sync_free(sync);
        return NULL;
    }
    return sync;
}

void
rec_sync_stop(struct rec_sync *sync)
{
    if (sync == NULL) {
        return;
    }
    pthread_mutex_lock(&sync->lock);
    sync->closing = true;
    pthread_cond_signal(&sync->closed);
    pthread_mutex_unlock(&sync->lock);
    pthread_join(sync->thread, NULL);
    sync_free(sync);
}
