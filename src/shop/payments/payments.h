/*
 * payments: payments that providers take (docs/MONEY.md, "Payments"). The interface for other
 * areas and for the settings.
 */
#ifndef SEBEZ_SHOP_PAYMENTS_PAYMENTS_H
#define SEBEZ_SHOP_PAYMENTS_PAYMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "shop/area.h"

extern const struct area AREA_PAYMENTS;

/* Settings of the operator (docs/CONFIGURATION.md), "" when not set; they live as long as the
 * process. */
struct payment_settings {
	bool sandbox;           /* orders can be paid by it */
	int64_t minutes;        /* how long an order waits for a provider */
	const char *origins;    /* of pages that may call us */
	const char *public_url; /* of this marketplace */
	/* Secrets of webhooks: one, or the new one and the one before with a blank between. */
	const char *chapa_secret_key, *chapa_webhook_secrets, *chapa_url;
	const char *stripe_secret_key, *stripe_webhook_secrets, *stripe_url;
	const char *return_urls; /* beginnings of URLs of apps, with blanks between */
};

/* A sentence that names the setting and contains no secret; NULL: all are well. */
const char *payment_settings_mistake(const struct payment_settings *settings);

/* One line for each provider that has a key: whether it takes it. Suspends the fiber. */
typedef void payments_report_fn(void *arg, bool good, const char *what, const char *detail);
void payments_probe(const struct payment_settings *settings, payments_report_fn *report, void *arg);

/* Whether a provider of that name takes payments here. */
bool payments_offer(const char *method, const char *currency);
int64_t payments_minutes(void);

#endif
