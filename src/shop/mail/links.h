/*
 * links: what mails contain by which people act without signing in. It is signed, so that nobody
 * can act for others. Private to the area.
 */
#ifndef SEBEZ_SHOP_MAIL_LINKS_H
#define SEBEZ_SHOP_MAIL_LINKS_H

#include "base/codec.h"
#include "base/uuid.h"
#include "shop/mail/mail.h"

/* What is no longer wanted: one class of notices, or all that a digest may have. */
enum mail_list { MAIL_ORDERS, MAIL_CHAT, MAIL_PROMOTIONS, MAIL_ALL, MAIL_LIST_COUNT };
extern const char *const MAIL_LISTS[MAIL_LIST_COUNT]; /* names of the classes, and "all" */

enum { LINK_CODE_BYTES = 16, LINK_BYTES = 1 + 16 + LINK_CODE_BYTES };
enum { LINK_LENGTH = BASE64URL_LENGTH(LINK_BYTES) };

void links_start(const struct mail_settings *settings); /* once per process; keys are copied */

void link_of_list(enum mail_list list, struct uuid account, char ret[LINK_LENGTH + 1]);
/* False: it is none of ours. */
bool link_read_list(const char *text, enum mail_list *ret_list, struct uuid *ret_account);

#endif
