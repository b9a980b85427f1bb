/*
 * preview: tells admins which rule of commission applies to a sale, and what a draft of a rule
 * would have taken of what was ordered. It finds rules by the same code as a quote.
 */
#include <assert.h>
#include <string.h>

#include "api.gen.h"
#include "base/money.h"
#include "commissions.sql.h"
#include "shop/commissions/input.h"
#include "web/reply.h"

enum { SALES_MAX = 20000 }; /* different sales to look at: a second at most */

struct preview {
	struct commission_rules rules;       /* with the draft */
	const struct commission_rule *draft; /* one of the rules; NULL: none */
	struct commission_defaults defaults;
	const char *currency;
};

/* Among rules of the same position, the draft comes last, as the newest. */
static void add_draft(struct arena *arena, struct preview *preview, struct commission_rule draft)
{
	struct commission_rules *rules = &preview->rules;
	struct commission_rule *items = arena_array(arena, rules->count + 1, sizeof(items[0]));
	size_t at = 0;

	while (at < rules->count && rules->items[at].position <= draft.position)
		at++;
	for (size_t i = 0; i < rules->count; i++)
		items[i < at ? i : i + 1] = rules->items[i];
	items[at] = draft;
	*rules = (struct commission_rules){rules->version, rules->count + 1, items};
	preview->draft = &items[at];
}

static const struct commission_rule *first_fit(const struct preview *preview,
                                               const struct commission_goods *goods)
{
	for (size_t i = 0; i < preview->rules.count; i++)
		if (rule_fit(&preview->rules.items[i], goods, preview->defaults.now_us) ==
		    RULE_FITS)
			return &preview->rules.items[i];
	return NULL;
}

static const char *fit_name(const struct commission_rule *rule, const struct commission_rule *first,
                            enum rule_fit fit)
{
	switch (fit) {
	case RULE_FITS:
		return rule == first ? "applies" : "earlier";
	case RULE_TOO_EARLY:
		return "not_yet";
	case RULE_TOO_LATE:
		return "over";
	case RULE_OTHER_GOODS:
		break;
	}
	return "other_goods";
}

static void put_rule_id(const struct preview *preview, const struct commission_rule *rule,
                        struct json *json)
{
	json_key(json, "rule_id");
	if (rule == NULL || rule == preview->draft)
		json_nil(json);
	else
		json_uuid(json, rule->rule_id);
}

static void put_rules(const struct preview *preview, const struct commission_goods *goods,
                      const struct commission_rule *first, struct json *json)
{
	json_key(json, "rules");
	json_open_array(json);
	for (size_t i = 0; i < preview->rules.count; i++) {
		const struct commission_rule *rule = &preview->rules.items[i];
		json_open_object(json);
		put_rule_id(preview, rule, json);
		json_put_str(json, "name", rule->name);
		json_put_str(
		    json, "fit",
		    fit_name(rule, first, rule_fit(rule, goods, preview->defaults.now_us)));
		json_close_object(json);
	}
	json_close_array(json);
}

static const char *source_name(const struct preview *preview, const struct commission_rule *first,
                               const struct commission_goods *goods)
{
	if (first != NULL)
		return first == preview->draft ? "draft" : "rule";
	return goods->vendor_basis_points != NULL ? "vendor" : "marketplace";
}

static void put_amounts(const struct preview *preview, const struct commission_terms *terms,
                        int64_t net, int32_t quantity, int64_t shipping, struct json *json)
{
	int64_t commission = commission_of(terms, net, quantity);
	int64_t of_shipping = commission_of_shipping(terms, shipping);
	int64_t tax = money_basis_points(commission + of_shipping, terms->tax_basis_points);

	json_put_money(json, "goods", net, preview->currency);
	json_put_int(json, "basis_points", terms->basis_points);
	json_put_money(json, "per_unit", terms->per_unit, preview->currency);
	json_put_money(json, "commission", commission, preview->currency);
	json_put_money(json, "shipping_commission", of_shipping, preview->currency);
	json_put_money(json, "commission_tax", tax, preview->currency);
	json_put_money(json, "left", net + shipping - commission - of_shipping - tax,
	               preview->currency);
}

