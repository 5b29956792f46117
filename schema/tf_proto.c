#include "tf_proto.h"

#include <stdlib.h>

#include "tf_limits.h"

/* What protobuf-c 1.4 takes for one occurrence of a field while it unpacks: a
 * ScannedMember (40 bytes) in slabs that double, and the rounding of malloc. */
#define OCCURRENCE_BYTES 112u
/* The schema nests three deep. */
#define NESTING_MAX 4

bool
tf_proto_put(struct tf_blob *blob, uint32_t number, const ProtobufCMessage *message)
{
    size_t len = protobuf_c_message_get_packed_size(message);
    if (!tf_blob_reserve(blob, len + 2 * TF_VARINT_MAX)) {
        return false;
    }
    tf_blob_put_tag(blob, number, TF_WIRE_BYTES);
    tf_blob_put_u64(blob, len);
    blob->len += protobuf_c_message_pack(message, blob->data + blob->len);
    return true;
}

/* Bytes that one element takes in the unpacked message; 0: sort unknown here. */
static size_t
element_bytes(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_BOOL: return 4;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_DOUBLE: return 8;
    case PROTOBUF_C_TYPE_BYTES: return sizeof(ProtobufCBinaryData) + 16;
    case PROTOBUF_C_TYPE_MESSAGE: return sizeof(void *) + 16;
    default: return 0;
    }
}

static uint8_t
wire_type(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_DOUBLE: return TF_WIRE_64;
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE: return TF_WIRE_BYTES;
    default: return TF_WIRE_VARINT;
    }
}

struct measure {
    size_t bytes; /* that unpacking will take, at most */
    int nesting;
};

static bool measure_message(const ProtobufCMessageDescriptor *descriptor,
                            struct tf_cursor bytes, struct measure *measure);

static bool
measure_packed(const ProtobufCFieldDescriptor *field, struct tf_cursor bytes,
               struct measure *measure)
{
    size_t count = wire_type(field) == TF_WIRE_64 ? tf_cursor_left(&bytes) / 8
                                                  : tf_cursor_count_varints(bytes);
    if (wire_type(field) == TF_WIRE_64 && tf_cursor_left(&bytes) % 8 != 0) {
        return false;
    }
    measure->bytes += count * element_bytes(field);
    return bytes.at == bytes.end || wire_type(field) == TF_WIRE_64
           || bytes.end[-1] < 0x80;
}

static bool
measure_field(const ProtobufCFieldDescriptor *field, const struct tf_wire *wire,
              struct measure *measure)
{
    bool repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
    if (element_bytes(field) == 0) {
        return false;
    }
    if (wire->type != wire_type(field)) {
        return repeated && wire->type == TF_WIRE_BYTES
               && measure_packed(field, wire->bytes, measure);
    }
    measure->bytes += element_bytes(field);
    if (field->type == PROTOBUF_C_TYPE_BYTES) {
        measure->bytes += tf_cursor_left(&wire->bytes);
    }
    if (field->type != PROTOBUF_C_TYPE_MESSAGE) {
        return true;
    }
    /* a message given twice is merged, which unpacks it again */
    return measure_message(field->descriptor, wire->bytes, measure);
}

/* Walks a message as protobuf-c will, and adds up what it will take. */
static bool
measure_message(const ProtobufCMessageDescriptor *descriptor, struct tf_cursor bytes,
                struct measure *measure)
{
    struct tf_wire wire;
    enum tf_wire_step step;
    bool ok = ++measure->nesting <= NESTING_MAX;
    measure->bytes += descriptor->sizeof_message + 16;
    while (ok && (step = tf_wire_next(&bytes, &wire)) != TF_WIRE_END) {
        if (step == TF_WIRE_BAD) {
            return false;
        }
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field(descriptor, wire.number);
        measure->bytes += OCCURRENCE_BYTES;
        if (field != NULL) {
            ok = measure_field(field, &wire, measure);
        }
        else {
            measure->bytes += 64 + tf_cursor_left(&wire.bytes);
        }
        if (measure->bytes > TF_UNPACK_BYTES_MAX) {
            break; /* the caller sees it */
        }
    }
    measure->nesting--;
    return ok;
}

/* The second line: should the measure above be wrong for some protobuf-c, the allocator
 * still holds the bound. */
struct bound {
    size_t left;
    bool no_memory;
};

static void *
bounded_alloc(void *data, size_t size)
{
    struct bound *bound = data;
    if (size > bound->left) {
        return NULL;
    }
    bound->left -= size;
    void *memory = malloc(size > 0 ? size : 1);
    bound->no_memory |= memory == NULL;
    return memory;
}

static void
bounded_free(void *data, void *memory)
{
    (void)data;
    free(memory);
}

tf_status
tf_proto_get(const ProtobufCMessageDescriptor *descriptor, struct tf_cursor bytes,
             int64_t file_off, ProtobufCMessage **ret_message, struct tf_err *err)
{
    struct measure measure = {0, 0};
    if (!measure_message(descriptor, bytes, &measure)) {
        return tf_err_set(err, TF_ERR_DAMAGED, file_off,
                          "damaged recording: a %s at offset %lld cannot be decoded",
                          descriptor->short_name, (long long)file_off);
    }
    if (measure.bytes > TF_UNPACK_BYTES_MAX) {
        return tf_err_set(err, TF_ERR_LIMIT, file_off,
                          "a %s at offset %lld is larger than this program takes",
                          descriptor->short_name, (long long)file_off);
    }
    struct bound bound = {.left = TF_UNPACK_BYTES_MAX};
    ProtobufCAllocator allocator = {bounded_alloc, bounded_free, &bound};
    *ret_message = protobuf_c_message_unpack(descriptor, &allocator,
                                             tf_cursor_left(&bytes), bytes.at);
    if (*ret_message == NULL && bound.no_memory) {
        return tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
    }
    if (*ret_message == NULL) {
        return tf_err_set(err, TF_ERR_DAMAGED, file_off,
                          "damaged recording: a %s at offset %lld cannot be unpacked",
                          descriptor->short_name, (long long)file_off);
    }
    return TF_OK;
}

void
tf_proto_free(ProtobufCMessage *message)
{
    ProtobufCAllocator allocator = {bounded_alloc, bounded_free, NULL};
    if (message != NULL) {
        protobuf_c_message_free_unpacked(message, &allocator);
    }
}
