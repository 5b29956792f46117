#include "rec_fork.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rec_sink.h"

static struct {
    char *path;                    /* of the first recording, absolute */
    struct rec_fork_tally *shared; /* with all that descend from its process */
} forks;

void
rec_fork_prepare(int fd)
{
    struct stat st;
    free(forks.path);
    forks.path =
        fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? rec_sink_path_of(fd) : NULL;
    /* a child of an earlier recording may still have the page that there was */
    if (forks.shared != NULL) {
        munmap(forks.shared, sizeof *forks.shared);
    }
    void *page = mmap(NULL, sizeof *forks.shared, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    forks.shared = page != MAP_FAILED ? page : NULL;
}

tf_status
rec_fork_open(struct rec_output *ret_output, struct tf_err *err)
{
    if (forks.path == NULL) {
        return tf_err_set(err, TF_ERR_IO, -1,
                          "the recording is not a file with a name");
    }
    return rec_output_open_child(forks.path, (long)getpid(), ret_output, err);
}

void
rec_fork_tell(const char *reason)
{
    struct rec_fork_tally *shared = forks.shared;
    if (shared == NULL) {
        return;
    }
    if (reason == NULL) {
        __atomic_add_fetch(&shared->recorded, 1, __ATOMIC_RELAXED);
    }
    else if (__atomic_fetch_add(&shared->failed, 1, __ATOMIC_RELAXED) == 0) {
        snprintf(shared->reason, sizeof shared->reason, "%s", reason);
    }
}

struct rec_fork_tally
rec_fork_tally(void)
{
    struct rec_fork_tally tally = {0};
    if (forks.shared != NULL) {
        tally = *forks.shared;
        tally.reason[sizeof tally.reason - 1] = '\0';
    }
    return tally;
}
