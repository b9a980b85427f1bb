/*
 * staff_rearrange: changes the options of an existing product, and the order of its variants.
 */
#include <assert.h>
#include <string.h>

#include "base/json.h"
#include "shop/catalog/staff.h"
#include "shop/catalog/text.h"
#include "staff.sql.h"

/* The new options of a product. */
struct plan {
	size_t count;
	const char *names[OPTIONS_MAX];
	int32_t from[OPTIONS_MAX];       /* index of the current option; -1: new */
	const char *given[OPTIONS_MAX];  /* of a new one: the value of existing variants */
	const char *values[OPTIONS_MAX]; /* JSON, in order; NULL: unchanged */
};

static int32_t index_of(const struct option_names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->names[i], name) == 0)
			return (int32_t)i;
	return -1;
}

static void check_origin(struct check *check, const struct plan *plan,
                         const struct option_change_input_in *option, int32_t from)
{
	size_t outer = check_enter(check, option->was != NULL ? "was" : "name");

	if (option->was != NULL && from < 0)
		check_wrong(check, "unknown", "is not an option of the product");
	for (size_t before = 0; from >= 0 && before < plan->count; before++)
		if (plan->from[before] == from)
			check_wrong(check, "unique", "is listed twice");
	check_leave(check, outer);
}

static void check_values(struct check *check, const struct option_change_input_in *option,
                         int32_t from)
{
	size_t outer = check_enter(check, "values");

	if (from < 0 && option->values_count == 0)
		check_wrong(check, "required",
		            "is required: existing variants get its first value");
	for (size_t i = 0; i < option->values_count; i++) {
		size_t list = check_enter_item(check, i);
		(void)staff_check_plain(check, option->values[i]);
		check_leave(check, list);
	}
	check_leave(check, outer);
}

static const char *values_json(struct arena *arena, const struct option_change_input_in *option)
{
	struct buf buf = buf_new(arena, 256);
	struct json json = json_new(&buf);

	if (option->values == NULL)
		return NULL;
	json_open_array(&json);
	for (size_t i = 0; i < option->values_count; i++)
		json_str(&json, option->values[i]);
	json_close_array(&json);
	return buf.data;
}

static struct plan plan_of(struct check *check, const struct option_names *names,
                           const struct update_vendor_product_in *in)
{
	assert(in->options_count <= OPTIONS_MAX);
	struct plan plan = {0};
	size_t outer = check_enter(check, "options");

	for (size_t i = 0; i < in->options_count; i++) {
		const struct option_change_input_in *option = &in->options[i];
		int32_t from = index_of(names, option->was != NULL ? option->was : option->name);
		size_t list = check_enter_item(check, i);

		option_check_name(check, plan.count, plan.names, option->name);
		check_origin(check, &plan, option, from);
		check_values(check, option, from);
		check_leave(check, list);
		plan.names[i] = option->name;
		plan.from[i] = from;
		plan.given[i] = option->values_count ? option->values[0] : NULL;
		plan.values[i] = values_json(check->arena, option);
		plan.count++;
	}
	check_leave(check, outer);
	return plan;
}

static struct option_choice choice_under(const struct plan *plan,
                                         const struct staff_product_choices_row *variant)
{
	const char *const now[OPTIONS_MAX] = {variant->one, variant->two, variant->three};
	struct option_choice choice = {0};

	assert(plan->count <= OPTIONS_MAX);
	for (size_t i = 0; i < plan->count; i++)
		choice.values[i] = plan->from[i] < 0 ? plan->given[i] : now[plan->from[i]];
	return choice;
}

static void check_choices(struct check *check, const struct plan *plan, size_t count,
                          const struct option_choice choices[])
{
	size_t outer = check_enter(check, "options");
	bool same = false, reserved = false;

	for (size_t i = 0; i < count; i++) {
		for (size_t before = 0; before < i; before++)
			same = same || option_choices_equal(&choices[before], &choices[i]);
		reserved =
		    reserved || (plan->count == 1 &&
		                 text_is_default_option(1, plan->names[0], choices[i].values[0]));
	}
	if (same)
		check_wrong(check, "unique", "would make two variants identical");
	if (reserved)
		check_wrong(check, "reserved", "is reserved for products without options");
	check_leave(check, outer);
}

