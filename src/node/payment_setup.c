#include "node/payment_setup.h"

#include <assert.h>

#include "net/co.h"
#include "net/http_client.h"
#include "net/loop.h"
#include "node/process.h"

struct payment_settings payment_setup(const struct config *config)
{
	assert(config->return_urls != NULL); /* config_load has filled it */
	return (struct payment_settings){
	    .sandbox = config->sandbox == SANDBOX_AUTO ? config->demo != 0
	                                               : config->sandbox == SANDBOX_YES,
	    .minutes = config->payment_minutes,
	    .origins = config->origins,
	    .public_url = config->public_url,
	    .chapa_secret_key = config->chapa_secret_key,
	    .chapa_webhook_secrets = config->chapa_webhook_secrets,
	    .chapa_url = config->chapa_url,
	    .stripe_secret_key = config->stripe_secret_key,
	    .stripe_webhook_secrets = config->stripe_webhook_secrets,
	    .stripe_url = config->stripe_url,
	    .return_urls = config->return_urls,
	};
}

struct probe {
	struct payment_settings settings;
	payments_report_fn *report;
};

static void run(void *arg)
{
	const struct probe *probe = arg;

	co_sleep_ms(1); /* the loop's clock stands still while the loop does not run */
	payments_probe(&probe->settings, probe->report, NULL);
	loop_stop();
}

void payment_setup_probe(const struct config *config, payments_report_fn *report)
{
	struct probe probe = {payment_setup(config), report};

	if (process_start_http_client(config) < 0) {
		report(NULL, false, "payments", "see above");
		return;
	}
	if (co_start(run, &probe) == 0)
		loop_run();
	http_client_stop();
}
