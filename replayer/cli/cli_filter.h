/* Which events a dump is about. */
#ifndef CLI_FILTER_H
#define CLI_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "rp.h"
#include "tf_err.h"

struct cli_globs {
    const char **glob;
    size_t count;
};

struct cli_filter {
    uint64_t from_seq, to_seq; /* inclusive */
    uint32_t thread;           /* 0: all */
    uint32_t kinds;            /* bit 1 << TF_EV_... */
    struct cli_globs files, functions;
    uint8_t *code_seen; /* by code id: 0 not looked at, 1 wanted, 2 not */
    uint32_t code_count;
};

void cli_filter_init(struct cli_filter *filter);
void cli_filter_release(struct cli_filter *filter);
/* `glob` is borrowed. */
tf_status cli_filter_add_glob(struct cli_globs *globs, const char *glob,
                              struct tf_err *err);
/* "call,line,return": event names, and start resume throw yield unwind. */
tf_status cli_filter_set_events(struct cli_filter *filter, const char *list,
                                struct tf_err *err);
/* Before cli_filter_wants(). */
tf_status cli_filter_begin(struct cli_filter *filter,
                           const struct rp_recording *recording, struct tf_err *err);

#endif
