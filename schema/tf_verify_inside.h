/* Verification, for its two passes. */
#ifndef TF_VERIFY_INSIDE_H
#define TF_VERIFY_INSIDE_H

#include "tf_reader.h"

struct tf_verifier {
    const struct tf_verify *options;
    uint64_t findings;
    struct tf_reader *reader;
    uint64_t done, total; /* progress, in bytes of both passes */
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

#endif
