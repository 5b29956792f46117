#include "tf_tail_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tf_blob.h"
#include "tf_limits.h"

/* A batch changes hands while it is copied: so often it is tried again, and so often when
 * it looks damaged, which may be a writer in the middle of a change. */
#define TRIES         100
#define TRIES_DAMAGED 3

struct source {
    int fd;
    uint64_t file_bytes;
    size_t budget; /* bytes that may still be copied */
    uint8_t front[TF_TAIL_DATA_OFF];
    bool no_memory;
};

static bool
read_at(int fd, void *to, size_t len, uint64_t off)
{
    uint8_t *at = to;
    while (len > 0) {
        ssize_t n = pread(fd, at, len, (off_t)off);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return false;
        }
        at += n;
        off += (uint64_t)n;
        len -= (size_t)n;
    }
    return true;
}

static struct tf_tail_slot
slot_at(const struct source *source, unsigned i)
{
    struct tf_tail_slot slot;
    memcpy(&slot, source->front + TF_TAIL_SLOT_OFF + i * sizeof slot, sizeof slot);
    return slot;
}

/* The `idx`th extent; false when it does not hold. */
static bool
extent_at(const struct source *source, uint32_t idx, struct tf_tail_extent *ret)
{
    memcpy(ret, source->front + TF_TAIL_EXTENT_OFF + idx * sizeof *ret, sizeof *ret);
    return ret->check
               == tf_tail_check(ret, offsetof(struct tf_tail_extent, check), 0, 0)
           && ret->off >= TF_TAIL_DATA_OFF && ret->off <= source->file_bytes
           && ret->bytes <= source->file_bytes - ret->off;
}

static struct tf_tail_head
head_of(const struct source *source)
{
    struct tf_tail_head head;
    memcpy(&head, source->front, sizeof head);
    if (head.extent_count > TF_TAIL_EXTENTS_MAX) {
        head.extent_count = TF_TAIL_EXTENTS_MAX;
    }
    return head;
}

/* Copies the first `len` bytes of an area; false when it has not so many. */
static bool
copy_area(struct source *source, unsigned slot, unsigned area, uint64_t len,
          struct tf_blob *to)
{
    uint32_t count = head_of(source).extent_count;
    struct tf_tail_extent extent;
    to->len = 0;
    if (len > source->budget) {
        return false;
    }
    if (len > 0 && !tf_blob_reserve(to, (size_t)len)) {
        source->no_memory = true;
        return false;
    }
    for (uint32_t i = 0; i < count && to->len < len; i++) {
        if (!extent_at(source, i, &extent)) {
            return false;
        }
        if (extent.slot == slot && extent.area == area) {
            uint64_t left = len - to->len;
            size_t n = (size_t)(extent.bytes < left ? extent.bytes : left);
            if (!read_at(source->fd, to->data + to->len, n, extent.off)) {
                return false;
            }
            to->len += n;
        }
    }
    return to->len == len;
}

/* --- Checksums --- */
static struct tf_tail_seal
seal_at(const struct tf_blob *seals, size_t i)
{
    struct tf_tail_seal seal;
    memcpy(&seal, seals->data + i * sizeof seal, sizeof seal);
    return seal;
}

static size_t
seal_count(const struct tf_tail_found_batch *batch)
{
    return batch->area[TF_TAIL_SEALS].len / sizeof(struct tf_tail_seal);
}

/* How long each area is by its seals, which must ascend. */
static bool
sealed_ends(const struct tf_tail_found_batch *batch, uint64_t end[TF_TAIL_AREA_COUNT])
{
    memset(end, 0, TF_TAIL_AREA_COUNT * sizeof end[0]);
    for (size_t i = 0; i < seal_count(batch); i++) {
        struct tf_tail_seal seal = seal_at(&batch->area[TF_TAIL_SEALS], i);
        if (seal.area >= TF_TAIL_SEALS || seal.end <= end[seal.area]) {
            return false;
        }
        end[seal.area] = seal.end;
    }
    return true;
}

/* Cuts the areas off before the first run that its checksum does not fit. The changes may
 * go on after the last seal. */
