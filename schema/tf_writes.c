#include "tf_writes.h"

#include <stdlib.h>

#include "tf_limits.h"

#define FIRST_SLOTS 256u
/* A table larger than this is given back when it was little used. */
#define KEEP_SLOTS 65536u

/* --- What one chunk wrote --- */
void
tf_writes_set_release(struct tf_writes_set *set)
{
    free(set->write);
    free(set->slot);
    *set = (struct tf_writes_set){0};
}

void
tf_writes_set_clear(struct tf_writes_set *set)
{
    if (set->slot_count > KEEP_SLOTS && set->count < set->slot_count / 16) {
        tf_writes_set_release(set);
        return;
    }
    if (set->slot != NULL) {
        memset(set->slot, 0, set->slot_count * sizeof *set->slot);
    }
    set->count = 0;
}

static bool
is_key(const struct tf_write *write, uint64_t id, uint32_t page)
{
    return write->id == id && write->page == page;
}

static size_t
slot_of(const struct tf_writes_set *set, uint64_t id, uint32_t page)
{
    uint64_t key = id + ((uint64_t)page << 44);
    size_t at =
        (size_t)((key * UINT64_C(0x9E3779B97F4A7C15)) >> 32) & (set->slot_count - 1);
    while (set->slot[at] != 0 && !is_key(&set->write[set->slot[at] - 1], id, page)) {
        at = (at + 1) & (set->slot_count - 1);
    }
    return at;
}

static bool
set_grow(struct tf_writes_set *set)
{
    size_t slot_count = set->slot_count > 0 ? set->slot_count * 2 : FIRST_SLOTS;
    if (slot_count > UINT32_MAX / 2) {
        return false;
    }
    struct tf_write *write = realloc(set->write, slot_count / 2 * sizeof *write);
    if (write == NULL) {
        return false;
    }
    set->write = write;
    uint32_t *slot = calloc(slot_count, sizeof *slot);
    if (slot == NULL) {
        return false;
    }
    free(set->slot);
    set->slot = slot;
    set->slot_count = slot_count;
    set->cap = slot_count / 2;
    for (size_t i = 0; i < set->count; i++) {
        set->slot[slot_of(set, write[i].id, write[i].page)] = (uint32_t)i + 1;
    }
    return true;
}

struct tf_write *
tf_writes_at(struct tf_writes_set *set, uint64_t id, uint32_t page)
{
    if (set->count == set->cap && !set_grow(set)) {
        return NULL;
    }
    size_t at = slot_of(set, id, page);
    if (set->slot[at] == 0) {
        set->write[set->count] =
            (struct tf_write){.id = id, .page = page, .flags = TF_WRITTEN};
        set->slot[at] = (uint32_t)++set->count;
    }
    return &set->write[(size_t)set->slot[at] - 1];
}

/* Bits [first, end) of a page, which has 64. */
static uint64_t
bits(uint64_t first, uint64_t end)
{
    uint64_t below_end = end >= 64 ? UINT64_MAX : (UINT64_C(1) << end) - 1;
    return below_end & ~((UINT64_C(1) << first) - 1);
}

static bool
mark_page(struct tf_writes_set *set, uint64_t id, uint32_t page, uint64_t items)
{
    struct tf_write *write = tf_writes_at(set, id, page + 1);
    if (write != NULL) {
        write->items |= items;
    }
    return write != NULL;
}

static bool
mark_pages(struct tf_writes_set *set, uint64_t id, uint64_t idx, uint64_t end)
{
    while (idx < end) {
        uint64_t page = idx / TF_PAGE_ITEMS;
        uint64_t page_end = (page + 1) * TF_PAGE_ITEMS;
        uint64_t stop = end < page_end ? end : page_end;
        if (!mark_page(set, id, (uint32_t)page,
                       bits(idx % TF_PAGE_ITEMS, stop - page * TF_PAGE_ITEMS))) {
            return false;
        }
        idx = stop;
    }
    return true;
}

