/*
 * letter: a mail in words and its bytes: text and HTML say the same, in the direction of the
 * language. What is inserted is escaped, and nothing is loaded from elsewhere. Private to the area.
 */
#ifndef SEBEZ_SHOP_MAIL_LETTER_H
#define SEBEZ_SHOP_MAIL_LETTER_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/uuid.h"
#include "shop/mail/mail.h"
#include "shop/texts/texts.h"

struct letter_part {
	const char *title, *body;
	const char *link; /* a path of the app, below the public URL; NULL: none */
};

struct letter {
	struct uuid
	    id; /* the same in every attempt: receivers know a repetition by its Message-ID */
	const char *to;
	const char *name; /* whom it greets; NULL: nobody by name */
	const char *subject;
	const struct letter_part *parts;
	size_t part_count;
	const char *reason;      /* why they get it; NULL: they have an account */
	const char *unsubscribe; /* link of links.h; NULL: it cannot be switched off */
	struct text_reader reader;
};

struct letter_written {
	const char *bytes; /* signed if a key is set */
	size_t length;
	const char *text, *html; /* of which they consist */
};
/* False: no memory for the signature. */
bool letter_write(struct arena *arena, const struct mail_settings *settings,
                  const struct letter *letter, struct letter_written *ret);

#endif
