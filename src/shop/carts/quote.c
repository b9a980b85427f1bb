#include "shop/carts/quote.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "api.gen.h"
#include "base/codec.h"
#include "base/limits.h"
#include "base/money.h"

enum { HASH_BYTES = 16 };

_Static_assert(BASE64URL_LENGTH(HASH_BYTES) == QUOTE_HASH_LENGTH, "the text of the digest");
_Static_assert((int)LIMIT_CART_LINES <= (int)ALLOCATE_PARTS_MAX,
               "the fee is allocated to all groups");

static const struct quote_method *method_of(const struct quote_group *group, struct uuid id)
{
	for (size_t i = 0; i < group->method_count; i++)
		if (uuid_equal(group->methods[i].id, id))
			return &group->methods[i];
	return NULL;
}

static void group_subtotal(struct quote_group *group)
{
	assert(group->line_count > 0);
	group->amounts.subtotal = 0;
	for (size_t i = 0; i < group->line_count; i++) {
		struct quote_line *line = &group->lines[i];
		assert(line->goods.quantity > 0 && line->goods.price >= 0);
		line->goods.total = 0;
		if (line->problem == LINE_UNAVAILABLE)
			continue;
		line->goods.total = line->goods.price * line->goods.quantity;
		if (line->problem == LINE_SELLABLE)
			group->amounts.subtotal += line->goods.total;
	}
}

/* Unavailable lines are not shipped. */
static bool has_goods(const struct quote_group *group)
{
	for (size_t i = 0; i < group->line_count; i++)
		if (group->lines[i].problem != LINE_UNAVAILABLE)
			return true;
	return false;
}

/* Computes the cost of each method for this group; the cheapest is the default choice. */
static void group_methods(struct quote_group *group)
{
	group->method = NULL;
	for (size_t i = 0; i < group->method_count; i++) {
		struct quote_method *method = &group->methods[i];
		bool free =
		    method->free_above >= 0 && group->amounts.subtotal >= method->free_above;
		assert(method->list_price >= 0);
		method->price = free ? 0 : method->list_price;
		if (group->method == NULL || method->price < group->method->price)
			group->method = method;
	}
	group->undeliverable = group->method == NULL && has_goods(group);
}

static struct quote_group *group_of(struct quote *quote, struct uuid vendor_id)
{
	for (size_t g = 0; g < quote->group_count; g++)
		if (uuid_equal(quote->groups[g].vendor_id, vendor_id))
			return &quote->groups[g];
	return NULL;
}

static bool chosen_before(const struct shipping_choice_input_in *choices, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (uuid_equal(choices[i].vendor_id, choices[at].vendor_id))
			return true;
	return false;
}

static struct quote_wrong choose_methods(struct quote *quote, size_t count,
                                         const struct shipping_choice_input_in *choices)
{
	struct quote_wrong wrong = {0};

	assert(count == 0 || choices != NULL);
	for (size_t i = 0; i < count; i++) {
		struct quote_group *group = group_of(quote, choices[i].vendor_id);
		const struct quote_method *method =
		    group != NULL ? method_of(group, choices[i].method_id) : NULL;
		if (chosen_before(choices, i))
			return (struct quote_wrong){CHOICE_TWICE, i};
		if (method != NULL)
			group->method = method;
		else if (wrong.what == CHOICES_FINE)
			wrong = (struct quote_wrong){
			    group != NULL ? CHOICE_OF_NO_METHOD : CHOICE_OF_NO_VENDOR, i};
	}
	return wrong;
}

/* Allocates the service fee of the whole order to the vendors' parts. Its percentage is kept
 * separately, because it is reduced when goods are cancelled. */
static void allocate_fee(struct quote *quote)
{
	int64_t weights[LIMIT_CART_LINES], shares[LIMIT_CART_LINES], percent[LIMIT_CART_LINES];
	int64_t of_goods =
	    money_basis_points(quote->amounts.subtotal, quote->terms.service_fee_basis_points);

	assert(of_goods >= 0 && of_goods <= quote->amounts.subtotal);
	assert(quote->terms.service_fee_fixed >= 0);
	quote->amounts.fee = quote->terms.service_fee_fixed + of_goods;
	if (quote->amounts.subtotal == 0 || quote->amounts.fee == 0) {
		quote->amounts.fee = 0;
		return;
	}
	for (size_t g = 0; g < quote->group_count; g++)
		weights[g] = quote->groups[g].amounts.subtotal;
	allocate(quote->amounts.fee, quote->group_count, weights, shares);
	allocate(of_goods, quote->group_count, shares, percent); /* none exceeds its share */
	for (size_t g = 0; g < quote->group_count; g++) {
		assert(percent[g] <= shares[g]);
		quote->groups[g].amounts.fee = shares[g];
		quote->groups[g].percent_fee = percent[g];
	}
}

