/* Writing a tail: the file, its mappings, and what a batch puts there. */
#include "tf_tail.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "tf_blob.h"
#include "tf_limits.h"

_Static_assert(sizeof(struct tf_tail_slot) == 128, "as FORMAT.md has it");
_Static_assert(sizeof(struct tf_tail_extent) == 32, "as FORMAT.md has it");
_Static_assert(sizeof(struct tf_tail_seal) == 24, "as FORMAT.md has it");

/* An area that would be larger goes on in ordinary memory. */
#define AREA_BYTES_MAX (64u << 20)
#define EXTENT_UNIT    32768u

/* What an area begins with: enough for nearly every batch. */
static const size_t AREA_FIRST_BYTES[TF_TAIL_AREA_COUNT] = {
    [TF_TAIL_CHANGES] = TF_CHUNK_ROW_BYTES + 4 * EXTENT_UNIT,
    [TF_TAIL_KEYFRAME] = EXTENT_UNIT,
    [TF_TAIL_DEFINITIONS] = 2 * EXTENT_UNIT,
    [TF_TAIL_SOURCES] = 4 * EXTENT_UNIT,
    [TF_TAIL_SEALS] = 2 * EXTENT_UNIT,
};

struct area {
    struct tf_memory memory; /* first: what the rows and blobs know of it */
    struct tf_tail_batch *owner;
    unsigned number;
    uint8_t *map;
    size_t map_bytes;
    uint8_t *outside; /* ordinary memory, since there was no room */
};

/* A slot, as its process knows it. */
struct tf_tail_batch {
    struct tf_tail *tail;
    struct tf_tail_slot *slot; /* in the mapping */
    struct tf_batch *batch;
    unsigned number;
    uint64_t batch_number; /* of the batch that is in it now, or comes next */
    bool outside;          /* an area is: nothing is published any more */
    struct tf_blob seals;
    size_t sealed[TF_TAIL_AREA_COUNT]; /* so many bytes are */
    struct area area[TF_TAIL_AREA_COUNT];
};

struct tf_tail {
    struct tf_tail_head *head; /* the mapping of head, slots and extents */
    int fd;
    char *path;
    dev_t device;
    ino_t inode;
    uint64_t file_bytes;
    pthread_mutex_t
        lock; /* what is being synced against its being moved or used again */
    unsigned slot_count;
    struct tf_tail_batch batch[];
};

uint64_t
tf_tail_check(const void *bytes, size_t len, uint64_t batch, unsigned area)
{
    return XXH3_64bits_withSeed(bytes, len, batch * TF_TAIL_AREA_COUNT + area);
}

bool
tf_tail_boot_id(uint8_t ret_id[16])
{
    char text[37] = "";
    size_t digits = 0;
    memset(ret_id, 0, 16);
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    ssize_t len = read(fd, text, sizeof text - 1);
    close(fd);
    for (ssize_t i = 0; i < len && digits < 32; i++) {
        const char *hex = "0123456789abcdef", *at = strchr(hex, text[i]);
        if (at != NULL && text[i] != '\0') {
            unsigned shift = digits % 2 == 0 ? 4 : 0;
            ret_id[digits / 2] |= (uint8_t)((unsigned)(at - hex) << shift);
            digits++;
        }
    }
    return digits == 32;
}

/* --- The file --- */

/* Beyond the limit the kernel would send SIGXFSZ (setrlimit(2)). */
static bool
allocate(int fd, uint64_t off, uint64_t bytes)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY
        && off + bytes > limit.rlim_cur) {
        errno = EFBIG;
        return false;
    }
    int failed;
    do {
        failed = fallocate(fd, 0, (off_t)off, (off_t)bytes);
    } while (failed != 0 && errno == EINTR);
    return failed == 0;
}

/* A file system that writes each block to a new place needs room for every store, whatever
 * was allocated: it is asked not to (ioctl_iflags(2)), or there is no tail. */
static bool
writes_in_place(int fd)
{
    struct statfs fs;
    int flags = 0;
    if (fstatfs(fd, &fs) != 0 || fs.f_type != BTRFS_SUPER_MAGIC) {
        return true;
    }
    if (ioctl(fd, FS_IOC_GETFLAGS, &flags) != 0) {
        return false;
    }
    flags |= FS_NOCOW_FL;
    return ioctl(fd, FS_IOC_SETFLAGS, &flags) == 0;
}

