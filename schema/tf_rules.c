#include "tf_rules.h"

#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tf_pattern.h"

#define RULES_FILE_BYTES (1u << 20)
#define PATTERN_BYTES    256u

struct name_rule {
    char *glob; /* lower case; NULL: words */
    struct tf_words words;
};

struct list {
    void *at;
    size_t count, cap;
};

struct tf_rules {
    bool built_in;
    struct list name, keep; /* struct name_rule * */
    struct list type;       /* char * */
    struct list text;       /* struct tf_pattern * */
};

struct tf_rules *
tf_rules_new(bool built_in)
{
    struct tf_rules *rules = calloc(1, sizeof *rules);
    if (rules != NULL) {
        rules->built_in = built_in;
    }
    return rules;
}

void
tf_rules_set_built_in(struct tf_rules *rules, bool built_in)
{
    rules->built_in = built_in;
}

static void *
list_at(const struct list *list, size_t i)
{
    return ((void **)list->at)[i];
}

static bool
list_add(struct list *list, void *item)
{
    if (list->count == list->cap) {
        size_t cap = list->cap * 2 + 8;
        void *at = realloc(list->at, cap * sizeof(void *));
        if (at == NULL) {
            return false;
        }
        list->at = at;
        list->cap = cap;
    }
    ((void **)list->at)[list->count++] = item;
    return true;
}

static void
free_names(struct list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        struct name_rule *rule = list_at(list, i);
        free(rule->glob);
        free(rule);
    }
    free(list->at);
}

void
tf_rules_free(struct tf_rules *rules)
{
    if (rules == NULL) {
        return;
    }
    free_names(&rules->name);
    free_names(&rules->keep);
    for (size_t i = 0; i < rules->type.count; i++) {
        free(list_at(&rules->type, i));
    }
    for (size_t i = 0; i < rules->text.count; i++) {
        tf_pattern_release(list_at(&rules->text, i));
        free(list_at(&rules->text, i));
    }
    free(rules->type.at);
    free(rules->text.at);
    free(rules);
}

/* --- Adding --- */

static tf_status
no_memory(struct tf_err *err)
{
    return tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
}

static tf_status
bad(const char *pattern, const char *why, struct tf_err *err)
{
    return tf_err_set(err, TF_ERR_ARGUMENT, -1, "the pattern '%.60s' %s", pattern, why);
}

static void
to_lower(char *text)
{
    for (; *text != '\0'; text++) {
        *text = *text >= 'A' && *text <= 'Z' ? (char)(*text - 'A' + 'a') : *text;
    }
}

static tf_status
add_name(struct list *list, const char *pattern, struct tf_err *err)
{
    bool glob = strpbrk(pattern, "*?[") != NULL;
    if (strlen(pattern) > TF_SECRET_NAME_BYTES) {
        return bad(pattern, "is too long", err);
    }
    if (strspn(pattern, "*?") == strlen(pattern)) {
        return bad(pattern, "would match anything", err);
    }
    struct name_rule *rule = calloc(1, sizeof *rule);
    if (rule == NULL || !list_add(list, rule)) {
        free(rule);
        return no_memory(err);
    }
    if (glob) {
        rule->glob = strdup(pattern);
        if (rule->glob == NULL) {
            return no_memory(err);
        }
        to_lower(rule->glob);
        return TF_OK;
    }
    tf_words_split(&rule->words, pattern, strlen(pattern));
    return rule->words.count > 0 ? TF_OK : bad(pattern, "has no word in it", err);
}

static tf_status
add_pattern(struct tf_rules *rules, const char *text, struct tf_err *err)
{
    const char *why;
    struct tf_pattern *pattern = malloc(sizeof *pattern);
    if (pattern == NULL) {
        return no_memory(err);
    }
    if (!tf_pattern_make(pattern, text, &why)) {
        free(pattern);
        return bad(text, why, err);
    }
    if (!list_add(&rules->text, pattern)) {
        tf_pattern_release(pattern);
        free(pattern);
        return no_memory(err);
    }
    return TF_OK;
}

