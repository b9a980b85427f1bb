/*
 * commissions: admins see and change the rules of commission. A change adds a version of the rule
 * and leaves the former one to what was sold by it.
 */
#include "shop/commissions/commissions.h"

#include <assert.h>

#include "api.gen.h"
#include "base/limits.h"
#include "commissions.sql.h"
#include "shop/commissions/input.h"
#include "web/page.h"
#include "web/reply.h"

/* GET /v1/admin/commission-rules */
void list_commission_rules(struct request *rq, const struct list_commission_rules_in *in)
{
	struct page page = page_open(rq, in->cursor, in->limit, 0, PAGE_ASCENDING);

	reply_page(rq, &page,
	           sql_commission_rules_page(db_of(&rq->task), NULL, page.after_key, page.after_id,
	                                     page.count));
}

static struct rows *rule(struct db *db, struct uuid id)
{
	return sql_commission_rules_page(db, &id, 0, (struct uuid){{0}}, 1);
}

/* GET /v1/admin/commission-rules/{rule_id} */
void get_commission_rule(struct request *rq, const struct get_commission_rule_in *in)
{
	struct rows *rows = rule(db_of(&rq->task), in->rule_id);

	assert(rows_count(rows) <= 1);
	if (rows_count(rows) == 0)
		task_end(&rq->task, PROBLEM_NOT_FOUND, "Rule not found.");
	reply_row(rq, rows);
}

/* Returns the number of the version that was replaced. */
static int32_t replace(struct request *rq, struct db *tx, struct uuid rule_id)
{
	size_t count;
	const struct commission_rule_replace_row *row;

	sql_commission_rule_exists(tx, rule_id);
	row = sql_commission_rule_replace_rows(
	    tx, sql_commission_rule_replace(tx, rule_id, request_if_match(rq)), &count);
	if (count == 0)
		request_end_changed(rq);
	assert(row->version >= 1);
	return row->version;
}

static void check_count(struct request *rq, struct db *tx)
{
	if (sql_commission_rules_count_rows(tx, sql_commission_rules_count(tx), NULL)->count >=
	    LIMIT_COMMISSION_RULES)
		task_end(&rq->task, PROBLEM_CONFLICT, "There are at most %d rules.",
		         LIMIT_COMMISSION_RULES);
}

static const struct uuid *or_null(const struct uuid *id)
{
	return uuid_is_nil(*id) ? NULL : id;
}

static void insert(struct db *tx, struct uuid rule_id, int32_t version,
                   const struct commission_rule *rule)
{
	sql_commission_rule_insert(
	    tx, &(struct commission_rule_insert_args){
	            .id = uuid_v7(),
	            .rule = rule_id,
	            .version = version,
	            .name = rule->name,
	            .position = rule->position,
	            .vendor = or_null(&rule->vendor_id),
	            .category = or_null(&rule->category_id),
	            .product = or_null(&rule->product_id),
	            .basis_points = rule->terms.basis_points,
	            .per_unit = rule->terms.per_unit,
	            .minimum = rule->terms.minimum > 0 ? &rule->terms.minimum : NULL,
	            .maximum = rule->terms.maximum >= 0 ? &rule->terms.maximum : NULL,
	            .on_shipping = rule->terms.on_shipping,
	            .tax_basis_points = rule->own_tax ? &rule->terms.tax_basis_points : NULL,
	            .valid_from = rule->valid_from != INT64_MIN ? &rule->valid_from : NULL,
	            .valid_until = rule->valid_until != INT64_MAX ? &rule->valid_until : NULL,
	        });
}

/* POST /v1/admin/commission-rules, PUT /v1/admin/commission-rules/{rule_id} */
void put_commission_rule(struct request *rq, const struct put_commission_rule_in *in)
{
	struct db *tx = db_begin(&rq->task);
	const struct commission_rule_input_in input = {
	    .name = in->name,
	    .position = in->position,
	    .vendor_id = in->vendor_id,
	    .category_id = in->category_id,
	    .product_id = in->product_id,
	    .basis_points = in->basis_points,
	    .per_unit = in->per_unit,
	    .minimum = in->minimum,
	    .maximum = in->maximum,
	    .on_shipping = in->on_shipping,
	    .tax_basis_points = in->tax_basis_points,
	    .valid_from = in->valid_from,
	    .valid_until = in->valid_until,
	};
	struct uuid rule_id = in->rule_id != NULL ? *in->rule_id : uuid_v7();
	int32_t version = 0;

	sql_commission_rules_lock(tx);
	if (in->rule_id != NULL)
		version = replace(rq, tx, rule_id);
	else
		check_count(rq, tx);
	const char *currency =
	    sql_commission_defaults_rows(tx, sql_commission_defaults(tx), NULL)->currency;
	struct commission_rule checked = rule_checked(tx, "", currency, &input);

	insert(tx, rule_id, version + 1, &checked);
	reply_commit_row(rq, tx, in->rule_id != NULL ? 200 : 201, rule(tx, rule_id));
}

/* DELETE /v1/admin/commission-rules/{rule_id} */
void delete_commission_rule(struct request *rq, const struct delete_commission_rule_in *in)
{
	struct db *tx = db_begin(&rq->task);

	sql_commission_rules_lock(tx);
	replace(rq, tx, in->rule_id);
	reply_commit_empty(rq, tx);
}
