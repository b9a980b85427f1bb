#include "base/message_formats.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/ucal.h>
#include <unicode/ucurr.h>
#include <unicode/udat.h>
#include <unicode/udatpg.h>
#include <unicode/unum.h>
#include <unicode/upluralrules.h>
#include <unicode/ustring.h>

#include "base/limits.h"

enum {
	LOCALE_BYTES = 24, /* a language, a country, and the calendar is added where it matters */
	UNITS_MAX = 160,   /* of a formatted number or time; the longest has some 60 */
	PATTERN_MAX = 80,
	ZONE_MAX = 64, /* of IANA's names the longest has 30 */
};

static const char CALENDAR[] = "@calendar=gregorian";

/* All are made when they are first needed. */
struct formats {
	char locale[LOCALE_BYTES]; /* "": not in use */
	UNumberFormat *count;
	UNumberFormat *money;
	UPluralRules *plurals;
	struct pattern {
		UChar at[PATTERN_MAX];
		int32_t length;             /* 0: not made */
	} patterns[MESSAGE_STYLE_COUNT][2]; /* without and with the name of the zone */
};

struct message_formats {
	struct formats items[LIMIT_MESSAGE_FORMATS];
	size_t oldest;
};

struct message_formats *message_formats_new(void)
{
	return calloc(1, sizeof(struct message_formats));
}

static void clear(struct formats *formats)
{
	if (formats->count != NULL)
		unum_close(formats->count);
	if (formats->money != NULL)
		unum_close(formats->money);
	if (formats->plurals != NULL)
		uplrules_close(formats->plurals);
	*formats = (struct formats){0};
}

void message_formats_free(struct message_formats *formats)
{
	if (formats == NULL)
		return;
	for (size_t i = 0; i < LIMIT_MESSAGE_FORMATS; i++)
		clear(&formats->items[i]);
	free(formats);
}

struct formats *formats_of(struct message_formats *all, const char *locale)
{
	struct formats *made;

	assert(*locale != 0 && strlen(locale) < LOCALE_BYTES);
	for (size_t i = 0; i < LIMIT_MESSAGE_FORMATS; i++)
		if (strcmp(all->items[i].locale, locale) == 0)
			return &all->items[i];
	made = &all->items[all->oldest];
	all->oldest = (all->oldest + 1) % LIMIT_MESSAGE_FORMATS;
	clear(made);
	memcpy(made->locale, locale, strlen(locale) + 1);
	return made;
}

static const char *to_text(struct arena *arena, const UChar *units, int32_t length)
{
	UErrorCode status = U_ZERO_ERROR;
	int32_t room = length * 3 + 1; /* at most three bytes for a unit */
	char *text = arena_alloc(arena, (size_t)room);

	assert(length >= 0 && length <= UNITS_MAX);
	u_strToUTF8(text, room, NULL, units, length, &status);
	assert(U_SUCCESS(status));
	return text;
}

const char *format_count(struct formats *formats, struct arena *arena, int64_t count)
{
	UErrorCode status = U_ZERO_ERROR;
	UChar units[UNITS_MAX];

	if (formats->count == NULL)
		formats->count = unum_open(UNUM_DECIMAL, NULL, 0, formats->locale, NULL, &status);
	assert(U_SUCCESS(status)); /* of an unknown language ICU takes its general form */

	int32_t length = unum_formatInt64(formats->count, count, units, UNITS_MAX, NULL, &status);

	assert(U_SUCCESS(status));
	return to_text(arena, units, length);
}

/* As many decimals as the language shows for the currency, and as many as the amount has: rounding
 * would show another amount. */
static int decimals_of(const UChar currency[4], struct money money)
{
	UErrorCode status = U_ZERO_ERROR;
	int places = currency_exponent(money.currency);
	int usual = ucurr_getDefaultFractionDigits(currency, &status);
	int64_t rest = money.amount;

	assert(U_SUCCESS(status));
	while (places > usual && rest % 10 == 0) {
		rest /= 10;
		places--;
	}
	return places > usual ? places : usual;
}

const char *format_money(struct formats *formats, struct arena *arena, struct money money)
{
	UErrorCode status = U_ZERO_ERROR;
	UChar units[UNITS_MAX], currency[4];
	char decimal[32];

	if (formats->money == NULL)
		formats->money = unum_open(UNUM_CURRENCY, NULL, 0, formats->locale, NULL, &status);
	u_charsToUChars(money.currency, currency, 4);
	unum_setTextAttribute(formats->money, UNUM_CURRENCY_CODE, currency, 3, &status);
	unum_setAttribute(formats->money, UNUM_FRACTION_DIGITS, decimals_of(currency, money));
	money_format_decimal(money.amount, money.currency, decimal);

	int32_t length = unum_formatDecimal(formats->money, decimal, (int32_t)strlen(decimal),
	                                    units, UNITS_MAX, NULL, &status);

	assert(U_SUCCESS(status));
	return to_text(arena, units, length);
}

