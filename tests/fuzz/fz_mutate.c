#include "fz_mutate.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fz_frames.h"

#define FIELDS_MAX 4096u

struct mutation {
    uint64_t seed;
    size_t (*bytes)(uint8_t *data, size_t len, size_t max);
};

static uint64_t
roll(struct mutation *mutation, uint64_t below)
{
    mutation->seed ^= mutation->seed << 13;
    mutation->seed ^= mutation->seed >> 7;
    mutation->seed ^= mutation->seed << 17;
    return below > 0 ? (mutation->seed >> 11) % below : 0;
}

/* --- what messages are in messages: recording.proto --- */
enum message {
    LEAF,
    RECORDING,
    HEADER,
    DEFINITIONS,
    CHUNK,
    CHECKPOINT,
    FOOTER,
    FLAT, /* a message without messages in it */
};

static enum message
message_in(enum message message, uint32_t number)
{
    switch (message) {
    case RECORDING: {
        static const enum message fields[] = {LEAF,  HEADER, DEFINITIONS, FLAT,
                                              CHUNK, FLAT,   FLAT,        CHECKPOINT,
                                              FLAT,  FOOTER, FLAT};

        return number < sizeof fields / sizeof *fields ? fields[number] : LEAF;
    }
    case HEADER: return number == 16 ? FLAT : LEAF;
    case DEFINITIONS: return number <= 4 ? FLAT : LEAF;
    case CHUNK: return number >= 16 && number <= 18 ? FLAT : LEAF;
    case CHECKPOINT: return number == 5 ? FLAT : LEAF;
    case FOOTER: return number == 11 ? FLAT : LEAF;
    default: return LEAF;
    }
}

static uint64_t
odd_number(struct mutation *mutation, uint64_t was)
{
    static const uint64_t odd[] = {0,           1,
                                   2,           3,
                                   15,          16,
                                   17,          63,
                                   64,          65,
                                   127,         128,
                                   255,         256,
                                   65535,       65536,
                                   65537,       0x7fffffff,
                                   0x80000000,  0xffffffff,
                                   0x100000000, (1ull << 47) - 1,
                                   1ull << 47,  (1ull << 62) - 1,
                                   1ull << 62,  (1ull << 63) - 1,
                                   1ull << 63,  UINT64_MAX - 1,
                                   UINT64_MAX};
    switch (roll(mutation, 6)) {
    case 0: return was + 1;
    case 1: return was - 1;
    case 2: return was ^ 1ull << roll(mutation, 64);
    case 3: return roll(mutation, 48);
    case 4: return was * 2;
    default: return odd[roll(mutation, sizeof odd / sizeof *odd)];
    }
}

/* A column of numbers: one is another, goes, comes, or is there often. */
static bool
mutate_numbers(struct mutation *mutation, struct tt_bytes *out,
               const struct fz_field *field)
{
    const uint8_t *at = field->payload, *end = at + field->payload_len;
    uint64_t n, count = 0, last = 0;
    while (fz_varint(&at, end, &n)) {
        count++;
    }
    if (at != end) {
        return false;
    }
    uint64_t which = roll(mutation, count + 1), how = roll(mutation, 8);
    uint64_t times = how == 7 ? roll(mutation, 300) : 1;
    at = field->payload;
    for (uint64_t i = 0; i <= count; i++) {
        bool got = fz_varint(&at, end, &n);
        if (i == which && how >= 5) {
            while (times-- > 0) {
                tt_put_varint(out, odd_number(mutation, last));
            }
        }
        if (got && !(i == which && how == 4)) {
            tt_put_varint(out, i == which && how < 4 ? odd_number(mutation, n) : n);
        }
        last = got ? n : last;
    }
    return true;
}

