/*
 * backup_file: one file of a backup: what it was made from, compressed (gzip), and encrypted when
 * there is a key (libsodium's secretstream, so that a part that is missing, changed or in another
 * place is noticed). Without a key it is an ordinary .gz.
 *
 * Not for threads. A file is whole or absent, also after a crash, and only backup_file_replace
 * replaces one by another content.
 */
#ifndef SEBEZ_NODE_BACKUP_FILE_H
#define SEBEZ_NODE_BACKUP_FILE_H

#include <stdbool.h>
#include <stdint.h>

enum { BACKUP_KEY_BYTES = 32, BACKUP_NAME_MAX = 256 };

struct backup_key {
	bool given;
	uint8_t bytes[BACKUP_KEY_BYTES];
};

/* How much to compress. */
enum backup_level { BACKUP_LEVEL_NONE = 0, BACKUP_LEVEL_FAST = 1 };

/* Makes the file `name` plus .gz or .gz.enc in the folder from all that can be read from the
 * descriptor `source`. -EEXIST: there is one with other content, or one that cannot be read; the
 * same content is success, for which the source must be a regular file. -EIO and so on: nothing is
 * left of it. ret_bytes: of the file; may be NULL. */
int backup_file_put(int folder, const char *name, int source, const struct backup_key *key,
                    enum backup_level level, int64_t *ret_bytes)
    __attribute__((warn_unused_result));

/* The same, of content that changes: replaces the file that is there, which stays until then. */
int backup_file_replace(int folder, const char *name, int source, const struct backup_key *key,
                        enum backup_level level) __attribute__((warn_unused_result));

/* Writes what the file was made from to `out`; -1: only verifies it. -ENOENT; -EBADMSG: damaged, or
 * of another key; -ENOKEY: it is encrypted and there is no key; -EINTR: this process is asked
 * to stop. */
int backup_file_get(int folder, const char *name, const struct backup_key *key, int out)
    __attribute__((warn_unused_result));

/* The same for a file by its whole name. */
int backup_file_get_entry(int folder, const char *entry, const struct backup_key *key, int out)
    __attribute__((warn_unused_result));

/* 1, 0, or -errno when the folder cannot be read. */
int backup_file_exists(int folder, const char *name) __attribute__((warn_unused_result));

/* Takes the ending .gz or .gz.enc from a name; false when it has none. */
bool backup_file_strip(char *name);

#endif
