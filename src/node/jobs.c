#include "node/jobs.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "base/clock.h"
#include "base/limits.h"
#include "net/co.h"
#include "net/http_client.h"
#include "net/log.h"
#include "net/loop.h"
#include "net/smtp_client.h"
#include "net/spans.h"
#include "node/account_setup.h"
#include "node/heartbeat.h"
#include "node/identity_setup.h"
#include "node/mail_setup.h"
#include "node/member.h"
#include "node/metrics.h"
#include "node/payment_setup.h"
#include "node/process.h"
#include "node/push_setup.h"
#include "node/sms_setup.h"
#include "node/token_keys.h"
#include "node/traces.h"
#include "shop/feed/feed.h"
#include "shop/media/media.h"
#include "shop/outbox/outbox.h"
#include "shop/shop.h"

enum { JOB_MS = 60 * 1000, DRAIN_STEP_MS = 10 };

static struct {
	const struct config *config;
	struct process_stores stores;
	uv_timer_t gauges_timer, drain_timer;
	bool stopping;
	unsigned running;
	int64_t deadline_ms;
} jobs;

/* The job's index in the metrics. */
static unsigned number_of(const struct job *job)
{
	unsigned number = 0;

	while (shop_job(number) != job) {
		assert(shop_job(number) != NULL); /* it is in the table */
		number++;
	}
	return number;
}

static void report(const struct task *task, const struct job *job, bool good, int64_t duration_us)
{
	metrics_job(number_of(job), good, duration_us);
	if (good)
		LOG_DEBUG("job done", log_str("job", job->name),
		          log_int("duration_us", duration_us));
	else
		LOG_WARNING("job failed", log_str("job", job->name),
		            log_str("request_id", task->request_id),
		            log_str("code", task->problem.code->name),
		            log_str("detail", task->problem.detail));
}

/* Returns after how long the job wants to run again; 0: after its interval. */
static int64_t run_once(const struct job *job)
{
	struct task task = {
	    .deadline_ms = loop_now_ms() + JOB_MS,
	    .actor = {.kind = ACTOR_JOBS},
	    .name = job->name,
	};
	int64_t started_us = clock_now_us(), begin_us = clock_monotonic_us();
	struct trace trace = spans_trace(NULL);
	bool good;

	uuid_format(uuid_v7(), task.request_id);
	task.arena = arena_new(LIMIT_REQUEST_ARENA_BYTES, task_arena_full, &task);
	jobs.running++;
	spans_work_for(&trace);
	good = task_run(&task, job->run);
	spans_work_for(NULL);
	assert(jobs.running > 0 && !co_has_scarce()); /* its transactions are closed */
	jobs.running--;
	report(&task, job, good, clock_now_us() - started_us);
	spans_add(&(struct span){.trace = trace,
	                         .kind = SPAN_INTERNAL,
	                         .name = job->name,
	                         .error = good ? NULL : task.problem.code->name,
	                         .begin_us = started_us,
	                         .duration_us = clock_monotonic_us() - begin_us});
	arena_free(task.arena);
	return good ? task.again_ms : 0;
}

static int64_t interval_of(const struct job *job)
{
	switch (job->interval_ms) {
	case JOB_AT_SETTING:
		return jobs.config->jobs_interval_ms;
	case JOB_AT_RANKING_SETTING:
		return jobs.config->ranking_interval_ms;
	default:
		return job->interval_ms;
	}
}

static void run_forever(void *arg)
{
	const struct job *job = arg;
	int64_t interval_ms = interval_of(job);

	assert(interval_ms > 0 && job->run != NULL);
	metrics_job_begins(number_of(job), interval_ms);
	while (!jobs.stopping) {
		int64_t again_ms = run_once(job);

		co_sleep_ms(again_ms > 0 && again_ms < interval_ms ? again_ms : interval_ms);
	}
}

static void fill_topics(struct metrics_topic topics[METRICS_TOPICS_MAX])
{
	const struct outbox_topic *topic;

	for (size_t i = 0; (topic = shop_topic(i)) != NULL; i++) {
		struct outbox_gauges gauges;

		assert(i < METRICS_TOPICS_MAX);
		outbox_gauges(topic, &gauges);
		topics[i] = (struct metrics_topic){.pending = gauges.pending,
		                                   .oldest_s = gauges.oldest_s,
		                                   .dead = gauges.dead,
		                                   .open = gauges.open,
		                                   .half_open = gauges.half_open};
		memcpy(topics[i].outcomes, gauges.outcomes, sizeof(topics[i].outcomes));
	}
}