static bool
is_tail(const char *path)
{
    uint64_t magic = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    ssize_t len = fd >= 0 ? pread(fd, &magic, sizeof magic, 0) : -1;
    if (fd >= 0) {
        close(fd);
    }
    return len == 0 || (len == sizeof magic && magic == TF_TAIL_MAGIC);
}

static int
create(const char *path)
{
    const int flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
    int fd = open(path, flags, 0600);
    if (fd < 0 && errno == EEXIST && is_tail(path) && unlink(path) == 0) {
        fd = open(path, flags, 0600);
    }
    return fd;
}

/* The program may have closed the descriptor, and opened something else under its number. */
static bool
is_ours(const struct tf_tail *tail)
{
    struct stat st;
    return tail->fd >= 0 && fstat(tail->fd, &st) == 0 && st.st_dev == tail->device
           && st.st_ino == tail->inode;
}

static struct tf_tail_extent *
extents(const struct tf_tail *tail)
{
    return (struct tf_tail_extent *)((char *)tail->head + TF_TAIL_EXTENT_OFF);
}

/* --- Areas --- */

/* All extents of the area, and one more at `off`, one behind the other. */
static uint8_t *
map_extents(const struct area *area, uint64_t off, size_t bytes)
{
    const struct tf_tail *tail = area->owner->tail;
    const int fd = tail->fd;
    const struct tf_tail_extent *extent = extents(tail);
    const int access = PROT_READ | PROT_WRITE, how = MAP_SHARED | MAP_FIXED;
    size_t total = area->map_bytes + bytes, at = 0;
    uint8_t *map = mmap(NULL, total, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED) {
        return NULL;
    }
    bool ok = true;
    for (uint32_t i = 0; ok && i < tail->head->extent_count; i++) {
        if (extent[i].slot == area->owner->number && extent[i].area == area->number) {
            ok = mmap(map + at, extent[i].bytes, access, how, fd, (off_t)extent[i].off)
                 != MAP_FAILED;
            at += extent[i].bytes;
        }
    }
    ok = ok && mmap(map + at, bytes, access, how, fd, (off_t)off) != MAP_FAILED;
    if (!ok) {
        munmap(map, total);
        return NULL;
    }
    return map;
}

static void
add_extent(const struct area *area, uint64_t off, size_t bytes)
{
    struct tf_tail_head *head = area->owner->tail->head;
    struct tf_tail_extent *extent = &extents(area->owner->tail)[head->extent_count];
    *extent = (struct tf_tail_extent){
        .slot = area->owner->number, .area = area->number, .off = off, .bytes = bytes};
    extent->check = tf_tail_check(extent, offsetof(struct tf_tail_extent, check), 0, 0);
    __atomic_store_n(&head->extent_count, head->extent_count + 1, __ATOMIC_RELEASE);
}

/* Makes the area at least `want` bytes. */
static bool
area_extend(struct area *area, size_t want)
{
    struct tf_tail *tail = area->owner->tail;
    size_t total = area->map_bytes > 0 ? area->map_bytes * 2 : EXTENT_UNIT;
    total = want > total ? want : total;
    total = (total + EXTENT_UNIT - 1) / EXTENT_UNIT * EXTENT_UNIT;
    size_t bytes = total - area->map_bytes;
    uint64_t off = tail->file_bytes;
    if (total > AREA_BYTES_MAX || tail->head->extent_count >= TF_TAIL_EXTENTS_MAX
        || !allocate(tail->fd, off, bytes)) {
        return false;
    }
    tail->file_bytes += bytes;
    uint8_t *map = map_extents(area, off, bytes);
    if (map == NULL) {
        return false;
    }
    add_extent(area, off, bytes);
    uint8_t *before = area->map;
    size_t before_bytes = area->map_bytes;
    area->map = map;
    area->map_bytes = total;
    if (before != NULL) {
        munmap(before, before_bytes);
    }
    return true;
}

