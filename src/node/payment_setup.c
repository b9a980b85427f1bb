#include "node/payment_setup.h"

#include <assert.h>

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
