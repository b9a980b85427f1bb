#include "shop/catalog/import_value.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/money.h"

/* The decimal separator: the last separator, if it occurs once; 0: none. */
static char decimal_sign(const char *text, bool comma_is_decimal)
{
	const char *comma = strrchr(text, ','), *point = strrchr(text, '.');
	const char *last = comma > point ? comma : point;

	if (last == NULL || strchr(text, *last) != last)
		return 0;
	/* One comma and three digits: decimals in some countries, thousands in others. */
	if (*last == ',' && point == NULL && !comma_is_decimal && strlen(last) == 4 &&
	    last > text && last - text <= 3)
		return 0;
	return *last;
}

static bool is_group(const char *text)
{
	return strspn(text, "0123456789") == 3;
}

bool import_plain(const char *text, bool comma_is_decimal, char ret[IMPORT_DIGITS + 2],
                  bool *ret_has_comma)
{
	char sign = decimal_sign(text, comma_is_decimal);
	size_t length = 0;

	if (strlen(text) > IMPORT_DIGITS)
		return false;
	*ret_has_comma = sign == ',';
	for (; *text != 0; text++) {
		if (*text == sign)
			ret[length++] = '.';
		else if (strchr("0123456789-", *text) != NULL)
			ret[length++] = *text;
		else if (strchr(",.' ", *text) == NULL || length == 0 || !is_group(text + 1))
			return false;
	}
	assert(length <= IMPORT_DIGITS);
	ret[length] = 0;
	return true;
}

bool import_money(const char *text, const char *currency, int64_t *ret)
{
	char plain[IMPORT_DIGITS + 2];
	const char *zero = text[0] == '.' ? "0" : "";

	if (strlen(text) > IMPORT_DIGITS || strpbrk(text, "0123456789") == NULL)
		return false;
	snprintf(plain, sizeof(plain), "%s%s", zero, text);
	if (strchr(plain, '.') != NULL) {
		size_t length = strlen(plain);

		while (plain[length - 1] == '0')
			length--;
		if (plain[length - 1] == '.')
			length--;
		assert(length > 0); /* it has a digit */
		plain[length] = 0;
	}
	return money_parse_decimal(plain, currency, ret);
}

static bool digits(const char **text, int64_t *ret)
{
	const char *start = *text;
	int64_t value = 0;

	for (; **text >= '0' && **text <= '9'; (*text)++) {
		if (!money_mul(value, 10, &value) || !money_add(value, **text - '0', &value))
			return false;
	}
	*ret = value;
	return *text > start;
}

/* Skips a number's decimals, if any; returns whether they are all zero. */
static bool pass_decimals(const char **text)
{
	bool any;

	if (**text != '.')
		return false;
	(*text)++;
	any = strspn(*text, "0") < strspn(*text, "0123456789");
	*text += strspn(*text, "0123456789");
	return any;
}

static bool whole(const char *text, bool may_round, int64_t min, int64_t max, int64_t *ret)
{
	bool negative = *text == '-', has_more;
	int64_t value;

	assert(min <= max);
	text += negative;
	if (!digits(&text, &value))
		return false;
	has_more = pass_decimals(&text);
	value = negative ? -value - has_more : value;
	if (*text != 0 || (has_more && !may_round) || value < min || value > max)
		return false;
	*ret = value;
	return true;
}

bool import_whole(const char *text, int64_t min, int64_t max, int64_t *ret)
{
	return whole(text, false, min, max, ret);
}

bool import_rounded_down(const char *text, int64_t min, int64_t max, int64_t *ret)
{
	return whole(text, true, min, max, ret);
}

bool import_rounded(const char *text, int64_t max, int64_t *ret)
{
	int64_t value;

	assert(max >= 0 && max < INT64_MAX);
	if (!digits(&text, &value) || value > max)
		return false;
	if (*text == '.') {
		text++;
		value += *text >= '5' && *text <= '9';
		text += strspn(text, "0123456789");
	}
	if (*text != 0 || value > max)
		return false;
	*ret = value;
	return true;
}

bool import_bool(const char *text, bool *ret)
{
	static const char *const WORDS[2][3] = {{"false", "no", "0"}, {"true", "yes", "1"}};

	for (int value = 0; value < 2; value++) {
		for (int i = 0; i < 3; i++) {
			if (strcasecmp(text, WORDS[value][i]) == 0) {
				*ret = value == 1;
				return true;
			}
		}
	}
	return false;
}

bool import_local_bool(const char *text, bool *ret)
{
	static const char *const NO[] = {
	    "falsch", "nein",   "faux",  "non",    "falso", "não",      "onwaar", "nee", "fałsz",
	    "nie",    "ложь",   "нет",   "falskt", "falsk", "usann",    "nej",    "nei", "epätosi",
	    "ei",     "yanlış", "hayır", "hamis",  "nem",   "nepravda", "ne",     "偽",  "いいえ",
	    "假",     "否",     "거짓",  "아니요", "خطأ",   "לא",       "ψευδές", "όχι",
	};
	static const char *const YES[] = {
	    "wahr", "ja",     "vrai", "oui",    "verdadero", "verdadeiro", "vero",   "sí",
	    "si",   "sì",     "sim",  "waar",   "prawda",    "tak",        "истина", "да",
	    "sant", "sand",   "sann", "tosi",   "kyllä",     "doğru",      "evet",   "igaz",
	    "igen", "pravda", "ano",  "áno",    "真",        "はい",       "是",     "참",
	    "예",   "صحيح",   "כן",   "αληθές", "ναι",
	};
	static const struct {
		const char *const *words;
		size_t count;
	} WORDS[] = {{NO, sizeof(NO) / sizeof(NO[0])}, {YES, sizeof(YES) / sizeof(YES[0])}};

	for (int value = 0; value < 2; value++) {
		for (size_t i = 0; i < WORDS[value].count; i++) {
			if (strcmp(text, WORDS[value].words[i]) == 0) {
				*ret = value == 1;
				return true;
			}
		}
	}
	return false;
}
