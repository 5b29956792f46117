#include <stdlib.h>
#include <string.h>

#include "tf_rules.h"

/* Copies `len` bytes of `arg`, then the mark, then `tail`. */
static char *
with_mark(const char *arg, size_t len, const char *tail)
{
    size_t mark = sizeof TF_REDACTED - 1;
    size_t tail_len = strlen(tail);
    char *copy = malloc(len + mark + tail_len + 1);
    if (copy != NULL) {
        memcpy(copy, arg, len);
        memcpy(copy + len, TF_REDACTED, mark);
        memcpy(copy + len + mark, tail, tail_len + 1);
    }
    return copy;
}

/* scheme://user:PASSWORD@host */
static char *
redact_url(const char *arg)
{
    const char *scheme = strstr(arg, "://");
    if (scheme == NULL) {
        return strdup(arg);
    }
    const char *user = scheme + 3;
    const char *end = user + strcspn(user, "/?# ");
    const char *at = memrchr(user, '@', (size_t)(end - user));
    const char *colon = at != NULL ? memchr(user, ':', (size_t)(at - user)) : NULL;
    if (colon == NULL) {
        return strdup(arg);
    }
    return with_mark(arg, (size_t)(colon + 1 - arg), at);
}

/* `--token=X`, `api_key=X`, `Authorization: X`: the length up to the secret, 0 if none. */
static size_t
secret_off(const struct tf_rules *rules, const char *arg)
{
    size_t name = strspn(arg, "-");
    size_t len = strcspn(arg + name, "=: \t\n\"'();");
    size_t off = name + len;
    if ((arg[off] != '=' && arg[off] != ':')
        || !tf_rules_name(rules, arg + name, len)) {
        return 0;
    }
    off++;
    return off + strspn(arg + off, " ");
}

/* Whether the next word is this option's secret: `--password X`. */
static bool
takes_secret(const struct tf_rules *rules, const char *arg)
{
    size_t dashes = strspn(arg, "-");
    return dashes > 0 && strpbrk(arg, "=: ") == NULL
           && tf_rules_name(rules, arg + dashes, strlen(arg + dashes));
}

static char *
redact_word(const struct tf_rules *rules, const char *arg, const char *before)
{
    if (before != NULL && takes_secret(rules, before) && arg[0] != '-') {
        return with_mark("", 0, "");
    }
    size_t off = secret_off(rules, arg);
    return off > 0 && arg[off] != '\0' ? with_mark(arg, off, "") : redact_url(arg);
}

/* The word with what rules for texts name replaced; it takes and gives ownership. */
static char *
scrub_word(const struct tf_rules *rules, char *word)
{
    struct tf_text text = {word, word != NULL ? strlen(word) : 0};
    char *scrubbed = word != NULL ? tf_rules_scrub(rules, &text) : NULL;
    if (text.data == word) {
        return word;
    }
    free(word);
    char *copy = scrubbed != NULL ? strndup(scrubbed, text.len) : NULL;
    free(scrubbed);
    return copy;
}

char **
tf_redact_argv(const struct tf_rules *rules, char *const *argv, size_t count)
{
    char **copy = calloc(count + 1, sizeof *copy);
    if (copy == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        copy[i] =
            scrub_word(rules, redact_word(rules, argv[i], i > 0 ? argv[i - 1] : NULL));
        if (copy[i] == NULL) {
            tf_redact_argv_free(copy);
            return NULL;
        }
    }
    return copy;
}

void
tf_redact_argv_free(char **argv)
{
    for (char **arg = argv; arg != NULL && *arg != NULL; arg++) {
        free(*arg);
    }
    free(argv);
}
