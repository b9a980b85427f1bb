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
	    .return_urls = config->return_urls,
	};
}
