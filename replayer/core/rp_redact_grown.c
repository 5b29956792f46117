/* Secrets that grow: `key += part` leaves the beginnings of what a rule for texts names in the
 * same place, one after the other, and the parts elsewhere.
 *
 * For each place (a variable at a depth of a stack, an item or attribute of an object) the
 * latest text is kept, and the lengths at which it was seen as it grew. When it has become what
 * a rule names, those beginnings and parts that show some of it are noted, and no value with
 * such a text is written. */
#include "rp_redact.h"

#include <stdlib.h>
#include <string.h>

/* Fewer characters of a secret are no secret. */
#define SHOWN_MIN  3u
#define TEXT_MAX   8192u
#define PLACES_MAX 16384u
#define TEXTS_MAX  (16u << 20)
#define STEPS_MAX  1024u

struct place {
    char *text; /* the latest */
    size_t len;
    uint32_t *step; /* lengths that it had before, ascending */
    uint32_t step_count, step_cap;
};

struct rp_redact_grown {
    struct rp_map place_of; /* key -> idx in `place` */
    struct place *place;
    size_t place_count, place_cap, text_bytes;
    struct rp_map hidden; /* hash of a text */
};

static uint64_t
hash_of(const char *text, size_t len)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ (uint8_t)text[i]) * UINT64_C(0x100000001b3);
    }
    return hash ? hash : 1;
}

static uint64_t
key_of(uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t key[3] = {a, b, c};
    return hash_of((const char *)key, sizeof key);
}

/* --- Places --- */

static void
forget_places(struct rp_redact_grown *grown)
{
    for (size_t i = 0; i < grown->place_count; i++) {
        free(grown->place[i].text);
        free(grown->place[i].step);
    }
    grown->place_count = grown->text_bytes = 0;
    rp_map_release(&grown->place_of);
}

static struct place *
place_at(struct rp_redact_grown *grown, uint64_t key)
{
    uint32_t idx = rp_map_get(&grown->place_of, key);
    if (idx != RP_NONE) {
        return &grown->place[idx];
    }
    if (grown->place_count >= PLACES_MAX || grown->text_bytes > TEXTS_MAX) {
        forget_places(grown);
    }
    if (grown->place_count == grown->place_cap) {
        size_t cap = grown->place_cap * 2 + 64;
        void *more = realloc(grown->place, cap * sizeof *grown->place);
        if (!more) {
            return NULL;
        }
        grown->place = more;
        grown->place_cap = cap;
    }
    if (!rp_map_put(&grown->place_of, key, (uint32_t)grown->place_count)) {
        return NULL;
    }
    grown->place[grown->place_count] = (struct place){0};
    return &grown->place[grown->place_count++];
}

static bool
add_step(struct place *place, size_t len)
{
    if (place->step_count == STEPS_MAX) { /* the shortest show least */
        place->step_count--;
        memmove(place->step, place->step + 1, place->step_count * sizeof *place->step);
    }
    if (place->step_count == place->step_cap) {
        uint32_t cap = place->step_cap * 2 + 8;
        uint32_t *more = realloc(place->step, cap * sizeof *more);
        if (!more) {
            return false;
        }
        place->step = more;
        place->step_cap = cap;
    }
    place->step[place->step_count++] = (uint32_t)len;
    return true;
}

static bool
keep_text(struct rp_redact_grown *grown, struct place *place, struct tf_text text)
{
    char *copy = realloc(place->text, text.len);
    if (!copy) {
        return false;
    }
    memcpy(copy, text.data, text.len);
    grown->text_bytes += text.len - place->len;
    place->text = copy;
    place->len = text.len;
    return true;
}

/* --- What is hidden --- */

/* The part [first, end) of a text, if it shows enough of the secret at [at, match_end). */
static bool
hide(struct rp_redact_grown *grown, const char *text, size_t first, size_t end,
     size_t at, size_t match_end)
{
    size_t from = first > at ? first : at, to = end < match_end ? end : match_end;
    return to < from + SHOWN_MIN
           || rp_map_put(&grown->hidden, hash_of(text + first, end - first), 1);
}

