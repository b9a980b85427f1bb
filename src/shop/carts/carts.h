/*
 * carts: the cart of a customer or guest, and its price.
 *
 * For other areas: quote_ask and quote_fetch, with which an order reads its cart.
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

/* The rows of a cart, available once the batch has run. */
struct quote_rows {
	const struct rows *cart, *lines, *methods, *terms;
};

/* Adds to the batch the statements for a quote of the actor's open cart, with delivery to the
 * country; NULL: to any country. */
struct quote_rows quote_ask(struct db *batch, const char *country);

/* After db_run: the quote, not yet priced (see quote_price). In the task's arena. */
struct quote *quote_fetch(struct db *batch, const struct quote_rows *asked);

/* Puts that quantity of a published variant into the actor's open cart, which is made if missing.
 */
void cart_put(struct db *db, struct uuid variant_id, int32_t quantity);

/* Ends the task with an error that names the invalid choice. */
_Noreturn void quote_end_wrong(struct task *task, struct quote_wrong wrong);

#endif
