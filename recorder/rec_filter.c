#include "rec_filter.h"

#include <string.h>

/* One character of UTF-8; a byte that begins none counts as one. */
static size_t
char_len(const char *text)
{
    size_t len = 1;
    if ((unsigned char)text[0] >= 0xc0) {
        while (((unsigned char)text[len] & 0xc0) == 0x80) {
            len++;
        }
    }
    return len;
}

static int
char_cmp(const char *a, size_t a_len, const char *b, size_t b_len)
{
    int order = memcmp(a, b, a_len < b_len ? a_len : b_len);
    return order != 0 ? order : (a_len > b_len) - (a_len < b_len);
}

/* `glob` stands behind the `[`. The set's end, behind the `]`; NULL when there is none: the
 * `[` is then a character like others. */
static const char *
set_match(const char *glob, const char *text, bool *ret_match)
{
    bool negated = *glob == '!' || *glob == '^';
    bool match = false;
    size_t text_len = char_len(text);
    const char *at = glob + negated;
    for (bool first = true; *at != ']' || first; first = false) {
        if (*at == '\0') {
            return NULL;
        }
        const char *low = at;
        size_t low_len = char_len(low);
        const char *high = low;
        size_t high_len = low_len;
        at += low_len;
        if (at[0] == '-' && at[1] != ']' && at[1] != '\0') {
            high = at + 1;
            high_len = char_len(high);
            at = high + high_len;
        }
        match |= char_cmp(low, low_len, text, text_len) <= 0
                 && char_cmp(text, text_len, high, high_len) <= 0;
    }
    *ret_match = match != negated;
    return at + 1;
}

/* One element of the glob, which is no `*`, against one character. Behind the element when
 * it matches, else NULL. */
static const char *
element_match(const char *glob, const char *text)
{
    if (*glob == '?') {
        return glob + 1;
    }
    if (*glob == '[') {
        bool match = false;
        const char *end = set_match(glob + 1, text, &match);
        if (end != NULL) {
            return match ? end : NULL;
        }
    }
    size_t len = char_len(glob);
    return strncmp(glob, text, len) == 0 && *glob != '\0' ? glob + len : NULL;
}

/* Only the latest `*` can need another try: whatever an earlier one took more, the latest
 * could take less. */
bool
rec_filter_glob(const char *glob, const char *text)
{
    const char *star_glob = NULL;
    const char *star_text = NULL;
    while (*text != '\0') {
        if (*glob == '*') {
            star_glob = ++glob;
            star_text = text;
            continue;
        }
        const char *behind = element_match(glob, text);
        if (behind != NULL) {
            glob = behind;
            text += char_len(text);
        }
        else if (star_glob != NULL) {
            glob = star_glob;
            star_text += char_len(star_text);
            text = star_text;
        }
        else {
            return false;
        }
    }
    while (*glob == '*') {
        glob++;
    }
    return *glob == '\0';
}

static bool
file_match(const char *glob, const char *file)
{
    if (strchr("/*<", *glob) != NULL) {
        return rec_filter_glob(glob, file);
    }
    while (strncmp(glob, "./", 2) == 0) {
        glob += 2;
    }
    for (const char *end = file; end != NULL; end = strchr(end, '/')) {
        end += *end == '/';
        if (rec_filter_glob(glob, end)) {
            return true;
        }
    }
    return false;
}

static bool
any_file(const struct rec_globs *globs, const char *file)
{
    for (uint32_t i = 0; i < globs->count; i++) {
        if (file_match(globs->glob[i], file)) {
            return true;
        }
    }
    return false;
}

static bool
any_function(const struct rec_globs *globs, const char *qualname)
{
    for (uint32_t i = 0; i < globs->count; i++) {
        if (rec_filter_glob(globs->glob[i], qualname)) {
            return true;
        }
    }
    return false;
}

void
rec_filter_init(struct rec_filter *filter, const struct rec_options *options)
{
    *filter = (struct rec_filter){
        .include = &options->include,
        .exclude = &options->exclude,
        .include_function = &options->include_function,
        .exclude_function = &options->exclude_function,
    };
    filter->all = options->include.count == 0 && options->exclude.count == 0
                  && options->include_function.count == 0
                  && options->exclude_function.count == 0;
}

bool
rec_filter_code(const struct rec_filter *filter, const char *file, const char *qualname)
{
    if (filter->all) {
        return true;
    }
    if (any_file(filter->exclude, file)
        || any_function(filter->exclude_function, qualname)) {
        return false;
    }
    return (filter->include->count == 0 || any_file(filter->include, file))
           && (filter->include_function->count == 0
               || any_function(filter->include_function, qualname));
}
