#include "node/media.h"

#include <assert.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <uv.h>

#include "base/limits.h"
#include "net/co.h"
#include "net/http_client.h"
#include "net/log.h"
#include "net/loop.h"
#include "node/heartbeat.h"
#include "node/media_examine.h"
#include "node/member.h"
#include "node/metrics.h"
#include "node/process.h"
#include "shop/shop.h"

enum {
	/* Two hands, each with a worker: one only for what somebody waits for, so that it never
	 * waits for AVIF or an import; the other for everything. */
	HANDS = 2,
	IDLE_WORKER_MS = 60 * 1000, /* then it is ended, for its memory */
	DRAIN_STEP_MS = 10,
	NICE = 10, /* requests come first */
};

struct hand {
	struct media_hand hand;
	struct media_examiner examiner;
	struct co *waiting;
};

/* Fibers that fetch pictures; one of them looks for the next one. */
struct fetcher {
	struct media_fetcher *fetcher;
	struct co *waiting;
};

static struct {
	const struct config *config;
	struct process_stores stores;
	uv_timer_t gauges_timer, drain_timer;
	struct hand hands[HANDS];
	struct media_fetchers fetchers;
	struct fetcher fetching[MEDIA_FETCHERS];
	struct fetcher *looking; /* NULL: none */
	uint64_t killed;
	unsigned running; /* fibers */
	bool stopping;
	int64_t deadline_ms;
} media;

static void wake_hands(void)
{
	for (int i = 0; i < HANDS; i++)
		if (media.hands[i].waiting != NULL)
			co_wake(media.hands[i].waiting);
}

static void wake_all(void)
{
	wake_hands();
	for (int i = 0; i < MEDIA_FETCHERS; i++)
		if (media.fetching[i].waiting != NULL)
			co_wake(media.fetching[i].waiting);
}

static void work(void *arg)
{
	struct hand *hand = arg;

	media.running++;
	while (!media.stopping) {
		if (media_process_next(&hand->hand))
			continue;
		if (loop_now_ms() - hand->examiner.used_ms > IDLE_WORKER_MS)
			media_examine_end(&hand->examiner);
		if (media.stopping)
			break;
		hand->waiting = co_self();
		(void)co_wait(loop_now_ms() + media.config->jobs_interval_ms);
		hand->waiting = NULL;
	}
	media_examine_end(&hand->examiner);
	media.running--;
}

static void sleep_until(struct fetcher *fetcher, int64_t deadline_ms)
{
	fetcher->waiting = co_self();
	(void)co_wait(deadline_ms);
	fetcher->waiting = NULL;
}

/* Another fiber may look for the next picture. */
static void pass_on(void)
{
	media.looking = NULL;
	for (int i = 0; i < MEDIA_FETCHERS; i++)
		if (media.fetching[i].waiting != NULL) {
			co_wake(media.fetching[i].waiting);
			return;
		}
}

/* A fetch has ended: the host or vendor that it was of may have kept the next one waiting. */
static void wake_looker(void)
{
	if (media.looking != NULL && media.looking->waiting != NULL)
		co_wake(media.looking->waiting);
}

static void look(struct fetcher *fetcher)
{
	int64_t wait_ms;

	media.looking = fetcher;
	wait_ms = media_fetch_next(&media.fetchers, fetcher->fetcher);
	if (wait_ms == 0) { /* it passed on when it found one */
		wake_hands();
		wake_looker();
		return;
	}
	if (wait_ms > media.config->jobs_interval_ms)
		wait_ms = media.config->jobs_interval_ms;
	if (media.looking == fetcher && !media.stopping)
		sleep_until(fetcher, loop_now_ms() + wait_ms);
	if (media.looking == fetcher)
		media.looking = NULL;
}

static void fetch(void *arg)
{
	struct fetcher *fetcher = arg;

	media.running++;
	while (!media.stopping) {
		if (media.looking != NULL)
			sleep_until(fetcher, 0);
		else
			look(fetcher);
	}
	media.running--;
}

