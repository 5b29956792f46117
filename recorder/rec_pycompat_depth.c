/* How deep the value stack is at each instruction. 3.12 and 3.13 do not store its top where an
 * instruction event could read it (Python/bytecodes.c, INSTRUMENTED_INSTRUCTION); the
 * compiler gives each instruction one depth, whatever way leads to it. */
#include "rec_pycompat_internal.h"

#include <stdlib.h>

#include "rec_pycompat_code.h"

#include <opcode.h>

#if PY_VERSION_HEX >= 0x030c0000 && PY_VERSION_HEX < 0x030e0000
struct depths {
    PyCodeObject *code;
    const uint8_t *bytes;
    uint16_t *depth;
    uint32_t *pending, pending_count, unit_count;
    bool differs;
};

static void
reach(struct depths *depths, uint32_t unit, int64_t depth)
{
    if (unit >= depths->unit_count) {
        return;
    }
    if (depth < 0 || depth > depths->code->co_stacksize) {
        depths->differs = true;
    }
    else if (depths->depth[unit] == REC_NO_DEPTH) {
        depths->depth[unit] = (uint16_t)depth;
        depths->pending[depths->pending_count++] = unit;
    }
    else if (depths->depth[unit] != depth) {
        depths->differs = true;
    }
}

static void
follow(struct depths *depths, uint32_t unit)
{
    struct rec_insn insn;
    rec_py_code_decode(depths->code, depths->bytes, depths->unit_count, unit, &insn);
    unsigned opcode = depths->bytes[2 * insn.unit];
    int64_t depth = depths->depth[unit];
    int64_t after =
        depth + PyCompile_OpcodeStackEffectWithJump((int)opcode, (int)insn.oparg, 0);
    for (uint32_t i = unit + 1; i <= insn.unit; i++) {
        depths->depth[i] = (uint16_t)depth; /* behind EXTENDED_ARG */
    }
    switch (opcode) {
    case RETURN_VALUE:
# ifdef RETURN_CONST
    case RETURN_CONST:
# endif
    case RAISE_VARARGS:
    case RERAISE: return;
    case RETURN_GENERATOR: after = depth + 1; break; /* what is sent in comes on top */
    case YIELD_VALUE: after = depth; break;
    default: break;
    }
    if (insn.target != REC_NO_UNIT) {
        int64_t jumped = insn.target_keeps > 0  ? depth
                         : insn.target_pops > 0 ? depth - insn.target_pops
                                                : after;
        reach(depths, insn.target, jumped);
    }
    if (insn.falls || insn.act == REC_ACT_OPEN || insn.act == REC_ACT_END) {
        reach(depths, insn.next, after);
    }
}

static void
reach_handlers(struct depths *depths)
{
    struct rec_handler handler;
    for (size_t pos = 0; rec_py_code_handler_next(depths->code, &pos, &handler);) {
        reach(depths, handler.unit, handler.depth);
    }
}

bool
rec_py_code_depths(PyCodeObject *code, const uint8_t *bytes, uint32_t unit_count,
                   uint16_t *depth)
{
    struct depths depths = {code, bytes, depth, NULL, 0, unit_count, false};
    depths.pending = malloc(((size_t)unit_count + 1) * sizeof *depths.pending);
    if (depths.pending == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < unit_count; i++) {
        depth[i] = REC_NO_DEPTH;
    }
    reach(&depths, 0, 0);
    reach_handlers(&depths);
    while (depths.pending_count > 0) {
        follow(&depths, depths.pending[--depths.pending_count]);
    }
    free(depths.pending);
    return !depths.differs;
}
#else
bool
rec_py_code_depths(PyCodeObject *code, const uint8_t *bytes, uint32_t unit_count,
                   uint16_t *depth)
{
    (void)code;
    (void)bytes;
    (void)unit_count;
    (void)depth;
    return false;
}
#endif
