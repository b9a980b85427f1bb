/*
 * carts: what a customer or guest is about to order, and its price.
 *
 * For other areas: quote_ask and quote_fetch, with which an order reads the cart that it is made
 * of.
 */
#ifndef SEBEZ_SHOP_CARTS_CARTS_H
#define SEBEZ_SHOP_CARTS_CARTS_H

#include "shop/area.h"
#include "shop/carts/quote.h"
#include "task/db.h"

extern const struct area AREA_CARTS;

extern const struct problem_code PROBLEM_QUOTE_CHANGED[1];
extern const struct problem_code PROBLEM_OUT_OF_STOCK[1];
extern const struct problem_code PROBLEM_NO_DELIVERY[1];
extern const struct problem_code PROBLEM_CART_EMPTY[1];
extern const struct problem_code PROBLEM_CART_ORDERED[1];

/* The rows of a cart, promised by a batch until it has run. */
struct quote_rows {
	const struct rows *cart, *lines, *methods, *terms;
};

/* Adds to the batch what a quote of the actor's open cart is made of, for delivery to that country;
 * NULL: to wherever its vendors deliver. */
struct quote_rows quote_ask(struct db *batch, const char *country);

/* After db_run: the quote, not yet priced (quote_price). In the task's arena. */
struct quote *quote_fetch(struct db *batch, const struct quote_rows *asked);

/* Puts so many of a published variant into the actor's open cart, which is made when there is none.
 */
void cart_put(struct db *db, struct uuid variant_id, int32_t quantity);

/* Ends the task because of a choice that is wrong, naming it. */
_Noreturn void quote_end_wrong(struct task *task, struct quote_wrong wrong);

#endif
