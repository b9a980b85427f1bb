/*
 * rules: finds the rule of commission that applies to goods. The rules of a process are one block
 * of memory, which is replaced when a quote has seen another version of them.
 */
#include "shop/commissions/rules.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/money.h"
#include "commissions.sql.h"

static struct commission_rules kept; /* of this process; version 0: no rule was ever made */

static struct uuid or_nil(const struct uuid *id)
{
	return id != NULL ? *id : (struct uuid){{0}};
}

static struct commission_rule rule_of(const struct commission_rules_now_row *row)
{
	assert(row->position >= 1 && row->basis_points >= 0 && row->basis_points <= 10000);
	return (struct commission_rule){
	    .rule_id = row->rule_id,
	    .name = row->name,
	    .position = row->position,
	    .vendor_id = or_nil(row->vendor_id),
	    .category_id = or_nil(row->category_id),
	    .product_id = or_nil(row->product_id),
	    .terms =
	        {
	            .rule = row->id,
	            .basis_points = row->basis_points,
	            .per_unit = row->per_unit,
	            .minimum = row->minimum != NULL ? *row->minimum : 0,
	            .maximum = row->maximum != NULL ? *row->maximum : -1,
	            .on_shipping = row->on_shipping,
	            .tax_basis_points = row->tax_basis_points != NULL ? *row->tax_basis_points : 0,
	        },
	    .own_tax = row->tax_basis_points != NULL,
	    .valid_from = row->valid_from != NULL ? *row->valid_from : INT64_MIN,
	    .valid_until = row->valid_until != NULL ? *row->valid_until : INT64_MAX,
	};
}

struct commission_rules rules_read(struct db *db)
{
	size_t count;
	const struct commission_rules_now_row *rows =
	    sql_commission_rules_now_rows(db, sql_commission_rules_now(db), &count);
	struct commission_rules rules = {
	    .version = rows[0].rules_version,
	    .items = arena_array(db_task(db)->arena, count, sizeof(rules.items[0])),
	};

	for (size_t i = 0; i < count; i++)
		if (rows[i].position > 0) /* else the row says that there is none */
			rules.items[rules.count++] = rule_of(&rows[i]);
	assert(rules.count <= LIMIT_COMMISSION_RULES);
	return rules;
}

const struct commission_rules *commission_rules(struct task *task, int64_t version)
{
	struct commission_rules read;

	assert(version >= 0);
	if (version == kept.version)
		return &kept;
	read = rules_read(db_as(task, PG_JOBS));
	struct commission_rule *items = calloc(read.count + 1, sizeof(*items));
	if (items == NULL)
		task_end(task, PROBLEM_UNAVAILABLE, "There is not enough memory.");
	for (size_t i = 0; i < read.count; i++) {
		items[i] = read.items[i];
		items[i].name = NULL;
	}
	free(kept.items);
	kept = (struct commission_rules){read.version, read.count, items};
	return &kept;
}

static bool is_of(struct uuid wanted, struct uuid id)
{
	return uuid_is_nil(wanted) || uuid_equal(wanted, id);
}

static bool is_below(struct uuid category, const char *path)
{
	char id[UUID_TEXT_LENGTH + 1];

	if (uuid_is_nil(category))
		return true;
	uuid_format(category, id);
	return path != NULL && strstr(path, id) != NULL;
}

enum rule_fit rule_fit(const struct commission_rule *rule, const struct commission_goods *goods,
                       int64_t now_us)
{
	if (!is_of(rule->vendor_id, goods->vendor_id) ||
	    !is_of(rule->product_id, goods->product_id) ||
	    !is_below(rule->category_id, goods->category_path))
		return RULE_OTHER_GOODS;
	if (now_us < rule->valid_from)
		return RULE_TOO_EARLY;
	return now_us >= rule->valid_until ? RULE_TOO_LATE : RULE_FITS;
}

struct commission_terms rule_terms(const struct commission_rule *rule,
                                   const struct commission_defaults *defaults)
{
	struct commission_terms terms = rule->terms;

	if (!rule->own_tax)
		terms.tax_basis_points = defaults->tax_basis_points;
	return terms;
}

struct commission_terms commission_find(const struct commission_rules *rules,
                                        const struct commission_defaults *defaults,
                                        const struct commission_goods *goods)
{
	for (size_t i = 0; i < rules->count; i++)
		if (rule_fit(&rules->items[i], goods, defaults->now_us) == RULE_FITS)
			return rule_terms(&rules->items[i], defaults);
	return (struct commission_terms){
	    .basis_points = goods->vendor_basis_points != NULL ? *goods->vendor_basis_points
	                                                       : defaults->basis_points,
	    .maximum = -1,
	    .tax_basis_points = defaults->tax_basis_points,
	};
}

int64_t commission_of(const struct commission_terms *terms, int64_t net, int32_t quantity)
{
	int64_t taken = money_basis_points(net, terms->basis_points) + terms->per_unit * quantity;

	assert(net >= 0 && quantity > 0);
	if (taken < terms->minimum * quantity)
		taken = terms->minimum * quantity;
	if (terms->maximum >= 0 && taken > terms->maximum * quantity)
		taken = terms->maximum * quantity;
	return taken < net ? taken : net;
}

int64_t commission_of_shipping(const struct commission_terms *terms, int64_t share)
{
	assert(share >= 0);
	return terms->on_shipping ? money_basis_points(share, terms->basis_points) : 0;
}