/* Whether the variants' values are unchanged; option names may differ. */
static bool keeps_positions(const struct plan *plan, const struct option_names *names)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->from[i] != (int32_t)i)
			return false;
	return plan->count == names->count;
}

/* With as many options as before, one variant may get the options that another still has: set these
 * aside first. */
static void write_choices(struct db *tx, struct uuid vendor_id, bool as_many, size_t count,
                          const struct staff_product_choices_row variants[],
                          const struct option_choice choices[])
{
	struct arena *arena = db_task(tx)->arena;
	struct variant_choice *rows = arena_array(arena, count, sizeof(rows[0]));

	for (size_t i = 0; i < count; i++)
		rows[i] = (struct variant_choice){
		    .id = variants[i].id,
		    .title = options_title(arena, &choices[i]),
		    .one = choices[i].values[0],
		    .two = choices[i].values[1],
		    .three = choices[i].values[2],
		};
	if (as_many)
		sql_staff_variants_set_aside(tx, vendor_id, count, rows);
	sql_staff_variants_choose(tx, vendor_id, count, rows);
}

static void write_options(struct db *tx, const struct update_vendor_product_in *in,
                          const struct option_names *names, size_t count,
                          const struct staff_product_choices_row variants[])
{
	struct arena *arena = db_task(tx)->arena;
	struct option_choice *choices = arena_array(arena, count, sizeof(choices[0]));
	struct new_option options[OPTIONS_MAX];
	struct check check;
	struct plan plan;

	check_init(&check, arena);
	plan = plan_of(&check, names, in);
	staff_end_if_wrong(db_task(tx), &check);
	for (size_t i = 0; i < count; i++)
		choices[i] = choice_under(&plan, &variants[i]);
	check_init(&check, arena);
	check_choices(&check, &plan, count, choices);
	staff_end_if_wrong(db_task(tx), &check);
	if (!keeps_positions(&plan, names))
		write_choices(tx, in->vendor_id, plan.count == names->count, count, variants,
		              choices);
	for (size_t i = 0; i < plan.count; i++)
		options[i] = (struct new_option){
		    .name = plan.names[i],
		    .was = plan.from[i],
		    .choices = plan.values[i],
		};
	sql_staff_product_options(tx, in->vendor_id, in->product_id, plan.count, options);
}

static void write_order(struct db *tx, const struct update_vendor_product_in *in, size_t count,
                        const struct staff_product_choices_row variants[])
{
	struct check check;

	check_init(&check, db_task(tx)->arena);
	check_name(&check, "/variant_ids", "", "");
	for (size_t i = 0; i < in->variant_ids_count; i++) {
		size_t list = check_enter_item(&check, i), n = 0;
		while (n < count && !uuid_equal(variants[n].id, in->variant_ids[i]))
			n++;
		if (n == count)
			check_wrong(&check, "unknown", "is not a variant of the product");
		for (size_t before = 0; before < i; before++)
			if (uuid_equal(in->variant_ids[before], in->variant_ids[i]))
				check_wrong(&check, "unique", "is listed twice");
		check_leave(&check, list);
	}
	staff_end_if_wrong(db_task(tx), &check);
	sql_staff_variants_arrange(tx, in->vendor_id, in->product_id,
	                           (struct uuid_array){in->variant_ids_count, in->variant_ids});
}

void staff_rearrange(struct db *tx, const struct update_vendor_product_in *in,
                     const struct option_names *names)
{
	size_t count;
	const struct rows *asked;
	const struct staff_product_choices_row *variants;

	if (in->options == NULL && in->variant_ids == NULL)
		return;
	assert(db_has_transaction(db_task(tx)));
	asked = sql_staff_product_choices(tx, in->vendor_id, in->product_id);
	variants = sql_staff_product_choices_rows(tx, asked, &count);
	if (in->options != NULL)
		write_options(tx, in, names, count, variants);
	if (in->variant_ids != NULL)
		write_order(tx, in, count, variants);
}
