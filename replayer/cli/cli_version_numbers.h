/* Versions of what scripts read. */
#ifndef CLI_VERSION_NUMBERS_H
#define CLI_VERSION_NUMBERS_H

/* Of `dump --format jsonl`: within one, fields are only added. */
#define CLI_DUMP_VERSION 1

#endif
