/* Reading a tail: of a program that was killed, or of one that still runs. Nothing in it is
 * believed. */
#ifndef TF_TAIL_READ_H
#define TF_TAIL_READ_H

#include "tf_tail.h"

enum tf_tail_state {
    TF_TAIL_NONE,    /* the recording has none */
    TF_TAIL_MISSING, /* it is not there */
    TF_TAIL_FOREIGN, /* of another recording */
    TF_TAIL_DAMAGED, /* it cannot be read; the reason is in tf_tail_found.fault */
    TF_TAIL_FOUND,
};

/* One batch, copied; up to `sealed_bytes` the changes have a checksum. */
struct tf_tail_found_batch {
    uint64_t first_seq;
    struct tf_blob area[TF_TAIL_AREA_COUNT];
    size_t sealed_bytes;
    bool left; /* what followed had no room in the tail */
    bool torn; /* a checksum does not hold: it ends before */
};

struct tf_tail_found {
    enum tf_tail_state state;
    bool same_boot; /* the kernel is the one that the recorder ran under */
    uint64_t pid;
    uint32_t signal; /* 0: none was seen */
    uint64_t signal_unix_ns;
    struct tf_err fault;
    struct tf_tail_found_batch *batch; /* by first_seq */
    size_t batch_count;
    bool left_out; /* one does not hold, or had no room */
};

/* Looks beside the recording at `path`. Before the recording is read: what is in neither
 * then, while the program runs on, was never there. Fails only when memory runs out. */
tf_status tf_tail_find(const char *path, const uint8_t uuid[16],
                       struct tf_tail_found *ret_found, struct tf_err *err);
void tf_tail_found_release(struct tf_tail_found *found);

#endif
