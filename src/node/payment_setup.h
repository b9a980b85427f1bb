/* payment_setup: the providers of payments that the settings name. */
#ifndef SEBEZ_NODE_PAYMENT_SETUP_H
#define SEBEZ_NODE_PAYMENT_SETUP_H

#include "node/config.h"
#include "shop/payments/payments.h"

struct payment_settings payment_setup(const struct config *config);

/* For `sebez check`: tells of each provider that has a key whether it takes it. Runs the loop. */
void payment_setup_probe(const struct config *config, payments_report_fn *report);

#endif
