#include "tf_header.h"

#include <stdlib.h>

#include "tf_limits.h"

#define UUID_BYTES 16u

/* --- writing --- */
struct text_lists {
    ProtobufCBinaryData *data; /* one block for all lists */
    size_t used;
};

static ProtobufCBinaryData *
lists_add(struct text_lists *lists, const struct tf_text *text, uint32_t count,
          size_t *ret_count)
{
    ProtobufCBinaryData *first = lists->data + lists->used;
    for (uint32_t i = 0; i < count; i++) {
        first[i] = tf_proto_text(text[i]);
    }
    lists->used += count;
    *ret_count = count;
    return first;
}

static void
limits_fill(Pyrec__Limits *to, const struct tf_limits *from, struct text_lists *lists)
{
    to->text_chars = from->text_chars;
    to->items = from->items;
    to->depth = from->depth;
    to->objects_an_event = from->objects_an_event;
    to->events = from->events;
    to->include = lists_add(lists, from->include, from->include_count, &to->n_include);
    to->exclude = lists_add(lists, from->exclude, from->exclude_count, &to->n_exclude);
    to->include_function =
        lists_add(lists, from->include_function, from->include_function_count,
                  &to->n_include_function);
    to->exclude_function =
        lists_add(lists, from->exclude_function, from->exclude_function_count,
                  &to->n_exclude_function);
    to->redact = from->redact;
    to->values = from->values;
    to->values_fast = from->values_fast;
}

static ProtobufCBinaryData
uuid_data(const uint8_t *uuid)
{
    static const uint8_t none[UUID_BYTES];
    bool absent = memcmp(uuid, none, UUID_BYTES) == 0;
    return (ProtobufCBinaryData){absent ? 0 : UUID_BYTES, (uint8_t *)(uintptr_t)uuid};
}

bool
tf_header_put(const struct tf_header *header, struct tf_blob *blob, uint32_t number)
{
    const struct tf_limits *limits = &header->limits;
    Pyrec__Header to = PYREC__HEADER__INIT;
    Pyrec__Limits to_limits = PYREC__LIMITS__INIT;
    size_t text_count = (size_t)header->argv_count + header->library_dir_count
                        + limits->include_count + limits->exclude_count
                        + limits->include_function_count
                        + limits->exclude_function_count;
    struct text_lists lists = {calloc(text_count + 1, sizeof(ProtobufCBinaryData)), 0};
    if (lists.data == NULL) {
        return false;
    }
    to.format_version = TF_FORMAT_VERSION;
    to.uuid = uuid_data(header->uuid);
    to.parent_uuid = uuid_data(header->parent_uuid);
    to.recorder = tf_proto_text(header->recorder);
    to.python = tf_proto_text(header->python);
    to.python_hex = header->python_hex;
    to.platform = tf_proto_text(header->platform);
    to.executable = tf_proto_text(header->executable);
    to.argv = lists_add(&lists, header->argv, header->argv_count, &to.n_argv);
    to.cwd = tf_proto_text(header->cwd);
    to.pid = header->pid;
    to.start_unix_ns = header->start_unix_ns;
    to.library_dir = lists_add(&lists, header->library_dir, header->library_dir_count,
                               &to.n_library_dir);
    to.script = tf_proto_text(header->script);
    to.tail_events = header->tail_events;
    to.tail_absent = tf_proto_text(header->tail_absent);
    to.parent_pid = header->parent_pid;
    to.parent_seq = header->parent_seq;
    limits_fill(&to_limits, limits, &lists);
    to.limits = &to_limits;
    bool ok = tf_proto_put(blob, number, &to.base);
    free(lists.data);
    return ok;
}

