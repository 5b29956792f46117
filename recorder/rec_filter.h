/* Which code is recorded in full. Asked once a code object; its answer is kept there.
 *
 * - A code object is left out when its file matches an --exclude or its qualified name an
 *   --exclude-function, whatever is included.
 * - Otherwise, when there are --include globs, its file must match one of them; when there
 *   are --include-function globs, its qualified name must match one of those.
 *
 * Globs: `*` any number of characters, `/` too; `?` one character; `[a-z]`, `[!a-z]` one of
 * a set. A file glob that begins with `/`, `*` or `<` is held against the whole co_filename;
 * any other against each of its ends that begins after a `/`: `myapp/` + `*` matches
 * /home/me/myapp/views.py, and `views.py` any file of that name. */
#ifndef REC_FILTER_H
#define REC_FILTER_H

#include <stdbool.h>

#include "rec_options.h"

struct rec_filter {
    const struct rec_globs *include, *exclude, *include_function, *exclude_function;
    bool all; /* nothing to decide */
};

/* Borrows `options`. */
void rec_filter_init(struct rec_filter *filter, const struct rec_options *options);

/* Whether the code is recorded. `qualname`: co_qualname, else co_name. */
bool rec_filter_code(const struct rec_filter *filter, const char *file,
                     const char *qualname);

/* The glob matching by itself. Time: length of glob times length of text. */
bool rec_filter_glob(const char *glob, const char *text);

#endif
