/* Making a recording that can be given away out of one that is at hand: a part of it, and
 * without its secrets. For front ends, beside rp.h.
 *
 * Everything streams: memory does not grow with the recording's length. What is written is a
 * finished recording with an index, however the one that is read ended. `fd` is a file open
 * for writing, at its start; it is borrowed, and on failure holds a part that is to be thrown
 * away. */
#ifndef RP_SHARE_H
#define RP_SHARE_H

#include "rp.h"
#include "tf_rules.h"

/* --- Cut ------------------------------------------------------------------------------- */

/* Which events are kept: all that fit every part. They keep their numbers; the state at the
 * first of them is complete, and what the events left out wrote to objects is part of the
 * next one that is kept. */
struct rp_cut {
    uint64_t first_seq;   /* 0: from the first */
    uint64_t last_seq;    /* 0: to the last */
    uint32_t thread;      /* 0: of all */
    const uint32_t *code; /* ids of code objects; a count of 0: all */
    size_t code_count;
};

struct rp_cut_result {
    uint64_t event_count, file_bytes;
    uint32_t source_count; /* files whose source is inside */
};

/* TF_ERR_NOT_FOUND when no event fits: nothing of use was written then. */
tf_status rp_cut(struct rp *rp, const struct rp_cut *cut, int fd,
                 struct rp_cut_result *ret_result, struct tf_err *err);

/* --- Redact ------------------------------------------------------------------------------ */

/* A folder that is written `~` wherever a path begins with it. */
struct rp_redact_home {
    const char *folder; /* without a '/' at its end; NULL: none */
};

struct rp_redact {
    const struct tf_rules *rules;
    struct rp_redact_home home;
};

struct rp_redact_result {
    uint64_t redacted; /* values and texts */
    uint64_t file_bytes;
};

/* Writes the whole recording without what the rules say: values under the names of secrets
 * (and what only they lead to), objects of such types, and texts, as values, in names and in
 * sources, also where the items of a sequence make one up together. Several passes if an
 * object has the name of a secret. */
tf_status rp_redact(struct rp *rp, const struct rp_redact *redact, int fd,
                    struct rp_redact_result *ret_result, struct tf_err *err);

/* --- What still looks secret -------------------------------------------------------------- */

/* Goes through all texts: `found` is told of each sort of secret that one looks like (static),
 * and the word that does. */
tf_status rp_suspects(struct rp *rp,
                      void (*found)(void *ctx, const char *what, struct tf_text text),
                      void *ctx, struct tf_err *err);

/* --- Repair ---------------------------------------------------------------------------- */

struct rp_repair_result {
    uint64_t event_count, file_bytes;
};

/* All that is whole of a recording that is not, its tail's events included, as a whole one. */
tf_status rp_repair(struct rp *rp, int fd, struct rp_repair_result *ret_result,
                    struct tf_err *err);

#endif
