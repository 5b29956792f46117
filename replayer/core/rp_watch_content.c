/* What is part of a value: the containers that it holds, as far as a person would say that
 * the value is another when one of them changes. */
#include "rp_watch.h"

/* Items of one container that are looked at for further containers; in those that are
 * larger by far, none. */
#define DESCENT_ITEMS 4096u

enum nature {
    NATURE_NONE,      /* what it holds is not what it is */
    NATURE_IMMUTABLE, /* only what is in it can change */
    NATURE_CONTAINER,
    NATURE_INSTANCE, /* counts when it is the value itself */
};

static enum nature
nature_of(unsigned category)
{
    switch (category) {
    case TF_CAT_TUPLE:
    case TF_CAT_NAMEDTUPLE:
    case TF_CAT_FROZENSET:
    case TF_CAT_MAPPINGPROXY: return NATURE_IMMUTABLE;
    case TF_CAT_LIST:
    case TF_CAT_DICT:
    case TF_CAT_SET:
    case TF_CAT_DEQUE:
    case TF_CAT_DEFAULTDICT:
    case TF_CAT_ORDEREDDICT:
    case TF_CAT_COUNTER:
    case TF_CAT_BYTEARRAY:
    case TF_CAT_ARRAY:
    case TF_CAT_MEMORYVIEW: return NATURE_CONTAINER;
    case TF_CAT_FUNCTION:
    case TF_CAT_BUILTIN:
    case TF_CAT_METHOD:
    case TF_CAT_MODULE:
    case TF_CAT_CLASS:
    case TF_CAT_GENERATOR:
    case TF_CAT_NAMESPACE: return NATURE_NONE;
    default: return NATURE_INSTANCE;
    }
}

static void
content_add(struct rp_content *content, uint64_t id)
{
    for (size_t i = 0; i < content->count; i++) {
        if (content->id[i] == id) {
            return;
        }
    }
    if (content->count < RP_WATCH_OBJECTS) {
        content->id[content->count++] = id;
    }
}

static void
add_values(struct rp_content *content, const struct rp_value *value, size_t count)
{
    for (size_t i = 0; i < count && i < DESCENT_ITEMS; i++) {
        if (value[i].kind == TF_VAL_REF && value[i].ref) {
            content_add(content, value[i].ref);
        }
    }
}

static tf_status
look_into(struct rp *rp, uint64_t seq, struct rp_content *content, struct tf_err *err)
{
    size_t at = content->done++;
    struct rp_value ref = {.kind = TF_VAL_REF, .ref = content->id[at]};
    struct rp_object *object;
    tf_status status = rp_object_open(rp, &ref, seq, &object, err);
    if (status != TF_OK) {
        return status;
    }
    enum nature nature = nature_of(object->category);
    if (nature != NATURE_NONE && (nature != NATURE_INSTANCE || at == 0)) {
        content->changes[at] = nature != NATURE_IMMUTABLE;
        if (!object->partial) {
            add_values(content, object->item, object->item_count);
        }
        add_values(content, object->attr, object->attr_count);
    }
    rp_object_release(object);
    return TF_OK;
}

tf_status
rp_content_find(struct rp *rp, const struct rp_place *place, uint64_t seq,
                struct rp_content *content, struct tf_err *err)
{
    struct rp_value value;
    content->count = content->done = 0;
    tf_status status = rp_place_value(rp, place, seq, &value, err);
    if (status == TF_OK) {
        add_values(content, &value, 1);
        rp_value_release(&value);
    }
    while (status == TF_OK && content->done < content->count) {
        status = look_into(rp, seq, content, err);
        if (status == TF_OK) {
            status = rp_progress(rp, content->done, content->count, err);
        }
    }
    return status;
}
