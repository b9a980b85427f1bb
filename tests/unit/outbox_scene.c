#include "outbox_scene.h"

#include <arpa/inet.h>
#include <libpq-fe.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "laid_schema.h"
#include "task/statements.h"

enum { WORKERS_MAX = 2 };

struct receiver receivers[RECEIVERS], *const one = &receivers[0], *const other = &receivers[1];
size_t lost;

static struct worker workers[WORKERS_MAX];
static PGconn *db;
static int lost_pipe[2];

/* The database. */

const char *sql(const char *format, ...)
{
	static char value[1024];
	char text[2048];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	PGresult *result = PQexec(db, text);
	if (PQresultStatus(result) != PGRES_TUPLES_OK && PQresultStatus(result) != PGRES_COMMAND_OK)
		fail_msg("%s: %s", text, PQresultErrorMessage(result));
	value[0] = '\0';
	if (PQntuples(result) > 0)
		snprintf(value, sizeof(value), "%s", PQgetvalue(result, 0, 0));
	PQclear(result);
	return value;
}

const char *sql_column_as(const char *role, const char *statement, size_t count,
                          const char *const values[], int column)
{
	static char value[64];
	const char *text = NULL;

	for (size_t i = 0; i < SQL_SOURCE_COUNT; i++)
		if (strcmp(SQL_SOURCES[i].statements[0].name, statement) == 0)
			text = SQL_SOURCES[i].statements[0].text;
	assert_non_null(text);
	sql("set role %s", role);
	PGresult *result = PQexecParams(db, text, (int)count, NULL, values, NULL, NULL, 0);
	sql("reset role");
	if (PQntuples(result) != 1)
		fail_msg("%s: %s", statement, PQresultErrorMessage(result));
	snprintf(value, sizeof(value), "%s", PQgetvalue(result, 0, column));
	PQclear(result);
	return value;
}

const char *sql_as(const char *role, const char *statement, size_t count,
                   const char *const values[])
{
	return sql_column_as(role, statement, count, values, 0);
}

long count_of(const char *what)
{
	return atol(sql("select count(*) from %s", what));
}

void add_rows(int count, int port, const char *says)
{
	char destination[16] = "";

	if (port)
		snprintf(destination, sizeof(destination), "%d", port);
	sql("insert into outbox (topic, destination, subject_id, payload) "
	    "select 'call', '%s', gen_random_uuid(), '{\"do\": \"%s\"}' from generate_series(1, "
	    "%d)",
	    destination, says, count);
}

/* Receivers and workers. */

void answer(struct received *call, const char *text)
{
	assert_true(call->fd >= 0);
	(void)!send(call->fd, text, strlen(text), MSG_NOSIGNAL);
	close(call->fd);
	call->fd = -1;
}

static void accept_call(struct receiver *receiver)
{
	struct received *call = &receiver->calls[receiver->count];
	size_t length = 0;
	ssize_t count;

	assert_true(receiver->count < CALLS_MAX);
	call->fd = accept4(receiver->listener, NULL, NULL, SOCK_CLOEXEC);
	while (length < sizeof(call->id) - 1 &&
	       (count = recv(call->fd, call->id + length, sizeof(call->id) - 1 - length, 0)) > 0) {
		length += (size_t)count;
		if (call->id[length - 1] == '\n')
			break;
	}
	if (length == 0 || call->id[length - 1] != '\n') { /* its worker was killed */
		close(call->fd);
		return;
	}
	call->id[length - 1] = '\0';
	receiver->count++;
	if (receiver->answer != NULL)
		answer(call, receiver->answer);
}

static void start_worker(struct worker *worker)
{
	char fd[16];

	snprintf(fd, sizeof(fd), "%d", lost_pipe[1]);
	worker->pid = fork();
	assert_true(worker->pid >= 0);
	if (worker->pid > 0)
		return;
	execl("/proc/self/exe", "worker", worker->lease_ms, worker->attempts_max, fd, (char *)NULL);
	_exit(127);
}

/* A worker that has died is started again, as the supervisor does. */
void look(void)
{
	struct pollfd fds[RECEIVERS + 1] = {{.fd = lost_pipe[0], .events = POLLIN}};
	char bytes[64];
	ssize_t count;

	for (int i = 0; i < RECEIVERS; i++)
		fds[i + 1] = (struct pollfd){.fd = receivers[i].listener, .events = POLLIN};
	poll(fds, RECEIVERS + 1, 10);
	if (fds[0].revents && (count = read(lost_pipe[0], bytes, sizeof(bytes))) > 0)
		lost += (size_t)count;
	for (int i = 0; i < RECEIVERS; i++)
		if (fds[i + 1].revents)
			accept_call(&receivers[i]);
	for (int i = 0; i < WORKERS_MAX; i++)
		if (workers[i].pid > 0 && waitpid(workers[i].pid, NULL, WNOHANG) == workers[i].pid)
			start_worker(&workers[i]);
}

struct worker *work(int number, const char *lease_ms, const char *attempts_max)
{
	struct worker *worker = &workers[number];

	*worker = (struct worker){.lease_ms = lease_ms, .attempts_max = attempts_max};
	start_worker(worker);
	return worker;
}

void kill_worker(struct worker *worker)
{
	if (worker->pid > 0) {
		kill(worker->pid, SIGKILL);
		waitpid(worker->pid, NULL, 0);
	}
	worker->pid = 0;
}

size_t calls_with(const struct receiver *receiver, const char *id)
{
	size_t count = 0;

	for (size_t i = 0; i < receiver->count; i++)
		count += strcmp(receiver->calls[i].id, id) == 0;
	return count;
}

/* For cmocka. */

static void listen_at(struct receiver *receiver)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(at);

	*receiver = (struct receiver){.answer = HOLD};
	receiver->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(receiver->listener, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(receiver->listener, 64), 0);
	assert_int_equal(getsockname(receiver->listener, (struct sockaddr *)&at, &length), 0);
	receiver->port = ntohs(at.sin_port);
}

int scene_begin(void **state)
{
	for (int i = 0; i < RECEIVERS; i++)
		listen_at(&receivers[i]);
	assert_int_equal(pipe(lost_pipe), 0);
	lost = 0;
	return 0;
}

int scene_end(void **state)
{
	for (int i = 0; i < WORKERS_MAX; i++)
		kill_worker(&workers[i]);
	for (int i = 0; i < RECEIVERS; i++) {
		for (size_t n = 0; n < receivers[i].count; n++)
			if (receivers[i].calls[n].fd >= 0)
				close(receivers[i].calls[n].fd);
		if (receivers[i].listener >= 0)
			close(receivers[i].listener);
	}
	close(lost_pipe[0]);
	close(lost_pipe[1]);
	sql("truncate outbox, dead_letter");
	return 0;
}

int scene_open(void **state)
{
	db = PQconnectdb(getenv("SEBEZ_TEST_PG"));
	return lay_schema(db);
}

int scene_close(void **state)
{
	PQfinish(db);
	return 0;
}