static void
check_seals(struct tf_tail_found_batch *batch, uint64_t batch_number)
{
    size_t good[TF_TAIL_AREA_COUNT] = {0};
    for (size_t i = 0; i < seal_count(batch); i++) {
        struct tf_tail_seal seal = seal_at(&batch->area[TF_TAIL_SEALS], i);
        const struct tf_blob *area = &batch->area[seal.area];
        size_t from = good[seal.area];
        if (seal.end > area->len
            || tf_tail_check(area->data + from, (size_t)seal.end - from, batch_number,
                             seal.area)
                   != seal.check) {
            batch->torn = true;
            break;
        }
        good[seal.area] = (size_t)seal.end;
    }
    batch->sealed_bytes = good[TF_TAIL_CHANGES];
    for (unsigned k = 0; k < TF_TAIL_SEALS; k++) {
        if (k != TF_TAIL_CHANGES || batch->torn) {
            batch->area[k].len = good[k];
        }
    }
}

/* What was brought to the disk in one piece may go further than the seals. */
static void
check_synced(struct tf_tail_found_batch *batch, const struct tf_tail_slot *slot,
             const struct tf_blob *changes, size_t copied)
{
    if (slot->synced_bytes > batch->sealed_bytes && slot->synced_bytes <= copied
        && tf_tail_check(changes->data, (size_t)slot->synced_bytes, slot->batch,
                         TF_TAIL_CHANGES)
               == slot->synced_check) {
        batch->sealed_bytes = (size_t)slot->synced_bytes;
    }
}

/* --- Batches --- */
static void
batch_release(struct tf_tail_found_batch *batch)
{
    for (unsigned k = 0; k < TF_TAIL_AREA_COUNT; k++) {
        tf_blob_release(&batch->area[k]);
    }
}

static bool
changed_hands(const struct source *source, unsigned i, uint64_t batch)
{
    struct tf_tail_slot now;
    return !read_at(source->fd, &now, sizeof now, TF_TAIL_SLOT_OFF + i * sizeof now)
           || now.batch != batch;
}

static bool
copy_batch(struct source *source, unsigned i, struct tf_tail_found_batch *batch)
{
    struct tf_tail_slot slot = slot_at(source, i);
    uint64_t end[TF_TAIL_AREA_COUNT];
    batch->first_seq = slot.first_seq;
    batch->left = slot.left != 0;
    batch->torn = false;
    if (!copy_area(source, i, TF_TAIL_SEALS,
                   slot.seal_count * sizeof(struct tf_tail_seal),
                   &batch->area[TF_TAIL_SEALS])
        || !sealed_ends(batch, end)) {
        return false;
    }
    if (slot.changes_bytes > end[TF_TAIL_CHANGES]) {
        end[TF_TAIL_CHANGES] = slot.changes_bytes;
    }
    for (unsigned k = 0; k < TF_TAIL_SEALS; k++) {
        if (!copy_area(source, i, k, end[k], &batch->area[k])) {
            return false;
        }
    }
    size_t copied = batch->area[TF_TAIL_CHANGES].len;
    check_seals(batch, slot.batch);
    check_synced(batch, &slot, &batch->area[TF_TAIL_CHANGES], copied);
    if (batch->torn) {
        batch->area[TF_TAIL_CHANGES].len = batch->sealed_bytes;
    }
    for (unsigned k = 0; k < TF_TAIL_AREA_COUNT; k++) {
        source->budget -= batch->area[k].len;
    }
    return true;
}

static int
by_first_seq(const void *a, const void *b)
{
    const struct tf_tail_found_batch *x = a, *y = b;
    return (x->first_seq > y->first_seq) - (x->first_seq < y->first_seq);
}

/* One try at all of them: what is copied belongs to one moment. False when it does not.
 * `last_try`: what does not hold is left out. */
static bool
copy_batches(struct source *source, struct tf_tail_found *found, bool last_try,
             bool *ret_damaged)
{
    unsigned slots = head_of(source).slot_count;
    found->batch_count = 0;
    found->left_out = false;
    source->budget = TF_TAIL_BYTES_MAX;
    if (!read_at(source->fd, source->front, sizeof source->front, 0)) {
        return false;
    }
    for (unsigned i = 0; i < slots && !source->no_memory; i++) {
        uint64_t batch = slot_at(source, i).batch;
        if (batch == 0) {
            found->left_out |= slot_at(source, i).left != 0;
            continue;
        }
        bool whole = copy_batch(source, i, &found->batch[found->batch_count]);
        if (changed_hands(source, i, batch)) {
            return false;
        }
        if (!whole && !last_try) {
            *ret_damaged = true;
            return false;
        }
        found->batch_count += whole;
        found->left_out |= !whole;
    }
    return true;
}