static bool
area_extend_later(struct area *area, size_t want)
{
    struct tf_tail *tail = area->owner->tail;
    int before = errno;
    pthread_mutex_lock(&tail->lock);
    bool ok = is_ours(tail) && area_extend(area, want);
    pthread_mutex_unlock(&tail->lock);
    errno = before; /* the program's */
    return ok;
}

/* What was published stays good; what follows is not in the tail. */
static bool
area_leave(struct area *area, size_t len, size_t cap)
{
    struct tf_tail_batch *owner = area->owner;
    uint8_t *data = realloc(area->outside, cap);
    if (data == NULL) {
        return false;
    }
    if (area->outside == NULL && len > 0) {
        memcpy(data, area->map, len);
    }
    area->outside = data;
    if (!owner->outside) {
        owner->outside = true;
        __atomic_store_n(&owner->slot->left, 1, __ATOMIC_RELEASE);
        owner->batch->published = &owner->batch->own_published;
    }
    return true;
}

static bool
area_grow(struct tf_memory *memory, uint8_t **data, size_t len, size_t *cap,
          size_t need)
{
    struct area *area = (struct area *)memory;
    if (need > SIZE_MAX / 4 || len > SIZE_MAX / 4) {
        return false;
    }
    if (!area->owner->outside && area_extend_later(area, len + need)) {
        *data = area->map;
        *cap = area->map_bytes;
        return true;
    }
    size_t wanted = len + need > *cap * 2 ? len + need : *cap * 2;
    if (!area_leave(area, len, wanted)) {
        return false;
    }
    *data = area->outside;
    *cap = wanted;
    return true;
}

/* --- The whole --- */
static void
fill_head(struct tf_tail_head *head, const uint8_t uuid[16], unsigned slot_count)
{
    head->version = TF_TAIL_VERSION;
    head->slot_count = slot_count;
    memcpy(head->uuid, uuid, sizeof head->uuid);
    tf_tail_boot_id(head->boot_id);
    head->pid = (uint64_t)getpid();
    head->magic = TF_TAIL_MAGIC;
    head->check = tf_tail_check(head, offsetof(struct tf_tail_head, check), 0, 0);
}

static tf_status
map_head(struct tf_tail *tail, struct tf_err *err)
{
    struct stat st;
    if (fstat(tail->fd, &st) != 0 || !allocate(tail->fd, 0, TF_TAIL_DATA_OFF)) {
        return tf_err_set_errno(err, errno, "no room is reserved for it");
    }
    tail->device = st.st_dev;
    tail->inode = st.st_ino;
    tail->file_bytes = TF_TAIL_DATA_OFF;
    void *map =
        mmap(NULL, TF_TAIL_DATA_OFF, PROT_READ | PROT_WRITE, MAP_SHARED, tail->fd, 0);
    if (map == MAP_FAILED) {
        return tf_err_set_errno(err, errno, "it cannot be mapped");
    }
    tail->head = map;
    return TF_OK;
}

static tf_status
map_slots(struct tf_tail *tail, struct tf_err *err)
{
    for (unsigned i = 0; i < tail->slot_count; i++) {
        struct tf_tail_batch *batch = &tail->batch[i];
        batch->tail = tail;
        batch->number = i;
        batch->batch_number = i + 1;
        batch->slot =
            (struct tf_tail_slot *)((char *)tail->head + TF_TAIL_SLOT_OFF) + i;
        for (unsigned k = 0; k < TF_TAIL_AREA_COUNT; k++) {
            batch->area[k] =
                (struct area){.memory = {area_grow}, .owner = batch, .number = k};
            if (!area_extend(&batch->area[k], AREA_FIRST_BYTES[k])) {
                return tf_err_set_errno(err, errno, "no room is reserved for it");
            }
        }
        const struct area *seals = &batch->area[TF_TAIL_SEALS];
        batch->seals = (struct tf_blob){.data = seals->map,
                                        .cap = seals->map_bytes,
                                        .memory = &batch->area[TF_TAIL_SEALS].memory};
    }
    return TF_OK;
}

