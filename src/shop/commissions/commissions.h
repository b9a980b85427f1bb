/*
 * commissions: which commission a sale is subject to. An ordered list of rules; the first that fits
 * a line applies, else the own rate of its vendor, else the marketplace's. docs/MONEY.md.
 *
 * Each process keeps the rules in memory. A quote reads the number of their version together with
 * the marketplace's other terms, and the rules only when the number is another one, so that they
 * cost no statement. What applied is kept with the line that was sold.
 */
#ifndef SEBEZ_SHOP_COMMISSIONS_COMMISSIONS_H
#define SEBEZ_SHOP_COMMISSIONS_COMMISSIONS_H

#include "base/uuid.h"
#include "shop/area.h"
#include "task/db.h"

extern const struct area AREA_COMMISSIONS;

/* What is taken. Without a rule, only a rate. */
struct commission_terms {
	struct uuid rule; /* the version of the rule; nil: none fits */
	int32_t basis_points;
	int64_t per_unit, minimum, maximum; /* for each unit; maximum -1: none */
	bool on_shipping;
	int32_t tax_basis_points; /* of the commission */
};

/* The marketplace's terms where no rule says otherwise, and the time of the sale. */
struct commission_defaults {
	int64_t rules_version;
	int32_t basis_points, tax_basis_points;
	int64_t now_us;
};

struct commission_goods {
	struct uuid vendor_id, product_id;
	const char *category_path;          /* ids of its categories, as text; NULL: none */
	const int32_t *vendor_basis_points; /* the vendor's own rate; NULL: none */
};

struct commission_rules;

/* The rules of that version, or of a later one. May suspend. They are valid until the caller
 * suspends. */
const struct commission_rules *commission_rules(struct task *task, int64_t version);

/* What applies to the goods. */
struct commission_terms commission_find(const struct commission_rules *rules,
                                        const struct commission_defaults *defaults,
                                        const struct commission_goods *goods);

/* Of goods of that value after discount; at most that value. */
int64_t commission_of(const struct commission_terms *terms, int64_t net, int32_t quantity);
/* Of a share of the shipping; 0 when none is taken of it. */
int64_t commission_of_shipping(const struct commission_terms *terms, int64_t share);

#endif
