#include "node/supervisor.h"

#include <assert.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/log.h"
#include "node/identity_setup.h"
#include "node/mail_setup.h"
#include "node/metrics.h"
#include "node/migrate.h"
#include "node/push_setup.h"
#include "node/running.h"
#include "node/say.h"
#include "node/sockets.h"
#include "node/startup.h"
#include "node/supervisor_internal.h"
#include "node/terminal.h"

enum { GRACE_MS = 2000 }; /* after the drain time, before SIGKILL */
enum { OTHERS = 2 };      /* other polled descriptors: signals, the terminal */

static void add_member(struct supervisor *su, enum member_kind kind, int listen_fd, pid_t running)
{
	struct member *member = &su->members[su->count];

	assert(su->count < MEMBERS_MAX);
	assert((kind == MEMBER_API) == (su->count < su->api_count)); /* they come first */
	*member = (struct member){
	    .kind = kind,
	    .slot = su->count,
	    .listen_fd = listen_fd,
	    .now = {.pid = running,
	            .ready_fd = -1,
	            .ready = true,
	            .started_ms = clock_monotonic_ms()},
	    .next = {.ready_fd = -1},
	    .start_at_ms = running > 0 ? 0 : 1,
	};
	if (running > 0)
		files_begin(&member->now.files, running);
	su->count++;
}

static void start_due(struct supervisor *su, int64_t now_ms)
{
	for (int i = 0; i < su->count; i++) {
		struct member *member = &su->members[i];

		if (member->start_at_ms == 0 || member->start_at_ms > now_ms)
			continue;
		member->start_at_ms = 0;
		if (member_start(&su->world, member, &member->now) < 0)
			member_died(member, now_ms);
	}
}

static void forget_ready_fd(struct process *process)
{
	if (process->ready_fd >= 0)
		close(process->ready_fd);
	process->ready_fd = -1;
}

void supervisor_let_go(struct supervisor *su, struct process *process, int signal)
{
	forget_ready_fd(process);
	if (process->pid <= 0)
		return;
	assert(process->pid != getpid() && signal > 0);
	kill(process->pid, signal);
	if (su->leaving_count < LEAVING_MAX)
		su->leaving[su->leaving_count++] = (struct leaving){
		    .pid = process->pid,
		    .deadline_ms = clock_monotonic_ms() + su->config->drain_ms + GRACE_MS,
		};
	*process = (struct process){.ready_fd = -1};
}

static void became_ready(struct supervisor *su, struct member *member, struct process *process)
{
	assert(process->pid > 0 && !process->ready);
	process->ready = true;
	forget_ready_fd(process);
	if (process == &member->next)
		reload_became_ready(su, member);
}

/* The process whose pipe has an event; NULL when another event has closed the pipe. */
static struct process *owner_of(struct member *member, int ready_fd)
{
	if (member->next.ready_fd == ready_fd)
		return &member->next;
	return member->now.ready_fd == ready_fd ? &member->now : NULL;
}

static void announce_once(struct supervisor *su)
{
	if (su->announced || su->phase != PHASE_SERVING)
		return;
	for (int i = 0; i < su->api_count; i++)
		if (!su->members[i].now.ready || su->members[i].now.pid <= 0)
			return;
	su->announced = true;
	running_record(&su->services.data_folder, su->url, true);
	startup_announce(su->config, su->url);
	secret_settle(su);
	if (su->has_previous)
		secret_carry(su); /* a rotation that was cut off */
}

static void process_ended(struct supervisor *su, pid_t pid, int status)
{
	int64_t now_ms = clock_monotonic_ms();

	assert(su->leaving_count >= 0 && su->leaving_count <= LEAVING_MAX);
	for (int i = 0; i < su->leaving_count; i++)
		if (su->leaving[i].pid == pid) {
			su->leaving[i] = su->leaving[--su->leaving_count];
			return;
		}
	if (pid == su->carrying)
		secret_carried(su, WIFEXITED(status) && WEXITSTATUS(status) == 0);
	if (pid == su->migrating)
		files_migrated(su, WIFEXITED(status) && WEXITSTATUS(status) == 0);
	for (int i = 0; i < su->count; i++) {
		struct member *member = &su->members[i];

		if (member->next.pid == pid) {
			forget_ready_fd(&member->next);
			reload_ended(su, member);
		} else if (member->now.pid == pid) {
			LOG_WARNING("process ended", log_str("which", member_name(member)),
			            log_int("pid", pid),
			            log_str("with", WIFSIGNALED(status) ? "signal" : "status"),
			            log_int("number", WIFSIGNALED(status) ? WTERMSIG(status)
			                                                  : WEXITSTATUS(status)));
			forget_ready_fd(&member->now);
			member_died(member, now_ms);
			if (member->kind == MEMBER_PG)
				su->services.pg = 0;
			if (member->kind == MEMBER_REDIS)
				su->services.redis = 0;
			if (su->phase != PHASE_SERVING)
				member->start_at_ms = 0;
		}
	}
}