bool
tf_writes_items(struct tf_writes_set *set, uint64_t id, uint64_t idx, uint64_t count)
{
    /* no object has an item there: readers keep fewer */
    uint64_t most = (uint64_t)TF_VALUES_MAX * 4;
    uint64_t end = count > most || idx > most - count ? most : idx + count;
    struct tf_write *whole = tf_writes_at(set, id, 0);
    if (whole == NULL) {
        return false;
    }
    if (idx < end && (idx % 2 == 0 || end - idx > 1)) {
        whole->flags |= TF_WRITTEN_EVEN;
    }
    if (end <= TF_WRITE_ITEMS && (whole->flags & TF_WRITTEN_PAGES) == 0) {
        whole->items |= idx < end ? bits(idx, end) : 0;
        return true;
    }
    uint64_t low = whole->items;
    whole->items = 0;
    whole->flags |= TF_WRITTEN_PAGES;
    return (low == 0 || mark_page(set, id, 0, low)) && mark_pages(set, id, idx, end);
}

static int64_t
over_start(int64_t grown)
{
    return grown > 0 ? grown : 0;
}

bool
tf_writes_splice(struct tf_writes_set *set, uint64_t id, uint64_t idx, uint64_t gone,
                 uint64_t come)
{
    if (gone == come) {
        return tf_writes_items(set, id, idx, come);
    }
    struct tf_write *write = tf_writes_at(set, id, 0);
    if (write == NULL) {
        return false;
    }
    uint32_t from = idx < UINT32_MAX - 1 ? (uint32_t)idx + 1 : UINT32_MAX;
    write->from = write->from == 0 || from < write->from ? from : write->from;
    uint64_t high = (uint64_t)over_start(write->grown) + write->risen;
    write->grown = (int64_t)((uint64_t)write->grown + come - gone);
    uint64_t end = (uint64_t)over_start(write->grown);
    write->risen =
        (write->flags & TF_WRITTEN_IMAGE) == 0 && high > end ? high - end : 0;
    return true;
}

bool
tf_writes_attrs(struct tf_writes_set *set, uint64_t id, uint64_t idx, uint64_t gone,
                uint64_t come)
{
    struct tf_write *write = tf_writes_at(set, id, 0);
    if (write == NULL) {
        return false;
    }
    if (gone != come || come > 64) {
        write->attrs = UINT32_MAX;
    }
    for (uint64_t i = 0; gone == come && come <= 64 && i < come; i++) {
        write->attrs |= 1u << ((idx + i) / 2 % 32);
    }
    return true;
}

bool
tf_writes_image(struct tf_writes_set *set, uint64_t id, uint64_t items)
{
    struct tf_write *write = tf_writes_at(set, id, 0);
    if (write != NULL) {
        write->flags |= TF_WRITTEN_IMAGE;
        write->grown = (int64_t)items;
        write->risen = 0;
    }
    return write != NULL;
}

bool
tf_writes_more(struct tf_writes_set *set, uint64_t id)
{
    struct tf_write *write = tf_writes_at(set, id, 0);
    if (write != NULL) {
        write->flags |= TF_WRITTEN_MORE;
    }
    return write != NULL;
}

/* --- A group --- */
void
tf_writes_group_release(struct tf_writes_group *group)
{
    for (int i = 0; i < TF_WRITES_LISTS; i++) {
        free(group->list[i].write);
    }
    *group = (struct tf_writes_group){0};
}

static bool
group_append(struct tf_writes_group *group, enum tf_writes_list list,
             const struct tf_writes_set *set)
{
    size_t count = group->list[list].count;
    if (set->count > group->list[list].cap - count) {
        size_t cap = group->list[list].cap + group->list[list].cap / 2 + set->count;
        struct tf_write *write = realloc(group->list[list].write, cap * sizeof *write);
        if (write == NULL) {
            return false;
        }
        group->list[list].write = write;
        group->list[list].cap = cap;
    }
    for (size_t i = 0; i < set->count; i++) {
        struct tf_write *write = &group->list[list].write[count + i];
        *write = set->write[i];
        write->chunk = (uint16_t)group->chunk_count;
    }
    group->list[list].count = count + set->count;
    return true;
}

