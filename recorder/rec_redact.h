/* Which names look as if their value was a secret.
 *
 * A name is taken apart into words at everything that is no letter or digit, where case
 * changes (apiKey, APIKey) and between letters and digits. Whole words count: `password`,
 * `db_password2`, `userPassword` and `X-Api-Key` are secret; `company`, `author`, `passed`,
 * `tokenizer` and `keyboard` are not. */
#ifndef REC_REDACT_H
#define REC_REDACT_H

#include <stdbool.h>
#include <stddef.h>

/* What stands for a secret in a redacted command line. */
#define REC_REDACTED "<redacted>"

/* Longer texts are no names: false. */
#define REC_REDACT_NAME_BYTES 100u

/* True when what is called `utf8` should not be recorded. Cheap enough to be asked of every
 * dict key, no allocation. */
bool rec_redact_name(const char *utf8, size_t len);

/* A command line with the secrets in it replaced: `--password X`, `--token=X`, `api_key=X`,
 * `Authorization: X`, and the password in scheme://user:password@host. Returns a
 * NULL-terminated copy (free with rec_redact_argv_free), or NULL when memory ran out. */
char **rec_redact_argv(char *const *argv, size_t count);
void rec_redact_argv_free(char **argv);

#endif