tf_status
tf_tail_create(const char *path, const uint8_t uuid[16], unsigned slot_count,
               int (*place_fd)(int fd), struct tf_tail **ret_tail, struct tf_err *err)
{
    tf_status status;
    if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__) {
        return tf_err_set(err, TF_ERR_ARGUMENT, -1,
                          "this machine is not little endian");
    }
    struct tf_tail *tail =
        slot_count <= TF_TAIL_SLOTS_MAX
            ? calloc(1, sizeof *tail + slot_count * sizeof tail->batch[0])
            : NULL;
    if (tail == NULL || (tail->path = strdup(path)) == NULL) {
        free(tail);
        return tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
    }
    pthread_mutex_init(&tail->lock, NULL);
    tail->slot_count = slot_count;
    tail->fd = create(path);
    if (tail->fd < 0) {
        status = tf_err_set_errno(err, errno, "it cannot be made");
    }
    else if (!writes_in_place(tail->fd)) {
        status = tf_err_set(err, TF_ERR_IO, -1, "the file system does not keep room");
    }
    else {
        tail->fd = place_fd != NULL ? place_fd(tail->fd) : tail->fd;
        status = map_head(tail, err);
    }
    if (status == TF_OK) {
        status = map_slots(tail, err);
    }
    if (status == TF_OK) {
        fill_head(tail->head, uuid, slot_count);
        *ret_tail = tail;
    }
    else {
        if (tail->fd >= 0) {
            unlink(path);
        }
        tf_tail_close(tail, false);
    }
    return status;
}

void
tf_tail_forget(struct tf_tail *tail)
{
    for (unsigned i = 0; i < tail->slot_count; i++) {
        for (unsigned k = 0; k < TF_TAIL_AREA_COUNT; k++) {
            const struct area *area = &tail->batch[i].area[k];
            if (area->map != NULL) {
                munmap(area->map, area->map_bytes);
            }
        }
    }
    if (tail->head != NULL) {
        munmap(tail->head, TF_TAIL_DATA_OFF);
    }
    if (is_ours(tail)) {
        close(tail->fd);
    }
}

void
tf_tail_close(struct tf_tail *tail, bool remove)
{
    struct stat st;
    if (tail == NULL) {
        return;
    }
    if (remove && lstat(tail->path, &st) == 0 && st.st_dev == tail->device
        && st.st_ino == tail->inode) {
        unlink(tail->path);
    }
    tf_tail_forget(tail);
    for (unsigned i = 0; i < tail->slot_count; i++) {
        for (unsigned k = 0; k < TF_TAIL_AREA_COUNT; k++) {
            free(tail->batch[i].area[k].outside);
        }
    }
    pthread_mutex_destroy(&tail->lock);
    free(tail->path);
    free(tail);
}

/* --- Batches --- */
static void
give_rows(struct tf_rows *rows, struct area *area)
{
    rows->data = area->map;
    rows->cap = area->map_bytes;
    rows->memory = &area->memory;
}

static void
give_blob(struct tf_blob *blob, struct area *area)
{
    blob->data = area->map;
    blob->cap = area->map_bytes;
    blob->memory = &area->memory;
}

static void
give_areas(struct tf_tail_batch *own)
{
    struct tf_batch *batch = own->batch;
    give_rows(&batch->changes, &own->area[TF_TAIL_CHANGES]);
    give_rows(&batch->keyframe, &own->area[TF_TAIL_KEYFRAME]);
    give_blob(&batch->definitions, &own->area[TF_TAIL_DEFINITIONS]);
    give_blob(&batch->sources, &own->area[TF_TAIL_SOURCES]);
    give_blob(&own->seals, &own->area[TF_TAIL_SEALS]);
    own->seals.len = 0;
    batch->published = &own->slot->changes_bytes;
}

bool
tf_tail_attach(struct tf_tail *tail, unsigned slot, struct tf_batch *batch)
{
    if (slot >= tail->slot_count) {
        return false;
    }
    tf_batch_release(batch);
    batch->tail = &tail->batch[slot];
    batch->tail->batch = batch;
    give_areas(batch->tail);
    return true;
}

