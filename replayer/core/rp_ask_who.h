/* What the parts of `who` share: rp_ask_who.c, rp_ask_who_frames.c. */
#ifndef RP_ASK_WHO_H
#define RP_ASK_WHO_H

#include "rp_ask.h"
#include "tf_aside.h"

#define RP_WHO_WORDS 400u /* a path in words is no longer */

enum reach { REACH_UNKNOWN, REACH_YES };

struct who_node { /* an object on the way from the one asked about to a variable */
    uint64_t id;
    uint8_t reach;
    size_t chunk;   /* in which it was made */
    char *path;     /* REACH_YES: how one gets to it; NULL: no words for it */
    uint64_t frame; /* of the path's first name; 0: a global's */
    uint32_t code;  /* of that frame */
    uint32_t edges; /* its first edge as a holder; RP_NONE */
};

struct who_edge {          /* `holder` holds `held`, now */
    uint32_t holder, held; /* places in who_job.node */
    uint32_t next;         /* of the same holder; RP_NONE */
    size_t item;           /* only this item is meant; ALL_PLACES */
};

struct who_job {
    struct rp *rp;
    uint64_t seq, target;
    struct tf_aside *aside;
    struct rp_chunk *chunk; /* of seq; held */
    uint32_t event;
    rp_place_no place;
    struct who_node *node; /* 0: the object asked about */
    uint32_t node_count, node_cap;
    struct rp_map by_id;
    struct who_edge *edge;
    uint32_t edge_count, edge_cap;
    struct rp_map looked;    /* (holder, held, item): was looked at */
    struct rp_map told;      /* (holder, place): has its row */
    struct rp_map suspended; /* (frame, slot): was looked at */
    uint64_t low, high;      /* ids of objects that are asked about: between these */
    bool (*row)(void *ctx, const struct rp_referrer *referrer);
    void *ctx;
    bool stopped;
    bool no_memory; /* for words: what was said before lacks some */
};

/* The object's place in `node`; RP_NONE: no memory. */
uint32_t rp_who_node(struct who_job *job, uint64_t id);
/* A variable leads to it, by `path` (NULL: no words for it) in that frame. */
void rp_who_reach(struct who_job *job, uint32_t idx, const char *path, uint64_t frame,
                  uint32_t code);

/* Rows for the variables of all frames on the stacks that are the object asked about; what
 * their other variables refer to is reached. */
tf_status rp_who_stacks(struct who_job *job, struct tf_err *err);
/* Rows for the variables of suspended frames that chunk `idx` made to refer to the object
 * asked about, and that do so still. */
tf_status rp_who_suspended(struct who_job *job, size_t idx,
                           const struct tf_ops *changes, struct tf_err *err);

#endif
