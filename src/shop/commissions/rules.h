/* rules: the rules of commission within their area. */
#ifndef SEBEZ_SHOP_COMMISSIONS_RULES_H
#define SEBEZ_SHOP_COMMISSIONS_RULES_H

#include "shop/commissions/commissions.h"

struct commission_rule {
	struct uuid rule_id;
	const char *name; /* NULL in the rules that a process keeps */
	int32_t position;
	struct uuid vendor_id, category_id, product_id; /* nil: any */
	struct commission_terms terms;
	bool own_tax;                    /* else the marketplace's */
	int64_t valid_from, valid_until; /* INT64_MIN and INT64_MAX: always */
};

struct commission_rules {
	int64_t version;
	size_t count;
	struct commission_rule *items; /* in the order in which they are tried */
};

/* Why a rule does not apply. */
enum rule_fit { RULE_FITS, RULE_TOO_EARLY, RULE_TOO_LATE, RULE_OTHER_GOODS };

enum rule_fit rule_fit(const struct commission_rule *rule, const struct commission_goods *goods,
                       int64_t now_us);
/* What the rule takes. */
struct commission_terms rule_terms(const struct commission_rule *rule,
                                   const struct commission_defaults *defaults);

/* Reads the rules. Their names are in the task's arena. */
struct commission_rules rules_read(struct db *db);

#endif