static void
seal(struct tf_tail_batch *own, unsigned area, const uint8_t *data, size_t end)
{
    size_t from = own->sealed[area];
    if (own->outside || end <= from) {
        return;
    }
    struct tf_tail_seal made = {
        .area = area,
        .end = end,
        .check = tf_tail_check(data + from, end - from, own->batch_number, area),
    };
    if (!tf_blob_bytes(&own->seals, &made, sizeof made) || own->outside) {
        return; /* the open end is trusted without */
    }
    own->sealed[area] = end;
    __atomic_store_n(&own->slot->seal_count, own->slot->seal_count + 1,
                     __ATOMIC_RELEASE);
}

void
tf_tail_begin(struct tf_batch *batch, uint64_t first_seq)
{
    struct tf_tail_batch *own = batch->tail;
    batch->check_at = TF_CHUNK_ROW_BYTES;
    if (own == NULL) {
        return;
    }
    batch->check_at = TF_TAIL_SEAL_BYTES;
    seal(own, TF_TAIL_KEYFRAME, batch->keyframe.data, batch->keyframe.len);
    own->slot->first_seq = first_seq;
    __atomic_store_n(&own->slot->batch, own->batch_number, __ATOMIC_RELEASE);
}

void
tf_tail_seal_changes(struct tf_batch *batch)
{
    size_t next = batch->changes.len + TF_TAIL_SEAL_BYTES;
    batch->check_at = next < TF_CHUNK_ROW_BYTES ? next : TF_CHUNK_ROW_BYTES;
    if (batch->tail != NULL) {
        seal(batch->tail, TF_TAIL_CHANGES, batch->changes.data, batch->changes.len);
    }
}

void
tf_tail_seal_definitions(struct tf_batch *batch)
{
    if (batch->tail != NULL) {
        seal(batch->tail, TF_TAIL_DEFINITIONS, batch->definitions.data,
             batch->definitions.len);
    }
}

void
tf_tail_seal_sources(struct tf_batch *batch)
{
    if (batch->tail != NULL) {
        seal(batch->tail, TF_TAIL_SOURCES, batch->sources.data, batch->sources.len);
    }
}

bool
tf_tail_holds(const struct tf_batch *batch)
{
    return batch->tail != NULL && !batch->tail->outside;
}

void
tf_tail_free(struct tf_batch *batch)
{
    struct tf_tail_batch *own = batch->tail;
    if (own == NULL) {
        return;
    }
    pthread_mutex_lock(&own->tail->lock);
    __atomic_store_n(&own->slot->batch, 0, __ATOMIC_SEQ_CST);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    own->batch_number += own->tail->slot_count;
    own->outside = false;
    memset(own->sealed, 0, sizeof own->sealed);
    for (unsigned k = 0; k < TF_TAIL_AREA_COUNT; k++) {
        free(own->area[k].outside);
        own->area[k].outside = NULL;
    }
    give_areas(own);
    own->slot->changes_bytes = 0;
    own->slot->seal_count = own->slot->left = 0;
    own->slot->synced_bytes = own->slot->synced_check = 0;
    pthread_mutex_unlock(&own->tail->lock);
}

/* --- What must outlive a power cut --- */
static void
sync_batch(struct tf_tail_batch *own)
{
    const struct area *changes = &own->area[TF_TAIL_CHANGES];
    uint64_t batch = __atomic_load_n(&own->slot->batch, __ATOMIC_ACQUIRE);
    uint64_t bytes = __atomic_load_n(&own->slot->changes_bytes, __ATOMIC_ACQUIRE);
    if (batch == 0 || bytes > changes->map_bytes) {
        return;
    }
    uint64_t check = tf_tail_check(changes->map, bytes, batch, TF_TAIL_CHANGES);
    own->slot->synced_check = check;
    own->slot->synced_bytes = bytes;
}

int
tf_tail_seal_for_sync(struct tf_tail *tail)
{
    pthread_mutex_lock(&tail->lock);
    for (unsigned i = 0; i < tail->slot_count; i++) {
        sync_batch(&tail->batch[i]);
    }
    pthread_mutex_unlock(&tail->lock);
    return is_ours(tail) ? tail->fd : -1;
}

void
tf_tail_note_signal(struct tf_tail *tail, int signal_number)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    tail->head->signal_unix_ns =
        (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    tail->head->signal = (uint32_t)signal_number;
}
