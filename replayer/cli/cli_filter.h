/* Which events a dump is about. */
#ifndef CLI_FILTER_H
#define CLI_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "rp.h"

struct cli_globs {
    const char **glob; /* each borrowed */
    size_t count;
};

struct cli_filter {
    uint64_t from_seq, to_seq; /* both inclusive */
    uint32_t thread;           /* 0: all */
    uint32_t kinds;            /* bits 1u << TF_EV_...; 0: all */
    struct cli_globs files, functions;
    /* the code objects that the globs let through; NULL: all */
    uint32_t *code;
    size_t code_count;
};

void cli_filter_init(struct cli_filter *filter);
void cli_filter_release(struct cli_filter *filter);
tf_status cli_globs_add(struct cli_globs *globs, const char *glob, struct tf_err *err);
/* "call,line": names of events, and start resume throw yield unwind. */
tf_status cli_filter_set_events(struct cli_filter *filter, const char *list,
                                struct tf_err *err);
/* Finds the code objects. A glob without a '/' is held against a file's last part, and
 * against a function's qualified and plain name. */
tf_status cli_filter_begin(struct cli_filter *filter, const struct rp *rp,
                           struct tf_err *err);
/* The next event that passes, `from` as in rp_find; TF_ERR_NOT_FOUND when there is none. */
tf_status cli_filter_next(const struct cli_filter *filter, struct rp *rp, uint64_t from,
                          uint64_t *ret_seq, struct tf_err *err);

#endif
