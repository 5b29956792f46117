/* What each CPython version calls its instructions (made by make/opcodes.py). */
#ifndef RP_OPCODES_H
#define RP_OPCODES_H

#include <stddef.h>
#include <stdint.h>

/* What an instruction's argument means. */
enum rp_opcode_arg {
    RP_ARG_NONE,
    RP_ARG_NUMBER,
    RP_ARG_EXTEND, /* eight higher bits for the next one */
    RP_ARG_CONST,
    RP_ARG_NAME,
    RP_ARG_NAME2, /* twice the name's place, and a flag */
    RP_ARG_NAME4, /* four times, and two flags */
    RP_ARG_LOCAL,
    RP_ARG_LOCALS, /* two of them, four bits each */
    RP_ARG_FREE,   /* a cell or free variable */
    RP_ARG_AHEAD,  /* a jump, counted from the next instruction */
    RP_ARG_BACK,   /* likewise, backward */
    RP_ARG_TO,     /* a jump, counted from the start */
    RP_ARG_COMPARE,
    RP_ARG_OPERATOR,
};

struct rp_opcode {
    const char *name; /* NULL: not an instruction of this version */
    uint8_t caches;   /* words of cache that follow it */
    uint8_t arg;      /* enum rp_opcode_arg */
};

/* What an opcode means from one version to another, both included: 0x030b is 3.11. */
struct rp_opcode_row {
    uint16_t first, last; /* 0 ends the list */
    uint8_t opcode;
    struct rp_opcode meaning;
};

extern const struct rp_opcode_row rp_opcode_rows[];
extern const uint32_t rp_opcode_versions[];  /* that are known; 0 at the end */
extern const char *const rp_compare_names[]; /* NULL at the end, as the next */
extern const char *const rp_operator_names[];

#endif
