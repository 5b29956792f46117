/* Instructions: dis, and where a step of one instruction stopped. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli_handlers.h"
#include "cli_session.h"

#define NEIGHBOURS   3 /* on either side of the current instruction */
#define NAME_COLUMNS 22
#define NOT_HERE     UINT32_MAX

static void
put_instruction(struct cli_session *session, const struct rp_dis *dis,
                const struct rp_instruction *ins, bool is_here)
{
    struct cli_out *out = session->out;
    struct rp_buf text = RP_BUF_INIT;
    char lineno[16] = "", name[24];
    if (ins->lineno) {
        snprintf(lineno, sizeof lineno, "%" PRIu32, ins->lineno);
    }
    if (!ins->name) {
        snprintf(name, sizeof name, "<opcode %u>", ins->opcode);
    }
    cli_out_style(out, is_here ? CLI_CURRENT : CLI_PLAIN);
    cli_out_format(out, "%s %5s %s %6" PRIu32 "  ", is_here ? "->" : "  ", lineno,
                   ins->is_target ? ">>" : "  ", ins->off);
    cli_out_format(out, ins->has_arg ? "%-*s" : "%.*s", NAME_COLUMNS,
                   ins->name ? ins->name : name);
    if (ins->has_arg) {
        cli_out_format(out, " %5" PRIu32, ins->arg);
        rp_dis_arg_text(dis, ins, &text);
    }
    if (text.len) {
        cli_out_str(out, " (");
        cli_out_text(out, text.data, text.len);
        cli_out_char(out, ')');
    }
    cli_out_style(out, CLI_PLAIN);
    cli_out_char(out, '\n');
    rp_buf_release(&text);
}

static tf_status
put_code(struct cli_session *session, uint32_t code_id, uint32_t here,
         struct tf_err *err)
{
    struct rp_dis *dis;
    struct rp_instruction ins;
    tf_status status = rp_dis_begin(session->rp, code_id, &dis, err);
    if (status != TF_OK) {
        return status;
    }
    bool first = true;
    while (!*session->env->interrupts && rp_dis_next(dis, &ins)) {
        if (ins.lineno && !first) {
            cli_out_char(session->out, '\n');
        }
        put_instruction(session, dis, &ins, ins.off == here);
        first = false;
    }
    rp_dis_end(dis);
    return TF_OK;
}

/* The instruction that the looked-at frame is about to run, as far as an event says so: a
 * line event comes right before that of its first instruction. */
static uint32_t
current_off(struct cli_session *session)
{
    struct rp *rp = session->rp;
    struct rp_event event;
    uint64_t frame = session->frame.frame, seq = session->frame.last_seq;
    if (!frame || !seq || rp_event_at(rp, seq, &event, NULL) != TF_OK) {
        return NOT_HERE;
    }
    struct rp_filter same_thread = {.thread = event.thread};
    if (event.kind == TF_EV_LINE
        && (rp_find(rp, &same_thread, seq, true, &seq, NULL) != TF_OK
            || rp_event_at(rp, seq, &event, NULL) != TF_OK)) {
        return NOT_HERE;
    }
    bool known = event.frame == frame && event.instruction >= 0;
    return known ? (uint32_t)event.instruction : NOT_HERE;
}

static enum cli_answer
dis_named(struct cli_session *session, const char *name)
{
    struct tf_err err = TF_ERR_INIT;
    uint32_t id;
    size_t found =
        rp_codes_named(session->rp, (struct tf_text){name, strlen(name)}, &id, 1);
    if (!found) {
        return cli_refuse(session, "the recording has no function %s", name);
    }
    bool is_here = session->frame.frame && session->frame.code->id == id;
    if (found > 1) {
        cli_out_format(session->out, "The first of %zu of that name, at ", found);
        const struct tf_def_code *code = rp_code(session->rp, id);
        cli_put_place(session->out, session->rp, rp_file(session->rp, code->file),
                      code->first_lineno);
        cli_out_str(session->out, ":\n");
    }
    if (put_code(session, id, is_here ? current_off(session) : NOT_HERE, &err)
        != TF_OK) {
        return cli_refuse_err(session, &err);
    }
    return CLI_YES;
}

enum cli_answer
cli_do_dis(struct cli_session *session, const char *args)
{
    struct tf_err err = TF_ERR_INIT;
    if (*args) {
        return dis_named(session, args);
    }
    if (!cli_has_event(session) || !cli_has_frame(session)) {
        return CLI_NO;
    }
    if (put_code(session, session->frame.code->id, current_off(session), &err)
        != TF_OK) {
        return cli_refuse_err(session, &err);
    }
    return CLI_YES;
}

void
cli_show_instruction(struct cli_session *session)
{
    struct rp_dis *dis;
    struct rp_instruction ins, before[NEIGHBOURS];
    size_t seen = 0, after = 0;
    if (session->event.instruction < 0
        || rp_dis_begin(session->rp, session->event.code->id, &dis, NULL) != TF_OK) {
        return;
    }
    uint32_t here = (uint32_t)session->event.instruction;
    while (after <= NEIGHBOURS && rp_dis_next(dis, &ins)) {
        if (ins.off < here) {
            before[seen++ % NEIGHBOURS] = ins;
            continue;
        }
        for (size_t i = after || seen < NEIGHBOURS ? 0 : seen - NEIGHBOURS;
             !after && i < seen; i++) {
            put_instruction(session, dis, &before[i % NEIGHBOURS], false);
        }
        put_instruction(session, dis, &ins, ins.off == here);
        after++;
    }
    rp_dis_end(dis);
}
