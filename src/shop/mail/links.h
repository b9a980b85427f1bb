/*
 * links: what mails contain by which people act without signing in. It is signed, so that nobody
 * can act for others. Private to the area.
 */
#ifndef SEBEZ_SHOP_MAIL_LINKS_H
#define SEBEZ_SHOP_MAIL_LINKS_H

#include "base/arena.h"
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

/*
 * The sender of a mail's envelope, to which it comes back: bounces+<code>@shop.example (VERP). The
 * code names an account, or a letter to an address without one, and is signed over the address that
 * the mail was sent to, so that nobody can suppress others. It is hexadecimal, as mail servers may
 * change the case of addresses.
 */
enum bounce_kind { BOUNCE_OF_ACCOUNT = 16, BOUNCE_OF_LETTER };
enum { BOUNCE_CODE_BYTES = 8, BOUNCE_BYTES = 1 + 16 + BOUNCE_CODE_BYTES };
enum { BOUNCE_LENGTH = 2 * BOUNCE_BYTES };

struct bounce {
	enum bounce_kind kind;
	struct uuid id;
	uint8_t code[BOUNCE_CODE_BYTES];
};

const char *bounce_sender(struct arena *arena, const char *bounce_address, enum bounce_kind kind,
                          struct uuid id, const char *to);
/* The first such address in the text, of which the code is still to be verified. */
bool bounce_find(const char *bounce_address, const char *text, size_t length, struct bounce *ret);
bool bounce_is_of(const struct bounce *bounce, const char *to);

#endif
