/*
 * quote_read: builds a quote from the rows of a cart.
 */
#include <assert.h>
#include <string.h>

#include "base/limits.h"
#include "carts.sql.h"
#include "shop/carts/carts.h"

struct quote_rows quote_ask(struct db *batch, const char *country)
{
	return (struct quote_rows){
	    .cart = sql_cart_open(batch),
	    .lines = sql_cart_lines(batch),
	    .methods = sql_cart_shipping_methods(batch, country),
	    .terms = sql_platform_terms(batch),
	};
}

static bool backorder_of(const struct cart_lines_row *row)
{
	return row->backorder != NULL && *row->backorder;
}

static bool tracked_of(const struct cart_lines_row *row)
{
	return row->tracked == NULL || *row->tracked;
}

static enum line_problem problem_of(const struct cart_lines_row *row)
{
	if (!row->published || row->available == NULL)
		return LINE_UNAVAILABLE;
	if (tracked_of(row) && *row->available < row->quantity && !backorder_of(row))
		return LINE_OUT_OF_STOCK;
	return LINE_SELLABLE;
}

static struct commission_terms commission_on(const struct cart_lines_row *row,
                                             const struct commission_defaults *defaults,
                                             const struct commission_rules *rules)
{
	return commission_find(rules, defaults,
	                       &(struct commission_goods){
	                           .vendor_id = row->vendor_id,
	                           .product_id = row->product_id,
	                           .category_path = row->category_path,
	                           .vendor_basis_points = row->commission_basis_points,
	                       });
}

static struct quote_line line_of(const struct cart_lines_row *row)
{
	assert(row->quantity > 0 && row->quantity <= LIMIT_LINE_QUANTITY);
	return (struct quote_line){
	    .vendor_id = row->vendor_id,
	    .goods =
	        {
	            .variant_id = row->variant_id,
	            .product_id = row->product_id,
	            .title = row->title,
	            .variant_title = row->variant_title,
	            .sku = row->sku,
	            .image = row->image,
	            .quantity = row->quantity,
	            .price = row->price,
	        },
	    .available = tracked_of(row) && row->available != NULL && *row->available > 0
	                     ? *row->available
	                     : 0,
	    .tracked = tracked_of(row),
	    .backorder = backorder_of(row),
	    .problem = problem_of(row),
	};
}

/* Sorted strictly by (vendor, variant): an order locks stock in this order. */
static bool are_in_lock_order(size_t count, const struct quote_line lines[])
{
	for (size_t i = 1; i < count; i++) {
		int by_vendor = uuid_compare(lines[i - 1].vendor_id, lines[i].vendor_id);

		if (by_vendor > 0 ||
		    (by_vendor == 0 &&
		     uuid_compare(lines[i - 1].goods.variant_id, lines[i].goods.variant_id) >= 0))
			return false;
	}
	return true;
}

/* The methods of one vendor: rows are sorted by vendor, so they are adjacent. */
static void read_methods(struct arena *arena, struct quote_group *group, size_t count,
                         const struct cart_shipping_methods_row rows[])
{
	group->methods = arena_array(arena, count, sizeof(group->methods[0]));
	for (size_t i = 0; i < count; i++) {
		if (!uuid_equal(rows[i].vendor_id, group->vendor_id))
			continue;
		group->methods[group->method_count++] = (struct quote_method){
		    .id = rows[i].id,
		    .name = rows[i].name,
		    .list_price = rows[i].price,
		    .free_above = rows[i].free_above != NULL ? *rows[i].free_above : -1,
		    .handling_days = rows[i].handling_days,
		};
	}
}

