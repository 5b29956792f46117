/* A random program, told twice: as the builder's text, and as what its state is at each of
 * its events, worked out by a model that knows nothing of chunks. */
#ifndef TT_MODEL_H
#define TT_MODEL_H

#include <stddef.h>
#include <stdint.h>

struct tt_model;

struct tt_model *tt_model_new(unsigned seed, unsigned events);
void tt_model_free(struct tt_model *model);
/* The builder's text. */
const char *tt_model_text(const struct tt_model *model, size_t *ret_len);
/* What the state at event `seq` (1, 2, 3 ...) looks like: tt_state_text's form. */
const char *tt_model_state(const struct tt_model *model, uint64_t seq);

struct rp;
struct rp_buf;
/* The state at an event as the replayer's core has it: one line an activation of each
 * thread, "THREAD CODE:LINE name=text ...", innermost first. */
void tt_state_text(struct rp *rp, uint64_t seq, struct rp_buf *out);

/* Builds a recording in a file of its own; the name is malloced. */
char *tt_model_file(const char *text, size_t len);

#endif