static bool
hide_steps(struct rp_redactor *redactor, const struct place *place)
{
    size_t at = 0, end;
    bool fine = true;
    while (tf_rules_text(redactor->rules, place->text, place->len, false, &at, &end)) {
        for (uint32_t i = 0; i < place->step_count && fine; i++) {
            size_t len = place->step[i];
            size_t next = i + 1 < place->step_count ? place->step[i + 1] : place->len;
            fine = hide(redactor->grown, place->text, 0, len, at, end)
                   && hide(redactor->grown, place->text, len, next, at, end);
        }
        at = end;
    }
    return fine;
}

static bool
see_text(struct rp_redactor *redactor, uint64_t key, struct tf_text text)
{
    struct place *place = place_at(redactor->grown, key);
    if (!place) {
        return false;
    }
    bool grew = place->len && text.len > place->len
                && memcmp(place->text, text.data, place->len) == 0;
    bool same = text.len == place->len && memcmp(place->text, text.data, text.len) == 0;
    if (same) {
        return true;
    }
    if (!grew) {
        place->step_count = 0;
    }
    else if (!add_step(place, place->len)) {
        return false;
    }
    return keep_text(redactor->grown, place, text)
           && (!grew || hide_steps(redactor, place));
}

static void
see(struct rp_redactor *redactor, uint64_t key, const struct tf_ops *ops,
    const struct tf_value *value)
{
    if (value->kind != TF_VAL_STR && value->kind != TF_VAL_BYTES) {
        return;
    }
    struct tf_text text = ops->text[value->text];
    if (text.len && text.len <= TEXT_MAX) {
        redactor->failed |= !see_text(redactor, key, text);
    }
}

void
rp_redact_see(struct rp_redactor *redactor, uint32_t thread, const struct tf_ops *ops,
              const struct tf_op *op)
{
    const struct tf_value *value = &ops->value[op->value_first];
    if (!redactor->grown && !(redactor->grown = calloc(1, sizeof *redactor->grown))) {
        redactor->failed = true;
        return;
    }
    switch (op->kind) {
    case TF_OP_LOCAL:
        see(redactor,
            key_of(thread, (uint64_t)rp_redact_depth(redactor, thread) << 32 | op->a,
                   0),
            ops, value);
        break;
    case TF_OP_NEW:
    case TF_OP_IMAGE:
        for (uint32_t i = 0; i < op->value_count; i++) {
            bool item = i < op->item_count;
            see(redactor, key_of(op->id, item ? i : i - op->item_count, item ? 1 : 2),
                ops, &value[i]);
        }
        break;
    case TF_OP_ITEM_SET:
    case TF_OP_ITEM_SPLICE:
    case TF_OP_ATTR_SET:
    case TF_OP_ATTR_SPLICE: {
        bool item = op->kind == TF_OP_ITEM_SET || op->kind == TF_OP_ITEM_SPLICE;
        for (uint32_t i = 0; i < op->value_count; i++) {
            see(redactor, key_of(op->id, op->index + i, item ? 1 : 2), ops, &value[i]);
        }
        break;
    }
    default: break;
    }
}

bool
rp_redact_is_grown(const struct rp_redactor *redactor, struct tf_text text)
{
    return redactor->grown && redactor->grown->hidden.count && text.len >= SHOWN_MIN
           && rp_map_get(&redactor->grown->hidden, hash_of(text.data, text.len))
                  != RP_NONE;
}

void
rp_redact_grown_done(struct rp_redactor *redactor)
{
    if (redactor->grown) {
        forget_places(redactor->grown);
    }
}

void
rp_redact_grown_free(struct rp_redactor *redactor)
{
    if (redactor->grown) {
        forget_places(redactor->grown);
        free(redactor->grown->place);
        rp_map_release(&redactor->grown->hidden);
        free(redactor->grown);
    }
}
