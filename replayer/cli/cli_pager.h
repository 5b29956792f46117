/* Output that is longer than the screen: what cli_out.c asks of the pager. */
#ifndef CLI_PAGER_H
#define CLI_PAGER_H

#include <stdbool.h>
#include <stddef.h>

struct cli_out;

/* How many of the bytes fit the rows that are left, which it counts down. */
size_t cli_pager_fit(struct cli_out *out, const char *data, size_t len);
/* No row is left, and more is to come. Starts a pager, which then takes what is in the
 * buffer, too; or shows the buffer and waits for a key. */
void cli_pager_full(struct cli_out *out);
/* Rows and columns of a terminal; false: `fd` is none, or does not know. */
bool cli_pager_window(int fd, unsigned *ret_rows, unsigned *ret_columns);

#endif
