/* A recording from its start to its end. */
#ifndef REC_SESSION_H
#define REC_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "rec_fork.h"
#include "rec_options.h"
#include "rec_pycompat.h"
#include "tf_err.h"
#include "tf_writer.h"

struct rec_session_config {
    const struct rec_options *options; /* borrowed until the end of the process */
    int fd;                            /* of the output, taken over */
    const char *output_path;           /* borrowed likewise */
    bool
        running; /* a program is running: its frames and their values are recorded first */
};

struct rec_session_result {
    bool ok; /* the file is whole */
    struct tf_writer_stats stats;
    uint64_t elided;
    struct rec_fork_tally children;
    char message[300]; /* why recording stopped early; empty if it did not */
};

/* Starts to record this process; not while it is being recorded. GIL held, interpreter
 * initialised. On failure nothing is installed and fd is closed. */
tf_status rec_session_start(const struct rec_session_config *config,
                            struct tf_err *err);

/* Writes the rest and closes the file. Touches no Python object: may be called after
 * finalisation and without the GIL. The second and later calls only report again. */
void rec_session_finish(bool has_status, int exit_status,
                        struct rec_session_result *ret);

/* Whether this process is being recorded. GIL held. */
bool rec_session_is_on(void);
/* The process whose recording is on, or was the latest; 0: there was none. A forked child's
 * begins with its first event. */
pid_t rec_session_pid(void);
/* In a forked child: the file of its recording; NULL in any other process. */
const char *rec_session_child_path(void);

/* Events so far, of the recording that is on. GIL held. */
uint64_t rec_session_event_count(void);

/* As rec_session_finish(), in the middle of the program: takes the hooks away and frees everything, so that
 * the program goes on as before and a recording can be started again. GIL held; released
 * while the file is finished. `ended` (may be NULL) is called before: the options are not
 * needed any more. False when there is nothing to end. */
bool rec_session_end(void (*ended)(void), struct rec_session_result *ret);

/* --- For the recorder's own parts, GIL held --- */

/* Hands the batch over and begins the next. May release the GIL: only between
 * events. */
void rec_session_next_batch(void);
/* Waits for a batch when there is none. False when recording has stopped. */
bool rec_session_wait_batch(void);
/* Deaths of objects are noticed (again). */
void rec_session_watch_deaths(void);
/* In a forked child, before its first event: a recording of its own begins; false: none does.
 * `innermost` (may be NULL) is the frame that its stack ends with. */
bool rec_session_follow_fork(PyFrameObject *innermost);
/* No more events; the program runs on. `reason`: static string. */
void rec_session_stop(const char *reason);

#endif
