/* The messages `Header` and `Footer`, to and from the structs of the interface. */
#ifndef TF_HEADER_H
#define TF_HEADER_H

#include "tf_proto.h"
#include "tf_reader.h"

/* Feature bits that this version knows. */
#define TF_INCOMPATIBLE_KNOWN UINT64_C(0)

bool tf_header_put(const struct tf_header *header, struct tf_blob *blob,
                   uint32_t number);

/* As read; the texts point into the message. */
struct tf_header_read {
    struct tf_header header;
    Pyrec__Header *message;
    struct tf_text *text; /* all arrays of texts */
};

/* TF_ERR_NEWER for a version or a feature that is not known here. */
tf_status tf_header_get(struct tf_cursor bytes, int64_t file_off,
                        struct tf_header_read *ret_read, struct tf_err *err);
void tf_header_release(struct tf_header_read *read);

/* What the footer has beside struct tf_footer. */
struct tf_totals {
    uint64_t event_count, object_count, frame_count, chunk_count;
    uint64_t kind_events[TF_EV_COUNT];
    const struct tf_gap *gap;
    size_t gap_count;
};

bool tf_footer_put(const struct tf_footer *footer, const struct tf_totals *totals,
                   struct tf_blob *blob, uint32_t number);

struct tf_footer_read {
    struct tf_footer footer;
    struct tf_totals totals; /* its gaps are `gap` */
    struct tf_gap *gap;
    Pyrec__Footer *message;
};

tf_status tf_footer_get(struct tf_cursor bytes, int64_t file_off,
                        struct tf_footer_read *ret_read, struct tf_err *err);
void tf_footer_release(struct tf_footer_read *read);

#endif
