#include "rec_redact.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Words that are enough by themselves. */
static const char *const SECRET[] = {
    "password",     "passwords",    "passwd",       "passphrase", "passphrases",
    "passcode",     "pwd",          "secret",       "secrets",    "cookie",
    "cookies",      "credential",   "credentials",  "creds",      "authorization",
    "apikey",       "apikeys",      "privatekey",   "secretkey",  "accesskey",
    "authtoken",    "accesstoken",  "refreshtoken", "csrftoken",  "apitoken",
    "sessiontoken", "bearer",       "jwt",          "sessionid",  "otp",
    "htpasswd",     "clientsecret", "pgpass",
};

/* Word endings that are a secret in any compound written as one word (dbpassword). */
static const char *const SECRET_ENDING[] = {"password", "passwd", "passphrase"};

/* What makes a `key` secret when it stands before it. */
static const char *const KEY_OF[] = {
    "api",     "private", "access", "secret",  "encryption", "encrypt",
    "signing", "sign",    "master", "session", "ssh",        "auth",
    "account", "shared",  "hmac",   "aes",     "rsa",        "license",
};

/* Likewise `pass`, which alone is a step as often as a password. */
static const char *const PASS_OF[] = {
    "db",   "database", "smtp", "imap",  "mail",  "email", "ftp",   "ssh",
    "user", "admin",    "root", "login", "mysql", "pg",    "redis", "proxy",
    "http", "ldap",     "wifi", "auth",  "my",    "sudo",
};

/* Likewise `auth`. */
static const char *const AUTH_OF[] = {"basic", "http", "proxy", "digest"};

/* `token` is secret as the last word (auth_token), before one of these (token_value), and in
 * the plural after one of TOKENS_OF. A token_count or the tokens of a lexer are not. */
static const char *const TOKEN_BEFORE[] = {
    "value", "key", "string", "str", "secret", "hash", "header", "bytes", "raw", "b64",
};
static const char *const TOKENS_OF[] = {
    "api", "auth", "access", "refresh", "bearer", "session", "csrf", "secret", "oauth",
};

#define WORDS_MAX 16u

struct words {
    const char *start[WORDS_MAX];
    size_t len[WORDS_MAX];
    size_t count;
};

static char
lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

enum letter { NO_LETTER, LOWER, UPPER, DIGIT };

/* Bytes above ASCII are letters without case. */
static enum letter
letter_of(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return UPPER;
    }
    if ((c >= 'a' && c <= 'z') || ((unsigned char)c & 0x80) != 0) {
        return LOWER;
    }
    return c >= '0' && c <= '9' ? DIGIT : NO_LETTER;
}

/* Whether a word ends before text[i]: "api|Key", "API|Key", "key|2". */
static bool
is_border(const char *text, size_t len, size_t i)
{
    enum letter before = letter_of(text[i - 1]), now = letter_of(text[i]);
    if (before == UPPER && now == LOWER) {
        return false;
    }
    if (before == UPPER && now == UPPER) {
        return i + 1 < len && letter_of(text[i + 1]) == LOWER;
    }
    return before != now;
}

/* Digits and what is no letter are left out. */
static void
words_split(struct words *words, const char *text, size_t len)
{
    words->count = 0;
    for (size_t i = 0; i < len && words->count < WORDS_MAX;) {
        size_t start = i++;
        while (i < len && !is_border(text, len, i)) {
            i++;
        }
        enum letter first = letter_of(text[start]);
        if (first == LOWER || first == UPPER) {
            words->start[words->count] = text + start;
            words->len[words->count++] = i - start;
        }
    }
}

static bool
text_equals(const char *text, size_t len, const char *word)
{
    for (size_t i = 0; i < len; i++) {
        if (word[i] == '\0' || lower(text[i]) != word[i]) {
            return false;
        }
    }
    return word[len] == '\0';
}

static bool
word_is(const struct words *words, size_t i, const char *word)
{
    return i < words->count && text_equals(words->start[i], words->len[i], word);
}

#define WORD_IN(words, i, list) word_in(words, i, list, sizeof list / sizeof *list)

