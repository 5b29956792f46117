#include "rec_writer.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rec_sink.h"
#include "rec_sync.h"
#include "tf_limits.h"
#include "tf_tail.h"

struct slot {
    struct tf_batch batch;
    struct slot *next;      /* in the list of free ones or in the queue */
    uint64_t written_bytes; /* of the file, with what was in the batch */
};

struct rec_writer {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t submitted; /* the queue or `closing` changed */
    pthread_cond_t freed;     /* a batch became free */

    /* Under the lock. */
    struct slot *free;
    struct slot *queue_head, *queue_tail;
    unsigned pending; /* submitted and not free again */
    bool closing;
    bool failed;
    struct tf_err err; /* valid once failed */

    /* The thread's own until it is joined. */
    struct rec_sink sink;
    struct tf_writer *writer;
    bool no_thread;        /* none could be started: who submits a batch writes it */
    bool broken;           /* it has failed: the recording ends before */
    struct tf_tail *tail;  /* NULL: there is none */
    struct rec_sync *sync; /* likewise */
    struct tf_writer_stats written;

    unsigned slot_count;
    struct slot slots[];
};

/* With the lock held. */
static void
note_failure(struct rec_writer *w, const struct tf_err *err)
{
    if (!w->failed) {
        w->failed = true;
        w->err = *err;
    }
}

/* Without the lock. */
static void
write_batch(struct rec_writer *w, const struct tf_batch *batch)
{
    struct tf_err err = TF_ERR_INIT;
    int disk_error = rec_sync_error(w->sync);
    if (w->broken) {
        return;
    }
    if (disk_error != 0) {
        tf_err_set_errno(&err, disk_error, "the disk has not taken the recording");
    }
    else if (tf_writer_batch(w->writer, batch, &err) == TF_OK) {
        w->written.events += batch->changes.event_count;
        w->written.chunks++;
        w->written.file_bytes = w->sink.sink.written_bytes;
        return;
    }
    w->broken = true;
    pthread_mutex_lock(&w->lock);
    note_failure(w, &err);
    pthread_mutex_unlock(&w->lock);
}

static void
empty(struct slot *slot)
{
    tf_tail_free(&slot->batch);
    tf_batch_clear(&slot->batch);
}

/* Without the lock. What was in the batch stays in the tail until the batch is used again:
 * as a rule the file has reached the disk by then. */
static void
write_slot(struct rec_writer *w, struct slot *slot)
{
    write_batch(w, &slot->batch);
    slot->written_bytes = w->sink.sink.written_bytes;
    if (!tf_tail_holds(&slot->batch)) {
        empty(slot);
    }
    pthread_mutex_lock(&w->lock);
    slot->next = w->free;
    w->free = slot;
    w->pending--;
    pthread_cond_broadcast(&w->freed);
    pthread_mutex_unlock(&w->lock);
}

static void *
thread_main(void *arg)
{
    struct rec_writer *w = arg;
    pthread_setname_np(pthread_self(), "pyrec-writer");
    pthread_mutex_lock(&w->lock);
    for (;;) {
        while (w->queue_head == NULL && !w->closing) {
            pthread_cond_wait(&w->submitted, &w->lock);
        }
        struct slot *slot = w->queue_head;
        if (slot == NULL) {
            break;
        }
        w->queue_head = slot->next;
        if (w->queue_head == NULL) {
            w->queue_tail = NULL;
        }
        pthread_mutex_unlock(&w->lock);
        write_slot(w, slot);
        pthread_mutex_lock(&w->lock);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

/* The thread inherits the mask that is in force here. */
static int
start_thread(struct rec_writer *w)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&w->thread, NULL, thread_main, w);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed;
}

static struct rec_writer *
writer_alloc(unsigned slot_count)
{
    struct rec_writer *w = calloc(1, sizeof *w + slot_count * sizeof w->slots[0]);
    if (w == NULL) {
        return NULL;
    }
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->submitted, NULL);
    pthread_cond_init(&w->freed, NULL);
    w->slot_count = slot_count;
    for (unsigned i = 0; i < slot_count; i++) {
        tf_batch_init(&w->slots[i].batch);
        w->slots[i].next = w->free;
        w->free = &w->slots[i];
    }
    return w;
}

static void
writer_free(struct rec_writer *w)
{
    if (w->writer != NULL) {
        tf_writer_abandon(w->writer);
    }
    for (unsigned i = 0; i < w->slot_count; i++) {
        tf_batch_release(&w->slots[i].batch);
    }
    tf_tail_close(w->tail, true);
    pthread_cond_destroy(&w->freed);
    pthread_cond_destroy(&w->submitted);
    pthread_mutex_destroy(&w->lock);
    rec_sink_release(&w->sink);
    free(w);
}

/* Says in the header that there is one, or why not. */
static void
make_tail(struct rec_writer *w, struct tf_header *header, struct tf_err *why_not)
{
    char *path = rec_sink_beside(&w->sink, TF_TAIL_SUFFIX);
    if (path == NULL) {
        tf_err_set(why_not, TF_ERR_IO, -1, "the recording is not a file with a name");
    }
    else if (tf_tail_create(path, header->uuid, w->slot_count, rec_sink_move_up,
                            &w->tail, why_not)
             == TF_OK) {
        header->tail_events = (uint64_t)w->slot_count * TF_CHUNK_EVENTS;
        for (unsigned i = 0; i < w->slot_count; i++) {
            tf_tail_attach(w->tail, i, &w->slots[i].batch);
        }
    }
    free(path);
    header->tail_absent = (struct tf_text){why_not->message, strlen(why_not->message)};
}

