/* Secrets that grow: `key += part` and `key = part + key` leave ever larger parts of what a rule
 * for texts names in the same place, one after the other, and what was added elsewhere.
 *
 * For each place (a variable at a depth of a stack, an item or attribute of an object) the
 * latest text is kept, and where in it the earlier ones and the additions stand. When it has
 * become what a rule names, those parts that show some of it are noted, and no value with such
 * a text is written. */
#include "rp_redact.h"

#include <stdlib.h>
#include <string.h>

/* Fewer characters of a secret are no secret. */
#define SHOWN_MIN  3u
#define TEXT_MAX   8192u
#define PLACES_MAX 16384u
#define TEXTS_MAX  (16u << 20)
#define PARTS_MAX  2048u

/* Bytes of a text: from the one to before the other. */
struct part {
    uint32_t from, to;
};

struct place {
    char *text; /* the latest */
    size_t len;
    struct part *part; /* what it grew from, oldest first */
    uint32_t part_count, part_cap;
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
        free(grown->place[i].part);
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
add_part(struct place *place, size_t from, size_t to)
{
    if (to - from < SHOWN_MIN) {
        return true;
    }
    if (place->part_count == PARTS_MAX) { /* the oldest show least */
        place->part_count--;
        memmove(place->part, place->part + 1, place->part_count * sizeof *place->part);
    }
    if (place->part_count == place->part_cap) {
        uint32_t cap = place->part_cap * 2 + 8;
        struct part *more = realloc(place->part, cap * sizeof *more);
        if (!more) {
            return false;
        }
        place->part = more;
        place->part_cap = cap;
    }
    place->part[place->part_count++] = (struct part){(uint32_t)from, (uint32_t)to};
    return true;
}

/* The latest text stands at `at` of the next one. */
static bool
grow(struct place *place, size_t at, size_t next_len)
{
    for (uint32_t i = 0; i < place->part_count; i++) {
        place->part[i].from += (uint32_t)at;
        place->part[i].to += (uint32_t)at;
    }
    return add_part(place, at, at + place->len) && add_part(place, 0, at)
           && add_part(place, at + place->len, next_len);
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

/* The part of a text, if it shows enough of the secret at [at, end). */
static bool
hide(struct rp_redact_grown *grown, const char *text, struct part part, size_t at,
     size_t end)
{
    size_t from = part.from > at ? part.from : at, to = part.to < end ? part.to : end;
    return to < from + SHOWN_MIN
           || rp_map_put(&grown->hidden, hash_of(text + part.from, part.to - part.from),
                         1);
}

static bool
hide_parts(struct rp_redactor *redactor, const struct place *place)
{
    size_t at = 0, end;
    bool fine = true;
    while (
        place->part_count > 0
        && tf_rules_text(redactor->rules, place->text, place->len, false, &at, &end)) {
        for (uint32_t i = 0; i < place->part_count && fine; i++) {
            fine = hide(redactor->grown, place->text, place->part[i], at, end);
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
    const char *before = place->len && place->len <= text.len
                             ? memmem(text.data, text.len, place->text, place->len)
                             : NULL;
    if (before && place->len == text.len) {
        return true;
    }
    if (!before) {
        place->part_count = 0;
    }
    else if (!grow(place, (size_t)(before - text.data), text.len)) {
        return false;
    }
    return keep_text(redactor->grown, place, text)
           && (!before || hide_parts(redactor, place));
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
