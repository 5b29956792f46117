/* Shared by the files of cmdline/ alone. */
#ifndef CL_PRIVATE_H
#define CL_PRIVATE_H

#include <stddef.h>

#include "cl_options.h"

#define CL_ID_MAX 0xffff

/* The program's options, then those that every program has; id 0 after the last. */
struct cl_option cl_option_at(const struct cl_program *program, size_t idx);

void cl_print_help(const struct cl_program *program, FILE *out);
void cl_print_man(const struct cl_program *program, FILE *out);

#endif
