/* The builder's state: the recorded program, as far as the text has told it. */
#ifndef TB_INSIDE_H
#define TB_INSIDE_H

#include <setjmp.h>
#include <stdbool.h>

#include "tb_build.h"
#include "tf_arena.h"
#include "tf_index.h" /* TF_LIST */
#include "tf_writer.h"

struct tb_value {
    uint8_t kind, note;
    uint32_t type;
    int64_t integer;
    double real, imag;
    uint64_t ref, length;
    const char *text;
    size_t len;
};

typedef TF_LIST(struct tb_value) tb_values;

struct tb_object {
    uint32_t type;
    uint8_t note;
    uint64_t more;
    tb_values item, attr; /* attr: name, value, name, value ... */
};

struct tb_code {
    uint32_t id, first_lineno, slot_count;
    const char *name;
    struct tf_text *slot;
    uint32_t *slot_kind;
};

struct tb_type {
    const char *name;
    uint32_t category;
};

struct tb_frame {
    const char *name; /* NULL: not named */
    uint32_t code;    /* place in tb.code */
    struct tb_value globals;
    struct tb_value *local;
    uint64_t call_seq, call_kind, lineno;
    size_t chunk_seen; /* chunk in which it was last on a stack, + 1 */
    size_t chunk_full; /* keyframe that has it in full, + 1; 0 when changed since */
};

struct tb_thread {
    TF_LIST(uint64_t) stack; /* frame ids */
};

struct tb_name {
    const char *name;
    uint64_t id;
};

struct tb {
    /* the text */
    const char *at, *end;
    int lineno;
    /* the program */
    TF_LIST(struct tb_object) object; /* id - 1 */
    TF_LIST(struct tb_frame) frame;   /* id - 1 */
    TF_LIST(struct tb_thread) thread; /* id - 1 */
    TF_LIST(struct tb_code) code;     /* id - 1 */
    TF_LIST(struct tb_type) type;     /* id - 1 */
    TF_LIST(const char *) file;       /* id - 1 */
    TF_LIST(struct tb_name) name;     /* of objects */
    uint32_t current;                 /* thread id */
    uint64_t seq;                     /* of the event to come */
    size_t chunk;                     /* number of the one to come */
    bool images; /* keyframes hold images of what the top frames show */
    bool finished;
    /* the file */
    struct tf_arena arena;
    struct tf_header header;
    TF_LIST(struct tf_text) argv;
    TF_LIST(struct tf_text) library;
    struct tf_footer footer;
    struct tf_sink *sink;
    struct tf_writer *writer;
    struct tf_batch batch;
    jmp_buf fail; /* an error in the text, or of the writer, ends everything */
    struct tf_err *err;
    tf_status status;
};

_Noreturn void tb_fail(struct tb *tb, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
_Noreturn void tb_fail_writer(struct tb *tb, tf_status status);
void *tb_get(struct tb *tb, size_t len);

/* --- tb_scan.c: words of one line --- */
void tb_blanks(struct tb *tb);
bool tb_at_end(struct tb *tb); /* of the line; skips blanks and a comment */
bool tb_try(struct tb *tb, const char *symbol);
void tb_expect(struct tb *tb, const char *symbol);
/* A word of letters, digits and _ . < > */
const char *tb_word(struct tb *tb);
/* An object's name: letters, digits and _ . */
const char *tb_name(struct tb *tb);
bool tb_peek_word(struct tb *tb, const char *word);
/* A word up to the next blank. */
const char *tb_path(struct tb *tb);
uint64_t tb_number(struct tb *tb);
int64_t tb_signed(struct tb *tb);
/* "..." with escapes. */
struct tf_text tb_string(struct tb *tb);

/* --- tb_value.c --- */
struct tb_value tb_parse_value(struct tb *tb);
/* An object's name after its $; 0: not known. */
uint64_t tb_object_named(struct tb *tb, const char *name);
void tb_put_value(struct tf_rows *rows, const struct tb_value *value);
bool tb_same(const struct tb_value *a, const struct tb_value *b);
/* Object `id` in full, as IMAGE, or as NEW when it was just made. */
void tb_put_object(struct tb *tb, struct tf_rows *rows, uint64_t id, bool made);
uint32_t tb_type_named(struct tb *tb, const char *name);

/* --- tb_event.c --- */
void tb_event(struct tb *tb, const char *word);
struct tb_frame *tb_top(struct tb *tb);
void tb_thread(struct tb *tb, uint64_t id);

/* --- tb_define.c --- */
void tb_define_file(struct tb *tb);
void tb_define_code(struct tb *tb);
void tb_define_type(struct tb *tb);
void tb_define_thread(struct tb *tb);
void tb_define_header(struct tb *tb);
uint32_t tb_new_type(struct tb *tb, const char *module, const char *name,
                     uint32_t category, uint32_t flags, const struct tf_text *field,
                     uint32_t field_count, const uint32_t *base, uint32_t base_count);

/* --- tb_chunk.c --- */
void tb_flush(struct tb *tb);
void tb_chunk(struct tb *tb, bool same);
void tb_checkpoint(struct tb *tb);

#endif
