/* The header and the definitions of the synthetic recording. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sy_emit.h"

#define SY_PATH "/home/user/bank/bank.py"

const uint8_t sy_code_slots[SY_C_COUNT] = {
    [SY_C_MODULE] = 1,  [SY_C_ACCOUNT] = 3,   [SY_C_ORDER] = 3,  [SY_C_BANK] = 1,
    [SY_C_OPEN] = 4,    [SY_C_CALIBRATE] = 1, [SY_C_ORDERS] = 3, [SY_C_SCORE] = 4,
    [SY_C_POST] = 3,    [SY_C_SETTLE] = 5,    [SY_C_ROUTE] = 4,  [SY_C_WORKER] = 6,
    [SY_C_EXPLORE] = 2, [SY_C_MAIN] = 4,
};

static const struct {
    const char *text;
    enum sy_code code;
} line_table[SY_L_COUNT] = {

#define SY_X(id, code, text) [SY_L_##id] = {text, SY_C_##code},
    SY_LINES(SY_X)
#undef SY_X
};

static const struct {
    const char *name, *slots, *globals;
    enum sy_line line;
    uint32_t arg_count;
} code_table[SY_C_COUNT] = {

#define SY_X(id, name, line, args, slots, globals) \
 [SY_C_##id] = {name, slots, globals, SY_L_##line, args},
    SY_CODES(SY_X)
#undef SY_X
};

static const struct {
    const char *module, *name;
    uint32_t category, flags;
} type_table[SY_T_COUNT] = {

#define SY_X(id, module, name, category, flags) \
 [SY_T_##id] = {module, name, category, flags},
    SY_TYPES(SY_X)
#undef SY_X
};

static struct tf_text
text_of(const char *s)
{
    return (struct tf_text){s, strlen(s)};
}

/* "a,b,c" */
static uint32_t
split(const char *names, struct tf_text *ret)
{
    uint32_t count = 0;
    while (*names != '\0') {
        size_t len = strcspn(names, ",");
        ret[count++] = (struct tf_text){names, len};
        names += len + (names[len] == ',');
    }
    return count;
}

static void
define_code(struct sy *sy, enum sy_code id)
{
    struct tf_text slot[16], global[16];
    uint32_t slot_kind[16] = {0}, line[SY_L_COUNT], line_count = 0;
    const char *name = code_table[id].name, *dot = strrchr(name, '.');
    for (uint32_t i = 1; i < SY_L_COUNT; i++) {
        if (line_table[i].code == id) {
            line[line_count++] = i;
        }
    }
    slot_kind[0] = id == SY_C_MODULE ? TF_SLOT_MAPPING : TF_SLOT_LOCAL;
    struct tf_def_code def = {
        .id = id,
        .file = 1,
        .first_lineno = code_table[id].line,
        .qualname = text_of(name),
        .name = text_of(dot != NULL ? dot + 1 : name),
        .arg_count = code_table[id].arg_count,
        .slot = slot,
        .slot_count = split(code_table[id].slots, slot),
        .slot_kind = slot_kind,
        .global = global,
        .global_count = split(code_table[id].globals, global),
        .line = line,
        .line_count = line_count,
    };
    tf_batch_add_code(&sy->batch, &def);
}

static void
define_file(struct sy *sy)
{
    char text[SY_L_COUNT * 120];
    size_t len = 0;
    for (uint32_t i = 1; i < SY_L_COUNT; i++) {
        len +=
            (size_t)snprintf(text + len, sizeof text - len, "%s\n", line_table[i].text);
    }
    struct tf_def_file file = {.id = 1, .path = text_of(SY_PATH), .own = true};
    struct tf_def_source source = {.file = 1, .text = {text, len}};
    tf_batch_add_file(&sy->batch, &file);
    tf_batch_add_source(&sy->batch, &source);
}

static void
define_all(struct sy *sy)
{
    define_file(sy);
    for (uint32_t i = 1; i < SY_T_COUNT; i++) {
        struct tf_def_type def = {
            .id = i,
            .category = type_table[i].category,
            .flags = type_table[i].flags,
            .module = text_of(type_table[i].module),
            .name = text_of(type_table[i].name),
        };
        tf_batch_add_type(&sy->batch, &def);
    }
    for (uint32_t i = 1; i < SY_C_COUNT; i++) {
        define_code(sy, (enum sy_code)i);
    }
    for (uint32_t i = 0; i < SY_THREADS; i++) {
        char name[16];
        snprintf(name, sizeof name, "Thread-%u", i);
        struct tf_def_thread def = {.id = i + 1,
                                    .native_id = 4711 + i,
                                    .ident = 140000000000000 + i,
                                    .name = text_of(i == 0 ? "MainThread" : name)};
        tf_batch_add_thread(&sy->batch, &def);
    }
}

bool
sy_begin(struct sy *sy, struct tf_sink *sink, uint64_t seed)
{
    struct tf_text argv = text_of("bank.py"), library = text_of("/usr/lib/python3.11");
    struct tf_header header = {
        .recorder = text_of("pyrec-synth"),
        .python = text_of("3.11.2 (synthetic)"),
        .python_hex = 0x030b02f0,
        .platform = text_of("Linux 6.1 x86_64"),
        .executable = text_of("/usr/bin/python3"),
        .cwd = text_of("/home/user/bank"),
        .script = text_of("bank.py"),
        .argv = &argv,
        .argv_count = 1,
        .library_dir = &library,
        .library_dir_count = 1,
        .pid = 4711,
        .start_unix_ns = INT64_C(1700000000000000000),
        .limits = {.text_chars = 4096,
                   .items = 256,
                   .depth = 8,
                   .objects_an_event = 10000,
                   .events = 1u << TF_EV_START | 1u << TF_EV_RESUME | 1u << TF_EV_THROW
                             | 1u << TF_EV_LINE | 1u << TF_EV_RETURN | 1u << TF_EV_YIELD
                             | 1u << TF_EV_UNWIND | 1u << TF_EV_EXCEPTION,
                   .redact = true,
                   .values = true},
    };
    memcpy(header.uuid, "synthetic", 9);
    memcpy(header.uuid + 9, &seed, 7);
    memset(sy, 0, sizeof *sy);
    sy->err = (struct tf_err)TF_ERR_INIT;
    sy->seq = sy->next_object = sy->next_frame = 1;
    for (uint32_t i = 0; i < SY_THREADS; i++) {
        sy->thread[i].id = i + 1;
    }
    tf_batch_init(&sy->batch);
    if (tf_writer_open(sink, &header, 0, &sy->writer, &sy->err) != TF_OK) {
        return false;
    }
    define_all(sy);
    return true;
}

bool
sy_end(struct sy *sy, struct tf_footer *footer, struct tf_writer_stats *ret_stats)
{
    sy_flush(sy);
    footer->end_ns = sy->now_ns;
    if (sy->failed) {
        tf_writer_abandon(sy->writer);
    }
    else {
        sy->failed = tf_writer_close(sy->writer, footer, ret_stats, &sy->err) != TF_OK;
    }
    tf_batch_release(&sy->batch);
    for (uint32_t i = 0; i < SY_THREADS; i++) {
        free(sy->thread[i].stack);
    }
    return !sy->failed;
}
