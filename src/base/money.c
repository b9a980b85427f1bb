#include "base/money.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The dividend of allocate: a magnitude below 2^63 + 1 times a weight below 2^63 fits in 127 bits.
 * */
struct division {
	__int128 magnitude;
	__int128 total; /* sum of the weights; > 0 */
	const int64_t *weights;
	bool even; /* all weights are zero and count as one each */
};

static __int128 share_of(const struct division *division, size_t part)
{
	return division->magnitude * (division->even ? 1 : division->weights[part]);
}

static __int128 sum_of(const int64_t amounts[], size_t n)
{
	__int128 sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += amounts[i];
	return sum;
}

static int by_larger_remainder(const void *left, const void *right, void *context)
{
	const struct division *division = context;
	uint16_t a = *(const uint16_t *)left;
	uint16_t b = *(const uint16_t *)right;
	__int128 of_a = share_of(division, a) % division->total;
	__int128 of_b = share_of(division, b) % division->total;

	if (of_a != of_b)
		return of_a > of_b ? -1 : 1;
	return a < b ? -1 : a > b;
}

void allocate(int64_t amount, size_t n, const int64_t weights[], int64_t ret[])
{
	_Static_assert(ALLOCATE_PARTS_MAX <= UINT16_MAX, "a part's number fits in 16 bits");
	uint16_t order[ALLOCATE_PARTS_MAX];
	int sign = amount < 0 ? -1 : 1;
	struct division division = {.magnitude = (__int128)amount * sign, .weights = weights};

	assert(n >= 1 && n <= ALLOCATE_PARTS_MAX && weights != ret);
	for (size_t i = 0; i < n; i++) {
		assert(weights[i] >= 0);
		division.total += weights[i];
		order[i] = (uint16_t)i;
	}
	assert(division.total <= INT64_MAX);
	division.even = division.total == 0;
	if (division.even)
		division.total = (__int128)n;

	__int128 left = division.magnitude;

	for (size_t i = 0; i < n; i++) {
		__int128 share = share_of(&division, i) / division.total;

		left -= share;
		ret[i] = (int64_t)(share * sign);
	}
	if (left == 0)
		return;
	assert(left > 0 && left < (__int128)n);
	qsort_r(order, n, sizeof(order[0]), by_larger_remainder, &division);
	for (size_t i = 0; i < (size_t)left; i++)
		ret[order[i]] += sign;
	assert(sum_of(ret, n) == amount);
}

int64_t money_basis_points(int64_t amount, int32_t basis_points)
{
	assert(basis_points >= 0 && basis_points <= 10000);

	__int128 exact = (__int128)amount * basis_points; /* in ten thousandths */

	__int128 rounded = (exact + (amount < 0 ? -5000 : 5000)) / 10000;

	assert(rounded == 0 || (rounded < 0) == (amount < 0));
	return (int64_t)rounded;
}

bool money_add(int64_t a, int64_t b, int64_t *ret)
{
	int64_t sum;

	if (__builtin_add_overflow(a, b, &sum))
		return false;
	*ret = sum;
	return true;
}

bool money_mul(int64_t a, int64_t b, int64_t *ret)
{
	int64_t product;

	if (__builtin_mul_overflow(a, b, &product))
		return false;
	*ret = product;
	return true;
}

bool currency_is_valid(const char *currency)
{
	for (int i = 0; i < 3; i++) {
		if (currency[i] < 'A' || currency[i] > 'Z')
			return false;
	}
	return currency[3] == 0;
}

int currency_exponent(const char *currency)
{
	/* ISO 4217's exceptions, of four characters each; all others have two places. */
	static const char *const WITH_PLACES[] = {
	    [0] = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF ",
	    [3] = "BHD IQD JOD KWD LYD OMR TND ",
	    [4] = "CLF UYW ",
	};

	_Static_assert(sizeof(WITH_PLACES) / sizeof(WITH_PLACES[0]) == 5, "0 to 4 places");
	assert(currency_is_valid(currency));
	for (int places = 0; places <= 4; places++) {
		if (WITH_PLACES[places] != NULL && strstr(WITH_PLACES[places], currency) != NULL)
			return places;
	}
	return 2;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool add_digit(int64_t *amount, int digit)
{
	return money_mul(*amount, 10, amount) && money_add(*amount, digit, amount);
}

bool money_parse_decimal(const char *text, const char *currency, int64_t *ret_amount)
{
	int missing = currency_exponent(currency);
	int64_t amount = 0;

	if (!is_digit(*text))
		return false;
	for (; is_digit(*text); text++) {
		if (!add_digit(&amount, *text - '0'))
			return false;
	}
	if (*text == '.') {
		text++;
		if (!is_digit(*text))
			return false;
		for (; is_digit(*text); text++, missing--) {
			if (missing == 0 || !add_digit(&amount, *text - '0'))
				return false;
		}
	}
	if (*text != 0)
		return false;
	for (; missing > 0; missing--) {
		if (!add_digit(&amount, 0))
			return false;
	}
	*ret_amount = amount;
	return true;
}

void money_format_decimal(int64_t amount, const char *currency, char ret[32])
{
	int places = currency_exponent(currency);
	uint64_t magnitude = amount < 0 ? 0 - (uint64_t)amount : (uint64_t)amount;
	const char *sign = amount < 0 ? "-" : "";
	uint64_t unit = 1;
	int length;

	for (int i = 0; i < places; i++)
		unit *= 10;
	if (places == 0)
		length = snprintf(ret, 32, "%s%llu", sign, (unsigned long long)magnitude);
	else
		length =
		    snprintf(ret, 32, "%s%llu.%0*llu", sign, (unsigned long long)(magnitude / unit),
		             places, (unsigned long long)(magnitude % unit));
	assert(length > 0 && length < 32);
}
