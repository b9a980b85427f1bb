#include "outbox_worker.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/uuid.h"
#include "net/co.h"
#include "net/loop.h"
#include "shop/outbox/outbox.h"
#include "task/db.h"

enum { INTERVAL_MS = 10, TASK_MS = 30 * 1000, ANSWER_BYTES = 256 };

/* One attempt. */
struct call {
	int port;
	char request[128];
	char answer[ANSWER_BYTES]; /* "" when there was none */
};

/* On a thread, as the sockets block. */
static void talk(void *arg)
{
	struct call *call = arg;
	struct sockaddr_in to = {.sin_family = AF_INET,
	                         .sin_port = htons((uint16_t)call->port),
	                         .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t length = strlen(call->request);
	ssize_t count = 0;

	call->answer[0] = '\0';
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 &&
	    send(fd, call->request, length, MSG_NOSIGNAL) == (ssize_t)length)
		count = recv(fd, call->answer, sizeof(call->answer) - 1, 0);
	call->answer[count > 0 ? count : 0] = '\0';
	close(fd);
}

static void attempt(struct delivery *row)
{
	struct call call = {.port = atoi(row->destination)};
	char id[UUID_TEXT_LENGTH + 1];

	uuid_format(row->id, id);
	snprintf(call.request, sizeof(call.request), "%s\n", id);
	loop_in_thread(talk, &call);
	if (strcmp(call.answer, "ok") == 0)
		delivery_done(row);
	else if (strncmp(call.answer, "later", 5) == 0)
		delivery_retry(row, 3600 * 1000, call.answer);
	else if (strncmp(call.answer, "retry", 5) == 0)
		delivery_retry(row, 0, call.answer);
	else if (strncmp(call.answer, "refuse", 6) == 0)
		delivery_give_up(row, call.answer);
	else
		delivery_unreachable(row, 0, "no answer");
}

static bool says(const struct delivery *row, const char *what)
{
	return strstr(row->payload, what) != NULL;
}

static void deliver_one(struct task *task, struct delivery *row)
{
	if (says(row, "leave")) {
		return;
	} else if (says(row, "skip")) {
		delivery_skip(row);
	} else if (says(row, "wait")) {
		delivery_wait(row);
	} else if (says(row, "postpone")) {
		delivery_postpone(row, 3600 * 1000);
	} else if (says(row, "move to ") && *row->destination == '\0') {
		char *port = strchr(row->payload, ':');

		delivery_move(row, strtok(strstr(port, "move to ") + 8, "\""));
	} else if (delivery_begin(row)) {
		if (says(row, "crash"))
			abort();
		if (says(row, "fail"))
			task_end(task, PROBLEM_INTERNAL, "It cannot be read.");
		if (says(row, "not sent"))
			delivery_unsent(row);
		else if (!says(row, "say nothing"))
			attempt(row);
	}
}

static void deliver(struct task *task, struct delivery rows[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		deliver_one(task, &rows[i]);
	for (size_t i = 0; i < count; i++)
		if (says(&rows[i], "end badly"))
			task_end(task, PROBLEM_INTERNAL, "It fails when all is done.");
}

/* Begins an attempt within a transaction. */
static void deliver_badly(struct task *task, struct delivery rows[], size_t count)
{
	(void)db_begin(task);
	(void)delivery_begin(&rows[0]);
}

static const struct outbox_topic TOPICS[] = {
    {.name = "call", .deliver = deliver, .expire_s = 3600},
    {.name = "news", .expire_s = 3600, .drop_expired = true},
    {.name = "bad", .deliver = deliver_badly, .expire_s = 3600},
    {0},
};
static const struct area AREA = {.name = "test", .topics = TOPICS};
const struct area *const AREAS[] = {&AREA, NULL};

static void run_job(void (*job)(struct task *task))
{
	struct task task = {
	    .deadline_ms = loop_now_ms() + TASK_MS, .actor = {.kind = ACTOR_JOBS}, .name = "test"};

	uuid_format(uuid_v7(), task.request_id);
	task.arena = arena_new(LIMIT_REQUEST_ARENA_BYTES, task_arena_full, &task);
	if (!task_run(&task, job))
		fprintf(stderr, "job failed: %s\n", task.problem.log);
	arena_free(task.arena);
}

static void report_lost(int fd)
{
	static uint64_t told;
	struct outbox_gauges gauges;

	outbox_gauges(&TOPICS[0], &gauges);
	for (; told < gauges.outcomes[OUTBOX_LOST]; told++)
		assert(write(fd, "!", 1) == 1);
}

static void run_jobs(void *arg)
{
	run_job(outbox_purge);
	for (;;) {
		run_job(outbox_dispatch);
		report_lost(*(int *)arg);
		co_sleep_ms(INTERVAL_MS);
	}
}

int outbox_worker(char **arguments)
{
	static struct pg_pool *pools[PG_ROLE_COUNT];
	char conninfo[512];
	struct pg_pool_options pool = {.conninfo = conninfo,
	                               .shared_max = 2,
	                               .leased_max = 1,
	                               .statement_timeout_ms = 30 * 1000};
	struct outbox_options options = outbox_defaults();
	int fd = atoi(arguments[2]);
	int rc;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(conninfo, sizeof(conninfo), "%s options='-c role=sebez_jobs'",
	         getenv("SEBEZ_TEST_PG"));
	pools[PG_JOBS] = pg_pool_open(PG_JOBS, &pool);
	db_setup(pools);
	options.lease_ms = atoi(arguments[0]);
	options.attempts_max = atoi(arguments[1]);
	options.retry_first_ms = 20;
	options.retry_max_ms = 100;
	options.breaker = (struct breaker_options){.failures = 3, .first_ms = 50, .max_ms = 200};
	outbox_start(&options);
	rc = co_start(run_jobs, &fd);
	assert(rc == 0);
	loop_run();
	return 0;
}