static void renew(void *arg)
{
	struct uuid claimed[HANDS + MEDIA_FETCHERS];

	(void)arg;
	for (;;) {
		co_sleep_ms(MEDIA_RENEW_MS);
		for (int i = 0; i < HANDS; i++)
			claimed[i] = media.hands[i].hand.claimed;
		for (int i = 0; i < MEDIA_FETCHERS; i++)
			claimed[HANDS + i] = media.fetchers.each[i].claimed;
		media_process_renew(HANDS + MEDIA_FETCHERS, claimed);
	}
}

static void on_gauges(uv_timer_t *timer)
{
	struct metrics_gauges gauges = {0};
	struct media_counts counts = media_process_counts();

	(void)timer;
	process_gauges(&media.stores, &gauges);
	gauges.is_media = true;
	gauges.media = (struct metrics_media){.published = counts.published,
	                                      .avif = counts.avif,
	                                      .shared = counts.shared,
	                                      .busy_us = counts.busy_us,
	                                      .postponed = counts.postponed,
	                                      .fetched = counts.fetched,
	                                      .unchanged = counts.unchanged,
	                                      .fetched_again = counts.fetched_again,
	                                      .workers_killed = media.killed};
	_Static_assert(sizeof(gauges.media.failed) == sizeof(counts.failed), "a count for each");
	memcpy(gauges.media.failed, counts.failed, sizeof(counts.failed));
	metrics_set(&gauges);
}

static void on_drain(uv_timer_t *timer)
{
	(void)timer;
	if (media.running == 0 || loop_now_ms() >= media.deadline_ms)
		loop_stop();
}

static void on_stop(int number)
{
	(void)number;
	media.stopping = true;
	shop_drain();
	media.deadline_ms = loop_now_ms() + media.config->drain_ms;
	uv_timer_start(&media.drain_timer, on_drain, 0, DRAIN_STEP_MS);
	wake_all();
}

/* Workers inherit it. */
static void give_way(void)
{
	struct sched_param none = {0};

	(void)sched_setscheduler(0, SCHED_BATCH, &none);
	(void)setpriority(PRIO_PROCESS, 0, NICE);
}

static void keep_from_workers(void)
{
	for (int fd = MEMBER_FD_METRICS; fd <= MEMBER_FD_WORKER; fd++)
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC); /* the last one may be missing */
}

static void start_hands(void)
{
	int rc = co_start(renew, NULL);

	assert(rc == 0); /* the first fibers of the process */
	for (int i = 0; i < HANDS; i++) {
		struct hand *hand = &media.hands[i];

		*hand = (struct hand){.hand = {.examine = media_examine,
		                               .arg = &hand->examiner,
		                               .priority_max = i == 0 ? 0 : INT16_MAX},
		                      .examiner = {.killed = &media.killed}};
		rc = co_start(work, hand);
		assert(rc == 0);
	}
}

static void start_fetchers(void)
{
	media.fetchers.interval_ms = (int32_t)media.config->fetch_interval_ms;
	media.fetchers.found = pass_on;
	for (int i = 0; i < MEDIA_FETCHERS; i++) {
		struct fetcher *fetcher = &media.fetching[i];
		int rc;

		fetcher->fetcher = &media.fetchers.each[i];
		rc = co_start(fetch, fetcher);
		assert(rc == 0); /* there are fewer than fibers */
	}
}

static int open_all(unsigned slot)
{
	struct secret secret;
	int rc = process_open(media.config, slot, "media", &secret, &media.stores);

	explicit_bzero(&secret, sizeof(secret));
	if (rc == 0)
		rc = shop_start(&(struct area_options){.redis = media.stores.redis,
		                                       .objects = media.stores.objects,
		                                       .language = media.config->language});
	return rc < 0 ? rc : media_process_listen(media.config->redis_url, wake_all);
}

int media_main(const struct config *config, unsigned slot)
{
	process_begin(config, "media");
	give_way();
	media.config = config;
	keep_from_workers();
	if (open_all(slot) < 0)
		return 1;
	uv_timer_init(loop_uv(), &media.gauges_timer);
	uv_timer_init(loop_uv(), &media.drain_timer);
	uv_timer_start(&media.gauges_timer, on_gauges, 0, HEARTBEAT_MS);
	process_on_signal(MEMBER_SIGNAL_STOP, on_stop);
	start_hands();
	start_fetchers();
	process_ready();
	loop_run();
	media_process_deafen();
	shop_stop();
	http_client_stop();
	process_close_stores(&media.stores);
	return 0;
}
