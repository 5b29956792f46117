/* What changed since the last stop: the texts of a frame's locals, remembered for the
 * frames where we stopped lately. */
#include <stdlib.h>
#include <string.h>

#include "cli_session.h"

#define COMPARED_CHARS 4000
#define COMPARED_ITEMS 100
/* When a long text differs only further on: so much of its beginning, and so much before
 * the difference. */
#define LEAD_CHARS    24
#define CONTEXT_CHARS 24

static uint64_t
hash_text(const char *data, size_t len)
{
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ (unsigned char)data[i]) * 1099511628211u;
    }
    return hash;
}

static void
snapshot_clear(struct cli_snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->count; i++) {
        free(snapshot->seen[i].name);
        free(snapshot->seen[i].text);
    }
    free(snapshot->seen);
    memset(snapshot, 0, sizeof *snapshot);
}

void
cli_snapshots_release(struct cli_session *session)
{
    for (size_t i = 0; i < CLI_SNAPSHOTS; i++) {
        snapshot_clear(&session->snapshot[i]);
    }
}

/* That frame's, else the one that was not used for longest, emptied. */
static struct cli_snapshot *
snapshot_of(struct cli_session *session, uint64_t frame)
{
    struct cli_snapshot *oldest = &session->snapshot[0];
    for (size_t i = 0; i < CLI_SNAPSHOTS; i++) {
        struct cli_snapshot *snapshot = &session->snapshot[i];
        if (snapshot->frame == frame) {
            return snapshot;
        }
        oldest = snapshot->used < oldest->used ? snapshot : oldest;
    }
    snapshot_clear(oldest);
    return oldest;
}

static struct cli_seen *
find_seen(const struct cli_snapshot *snapshot, struct tf_text name)
{
    for (size_t i = 0; i < snapshot->count; i++) {
        struct cli_seen *seen = &snapshot->seen[i];
        if (strlen(seen->name) == name.len
            && memcmp(seen->name, name.data, name.len) == 0) {
            return seen;
        }
    }
    return NULL;
}

/* For what is too long to be compared: when the object itself was last written. */
static uint64_t
last_write(struct cli_session *session, const struct rp_value *value, size_t text_len)
{
    struct rp_object *object;
    uint64_t write_seq = 0;
    if (value->kind != TF_VAL_REF
        || rp_object_open(session->rp, value, session->seq, &object, NULL) != TF_OK) {
        return 0;
    }
    if (object->item_count >= COMPARED_ITEMS || text_len >= COMPARED_CHARS) {
        rp_object_last_write(session->rp, object, &write_seq, NULL);
    }
    rp_object_release(object);
    return write_seq;
}

static bool
see(struct cli_session *session, const struct rp_var *var, struct cli_seen *ret_seen)
{
    struct rp_limits limits = {COMPARED_CHARS, COMPARED_ITEMS, 0, 0};
    struct rp_buf text = RP_BUF_INIT;
    rp_value_text(session->rp, &var->value, session->seq, &limits, &text, NULL, NULL,
                  NULL);
    ret_seen->hash = hash_text(text.data ? text.data : "", text.len);
    ret_seen->hash += last_write(session, &var->value, text.len);
    ret_seen->name = strndup(var->name.data, var->name.len);
    ret_seen->text = strndup(text.data ? text.data : "", text.len);
    rp_buf_release(&text);
    if (ret_seen->name && ret_seen->text) {
        return true;
    }
    free(ret_seen->name);
    free(ret_seen->text);
    return false;
}

/* Where two texts begin to differ, a little before it: what is worth a narrow line. */
static size_t
show_from(const char *before, const char *now)
{
    size_t same = 0;
    while (before[same] && before[same] == now[same]) {
        same++;
    }
    if (same < LEAD_CHARS + CONTEXT_CHARS) {
        return 0;
    }
    same -= CONTEXT_CHARS;
    while (same > 0 && ((unsigned char)now[same] & 0xc0) == 0x80) {
        same--; /* not in the middle of a character */
    }
    return same;
}