static void reap(struct supervisor *su)
{
	int status;
	pid_t pid;

	for (;;) {
		pid = waitpid(-1, &status, WNOHANG);
		if (pid <= 0)
			return;
		process_ended(su, pid, status);
	}
}

static void let_go_all(struct supervisor *su, enum member_kind kind)
{
	for (int i = 0; i < su->count; i++) {
		struct member *member = &su->members[i];

		member->start_at_ms = 0;
		if (member->kind != kind)
			continue;
		supervisor_let_go(su, &member->next, MEMBER_SIGNAL_STOP);
		supervisor_let_go(su, &member->now, MEMBER_SIGNAL_STOP);
		/* The api processes accept queued connections before they close their copy of the
		 * socket; after that connections are refused. */
		if (member->listen_fd >= 0)
			close(member->listen_fd);
		member->listen_fd = -1;
	}
}

static void begin_stop(struct supervisor *su)
{
	if (su->phase != PHASE_SERVING) {
		su->deadline_ms = 0; /* a second signal: stop at once */
		return;
	}
	LOG_INFO("stopping");
	su->phase = PHASE_API_LEAVING;
	reload_forget(su);
	su->deadline_ms = clock_monotonic_ms() + su->config->drain_ms + GRACE_MS;
	/* Send SIGTERM to retiring processes: they must stop sooner now. */
	for (int i = 0; i < su->leaving_count; i++)
		kill(su->leaving[i].pid, MEMBER_SIGNAL_STOP);
	let_go_all(su, MEMBER_BACKUP);
	let_go_all(su, MEMBER_API);
}

static void continue_stop(struct supervisor *su)
{
	if (su->phase == PHASE_SERVING)
		return;
	if (su->leaving_count > 0) {
		if (clock_monotonic_ms() >= su->deadline_ms)
			for (int i = 0; i < su->leaving_count; i++)
				kill(su->leaving[i].pid, SIGKILL);
		return;
	}
	assert(su->reloading == NOT_RELOADING);
	if (su->phase == PHASE_API_LEAVING) {
		su->phase = PHASE_OTHERS_LEAVING;
		let_go_all(su, MEMBER_JOBS);
		let_go_all(su, MEMBER_MEDIA);
		if (su->leaving_count > 0)
			return;
	}
	su->phase = PHASE_DONE;
}

