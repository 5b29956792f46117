/* For the tests of replayer/core/: questions that are asked with each of their allocations
 * failing in turn. */
#ifndef TT_ASK_H
#define TT_ASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rp.h"

/* What was answered, without an allocation of one's own. */
struct tt_answer {
    size_t len;
    char text[1 << 18];
};

void tt_say(struct tt_answer *answer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

struct tt_asked {
    struct rp *rp; /* NULL: the question opens the file itself */
    const char *path, *text;
    uint64_t seq;
    struct tt_answer *answer;
};

typedef tf_status (*tt_question_fn)(const struct tt_asked *asked, struct tf_err *err);

/* Asks with each allocation failing in turn (some, unless PYREC_TEST_FULL): it must say that
 * memory ran out, or answer as ever; what it opened itself it must have freed, and a
 * recording that stays open must give the same answer when it is asked again. Returns how
 * many were tried. */
size_t tt_ask_all(tt_question_fn question, const char *name, const char *path,
                  const char *text, uint64_t seq, bool opens);
/* Faults that were found so far; each has been printed. */
size_t tt_ask_faults(void);

/* The builder's sample, and one of tests/golden/, as files. */
const char *tt_sample_file(void);
const char *tt_golden_file(const char *name);

#endif
