#include "node/process.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>
#include <uv.h>

#include "base/limits.h"
#include "net/co.h"
#include "net/http_client.h"
#include "net/log.h"
#include "net/loop.h"
#include "node/member.h"
#include "node/object_store.h"
#include "node/say.h"
#include "node/services.h"
#include "shop/shop.h"
#include "store/outage.h"
#include "task/db.h"
#include "task/together.h"
#include "web/check.h"

enum {
	SIGNALS_MAX = 4,
	/* for each kind of call; a connection attempt uses two */
	CLIENT_DESCRIPTORS = 2 * 2 * LIMIT_CLIENT_CONNECTIONS,
	OTHER_DESCRIPTORS = 64, /* besides connections and pools: the loop, Redis, pipes */
};

_Static_assert((LIMIT_CONNECTIONS + CLIENT_DESCRIPTORS + OTHER_DESCRIPTORS) < LIMIT_DESCRIPTORS,
               "every descriptor of a connection has an intake");

static void log_outage(const char *store, const char *reason)
{
	if (reason != NULL)
		LOG_WARNING("store is unavailable", log_str("store", store),
		            log_str("reason", reason));
	else
		LOG_INFO("store is available again", log_str("store", store));
}

int process_open_stores(const struct config *config, const char *base, const char *redis_url,
                        const struct secret *secret, int objects_fd, struct process_stores *ret)
{
	char conninfo[CONNINFO_MAX + 256], before[SECRET_TEXT_LENGTH + 1];
	struct secret previous;
	bool has_previous =
	    config->secret_previous[0] != '\0' && secret_parse(config->secret_previous, &previous);
	int rc;

	outage_report(log_outage);
	rc = object_store_open(config, secret, objects_fd, &ret->objects);
	if (rc < 0)
		return rc;
	rc = redis_open(redis_url, &ret->redis);
	if (rc < 0) {
		say("REDIS_URL is not usable: %s", strerror(-rc));
		return rc;
	}
	for (int role = 0; role < PG_ROLE_COUNT; role++) {
		struct pg_pool_options options = {
		    .conninfo = conninfo,
		    .shared_max = (unsigned)config->db_connections,
		    .leased_max = (unsigned)config->db_leased,
		    .statement_timeout_ms = (int)config->statement_timeout_ms,
		};

		services_role_conninfo(base, secret, PG_ROLE_NAMES[role], conninfo,
		                       sizeof(conninfo));
		if (has_previous) {
			secret_role_password(&previous, PG_ROLE_NAMES[role], before);
			options.password_previous = before;
		}
		ret->pools[role] = pg_pool_open((enum pg_role)role, &options);
	}
	explicit_bzero(conninfo, sizeof(conninfo));
	explicit_bzero(before, sizeof(before));
	explicit_bzero(&previous, sizeof(previous));
	db_setup(ret->pools);
	shop_register();
	return 0;
}

void process_close_stores(struct process_stores *stores)
{
	assert(co_self() == NULL); /* fibers may wait for their results */
	for (int role = 0; role < PG_ROLE_COUNT; role++)
		pg_pool_close(stores->pools[role]);
	redis_close(stores->redis);
	objects_close(stores->objects);
}

int process_start_http_client(const struct config *config)
{
	struct http_client_options options = {
	    .ca_file = config->ca_file[0] != '\0' ? config->ca_file : NULL};
	bool good = networks_parse(config->allowed_networks, &options.allowed);

	assert(good); /* config_load has validated them */
	check_allow_networks(&options.allowed);
	int rc = http_client_start(&options);

	if (rc < 0)
		say("the HTTP client cannot start: %s", strerror(-rc));
	return rc;
}

int process_open(const struct config *config, unsigned slot, const char *kind,
                 struct secret *ret_secret, struct process_stores *ret)
{
	int rc = metrics_attach(MEMBER_FD_METRICS, slot, kind);

	if (rc < 0 || !secret_parse(config->secret, ret_secret)) {
		say("this process is started by `sebez serve`");
		return rc < 0 ? rc : -EINVAL;
	}
	rc = process_open_stores(config, process_base_conninfo(), config->redis_url, ret_secret,
	                         MEMBER_FD_OBJECTS, ret);
	return rc < 0 ? rc : process_start_http_client(config);
}

