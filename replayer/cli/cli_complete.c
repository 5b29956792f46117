/* What the TAB key offers. */
#include <ctype.h>
#include <string.h>

#include "cli_editor.h"
#include "cli_session.h"

static bool
is_word_char(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static void
add_text(struct cli_choices *choices, const char *word, struct tf_text text)
{
    cli_choices_add(choices, word, text.data, text.len);
}

static void
add_commands(struct cli_choices *choices, const char *word)
{
    for (const struct cli_command *c = cli_commands; c->names; c++) {
        for (const char *name = c->names; *name;) {
            size_t len = strcspn(name, " ");
            if (len > 1) {
                cli_choices_add(choices, word, name, len);
            }
            name += len + (name[len] == ' ');
        }
    }
}

static struct tf_text
last_part(struct tf_text path)
{
    const char *slash = path.len ? memrchr(path.data, '/', path.len) : NULL;
    size_t skip = slash ? (size_t)(slash + 1 - path.data) : 0;
    return (struct tf_text){path.data + skip, path.len - skip};
}

static void
add_places(const struct cli_session *session, struct cli_choices *choices,
           const char *word)
{
    for (uint32_t id = 1; id <= session->facts->file_count; id++) {
        add_text(choices, word, last_part(rp_file(session->rp, id)->path));
    }
    for (uint32_t id = 1; id <= session->facts->code_count; id++) {
        const struct tf_def_code *code = rp_code(session->rp, id);
        bool named =
            code->qualname.len && code->qualname.data[code->qualname.len - 1] != '>';
        if (named) {
            add_text(choices, word, code->qualname);
        }
    }
}

static void
add_vars(struct cli_choices *choices, const char *word, struct rp_vars *vars)
{
    for (size_t i = 0; i < vars->count; i++) {
        add_text(choices, word, vars->var[i].name);
    }
    rp_vars_release(vars);
}

static void
add_names(struct cli_session *session, struct cli_choices *choices, const char *word)
{
    struct rp_vars vars;
    uint64_t frame = session->frame.frame;
    if (rp_locals(session->rp, session->seq, frame, &vars, NULL) == TF_OK) {
        add_vars(choices, word, &vars);
    }
    if (rp_globals(session->rp, session->seq, frame, true, &vars, NULL) == TF_OK) {
        add_vars(choices, word, &vars);
    }
}

/* Attributes of what stands before the dot: a chain of names, nothing that computes. */
static void
add_attributes(struct cli_session *session, struct cli_choices *choices,
               const char *owner, size_t owner_len, const char *word)
{
    struct rp_expr *expr;
    struct rp_value value;
    struct rp_object *object;
    if (rp_expr_parse(owner, owner_len, &expr, NULL, NULL) != TF_OK) {
        return;
    }
    tf_status status = rp_expr_eval(session->rp, expr, session->seq,
                                    session->frame.frame, &value, NULL, NULL);
    rp_expr_free(expr);
    if (status != TF_OK) {
        return;
    }
    if (value.kind == TF_VAL_REF
        && rp_object_at(session->rp, &value, session->seq, &object, NULL) == TF_OK) {
        struct rp_child child;
        for (size_t i = 0; i < rp_object_child_count(object); i++) {
            if (rp_object_child(object, i, &child)
                && (child.sort == RP_CHILD_ATTR || child.sort == RP_CHILD_PART)) {
                add_text(choices, word, child.name);
            }
        }
        rp_object_release(object);
    }
    rp_value_release(&value);
}

static void
complete_expression(struct cli_session *session, const char *line,
                    struct cli_choices *choices)
{
    size_t len = strlen(line), at = len;
    while (at > 0 && is_word_char(line[at - 1])) {
        at--;
    }
    choices->word_len = len - at;
    if (at == 0 || line[at - 1] != '.') {
        add_names(session, choices, line + at);
        return;
    }
    size_t begin = at - 1;
    while (begin > 0
           && (is_word_char(line[begin - 1]) || strchr(".[]'\"", line[begin - 1]))) {
        begin--;
    }
    add_attributes(session, choices, line + begin, at - 1 - begin, line + at);
}

static void
add_list(struct cli_choices *choices, const char *word, const char *list)
{
    while (*list) {
        size_t len = strcspn(list, " ");
        cli_choices_add(choices, word, list, len);
        list += len + (list[len] == ' ');
    }
}

static void
complete_argument(struct cli_session *session, enum cli_complete what, const char *args,
                  struct cli_choices *choices)
{
    const char *comma = strrchr(args, ',');
    if (what == CLI_COMPLETE_NAMES || (what == CLI_COMPLETE_PLACES && comma)) {
        complete_expression(session, args, choices);
        return;
    }
    const char *blank = strrchr(args, ' ');
    const char *word = blank ? blank + 1 : args;
    choices->word_len = strlen(word);
    switch (what) {
    case CLI_COMPLETE_COMMANDS: add_commands(choices, word); break;
    case CLI_COMPLETE_PLACES: add_places(session, choices, word); break;
    case CLI_COMPLETE_TIMES: add_list(choices, word, "start end failure"); break;
    case CLI_COMPLETE_TOPICS:
        add_list(
            choices, word,
            "recording breakpoints display threads locals args frame exceptions line");
        break;
    default: break;
    }
}

void
cli_complete_line(void *context, const char *line, struct cli_choices *choices)
{
    struct cli_session *session = context;
    line += strspn(line, " \t");
    size_t word = cli_command_word(line);
    if (word && (line[word] == ' ' || line[word] == '\t' || line[word] == '(')) {
        const struct cli_command *command = cli_command_find(line, word);
        const char *args = line + word + strspn(line + word, " \t");
        complete_argument(session, command->complete, args, choices);
        return;
    }
    bool reverse = strncmp(line, "reverse-", 8) == 0; /* the only ones with a hyphen */
    if (!reverse) {
        complete_expression(session, line + (*line == '!'), choices);
    }
    if (reverse || choices->word_len == strlen(line)) {
        choices->word_len = strlen(line);
        add_commands(choices, line);
    }
}