static void check_currency(struct task *task, const struct preview *preview, const char *field,
                           const struct money *given)
{
	if (given != NULL && strcmp(given->currency, preview->currency) != 0)
		task_end_field(task, field, "currency", "This marketplace sells in %s.",
		               preview->currency);
}

static void put_sale(struct db *db, const struct preview *preview,
                     const struct commission_sale_input_in *sale, struct json *json)
{
	size_t count;
	const struct commission_goods_row *row =
	    sql_commission_goods_rows(db, sql_commission_goods(db, sale->product_id), &count);

	if (count == 0)
		task_end_field(db_task(db), "/sale/product_id", "unknown",
		               "must be the id of a product");
	check_currency(db_task(db), preview, "/sale/price/currency", sale->price);
	check_currency(db_task(db), preview, "/sale/shipping/currency", sale->shipping);
	const struct commission_goods goods = {row->vendor_id, sale->product_id, row->path,
	                                       row->basis_points};
	const struct commission_rule *first = first_fit(preview, &goods);
	struct commission_terms terms =
	    commission_find(&preview->rules, &preview->defaults, &goods);
	int64_t price = sale->price != NULL ? sale->price->amount : row->price;

	json_open_object(json);
	json_put_str(json, "source", source_name(preview, first, &goods));
	put_rule_id(preview, first, json);
	put_amounts(preview, &terms, price * sale->quantity, sale->quantity,
	            sale->shipping != NULL ? sale->shipping->amount : 0, json);
	put_rules(preview, &goods, first, json);
	json_close_object(json);
}

/* The draft counts as valid at any time. */
static void put_change(struct db *db, struct preview *preview, int32_t days, struct json *json)
{
	size_t count;
	const struct commission_sales_row *sales =
	    sql_commission_sales_rows(db, sql_commission_sales(db, days, SALES_MAX + 1), &count);
	struct commission_rule *draft =
	    &preview->rules.items[preview->draft - preview->rules.items];
	int64_t lines = 0, before = 0, after = 0;

	draft->valid_from = INT64_MIN;
	draft->valid_until = INT64_MAX;
	for (size_t i = 0; i < count && i < SALES_MAX; i++) {
		const struct commission_sales_row *sale = &sales[i];
		const struct commission_goods goods = {sale->vendor_id, sale->product_id,
		                                       sale->path, NULL};
		if (first_fit(preview, &goods) != draft)
			continue;
		lines += sale->count;
		before += sale->count * sale->commission;
		after += sale->count *
		         commission_of(&draft->terms, sale->price * sale->quantity, sale->quantity);
	}
	json_open_object(json);
	json_put_int(json, "days", days);
	json_put_int(json, "lines", lines);
	json_key(json, "complete");
	json_bool(json, count <= SALES_MAX);
	json_put_money(json, "before", before, preview->currency);
	json_put_money(json, "after", after, preview->currency);
	json_close_object(json);
}

/* POST /v1/admin/commission-rules/preview */
void preview_commission(struct request *rq, const struct preview_commission_in *in)
{
	struct db *db = db_of(&rq->task);
	const struct commission_defaults_row *defaults =
	    sql_commission_defaults_rows(db, sql_commission_defaults(db), NULL);
	struct preview preview = {
	    .rules = rules_read(db),
	    .defaults = {.basis_points = defaults->basis_points,
	                 .tax_basis_points = defaults->tax_basis_points,
	                 .now_us = defaults->now},
	    .currency = defaults->currency,
	};
	struct buf body = buf_new(rq->task.arena, 2048);
	struct json json = json_new(&body);

	if (in->draft != NULL)
		add_draft(rq->task.arena, &preview,
		          rule_checked(db, "/draft", preview.currency, in->draft));
	assert(preview.draft != NULL || in->draft == NULL);
	json_open_object(&json);
	json_key(&json, "sale");
	if (in->sale != NULL)
		put_sale(db, &preview, in->sale, &json);
	else
		json_nil(&json);
	json_key(&json, "change");
	if (preview.draft != NULL)
		put_change(db, &preview, in->days, &json);
	else
		json_nil(&json);
	json_close_object(&json);
	reply_json(rq, 200, &body);
}
