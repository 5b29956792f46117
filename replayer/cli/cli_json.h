/* JSON, written as it comes: no tree is built, so a dump of any length takes no memory.
 *
 * Strings are recorded text, which no common JSON library takes: a lone surrogate becomes
 * its \udXXX escape, a byte that is not UTF-8 becomes \udc80..\udcff (as Python's
 * `surrogateescape` reads it), and what a terminal might act on is escaped too. */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include "cli_out.h"

struct cli_json {
    struct cli_out *out;
    bool comma; /* a value stands before this place */
    unsigned depth;
};

void cli_json_init(struct cli_json *json, struct cli_out *out);
/* '{' or '[' and their ends. */
void cli_json_open(struct cli_json *json, char bracket);
void cli_json_close(struct cli_json *json, char bracket);
/* A key of the program's own, which needs no escape. */
void cli_json_key(struct cli_json *json, const char *key);
void cli_json_key_text(struct cli_json *json, const char *data, size_t len);
void cli_json_text(struct cli_json *json, const char *data, size_t len);
void cli_json_str(struct cli_json *json, const char *text);
void cli_json_u64(struct cli_json *json, uint64_t number);
void cli_json_i64(struct cli_json *json, int64_t number);
void cli_json_real(struct cli_json *json, double number);
void cli_json_bool(struct cli_json *json, bool truth);
void cli_json_null(struct cli_json *json);
/* The end of one document: a line feed. It is printed whole, or not at all: that of one
 * that could not be finished. */
void cli_json_end(struct cli_json *json);
void cli_json_drop(struct cli_json *json);

#endif