static void on_gauges(uv_timer_t *timer)
{
	struct metrics_gauges gauges = {0};
	struct media_gauges uploads = media_gauges();

	(void)timer;
	process_gauges(&jobs.stores, &gauges);
	fill_topics(gauges.topics);
	metrics_fill_push(gauges.pushes);
	for (size_t i = 0; feed_follower(i) != NULL; i++) {
		assert(i < METRICS_FOLLOWERS_MAX);
		gauges.followers_behind_s[i] = feed_follower_behind_s(i);
	}
	gauges.uploads = (struct metrics_uploads){.unpublished = uploads.unpublished,
	                                          .published = uploads.published,
	                                          .oldest_s = uploads.oldest_s,
	                                          .unfetched = uploads.unfetched};
	metrics_set(&gauges);
}

static void on_drain(uv_timer_t *timer)
{
	(void)timer;
	bool busy = jobs.running > 0 || shop_is_busy() || traces_wait();

	if (!busy || loop_now_ms() >= jobs.deadline_ms)
		loop_stop();
}

static void on_stop(int number)
{
	(void)number;
	jobs.stopping = true;
	shop_drain();
	traces_drain();
	jobs.deadline_ms = loop_now_ms() + jobs.config->drain_ms;
	uv_timer_start(&jobs.drain_timer, on_drain, 0, DRAIN_STEP_MS);
}

static void start_jobs(void)
{
	const struct job *job;

	for (size_t i = 0; (job = shop_job(i)) != NULL; i++) {
		int rc = co_start(run_forever, (void *)job);

		assert(rc == 0 && i < METRICS_JOBS_MAX); /* fewer jobs than fibers */
	}
}

/* Of what accounts have sealed. */
static void set_keys(const struct config *config, const struct secret *secret)
{
	bool has_previous = config->secret_previous[0] != '\0';
	struct secret previous;

	if (has_previous) {
		bool parsed = secret_parse(config->secret_previous, &previous);

		assert(parsed); /* config_load has validated the key */
	}
	token_keys_load(secret, has_previous ? &previous : NULL);
	explicit_bzero(&previous, sizeof(previous));
}

static int open_shop(const struct config *config, const struct secret *secret)
{
	struct push_settings push = push_setup(config);
	struct sms_settings sms = sms_setup_with_keys(config, secret);
	struct mail_settings mail;
	struct payment_settings payments = payment_setup(config);
	struct account_settings accounts = account_setup(config);
	int rc = mail_setup(config, secret, true, &mail);

	if (rc == 0)
		rc = smtp_client_start(config->ca_file[0] != '\0' ? config->ca_file : NULL);
	if (rc == 0)
		rc = identity_setup(config, &accounts.identity);
	if (rc == 0)
		rc = shop_start(&(struct area_options){.redis = jobs.stores.redis,
		                                       .objects = jobs.stores.objects,
		                                       .push = &push,
		                                       .sms = &sms,
		                                       .mail = &mail,
		                                       .payments = &payments,
		                                       .language = config->language,
		                                       .accounts = &accounts});
	explicit_bzero(&mail, sizeof(mail));
	return rc;
}

int jobs_main(const struct config *config, unsigned slot)
{
	struct secret secret;
	int rc;

	process_begin(config, "jobs");
	jobs.config = config;
	rc = process_open(config, slot, "jobs", &secret, &jobs.stores);
	if (rc == 0)
		set_keys(config, &secret);
	if (rc == 0)
		rc = open_shop(config, &secret);
	explicit_bzero(&secret, sizeof(secret));
	if (rc < 0)
		return 1;
	uv_timer_init(loop_uv(), &jobs.gauges_timer);
	uv_timer_init(loop_uv(), &jobs.drain_timer);
	uv_timer_start(&jobs.gauges_timer, on_gauges, 0, HEARTBEAT_MS);
	process_on_signal(MEMBER_SIGNAL_STOP, on_stop);
	traces_start(config, "jobs");
	start_jobs();
	process_ready();
	loop_run();
	shop_stop();
	smtp_client_stop();
	http_client_stop();
	process_close_stores(&jobs.stores);
	return 0;
}
