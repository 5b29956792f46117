/* A value over several lines. */
#ifndef CLI_PRETTY_H
#define CLI_PRETTY_H

#include <signal.h>

#include "cli_out.h"
#include "rp.h"

struct cli_pretty {
    /* The expression that the value is of. Not NULL: what is deep or long is folded, and
     * shown with the expression that unfolds it. */
    const char *folds_as;
    const volatile sig_atomic_t *interrupts; /* not 0: enough */
};

/* A child a line where one line does not do. */
tf_status cli_pretty(struct cli_out *out, struct rp *rp, const struct rp_value *value,
                     uint64_t seq, const struct cli_pretty *how, struct tf_err *err);

#endif
