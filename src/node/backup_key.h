/*
 * backup_key: the key of a folder for backups. A folder with files of two keys could be restored
 * with neither, and one that was begun with a key gets nothing that is not encrypted.
 */
#ifndef SEBEZ_NODE_BACKUP_KEY_H
#define SEBEZ_NODE_BACKUP_KEY_H

#include <stdbool.h>

#include "node/backup_folder.h"

/* Of SEBEZ_BACKUP_KEY; not given when it is empty. -EINVAL. */
int backup_key_read(const struct config *config, struct backup_key *ret)
    __attribute__((warn_unused_result));

/* Whether folder->key is the one that the folder was begun with; with `make` an unmarked folder is
 * marked with it. Prints the error: -EKEYREJECTED and -EBADMSG for another key, -ENOKEY without
 * one. -errno when that cannot be read, without a message. */
int backup_key_check(const struct backup_folder *folder, bool make)
    __attribute__((warn_unused_result));

#endif
