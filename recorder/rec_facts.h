/* The facts about the run that stand in a recording's header. */
#ifndef REC_FACTS_H
#define REC_FACTS_H

#include <stdbool.h>
#include <stddef.h>

#include "rec_options.h"
#include "tf_err.h"
#include "tf_writer.h"

struct rec_fact {
    struct rec_fact *next;
    char text[];
};

struct rec_facts {
    struct tf_header header; /* its texts belong to `facts` or to the options */
    struct rec_fact *copies;
    struct tf_text *texts; /* the header's lists, one behind the other */
    size_t text_count, text_cap;
};

/* Gathers them from the initialised interpreter (GIL held). Runs no Python code. The start
 * time is now; parent_uuid is left 0. */
tf_status rec_facts_init(struct rec_facts *facts, const struct rec_options *options,
                         struct tf_err *err);
/* In a forked child: those of the parent's recording become the child's, which begins now,
 * after the parent's event `parent_seq`. GIL held. */
tf_status rec_facts_fork(struct rec_facts *facts, uint64_t parent_seq,
                         struct tf_err *err);
void rec_facts_release(struct rec_facts *facts);

/* Whether a co_filename is the program's own: not below a library directory nor any
 * site-packages or dist-packages, not "<frozen ...>". */
bool rec_facts_is_own(const struct rec_facts *facts, const char *path, size_t len);

#endif
