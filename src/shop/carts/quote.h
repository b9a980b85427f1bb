/*
 * quote: a cart priced for one choice of delivery per vendor. Plain data and arithmetic; reading it
 * from the database is carts.h's.
 *
 * Invariants after quote_price: each group's total = subtotal + shipping - discount + tax + fee;
 * the quote's amounts are the sums of its groups'; the fee, which belongs to the whole order, is
 * allocated over the groups by largest remainder. Lines that cannot be sold (problem != SELLABLE)
 * count in no sum.
 *
 * All amounts are minor units of the quote's currency. Everything lives in one arena.
 */
#ifndef SEBEZ_SHOP_CARTS_QUOTE_H
#define SEBEZ_SHOP_CARTS_QUOTE_H

#include "shop/carts/sale.h"

struct shipping_choice_input_in; /* of the contract: vendor_id, method_id */

enum line_problem { LINE_SELLABLE, LINE_UNAVAILABLE, LINE_OUT_OF_STOCK };

struct quote_line {
	struct uuid vendor_id;
	struct goods goods;
	int64_t available; /* 0 when it is not counted */
	bool tracked;      /* else any number can be bought */
	bool backorder;    /* more than is available can be bought */
	enum line_problem problem;
};

struct quote_method {
	struct uuid id;
	const char *name;
	int64_t price; /* for this group: 0 when its subtotal is free_above or more */
	int64_t list_price;
	int64_t free_above; /* -1: never free */
	int32_t handling_days;
};

struct quote_group {
	struct uuid vendor_id;
	const char *vendor_name, *vendor_slug;
	int32_t commission_basis_points;
	struct quote_line *lines;
	size_t line_count;
	struct quote_method *methods; /* that go there, cheapest first */
	size_t method_count;
	const struct quote_method *method; /* the one chosen, NULL when there is none */
	bool undeliverable;                /* there are goods to send, and no method */
	struct amounts amounts;
	int64_t percent_fee; /* what of amounts.fee is a percentage of the subtotal */
};

struct quote_terms {
	char currency[4];
	int64_t service_fee_fixed;
	int32_t service_fee_basis_points;
	int32_t commission_basis_points;
	int32_t payment_hours, accept_hours;
};

#define QUOTE_HASH_LENGTH 22

struct quote {
	struct uuid cart_id; /* nil when there is no cart yet */
	int32_t cart_version;
	int64_t updated_at; /* of the cart */
	struct quote_terms terms;
	struct quote_line *lines; /* sorted by (vendor, variant); groups point into it */
	size_t line_count;
	struct quote_group *groups;
	size_t group_count;
	size_t problem_count;       /* lines that cannot be sold */
	size_t undeliverable_count; /* groups */
	struct amounts amounts;
	char hash[QUOTE_HASH_LENGTH + 1]; /* of all that the customer agrees to by ordering */
};

/*
 * quote_price: chooses each group's delivery and computes every amount.
 *
 * choices name a vendor's method; vendors without one get their cheapest. Choices that name nothing
 * that is offered count as not made, and the first of them is told; a vendor named twice is told
 * before them, and such a quote is not to be used.
 */
struct quote_wrong {
	enum { CHOICES_FINE, CHOICE_OF_NO_VENDOR, CHOICE_TWICE, CHOICE_OF_NO_METHOD } what;
	size_t choice; /* its index */
};

struct quote_wrong quote_price(struct quote *quote, size_t choice_count,
                               const struct shipping_choice_input_in *choices);

/* The shapes of the contract. */
void quote_json(const struct quote *quote, struct json *json);
void quote_cart_json(const struct quote *quote,
                     struct json *json); /* as a cart, without delivery */

#endif
