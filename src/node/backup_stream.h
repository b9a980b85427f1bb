/*
 * backup_stream: the content of a backup_file: gzip, then secretstream when there is a key.
 */
#ifndef SEBEZ_NODE_BACKUP_STREAM_H
#define SEBEZ_NODE_BACKUP_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "node/backup_file.h"

/* All that can be read from `source`, to `out`. Returns -errno on failure. */
int backup_stream_write(int source, int out, const struct backup_key *key, enum backup_level level,
                        int64_t *ret_bytes) __attribute__((warn_unused_result));

/* Where the plain bytes go: a descriptor, or what they are compared with. */
struct backup_sink {
	int out;    /* -1: none */
	int source; /* -1: none */
	bool differs;
};

/* As backup_file_get. sealed: there was a key. */
int backup_stream_read(int source, bool sealed, const struct backup_key *key,
                       struct backup_sink *sink) __attribute__((warn_unused_result));

#endif
