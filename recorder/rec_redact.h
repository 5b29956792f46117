/* Secrets in names and in command lines, by the rules of the run (tf_rules.h). */
#ifndef REC_REDACT_H
#define REC_REDACT_H

#include <stdbool.h>
#include <stddef.h>

#include "tf_rules.h"

/* What stands for a secret in a redacted command line. */
#define REC_REDACTED "<redacted>"

/* Longer texts are no names: false. */
#define REC_REDACT_NAME_BYTES TF_SECRET_NAME_BYTES

/* True when what is called `utf8` should not be recorded; `rules` NULL: never. Cheap enough to
 * be asked of every dict key, no allocation. */
bool rec_redact_name(const struct tf_rules *rules, const char *utf8, size_t len);

/* Whether a variable of that name holds keys, or what goes with them. */
bool rec_redact_is_key(const char *utf8, size_t len);
bool rec_redact_is_value(const char *utf8, size_t len);

/* A command line with the secrets in it replaced: `--password X`, `--token=X`, `api_key=X`,
 * `Authorization: X`, and the password in scheme://user:password@host. Returns a
 * NULL-terminated copy (free with rec_redact_argv_free), or NULL when memory ran out. */
char **rec_redact_argv(const struct tf_rules *rules, char *const *argv, size_t count);
void rec_redact_argv_free(char **argv);

#endif
