/* Names taken apart into words, and which of them look as if their value was a secret.
 *
 * A name is taken apart at everything that is no letter or digit, where case changes (apiKey,
 * APIKey) and between letters and digits. Whole words count: `password`, `db_password2`,
 * `userPassword` and `X-Api-Key` are secret; `company`, `author`, `passed`, `tokenizer` and
 * `keyboard` are not. */
#ifndef TF_SECRET_H
#define TF_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/* Longer texts are no names. */
#define TF_SECRET_NAME_BYTES 100u
#define TF_SECRET_WORDS      16u

struct tf_word {
    const char *text; /* lower case */
    size_t len;
};

struct tf_words {
    char text[TF_SECRET_NAME_BYTES]; /* the name in lower case */
    struct tf_word word[TF_SECRET_WORDS];
    size_t count;
};

/* `len` is at most TF_SECRET_NAME_BYTES. Digits and what is no letter are left out. */
void tf_words_split(struct tf_words *words, const char *text, size_t len);
bool tf_word_equals(const struct tf_word *a, const struct tf_word *b);
/* By the built-in words. */
bool tf_secret_words(const struct tf_words *words);

#endif
