/* The area of text messages (shop/area.h). */
#include <assert.h>
#include <stddef.h>

#include "shop/sms/provider.h"

static struct sms_settings kept;

static int start(const struct area_options *options)
{
	if (options->sms == NULL)
		return 0; /* a process that sends none */
	assert(sms_settings_mistake(options->sms) == NULL);
	kept = *options->sms;
	sms_show_start(options->redis);
	return 0;
}

const struct sms_settings *sms_settings(void)
{
	assert(kept.routes != NULL); /* after the start */
	return &kept;
}

const struct area AREA_SMS = {
    .name = "sms",
    .start = start,
};
