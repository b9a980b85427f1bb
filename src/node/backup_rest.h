/*
 * backup_rest: the rows by pgBackRest, where it is installed and its user (PostgreSQL's, who writes
 * the archive) reaches the folders by their paths. Its repository is `pgbackrest` in the folder for
 * backups; everything else in there is as backup_folder.h says, but base/<label> has only the info.
 */
#ifndef SEBEZ_NODE_BACKUP_REST_H
#define SEBEZ_NODE_BACKUP_REST_H

#include <jansson.h>
#include <libpq-fe.h>
#include <stdbool.h>

#include "node/backup_folder.h"
#include "node/services.h"

/* Whether it can be used; if not, the reason. */
bool backup_rest_can(const struct data_folder *data_folder, const char *path, const char **ret_why);

/* Makes the repository's folder, and the configuration below the data folder. */
int backup_rest_prepare(const struct config *config, const struct data_folder *data_folder,
                        const struct backup_folder *folder) __attribute__((warn_unused_result));

/* The commands for postgresql.conf, of a cluster in this folder. */
void backup_rest_command(const struct backup_folder *folder, const char *cluster, bool put,
                         char *ret, size_t size);

/* A full backup if the newest full one is a week old, or none; else what differs from that one.
 * Sets label and bytes, and removes the infos of backups that pgBackRest has expired. */
int backup_rest_dump(const struct config *config, const struct services *services,
                     const struct backup_folder *folder, PGconn *conn, struct backup_info *info)
    __attribute__((warn_unused_result));

/* Into a folder that exists and is empty. Every file is compared with its checksum. */
int backup_rest_unpack(const struct backup_folder *folder, const struct data_folder *data_folder,
                       const char *label, const char *cluster) __attribute__((warn_unused_result));

/* Files below a folder of the repository: names in it, each with "time" and "size". Release *ret
 * with json_decref. */
#define BACKUP_REST_ARCHIVE "archive/sebez"
int backup_rest_list(const struct backup_folder *folder, const struct data_folder *data_folder,
                     const char *below, json_t **ret) __attribute__((warn_unused_result));
/* One of them, to a descriptor: decrypted, as it was archived. */
int backup_rest_get(const struct backup_folder *folder, const struct data_folder *data_folder,
                    const char *below, const char *name, int out)
    __attribute__((warn_unused_result));

/* Whether all that it has is whole; prints what is not. */
int backup_rest_verify(const struct backup_folder *folder, const struct data_folder *data_folder,
                       bool *ret_good) __attribute__((warn_unused_result));

#endif
