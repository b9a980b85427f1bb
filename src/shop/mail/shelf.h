/*
 * shelf: mails of a demo without a mail server, as files in a folder instead: <id>.eml, which mail
 * programs open, and <id>.json, which /dev/mail shows. The newest LIMIT_MAILS_SHOWN stay. Files are
 * small and stay in the kernel's memory, so they are read and written on the loop. Private to the
 * area.
 */
#ifndef SEBEZ_SHOP_MAIL_SHELF_H
#define SEBEZ_SHOP_MAIL_SHELF_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/uuid.h"
#include "shop/mail/letter.h"

/* fd: the folder; -1: there is none. Once per process. */
void shelf_start(int fd);
bool shelf_is_there(void);

/* Replaces an earlier one of the id. 0 or -errno. */
int shelf_put(struct arena *arena, const struct letter *letter,
              const struct letter_written *written) __attribute__((warn_unused_result));
/* Ids, the newest first. */
const struct uuid *shelf_list(struct arena *arena, size_t *ret_count);
/* JSON: id, to, subject, created_at, text, html. NULL: there is none. */
const char *shelf_read(struct arena *arena, struct uuid id);

#endif
