/*
 * quote_json: writes a quote as the contract's Quote and Cart.
 */
#include <assert.h>
#include <string.h>

#include "shop/carts/quote.h"

static const char *const PROBLEM_CODES[] = {
    [LINE_SELLABLE] = NULL,
    [LINE_UNAVAILABLE] = "unavailable",
    [LINE_OUT_OF_STOCK] = "out_of_stock",
};

_Static_assert(sizeof(PROBLEM_CODES) / sizeof(PROBLEM_CODES[0]) == LINE_PROBLEM_COUNT,
               "each problem has its code");

static void put_available(struct json *json, const struct quote_line *line)
{
	assert(line->available >= 0);
	json_key(json, "available");
	if (line->tracked)
		json_int(json, line->available);
	else
		json_nil(json);
}

static void one_line(struct json *json, const struct quote *quote, const struct quote_line *line)
{
	assert(line->problem < LINE_PROBLEM_COUNT);
	json_open_object(json);
	goods_json(&line->goods, quote->terms.currency, json);
	put_available(json, line);
	json_key(json, "tracked");
	json_bool(json, line->tracked);
	json_key(json, "backorder");
	json_bool(json, line->backorder);
	json_put_str(json, "problem", PROBLEM_CODES[line->problem]);
	json_close_object(json);
}

static void group_lines(struct json *json, const struct quote *quote,
                        const struct quote_group *group)
{
	json_key(json, "lines");
	json_open_array(json);
	for (size_t i = 0; i < group->line_count; i++)
		one_line(json, quote, &group->lines[i]);
	json_close_array(json);
}

static void group_methods(struct json *json, const struct quote *quote,
                          const struct quote_group *group)
{
	json_key(json, "shipping_methods");
	json_open_array(json);
	for (size_t i = 0; i < group->method_count; i++) {
		const struct quote_method *method = &group->methods[i];
		json_open_object(json);
		json_put_uuid(json, "id", method->id);
		json_put_str(json, "name", method->name);
		json_put_money(json, "price", method->price, quote->terms.currency);
		json_put_int(json, "handling_days", method->handling_days);
		json_close_object(json);
	}
	json_close_array(json);
	json_key(json, "shipping_method_id");
	if (group->method != NULL)
		json_uuid(json, group->method->id);
	else
		json_nil(json);
}

static void no_delivery(struct json *json, const struct quote_group *group)
{
	assert(group->undeliverable && group->method == NULL);
	json_open_object(json);
	json_put_uuid(json, "vendor_id", group->vendor_id);
	json_key(json, "variant_id");
	json_nil(json);
	json_put_str(json, "code", "no_delivery");
	json_key(json, "available");
	json_nil(json);
	json_close_object(json);
}

static void problems(struct json *json, const struct quote *quote)
{
	size_t count = 0;

	json_key(json, "problems");
	json_open_array(json);
	for (size_t i = 0; i < quote->line_count; i++) {
		const struct quote_line *line = &quote->lines[i];
		if (line->problem == LINE_SELLABLE)
			continue;
		json_open_object(json);
		json_put_uuid(json, "vendor_id", line->vendor_id);
		json_put_uuid(json, "variant_id", line->goods.variant_id);
		json_put_str(json, "code", PROBLEM_CODES[line->problem]);
		put_available(json, line);
		json_close_object(json);
		count++;
	}
	assert(count == quote->problem_count);
	for (size_t g = 0; g < quote->group_count; g++) {
		if (!quote->groups[g].undeliverable)
			continue;
		no_delivery(json, &quote->groups[g]);
		count++;
	}
	assert(count == quote->problem_count + quote->undeliverable_count);
	json_close_array(json);
}

void quote_json(const struct quote *quote, struct json *json)
{
	assert(strlen(quote->hash) == QUOTE_HASH_LENGTH); /* it is priced */
	json_open_object(json);
	amounts_json(&quote->amounts, quote->terms.currency, json);
	json_put_str(json, "currency", quote->terms.currency);
	json_put_str(json, "hash", quote->hash);
	json_key(json, "vendors");
	json_open_array(json);
	for (size_t g = 0; g < quote->group_count; g++) {
		const struct quote_group *group = &quote->groups[g];
		json_open_object(json);
		seller_json(group->vendor_id, group->vendor_name, group->vendor_slug, json);
		group_lines(json, quote, group);
		group_methods(json, quote, group);
		amounts_json(&group->amounts, quote->terms.currency, json);
		json_close_object(json);
	}
	json_close_array(json);
	problems(json, quote);
	json_close_object(json);
}

void quote_cart_json(const struct quote *quote, struct json *json)
{
	int64_t pieces = 0;

	for (size_t i = 0; i < quote->line_count; i++)
		pieces += quote->lines[i].goods.quantity;
	json_open_object(json);
	json_key(json, "id");
	if (uuid_is_nil(quote->cart_id))
		json_nil(json);
	else
		json_uuid(json, quote->cart_id);
	json_put_int(json, "quantity", pieces);
	json_put_money(json, "subtotal", quote->amounts.subtotal, quote->terms.currency);
	json_key(json, "vendors");
	json_open_array(json);
	for (size_t g = 0; g < quote->group_count; g++) {
		const struct quote_group *group = &quote->groups[g];
		json_open_object(json);
		seller_json(group->vendor_id, group->vendor_name, group->vendor_slug, json);
		group_lines(json, quote, group);
		json_put_money(json, "subtotal", group->amounts.subtotal, quote->terms.currency);
		json_close_object(json);
	}
	json_close_array(json);
	json_key(json, "updated_at");
	if (uuid_is_nil(quote->cart_id))
		json_nil(json);
	else
		json_time(json, quote->updated_at);
	json_close_object(json);
}
