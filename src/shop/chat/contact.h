/*
 * contact: contact details in what people write to each other, and what the marketplace's rules
 * make of them. An admin says for each kind whether it is allowed, masked, or holds the message
 * until somebody has looked at it. Texts are valid UTF-8; all of it takes linear time.
 */
#ifndef SEBEZ_SHOP_CHAT_CONTACT_H
#define SEBEZ_SHOP_CHAT_CONTACT_H

#include <stdbool.h>

#include "api.gen.h"
#include "base/arena.h"

enum contact { CONTACT_EMAIL, CONTACT_LINK, CONTACT_PHONE, CONTACT_COUNT };
extern const char *const CONTACT_NAMES[CONTACT_COUNT];

struct contact_rules {
	enum contact_rule_choice of[CONTACT_COUNT];
};

struct contact_verdict {
	const char *text; /* masked; the text itself when nothing was */
	unsigned held;    /* bits of enum contact: what holds the message */
};

/*
 * What the rules make of a text. A contact is found behind a disguise, too: in digits of other
 * scripts and key caps, with characters of no width between, with (at) and [dot]. To mask what is
 * found only so takes the disguise off the whole text. Masked text is as the rules want it: judged
 * again it stays the same.
 */
struct contact_verdict contact_judge(struct arena *arena, const struct contact_rules *rules,
                                     const char *text);

/* What is in the address of an image: an e-mail address, or a telephone number as a whole part of
 * it, for file names are long numbers, too. Bits of enum contact. */
unsigned contact_in_address(struct arena *arena, const char *url);

/* Whether it may be a reaction: a picture or a sign, and nothing that spells a contact. So no
 * letters but the few that are pictures, no digits of any kind but one key cap, and of the letters
 * that flags are made of one flag's. */
bool contact_is_reaction(struct arena *arena, const char *text);

#endif
