/* One event of a dump, as a JSON line or as text. */
#ifndef CLI_DUMP_ROW_H
#define CLI_DUMP_ROW_H

#include "cli_out.h"
#include "rp.h"

struct cli_dumper {
    struct cli_out *out;
    struct rp *rp;
    bool jsonl, structured, globals, no_locals;
    /* scratch, kept from row to row */
    struct rp_buf text;
    struct rp_notes notes;
};

void cli_dumper_release(struct cli_dumper *dumper);
tf_status cli_dump_row(struct cli_dumper *dumper, uint64_t seq, struct tf_err *err);

/* The value as an object of `type`, `id`, `text`, `items`, `entries`, `attrs`, `length`,
 * `elided`; cli_dump_value.c. */
struct cli_json;
tf_status cli_dump_structured(struct cli_json *json, struct rp *rp,
                              const struct rp_value *value, uint64_t seq,
                              struct tf_err *err);

#endif