/* --- The file --- */
static void
not_usable(struct tf_tail_found *found, enum tf_tail_state state, const char *why)
{
    found->state = state;
    tf_err_set(&found->fault, TF_ERR_DAMAGED, -1, "%s", why);
}

static bool
head_holds(const struct source *source, const uint8_t uuid[16],
           struct tf_tail_found *found)
{
    struct tf_tail_head head = head_of(source);
    uint8_t boot[16];
    if (head.magic != TF_TAIL_MAGIC
        || head.check
               != tf_tail_check(&head, offsetof(struct tf_tail_head, check), 0, 0)
        || head.slot_count > TF_TAIL_SLOTS_MAX) {
        not_usable(found, TF_TAIL_DAMAGED, "its beginning does not hold");
        return false;
    }
    if (head.version != TF_TAIL_VERSION) {
        not_usable(found, TF_TAIL_DAMAGED, "a later version made it");
        return false;
    }
    if (memcmp(head.uuid, uuid, sizeof head.uuid) != 0) {
        not_usable(found, TF_TAIL_FOREIGN, "it is of another recording");
        return false;
    }
    found->same_boot = tf_tail_boot_id(boot) && memcmp(boot, head.boot_id, 16) == 0;
    found->pid = head.pid;
    found->signal = head.signal;
    found->signal_unix_ns = head.signal_unix_ns;
    return true;
}

static tf_status
find_in(struct source *source, const uint8_t uuid[16], struct tf_tail_found *found,
        struct tf_err *err)
{
    struct stat st;
    bool ok = false;
    if (fstat(source->fd, &st) != 0 || !S_ISREG(st.st_mode)
        || !read_at(source->fd, source->front, sizeof source->front, 0)) {
        not_usable(found, TF_TAIL_DAMAGED, "it is too short");
        return TF_OK;
    }
    source->file_bytes = (uint64_t)st.st_size;
    if (!head_holds(source, uuid, found)) {
        return TF_OK;
    }
    found->batch = calloc(TF_TAIL_SLOTS_MAX, sizeof *found->batch);
    for (int i = 0, damaged_count = 0;
         found->batch != NULL && i < TRIES && !ok && !source->no_memory; i++) {
        bool damaged = false;
        if (fstat(source->fd, &st) == 0) {
            source->file_bytes = (uint64_t)st.st_size;
        }
        ok = copy_batches(source, found, damaged_count >= TRIES_DAMAGED, &damaged);
        damaged_count += damaged;
    }
    if (found->batch == NULL || source->no_memory) {
        return tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
    }
    if (!ok) {
        not_usable(found, TF_TAIL_DAMAGED, "its parts do not fit together");
        return TF_OK;
    }
    qsort(found->batch, found->batch_count, sizeof *found->batch, by_first_seq);
    found->state = TF_TAIL_FOUND;
    return TF_OK;
}

tf_status
tf_tail_find(const char *path, const uint8_t uuid[16], struct tf_tail_found *ret_found,
             struct tf_err *err)
{
    tf_status status = TF_OK;
    char *beside = NULL;
    *ret_found = (struct tf_tail_found){.state = TF_TAIL_MISSING};
    struct source *source = calloc(1, sizeof *source);
    if (source == NULL || asprintf(&beside, "%s" TF_TAIL_SUFFIX, path) < 0) {
        free(source);
        return tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
    }
    source->fd = open(beside, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (source->fd >= 0) {
        status = find_in(source, uuid, ret_found, err);
        close(source->fd);
    }
    else if (errno != ENOENT) {
        tf_err_set_errno(&ret_found->fault, errno, "it cannot be opened");
        ret_found->state = TF_TAIL_DAMAGED;
    }
    if (status != TF_OK) {
        tf_tail_found_release(ret_found);
    }
    free(beside);
    free(source);
    return status;
}

void
tf_tail_found_release(struct tf_tail_found *found)
{
    for (unsigned i = 0; found->batch != NULL && i < TF_TAIL_SLOTS_MAX; i++) {
        batch_release(&found->batch[i]);
    }
    free(found->batch);
    found->batch = NULL;
    found->batch_count = 0;
}