static bool
word_in(const struct words *words, size_t i, const char *const *list, size_t count)
{
    for (size_t k = 0; k < count; k++) {
        if (word_is(words, i, list[k])) {
            return true;
        }
    }
    return false;
}

static bool
ends_secret(const struct words *words, size_t i)
{
    for (size_t k = 0; k < sizeof SECRET_ENDING / sizeof *SECRET_ENDING; k++) {
        size_t len = strlen(SECRET_ENDING[k]);
        if (words->len[i] > len
            && text_equals(words->start[i] + words->len[i] - len, len,
                           SECRET_ENDING[k])) {
            return true;
        }
    }
    return false;
}

static bool
is_secret_token(const struct words *words, size_t i)
{
    if (word_is(words, i, "tokens")) {
        return i > 0 && WORD_IN(words, i - 1, TOKENS_OF);
    }
    return word_is(words, i, "token")
           && (i + 1 == words->count || WORD_IN(words, i + 1, TOKEN_BEFORE));
}

static bool
is_secret_word(const struct words *words, size_t i)
{
    if (WORD_IN(words, i, SECRET) || ends_secret(words, i)
        || is_secret_token(words, i)) {
        return true;
    }
    if (i == 0) {
        return false;
    }
    if (word_is(words, i, "key") || word_is(words, i, "keys")) {
        return WORD_IN(words, i - 1, KEY_OF);
    }
    return (word_is(words, i, "pass") && WORD_IN(words, i - 1, PASS_OF))
           || (word_is(words, i, "auth") && WORD_IN(words, i - 1, AUTH_OF))
           /* camel case splits PassWord and passWord */
           || (word_is(words, i, "word") && word_is(words, i - 1, "pass"))
           || (word_is(words, i, "phrase") && word_is(words, i - 1, "pass"));
}

bool
rec_redact_name(const char *utf8, size_t len)
{
    struct words words;
    if (len < 3 || len > REC_REDACT_NAME_BYTES) {
        return false;
    }
    words_split(&words, utf8, len);
    for (size_t i = 0; i < words.count; i++) {
        if (is_secret_word(&words, i)) {
            return true;
        }
    }
    return false;
}

/* --- Command lines --- */

/* Copies `len` bytes of `arg`, then the mark, then `tail`. */
static char *
with_mark(const char *arg, size_t len, const char *tail)
{
    size_t mark = sizeof REC_REDACTED - 1;
    size_t tail_len = strlen(tail);
    char *copy = malloc(len + mark + tail_len + 1);
    if (copy != NULL) {
        memcpy(copy, arg, len);
        memcpy(copy + len, REC_REDACTED, mark);
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
secret_off(const char *arg)
{
    size_t name = strspn(arg, "-");
    size_t len = strcspn(arg + name, "=: \t\n\"'();");
    size_t off = name + len;
    if ((arg[off] != '=' && arg[off] != ':') || !rec_redact_name(arg + name, len)) {
        return 0;
    }
    off++;
    return off + strspn(arg + off, " ");
}

/* Whether the next word is this option's secret: `--password X`. */
static bool
takes_secret(const char *arg)
{
    size_t dashes = strspn(arg, "-");
    return dashes > 0 && strpbrk(arg, "=: ") == NULL
           && rec_redact_name(arg + dashes, strlen(arg + dashes));
}

static char *
redact_word(const char *arg, const char *before)
{
    if (before != NULL && takes_secret(before) && arg[0] != '-') {
        return with_mark("", 0, "");
    }
    size_t off = secret_off(arg);
    return off > 0 && arg[off] != '\0' ? with_mark(arg, off, "") : redact_url(arg);
}

char **
rec_redact_argv(char *const *argv, size_t count)
{
    char **copy = calloc(count + 1, sizeof *copy);
    if (copy == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        copy[i] = redact_word(argv[i], i > 0 ? argv[i - 1] : NULL);
        if (copy[i] == NULL) {
            rec_redact_argv_free(copy);
            return NULL;
        }
    }
    return copy;
}

void
rec_redact_argv_free(char **argv)
{
    for (char **arg = argv; arg != NULL && *arg != NULL; arg++) {
        free(*arg);
    }
    free(argv);
}