static void hash_numbers(crypto_generichash_state *state, size_t count, const int64_t numbers[])
{
	crypto_generichash_update(state, (const unsigned char *)numbers,
	                          count * sizeof(numbers[0]));
}

/* Counts precede the counted items, so that different quotes never hash the same bytes. */
static void hash_group(crypto_generichash_state *state, const struct quote_group *group)
{
	const struct amounts *sum = &group->amounts;
	const struct quote_method *method = group->method;
	const int64_t amounts[] = {sum->subtotal, sum->shipping, sum->discount, sum->tax, sum->fee};
	const int64_t shape[] = {(int64_t)group->line_count, method != NULL,
	                         method != NULL ? method->handling_days : 0};

	crypto_generichash_update(state, group->vendor_id.bytes, 16);
	hash_numbers(state, 3, shape);
	if (method != NULL)
		crypto_generichash_update(state, method->id.bytes, 16);
	hash_numbers(state, sizeof(amounts) / sizeof(amounts[0]), amounts);
	for (size_t i = 0; i < group->line_count; i++) {
		const struct quote_line *line = &group->lines[i];
		const int64_t sold[] = {line->goods.quantity, line->goods.price, line->problem};
		crypto_generichash_update(state, line->goods.variant_id.bytes, 16);
		hash_numbers(state, 3, sold);
	}
}

/* An address affects a price only through hashed values: shipping and tax. */
static void hash_quote(struct quote *quote)
{
	crypto_generichash_state state;
	unsigned char digest[HASH_BYTES];
	const int64_t groups = (int64_t)quote->group_count;

	crypto_generichash_init(&state, NULL, 0, sizeof(digest));
	crypto_generichash_update(&state, (const unsigned char *)quote->terms.currency,
	                          sizeof(quote->terms.currency));
	hash_numbers(&state, 1, &groups);
	for (size_t g = 0; g < quote->group_count; g++)
		hash_group(&state, &quote->groups[g]);
	crypto_generichash_final(&state, digest, sizeof(digest));
	base64url_encode(digest, sizeof(digest), quote->hash);
}

static bool group_adds_up(const struct quote_group *group)
{
	int64_t sold = 0;

	for (size_t i = 0; i < group->line_count; i++)
		if (group->lines[i].problem == LINE_SELLABLE)
			sold += group->lines[i].goods.total;
	return sold == group->amounts.subtotal && group->percent_fee <= group->amounts.fee &&
	       group->amounts.shipping >= 0 && amounts_add_up(&group->amounts);
}

/* Every line is in one group, and every amount is the sum over the groups. */
static bool quote_adds_up(const struct quote *quote)
{
	struct amounts sum = {0};
	const struct quote_line *next = quote->lines;

	for (size_t g = 0; g < quote->group_count; g++) {
		const struct quote_group *group = &quote->groups[g];

		if (group->lines != next || !group_adds_up(group))
			return false;
		next += group->line_count;
		sum.subtotal += group->amounts.subtotal;
		sum.shipping += group->amounts.shipping;
		sum.fee += group->amounts.fee;
		sum.total += group->amounts.total;
	}
	return next == quote->lines + quote->line_count && amounts_add_up(&quote->amounts) &&
	       sum.subtotal == quote->amounts.subtotal && sum.shipping == quote->amounts.shipping &&
	       sum.fee == quote->amounts.fee && sum.total == quote->amounts.total;
}

struct quote_wrong quote_price(struct quote *quote, size_t choice_count,
                               const struct shipping_choice_input_in *choices)
{
	struct amounts *all = &quote->amounts;
	struct quote_wrong wrong;

	assert(quote->group_count <= quote->line_count && quote->line_count <= LIMIT_CART_LINES);
	quote->undeliverable_count = 0;
	for (size_t g = 0; g < quote->group_count; g++) {
		group_subtotal(&quote->groups[g]);
		group_methods(&quote->groups[g]);
		quote->undeliverable_count += quote->groups[g].undeliverable;
	}
	wrong = choose_methods(quote, choice_count, choices);
	*all = (struct amounts){0};
	for (size_t g = 0; g < quote->group_count; g++) {
		const struct quote_group *group = &quote->groups[g];
		struct amounts *part = &quote->groups[g].amounts;
		part->shipping =
		    group->method != NULL && part->subtotal > 0 ? group->method->price : 0;
		part->fee = 0;
		quote->groups[g].percent_fee = 0;
		all->subtotal += part->subtotal;
		all->shipping += part->shipping;
		all->discount += part->discount;
		all->tax += part->tax;
	}
	allocate_fee(quote);
	all->total = amounts_total(all);
	for (size_t g = 0; g < quote->group_count; g++)
		quote->groups[g].amounts.total = amounts_total(&quote->groups[g].amounts);
	assert(quote_adds_up(quote));
	assert(wrong.what == CHOICES_FINE || wrong.choice < choice_count);
	hash_quote(quote);
	return wrong;
}
