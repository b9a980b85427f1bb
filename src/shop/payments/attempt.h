/*
 * attempt: the phases of an attempt and of a refund (docs/MONEY.md, "Payments"). Private to the
 * area.
 */
#ifndef SEBEZ_SHOP_PAYMENTS_ATTEMPT_H
#define SEBEZ_SHOP_PAYMENTS_ATTEMPT_H

#include "shop/outbox/outbox.h"
#include "shop/payments/provider.h"

/* Asks the provider what became of the attempt, or begins or ends it, and finishes: phases 2 and 3.
 * May be called at any time, by several at once. origin: of this server, where a request begins the
 * attempt; NULL: it is only asked about. False: the provider did not answer. */
bool attempt_carry_on(struct task *task, struct uuid id, const char *origin);

/* Phase 3: writes the answer, and pays the order with it or gives the money back, once. */
void attempt_finish(struct task *task, struct uuid id, const struct payment_answer *answer);

/* Job: carries on with attempts that are due. */
void attempts_reconcile(struct task *task);

/* Job: forgets old webhooks. */
void payment_webhooks_purge(struct task *task);

/* The deliverer of the topic `payment_refunds` (shop/outbox/outbox.h). */
void refunds_deliver(struct task *task, struct delivery rows[], size_t count);
/* A refund whose delivery died without an answer: it is failed. */
void refunds_lost(struct task *task, struct uuid id);
/* The deliverer of the topic `chargebacks`. */
void chargebacks_deliver(struct task *task, struct delivery rows[], size_t count);
/* Job: has providers asked about chargebacks that are not decided. */
void chargebacks_look(struct task *task);

/* Job: refunds that nobody asks about any more are failed, and finance is told. */
void refunds_give_up(struct task *task);

#endif
