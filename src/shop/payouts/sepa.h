/*
 * sepa: a file of credit transfers in the format pain.001.001.09 (ISO 20022) with the rules of
 * SEPA. Writes text only.
 */
#ifndef SEBEZ_SHOP_PAYOUTS_SEPA_H
#define SEBEZ_SHOP_PAYOUTS_SEPA_H

#include "base/buf.h"
#include "base/uuid.h"

struct sepa_file {
	struct uuid id;
	const char *created;    /* 2026-02-16T08:00:00Z */
	const char *execute_on; /* 2026-02-17 */
	int32_t count;
	int64_t total; /* cents */
	const char *debtor_name, *debtor_iban;
};

struct sepa_transfer {
	struct uuid id;
	int64_t amount; /* cents */
	const char *holder, *iban;
};

void sepa_begin(struct buf *buf, const struct sepa_file *file);
void sepa_transfer(struct buf *buf, const struct sepa_transfer *transfer);
void sepa_end(struct buf *buf);

#endif