static void
mutate_bytes(struct mutation *mutation, struct tt_bytes *out,
             const struct fz_field *field)
{
    static const char *const texts[] = {
        "\x1b[2J",  "\xe2\x80\xae", "\xed\xa0\x80", "\xff\xfe",
        "\xc2\x9b", "a.py",         "%s%n",         "\n"};
    size_t max = field->payload_len * 2 + 16;
    uint8_t *data = malloc(max);
    memcpy(data, field->payload, field->payload_len);
    size_t len = field->payload_len;
    if (roll(mutation, 4) == 0) {
        const char *text = texts[roll(mutation, sizeof texts / sizeof *texts)];
        size_t at = roll(mutation, len + 1), size = strlen(text);
        memmove(data + at + size, data + at, len - at);
        memcpy(data + at, text, size);
        len += size;
    }
    else if (mutation->bytes != NULL) {
        len = mutation->bytes(data, len, max);
    }
    else if (len > 0) {
        data[roll(mutation, len)] = (uint8_t)roll(mutation, 256);
    }
    tt_put(out, data, len);
    free(data);
}

static void mutate_message(struct mutation *mutation, enum message message,
                           const uint8_t *at, const uint8_t *end, struct tt_bytes *out);

static void
mutate_field(struct mutation *mutation, enum message message,
             const struct fz_field *field, struct tt_bytes *out)
{
    struct tt_bytes payload = {NULL, 0};
    enum message inner = message_in(message, field->number);
    if (field->type == 0) {
        const uint8_t *at = field->payload;
        uint64_t n = 0;
        fz_varint(&at, at + field->payload_len, &n);
        tt_put_u64(out, field->number, odd_number(mutation, n));
        return;
    }
    if (inner != LEAF && roll(mutation, 20) > 0) {
        mutate_message(mutation, inner, field->payload,
                       field->payload + field->payload_len, &payload);
    }
    else if (roll(mutation, 4) == 0 || !mutate_numbers(mutation, &payload, field)) {
        payload.len = 0;
        mutate_bytes(mutation, &payload, field);
    }
    tt_put_message(out, field->number, &payload);
}

static void
mutate_message(struct mutation *mutation, enum message message, const uint8_t *at,
               const uint8_t *end, struct tt_bytes *out)
{
    struct fz_field *fields = malloc(FIELDS_MAX * sizeof *fields);
    size_t count = 0;
    while (count < FIELDS_MAX && fz_field_next(&at, end, &fields[count])) {
        count++;
    }
    if (count == 0) {
        tt_put_u64(out, (uint32_t)roll(mutation, 22) + 1, odd_number(mutation, 0));
    }
    size_t which = roll(mutation, count), other = roll(mutation, count);
    uint64_t how = roll(mutation, 24);
    for (size_t i = 0; i < count; i++) {
        const struct fz_field *field = &fields[i];
        if (i == which && how >= 4) {
            mutate_field(mutation, message, field, out);
            continue;
        }
        if (i == which && how == 0) {
            continue; /* it is gone */
        }
        if (i == which && how == 1) {
            tt_put(out, fields[other].at, fields[other].len); /* one comes again */
        }
        if (i == which && how == 2 && field->type == 2 && fields[other].type == 2) {
            tt_put_bytes(out, field->number, fields[other].payload,
                         fields[other].payload_len); /* with another one's content */
            continue;
        }
        if (i == which && how == 3) {
            tt_put_u64(out, (uint32_t)roll(mutation, 22) + 1, odd_number(mutation, i));
        }
        tt_put(out, field->at, field->len);
    }
    tt_put(out, at, (size_t)(end - at));
    free(fields);
}

size_t
fz_mutate(uint8_t *joined, size_t len, size_t max, uint64_t seed,
          size_t (*bytes)(uint8_t *data, size_t len, size_t max))
{
    struct mutation mutation = {seed * 0x9e3779b97f4a7c15u + 88172645463325252u, bytes};
    if (bytes != NULL && roll(&mutation, 16) == 0) {
        return bytes(joined, len, max);
    }
    struct tt_bytes now = {NULL, 0};
    tt_put(&now, joined, len);
    for (uint64_t times = roll(&mutation, 4) + 1; times > 0; times--) {
        struct tt_bytes next = {NULL, 0};
        mutate_message(&mutation, RECORDING, now.data, now.data + now.len, &next);
        tt_bytes_free(&now);
        now = next;
    }
    len = now.len < max ? now.len : max;
    memcpy(joined, now.data, len);
    tt_bytes_free(&now);
    return len;
}
