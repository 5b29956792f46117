/* What looks secret by itself, whatever its name. */
#include "rp_private.h"
#include "rp_share.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *what, *pattern;
} LOOKS[] = {
    {"a private key", "-----BEGIN*PRIVATE KEY"},
    {"a private key", "PRIVATE KEY-----"},
    {"an AWS access key",
     "AKIA[A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9]"},
    {"a GitHub token", "gh[pousr]_????????????????????"},
    {"a Slack token", "xox[abprs]-??????????"},
    {"a Stripe key", "[sr]k_live_??????????"},
    {"an API key", "sk-????????????????????"},
    {"a JSON web token", "eyJ??????????*.eyJ"},
    {"a bearer token", "Bearer ????????"},
    {"a basic authorization", "Basic ????????????"},
    {"a password in a URL", "://[A-Za-z0-9]*:*@"},
    {"a password", "password=[!&*, ]"},
    {"a password", "passwd=[!&*, ]"},
};

#define LOOK_COUNT (sizeof LOOKS / sizeof *LOOKS)

struct search {
    struct tf_rules *rules[LOOK_COUNT];
    void (*found)(void *ctx, const char *what, struct tf_text text);
    void *ctx;
};

#define SHOWN_MAX 60

/* What was found, to the end of its word. */
static struct tf_text
word_at(struct tf_text text, size_t at, size_t end)
{
    while (end < text.len && !strchr(" \t\n\r\"'`,;()<>\\", text.data[end])) {
        end++;
    }
    size_t len = end - at < SHOWN_MAX ? end - at : SHOWN_MAX;
    return (struct tf_text){text.data + at, len};
}

static void
look_at(struct search *search, struct tf_text text)
{
    for (size_t i = 0; i < LOOK_COUNT; i++) {
        size_t at = 0, end;
        for (; tf_rules_text(search->rules[i], text.data, text.len, false, &at, &end);
             at = end) {
            search->found(search->ctx, LOOKS[i].what, word_at(text, at, end));
        }
    }
}

static void
look_at_table(struct search *search, const struct tf_ops *ops)
{
    for (uint32_t i = 0; i < ops->text_count; i++) {
        look_at(search, ops->text[i]);
    }
}

static void
look_at_lines(struct search *search, struct tf_text text)
{
    while (text.len) {
        const char *end = memchr(text.data, '\n', text.len);
        size_t len = end ? (size_t)(end - text.data) : text.len;
        look_at(search, (struct tf_text){text.data, len});
        len += end != NULL;
        text.data += len;
        text.len -= len;
    }
}

static tf_status
look_at_chunk(struct search *search, struct rp *rp, size_t idx, struct tf_err *err)
{
    struct tf_chunk *chunk;
    tf_status status = tf_reader_chunk(rp->reader, idx, &chunk, err);
    if (status == TF_OK) {
        look_at_table(search, &chunk->keyframe);
        look_at_table(search, &chunk->changes);
        tf_chunk_free(chunk);
        status = rp_progress(rp, idx, rp->facts.chunk_count, err);
    }
    return status;
}

static tf_status
look_everywhere(struct search *search, struct rp *rp, struct tf_err *err)
{
    tf_status status = TF_OK;
    for (uint32_t i = 0; i < rp->facts.header->argv_count; i++) {
        look_at(search, rp->facts.header->argv[i]);
    }
    for (uint32_t id = 1; id <= rp->facts.file_count && status == TF_OK; id++) {
        struct tf_text text;
        status = tf_reader_source(rp->reader, id, &text, err);
        if (status == TF_OK) {
            look_at_lines(search, text);
        }
        status = status == TF_ERR_MEMORY ? status : TF_OK; /* without its source */
    }
    for (size_t i = 0; i < tf_reader_checkpoint_count(rp->reader) && status == TF_OK;
         i++) {
        struct tf_checkpoint *checkpoint;
        status = tf_reader_checkpoint(rp->reader, i, &checkpoint, err);
        if (status == TF_OK) {
            look_at_table(search, &checkpoint->state);
            tf_checkpoint_free(checkpoint);
        }
    }
    for (size_t i = 0; i < rp->facts.chunk_count && status == TF_OK; i++) {
        status = look_at_chunk(search, rp, i, err);
    }
    return status;
}

tf_status
rp_suspects(struct rp *rp,
            void (*found)(void *ctx, const char *what, struct tf_text text), void *ctx,
            struct tf_err *err)
{
    struct search search = {.found = found, .ctx = ctx};
    tf_status status = TF_OK;
    for (size_t i = 0; i < LOOK_COUNT && status == TF_OK; i++) {
        search.rules[i] = tf_rules_new(false);
        status = search.rules[i] ? tf_rules_add(search.rules[i], TF_RULE_TEXT,
                                                LOOKS[i].pattern, err)
                                 : rp_no_memory(err);
    }
    if (status == TF_OK) {
        status = look_everywhere(&search, rp, err);
    }
    for (size_t i = 0; i < LOOK_COUNT; i++) {
        tf_rules_free(search.rules[i]);
    }
    return status;
}
