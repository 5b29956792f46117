/* NAME.pyrec.zip: one recording in an archive, as bug trackers take it. */
#ifndef CLI_ZIP_H
#define CLI_ZIP_H

#include "cli.h"

/* Writes an archive with one entry, the file behind `fd`. */
tf_status cli_zip_write(const char *path, const char *entry, const char *from,
                        struct tf_err *err);

/* If `path` is an archive: unpacks its only recording into a file without a name and gives
 * how to open that (`ret_name`, of at least 32 bytes). Nothing in the archive is believed: no
 * name is used, and the size is bounded by what is stated and by its compressed size.
 * TF_ERR_NOT_FOUND: it is no archive. */
tf_status cli_zip_open(const char *path, char *ret_name, struct tf_err *err);

#endif
