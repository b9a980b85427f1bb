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
	group->subtotal = 0;
	for (size_t i = 0; i < group->line_count; i++) {
		struct quote_line *line = &group->lines[i];
		line->total = 0;
		if (line->problem == LINE_UNAVAILABLE)
			continue;
		line->total = line->price * line->quantity;
		if (line->problem == LINE_SELLABLE)
			group->subtotal += line->total;
	}
}

/* What each method costs this group, and the cheapest as the choice until another is made. */
static void group_methods(struct quote_group *group)
{
	group->method = NULL;
	for (size_t i = 0; i < group->method_count; i++) {
		struct quote_method *method = &group->methods[i];
		bool free = method->free_above >= 0 && group->subtotal >= method->free_above;
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

	if (quote->group_count == 0 || quote->subtotal == 0)
		return;
	quote->fee = quote->terms.service_fee_fixed +
	             money_basis_points(quote->subtotal, quote->terms.service_fee_basis_points);
	for (size_t g = 0; g < quote->group_count; g++)
		weights[g] = quote->groups[g].subtotal;
	allocate(quote->fee, quote->group_count, weights, shares);
	for (size_t g = 0; g < quote->group_count; g++)
		quote->groups[g].fee = shares[g];
}

static void hash_quote(struct quote *quote)
{
	crypto_generichash_state state;
	unsigned char digest[16];

	crypto_generichash_init(&state, NULL, 0, sizeof digest);
	for (size_t g = 0; g < quote->group_count; g++) {
		const struct quote_group *group = &quote->groups[g];
		const int64_t amounts[] = {group->subtotal, group->shipping, group->discount,
		                           group->tax, group->fee};
		crypto_generichash_update(&state, group->vendor_id.bytes, 16);
		if (group->method)
			crypto_generichash_update(&state, group->method->id.bytes, 16);
		crypto_generichash_update(&state, (const unsigned char *)amounts, sizeof amounts);
		for (size_t i = 0; i < group->line_count; i++) {
			const struct quote_line *line = &group->lines[i];
			const int64_t sold[] = {line->quantity, line->price, line->problem};
			crypto_generichash_update(&state, line->variant_id.bytes, 16);
			crypto_generichash_update(&state, (const unsigned char *)sold, sizeof sold);
		}
	}
	crypto_generichash_final(&state, digest, sizeof digest);
	base64url_encode(digest, sizeof digest, quote->hash);
}

int quote_price(struct quote *quote, size_t choice_count,
                const struct shipping_choice_input_in *choices)
{
	int wrong;

	assert(quote->group_count <= LIMIT_CART_LINES);
	wrong = choose_methods(quote, choice_count, choices);
	if (wrong >= 0)
		return wrong;

	quote->subtotal = quote->shipping = quote->discount = quote->tax = quote->fee = 0;
	for (size_t g = 0; g < quote->group_count; g++) {
		struct quote_group *group = &quote->groups[g];
		group->shipping = group->method && group->subtotal > 0 ? group->method->price : 0;
		group->fee = 0;
		quote->subtotal += group->subtotal;
		quote->shipping += group->shipping;
		quote->discount += group->discount;
		quote->tax += group->tax;
	}
	allocate_fee(quote);
	for (size_t g = 0; g < quote->group_count; g++) {
		struct quote_group *group = &quote->groups[g];
		group->total =
		    group->subtotal + group->shipping - group->discount + group->tax + group->fee;
	}
	quote->total =
	    quote->subtotal + quote->shipping - quote->discount + quote->tax + quote->fee;
	hash_quote(quote);
	return -1;
}
