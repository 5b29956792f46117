/* The recording's file descriptor, in a process whose program may do with descriptors what
 * it likes: daemons close all of them, and the number may be another file's afterwards. */
#ifndef REC_SINK_H
#define REC_SINK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "tf_err.h"
#include "tf_sink.h"

struct rec_sink {
    struct tf_sink sink; /* what a tf_writer is given */
    struct tf_sink_fd file;
    dev_t device;
    ino_t inode;
    uint64_t allocated_bytes; /* of the file, what lies behind its end included */
    bool keeps_room;          /* the file system can allocate ahead */
    bool ending;              /* what was kept free may be used */
    char *path;               /* absolute, to open it again; NULL if it has none */
};

/* Some room is always kept free for the end of the recording, so that a full disk, a quota
 * or a limit of size leaves a file that says so; see rec_sink_end().
 *
 * Takes fd over. Before every write it is made sure that it still is the same file; if not,
 * the file is opened again by its path, and where that fails the write fails. */
tf_status rec_sink_init(struct rec_sink *sink, int fd, struct tf_err *err);

/* From here on the room for the end may be used. */
void rec_sink_end(struct rec_sink *sink);
/* Closes the descriptor if it still is ours. rec_sink_forget() does so in a forked child:
 * it touches no memory that another thread may have been changing. */
tf_status rec_sink_close(struct rec_sink *sink, struct tf_err *err);
void rec_sink_forget(const struct rec_sink *sink);
/* The descriptor for fdatasync(2), and how long the file is; -1 when it is not ours any
 * more. By any thread. */
int rec_sink_for_sync(const struct rec_sink *sink, uint64_t *ret_bytes);
/* The file's path with a suffix, to be freed; NULL: it has none, or is not a regular one. */
char *rec_sink_beside(const struct rec_sink *sink, const char *suffix);
/* Where the descriptor's file is, absolute, to be freed; NULL when that is not known. */
char *rec_sink_path_of(int fd);
/* Frees the memory. */
void rec_sink_release(struct rec_sink *sink);

/* The same file under a number that the program's own files do not reach soon, so that its
 * first one is number 3 as without recording. Closes fd; returns it when there is none. */
int rec_sink_move_up(int fd);

#endif
