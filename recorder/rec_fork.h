/* Forked children: each goes on in a recording of its own beside the first one's, and tells
 * that process, in a page that they share, whether it could. */
#ifndef REC_FORK_H
#define REC_FORK_H

#include <stdint.h>

#include "rec_output.h"

/* How it went with the children, and theirs, so far. */
struct rec_fork_tally {
    uint32_t recorded, failed;
    char reason[200]; /* why the first one failed that did */
};

/* A recording that is no child's begins in the file `fd`. Without memory for it, or when the
 * file is not a regular one, children are not recorded. */
void rec_fork_prepare(int fd);
/* Makes the child's file. */
tf_status rec_fork_open(struct rec_output *ret_output, struct tf_err *err);
/* Whether the child is being recorded; `reason`: NULL, or why not. */
void rec_fork_tell(const char *reason);
struct rec_fork_tally rec_fork_tally(void);

#endif
