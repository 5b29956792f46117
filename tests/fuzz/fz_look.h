/* Opens a file as the programs do, and asks everything that can be asked of it. What is
 * wrong with the file must not matter: a crash, a sanitizer's finding, a question that takes
 * longer than a second of computing time, or an answer that a terminal would obey, ends the
 * process. */
#ifndef FZ_LOOK_H
#define FZ_LOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tt_craft.h"

/* A file that is in memory alone, to be opened by its name. One at a time; the next call
 * replaces its content. */
const char *fz_path(const uint8_t *data, size_t len);

/* The format library by itself: definitions, chunks, checkpoints, postings, lists of
 * writes, verification. */
void fz_look_reader(const char *path);
/* The core: states, values, moves, breakpoints and questions. */
void fz_look_core(const char *path);

/* Runs `pyreplay ARGUMENT...`; "FILE" stands for the path, "OUT" for one to write to. What it printed is checked for
 * what a terminal would obey and is in ret_out (stdout, then stderr; may be NULL) till the
 * next call. Returns its exit status. */
int fz_run(const char *path, const char *const *argument, const char **ret_out,
           size_t *ret_out_len, const char **ret_err);
/* How many command lines there are to choose from, and one of them. */
size_t fz_command_count(void);
const char *const *fz_command(size_t idx);

/* Around a question: takes the time, and ends the process when it was too long. */
void fz_clock_start(void);
void fz_clock_stop(const char *what);

/* A recording with everything in it, joined; of `fz_base_count` the first has one thread
 * and few chunks, the others more. */
const struct tt_bytes *fz_base(void);

#endif
