/* Verification, for its two passes. */
#ifndef TF_VERIFY_INSIDE_H
#define TF_VERIFY_INSIDE_H

#include "tf_cursor.h"
#include "tf_reader.h"

struct tf_verifier {
    const struct tf_verify *options;
    uint64_t findings;
    struct tf_reader *reader;
    uint64_t done, total;     /* progress, in bytes of both passes */
    uint64_t definitions_off; /* of the last ones */
    struct tf_err *err;
};

void tf_verify_found(struct tf_verifier *verify, const struct tf_err *finding);
void tf_verify_found_at(struct tf_verifier *verify, uint64_t off, const char *format,
                        ...) __attribute__((format(printf, 3, 4)));
/* Faults of the machine end the verification; faults of the file are findings. */
tf_status tf_verify_fault(struct tf_verifier *verify, tf_status status,
                          const struct tf_err *fault);
tf_status tf_verify_step(struct tf_verifier *verify, uint64_t bytes);

/* First pass: every frame from the start, as they lie. */
tf_status tf_verify_frames(struct tf_verifier *verify, const char *path);

/* --- tf_verify_parts.c --- */

/* What a field says that neither checksum nor the second pass looks at. */
tf_status tf_verify_part(struct tf_verifier *verify, uint32_t number,
                         struct tf_cursor bytes, uint64_t off);
/* Whether each id is defined. */
void tf_verify_ids(struct tf_verifier *verify);

/* --- tf_verify_totals.c --- */

struct tf_verify_totals {
    uint64_t events, kinds[TF_EV_COUNT];
    uint64_t next_object, next_frame, next_seq;
    uint64_t last_ns;
    bool unsure; /* the chunk before could not be read */
};

void tf_verify_totals_add(struct tf_verifier *verify, struct tf_verify_totals *totals,
                          const struct tf_chunk *chunk, size_t idx);
void tf_verify_totals_check(struct tf_verifier *verify,
                            const struct tf_verify_totals *totals);
/* Whether values use each text. */
void tf_verify_table(struct tf_verifier *verify, const struct tf_ops *ops,
                     uint64_t off);
/* The gap before that event; NULL: none. */
const struct tf_gap *tf_verify_gap(const struct tf_reader *reader, uint64_t first_seq);

#endif
