#include "shop/texts/texts.h"

#include <assert.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/json_tree.h"
#include "shop/texts/table.h"

enum { LANGUAGES_MAX = 100 }; /* that marketplaces have; names are listed at the start */

static struct message_formats *formats;
static const struct text_language *fallback; /* the marketplace's */
static const char *names[LANGUAGES_MAX + 1];

/* Languages. */

static size_t primary_length(const char *locale)
{
	return strcspn(locale, "-_");
}

static bool is_of(const char *locale, const struct text_language *language)
{
	size_t length = strlen(language->name);

	return primary_length(locale) == length && strncasecmp(locale, language->name, length) == 0;
}

static const struct text_language *find_language(const char *locale)
{
	for (const struct text_language *each = TEXT_LANGUAGES; each->name != NULL; each++)
		if (is_of(locale, each))
			return each;
	return NULL;
}

bool text_language_exists(const char *name)
{
	const struct text_language *found = find_language(name);

	return found != NULL && strcmp(found->name, name) == 0;
}

static void list_names(void)
{
	size_t count = 0;

	names[count++] = fallback->name;
	for (const struct text_language *each = TEXT_LANGUAGES; each->name != NULL; each++) {
		assert(count < LANGUAGES_MAX);
		if (each != fallback)
			names[count++] = each->name;
	}
}

int text_start(const char *language)
{
	assert(formats == NULL && text_language_exists(language));
	fallback = find_language(language);
	list_names();
	formats = message_formats_new();
	return formats != NULL ? 0 : -ENOMEM;
}

void text_stop(void)
{
	message_formats_free(formats);
	formats = NULL;
}

const struct text_language *text_language_of(const char *locale, const char *otherwise)
{
	const struct text_language *found = locale != NULL ? find_language(locale) : NULL;

	if (found == NULL && otherwise != NULL)
		found = find_language(otherwise);
	if (found == NULL)
		found = fallback;
	assert(found != NULL); /* the area has started */
	return found;
}

const char *const *text_language_names(void)
{
	return names;
}

const char *text_language_name(const struct text_language *language)
{
	return language->name;
}

bool text_is_right_to_left(const struct text_language *language)
{
	return language->right_to_left;
}

/* The reader's language with the country of the tag, if it has one: ar-Arab-EG-u-nu-latn is
 * "ar-EG". So there are not more than some hundreds. */
static const char *locale_of(struct arena *arena, const struct text_reader *reader)
{
	const char *name = reader->language->name, *part = reader->locale;

	if (part == NULL || !is_of(part, reader->language))
		return name;
	for (part += strlen(name); *part != 0; part += strcspn(part, "-_")) {
		size_t length = strcspn(++part, "-_");

		if (length == 1)
			break; /* extensions follow */
		if (length == 2)
			return arena_printf(arena, "%s-%.2s", name, part);
	}
	return name;
}

/* Texts. */

static int compare_key(const void *name, const void *key)
{
	return strcmp(name, ((const struct text_key *)key)->name);
}

static const struct text_key *find_key(const char *name)
{
	return bsearch(name, TEXT_KEYS, TEXT_KEYS_COUNT, sizeof(TEXT_KEYS[0]), compare_key);
}

static bool read_money(const json_t *fact, struct money *ret)
{
	const char *currency = json_string_value(json_object_get(fact, "currency"));

	if (currency == NULL || !currency_is_valid(currency))
		return false;
	ret->amount = json_integer_value(json_object_get(fact, "amount"));
	memcpy(ret->currency, currency, sizeof(ret->currency));
	return true;
}

static struct message_value value_of(const json_t *facts, const struct text_argument *argument)
{
	const json_t *fact = json_object_get(facts, argument->name);
	struct message_value value = {.is_there = fact != NULL && !json_is_null(fact)};

	if (!value.is_there)
		return value;
	switch (argument->type) {
	case MESSAGE_TEXT:
		value.text = json_string_value(fact);
		value.is_there = value.text != NULL;
		break;
	case MESSAGE_COUNT:
		value.count = json_integer_value(fact);
		break;
	case MESSAGE_MONEY:
		value.is_there = read_money(fact, &value.money);
		break;
	case MESSAGE_TIME:
		value.is_there =
		    json_is_string(fact) && time_parse(json_string_value(fact), &value.time_us);
		break;
	}
	return value;
}

static const char *write(struct arena *arena, const struct text_reader *reader,
                         const struct text_key *key, const json_t *facts)
{
	struct message_value values[TEXT_ARGUMENTS_MAX];
	struct message_place place = {.locale = locale_of(arena, reader),
	                              .time_zone = reader->time_zone};
	const struct message_piece *pieces = reader->language->texts[key - TEXT_KEYS];

	assert(formats != NULL && key->argument_count <= TEXT_ARGUMENTS_MAX);
	for (size_t i = 0; i < key->argument_count; i++) {
		values[i] = value_of(facts, &key->arguments[i]);
		if (!values[i].is_there && !key->arguments[i].optional)
			return NULL;
	}
	return message_format(formats, arena, place, pieces, values);
}

const char *text_of(struct arena *arena, const struct text_reader *reader, const char *name,
                    const char *facts)
{
	const struct text_key *key = find_key(name);

	assert(key != NULL);
	return write(arena, reader, key, json_of_database(arena, facts, strlen(facts)));
}

/* The facts of a notice: of one that brings its texts in several languages, title and body in the
 * reader's. NULL: it has lost them. */
static const json_t *facts_of(const struct text_reader *reader, const json_t *all)
{
	const json_t *texts = json_object_get(all, "texts");
	const char *otherwise = json_string_value(json_object_get(all, "language"));
	const json_t *own;

	if (otherwise == NULL)
		return all;
	own = json_object_get(texts, reader->language->name);
	return own != NULL ? own : json_object_get(texts, otherwise);
}

bool notice_text(struct arena *arena, const struct text_reader *reader, const char *kind,
                 const char *facts, struct notice_text *ret)
{
	const struct text_key *title = find_key(arena_printf(arena, "%s.title", kind));
	const struct text_key *body = find_key(arena_printf(arena, "%s.body", kind));
	struct notice_text text;

	if (title == NULL || body == NULL)
		return false;

	const json_t *all = facts_of(reader, json_of_database(arena, facts, strlen(facts)));

	if (all == NULL)
		return false;
	text.title = write(arena, reader, title, all);
	text.body = write(arena, reader, body, all);
	if (text.title == NULL || text.body == NULL)
		return false;
	*ret = text;
	return true;
}

static int start(const struct area_options *options)
{
	assert(options->language != NULL);
	return text_start(options->language);
}

const struct area AREA_TEXTS = {
    .name = "texts",
    .start = start,
    .stop = text_stop,
};
