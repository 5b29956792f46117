#include "tf_err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* strerror is not safe with threads; the GNU strerror_r returns its text. */
static void
err_append_errno(struct tf_err *err, int errno_value)
{
    char buf[128];
    size_t len = strlen(err->message);
    snprintf(err->message + len, sizeof err->message - len, ": %s",
             strerror_r(errno_value, buf, sizeof buf));
}

static void
err_fill(struct tf_err *err, tf_status status, int errno_value, int64_t file_off,
         const char *format, va_list args)
{
    err->status = status;
    err->errno_value = errno_value;
    err->file_off = file_off;
    vsnprintf(err->message, sizeof err->message, format, args);
}

tf_status
tf_err_set(struct tf_err *err, tf_status status, int64_t file_off, const char *format,
           ...)
{
    va_list args;
    if (err != NULL) {
        va_start(args, format);
        err_fill(err, status, 0, file_off, format, args);
        va_end(args);
    }
    return status;
}

tf_status
tf_err_set_errno(struct tf_err *err, int errno_value, const char *format, ...)
{
    va_list args;
    if (err != NULL) {
        va_start(args, format);
        err_fill(err, TF_ERR_IO, errno_value, -1, format, args);
        va_end(args);
        err_append_errno(err, errno_value);
    }
    return TF_ERR_IO;
}
