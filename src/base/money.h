/* money: amounts in a currency's minor unit, and exact arithmetic. */
#ifndef SEBEZ_BASE_MONEY_H
#define SEBEZ_BASE_MONEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ALLOCATE_PARTS_MAX = 1024 };

struct money {
	int64_t amount;   /* minor units, for example cents */
	char currency[4]; /* ISO 4217, three capitals */
};

/*
 * allocate: divides an amount among parts in proportion to their weights, in minor units.
 *
 * The shares always add up to the amount, exactly: the minor units left over after rounding
 * down go to the largest remainders, ties to the earlier part (largest remainder method,
 * Hamilton). Weights that are all zero divide evenly. The amount may be negative (a refund).
 *
 *   n        number of parts, 1 to ALLOCATE_PARTS_MAX
 *   weights  n values >= 0; their sum must fit in int64_t
 *   ret      n shares, in the currency's minor unit; not the array of the weights
 */
void allocate(int64_t amount, size_t n, const int64_t weights[], int64_t ret[]);

/* rate of amount, half away from zero to the minor unit; rate in hundredths of a percent, 0..10000
 */
int64_t money_basis_points(int64_t amount, int32_t basis_points);

bool money_add(int64_t a, int64_t b, int64_t *ret); /* false on overflow, ret untouched */
bool money_mul(int64_t a, int64_t b, int64_t *ret);

/* How many decimal places the currency's minor unit has (ISO 4217): USD 2, JPY 0, KWD 3. */
int currency_exponent(const char *currency);
bool currency_is_valid(const char *currency); /* three capitals */

/* "12.99" → 1299 for USD. Refuses signs, exponents, too many decimals and overflow. */
bool money_parse_decimal(const char *text, const char *currency, int64_t *ret_amount);
void money_format_decimal(int64_t amount, const char *currency, char ret[32]);

#endif