static void take_signals(struct supervisor *su)
{
	struct signalfd_siginfo info;

	if (su->phase == PHASE_SERVING && terminal_is_closed()) {
		LOG_INFO("the terminal was closed");
		begin_stop(su);
	}
	while (read(su->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
			begin_stop(su);
		else if (info.ssi_signo == SIGHUP && su->phase == PHASE_SERVING)
			reload_ask(su);
	}
}

static int64_t next_event_ms(const struct supervisor *su, int64_t now_ms)
{
	int64_t wait_ms = su->phase == PHASE_SERVING ? HEARTBEAT_MS : 20;

	for (int i = 0; i < su->count; i++) {
		int64_t at_ms = su->members[i].start_at_ms;

		if (at_ms != 0 && at_ms - now_ms < wait_ms)
			wait_ms = at_ms > now_ms ? at_ms - now_ms : 0;
	}
	if (su->phase == PHASE_SERVING && su->look_ms - now_ms < wait_ms)
		wait_ms = su->look_ms > now_ms ? su->look_ms - now_ms : 0;
	if (su->reloading != NOT_RELOADING && su->reload_deadline_ms - now_ms < wait_ms)
		wait_ms = su->reload_deadline_ms > now_ms ? su->reload_deadline_ms - now_ms : 0;
	assert(wait_ms >= 0 && wait_ms <= HEARTBEAT_MS);
	return wait_ms;
}

/* Sleeps until a signal, a ready process, or the next deadline. */
static void sleep_until_event(struct supervisor *su)
{
	struct pollfd polls[OTHERS + 2 * MEMBERS_MAX];
	int owners[OTHERS + 2 * MEMBERS_MAX];
	nfds_t count = OTHERS;
	char byte;

	polls[0] = (struct pollfd){.fd = su->signal_fd, .events = POLLIN};
	/* Not polled while stopping: a closed terminal keeps reporting POLLHUP. */
	polls[1] = (struct pollfd){.fd = su->phase == PHASE_SERVING ? terminal_fd() : -1};
	for (int i = 0; i < su->count; i++) {
		const struct member *member = &su->members[i];
		int fd = member->next.ready_fd >= 0 ? member->next.ready_fd : member->now.ready_fd;

		if (fd < 0)
			continue;
		owners[count] = i;
		polls[count++] = (struct pollfd){.fd = fd, .events = POLLIN};
	}
	if (poll(polls, count, (int)next_event_ms(su, clock_monotonic_ms())) <= 0)
		return;
	for (nfds_t i = OTHERS; i < count; i++) {
		struct member *member = &su->members[owners[i]];
		struct process *process = owner_of(member, polls[i].fd);

		if (polls[i].revents == 0 || process == NULL)
			continue;
		if (read(polls[i].fd, &byte, 1) == 1)
			became_ready(su, member, process);
		else
			forget_ready_fd(process); /* it died: SIGCHLD handles the rest */
	}
}

static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int prepare(struct supervisor *su)
{
	struct secret previous;
	int fds[API_MAX], port = 0, has = 0;
	int metrics_fd =
	    metrics_create((unsigned)(su->config->processes + 1 + su->config->media_processes));
	int rc = metrics_fd < 0 ? metrics_fd : metrics_watch(metrics_fd);

	if (rc == 0)
		rc = sockets_open(su->config->listen, (int)su->config->processes, fds, &port);
	if (rc == 0) {
		startup_url(su->config, port, su->url, sizeof(su->url));
		running_record(&su->services.data_folder, su->url, false);
		rc = secret_load(su->config, su->services.data_folder.data, &su->secret);
	}
	if (rc == 0)
		rc = has =
		    secret_find_previous(su->config, su->services.data_folder.data, &previous);
	su->has_previous = has == 1;
	if (rc >= 0)
		rc = migrate(su->config, &su->services, &su->secret, MIGRATE_FOR_SERVE);
	if (rc == 0)
		rc = startup_demo(su->config, &su->services);
	if (rc == 0)
		rc = member_world_open(su->config, &su->services, &su->secret,
		                       su->has_previous ? &previous : NULL, metrics_fd, &su->world);
	if (rc < 0)
		return rc;
	assert(su->count == 0 && su->config->processes <= API_MAX &&
	       su->config->media_processes <= MEDIA_MAX);
	su->api_count = (int)su->config->processes;
	for (int i = 0; i < su->api_count; i++)
		add_member(su, MEMBER_API, fds[i], 0);
	add_member(su, MEMBER_JOBS, -1, 0);
	for (int i = 0; i < su->config->media_processes; i++)
		add_member(su, MEMBER_MEDIA, -1, 0);
	if (su->services.pg_embedded)
		add_member(su, MEMBER_PG, -1, su->services.pg);
	if (su->services.redis_embedded)
		add_member(su, MEMBER_REDIS, -1, su->services.redis);
	if (su->services.pg_embedded && su->config->backup_folder[0] != '\0' &&
	    (su->config->backup_hours > 0 || su->config->backup_url[0] != '\0'))
		add_member(su, MEMBER_BACKUP, -1, 0);
	return 0;
}

static void serve(struct supervisor *su)
{
	su->signal_fd = open_signals();
	assert(su->signal_fd >= 0);
	if (services_stop_asked())
		begin_stop(su);
	while (su->phase != PHASE_DONE) {
		take_signals(su);
		reap(su);
		start_due(su, clock_monotonic_ms());
		reload_watch(su, clock_monotonic_ms());
		watch_for_hung(su, clock_monotonic_ms());
		watch_files(su, clock_monotonic_ms());
		continue_stop(su);
		announce_once(su);
		if (su->phase != PHASE_DONE)
			sleep_until_event(su);
	}
}

int supervise(const struct config *config)
{
	static struct supervisor su;
	unsigned said;
	int rc;

	su.config = config;
	su.reloading = NOT_RELOADING;
	log_start((enum log_level)config->log_level, "supervisor");
	terminal_remember();
	services_catch_signals();
	if (push_setup_check(config) < 0 || mail_setup_check(config) < 0 ||
	    identity_setup_check(config) < 0)
		return 1;
	rc = services_open(config, SERVICES_SERVE, &su.services);
	if (rc < 0)
		return services_stop_asked() ? 0 : 1;
	said = say_count();
	rc = prepare(&su);
	if (rc == 0)
		serve(&su);
	else if (say_count() == said && !services_stop_asked())
		say("cannot serve: %s", strerror(-rc));
	running_forget(&su.services.data_folder);
	services_close(&su.services);
	LOG_INFO("stopped");
	return rc == 0 || services_stop_asked() ? 0 : 1;
}
