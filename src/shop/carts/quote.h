/*
 * quote: a cart priced for one choice of delivery per vendor. Plain data and arithmetic; carts.h
 * reads it from the database.
 *
 * Invariants after quote_price: each group's total = subtotal + shipping - discount + tax + fee;
 * the quote's amounts are the sums of its groups'; the fee, which is charged per order, is
 * allocated to the groups by largest remainder. Lines that cannot be sold (problem != SELLABLE) are
 * in no sum.
 *
 * All amounts are minor units of the quote's currency. Everything is in one arena.
 */
#ifndef SEBEZ_SHOP_CARTS_QUOTE_H
#define SEBEZ_SHOP_CARTS_QUOTE_H

#include "shop/carts/sale.h"
#include "shop/commissions/commissions.h"

struct shipping_choice_input_in; /* of the contract: vendor_id, method_id */

enum line_problem { LINE_SELLABLE, LINE_UNAVAILABLE, LINE_OUT_OF_STOCK, LINE_PROBLEM_COUNT };

struct quote_line {
	struct uuid vendor_id;
	struct goods goods;
	int64_t available; /* 0 when untracked */
	bool tracked;      /* false: any quantity can be bought */
	bool backorder;    /* more than available can be bought */
	enum line_problem problem;
	struct commission_terms commission;
};

struct quote_method {
	struct uuid id;
	const char *name;
	int64_t price; /* for this group: 0 from a subtotal of free_above */
	int64_t list_price;
	int64_t free_above; /* -1: never free */
	int32_t handling_days;
};

struct quote_group {
	struct uuid vendor_id;
	const char *vendor_name, *vendor_slug;
	struct quote_line *lines;
	size_t line_count;
	struct quote_method *methods; /* available to the destination, cheapest first */
	size_t method_count;
	const struct quote_method *method; /* the chosen one, NULL for none */
	bool undeliverable;                /* has goods to ship, but no method */
	struct amounts amounts;
	int64_t percent_fee; /* the part of amounts.fee that is a percentage of the subtotal */
};

struct quote_terms {
	char currency[4];
	int64_t service_fee_fixed;
	int32_t service_fee_basis_points;
	struct commission_defaults commission;
	int32_t payment_hours, accept_hours;
};

#define QUOTE_HASH_LENGTH 22

struct quote {
	struct uuid cart_id; /* nil: no cart yet */
	int32_t cart_version;
	int64_t updated_at; /* of the cart */
	struct quote_terms terms;
	struct quote_line *lines; /* sorted by (vendor, variant); groups point into it */
	size_t line_count;
	struct quote_group *groups;
	size_t group_count;
	size_t problem_count;       /* number of lines that cannot be sold */
	size_t undeliverable_count; /* groups with undeliverable set */
	struct amounts amounts;
	char hash[QUOTE_HASH_LENGTH + 1]; /* of all that the customer agrees to */
};

/*
 * quote_price: chooses each group's delivery and computes every amount.
 *
 * choices names a method per vendor; other vendors get their cheapest. Choices of something not
 * offered are ignored, and the first one is returned. A vendor named twice is returned in
 * preference to those, and such a quote must not be used.
 */
struct quote_wrong {
	enum { CHOICES_FINE, CHOICE_OF_NO_VENDOR, CHOICE_TWICE, CHOICE_OF_NO_METHOD } what;
	size_t choice; /* index in choices */
};

struct quote_wrong quote_price(struct quote *quote, size_t choice_count,
                               const struct shipping_choice_input_in *choices);

/* Write the contract's types. */
void quote_json(const struct quote *quote, struct json *json);
void quote_cart_json(const struct quote *quote,
                     struct json *json); /* as a cart, without delivery */

#endif