/* A code point of UTF-8; a byte that is none is taken by itself. */
static unsigned
next_point(const unsigned char **at)
{
    const unsigned char *s = *at;
    unsigned more = *s >= 0xf0 ? 3 : *s >= 0xe0 ? 2 : *s >= 0xc0 ? 1 : 0;
    unsigned point = more ? *s & (0x3fu >> more) : *s;
    for (unsigned i = 1; i <= more; i++) {
        if ((s[i] & 0xc0) != 0x80) {
            (*at)++;
            return *s;
        }
        point = point << 6 | (s[i] & 0x3f);
    }
    *at += more + 1;
    return point;
}

enum spelling { REPR, BYTES_REPR, JSON, URL };

/* How a byte or code point of the pattern is written there; a backslash of it is doubled,
 * since the result is a pattern again. False: as it is. */
static bool
spell(enum spelling how, unsigned point, char *to, size_t room)
{
    const char *slash = "\\\\";
    bool wide = point > 0x7f;
    switch (how) {
    case JSON:
        if (point == '"' || point == '\\') {
            return snprintf(to, room, "%s%s", slash, point == '"' ? "\"" : slash) > 0;
        }
        if (point > 0xffff) {
            unsigned rest = point - 0x10000;
            return snprintf(to, room, "%su%04x%su%04x", slash, 0xd800 + (rest >> 10),
                            slash, 0xdc00 + (rest & 0x3ff))
                   > 0;
        }
        return wide && snprintf(to, room, "%su%04x", slash, point) > 0;
    case URL: {
        bool plain = (point >= '0' && point <= '9') || (point >= 'A' && point <= 'Z')
                     || (point >= 'a' && point <= 'z')
                     || (point < 0x80 && point && strchr("-._~*?[]\\", (int)point));
        return !plain && !wide && snprintf(to, room, "%%%02X", point) > 0;
    }
    default:
        if (point == '\\' || (point == '\'' && how == REPR)) {
            return snprintf(to, room, "%s%s", slash, point == '\\' ? slash : "'") > 0;
        }
        return wide && how == REPR && point > 0xff
               && snprintf(to, room, point > 0xffff ? "%sU%08x" : "%su%04x", slash,
                           point)
                      > 0;
    }
}

/* Behind a set that begins there; else, and where it does not end, NULL. */
static const unsigned char *
behind_set(const unsigned char *at)
{
    if (*at != '[') {
        return NULL;
    }
    at += 1 + (at[1] == '!' || at[1] == '^');
    const char *end = *at ? strchr((const char *)at + 1, ']') : NULL;
    return end ? (const unsigned char *)end + 1 : NULL;
}

/* The same pattern as it would be found inside a text that quotes it, where that differs. */
static tf_status
add_spelling(struct tf_rules *rules, const char *pattern, enum spelling how,
             struct tf_err *err)
{
    char text[PATTERN_BYTES * 14];
    size_t len = 0;
    bool differs = false;
    const unsigned char *at = (const unsigned char *)pattern;
    while (*at) {
        const unsigned char *start = at, *behind = behind_set(at);
        if (behind) {
            memcpy(text + len, start, (size_t)(behind - start));
            len += (size_t)(behind - start);
            at = behind;
            continue;
        }
        bool escaped = *at == '\\' && at[1];
        at += escaped;
        char piece[32];
        unsigned point = next_point(&at);
        if ((!escaped && point < 0x80 && strchr("*?[]", (int)point))
            || !spell(how, point, piece, sizeof piece)) {
            memcpy(text + len, start, (size_t)(at - start));
            len += (size_t)(at - start);
            continue;
        }
        differs = true;
        memcpy(text + len, piece, strlen(piece));
        len += strlen(piece);
    }
    text[len] = '\0';
    return differs && len <= TF_PATTERN_TOKENS ? add_pattern(rules, text, err) : TF_OK;
}

static tf_status
add_text(struct tf_rules *rules, const char *pattern, struct tf_err *err)
{
    if (strlen(pattern) > PATTERN_BYTES) {
        return bad(pattern, "is too long", err);
    }
    tf_status status = add_pattern(rules, pattern, err);
    for (enum spelling how = REPR; how <= URL && status == TF_OK; how++) {
        status = add_spelling(rules, pattern, how, err);
    }
    return status;
}