static tf_status
start_writer(struct rec_writer *w, const struct rec_writer_config *config,
             struct tf_err *err)
{
    struct tf_header header = *config->header;
    struct tf_err why_not = TF_ERR_INIT;
    tf_status status = rec_sink_init(&w->sink, config->fd, err);
    if (status != TF_OK) {
        return status;
    }
    if (config->tail) {
        make_tail(w, &header, &why_not);
    }
    else {
        header.tail_absent = (struct tf_text){"it was not wanted", 17};
    }
    return tf_writer_open(&w->sink.sink, &header, 0, &w->writer, err);
}

tf_status
rec_writer_start(const struct rec_writer_config *config, struct rec_writer **ret,
                 struct tf_err *err)
{
    tf_status status;
    struct rec_writer *w = writer_alloc(config->batch_count != 0 ? config->batch_count
                                                                 : REC_WRITER_BATCHES);
    if (w == NULL) {
        status = tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
        goto out;
    }
    status = start_writer(w, config, err);
    if (status == TF_OK) {
        w->written.file_bytes = w->sink.sink.written_bytes;
        w->no_thread = start_thread(w) != 0;
    }
out:
    if (status == TF_OK) {
        w->sync = rec_sync_start(&w->sink, w->tail);
        *ret = w;
        return TF_OK;
    }
    if (w != NULL) {
        writer_free(w);
    }
    close(config->fd);
    return status;
}

/* One whose chunk would outlive a power cut, if there is one: it is gone from the tail. With
 * the lock held. */
static struct slot *
pop_free(struct rec_writer *w)
{
    uint64_t synced_bytes = rec_sync_bytes(w->sync);
    struct slot **link = &w->free;
    while (*link != NULL && (*link)->written_bytes > synced_bytes) {
        link = &(*link)->next;
    }
    if (*link == NULL) {
        link = &w->free;
    }
    struct slot *slot = *link;
    if (slot != NULL) {
        *link = slot->next;
        slot->next = NULL;
    }
    return slot;
}

struct tf_batch *
rec_writer_try_take(struct rec_writer *w)
{
    pthread_mutex_lock(&w->lock);
    struct slot *slot = pop_free(w);
    pthread_mutex_unlock(&w->lock);
    if (slot == NULL) {
        return NULL;
    }
    if (tf_tail_holds(&slot->batch)) {
        empty(slot);
    }
    return &slot->batch;
}

void
rec_writer_wait(struct rec_writer *w)
{
    pthread_mutex_lock(&w->lock);
    while (w->free == NULL && w->pending > 0) {
        pthread_cond_wait(&w->freed, &w->lock);
    }
    pthread_mutex_unlock(&w->lock);
}

void
rec_writer_drain(struct rec_writer *w)
{
    pthread_mutex_lock(&w->lock);
    while (w->pending > 0) {
        pthread_cond_wait(&w->freed, &w->lock);
    }
    pthread_mutex_unlock(&w->lock);
}

void
rec_writer_submit(struct rec_writer *w, struct tf_batch *batch)
{
    struct slot *slot = (struct slot *)batch; /* its first member */
    slot->next = NULL;
    pthread_mutex_lock(&w->lock);
    if (w->no_thread) {
        w->pending++;
        pthread_mutex_unlock(&w->lock);
        write_slot(w, slot);
        return;
    }
    if (w->queue_tail != NULL) {
        w->queue_tail->next = slot;
    }
    else {
        w->queue_head = slot;
    }
    w->queue_tail = slot;
    w->pending++;
    pthread_cond_signal(&w->submitted);
    pthread_mutex_unlock(&w->lock);
}

bool
rec_writer_failed(struct rec_writer *w, struct tf_err *ret_err)
{
    pthread_mutex_lock(&w->lock);
    bool failed = w->failed;
    if (failed && ret_err != NULL) {
        *ret_err = w->err;
    }
    pthread_mutex_unlock(&w->lock);
    return failed;
}

static void
stop_thread(struct rec_writer *w)
{
    if (w->no_thread) {
        return;
    }
    pthread_mutex_lock(&w->lock);
    w->closing = true;
    pthread_cond_signal(&w->submitted);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
}

/* From here on there is one thread only. */
static void
close_writer(struct rec_writer *w, const struct tf_footer *footer)
{
    struct tf_err err = TF_ERR_INIT;
    struct tf_writer *writer = w->writer;
    struct tf_footer early = *footer;
    w->writer = NULL; /* closing frees it, also when it fails */
    rec_sink_end(&w->sink);
    if (w->broken) {
        early.end_reason = (struct tf_text){w->err.message, strlen(w->err.message)};
        tf_writer_salvage(writer, &early, &w->written, NULL);
    }
    else if (tf_writer_close(writer, footer, &w->written, &err) != TF_OK) {
        note_failure(w, &err);
    }
}

static void
close_file(struct rec_writer *w)
{
    struct tf_err err = TF_ERR_INIT;
    if (rec_sink_close(&w->sink, &err) != TF_OK) {
        note_failure(w, &err);
    }
}

tf_status
rec_writer_finish(struct rec_writer *w, const struct tf_footer *footer,
                  struct tf_writer_stats *ret_stats, struct tf_err *err)
{
    tf_status status = TF_OK;
    stop_thread(w);
    rec_sync_stop(w->sync);
    close_writer(w, footer);
    close_file(w);
    if (w->failed) {
        status = w->err.status;
        if (err != NULL) {
            *err = w->err;
        }
    }
    *ret_stats = w->written;
    writer_free(w);
    return status;
}

void
rec_writer_note_signal(struct rec_writer *w, int signal_number)
{
    if (w->tail != NULL) {
        tf_tail_note_signal(w->tail, signal_number);
    }
}

void
rec_writer_forget(struct rec_writer *w)
{
    rec_sink_forget(&w->sink);
    if (w->tail != NULL) {
        tf_tail_forget(w->tail);
    }
}