bool
tf_writes_group_add(struct tf_writes_group *group, const struct tf_writes_set *objects,
                    const struct tf_writes_set *frames)
{
    bool ok = group_append(group, TF_WRITES_OBJECTS, objects)
              && group_append(group, TF_WRITES_FRAMES, frames);
    group->chunk_count++;
    return ok;
}

bool
tf_writes_group_full(const struct tf_writes_group *group)
{
    return group->chunk_count >= TF_WRITES_CHUNKS
           || group->list[TF_WRITES_OBJECTS].count >= TF_WRITES_ENTRIES
           || group->list[TF_WRITES_FRAMES].count >= TF_WRITES_ENTRIES;
}

void
tf_writes_group_next(struct tf_writes_group *group)
{
    group->first_chunk += group->chunk_count;
    group->chunk_count = 0;
    for (int i = 0; i < TF_WRITES_LISTS; i++) {
        group->list[i].count = 0;
    }
}

/* One stable pass of a radix sort by the byte at `shift` of the id, or of the page; false:
 * all have the same there. */
static bool
sort_pass(const struct tf_write *from, struct tf_write *to, size_t count, bool page,
          unsigned shift)
{
#define SORT_BYTE(write) \
 (((page ? (uint64_t)(write)->page : (write)->id) >> shift) & 0xff)
    size_t start[256] = {0};
    size_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        start[SORT_BYTE(&from[i])]++;
    }
    if (start[SORT_BYTE(&from[0])] == count) {
        return false;
    }
    for (size_t b = 0; b < 256; b++) {
        size_t n = start[b];
        start[b] = sum;
        sum += n;
    }
    for (size_t i = 0; i < count; i++) {
        to[start[SORT_BYTE(&from[i])]++] = from[i];
    }
    return true;
#undef SORT_BYTE
}

/* The entries come in the order of their chunks, and a radix sort keeps it. */
bool
tf_writes_group_sort(struct tf_writes_group *group)
{
    for (int list = 0; list < TF_WRITES_LISTS; list++) {
        size_t count = group->list[list].count;
        if (count < 2) {
            continue;
        }
        struct tf_write *to = malloc(group->list[list].cap * sizeof *to);
        if (to == NULL) {
            return false;
        }
        for (unsigned pass = 0; pass < 12; pass++) {
            struct tf_write *from = group->list[list].write;
            if (sort_pass(from, to, count, pass < 4,
                          (pass < 4 ? pass : pass - 4) * 8)) {
                group->list[list].write = to;
                to = from;
            }
        }
        free(to);
    }
    return true;
}

bool
tf_writes_group_block(const struct tf_writes_group *group, enum tf_writes_list *list,
                      size_t *at, struct tf_writes_block *ret_block)
{
    while (*at >= group->list[*list].count) {
        bool empty = *list == TF_WRITES_OBJECTS && *at == 0 && group->chunk_count > 0;
        if (!empty && *list + 1 == TF_WRITES_LISTS) {
            return false;
        }
        if (empty) {
            break;
        }
        *list = TF_WRITES_FRAMES;
        *at = 0;
    }
    struct tf_write *write = group->list[*list].write;
    size_t count = group->list[*list].count, end = *at + TF_WRITES_BLOCK;
    end = end < count ? end : count;
    while (end < count && is_key(&write[end], write[end - 1].id, write[end - 1].page)) {
        end++;
    }
    *ret_block = (struct tf_writes_block){
        .list = *list,
        .first_chunk = group->first_chunk,
        .chunk_count = group->chunk_count,
        .write = write != NULL ? write + *at : NULL,
        .count = end - *at,
    };
    *at = end > *at ? end : 1; /* past the empty block */
    return true;
}

