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
    /* Under the lock. */
    bool closing;
    bool in_disk; /* the thread waits for the disk */
    bool left;    /* nobody waits for the thread: it frees this */
    uint64_t synced_bytes;
    int error; /* of the first sync that failed */
    const struct rec_sink *sink;
    struct tf_tail *tail;
};

/* A disk may take seconds, and nothing may have to wait for it: what is borrowed may be gone
 * afterwards. The errno if the disk failed. */
static int
to_disk(struct rec_sync *sync, int fd)
{
    sync->in_disk = true;
    pthread_mutex_unlock(&sync->lock);
    int error = fd >= 0 && fdatasync(fd) != 0 ? errno : 0;
    pthread_mutex_lock(&sync->lock);
    sync->in_disk = false;
    return error;
}

/* The recording first: a batch may already be gone from the tail. */
static void
sync_all(struct rec_sync *sync)
{
    uint64_t bytes = 0;
    int error = to_disk(sync, rec_sink_for_sync(sync->sink, &bytes));
    if (error == EIO || error == ENOSPC || error == EDQUOT) { /* some of it is lost */
        __atomic_store_n(&sync->error, error, __ATOMIC_RELEASE);
    }
    else if (error == 0) {
        __atomic_store_n(&sync->synced_bytes, bytes, __ATOMIC_RELEASE);
    }
    if (sync->tail != NULL && !sync->closing) {
        to_disk(sync, tf_tail_seal_for_sync(sync->tail));
    }
}

static void
sync_free(struct rec_sync *sync)
{
    pthread_cond_destroy(&sync->closed);
    pthread_mutex_destroy(&sync->lock);
    free(sync);
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
            sync_all(sync);
        }
    }
    bool left = sync->left;
    pthread_mutex_unlock(&sync->lock);
    if (left) {
        sync_free(sync);
    }
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
    sync->left = sync->in_disk;
    if (sync->left) {
        pthread_detach(sync->thread);
        pthread_mutex_unlock(&sync->lock);
        return;
    }
    pthread_cond_signal(&sync->closed);
    pthread_mutex_unlock(&sync->lock);
    pthread_join(sync->thread, NULL);
    sync_free(sync);
}

int
rec_sync_error(const struct rec_sync *sync)
{
    return sync != NULL ? __atomic_load_n(&sync->error, __ATOMIC_ACQUIRE) : 0;
}

uint64_t
rec_sync_bytes(const struct rec_sync *sync)
{
    return sync != NULL ? __atomic_load_n(&sync->synced_bytes, __ATOMIC_ACQUIRE)
                        : UINT64_MAX;
}
