#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "net/log.h"
#include "node/supervisor_internal.h"

enum { GOING_MS = 30000 }; /* PostgreSQL writes a checkpoint before it exits */

/* A new program may need a newer schema, so migrate first, as at each start. */
static void migrate_first(struct supervisor *su)
{
	const char *argv[] = {"sebez", "migrate", NULL};
	struct child_spec spec = {
	    .program = su->world.program, .argv = argv, .output_fd = -1, .death_signal = SIGTERM};
	int rc;

	assert(su->migrating == 0);
	setenv("SEBEZ_DATA", su->services.data_folder.data, 1); /* an absolute path */
	rc = child_spawn(&spec, &su->migrating);

	if (rc < 0)
		LOG_ERROR("cannot start the new program", log_str("reason", strerror(-rc)));
}

void files_migrated(struct supervisor *su, bool good)
{
	assert(su->migrating > 0);
	su->migrating = 0;
	if (su->phase != PHASE_SERVING)
		return;
	if (good)
		reload_ask(su);
	else
		LOG_ERROR("the new program cannot migrate the database: the processes keep running "
		          "the old one");
}

static void restart(struct supervisor *su, struct member *member, enum files_change change)
{
	assert(change != FILES_SAME && change != FILES_GONE && su->phase == PHASE_SERVING);
	switch (member->kind) {
	case MEMBER_API:
	case MEMBER_JOBS:
	case MEMBER_MEDIA:
		if (change == FILES_LIBRARY_REPLACED)
			reload_ask(su);
		else
			migrate_first(su);
		break;
	case MEMBER_PG:
	case MEMBER_REDIS:
	case MEMBER_BACKUP:
		kill(member->now.pid, member->kind == MEMBER_PG ? SIGINT : SIGTERM);
		member->kill_at_ms = clock_monotonic_ms() + GOING_MS;
		break;
	}
}

static bool is_busy(const struct supervisor *su)
{
	return su->phase != PHASE_SERVING || su->reloading != NOT_RELOADING || su->migrating > 0;
}

void watch_files(struct supervisor *su, int64_t now_ms)
{
	for (int i = 0; i < su->count; i++) {
		struct member *member = &su->members[i];

		if (member->now.pid > 0 && member->kill_at_ms != 0 && now_ms >= member->kill_at_ms)
			kill(member->now.pid, SIGKILL);
	}
	if (is_busy(su) || now_ms < su->files_ms)
		return;
	su->files_ms = now_ms + FILES_LOOK_MS;
	for (int i = 0; i < su->count && !is_busy(su); i++) {
		struct member *member = &su->members[i];
		enum files_change change = FILES_SAME;

		if (member->now.pid > 0)
			change = files_look(&member->now.files, member->now.pid);
		if (change == FILES_SAME)
			continue;
		LOG_WARNING(change == FILES_GONE ? "program was deleted" : "files were replaced",
		            log_str("which", member_name(member)),
		            log_str("program", member->now.files.program));
		if (change != FILES_GONE)
			restart(su, member, change);
	}
}
