/*
 * mail: mails of notices, and those that other areas write. docs/NOTIFICATIONS.md has the
 * guarantees.
 *
 * A notice becomes a row of the outbox (mail_expand() in functions.sql); the deliverer of the topic
 * `mail` (send.c) reads what is to be sent right before sending it, and letter.c writes it.
 */
#ifndef SEBEZ_SHOP_MAIL_MAIL_H
#define SEBEZ_SHOP_MAIL_MAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/uuid.h"
#include "net/smtp_client.h"
#include "shop/area.h"

extern const struct area AREA_MAIL;

enum {
	MAIL_KEYS_MAX = 2,
	MAIL_KEY_BYTES = 32,
	/* A local part has 64 characters: this, a plus, and a code of 50. */
	BOUNCE_NAME_MAX = 13,
};

struct dkim_key;

/* Settings of the operator (docs/CONFIGURATION.md); they live as long as the process. */
struct mail_settings {
	struct smtp_server server; /* its url is NULL when none is set */
	const char *from, *name;
	const char *bounce_address; /* "": mails come back to `from` */
	const char *webhook_secret; /* of the provider that tells of bounces; "": none */
	const char *public_url;     /* where links begin: "https://shop.example" */
	struct dkim_key *dkim_key;  /* NULL: mails are not signed */
	const char *dkim_selector;
	int folder_fd; /* of a demo without a mail server: mails are files there; else -1 */
	/* Sign the links in mails: the first signs, all verify. */
	uint8_t keys[MAIL_KEYS_MAX][MAIL_KEY_BYTES];
	size_t key_count;
};

struct db;
struct task;

/*
 * A mail that an area writes. Its texts are <key>.title, which is its subject, and <key>.body; to
 * an address also <key>.reason, why somebody without an account gets it.
 */
struct mail_letter {
	struct uuid id; /* nil: makes one. A second letter with the same id is ignored, and one of a
	                   code by mail is not sent any more when the code is used */
	const char *key;
	const struct uuid *account_id; /* NULL: to the address */
	const char *address;           /* as base/email.h forms it */
	const char *facts;             /* a JSON object of what the texts insert */
	const char *link;              /* a path of the app, for a button; NULL: none */
	const char *locale;            /* NULL: that of the account's device */
	int32_t lasts_s;               /* later it is not sent any more; 0: whenever it can be */
};

/* Adds to db's transaction or batch; it is sent after the commit, unless the account is locked or
 * the address suppressed by then. What facts and link say is kept until it is sent, for a week at
 * most, and no role that answers requests can read it. */
void mail_write(struct db *db, const struct mail_letter *letter);

/* A task of the command line: reads a mail that came back, and suppresses the address that it was
 * sent to. Returns a sentence about what was done. */
const char *mail_take_bounce(struct task *task, const struct mail_settings *settings,
                             const char *text, size_t length);

#endif
