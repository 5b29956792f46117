/* What a reader consists of; for the files of schema/ that share it. */
#ifndef TF_READER_INSIDE_H
#define TF_READER_INSIDE_H

#include "tf_chunk_decode.h"
#include "tf_defs.h"
#include "tf_frame.h"
#include "tf_header.h"
#include "tf_index.h"
#include "tf_postings.h"
#include "tf_record.h"
#include "tf_tail_read.h"

#define TF_POSTINGS_CACHE       64u
#define TF_POSTINGS_CACHE_BYTES (16u << 20)
#define TF_WRITES_CACHE         256u
#define TF_WRITES_CACHE_BYTES   (16u << 20)
#define TF_MADE_GROUPS          16u
#define TF_MADE_CHUNKS          32u

struct tf_source_text {
    uint32_t file;
    uint8_t *content; /* owned: `text` points into it */
    struct tf_text text, absent;
};

struct tf_cached_postings {
    uint64_t off;  /* of the field, or of the chunk where it has none */
    uint64_t used; /* time of the latest use */
    struct tf_postings *postings;
};

struct tf_cached_writes {
    uint64_t off; /* of the field; UINT64_MAX: made from the chunks */
    uint64_t used;
    struct tf_writes_block block; /* owned */
};

/* Lists of writes that the file has not, because it is not finished: made of the chunks. */
struct tf_made_group {
    struct tf_writes_group group; /* sorted; none when chunk_count is 0 */
    uint64_t used;
};

/* What came from the tail: frames in memory, behind those of the file. */
struct tf_tail_joined {
    struct tf_blob frames;
    uint64_t events;
    uint32_t signal; /* that ended the program; 0: not known */
    bool cut;        /* events after them are lost */
    bool unsealed;   /* the latest of them have no checksum */
    bool whole;      /* file and tail together have every event */
    bool runs;       /* the program did when the file was opened */
};

struct tf_reader {
    struct tf_file file;
    struct tf_header_read header;
    struct tf_footer_read footer;
    bool has_footer;
    bool has_index; /* a scan has passed it */
    bool scanned;   /* the index was rebuilt */
    tf_status
        scan_end; /* why the scan ended; TF_ERR_NOT_FOUND: at the end of the file */
    struct tf_tail_joined joined;
    char reason[600]; /* why it is not complete */
    int64_t reason_off;
    struct tf_index index;
    struct tf_defs defs;
    TF_LIST(struct tf_gap) gap; /* reasons owned when scanned */
    uint64_t event_count;
    uint64_t kind_events[TF_EV_COUNT];
    uint64_t end_object, end_frame; /* ids that are created are below these */
    TF_LIST(struct tf_source_text) source;
    size_t source_bytes; /* of all of them */
    struct tf_cached_postings cache[TF_POSTINGS_CACHE];
    size_t cache_bytes;
    uint64_t cache_time;
    struct tf_cached_writes writes[TF_WRITES_CACHE];
    size_t writes_bytes;
    struct tf_made_group made[TF_MADE_GROUPS];
};

struct tf_id_bounds tf_reader_bounds(const struct tf_reader *reader);

/* The content of the frame at `off` and the field in it, which must be `number`. The
 * caller frees *ret_content. */
tf_status tf_reader_field(struct tf_reader *reader, uint64_t off, enum tf_record number,
                          uint8_t **ret_content, struct tf_cursor *ret_bytes,
                          struct tf_err *err);

/* The same through another file, with the list of frames of the reader's. */
tf_status tf_file_field(struct tf_file *file, const struct tf_frame_list *list,
                        uint64_t off, enum tf_record number, uint8_t **ret_content,
                        struct tf_cursor *ret_bytes, struct tf_err *err);
/* Decodes a chunk's field and holds it against the index. Takes `content`. */
tf_status tf_reader_chunk_of(const struct tf_reader *reader, size_t idx,
                             uint8_t *content, struct tf_cursor bytes,
                             struct tf_chunk **ret_chunk, struct tf_err *err);

/* Forgets the source texts that were read; what was borrowed of them is gone. */
void tf_reader_drop_sources(struct tf_reader *reader);

/* Rebuilds index, definitions and totals by reading every frame. */
tf_status tf_reader_scan(struct tf_reader *reader,
                         bool (*progress)(void *ctx, uint64_t done, uint64_t total),
                         void *ctx, struct tf_err *err);

/* Goes on with the scan at `off`, where a frame begins or the file ends: everything from
 * there on must hold. */
tf_status tf_reader_scan_from(struct tf_reader *reader, uint64_t off,
                              struct tf_err *err);

/* The thread of the event that the changes left over at the end of a chunk belong to; 0:
 * there are none. */
tf_status tf_reader_tail_thread(struct tf_reader *reader, size_t idx,
                                const struct tf_chunk *chunk, uint32_t *ret_thread,
                                struct tf_err *err);

/* Postings of one chunk; borrowed from the cache until the next call. Computed from the
 * chunk when the file has none. */
tf_status tf_reader_chunk_postings(struct tf_reader *reader, size_t idx,
                                   const struct tf_postings **ret_postings,
                                   struct tf_err *err);
/* A block of the lists of writes, by its place in the index; borrowed from the cache. */
tf_status tf_reader_writes(struct tf_reader *reader, size_t block,
                           const struct tf_writes_block **ret_block,
                           struct tf_err *err);
tf_status tf_reader_summary(struct tf_reader *reader,
                            const struct tf_index_summary *summary,
                            const struct tf_postings **ret_postings,
                            struct tf_err *err);

#endif
