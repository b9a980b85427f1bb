#include "shop/carts/sale.h"

#include <assert.h>

#include "shop/image.h"

int64_t amounts_total(const struct amounts *amounts)
{
	return amounts->subtotal + amounts->shipping - amounts->discount + amounts->tax +
	       amounts->fee;
}

bool amounts_add_up(const struct amounts *amounts)
{
	return amounts->total == amounts_total(amounts) && amounts->total >= 0;
}

void amounts_json(const struct amounts *amounts, const char *currency, struct json *json)
{
	assert(amounts_add_up(amounts));
	json_put_money(json, "total", amounts->total, currency);
	json_put_money(json, "subtotal", amounts->subtotal, currency);
	json_put_money(json, "shipping", amounts->shipping, currency);
	json_put_money(json, "discount", amounts->discount, currency);
	json_put_money(json, "tax", amounts->tax, currency);
	json_put_money(json, "fee", amounts->fee, currency);
}

void goods_json(const struct goods *goods, const char *currency, struct json *json)
{
	assert(goods->title != NULL && goods->variant_title != NULL && goods->quantity > 0);
	json_put_uuid(json, "variant_id", goods->variant_id);
	json_put_uuid(json, "product_id", goods->product_id);
	json_put_str(json, "title", goods->title);
	json_put_str(json, "variant_title", goods->variant_title);
	json_put_str(json, "sku", goods->sku);
	image_put(json, "image", goods->image);
	json_put_int(json, "quantity", goods->quantity);
	json_put_money(json, "price", goods->price, currency);
	json_put_money(json, "total", goods->total, currency);
}

void seller_json(struct uuid id, const char *name, const char *slug, struct json *json)
{
	assert(name != NULL && !uuid_is_nil(id));
	json_key(json, "vendor");
	json_open_object(json);
	json_put_uuid(json, "id", id);
	json_put_str(json, "name", name);
	if (slug != NULL)
		json_put_str(json, "slug", slug);
	json_close_object(json);
}
