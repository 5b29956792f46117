/* The decoder of instructions against what CPython says of each: how much deeper the value
 * stack is behind it. Fails when a version has an instruction with other operands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rec_pycompat_code.h"

#include <opcode.h>

#define UNITS 64

/* An instruction with room behind it for caches and jumps. */
static void
decode_one(unsigned opcode, uint32_t arg, struct rec_insn *ret)
{
    uint8_t bytes[2 * UNITS] = {0};
    bytes[2] = (uint8_t)opcode;
    bytes[3] = (uint8_t)arg;
    rec_py_code_decode(NULL, bytes, UNITS, 1, ret);
}

static void
test_stack_effects(void **state)
{
    unsigned known = 0;
    (void)state;
    for (unsigned opcode = 1; opcode < 256; opcode++) {
        for (uint32_t arg = 0; arg < 5; arg++) {
            struct rec_insn insn;
            int effect = PyCompile_OpcodeStackEffectWithJump((int)opcode, (int)arg, 0);
            decode_one(opcode, arg, &insn);
            if (effect == PY_INVALID_STACK_EFFECT || insn.act == REC_ACT_UNKNOWN
                || insn.act == REC_ACT_OPEN || insn.act == REC_ACT_END
                || insn.act == REC_ACT_RERAISE /* nothing comes behind it */
#ifdef PRECALL /* 3.11 counts what both of them take at the first */
                || opcode == PRECALL || opcode == CALL
#endif
                || (opcode == BUILD_SLICE && arg != 2
                    && arg != 3)) { /* which no code has */
                continue;
            }
            known++;
            if ((int)insn.pushes - (int)insn.pops != effect) {
                print_error("instruction %u with argument %u\n", opcode, arg);
            }
            assert_int_equal((int)insn.pushes - (int)insn.pops, effect);
        }
    }
    assert_true(known > 200);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_stack_effects)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