/* --- A block in the file --- */
enum {
    FIELD_FIRST = 1,
    FIELD_COUNT = 2,
    FIELD_LIST = 3,
    FIELD_COLUMNS = 4, /* the first of them */
};

enum column { ID, PAGE, CHUNK, FLAGS, ITEMS, ATTRS, FROM, GROWN, RISEN, COLUMNS };

static bool
same_key(const struct tf_write *a, const struct tf_write *b)
{
    return is_key(a, b->id, b->page);
}

static uint64_t
column_value(enum column column, const struct tf_write *write,
             const struct tf_write *before)
{
    switch (column) {
    case ID: return write->id - before->id;
    case PAGE:
        return write->id == before->id ? write->page - before->page : write->page;
    case CHUNK:
        return same_key(write, before) ? (uint64_t)write->chunk - before->chunk
                                       : write->chunk;
    case FLAGS: return write->flags & ~TF_WRITTEN;
    case ITEMS: return write->items;
    case ATTRS: return write->attrs;
    case FROM: return write->from;
    case GROWN: return tf_zigzag(write->grown);
    case RISEN: return write->risen;
    default: return 0;
    }
}

/* A column of zeros only is left out, but for the first, which tells how many there are. */
static bool
put_column(const struct tf_writes_block *block, enum column column,
           struct tf_blob *scratch, struct tf_blob *message)
{
    static const struct tf_write none;
    const struct tf_write *before = &none;
    uint64_t any = 0;
    scratch->len = 0;
    for (size_t i = 0; i < block->count; i++) {
        uint64_t n = column_value(column, &block->write[i], before);
        if (!tf_blob_u64(scratch, n)) {
            return false;
        }
        any |= n;
        before = &block->write[i];
    }
    return block->count == 0 || (column != ID && any == 0)
           || tf_blob_field(message, FIELD_COLUMNS + column, scratch->data,
                            scratch->len);
}

bool
tf_writes_put(const struct tf_writes_block *block, struct tf_blob *blob,
              uint32_t number)
{
    struct tf_blob scratch = {0}, message = {0};
    bool ok = tf_blob_field_u64(&message, FIELD_FIRST, block->first_chunk)
              && tf_blob_field_u64(&message, FIELD_COUNT, block->chunk_count)
              && tf_blob_field_u64(&message, FIELD_LIST, block->list);
    for (int column = 0; column < COLUMNS && ok; column++) {
        ok = put_column(block, (enum column)column, &scratch, &message);
    }
    ok = ok && tf_blob_field(blob, number, message.data, message.len);
    tf_blob_release(&scratch);
    tf_blob_release(&message);
    return ok;
}

static bool
take_value(enum column column, uint64_t n, const struct tf_write *before,
           struct tf_write *write)
{
    uint64_t sum = n;
    switch (column) {
    case ID: write->id = before->id + n; return n < TF_ID_MAX && write->id < TF_ID_MAX;
    case PAGE:
        sum += write->id == before->id ? before->page : 0;
        write->page = (uint32_t)sum;
        return n <= UINT32_MAX && sum <= UINT32_MAX;
    case CHUNK:
        sum += same_key(write, before) ? before->chunk : 0;
        write->chunk = (uint16_t)sum;
        return n <= UINT16_MAX && sum <= UINT16_MAX;
    case FLAGS:
        write->flags = (uint8_t)(n | TF_WRITTEN);
        return (n & ~TF_WRITTEN_KNOWN) == 0;
    case ITEMS: write->items = n; return true;
    case ATTRS: write->attrs = (uint32_t)n; return n <= UINT32_MAX;
    case FROM: write->from = (uint32_t)n; return n <= UINT32_MAX;
    case GROWN: write->grown = tf_unzigzag(n); return true;
    case RISEN: write->risen = n; return true;
    default: return false;
    }
}

