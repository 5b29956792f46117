/* Reading chunks beside a reader: with a file descriptor's position, a window and a
 * decompressor of its own, so that another thread may read ahead while the reader is used.
 * The reader must stay open for as long, and is not changed. */
#ifndef TF_ASIDE_H
#define TF_ASIDE_H

#include "tf_cursor.h"
#include "tf_reader.h"

struct tf_aside;

tf_status tf_aside_open(const struct tf_reader *reader, struct tf_aside **ret_aside,
                        struct tf_err *err);
void tf_aside_close(struct tf_aside *aside); /* NULL is fine */

/* As tf_reader_chunk(). */
tf_status tf_aside_chunk(struct tf_aside *aside, size_t idx,
                         struct tf_chunk **ret_chunk, struct tf_err *err);

/* What a chunk's changes speak of, without decoding them: its texts, one field after the
 * other, and the column of references, as deltas. Borrowed until the next call. */
struct tf_glance {
    struct tf_cursor changes; /* the message `Ops` */
    struct tf_cursor ref;     /* its column of references */
};

tf_status tf_aside_glance(struct tf_aside *aside, size_t idx,
                          struct tf_glance *ret_glance, struct tf_err *err);
/* The next text of `glance->changes`; false: there is none. */
bool tf_glance_text(struct tf_glance *glance, struct tf_text *ret_text);

/* The next id that a change refers to; false: there is none. `id` is 0 before the first,
 * and kept by the caller. */
static inline bool
tf_glance_ref(struct tf_glance *glance, uint64_t *id)
{
    uint64_t delta;
    if (glance->ref.at == glance->ref.end || !tf_cursor_u64(&glance->ref, &delta)) {
        return false;
    }
    *id += (uint64_t)tf_unzigzag(delta);
    return true;
}

#endif
