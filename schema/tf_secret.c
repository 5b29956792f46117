/* The words that make a name look like that of a secret. */
#include "tf_secret.h"

#include <string.h>

/* clang-format off */
#define W(text) {text, sizeof(text) - 1}
/* clang-format on */

/* Words that are enough by themselves. */
static const struct tf_word SECRET[] = {
    W("password"),    W("passwords"),    W("passwd"),        W("passphrase"),
    W("passphrases"), W("passcode"),     W("pwd"),           W("secret"),
    W("secrets"),     W("cookie"),       W("cookies"),       W("credential"),
    W("credentials"), W("creds"),        W("authorization"), W("apikey"),
    W("apikeys"),     W("privatekey"),   W("secretkey"),     W("accesskey"),
    W("authtoken"),   W("accesstoken"),  W("refreshtoken"),  W("csrftoken"),
    W("apitoken"),    W("sessiontoken"), W("bearer"),        W("jwt"),
    W("sessionid"),   W("otp"),          W("htpasswd"),      W("clientsecret"),
    W("pgpass"),
};

/* Word endings that are a secret in any compound written as one word (dbpassword). */
static const struct tf_word SECRET_ENDING[] = {W("password"), W("passwd"),
                                               W("passphrase")};

/* What makes a `key` secret when it stands before it. */
static const struct tf_word KEY_OF[] = {
    W("api"),     W("private"), W("access"),  W("secret"), W("encryption"),
    W("encrypt"), W("signing"), W("sign"),    W("master"), W("session"),
    W("ssh"),     W("auth"),    W("account"), W("shared"), W("hmac"),
    W("aes"),     W("rsa"),     W("license"),
};

/* Likewise `pass`, which alone is a step as often as a password. */
static const struct tf_word PASS_OF[] = {
    W("db"),    W("database"), W("smtp"),  W("imap"),  W("mail"), W("email"),
    W("ftp"),   W("ssh"),      W("user"),  W("admin"), W("root"), W("login"),
    W("mysql"), W("pg"),       W("redis"), W("proxy"), W("http"), W("ldap"),
    W("wifi"),  W("auth"),     W("my"),    W("sudo"),
};

/* Likewise `auth`. */
static const struct tf_word AUTH_OF[] = {W("basic"), W("http"), W("proxy"),
                                         W("digest")};

/* `token` is secret as the last word (auth_token), before one of these (token_value), and in
 * the plural after one of TOKENS_OF. A token_count or the tokens of a lexer are not. */
static const struct tf_word TOKEN_BEFORE[] = {
    W("value"), W("key"),    W("string"), W("str"), W("secret"),
    W("hash"),  W("header"), W("bytes"),  W("raw"),
};
static const struct tf_word TOKENS_OF[] = {
    W("api"),     W("auth"), W("access"), W("refresh"), W("bearer"),
    W("session"), W("csrf"), W("secret"), W("oauth"),
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
void
tf_words_split(struct tf_words *words, const char *text, size_t len)
{
    words->count = 0;
    for (size_t i = 0; i < len && words->count < TF_SECRET_WORDS;) {
        size_t start = i;
        do {
            words->text[i] = lower(text[i]);
            i++;
        } while (i < len && !is_border(text, len, i));
        enum letter first = letter_of(text[start]);
        if (first == LOWER || first == UPPER) {
            words->word[words->count++] =
                (struct tf_word){words->text + start, i - start};
        }
    }
}

bool
tf_word_equals(const struct tf_word *a, const struct tf_word *b)
{
    return a->len == b->len && a->text[0] == b->text[0]
           && memcmp(a->text, b->text, a->len) == 0;
}

static bool
word_is(const struct tf_words *words, size_t i, const char *text)
{
    struct tf_word word = {text, strlen(text)};
    return i < words->count && tf_word_equals(&words->word[i], &word);
}

#define WORD_IN(words, i, list) word_in(words, i, list, sizeof list / sizeof *list)

static bool
word_in(const struct tf_words *words, size_t i, const struct tf_word *list,
        size_t count)
{
    for (size_t k = 0; i < words->count && k < count; k++) {
        if (tf_word_equals(&words->word[i], &list[k])) {
            return true;
        }
    }
    return false;
}

static bool
ends_secret(const struct tf_word *word)
{
    for (size_t k = 0; k < sizeof SECRET_ENDING / sizeof *SECRET_ENDING; k++) {
        const struct tf_word *ending = &SECRET_ENDING[k];
        if (word->len > ending->len
            && memcmp(word->text + word->len - ending->len, ending->text, ending->len)
                   == 0) {
            return true;
        }
    }
    return false;
}

static bool
is_secret_token(const struct tf_words *words, size_t i)
{
    if (word_is(words, i, "tokens")) {
        return i > 0 && WORD_IN(words, i - 1, TOKENS_OF);
    }
    return word_is(words, i, "token")
           && (i + 1 == words->count || WORD_IN(words, i + 1, TOKEN_BEFORE));
}

static bool
is_secret_word(const struct tf_words *words, size_t i)
{
    if (WORD_IN(words, i, SECRET) || ends_secret(&words->word[i])
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
tf_secret_words(const struct tf_words *words)
{
    for (size_t i = 0; i < words->count; i++) {
        if (is_secret_word(words, i)) {
            return true;
        }
    }
    return false;
}