static tf_status
add_type(struct tf_rules *rules, const char *pattern, struct tf_err *err)
{
    if (strlen(pattern) > PATTERN_BYTES || strspn(pattern, "*?.") == strlen(pattern)) {
        return bad(pattern, "is empty, too long, or would match anything", err);
    }
    char *copy = strdup(pattern);
    if (copy == NULL || !list_add(&rules->type, copy)) {
        free(copy);
        return no_memory(err);
    }
    return TF_OK;
}

tf_status
tf_rules_add(struct tf_rules *rules, enum tf_rule_sort sort, const char *pattern,
             struct tf_err *err)
{
    if (*pattern == '\0') {
        return bad(pattern, "is empty", err);
    }
    switch (sort) {
    case TF_RULE_NAME: return add_name(&rules->name, pattern, err);
    case TF_RULE_KEEP: return add_name(&rules->keep, pattern, err);
    case TF_RULE_TYPE: return add_type(rules, pattern, err);
    default: return add_text(rules, pattern, err);
    }
}

/* --- Files of rules --- */

static const struct {
    const char *word;
    enum tf_rule_sort sort;
} SORTS[] = {{"name", TF_RULE_NAME},
             {"type", TF_RULE_TYPE},
             {"text", TF_RULE_TEXT},
             {"keep", TF_RULE_KEEP}};

static tf_status
read_line(struct tf_rules *rules, char *line, struct tf_err *err)
{
    static const char space[] = " \t\r\n";
    line += strspn(line, space);
    size_t end = strlen(line);
    while (end > 0 && strchr(space, line[end - 1]) != NULL) {
        line[--end] = '\0';
    }
    if (*line == '\0' || *line == '#') {
        return TF_OK;
    }
    size_t word = strcspn(line, space);
    const char *pattern = line + word + strspn(line + word, space);
    for (size_t i = 0; i < sizeof SORTS / sizeof *SORTS; i++) {
        if (strlen(SORTS[i].word) == word && memcmp(SORTS[i].word, line, word) == 0) {
            return tf_rules_add(rules, SORTS[i].sort, pattern, err);
        }
    }
    return tf_err_set(err, TF_ERR_ARGUMENT, -1,
                      "'%.40s' is none of name, type, text and keep", line);
}

tf_status
tf_rules_read(struct tf_rules *rules, const char *path, struct tf_err *err)
{
    char line[1024];
    unsigned number = 0;
    size_t bytes = 0;
    tf_status status = TF_OK;
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return tf_err_set(err, TF_ERR_ARGUMENT, -1,
                          "cannot read the rules in %.150s: %s", path, strerror(errno));
    }
    while (status == TF_OK && fgets(line, sizeof line, file) != NULL) {
        struct tf_err fault = TF_ERR_INIT;
        size_t len = strlen(line);
        number++;
        bytes += len;
        if ((len + 1 == sizeof line && line[len - 1] != '\n')
            || bytes > RULES_FILE_BYTES) {
            status = tf_err_set(&fault, TF_ERR_ARGUMENT, -1, "too long");
        }
        else {
            status = read_line(rules, line, &fault);
        }
        if (status == TF_ERR_ARGUMENT) {
            tf_err_set(err, status, -1, "%.80s, line %u: %.120s", path, number,
                       fault.message);
        }
        else if (status != TF_OK) {
            no_memory(err);
        }
    }
    if (status == TF_OK && ferror(file)) {
        status =
            tf_err_set(err, TF_ERR_ARGUMENT, -1, "cannot read the rules in %.150s: %s",
                       path, strerror(errno));
    }
    fclose(file);
    return status;
}

/* --- Asking --- */

static bool
words_within(const struct tf_words *words, const struct tf_words *name)
{
    for (size_t i = 0; i + words->count <= name->count; i++) {
        size_t k = 0;
        while (k < words->count
               && tf_word_equals(&words->word[k], &name->word[i + k])) {
            k++;
        }
        if (k == words->count) {
            return true;
        }
    }
    return false;
}

static bool
name_matches(const struct list *list, const struct tf_words *name, const char *lower)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct name_rule *rule = list_at(list, i);
        if (rule->glob != NULL ? fnmatch(rule->glob, lower, 0) == 0
                               : words_within(&rule->words, name)) {
            return true;
        }
    }
    return false;
}

