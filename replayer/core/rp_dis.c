/* A function's instructions, out of its recorded bytecode. */
#include <stdlib.h>
#include <string.h>

#include "rp_opcodes.h"
#include "rp_private.h"

struct rp_dis {
    const struct tf_def_code *code; /* borrowed */
    struct rp_opcode opcode[256];
    uint32_t version;
    size_t off;
    uint32_t extended; /* what EXTENDED_ARG said before */
    uint32_t line_idx; /* the next of the code's line starts */
    uint8_t *target;   /* a bit an instruction word: something jumps there */
};

static bool
is_known(uint32_t version)
{
    const uint32_t *known = rp_opcode_versions;
    while (*known && *known != version) {
        known++;
    }
    return *known != 0;
}

static void
take_opcodes(struct rp_dis *dis)
{
    for (const struct rp_opcode_row *row = rp_opcode_rows; row->first; row++) {
        if (row->first <= dis->version && dis->version <= row->last) {
            dis->opcode[row->opcode] = row->meaning;
        }
    }
}

static uint32_t
jump_target(const struct rp_dis *dis, const struct rp_instruction *ins, uint32_t caches)
{
    uint64_t unit = dis->version >= 0x030a ? 2 : 1, jump = ins->arg * unit;
    uint64_t next = ins->off + 2 + 2 * (uint64_t)caches, target = RP_NONE;
    switch (dis->opcode[ins->opcode].arg) {
    case RP_ARG_AHEAD: target = next + jump; break;
    case RP_ARG_BACK: target = jump <= next ? next - jump : RP_NONE; break;
    case RP_ARG_TO: target = jump; break;
    default: break;
    }
    return target < dis->code->bytecode.len ? (uint32_t)target : RP_NONE;
}

/* Decodes the instruction at `off` and goes past it and its caches. */
static bool
decode(struct rp_dis *dis, struct rp_instruction *ret_ins)
{
    struct tf_text text = dis->code->bytecode;
    if (dis->off + 2 > text.len) {
        return false;
    }
    uint8_t op = (uint8_t)text.data[dis->off], arg = (uint8_t)text.data[dis->off + 1];
    const struct rp_opcode *known = &dis->opcode[op];
    *ret_ins = (struct rp_instruction){
        .off = (uint32_t)dis->off,
        .opcode = op,
        .name = known->name,
        .has_arg = known->arg != RP_ARG_NONE,
        .arg = dis->extended << 8 | arg,
    };
    ret_ins->target = jump_target(dis, ret_ins, known->caches);
    dis->extended = known->arg == RP_ARG_EXTEND ? ret_ins->arg : 0;
    dis->off += 2 + 2 * (size_t)known->caches;
    return true;
}

static void
mark_targets(struct rp_dis *dis)
{
    struct rp_instruction ins;
    while (decode(dis, &ins)) {
        if (ins.target != RP_NONE) {
            dis->target[ins.target / 16] |= (uint8_t)(1u << (ins.target / 2 & 7));
        }
    }
    dis->off = 0;
    dis->extended = 0;
}

tf_status
rp_dis_begin(struct rp *rp, uint32_t code_id, struct rp_dis **ret_dis,
             struct tf_err *err)
{
    const struct tf_def_code *code = rp_code(rp, code_id);
    uint32_t version = rp->facts.header->python_hex >> 16;
    if (code->bytecode.len == 0) {
        return tf_err_set(err, TF_ERR_NOT_FOUND, -1,
                          "the recording has no bytecode of it: record it with "
                          "--events +opcode");
    }
    if (!is_known(version)) {
        return tf_err_set(err, TF_ERR_NOT_FOUND, -1,
                          "the instructions of Python %u.%u are not known here",
                          version >> 8, version & 0xff);
    }
    struct rp_dis *dis = calloc(1, sizeof *dis);
    uint8_t *target = calloc(code->bytecode.len / 16 + 1, 1);
    if (!dis || !target) {
        free(dis);
        free(target);
        return tf_err_set(err, TF_ERR_MEMORY, -1, "out of memory");
    }
    dis->code = code;
    dis->version = version;
    dis->target = target;
    take_opcodes(dis);
    mark_targets(dis);
    *ret_dis = dis;
    return TF_OK;
}

