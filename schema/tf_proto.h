/* protobuf-c behind bounds: packing a message into a blob, and unpacking bytes that
 * nobody vouches for. */
#ifndef TF_PROTO_H
#define TF_PROTO_H

#include <protobuf-c/protobuf-c.h>

#include "schema/recording.pb-c.h"
#include "tf_blob.h"

/* Appends `message` as the length-delimited field `number`. False: no memory. */
bool tf_proto_put(struct tf_blob *blob, uint32_t number,
                  const ProtobufCMessage *message);

/* Unpacks at most TF_UNPACK_BYTES_MAX worth of memory: TF_ERR_DAMAGED, TF_ERR_LIMIT or
 * TF_ERR_MEMORY without having taken more. The result is freed with tf_proto_free. */
tf_status tf_proto_get(const ProtobufCMessageDescriptor *descriptor,
                       struct tf_cursor bytes, int64_t file_off,
                       ProtobufCMessage **ret_message, struct tf_err *err);
void tf_proto_free(ProtobufCMessage *message);

static inline ProtobufCBinaryData
tf_proto_text(struct tf_text text)
{
    /* protobuf-c only reads it when it packs */
    return (ProtobufCBinaryData){text.len, (uint8_t *)(uintptr_t)text.data};
}

static inline struct tf_text
tf_proto_text_of(const ProtobufCBinaryData *data)
{
    return (struct tf_text){(const char *)data->data, data->len};
}

#endif