static void read_lines(struct quote *quote, size_t count, const struct cart_lines_row rows[],
                       const struct commission_rules *rules)
{
	for (size_t i = 0; i < count; i++) {
		struct quote_group *group = quote->groups + quote->group_count;
		if (i == 0 || !uuid_equal(rows[i].vendor_id, rows[i - 1].vendor_id)) {
			*group = (struct quote_group){
			    .vendor_id = rows[i].vendor_id,
			    .vendor_name = rows[i].vendor_name,
			    .vendor_slug = rows[i].vendor_slug,
			    .lines = quote->lines + i,
			};
			quote->group_count++;
		} else {
			group--;
		}
		quote->lines[i] = line_of(&rows[i]);
		quote->lines[i].commission =
		    commission_on(&rows[i], &quote->terms.commission, rules);
		quote->problem_count += quote->lines[i].problem != LINE_SELLABLE;
		group->line_count++;
	}
	quote->line_count = count;
	assert(quote->group_count <= count && quote->problem_count <= count);
	assert(are_in_lock_order(count, quote->lines));
}

static void read_terms(struct quote *quote, const struct platform_terms_row *terms)
{
	quote->terms = (struct quote_terms){
	    .service_fee_fixed = terms->service_fee_fixed,
	    .service_fee_basis_points = terms->service_fee_basis_points,
	    .commission =
	        {
	            .rules_version = terms->commission_rules_version,
	            .basis_points = terms->commission_basis_points,
	            .tax_basis_points = terms->commission_tax_basis_points,
	            .now_us = terms->now,
	        },
	    .payment_hours = terms->payment_hours,
	    .accept_hours = terms->accept_hours,
	};
	assert(strlen(terms->currency) == 3);
	memcpy(quote->terms.currency, terms->currency, 4);
}

struct quote *quote_fetch(struct db *batch, const struct quote_rows *asked)
{
	struct arena *arena = db_task(batch)->arena;
	struct quote *quote = arena_alloc(arena, sizeof(*quote));
	size_t line_count, method_count, count;
	const struct cart_open_row *cart = sql_cart_open_rows(batch, asked->cart, &count);
	const struct cart_lines_row *lines = sql_cart_lines_rows(batch, asked->lines, &line_count);
	const struct cart_shipping_methods_row *methods =
	    sql_cart_shipping_methods_rows(batch, asked->methods, &method_count);

	assert(rows_are_here(asked->lines)); /* the batch has run */
	if (line_count > LIMIT_CART_LINES)
		task_end(db_task(batch), PROBLEM_CONFLICT,
		         "A cart has at most %d lines; remove some.", LIMIT_CART_LINES);
	if (count) {
		quote->cart_id = cart->id;
		quote->cart_version = cart->version;
		quote->updated_at = cart->updated_at;
	}
	read_terms(quote, sql_platform_terms_rows(batch, asked->terms, &count));
	quote->lines = arena_array(arena, line_count, sizeof(quote->lines[0]));
	quote->groups = arena_array(arena, line_count, sizeof(quote->groups[0]));
	read_lines(quote, line_count, lines,
	           commission_rules(db_task(batch), quote->terms.commission.rules_version));
	for (size_t g = 0; g < quote->group_count; g++)
		read_methods(arena, &quote->groups[g], method_count, methods);
	return quote;
}

void quote_end_wrong(struct task *task, struct quote_wrong wrong)
{
	static const struct {
		const char *member, *code, *detail;
	} WRONG[] = {
	    [CHOICE_OF_NO_VENDOR] = {"vendor_id", "unknown",
	                             "The cart has no items of this vendor."},
	    [CHOICE_TWICE] = {"vendor_id", "duplicate", "This vendor is listed twice."},
	    [CHOICE_OF_NO_METHOD] = {"method_id", "unknown",
	                             "This vendor has no such delivery method."},
	};

	assert(wrong.what > CHOICES_FINE && wrong.what < sizeof(WRONG) / sizeof(WRONG[0]));
	task_end_field(
	    task,
	    arena_printf(task->arena, "/shipping/%zu/%s", wrong.choice, WRONG[wrong.what].member),
	    WRONG[wrong.what].code, "%s", WRONG[wrong.what].detail);
}
