/* How a function of schema/ or replayer/core/ says that it failed.
 *
 * A fallible function returns a tf_status and takes an optional `struct tf_err *` as its
 * last parameter. Whoever detects the fault first fills it in; callers only pass it on. */
#ifndef TF_ERR_H
#define TF_ERR_H

#include <stdint.h>

typedef enum tf_status {
    TF_OK = 0,
    TF_ERR_MEMORY,    /* out of memory */
    TF_ERR_IO,        /* the system call failed; errno_value says why */
    TF_ERR_NOT_PYREC, /* the file is no recording */
    TF_ERR_NEWER, /* a format version or an incompatible feature that we do not know */
    TF_ERR_DAMAGED,     /* a checksum, a count or a reference does not hold */
    TF_ERR_TRUNCATED,   /* the data ends in the middle */
    TF_ERR_LIMIT,       /* a size above tf_limits.h */
    TF_ERR_NOT_FOUND,   /* no such event, frame, object, name */
    TF_ERR_ARGUMENT,    /* the caller's request makes no sense */
    TF_ERR_INTERRUPTED, /* the caller's progress callback asked to stop */
} tf_status;

struct tf_err {
    tf_status status;
    int errno_value;   /* 0 if no system call is to blame */
    int64_t file_off;  /* byte offset in the file, -1 if none */
    char message[256]; /* one line: what is wrong and where */
};

#define TF_ERR_INIT \
 {                  \
  TF_OK, 0, -1, ""  \
 }

/* Fills `err` (may be NULL) and returns `status`, so that `return tf_err_set(...)` works.
 * `file_off` -1: none. */
tf_status tf_err_set(struct tf_err *err, tf_status status, int64_t file_off,
                     const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The same for a failed system call: TF_ERR_IO with errno's text appended. */
tf_status tf_err_set_errno(struct tf_err *err, int errno_value, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
