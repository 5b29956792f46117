/* Secrets in names, by the rules of the run (tf_rules.h). */
#ifndef REC_REDACT_H
#define REC_REDACT_H

#include <stdbool.h>
#include <stddef.h>

#include "tf_rules.h"

/* Longer texts are no names: false. */
#define REC_REDACT_NAME_BYTES TF_SECRET_NAME_BYTES

/* True when what is called `utf8` should not be recorded; `rules` NULL: never. Cheap enough to
 * be asked of every dict key, no allocation. */
bool rec_redact_name(const struct tf_rules *rules, const char *utf8, size_t len);

/* Whether a variable of that name holds keys, or what goes with them. */
bool rec_redact_is_key(const char *utf8, size_t len);
bool rec_redact_is_value(const char *utf8, size_t len);

#endif
