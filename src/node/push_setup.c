#include "node/push_setup.h"

#include <assert.h>
#include <errno.h>

#include "net/co.h"
#include "net/http_client.h"
#include "net/loop.h"
#include "node/process.h"
#include "node/say.h"

enum { ERROR_SIZE = 300 };

struct push_settings push_setup(const struct config *config)
{
	assert(config->fcm_origin != NULL); /* config_load has filled it */
	return (struct push_settings){
	    .fcm_account_file = config->fcm_service_account_file,
	    .fcm_origin = config->fcm_origin,
	    .apns_key_file = config->apns_key_file,
	    .apns_key_id = config->apns_key_id,
	    .apns_team = config->apns_team_id,
	    .apns_topic = config->apns_topic,
	    .apns_origin = config->apns_origin,
	    .apns_sandbox_origin = config->apns_sandbox_origin,
	    .vapid_key_file = config->vapid_key_file,
	    .vapid_subject = config->vapid_subject,
	    .expo_access_token = config->expo_access_token,
	    .expo_origin = config->expo_origin,
	    .demo = config->demo != 0,
	};
}

int push_setup_check(const struct config *config)
{
	const struct push_settings settings = push_setup(config);
	char error[ERROR_SIZE];

	if (push_settings_check(&settings, error, sizeof(error)))
		return 0;
	say("%s", error);
	return -EINVAL;
}

struct probe {
	struct push_settings settings;
	push_report_fn *report;
};

static void run(void *arg)
{
	const struct probe *probe = arg;

	co_sleep_ms(1); /* the loop's clock stands still while the loop does not run */
	push_probe(&probe->settings, probe->report, NULL);
	loop_stop();
}

void push_setup_probe(const struct config *config, push_report_fn *report)
{
	struct probe probe = {push_setup(config), report};

	if (process_start_http_client(config) < 0) {
		report(NULL, false, "push messages", "see above");
		return;
	}
	if (co_start(run, &probe) == 0)
		loop_run();
	http_client_stop();
}
