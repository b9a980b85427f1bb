/*
 * backup_secrets: the shop's secrets in a folder for backups that has a key: `secret`, the one in
 * use, and `secrets/<id>`, each that was ever in use. What is sealed in the rows of a moment is
 * sealed with one of them, so they are kept for good: a file of a hundred bytes for each rotation.
 */
#ifndef SEBEZ_NODE_BACKUP_SECRETS_H
#define SEBEZ_NODE_BACKUP_SECRETS_H

#include <libpq-fe.h>
#include <stddef.h>

#include "node/backup_folder.h"
#include "node/config.h"
#include "node/sealed.h"
#include "node/secret.h"

enum { BACKUP_SECRETS_MAX = 256 }; /* a rotation each week for five years */

/* Functions print the error and return -errno on failure. Without a key they keep nothing. */

/* What the settings and the data folder have: the secret, and the one before. */
int backup_secrets_keep(const struct config *config, const struct data_folder *data_folder,
                        const struct backup_folder *folder) __attribute__((warn_unused_result));

/* In the folder of the settings, if there is one: that secret and, as one that will be in use, the
 * next; NULL: there is none. */
int backup_secrets_keep_next(const struct config *config, const struct data_folder *data_folder,
                             const struct secret *next) __attribute__((warn_unused_result));

/* The secret in use. 1, or 0 when the folder has none. */
int backup_secrets_find(const struct backup_folder *folder, struct secret *ret)
    __attribute__((warn_unused_result));

/* Seals what a restored database has with `newest`, and opens it with any secret of the folder. */
int backup_secrets_open(PGconn *conn, const struct backup_folder *folder,
                        const struct secret *newest, struct sealed *ret)
    __attribute__((warn_unused_result));

#endif
