/* Large sets, of which one member more or less is recorded in the time that it took the
 * program.
 *
 * The members of a set are recorded in the order of its table. So that one need not be looked
 * for among all others, the values of a set with a large table stand where the members do:
 * rec_obj.val has a value for each place of the table (VAL_UNBOUND where there is no member),
 * and counts of members by 64 places tell how many come before. rec_obj.by_slot says so, and
 * rec_obj.slots has the counts. Whoever reads the values one after the other closes the set
 * before. All of it needs the GIL. */
#ifndef REC_SET_H
#define REC_SET_H

#include "rec_delta.h"

/* One member more or less (REC_HINT_ONE, REC_HINT_HASH). False when that does not do: look at
 * all of it. */
bool rec_look_at_set(struct rec_obj *obj, struct rec_hint hint);
/* All of one that is by_slot, as rec_obj_look_through(). */
bool rec_set_look_through(struct rec_obj *obj);
/* Makes it by_slot, if it is large: everything of it was recorded as it is now. Without memory
 * it stays as it is. */
void rec_set_open(struct rec_obj *obj);
/* A set of which the first members were recorded, and just compared: the others get their
 * places, so that what the hint tells of is recorded wherever it stands. */
void rec_set_fill_gap(struct rec_obj *obj, struct rec_hint hint);
/* Of one that is by_slot: is it as it was recorded? */
bool rec_set_is_same(const struct rec_obj *obj);

/* How many values stand in rec_obj.val. */
size_t rec_set_places(const struct rec_obj *obj);
void rec_set_close_slots(struct rec_obj *obj);

/* Makes rec_obj.val what it is for every other object. */
static inline void
rec_set_close(struct rec_obj *obj)
{
    if (obj->by_slot) {
        rec_set_close_slots(obj);
    }
}

/* How many values there are to go through; of a set that is by_slot some are VAL_UNBOUND. */
static inline size_t
rec_obj_values(const struct rec_obj *obj)
{
    return obj->by_slot ? rec_set_places(obj)
                        : (size_t)obj->item_count + obj->attr_count;
}

#endif
