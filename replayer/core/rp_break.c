/* Breakpoints: making them, and the list. */
#include <stdlib.h>
#include <string.h>

#include "rp_break.h"
#include "rp_watch.h"

static void
point_free(struct rp_point *point)
{
    if (point) {
        rp_expr_free(point->condition);
        free(point->text);
        free(point->condition_text);
        free(point->code);
        free(point->type);
        free(point->name);
        rp_place_free(point->place);
        free(point);
    }
}

void
rp_breaks_free(struct rp_breaks *breaks)
{
    if (breaks) {
        for (size_t i = 0; i < breaks->count; i++) {
            point_free(breaks->point[i]);
        }
        free(breaks->point);
        free(breaks);
    }
}

bool
rp_breaks_any(const struct rp *rp)
{
    for (size_t i = 0; rp->breaks && i < rp->breaks->count; i++) {
        if (rp->breaks->point[i]->pub.enabled) {
            return true;
        }
    }
    return false;
}

static char *
spec_text(const struct rp *rp, const struct rp_point *point,
          const struct rp_break_spec *spec)
{
    struct rp_buf buf = RP_BUF_INIT;
    if (spec->sort == RP_BREAK_LINE) {
        rp_buf_add_text(&buf, spec->file.len ? spec->file
                                             : rp_file(rp, point->pub.file)->path);
        rp_buf_addf(&buf, ":%u", spec->lineno);
    }
    else {
        rp_buf_add_text(&buf, spec->name);
        rp_buf_add(&buf, "", 0);
    }
    return buf.failed ? NULL : buf.data;
}

static tf_status
set_condition(struct rp_point *point, const char *condition, struct tf_err *err)
{
    struct rp_expr *expr = NULL;
    char *text = NULL;
    if (condition) {
        struct rp_expr_err where;
        tf_status status =
            rp_expr_parse(condition, strlen(condition), &expr, &where, err);
        if (status != TF_OK) {
            return status;
        }
        text = strdup(condition);
        if (!text) {
            rp_expr_free(expr);
            return rp_no_memory(err);
        }
    }
    rp_expr_free(point->condition);
    free(point->condition_text);
    point->condition = expr;
    point->condition_text = text;
    point->pub.condition = text;
    return TF_OK;
}

static tf_status
breaks_append(struct rp *rp, struct rp_point *point, struct tf_err *err)
{
    if (!rp->breaks) {
        rp->breaks = calloc(1, sizeof *rp->breaks);
        if (!rp->breaks) {
            return rp_no_memory(err);
        }
    }
    struct rp_breaks *breaks = rp->breaks;
    if (breaks->count == breaks->cap) {
        size_t cap = breaks->cap ? breaks->cap * 2 : 8;
        struct rp_point **list =
            realloc(breaks->point, cap * sizeof(struct rp_point *));
        if (!list) {
            return rp_no_memory(err);
        }
        breaks->point = list;
        breaks->cap = cap;
    }
    point->pub.id = ++breaks->next_id;
    breaks->point[breaks->count++] = point;
    return TF_OK;
}

tf_status
rp_break_add(struct rp *rp, const struct rp_break_spec *spec, uint32_t *ret_id,
             struct tf_err *err)
{
    struct rp_point *point = calloc(1, sizeof *point);
    if (!point) {
        return rp_no_memory(err);
    }
    point->pub.sort = spec->sort;
    point->pub.enabled = true;
    point->pub.temporary = spec->temporary;
    point->pub.thread = spec->thread;
    point->seq_last = UINT64_MAX;
    tf_status status = rp_point_resolve(rp, spec, point, err);
    if (status == TF_OK) {
        status = set_condition(point, spec->condition, err);
    }
    if (status == TF_OK) {
        point->text = spec_text(rp, point, spec);
        point->pub.text = point->text;
        status = point->text ? breaks_append(rp, point, err) : rp_no_memory(err);
    }
    if (status != TF_OK) {
        point_free(point);
        return status;
    }
    *ret_id = point->pub.id;
    return TF_OK;
}

/* --- The list --- */

size_t
rp_break_count(const struct rp *rp)
{
    return rp->breaks ? rp->breaks->count : 0;
}

const struct rp_break *
rp_break_idx(const struct rp *rp, size_t idx)
{
    return idx < rp_break_count(rp) ? &rp->breaks->point[idx]->pub : NULL;
}

static struct rp_point *
point_of(const struct rp *rp, uint32_t id, size_t *ret_idx)
{
    for (size_t i = 0; i < rp_break_count(rp); i++) {
        if (rp->breaks->point[i]->pub.id == id) {
            *ret_idx = i;
            return rp->breaks->point[i];
        }
    }
    return NULL;
}

const struct rp_break *
rp_break_get(const struct rp *rp, uint32_t id)
{
    size_t idx;
    const struct rp_point *point = point_of(rp, id, &idx);
    return point ? &point->pub : NULL;
}

static tf_status
no_such(uint32_t id, struct tf_err *err)
{
    return tf_err_set(err, TF_ERR_NOT_FOUND, -1, "there is no breakpoint %u", id);
}

tf_status
rp_break_remove(struct rp *rp, uint32_t id, struct tf_err *err)
{
    size_t idx;
    struct rp_point *point = point_of(rp, id, &idx);
    if (!point) {
        return no_such(id, err);
    }
    point_free(point);
    rp->breaks->count--;
    memmove(&rp->breaks->point[idx], &rp->breaks->point[idx + 1],
            (rp->breaks->count - idx) * sizeof(struct rp_point *));
    return TF_OK;
}

tf_status
rp_break_enable(struct rp *rp, uint32_t id, bool enabled, struct tf_err *err)
{
    size_t idx;
    struct rp_point *point = point_of(rp, id, &idx);
    if (!point) {
        return no_such(id, err);
    }
    point->pub.enabled = enabled;
    return TF_OK;
}

tf_status
rp_break_ignore(struct rp *rp, uint32_t id, uint64_t count, struct tf_err *err)
{
    size_t idx;
    struct rp_point *point = point_of(rp, id, &idx);
    if (!point) {
        return no_such(id, err);
    }
    point->pub.ignore_count = count;
    return TF_OK;
}

tf_status
rp_break_condition(struct rp *rp, uint32_t id, const char *condition,
                   struct tf_err *err)
{
    size_t idx;
    struct rp_point *point = point_of(rp, id, &idx);
    return point ? set_condition(point, condition, err) : no_such(id, err);
}

tf_status
rp_watch_change(struct rp *rp, uint32_t id, uint64_t seq, struct rp_change *ret_change,
                struct tf_err *err)
{
    size_t idx;
    struct rp_point *point = point_of(rp, id, &idx);
    return point && point->place ? rp_watch_look(rp, point->place, seq, ret_change, err)
                                 : no_such(id, err);
}

tf_status
rp_break_nth(struct rp *rp, uint32_t id, uint64_t nth, bool on, struct tf_err *err)
{
    size_t idx;
    struct rp_point *point = point_of(rp, id, &idx);
    return point ? rp_point_set_nth(rp, point, nth, on, err) : no_such(id, err);
}