bool
rp_dis_next(struct rp_dis *dis, struct rp_instruction *ret_ins)
{
    if (!decode(dis, ret_ins)) {
        return false;
    }
    const struct tf_def_code *code = dis->code;
    uint32_t off = ret_ins->off;
    while (dis->line_idx < code->bytecode_line_count
           && code->bytecode_line_off[dis->line_idx] <= off) {
        ret_ins->lineno = code->bytecode_line[dis->line_idx++];
    }
    ret_ins->is_target = (dis->target[off / 16] >> (off / 2 & 7) & 1) != 0;
    return true;
}

void
rp_dis_end(struct rp_dis *dis)
{
    if (dis) {
        free(dis->target);
        free(dis);
    }
}

static void
add_slot(const struct rp_dis *dis, size_t slot, struct rp_buf *out)
{
    if (slot < dis->code->slot_count) {
        rp_buf_add_text(out, dis->code->slot[slot]);
    }
}

/* Up to 3.10 the cells are counted on their own; an argument that is one is among the
 * locals, too. From 3.11 on all share one numbering. */
static size_t
free_slot(const struct rp_dis *dis, uint32_t arg)
{
    size_t locals = 0;
    if (dis->version >= 0x030b) {
        return arg;
    }
    while (locals < dis->code->slot_count
           && dis->code->slot_kind[locals] == TF_SLOT_LOCAL) {
        locals++;
    }
    return locals + arg;
}

static void
add_listed(const struct tf_text *text, uint32_t count, uint32_t idx, struct rp_buf *out)
{
    if (idx < count) {
        rp_buf_add_text(out, text[idx]);
    }
}

static void
add_name_of(const char *const *names, uint32_t idx, struct rp_buf *out)
{
    for (uint32_t i = 0; *names; names++, i++) {
        if (i == idx) {
            rp_buf_add_string(out, *names);
        }
    }
}

void
rp_dis_arg_text(const struct rp_dis *dis, const struct rp_instruction *ins,
                struct rp_buf *out)
{
    const struct tf_def_code *code = dis->code;
    uint32_t arg = ins->arg, names = code->bytecode_name_count;
    switch (dis->opcode[ins->opcode].arg) {
    case RP_ARG_CONST:
        add_listed(code->bytecode_const, code->bytecode_const_count, arg, out);
        break;
    case RP_ARG_NAME: add_listed(code->bytecode_name, names, arg, out); break;
    case RP_ARG_NAME2: add_listed(code->bytecode_name, names, arg >> 1, out); break;
    case RP_ARG_NAME4: add_listed(code->bytecode_name, names, arg >> 2, out); break;
    case RP_ARG_LOCAL: add_slot(dis, arg, out); break;
    case RP_ARG_LOCALS:
        add_slot(dis, arg >> 4, out);
        rp_buf_add_string(out, ", ");
        add_slot(dis, arg & 15, out);
        break;
    case RP_ARG_FREE: add_slot(dis, free_slot(dis, arg), out); break;
    case RP_ARG_AHEAD:
    case RP_ARG_BACK:
    case RP_ARG_TO:
        if (ins->target != RP_NONE) {
            rp_buf_addf(out, "to %u", ins->target);
        }
        break;
    case RP_ARG_COMPARE:
        arg >>= dis->version >= 0x030d ? 5 : dis->version == 0x030c ? 4 : 0;
        add_name_of(rp_compare_names, arg, out);
        break;
    case RP_ARG_OPERATOR: add_name_of(rp_operator_names, arg, out); break;
    default: break;
    }
}
