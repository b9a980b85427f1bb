#include <assert.h>
#include <signal.h>

#include "net/log.h"
#include "node/metrics.h"
#include "node/supervisor_internal.h"

/* While a successor starts, it owns the slot and the reload watches it. */
static bool beats_count(const struct member *member)
{
	return member_is_ours(member) && member->now.pid > 0 && member->next.pid <= 0;
}

static void look_at(struct member *member)
{
	struct process *process = &member->now;

	if (!beats_count(member) ||
	    !heartbeat_look(&process->heartbeat, metrics_beats((unsigned)member->slot)))
		return;
	LOG_ERROR("process is unresponsive", log_str("which", member_name(member)),
	          log_int("pid", process->pid));
	assert(process->pid > 1);
	kill(process->pid, SIGKILL); /* the supervisor restarts dead processes */
}

void watch_for_hung(struct supervisor *su, int64_t now_ms)
{
	for (int i = 0; i < su->leaving_count; i++)
		if (now_ms >= su->leaving[i].deadline_ms)
			kill(su->leaving[i].pid, SIGKILL);
	if (su->phase != PHASE_SERVING || now_ms < su->look_ms)
		return;
	su->look_ms = now_ms + HEARTBEAT_MS;
	for (int i = 0; i < su->count; i++)
		look_at(&su->members[i]);
}