static bool
take_column(enum column column, struct tf_cursor bytes, bool there,
            struct tf_writes_block *block)
{
    static const struct tf_write none;
    const struct tf_write *before = &none;
    uint64_t n = 0;
    for (size_t i = 0; i < block->count; i++) {
        if ((there && !tf_cursor_u64(&bytes, &n))
            || !take_value(column, n, before, &block->write[i])) {
            return false;
        }
        before = &block->write[i];
    }
    return bytes.at == bytes.end;
}

static bool
take_fields(struct tf_cursor bytes, struct tf_writes_block *block,
            struct tf_cursor *column)
{
    struct tf_wire wire;
    enum tf_wire_step step;
    uint64_t head[FIELD_COLUMNS] = {0};
    while ((step = tf_wire_next(&bytes, &wire)) == TF_WIRE_FIELD) {
        if (wire.number < FIELD_COLUMNS) {
            head[wire.number] = wire.varint;
        }
        else if (wire.number < FIELD_COLUMNS + COLUMNS) {
            struct tf_cursor *to = &column[wire.number - FIELD_COLUMNS];
            if (wire.type != TF_WIRE_BYTES || to->at != NULL) {
                return false;
            }
            *to = wire.bytes;
        }
    }
    block->first_chunk = head[FIELD_FIRST];
    block->chunk_count = (uint32_t)head[FIELD_COUNT];
    block->list = (enum tf_writes_list)head[FIELD_LIST];
    return step == TF_WIRE_END && head[FIELD_COUNT] > 0
           && head[FIELD_COUNT] <= UINT16_MAX && head[FIELD_FIRST] < TF_ID_MAX
           && (head[FIELD_LIST] == TF_WRITES_OBJECTS
               || head[FIELD_LIST] == TF_WRITES_FRAMES);
}

static bool
entries_hold(const struct tf_writes_block *block)
{
    for (size_t i = 0; i < block->count; i++) {
        const struct tf_write *write = &block->write[i];
        bool key = i > 0 && same_key(write, &write[-1]);
        if (write->id == 0 || write->chunk >= block->chunk_count
            || (key && write->chunk <= write[-1].chunk)) {
            return false;
        }
    }
    return true;
}

tf_status
tf_writes_get(struct tf_cursor bytes, int64_t file_off,
              struct tf_writes_block *ret_block, struct tf_err *err)
{
    struct tf_writes_block block = {0};
    struct tf_cursor column[COLUMNS] = {{NULL, NULL}};
    bool ok = take_fields(bytes, &block, column);
    size_t count = ok ? tf_cursor_count_varints(column[ID]) : 0;
    if (ok && count > TF_UNPACK_BYTES_MAX / sizeof *block.write) {
        ok = false;
    }
    if (ok) {
        block.count = count;
        block.write = calloc(count + 1, sizeof *block.write);
        if (block.write == NULL) {
            return tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
        }
        for (int i = 0; i < COLUMNS && ok; i++) {
            ok = take_column((enum column)i, column[i], column[i].at != NULL, &block);
        }
    }
    if (!ok || !entries_hold(&block)) {
        free(block.write);
        return tf_err_set(err, TF_ERR_DAMAGED, file_off,
                          "damaged recording: the list of writes at offset %lld does "
                          "not hold",
                          (long long)file_off);
    }
    *ret_block = block;
    return TF_OK;
}

void
tf_writes_range(const struct tf_writes_block *block, uint64_t id, uint32_t page,
                size_t *ret_first, size_t *ret_end)
{
    size_t low = 0, high = block->count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        const struct tf_write *write = &block->write[mid];
        if (write->id < id || (write->id == id && write->page < page)) {
            low = mid + 1;
        }
        else {
            high = mid;
        }
    }
    *ret_first = low;
    while (low < block->count && is_key(&block->write[low], id, page)) {
        low++;
    }
    *ret_end = low;
}
