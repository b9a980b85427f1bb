#include "node/api.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "base/codec.h"
#include "base/limits.h"
#include "net/co.h"
#include "net/http.h"
#include "net/http_client.h"
#include "net/log.h"
#include "net/loop.h"
#include "node/account_setup.h"
#include "node/heartbeat.h"
#include "node/identity_setup.h"
#include "node/mail_setup.h"
#include "node/media_files.h"
#include "node/member.h"
#include "node/metrics.h"
#include "node/paper.h"
#include "node/payment_setup.h"
#include "node/process.h"
#include "node/push_setup.h"
#include "node/readiness.h"
#include "node/sms_setup.h"
#include "node/token_keys.h"
#include "node/traces.h"
#include "node/well_known.h"
#include "shop/feed/feed.h"
#include "shop/shop.h"
#include "web/token.h"
#include "web/web.h"

enum {
	WARM_MS = 3000, /* maximum wait for the stores before serving without them */
	WARM_STEP_MS = 20,
	DRAIN_STEP_MS = 10,
};

static struct {
	const struct config *config;
	struct secret secret, previous;
	struct process_stores stores;
	struct http_handlers handlers;
	struct http_server *server;
	uv_timer_t gauges_timer, drain_timer;
	bool draining;
	bool retiring; /* idle connections may still send one more request */
	int64_t deadline_ms;
	int status;
} api;

bool api_is_draining(void)
{
	return api.draining;
}

void api_refresh_gauges(void)
{
	struct metrics_gauges gauges = {0};

	process_gauges(&api.stores, &gauges);
	if (api.server != NULL) {
		gauges.connections = http_server_connections(api.server);
		gauges.parked = feed_parked();
		gauges.busy = http_server_busy(api.server);
	}
	metrics_set(&gauges);
}

static void on_gauges(uv_timer_t *timer)
{
	(void)timer;
	api_refresh_gauges();
}

static void on_drain(uv_timer_t *timer)
{
	unsigned busy = api.server != NULL ? http_server_busy(api.server) : 0;
	unsigned open = api.server != NULL ? http_server_connections(api.server) : 0;
	bool late = loop_now_ms() >= api.deadline_ms;

	(void)timer;
	assert(api.draining && busy <= open);
	if (late ||
	    (!shop_is_busy() && !traces_wait() && (open == 0 || (busy == 0 && !api.retiring))))
		loop_stop();
}

static void on_stop(int number)
{
	bool retiring = number == MEMBER_SIGNAL_RETIRE;

	if (api.draining && retiring)
		return;
	api.retiring = retiring;
	api.deadline_ms = loop_now_ms() + api.config->drain_ms;
	if (!api.draining && api.server != NULL)
		http_server_drain(api.server);
	shop_drain();
	traces_drain();
	api.draining = true;
	uv_timer_start(&api.drain_timer, on_drain, 0, DRAIN_STEP_MS);
}

static int start_server(void)
{
	assert(api.server == NULL && !api.draining);

	int rc = http_server_start(MEMBER_FD_LISTEN, process_connections_max(api.config),
	                           &api.handlers, &api.server);

	if (rc < 0) {
		LOG_ERROR("cannot serve", log_str("reason", strerror(-rc)));
		api.status = 1;
		loop_stop();
	}
	return rc;
}

/* Connects to the database before the process reports that it is ready, so that first requests are
 * fast. Gives up after WARM_MS: without a database requests get a 503. */
static void warm_up(void *arg)
{
	int64_t deadline_ms = loop_now_ms() + WARM_MS;

	(void)arg;
	while (!process_database_answers(api.stores.pools[PG_PUBLIC], deadline_ms) &&
	       loop_now_ms() < deadline_ms && !api.draining)
		co_sleep_ms(WARM_STEP_MS);
	if (api.draining || start_server() < 0)
		return;
	LOG_INFO("serving", log_int("pid", getpid()));
	process_ready();
}

static void set_keys(void)
{
	bool has_previous = api.config->secret_previous[0] != '\0';

	if (has_previous) {
		bool parsed = secret_parse(api.config->secret_previous, &api.previous);

		assert(parsed); /* config_load has validated the key */
	}
	token_keys_load(&api.secret, has_previous ? &api.previous : NULL);
}

static int open_shop(void)
{
	struct push_settings push = push_setup(api.config);
	struct sms_settings sms = sms_setup_with_keys(api.config, &api.secret);
	struct mail_settings mail;
	struct payment_settings payments = payment_setup(api.config);
	struct account_settings accounts = account_setup(api.config);
	int rc = mail_setup(api.config, &api.secret, false, &mail);

	if (rc == 0)
		rc = identity_setup(api.config, &accounts.identity);
	if (rc == 0)
		rc = shop_start(&(struct area_options){.redis = api.stores.redis,
		                                       .redis_url = api.config->redis_url,
		                                       .objects = api.stores.objects,
		                                       .push = &push,
		                                       .sms = &sms,
		                                       .mail = &mail,
		                                       .payments = &payments,
		                                       .accounts = &accounts,
		                                       .language = api.config->language,
		                                       .make_paper = paper_make,
		                                       .serves = true});
	explicit_bzero(&mail, sizeof(mail));
	return rc;
}

static int open_web(void)
{
	struct web_options options = {
	    .redis = api.stores.redis,
	    .cache = api.config->cache != 0,
	    .limits = api.config->limits != 0,
	    .origins = api.config->origins,
	    .behind_proxy = api.config->behind_proxy != 0,
	    .request_ms = api.config->request_timeout_ms,
	    .measured = metrics_request,
	};

	set_keys();
	media_files_start(api.stores.objects);
	well_known_start(api.config);
	return web_start(&options, &api.handlers);
}

int api_main(const struct config *config, unsigned slot)
{
	static char name[16];
	int rc;

	snprintf(name, sizeof(name), "api %u", slot);
	process_begin(config, name);
	/* Not for processes that make PDFs; the last one may be missing. */
	for (int fd = MEMBER_FD_METRICS; fd <= MEMBER_FD_MAIL_OF_API; fd++)
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	api.config = config;
	rc = process_open(config, slot, "api", &api.secret, &api.stores);
	if (rc == 0)
		rc = open_web();
	if (rc == 0)
		rc = open_shop();
	if (rc < 0)
		return 1;
	uv_timer_init(loop_uv(), &api.gauges_timer);
	uv_timer_init(loop_uv(), &api.drain_timer);
	uv_timer_start(&api.gauges_timer, on_gauges, 0, HEARTBEAT_MS);
	process_on_signal(MEMBER_SIGNAL_STOP, on_stop);
	process_on_signal(MEMBER_SIGNAL_RETIRE, on_stop);
	readiness_start(api.stores.pools[PG_PUBLIC]);
	traces_start(config, name);
	rc = co_start(warm_up, NULL);
	assert(rc == 0); /* one of the first fibers of the process */
	loop_run();
	shop_stop();
	if (api.server != NULL)
		http_server_stop(api.server);
	web_stop();
	readiness_stop();
	http_client_stop();
	process_close_stores(&api.stores);
	loop_close();
	LOG_INFO("ended");
	return api.status;
}
