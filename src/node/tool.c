#include "node/tool.h"

#include <assert.h>
#include <signal.h>
#include <unistd.h>

#include "base/limits.h"
#include "net/co.h"
#include "net/http_client.h"
#include "net/log.h"
#include "net/loop.h"
#include "node/migrate.h"
#include "node/object_store.h"
#include "node/process.h"
#include "node/say.h"

/* An import of a large catalogue takes minutes; the user can press Ctrl-C. */
enum { TOOL_MS = 24 * 3600 * 1000, TOOL_ARENA_BYTES = 64 * 1024 * 1024 };

static struct {
	const char *name;
	void (*body)(struct task *task);
	bool good;
	struct objects *objects;
	const struct secret *secret;
} tool;

struct objects *tool_objects(void)
{
	assert(tool.objects != NULL);
	return tool.objects;
}

const struct secret *tool_secret(void)
{
	assert(tool.secret != NULL);
	return tool.secret;
}

static void run_task(void *arg)
{
	struct task task = {
	    .deadline_ms = loop_now_ms() + TOOL_MS,
	    .actor = {.kind = ACTOR_JOBS},
	    .name = tool.name,
	};

	(void)arg;
	uuid_format(uuid_v7(), task.request_id);
	task.arena = arena_new(TOOL_ARENA_BYTES, task_arena_full, &task);
	tool.good = task_run(&task, tool.body);
	if (!tool.good) {
		say("%s: %s", task.problem.code->title, task.problem.detail);
		if (task.problem.errors != NULL)
			say("%s", task.problem.errors);
	}
	arena_free(task.arena);
	loop_stop();
}

static void run_on_loop(const struct config *config, const struct services *services,
                        const struct secret *secret)
{
	struct process_stores stores;
	int objects_fd = object_store_folder(&services->data_folder);

	if (objects_fd < 0 || process_open_stores(config, services->base, services->redis_url,
	                                          secret, objects_fd, &stores) < 0)
		return;
	tool.objects = stores.objects;
	tool.secret = secret;
	if (process_start_http_client(config) == 0 && co_start(run_task, NULL) == 0)
		loop_run();
	http_client_stop();
	process_close_stores(&stores);
	close(objects_fd);
}

int tool_run(const struct config *config, const char *name, void (*body)(struct task *task),
             int (*after)(const struct services *services))
{
	static struct services services;
	struct secret secret;
	int rc = services_open(config, SERVICES_TOOL, &services);

	if (rc < 0)
		return 1;
	assert(tool.body == NULL && body != NULL); /* one task for each run of the program */
	tool.name = name;
	tool.body = body;
	signal(SIGPIPE, SIG_IGN);
	log_start(LOG_LEVEL_WARNING, name);
	rc = secret_load(config, services.data_folder.data, &secret);
	if (rc == 0)
		rc = migrate(config, &services, &secret, MIGRATE_FOR_TOOL);
	if (rc == 0)
		run_on_loop(config, &services, &secret);
	if (tool.good && after != NULL && after(&services) < 0)
		tool.good = false;
	services_close(&services);
	return rc == 0 && tool.good ? 0 : 1;
}