/* The language's order of the parts of a time. */
static const struct pattern *pattern_of(struct formats *formats, enum message_style style,
                                        bool zone)
{
	static const char *const SKELETONS[MESSAGE_STYLE_COUNT][2] = {
	    [MESSAGE_DATE_AND_TIME] = {"yMMMMdjm", "yMMMMdjmz"},
	    [MESSAGE_DATE] = {"yMMMMd", "yMMMMd"},
	    [MESSAGE_CLOCK] = {"jm", "jmz"},
	};
	struct pattern *made = &formats->patterns[style][zone];
	UErrorCode status = U_ZERO_ERROR;
	char locale[LOCALE_BYTES + sizeof(CALENDAR)];
	UChar skeleton[16];

	if (made->length > 0)
		return made;
	snprintf(locale, sizeof(locale), "%s%s", formats->locale, CALENDAR);

	UDateTimePatternGenerator *generator = udatpg_open(locale, &status);

	u_uastrcpy(skeleton, SKELETONS[style][zone]);
	made->length =
	    udatpg_getBestPattern(generator, skeleton, -1, made->at, PATTERN_MAX, &status);
	udatpg_close(generator);
	assert(U_SUCCESS(status) && made->length > 0);
	return made;
}

/* The length of the zone's name as ICU wants it; 0 when there is no such zone. */
static int32_t zone_units(const char *time_zone, UChar ret[ZONE_MAX])
{
	UErrorCode status = U_ZERO_ERROR;
	UChar canonical[ZONE_MAX * 2];
	UBool is_system = false;
	int32_t length = 0;

	for (; time_zone != NULL && time_zone[length] != 0; length++) {
		if (length == ZONE_MAX || (unsigned char)time_zone[length] >= 0x80)
			return 0;
		u_charsToUChars(&time_zone[length], &ret[length], 1);
	}
	if (length == 0)
		return 0;
	ucal_getCanonicalTimeZoneID(ret, length, canonical, ZONE_MAX * 2, &is_system, &status);
	return U_SUCCESS(status) && is_system ? length : 0;
}

const char *format_time(struct formats *formats, struct arena *arena, const char *time_zone,
                        enum message_style style, int64_t time_us)
{
	static const UChar UTC[] = {'E', 't', 'c', '/', 'U', 'T', 'C', 0};
	UErrorCode status = U_ZERO_ERROR;
	UChar units[UNITS_MAX], zone[ZONE_MAX];
	char locale[LOCALE_BYTES + sizeof(CALENDAR)];
	int32_t zone_length = zone_units(time_zone, zone);
	const struct pattern *pattern = pattern_of(formats, style, zone_length == 0);

	snprintf(locale, sizeof(locale), "%s%s", formats->locale, CALENDAR);

	UDateFormat *format =
	    udat_open(UDAT_PATTERN, UDAT_PATTERN, locale, zone_length > 0 ? zone : UTC,
	              zone_length > 0 ? zone_length : 7, pattern->at, pattern->length, &status);
	int32_t length =
	    udat_format(format, (double)time_us / 1000.0, units, UNITS_MAX, NULL, &status);

	udat_close(format);
	assert(U_SUCCESS(status));
	return to_text(arena, units, length);
}

void plural_category(struct formats *formats, int64_t count, char ret[PLURAL_CATEGORY_BYTES])
{
	UErrorCode status = U_ZERO_ERROR;
	UChar units[PLURAL_CATEGORY_BYTES];

	if (formats->plurals == NULL)
		formats->plurals = uplrules_open(formats->locale, &status);

	int32_t length =
	    uplrules_select(formats->plurals, (double)count, units, PLURAL_CATEGORY_BYTES, &status);

	assert(U_SUCCESS(status) && length < PLURAL_CATEGORY_BYTES);
	u_UCharsToChars(units, ret, length + 1);
}

const char *message_plural_categories(struct arena *arena, const char *locale)
{
	UErrorCode status = U_ZERO_ERROR;
	UPluralRules *rules = uplrules_open(locale, &status);
	UEnumeration *words = uplrules_getKeywords(rules, &status);
	const char *all = "", *word;

	assert(U_SUCCESS(status));
	while ((word = uenum_next(words, NULL, &status)) != NULL)
		all = arena_printf(arena, "%s%s%s", all, *all == 0 ? "" : " ", word);
	uenum_close(words);
	uplrules_close(rules);
	assert(U_SUCCESS(status));
	return all;
}
