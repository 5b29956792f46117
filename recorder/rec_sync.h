/* The thread that brings the recording and its tail to the disk, once a second: what is
 * there then outlives a power cut. Apart from the writer's, since a disk may take long. */
#ifndef REC_SYNC_H
#define REC_SYNC_H

#include "rec_sink.h"
#include "tf_tail.h"

struct rec_sync;

/* Both are borrowed until rec_sync_stop(); `tail` may be NULL. NULL when no thread can be
 * started: then only what the kernel writes by itself outlives a power cut. */
struct rec_sync *rec_sync_start(const struct rec_sink *sink, struct tf_tail *tail);
/* So many bytes of the recording outlive a power cut; all of them if `sync` is NULL: nothing
 * is waited for then. By any thread. */
uint64_t rec_sync_bytes(const struct rec_sync *sync);
/* The errno of a disk that could not take the recording; 0: none. By any thread. */
int rec_sync_error(const struct rec_sync *sync);
/* Ends the thread and frees; NULL is fine. One that waits for the disk just now is left to
 * it, and touches nothing that was borrowed any more. */
void rec_sync_stop(struct rec_sync *sync);

#endif
