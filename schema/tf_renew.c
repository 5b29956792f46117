#include "tf_renew.h"

#include <stdlib.h>
#include <string.h>

#include "tf_format.h"

/* Objects that are kept track of; with one more all are forgotten. */
#define OBJECTS_MAX 1024u
#define SLOTS       (2u * OBJECTS_MAX)
/* Pages of one object beyond are never due. */
#define PAGES_MAX (1u << 20)

struct page {
    uint32_t chunk;  /* the last one that wrote it, + 1; 0: none since it was whole */
    uint32_t chunks; /* so many did */
};

struct object {
    uint64_t id; /* 0: a free slot */
    struct page *page;
    uint32_t page_count;
};

struct tf_renew {
    struct object slot[SLOTS];
    uint32_t count;
};

struct tf_renew *
tf_renew_new(void)
{
    return calloc(1, sizeof(struct tf_renew));
}

static void
forget_all(struct tf_renew *renew)
{
    for (uint32_t i = 0; i < SLOTS; i++) {
        free(renew->slot[i].page);
    }
    memset(renew, 0, sizeof *renew);
}

void
tf_renew_free(struct tf_renew *renew)
{
    if (renew != NULL) {
        forget_all(renew);
        free(renew);
    }
}

/* The object's slot, or the free one where it belongs. */
static struct object *
slot_of(struct tf_renew *renew, uint64_t id)
{
    uint32_t at = (uint32_t)((id * UINT64_C(0x9E3779B97F4A7C15)) >> 32) % SLOTS;
    while (renew->slot[at].id != 0 && renew->slot[at].id != id) {
        at = (at + 1) % SLOTS;
    }
    return &renew->slot[at];
}

static struct object *
object_of(struct tf_renew *renew, uint64_t id)
{
    struct object *object = slot_of(renew, id);
    if (object->id == id) {
        return object;
    }
    if (renew->count == OBJECTS_MAX) {
        forget_all(renew);
        object = slot_of(renew, id);
    }
    object->id = id;
    renew->count++;
    return object;
}

static struct page *
page_of(struct object *object, uint32_t idx)
{
    if (idx >= object->page_count) {
        uint32_t count = idx + idx / 2 + 4;
        struct page *page = realloc(object->page, count * sizeof *page);
        if (page == NULL) {
            return NULL;
        }
        memset(page + object->page_count, 0,
               (count - object->page_count) * sizeof *page);
        object->page = page;
        object->page_count = count;
    }
    return &object->page[idx];
}

bool
tf_renew_item(struct tf_renew *renew, uint64_t id, uint64_t idx, uint64_t chunk)
{
    uint32_t now = (uint32_t)chunk + 1;
    if (id == 0 || idx / TF_PAGE_ITEMS >= PAGES_MAX) {
        return false;
    }
    struct object *object = object_of(renew, id);
    struct page *page = page_of(object, (uint32_t)(idx / TF_PAGE_ITEMS));
    if (page == NULL || page->chunk == now) {
        return false;
    }
    page->chunk = now;
    page->chunks++;
    if (page->chunks < TF_RENEW_CHUNKS) {
        return false;
    }
    *page = (struct page){.chunk = now};
    return true;
}

void
tf_renew_image(struct tf_renew *renew, uint64_t id)
{
    struct object *object = slot_of(renew, id);
    if (object->id == id && object->page_count > 0) {
        memset(object->page, 0, object->page_count * sizeof *object->page);
    }
}
