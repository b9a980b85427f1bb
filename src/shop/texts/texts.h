/*
 * texts: what Sebez writes to people, in their language. The texts are in texts/;
 * docs/NOTIFICATIONS.md ("Texts") says how to add a language.
 *
 * A text is found by its key and inserts facts, the members of a JSON object (notice_facts() of the
 * database): texts, numbers, amounts {"amount", "currency"}, times as texts of RFC 3339. A member
 * that is null counts as missing. A notice may bring its own texts: {"texts": {<language>:
 * {"title", "body"}}, "language"}, the last for who reads none of these.
 */
#ifndef SEBEZ_SHOP_TEXTS_TEXTS_H
#define SEBEZ_SHOP_TEXTS_TEXTS_H

#include <stdbool.h>

#include "base/arena.h"
#include "shop/area.h"

extern const struct area AREA_TEXTS;

/* Whether it is the name of a language that has texts, such as "ar". */
bool text_language_exists(const char *name);
/* Start the area before other functions are called. language: the marketplace's, which exists. */
int text_start(const char *language); /* 0 or -ENOMEM */
void text_stop(void);

/* A language that has texts. */
struct text_language;

/* Of a language tag such as "ar-EG", which may be NULL: its language; when it has no texts, that
 * of the second tag; when neither has, the marketplace's. */
const struct text_language *text_language_of(const char *locale, const char *otherwise);
/* All of them, the marketplace's first, ending with NULL: for language_choose(). */
const char *const *text_language_names(void);
const char *text_language_name(const struct text_language *language); /* "ar" */
bool text_is_right_to_left(const struct text_language *language);

/* Who reads: how numbers, amounts and times are written follows from it. */
struct text_reader {
	const struct text_language *language;
	const char *locale;    /* NULL: the language's; else of the language, or it is ignored */
	const char *time_zone; /* NULL: UTC */
};

/* NULL: a fact that the text needs is missing, since what it is about is there no more. The key
 * exists. The text is valid UTF-8 without control characters. */
const char *text_of(struct arena *arena, const struct text_reader *reader, const char *key,
                    const char *facts);

struct notice_text {
	const char *title, *body;
};
/* False: the kind has no texts (a newer version wrote the notice), or a fact is missing. */
bool notice_text(struct arena *arena, const struct text_reader *reader, const char *kind,
                 const char *facts, struct notice_text *ret);

#endif
