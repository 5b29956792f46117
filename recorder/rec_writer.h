/* The thread that turns batches into the file: columns, compression, writing.
 *
 * The recorder fills a batch while it holds the GIL and submits it; the thread never takes
 * the GIL. All batches exist from the start, so memory is bounded: when the thread falls
 * behind there is no empty batch and the recorder waits. The thread blocks all signals, so
 * that the program's are handled by its own threads.
 *
 * A second thread makes what is there outlive a power cut, once a second. */
#ifndef REC_WRITER_H
#define REC_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "tf_err.h"
#include "tf_writer.h"

#define REC_WRITER_BATCHES 4

struct rec_writer;

struct rec_writer_config {
    int fd; /* taken over, also when starting fails */
    const struct tf_header *header;
    unsigned batch_count; /* 0: REC_WRITER_BATCHES */
    bool tail;            /* keep the batches beside the recording, where that can be */
};

/* Makes the tail, writes the header and starts the thread. Without a tail (the header says
 * why) the rest goes on. */
tf_status rec_writer_start(const struct rec_writer_config *config,
                           struct rec_writer **ret, struct tf_err *err);

/* An empty batch, or NULL when all are in use just now. Never blocks for longer than it
 * takes to look. */
struct tf_batch *rec_writer_try_take(struct rec_writer *w);

/* Blocks until a batch may be free. Call without the GIL. */
void rec_writer_wait(struct rec_writer *w);

/* Blocks until all that was submitted is written. */
void rec_writer_drain(struct rec_writer *w);

/* Hands a filled batch over; returns at once, unless no thread could be started: then it
 * writes the batch. Batches are written in this order. */
void rec_writer_submit(struct rec_writer *w, struct tf_batch *batch);

/* True when writing has failed (disk full ...): batches are then taken and thrown away, and
 * `ret_err` (may be NULL) says why. */
bool rec_writer_failed(struct rec_writer *w, struct tf_err *ret_err);

/* Writes the rest and the footer, joins the thread, closes fd and frees `w`. A batch that
 * was taken and not submitted is thrown away. Fails with the first error of the thread, if
 * there was any; `ret_stats` is then what was written before it. */
tf_status rec_writer_finish(struct rec_writer *w, const struct tf_footer *footer,
                            struct tf_writer_stats *ret_stats, struct tf_err *err);

/* A signal came that ends the process. Async-signal-safe. */
void rec_writer_note_signal(struct rec_writer *w, int signal_number);

/* In a forked child: forgets it all and closes the child's copy of fd. Touches no lock and
 * no thread of the parent; leaves the memory, since the parent's thread may have been in
 * the middle of changing it. */
void rec_writer_forget(struct rec_writer *w);

#endif
