/* What is not to be in a recording: names whose values are secrets, types, and texts.
 *
 * The recorder asks while it captures, `pyreplay redact` when it goes through a recording.
 * Without rules of the user's own there are the built-in words (tf_secret.h).
 *
 * A pattern for a name is one or more words: `card_number` matches `cardNumber`,
 * `card_number2` and `my-card-number`, but not `card_numbering`. With `*`, `?` or `[a-z]` it is
 * held against the whole name, in lower case. A pattern for a type is held against
 * `module.Class` and `Class`. A pattern for a text is found anywhere in it, as it stands or
 * as repr(), JSON and URLs write it: `*` matches up to 200 characters that are no space, quote,
 * comma or bracket, `?` one of them, `[a-z]` one of a set, and `\` takes the next character as
 * it is.
 *
 * Asking changes nothing: rules that are complete may be asked from several threads. */
#ifndef TF_RULES_H
#define TF_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "tf_err.h"
#include "tf_secret.h"
#include "tf_writer.h" /* struct tf_text */

struct tf_rules;

enum tf_rule_sort {
    TF_RULE_NAME,
    TF_RULE_TYPE,
    TF_RULE_TEXT,
    TF_RULE_KEEP, /* a name that is no secret, whatever the others say */
};

/* `built_in`: with the built-in words. NULL: out of memory. */
struct tf_rules *tf_rules_new(bool built_in);
void tf_rules_free(struct tf_rules *rules); /* NULL is fine */
void tf_rules_set_built_in(struct tf_rules *rules, bool built_in);

/* TF_ERR_ARGUMENT for a pattern that is empty, too long, or would match anything. */
tf_status tf_rules_add(struct tf_rules *rules, enum tf_rule_sort sort,
                       const char *pattern, struct tf_err *err);
/* A file of rules: a line is a sort (name, type, text, keep) and a pattern, or a comment
 * that begins with #. TF_ERR_ARGUMENT names file and line. */
tf_status tf_rules_read(struct tf_rules *rules, const char *path, struct tf_err *err);

/* Whether what has this name is a secret; names above TF_SECRET_NAME_BYTES are none. */
bool tf_rules_name(const struct tf_rules *rules, const char *utf8, size_t len);
bool tf_rules_has_types(const struct tf_rules *rules);
bool tf_rules_type(const struct tf_rules *rules, const char *module, size_t module_len,
                   const char *name, size_t name_len);
bool tf_rules_has_texts(const struct tf_rules *rules);
/* The first match in a text at or after *at: [*at, *ret_end). False: there is none.
 * `cut`: the text goes on where it ends, so that the beginning of a match there is one. */
bool tf_rules_text(const struct tf_rules *rules, const char *text, size_t len, bool cut,
                   size_t *at, size_t *ret_end);
/* Whether a number of at least four digits, as it is written, is what a rule for texts names:
 * a PIN, the number of a card. */
bool tf_rules_number(const struct tf_rules *rules, int64_t number);
/* What stands for a secret inside a text. */
#define TF_REDACTED "<redacted>"
/* The text with all matches so replaced, in memory that the caller frees; NULL, and *text as
 * it was: there is none. Without memory the text is empty, and NULL is returned. */
char *tf_rules_scrub(const struct tf_rules *rules, struct tf_text *text);

/* A command line with the secrets in it replaced: `--password X`, `--token=X`, `api_key=X`,
 * `Authorization: X`, the password in scheme://user:password@host, and what rules for texts
 * name. Returns a
 * NULL-terminated copy (free with tf_redact_argv_free), or NULL when memory ran out. */
char **tf_redact_argv(const struct tf_rules *rules, char *const *argv, size_t count);
void tf_redact_argv_free(char **argv);

/* How many bytes before a join of two texts can be part of a match over it. */
size_t tf_rules_text_reach(const struct tf_rules *rules);

#endif
