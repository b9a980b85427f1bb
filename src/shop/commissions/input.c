#include "shop/commissions/input.h"

#include <string.h>

#include "commissions.sql.h"

static void check_money(struct task *task, const char *field, const char *currency,
                        const struct money *given)
{
	if (given != NULL && strcmp(given->currency, currency) != 0)
		task_end_field(task, arena_printf(task->arena, "%s/currency", field), "currency",
		               "This marketplace sells in %s.", currency);
}

/* Returns the vendor that the rule is for: a product's is its own. */
static struct uuid check_goods(struct db *db, const char *prefix,
                               const struct commission_rule_input_in *input)
{
	struct task *task = db_task(db);
	const struct commission_rule_known_row *known = sql_commission_rule_known_rows(
	    db,
	    sql_commission_rule_known(db, input->vendor_id, input->category_id, input->product_id),
	    NULL);

	if (!known->vendor)
		task_end_field(task, arena_printf(task->arena, "%s/vendor_id", prefix), "unknown",
		               "must be the id of a vendor");
	if (!known->category)
		task_end_field(task, arena_printf(task->arena, "%s/category_id", prefix), "unknown",
		               "must be the id of a category");
	if (input->product_id == NULL)
		return input->vendor_id != NULL ? *input->vendor_id : (struct uuid){{0}};
	if (known->product_vendor == NULL)
		task_end_field(task, arena_printf(task->arena, "%s/product_id", prefix), "unknown",
		               "must be the id of a product");
	if (input->vendor_id != NULL && !uuid_equal(*input->vendor_id, *known->product_vendor))
		task_end_field(task, arena_printf(task->arena, "%s/vendor_id", prefix), "unknown",
		               "must be the vendor of the product");
	return *known->product_vendor;
}

static void check_amounts(struct task *task, const char *prefix, const char *currency,
                          const struct commission_rule_input_in *input)
{
	check_money(task, arena_printf(task->arena, "%s/per_unit", prefix), currency,
	            input->per_unit);
	check_money(task, arena_printf(task->arena, "%s/minimum", prefix), currency,
	            input->minimum);
	check_money(task, arena_printf(task->arena, "%s/maximum", prefix), currency,
	            input->maximum);
	if (input->minimum != NULL && input->maximum != NULL &&
	    input->minimum->amount > input->maximum->amount)
		task_end_field(task, arena_printf(task->arena, "%s/maximum/amount", prefix),
		               "minimum", "must not be less than the minimum");
	if (input->valid_from != NULL && input->valid_until != NULL &&
	    *input->valid_from >= *input->valid_until)
		task_end_field(task, arena_printf(task->arena, "%s/valid_until", prefix), "minimum",
		               "must be later than valid_from");
}

struct commission_rule rule_checked(struct db *db, const char *prefix, const char *currency,
                                    const struct commission_rule_input_in *input)
{
	struct uuid vendor_id = check_goods(db, prefix, input);

	check_amounts(db_task(db), prefix, currency, input);
	return (struct commission_rule){
	    .name = input->name,
	    .position = input->position,
	    .vendor_id = vendor_id,
	    .category_id = input->category_id != NULL ? *input->category_id : (struct uuid){{0}},
	    .product_id = input->product_id != NULL ? *input->product_id : (struct uuid){{0}},
	    .terms =
	        {
	            .basis_points = input->basis_points,
	            .per_unit = input->per_unit != NULL ? input->per_unit->amount : 0,
	            .minimum = input->minimum != NULL ? input->minimum->amount : 0,
	            .maximum = input->maximum != NULL ? input->maximum->amount : -1,
	            .on_shipping = input->on_shipping,
	            .tax_basis_points =
	                input->tax_basis_points != NULL ? *input->tax_basis_points : 0,
	        },
	    .own_tax = input->tax_basis_points != NULL,
	    .valid_from = input->valid_from != NULL ? *input->valid_from : INT64_MIN,
	    .valid_until = input->valid_until != NULL ? *input->valid_until : INT64_MAX,
	};
}