bool process_database_answers(struct pg_pool *pool, int64_t deadline_ms)
{
	/* Numbers below 64 are reserved for hand-written statements (src/task/db_envelope.c). */
	static const struct pg_statement PROBE = {
	    .name = "probe", .text = "select 1", .reads_only = true, .number = 63};
	struct pg_item item = {.statement = &PROBE};
	struct pg_batch batch = {.count = 1, .items = {&item}};
	int rc = pg_run(pool, &batch, deadline_ms);

	if (item.result != NULL)
		PQclear(item.result);
	return rc == 0;
}

void process_gauges(const struct process_stores *stores, struct metrics_gauges *ret)
{
	struct co_stats fibers = co_stats();
	struct http_client_stats client = http_client_stats();

	assert(fibers.running <= fibers.running_max && fibers.running_max <= LIMIT_FIBERS);
	assert(client.calls <= 2 * LIMIT_CLIENT_CALLS);
	ret->fibers = fibers.running;
	ret->fibers_max = fibers.running_max;
	ret->redis_up = redis_is_up(stores->redis);
	ret->objects_up = objects_are_up(stores->objects);
	ret->client_calls = client.calls;
	memcpy(ret->client_outcomes, client.outcomes, sizeof(ret->client_outcomes));
	memcpy(ret->together, together_counts(), sizeof(ret->together));
	for (int role = 0; role < PG_ROLE_COUNT; role++) {
		struct pg_stats stats = pg_stats(stores->pools[role]);

		ret->pools[role] = (struct metrics_pool){
		    .connections = stats.connections,
		    .queued = stats.queued,
		    .in_flight = stats.in_flight,
		    .leased = stats.leased,
		    .batches = stats.batches,
		    .statements = stats.statements,
		    .errors = stats.errors,
		    .reconnects = stats.reconnects,
		    .resent = stats.resent,
		};
	}
}

/* Raises the soft limit to the hard limit. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

unsigned process_connections_max(const struct config *config)
{
	rlim_t others = PG_ROLE_COUNT * (rlim_t)(config->db_connections + config->db_leased) +
	                CLIENT_DESCRIPTORS + OTHER_DESCRIPTORS;
	struct rlimit limit;
	unsigned max;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= LIMIT_CONNECTIONS + others)
		return LIMIT_CONNECTIONS;
	max =
	    (unsigned)(limit.rlim_cur > 2 * others ? limit.rlim_cur - others : limit.rlim_cur / 2);
	assert(max < LIMIT_CONNECTIONS);
	LOG_WARNING("low descriptor limit", log_int("limit", (int64_t)limit.rlim_cur),
	            log_int("wanted", (int64_t)(LIMIT_CONNECTIONS + others)),
	            log_int("connections", max));
	return max;
}

void process_begin(const struct config *config, const char *name)
{
	char title[16] = "sebez ";

	assert(config->log_level >= 0 && config->log_level < LOG_LEVEL_COUNT);
	strncat(title, name, sizeof(title) - strlen(title) - 1);
	prctl(PR_SET_NAME, title);
	signal(SIGPIPE, SIG_IGN);
	raise_descriptor_limit();
	log_start((enum log_level)config->log_level, name);
}

const char *process_base_conninfo(void)
{
	const char *base = getenv("SEBEZ_NODE_DATABASE");

	return base != NULL ? base : "";
}

static void call_back(uv_signal_t *handle, int number)
{
	((void (*)(int))handle->data)(number);
}

void process_on_signal(int number, void (*run)(int number))
{
	static uv_signal_t handles[SIGNALS_MAX];
	static int used;
	uv_signal_t *handle = &handles[used++];
	int rc;

	assert(used <= SIGNALS_MAX && run != NULL);
	rc = uv_signal_init(loop_uv(), handle);
	assert(rc == 0);
	handle->data = (void *)run;
	rc = uv_signal_start(handle, call_back, number);
	assert(rc == 0);
	uv_unref((uv_handle_t *)handle);
}

void process_ready(void)
{
	ssize_t ignored = write(MEMBER_FD_READY, "1", 1);

	(void)ignored; /* on failure the supervisor is gone, and the death signal follows */
	close(MEMBER_FD_READY);
}
