/* input: a rule of commission as an admin gives it. */
#ifndef SEBEZ_SHOP_COMMISSIONS_INPUT_H
#define SEBEZ_SHOP_COMMISSIONS_INPUT_H

#include "api.gen.h"
#include "shop/commissions/rules.h"

/* Checks what depends on more than one field, and that what it names exists. Field names in errors
 * begin with `prefix`. Ends the task when something is wrong. */
struct commission_rule rule_checked(struct db *db, const char *prefix, const char *currency,
                                    const struct commission_rule_input_in *input);

#endif
