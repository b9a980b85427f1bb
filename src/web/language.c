#include "web/language.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

enum { WEIGHT_ONE = 1000 };

/* Parses a weight: ";q=0.8" → 800; 1000 when absent; -1 when malformed. */
static int read_weight(const char *text, size_t length)
{
	int weight = 0, place = WEIGHT_ONE;

	while (length > 0 && (*text == ' ' || *text == '\t' || *text == ';'))
		text++, length--;
	if (length == 0)
		return WEIGHT_ONE;
	if (length < 3 || (*text | 32) != 'q' || text[1] != '=')
		return -1;
	for (size_t i = 2; i < length && text[i] != ' ' && text[i] != '\t'; i++) {
		if (i == 3 ? text[i] != '.' : text[i] < '0' || text[i] > '9' || i > 6)
			return -1;
		if (i == 3)
			continue;
		weight += (text[i] - '0') * place;
		place /= 10;
	}
	return weight <= WEIGHT_ONE ? weight : -1;
}

/* True when the range "de-CH" matches the offer "de" or "de-CH". */
static bool fits(const char *range, size_t length, const char *offer)
{
	size_t offered = strlen(offer);

	return offered <= length && strncasecmp(range, offer, offered) == 0 &&
	       (offered == length || range[offered] == '-');
}

/* True when both begin with the same language: "pt" or "pt-PT", and the offer "pt-BR". */
static bool is_same_language(const char *range, size_t length, const char *offer)
{
	size_t offered = strcspn(offer, "-");

	return offered <= length && strncasecmp(range, offer, offered) == 0 &&
	       (offered == length || range[offered] == '-');
}

static const char *find(const char *range, size_t length, const char *const offered[])
{
	const char *best = NULL;

	if (length == 1 && *range == '*')
		return offered[0];
	for (int i = 0; offered[i] != NULL; i++) {
		if (fits(range, length, offered[i]) &&
		    (best == NULL || strlen(offered[i]) > strlen(best)))
			best = offered[i];
	}
	for (int i = 0; best == NULL && offered[i] != NULL; i++) {
		if (is_same_language(range, length, offered[i]))
			best = offered[i];
	}
	return best;
}

const char *language_choose(const char *header, const char *const offered[])
{
	const char *best = offered[0];
	int best_weight = 0;

	assert(best != NULL); /* the default */
	while (header != NULL && *header != 0) {
		header += strspn(header, " \t,");
		size_t length = strcspn(header, ",");
		size_t range = strcspn(header, ",; \t");
		int weight = read_weight(header + range, length - range);
		const char *found = range > 0 ? find(header, range, offered) : NULL;

		if (found != NULL && weight > best_weight) {
			best = found;
			best_weight = weight;
		}
		header += length;
	}
	return best;
}

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

bool language_is_tag(const char *text)
{
	size_t length = strspn(text, LETTERS);

	if (length < 2 || length > 3)
		return false;
	for (text += length; *text == '-'; text += length) {
		length = strspn(++text, LETTERS DIGITS);
		if (length == 0 || length > 8)
			return false;
	}
	return *text == 0;
}
