/*
 * contact: finds contact details in messages and applies the marketplace's rules to them. Admins
 * configure per kind whether it is allowed, masked, or holds the message for review. Texts are
 * valid UTF-8; all functions take linear time.
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
	const char *text; /* masked; the input when nothing was masked */
	unsigned held;    /* bits of enum contact: the kinds that hold the message */
};

/*
 * Applies the rules to a text. Disguised contacts are found, too: digits of other scripts and key
 * caps, zero-width characters in between, (at) and [dot]. Masking a contact found only in disguise
 * rewrites the whole text in plain form. The result is stable: judging masked text again does not
 * change it.
 */
struct contact_verdict contact_judge(struct arena *arena, const struct contact_rules *rules,
                                     const char *text);

/* Whether the text may be a reaction: pictures or signs that cannot spell a contact. So no letters
 * except the few that are pictures, no digits of any kind except one key cap, and the regional
 * indicators of at most one flag. */
bool contact_is_reaction(struct arena *arena, const char *text);

#endif