bool
tf_footer_put(const struct tf_footer *footer, const struct tf_totals *totals,
              struct tf_blob *blob, uint32_t number)
{
    Pyrec__Footer to = PYREC__FOOTER__INIT;
    Pyrec__Gap *gap = calloc(totals->gap_count + 1, sizeof *gap);
    Pyrec__Gap **gaps = calloc(totals->gap_count + 1, sizeof *gaps);
    bool ok = gap != NULL && gaps != NULL;
    for (size_t i = 0; ok && i < totals->gap_count; i++) {
        pyrec__gap__init(&gap[i]);
        gap[i].events = totals->gap[i].events;
        gap[i].reason = tf_proto_text(totals->gap[i].reason);
        gap[i].before_seq = totals->gap[i].before_seq;
        gaps[i] = &gap[i];
    }
    to.event_count = totals->event_count;
    to.events_by_kind = (uint64_t *)(uintptr_t)totals->kind_events;
    to.n_events_by_kind = TF_EV_COUNT;
    to.object_count = totals->object_count;
    to.frame_count = totals->frame_count;
    to.chunk_count = totals->chunk_count;
    to.end_ns = footer->end_ns;
    to.has_exit_status = footer->has_exit_status;
    to.exit_status = footer->exit_status;
    to.failure_seq = footer->failure_seq;
    to.failure_object = footer->failure_object;
    to.n_lost = totals->gap_count;
    to.lost = gaps;
    to.end_reason = tf_proto_text(footer->end_reason);
    to.elided_count = footer->elided_count;
    ok = ok && tf_proto_put(blob, number, &to.base);
    free(gap);
    free(gaps);
    return ok;
}

/* --- reading --- */
static const struct tf_text *
texts_of(const ProtobufCBinaryData *data, size_t count, struct tf_text **next)
{
    struct tf_text *first = *next;
    for (size_t i = 0; i < count; i++) {
        first[i] = tf_proto_text_of(&data[i]);
    }
    *next += count;
    return first;
}

static void
limits_read(struct tf_limits *to, const Pyrec__Limits *from, struct tf_text **next)
{
    to->text_chars = from->text_chars;
    to->items = from->items;
    to->depth = from->depth;
    to->objects_an_event = from->objects_an_event;
    to->events = from->events;
    to->include = texts_of(from->include, from->n_include, next);
    to->include_count = (uint32_t)from->n_include;
    to->exclude = texts_of(from->exclude, from->n_exclude, next);
    to->exclude_count = (uint32_t)from->n_exclude;
    to->include_function =
        texts_of(from->include_function, from->n_include_function, next);
    to->include_function_count = (uint32_t)from->n_include_function;
    to->exclude_function =
        texts_of(from->exclude_function, from->n_exclude_function, next);
    to->exclude_function_count = (uint32_t)from->n_exclude_function;
    to->redact = from->redact;
    to->values = from->values;
    to->values_fast = from->values_fast;
}

static void
header_read(struct tf_header *to, const Pyrec__Header *from, struct tf_text *next)
{
    if (from->uuid.len == UUID_BYTES) {
        memcpy(to->uuid, from->uuid.data, UUID_BYTES);
    }
    if (from->parent_uuid.len == UUID_BYTES) {
        memcpy(to->parent_uuid, from->parent_uuid.data, UUID_BYTES);
    }
    to->recorder = tf_proto_text_of(&from->recorder);
    to->python = tf_proto_text_of(&from->python);
    to->python_hex = from->python_hex;
    to->platform = tf_proto_text_of(&from->platform);
    to->executable = tf_proto_text_of(&from->executable);
    to->argv = texts_of(from->argv, from->n_argv, &next);
    to->argv_count = (uint32_t)from->n_argv;
    to->cwd = tf_proto_text_of(&from->cwd);
    to->pid = from->pid;
    to->start_unix_ns = from->start_unix_ns;
    to->library_dir = texts_of(from->library_dir, from->n_library_dir, &next);
    to->library_dir_count = (uint32_t)from->n_library_dir;
    to->script = tf_proto_text_of(&from->script);
    to->tail_events = from->tail_events;
    to->tail_absent = tf_proto_text_of(&from->tail_absent);
    to->parent_pid = from->parent_pid;
    to->parent_seq = from->parent_seq;
    if (from->limits != NULL) {
        limits_read(&to->limits, from->limits, &next);
    }
}