/* The text, from a later place if that is where it differs. Returns the columns. */
static size_t
put_from(struct cli_out *out, const char *text, size_t from, size_t columns)
{
    size_t used = 0;
    if (from > 0) {
        used = cli_out_text_cut(out, text, strlen(text), LEAD_CHARS / 2);
    }
    return used
           + cli_out_text_cut(out, text + from, strlen(text + from),
                              columns > used + 10 ? columns - used : 10);
}

void
cli_put_both(struct cli_out *out, const char *before, const char *after)
{
    size_t width = cli_out_columns(out);
    bool long_text = strlen(before) + strlen(after) + 30 > width;
    size_t from = long_text ? show_from(before, after) : 0;
    size_t half = width > 100 ? width / 2 - 10 : 40;
    put_from(out, before, from, long_text ? half : strlen(before) + 1);
    cli_out_str(out, " -> ");
    put_from(out, after, from, long_text ? half : strlen(after) + 1);
}

static void
put_change(struct cli_session *session, const struct cli_seen *before,
           const struct cli_seen *now)
{
    struct cli_out *out = session->out;
    size_t width = cli_out_columns(out);
    bool long_text = strlen(now->text) > width / 2;
    if (before && strcmp(before->text, now->text) == 0) {
        cli_out_str(out, "   ");
        cli_out_text(out, now->name, strlen(now->name));
        cli_out_format(out, " changed, past its first %d characters\n", COMPARED_CHARS);
        return;
    }
    size_t from = before && long_text ? show_from(before->text, now->text) : 0;
    cli_out_style(out, CLI_CHANGED);
    cli_out_str(out, "   ");
    size_t used = 6 + cli_out_text(out, now->name, strlen(now->name));
    cli_out_str(out, " = ");
    used += put_from(out, now->text, from, width > used + 20 ? width - used : 20);
    cli_out_style(out, CLI_DIM);
    bool fits = before && used + strlen(before->text) + 8 < width;
    if (fits) {
        cli_out_str(out, "  (was ");
        cli_out_text(out, before->text, strlen(before->text));
        cli_out_char(out, ')');
    }
    else if (before) {
        cli_out_str(out, "\n     was ");
        put_from(out, before->text, from, width > 30 ? width - 9 : 20);
    }
    cli_out_style(out, CLI_PLAIN);
    cli_out_char(out, '\n');
}

static void
put_gone(struct cli_session *session, const struct cli_snapshot *before,
         const struct cli_snapshot *now)
{
    for (size_t i = 0; i < before->count; i++) {
        const char *name = before->seen[i].name;
        struct tf_text text = {name, strlen(name)};
        if (!find_seen(now, text)) {
            cli_out_style(session->out, CLI_CHANGED);
            cli_out_str(session->out, "   ");
            cli_out_text(session->out, name, text.len);
            cli_out_str(session->out, " is not bound here\n");
            cli_out_style(session->out, CLI_PLAIN);
        }
    }
}

/* A module body has every class and function among its locals; only what is new counts
 * as a change there, not that they exist. */
static void
compare(struct cli_session *session, const struct cli_snapshot *before,
        const struct cli_snapshot *now)
{
    for (size_t i = 0; i < now->count; i++) {
        const struct cli_seen *seen = &now->seen[i];
        struct tf_text name = {seen->name, strlen(seen->name)};
        const struct cli_seen *old = find_seen(before, name);
        if (!old || old->hash != seen->hash) {
            put_change(session, old, seen);
        }
    }
    put_gone(session, before, now);
}

void
cli_show_changes(struct cli_session *session)
{
    uint64_t frame = session->event.frame;
    struct rp_vars vars;
    struct cli_snapshot now = {.frame = frame, .used = ++session->stop_count};
    if (!frame || rp_locals(session->rp, session->seq, frame, &vars, NULL) != TF_OK) {
        return;
    }
    now.seen = calloc(vars.count ? vars.count : 1, sizeof *now.seen);
    for (size_t i = 0; now.seen && i < vars.count; i++) {
        now.count += see(session, &vars.var[i], &now.seen[now.count]);
    }
    rp_vars_release(&vars);
    struct cli_snapshot *before = snapshot_of(session, frame);
    if (before->frame == frame) {
        compare(session, before, &now);
    }
    snapshot_clear(before);
    *before = now;
}
