/* Where the value of a place is different: the place's own value, or the content of the
 * plain container that it refers to. */
#ifndef RP_WATCH_H
#define RP_WATCH_H

#include "rp_place.h"

/* Objects of which the content counts, at most. */
#define RP_WATCH_OBJECTS 256u

/* The objects that a place's value consists of. */
struct rp_content {
    uint64_t id[RP_WATCH_OBJECTS];
    bool changes[RP_WATCH_OBJECTS]; /* it can; else what it holds can */
    size_t count, done;             /* found, looked into */
};

tf_status rp_content_find(struct rp *rp, const struct rp_place *place, uint64_t seq,
                          struct rp_content *content, struct tf_err *err);

/* Looks from one position in one direction. The content is that of the containers that
 * hold there: the first change is what one stops at, so they need not be followed. */
struct rp_watcher {
    struct rp *rp;
    const struct rp_place *place;
    bool forward;
    bool assigned;        /* an assignment of an equal value counts, too */
    uint64_t place_bound; /* up to there the place has no change but `place_seq` */
    uint64_t place_seq;   /* 0: none */
    uint64_t *object;
    size_t *next; /* by object: the chunk to look at next; SIZE_MAX: none */
    size_t count;
};

/* From the position `from` on. `watcher` is to be released in any case. */
tf_status rp_watcher_begin(struct rp *rp, const struct rp_place *place, uint64_t from,
                           bool forward, struct rp_watcher *watcher,
                           struct tf_err *err);
/* The nearest change after (before) `from`, not beyond `bound`; TF_ERR_NOT_FOUND. `from`
 * never goes back. */
tf_status rp_watcher_next(struct rp_watcher *watcher, uint64_t from, uint64_t bound,
                          uint64_t *ret_seq, struct tf_err *err);
/* The content is now that at `from`, where it stopped. */
tf_status rp_watcher_renew(struct rp_watcher *watcher, uint64_t from,
                           struct tf_err *err);
void rp_watcher_release(struct rp_watcher *watcher);
/* The value of the place at a position; unbound when it is not there. */
tf_status rp_place_value(struct rp *rp, const struct rp_place *place, uint64_t seq,
                         struct rp_value *ret_value, struct tf_err *err);
/* What is to be seen of a change at `seq`; TF_ERR_NOT_FOUND: nothing changed there. */
tf_status rp_watch_look(struct rp *rp, const struct rp_place *place, uint64_t seq,
                        struct rp_change *ret_change, struct tf_err *err);

#endif
