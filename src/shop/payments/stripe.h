/*
 * stripe: what its two files share. Private to the area.
 */
#ifndef SEBEZ_SHOP_PAYMENTS_STRIPE_H
#define SEBEZ_SHOP_PAYMENTS_STRIPE_H

#include "shop/payments/http.h"

/* One call. form NULL: GET; else POST with this idempotency key. */
struct payment_reply stripe_call(struct task *task, const struct payment_settings *settings,
                                 const char *path, const struct buf *form, const char *key);

/* Two currencies without decimals are told in hundredths all the same. */
int64_t stripe_factor(const char *currency);

/* `chargeback` of struct payment_provider. */
struct chargeback_answer stripe_chargeback(struct task *task,
                                           const struct payment_settings *settings,
                                           const char *reference,
                                           const struct chargeback_evidence *evidence);

#endif