bool
tf_rules_name(const struct tf_rules *rules, const char *utf8, size_t len)
{
    struct tf_words words;
    char lower[TF_SECRET_NAME_BYTES + 1];
    if (len < 1 || len > TF_SECRET_NAME_BYTES) {
        return false;
    }
    if (len < 3 && rules->name.count == 0) {
        return false;
    }
    tf_words_split(&words, utf8, len);
    bool own = rules->name.count > 0 || rules->keep.count > 0;
    if (own) {
        memcpy(lower, utf8, len);
        lower[len] = '\0';
        to_lower(lower);
    }
    return ((rules->built_in && tf_secret_words(&words))
            || (own && name_matches(&rules->name, &words, lower)))
           && !(own && name_matches(&rules->keep, &words, lower));
}

bool
tf_rules_has_types(const struct tf_rules *rules)
{
    return rules->type.count > 0;
}

bool
tf_rules_type(const struct tf_rules *rules, const char *module, size_t module_len,
              const char *name, size_t name_len)
{
    char full[1024];
    if (rules->type.count == 0 || module_len + name_len + 2 > sizeof full) {
        return false;
    }
    if (module_len > 0) {
        memcpy(full, module, module_len);
    }
    full[module_len] = '.';
    memcpy(full + module_len + 1, name, name_len);
    full[module_len + 1 + name_len] = '\0';
    for (size_t i = 0; i < rules->type.count; i++) {
        const char *glob = list_at(&rules->type, i);
        if (fnmatch(glob, full, 0) == 0
            || fnmatch(glob, full + module_len + 1, 0) == 0) {
            return true;
        }
    }
    return false;
}

bool
tf_rules_has_texts(const struct tf_rules *rules)
{
    return rules->text.count > 0;
}

bool
tf_rules_text(const struct tf_rules *rules, const char *text, size_t len, bool cut,
              size_t *at, size_t *ret_end)
{
    bool found = false;
    size_t best = 0, best_end = 0;
    for (size_t i = 0; i < rules->text.count; i++) {
        size_t begin = *at, end;
        if (!tf_pattern_find(list_at(&rules->text, i), text, len, cut, &begin, &end)) {
            continue;
        }
        if (!found || begin < best || (begin == best && end > best_end)) {
            best = begin;
            best_end = end;
        }
        found = true;
    }
    if (found) {
        *at = best;
        *ret_end = best_end;
    }
    return found;
}

bool
tf_rules_number(const struct tf_rules *rules, int64_t number)
{
    char text[24];
    size_t at = 0, end;
    if (rules->text.count == 0 || (number > -1000 && number < 1000)) {
        return false;
    }
    int len = snprintf(text, sizeof text, "%" PRId64, number);
    return tf_rules_text(rules, text, (size_t)len, false, &at, &end);
}

size_t
tf_rules_text_reach(const struct tf_rules *rules)
{
    size_t reach = 0;
    for (size_t i = 0; i < rules->text.count; i++) {
        size_t one = tf_pattern_reach(list_at(&rules->text, i));
        reach = one > reach ? one : reach;
    }
    return reach;
}

/* --- Replacing --- */

char *
tf_rules_scrub(const struct tf_rules *rules, struct tf_text *text)
{
    const size_t mark_len = sizeof TF_REDACTED - 1;
    size_t at = 0, end = 0, from = 0, len = 0, count = 0;
    if (rules == NULL || !tf_rules_has_texts(rules)) {
        return NULL;
    }
    while (tf_rules_text(rules, text->data, text->len, false, &at, &end)) {
        count++;
        at = end;
    }
    if (count == 0) {
        return NULL;
    }
    char *to = malloc(text->len + count * mark_len);
    for (at = 0;
         to != NULL && tf_rules_text(rules, text->data, text->len, false, &at, &end);
         at = from = end) {
        memcpy(to + len, text->data + from, at - from);
        memcpy(to + len + (at - from), TF_REDACTED, mark_len);
        len += at - from + mark_len;
    }
    if (to != NULL) {
        memcpy(to + len, text->data + from, text->len - from);
        len += text->len - from;
    }
    *text = (struct tf_text){to != NULL ? to : "", len};
    return to;
}
