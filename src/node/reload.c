#include <assert.h>
#include <signal.h>

#include "base/clock.h"
#include "net/log.h"
#include "node/metrics.h"
#include "node/supervisor_internal.h"

enum { SUCCESSOR_MS = 30000 }; /* from start until ready, on a busy machine */

static bool is_reloading(const struct supervisor *su)
{
	return su->reloading >= 0 && su->reloading < su->api_count;
}

static void end(struct supervisor *su)
{
	bool requested = su->reload_requested;

	reload_forget(su);
	if (requested)
		reload_ask(su);
}

static void fail(struct supervisor *su, const char *why)
{
	const struct member *member = &su->members[su->reloading];

	assert(is_reloading(su) && member->next.pid <= 0);
	LOG_ERROR("reload failed", log_str("reason", why));
	metrics_give((unsigned)member->slot, member->now.pid); /* the old process keeps the slot */
	end(su);
}

/* After the last api process, replaces the others of our program: by now it is known to start. */
static void replace_others(struct supervisor *su)
{
	for (int i = su->api_count; i < su->count; i++)
		if (member_is_ours(&su->members[i]) && su->members[i].now.pid > 0) {
			supervisor_let_go(su, &su->members[i].now, MEMBER_SIGNAL_STOP);
			su->members[i].start_at_ms = 1;
		}
}

/* Starts the successor of the next api process. */
static void replace_next(struct supervisor *su)
{
	struct member *member;

	assert(su->phase == PHASE_SERVING && su->reloading < su->api_count);
	do
		su->reloading++; /* members that are down are restarted by the supervisor */
	while (su->reloading < su->api_count && su->members[su->reloading].now.pid <= 0);
	if (su->reloading == su->api_count) {
		replace_others(su);
		LOG_INFO("reloaded");
		secret_reloaded(su);
		end(su);
		return;
	}
	member = &su->members[su->reloading];
	assert(is_reloading(su) && member->kind == MEMBER_API);
	if (member_start(&su->world, member, &member->next) < 0)
		fail(su, "cannot start the new process");
	else
		su->reload_deadline_ms = clock_monotonic_ms() + SUCCESSOR_MS;
}

void reload_ask(struct supervisor *su)
{
	if (su->reloading != NOT_RELOADING) {
		su->reload_requested = true;
		return;
	}
	secret_look(su); /* all processes of one reload get the same */
	replace_next(su);
}

void reload_became_ready(struct supervisor *su, struct member *member)
{
	assert(member == &su->members[su->reloading] && member->next.ready);
	member->start_at_ms = 0; /* when `now` has died meanwhile */
	supervisor_let_go(su, &member->now, MEMBER_SIGNAL_RETIRE);
	member->now = member->next;
	member->next = (struct process){.ready_fd = -1};
	replace_next(su);
}

void reload_ended(struct supervisor *su, struct member *member)
{
	assert(member == &su->members[su->reloading] && member->next.ready_fd < 0);
	member->next = (struct process){.ready_fd = -1};
	fail(su, "the new process did not start");
}

void reload_watch(struct supervisor *su, int64_t now_ms)
{
	if (su->reloading == NOT_RELOADING || now_ms < su->reload_deadline_ms)
		return;
	supervisor_let_go(su, &su->members[su->reloading].next, SIGKILL);
	fail(su, "the new process was not ready in time");
}

void reload_forget(struct supervisor *su)
{
	su->reloading = NOT_RELOADING;
	su->reload_requested = false;
}
