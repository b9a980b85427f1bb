/*
 * backup_keeper: what is known of the backups of a server, for its schedule, `sebez backup status`
 * and `sebez status`.
 */
#ifndef SEBEZ_NODE_BACKUP_KEEPER_H
#define SEBEZ_NODE_BACKUP_KEEPER_H

#include "node/backup_folder.h"
#include "node/metrics.h"

/* Reads the folder and the log of the cluster. newest and drill_s are 0 when there is none. */
int backup_look(const struct backup_folder *folder, const struct data_folder *data_folder,
                struct metrics_backup *ret, struct backup_info *ret_newest)
    __attribute__((warn_unused_result));

#define BACKUP_NOTE "backup.note" /* in the data folder */

/* What the keeper noted last, as a line for people; "" when no keeper has run. */
void backup_note_read(const char *data, char *ret, size_t size);

#endif
