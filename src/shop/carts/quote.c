#include "shop/carts/quote.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "api.gen.h"
#include "base/codec.h"
#include "base/limits.h"
#include "base/money.h"

static const struct quote_method *method_of(const struct quote_group *group, struct uuid id)
{
	for (size_t i = 0; i < group->method_count; i++)
		if (uuid_equal(group->methods[i].id, id))
			return &group->methods[i];
	return NULL;
}

static void group_subtotal(struct quote_group *group)
{
	group->amounts.subtotal = 0;
	for (size_t i = 0; i < group->line_count; i++) {
		struct quote_line *line = &group->lines[i];
		line->goods.total = 0;
		if (line->problem == LINE_UNAVAILABLE)
			continue;
		line->goods.total = line->goods.price * line->goods.quantity;
		if (line->problem == LINE_SELLABLE)
			group->amounts.subtotal += line->goods.total;
	}
}

/* What each method costs this group, and the cheapest as the choice until another is made. */
static void group_methods(struct quote_group *group)
{
	group->method = NULL;
	for (size_t i = 0; i < group->method_count; i++) {
		struct quote_method *method = &group->methods[i];
		bool free =
		    method->free_above >= 0 && group->amounts.subtotal >= method->free_above;
		method->price = free ? 0 : method->list_price;
		if (!group->method || method->price < group->method->price)
			group->method = method;
	}
}

/* -1, or the index of the choice that names no method of the vendor's. */
static int choose_methods(struct quote *quote, size_t count,
                          const struct shipping_choice_input_in *choices)
{
	for (size_t g = 0; g < quote->group_count; g++) {
		struct quote_group *group = &quote->groups[g];
		group_subtotal(group);
		group_methods(group);
		for (size_t i = 0; i < count; i++) {
			if (!uuid_equal(choices[i].vendor_id, group->vendor_id))
				continue;
			group->method = method_of(group, choices[i].method_id);
			if (!group->method)
				return (int)i;
		}
	}
	return -1;
}

/* The service fee belongs to the whole order; each vendor's part carries its share. */
static void allocate_fee(struct quote *quote)
{
	int64_t weights[LIMIT_CART_LINES], shares[LIMIT_CART_LINES];

	if (quote->group_count == 0 || quote->amounts.subtotal == 0)
		return;
	quote->amounts.fee =
	    quote->terms.service_fee_fixed +
	    money_basis_points(quote->amounts.subtotal, quote->terms.service_fee_basis_points);
	for (size_t g = 0; g < quote->group_count; g++)
		weights[g] = quote->groups[g].amounts.subtotal;
	allocate(quote->amounts.fee, quote->group_count, weights, shares);
	for (size_t g = 0; g < quote->group_count; g++)
		quote->groups[g].amounts.fee = shares[g];
}

static void hash_quote(struct quote *quote)
{
	crypto_generichash_state state;
	unsigned char digest[16];

	crypto_generichash_init(&state, NULL, 0, sizeof digest);
	for (size_t g = 0; g < quote->group_count; g++) {
		const struct quote_group *group = &quote->groups[g];
		const int64_t amounts[] = {group->amounts.subtotal, group->amounts.shipping,
		                           group->amounts.discount, group->amounts.tax,
		                           group->amounts.fee};
		crypto_generichash_update(&state, group->vendor_id.bytes, 16);
		if (group->method)
			crypto_generichash_update(&state, group->method->id.bytes, 16);
		crypto_generichash_update(&state, (const unsigned char *)amounts, sizeof amounts);
		for (size_t i = 0; i < group->line_count; i++) {
			const struct quote_line *line = &group->lines[i];
			const int64_t sold[] = {line->goods.quantity, line->goods.price,
			                        line->problem};
			crypto_generichash_update(&state, line->goods.variant_id.bytes, 16);
			crypto_generichash_update(&state, (const unsigned char *)sold, sizeof sold);
		}
	}
	crypto_generichash_final(&state, digest, sizeof digest);
	base64url_encode(digest, sizeof digest, quote->hash);
}

static int64_t total_of(const struct amounts *amounts)
{
	return amounts->subtotal + amounts->shipping - amounts->discount + amounts->tax +
	       amounts->fee;
}

int quote_price(struct quote *quote, size_t choice_count,
                const struct shipping_choice_input_in *choices)
{
	struct amounts *all = &quote->amounts;
	int wrong;

	assert(quote->group_count <= LIMIT_CART_LINES);
	wrong = choose_methods(quote, choice_count, choices);
	if (wrong >= 0)
		return wrong;

	*all = (struct amounts){0};
	for (size_t g = 0; g < quote->group_count; g++) {
		const struct quote_group *group = &quote->groups[g];
		struct amounts *part = &quote->groups[g].amounts;
		part->shipping = group->method && part->subtotal > 0 ? group->method->price : 0;
		part->fee = 0;
		all->subtotal += part->subtotal;
		all->shipping += part->shipping;
		all->discount += part->discount;
		all->tax += part->tax;
	}
	allocate_fee(quote);
	for (size_t g = 0; g < quote->group_count; g++)
		quote->groups[g].amounts.total = total_of(&quote->groups[g].amounts);
	all->total = total_of(all);
	hash_quote(quote);
	return -1;
}
