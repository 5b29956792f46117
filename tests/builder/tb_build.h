/* Makes a recording from a short text (README.md has the language), so that readers can be
 * tested without Python. */
#ifndef TB_BUILD_H
#define TB_BUILD_H

#include <stddef.h>

#include "tf_err.h"
#include "tf_sink.h"

/* Builds into any sink. An error in the text is TF_ERR_ARGUMENT, with the line in the
 * message. */
tf_status tb_build(const char *text, size_t len, struct tf_sink *sink,
                   struct tf_err *err);

/* Builds the file `path`, which is replaced. */
tf_status tb_build_file(const char *text, size_t len, const char *path,
                        struct tf_err *err);

#endif
