/* A value over several lines, as pprint would lay it out. */
#ifndef CLI_PRETTY_H
#define CLI_PRETTY_H

#include "cli_out.h"
#include "rp.h"

tf_status cli_pretty(struct cli_out *out, struct rp *rp, const struct rp_value *value,
                     uint64_t seq, struct tf_err *err);

#endif
