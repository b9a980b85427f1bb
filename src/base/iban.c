#include "base/iban.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Country and length, by the registry of ISO 13616. */
static const char LENGTHS[] =
    "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20EG29ES24"
    "FI18FK18FO18FR27GB22GE22GI23GL18GR27GT28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21"
    "LT20LU20LV21LY25MC27MD24ME22MK19MN20MR27MT31MU30NI28NL18NO15OM23PK24PL28PS29PT25QA29RO24RS22"
    "RU33SA24SC31SD18SE24SI19SK24SM27SO23ST25SV28TL23TN24TR26UA29VA22VG24XK20YE30";

_Static_assert((sizeof(LENGTHS) - 1) % 4 == 0, "two letters and two digits for each country");

static size_t length_of(const char *iban)
{
	for (const char *at = LENGTHS; *at != '\0'; at += 4)
		if (strncmp(at, iban, 2) == 0)
			return (size_t)(at[2] - '0') * 10 + (size_t)(at[3] - '0');
	return 0;
}

/* The digits of the number, with its first four characters at the end and letters as 10 … 35, are 1
 * modulo 97. */
static bool checks(const char *iban, size_t length)
{
	unsigned rest = 0;

	for (size_t i = 0; i < length; i++) {
		char c = iban[(i + 4) % length];
		unsigned value =
		    isdigit((unsigned char)c) ? (unsigned)(c - '0') : (unsigned)(c - 'A') + 10;

		assert(value < 36);
		rest = (rest * (value < 10 ? 10 : 100) + value) % 97;
	}
	return rest == 1;
}

bool iban_parse(const char *typed, char ret[IBAN_LENGTH_MAX + 1])
{
	size_t length = 0;

	for (const char *at = typed; *at != '\0'; at++) {
		unsigned char c = (unsigned char)*at;
		if (c == ' ')
			continue;
		if (c >= 0x80 || !isalnum(c) || length == IBAN_LENGTH_MAX)
			return false;
		ret[length++] = (char)toupper(c);
	}
	ret[length] = '\0';
	return length > 4 && length == length_of(ret) && isdigit((unsigned char)ret[2]) &&
	       isdigit((unsigned char)ret[3]) && checks(ret, length);
}

void iban_mask(const char *number, bool is_iban, char ret[IBAN_MASKED_SIZE])
{
	size_t length = strlen(number);
	size_t shown = length >= 8 ? 4 : length / 2;

	assert(length > 0 && length <= IBAN_LENGTH_MAX);
	snprintf(ret, IBAN_MASKED_SIZE, "%.*s%s\u2022\u2022\u2022\u2022 %s", is_iban ? 4 : 0,
	         number, is_iban ? " " : "", number + length - shown);
}