static tf_status
header_check(const Pyrec__Header *message, int64_t file_off, struct tf_err *err)
{
    uint64_t unknown = message->incompatible_features & ~TF_INCOMPATIBLE_KNOWN;
    if (message->format_version == 0) {
        return tf_err_set(err, TF_ERR_NOT_PYREC, file_off,
                          "not a recording: its header states no format version");
    }
    if (message->format_version > TF_FORMAT_VERSION) {
        return tf_err_set(err, TF_ERR_NEWER, file_off,
                          "recorded in format version %u, this program reads up to %u: "
                          "a newer pyreplay is needed",
                          message->format_version, TF_FORMAT_VERSION);
    }
    if ((message->uuid.len != 0 && message->uuid.len != 16)
        || (message->parent_uuid.len != 0 && message->parent_uuid.len != 16)) {
        return tf_err_set(
            err, TF_ERR_DAMAGED, file_off,
            "damaged recording: the uuid in its header is not of 16 bytes");
    }
    if (unknown != 0) {
        return tf_err_set(
            err, TF_ERR_NEWER, file_off,
            "the recording uses features unknown to this program (bits %#llx): "
            "a newer pyreplay is needed",
            (unsigned long long)unknown);
    }
    return TF_OK;
}

tf_status
tf_header_get(struct tf_cursor bytes, int64_t file_off, struct tf_header_read *ret_read,
              struct tf_err *err)
{
    ProtobufCMessage *base;
    tf_status status =
        tf_proto_get(&pyrec__header__descriptor, bytes, file_off, &base, err);
    if (status != TF_OK) {
        return status;
    }
    Pyrec__Header *message = (Pyrec__Header *)base;
    status = header_check(message, file_off, err);
    size_t count = message->n_argv + message->n_library_dir;
    if (message->limits != NULL) {
        count += message->limits->n_include + message->limits->n_exclude
                 + message->limits->n_include_function
                 + message->limits->n_exclude_function;
    }
    struct tf_text *text = calloc(count + 1, sizeof *text);
    if (status == TF_OK && text == NULL) {
        status = tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
    }
    if (status != TF_OK) {
        free(text);
        tf_proto_free(base);
        return status;
    }
    *ret_read = (struct tf_header_read){.message = message, .text = text};
    header_read(&ret_read->header, message, text);
    return TF_OK;
}

void
tf_header_release(struct tf_header_read *read)
{
    tf_proto_free((ProtobufCMessage *)read->message);
    free(read->text);
    *read = (struct tf_header_read){0};
}

static void
footer_read(struct tf_footer_read *to, const Pyrec__Footer *from)
{
    to->footer = (struct tf_footer){
        .end_ns = from->end_ns,
        .has_exit_status = from->has_exit_status,
        .exit_status = from->exit_status,
        .failure_seq = from->failure_seq,
        .failure_object = from->failure_object,
        .end_reason = tf_proto_text_of(&from->end_reason),
        .elided_count = from->elided_count,
    };
    to->totals = (struct tf_totals){
        .event_count = from->event_count,
        .object_count = from->object_count,
        .frame_count = from->frame_count,
        .chunk_count = from->chunk_count,
        .gap = to->gap,
        .gap_count = from->n_lost,
    };
    for (size_t i = 0; i < from->n_events_by_kind && i < TF_EV_COUNT; i++) {
        to->totals.kind_events[i] = from->events_by_kind[i];
    }
    for (size_t i = 0; i < from->n_lost; i++) {
        to->gap[i] = (struct tf_gap){from->lost[i]->before_seq, from->lost[i]->events,
                                     tf_proto_text_of(&from->lost[i]->reason)};
    }
}

tf_status
tf_footer_get(struct tf_cursor bytes, int64_t file_off, struct tf_footer_read *ret_read,
              struct tf_err *err)
{
    ProtobufCMessage *base;
    tf_status status =
        tf_proto_get(&pyrec__footer__descriptor, bytes, file_off, &base, err);
    if (status != TF_OK) {
        return status;
    }
    Pyrec__Footer *message = (Pyrec__Footer *)base;
    if (message->n_events_by_kind > TF_EV_COUNT) {
        tf_proto_free(base);
        return tf_err_set(
            err, TF_ERR_DAMAGED, file_off,
            "damaged recording: the footer counts events of unknown kinds");
    }
    struct tf_gap *gap = calloc(message->n_lost + 1, sizeof *gap);
    if (gap == NULL) {
        tf_proto_free(base);
        return tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
    }
    *ret_read = (struct tf_footer_read){.gap = gap, .message = message};
    footer_read(ret_read, message);
    return TF_OK;
}

void
tf_footer_release(struct tf_footer_read *read)
{
    tf_proto_free((ProtobufCMessage *)read->message);
    free(read->gap);
    *read = (struct tf_footer_read){0};
}
