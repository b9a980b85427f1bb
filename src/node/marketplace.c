#include "node/marketplace.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/money.h"
#include "node/admin_db.h"
#include "node/say.h"

int marketplace_fill(PGconn *conn, const struct config *config)
{
	char text[512];

	/* config_load has validated it, so that the text below is one statement. */
	assert(config->currency[0] == '\0' || currency_is_valid(config->currency));
	snprintf(text, sizeof(text),
	         "update platform set currency = coalesce(nullif('%s', ''), currency), "
	         "payment_hours = %lld, accept_hours = %lld, complete_days = %lld, "
	         "service_fee_fixed = %lld, service_fee_basis_points = %lld, "
	         "commission_basis_points = %lld",
	         config->currency, (long long)config->payment_hours,
	         (long long)config->accept_hours, (long long)config->complete_days,
	         (long long)config->service_fee_fixed, (long long)config->service_fee_basis_points,
	         (long long)config->commission_basis_points);
	return admin_db_run(conn, text);
}

int marketplace_check(PGconn *conn, const struct config *config)
{
	PGresult *result;
	const char *currency;
	int rc;

	if (config->currency[0] == '\0')
		return 0;
	rc = admin_db_ask(conn, "select currency from platform", &result);
	if (rc < 0)
		return rc;
	assert(PQntuples(result) == 1); /* the platform is one row */
	currency = PQgetvalue(result, 0, 0);
	if (strcmp(currency, config->currency) != 0) {
		say("SEBEZ_CURRENCY is %s, but the currency of this marketplace is %s and cannot "
		    "be changed",
		    config->currency, currency);
		rc = -EINVAL;
	}
	PQclear(result);
	return rc;
}
