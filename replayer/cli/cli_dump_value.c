/* `dump --values structured`: a value with all that it holds, as nested JSON. */
#include <stdlib.h>

#include "cli_dump_row.h"
#include "cli_json.h"

/* Which list of an open object is being written. */
enum section { SECTION_NONE, SECTION_ITEMS, SECTION_ENTRIES, SECTION_ATTRS };

struct level {
    uint8_t section;
    bool is_value; /* it is an entry's value: its end is the entry's */
    bool entries;
};

struct nest {
    struct level *level;
    size_t depth, cap;
};

static struct level *
nest_push(struct nest *nest)
{
    if (nest->depth == nest->cap) {
        size_t cap = nest->cap ? nest->cap * 2 : 32;
        struct level *grown = realloc(nest->level, cap * sizeof *grown);
        if (!grown) {
            return NULL;
        }
        nest->level = grown;
        nest->cap = cap;
    }
    return &nest->level[nest->depth++];
}

static void
end_section(struct cli_json *json, struct level *level)
{
    if (level->section != SECTION_NONE) {
        cli_json_close(json, level->section == SECTION_ATTRS ? '}' : ']');
    }
    level->section = SECTION_NONE;
}

static void
begin_section(struct cli_json *json, struct level *level, enum section section)
{
    static const char *const key[] = {"", "items", "entries", "attrs"};
    if (level->section == section) {
        return;
    }
    end_section(json, level);
    cli_json_key(json, key[section]);
    cli_json_open(json, section == SECTION_ATTRS ? '{' : '[');
    level->section = section;
}

/* What stands before the value: the list that it belongs to, an entry's bracket, a name. */
static void
put_role(struct cli_json *json, struct nest *nest, const struct rp_step *step)
{
    if (nest->depth == 0) {
        return;
    }
    struct level *level = &nest->level[nest->depth - 1];
    switch (step->role) {
    case RP_ROLE_ROOT:
    case RP_ROLE_VALUE: break;
    case RP_ROLE_ITEM: begin_section(json, level, SECTION_ITEMS); break;
    case RP_ROLE_KEY:
        begin_section(json, level, SECTION_ENTRIES);
        cli_json_open(json, '[');
        break;
    case RP_ROLE_ATTR:
        begin_section(json, level, SECTION_ATTRS);
        cli_json_key_text(json, step->name.data, step->name.len);
        break;
    }
}

static void
put_facts(struct cli_json *json, const struct rp_step *step)
{
    cli_json_key(json, "type");
    cli_json_text(json, step->type.data, step->type.len);
    if (step->object && step->object->id) {
        cli_json_key(json, "id");
        cli_json_u64(json, step->object->id);
    }
    if (step->sort == RP_STEP_SCALAR && !(step->elided && step->text.len == 0)) {
        cli_json_key(json, "text");
        cli_json_text(json, step->text.data, step->text.len);
    }
    if (step->has_length) {
        cli_json_key(json, "length");
        cli_json_u64(json, step->length);
    }
    if (step->elided) {
        cli_json_key(json, "elided");
        cli_json_str(json, step->elided);
    }
}

static void
end_value(struct cli_json *json, bool is_value)
{
    cli_json_close(json, '}');
    if (is_value) {
        cli_json_close(json, ']');
    }
}

static bool
begin_object(struct cli_json *json, struct nest *nest, const struct rp_step *step)
{
    struct level *level = nest_push(nest);
    if (!level) {
        return false;
    }
    *level = (struct level){.is_value = step->role == RP_ROLE_VALUE,
                            .entries = step->entries};
    /* an empty container says that it is one */
    if (step->has_length && !step->elided) {
        begin_section(json, level, step->entries ? SECTION_ENTRIES : SECTION_ITEMS);
    }
    return true;
}

static tf_status
put_step(struct cli_json *json, struct nest *nest, const struct rp_step *step,
         struct tf_err *err)
{
    if (step->sort == RP_STEP_CLOSE) {
        if (nest->depth > 0) {
            struct level *level = &nest->level[--nest->depth];
            end_section(json, level);
            end_value(json, level->is_value);
        }
        return TF_OK;
    }
    put_role(json, nest, step);
    cli_json_open(json, '{');
    put_facts(json, step);
    if (step->sort == RP_STEP_OPEN) {
        return begin_object(json, nest, step)
                   ? TF_OK
                   : tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
    }
    end_value(json, step->role == RP_ROLE_VALUE);
    return TF_OK;
}

tf_status
cli_dump_structured(struct cli_json *json, struct rp *rp, const struct rp_value *value,
                    uint64_t seq, struct tf_err *err)
{
    struct rp_walk *walk;
    struct rp_step step;
    struct nest nest = {0};
    tf_status status = rp_walk_begin(rp, value, seq, NULL, &walk, err);
    if (status != TF_OK) {
        return status;
    }
    while ((status = rp_walk_next(walk, &step, err)) == TF_OK) {
        status = put_step(json, &nest, &step, err);
        if (status != TF_OK) {
            break;
        }
    }
    rp_walk_free(walk);
    free(nest.level);
    return status == TF_ERR_NOT_FOUND ? TF_OK : status;
}
