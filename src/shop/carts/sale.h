/*
 * sale: code shared by quotes and orders: the amounts of an order or of a vendor's part, the goods
 * of a line, and their JSON.
 *
 * Amounts are minor units of one currency, which is stored by the owner of the struct.
 */
#ifndef SEBEZ_SHOP_CARTS_SALE_H
#define SEBEZ_SHOP_CARTS_SALE_H

#include <stdbool.h>

#include "base/json.h"
#include "base/uuid.h"

/* total = subtotal + shipping - discount + tax + fee */
struct amounts {
	int64_t subtotal, shipping, discount, tax, fee, total;
};

struct goods {
	struct uuid variant_id, product_id;
	const char *title, *variant_title, *sku; /* sku may be NULL */
	const char *image;                       /* as kept (shop/image.h); NULL: none */
	int32_t quantity;
	int64_t price, total;
};

int64_t amounts_total(const struct amounts *amounts); /* what the total must be */
bool amounts_add_up(const struct amounts *amounts);

/* Write members of the open object. */
void amounts_json(const struct amounts *amounts, const char *currency, struct json *json);
void goods_json(const struct goods *goods, const char *currency, struct json *json);
/* "vendor": {...}; slug may be NULL. */
void seller_json(struct uuid id, const char *name, const char *slug, struct json *json);

#endif
