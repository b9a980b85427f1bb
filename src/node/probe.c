#include "node/probe.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "net/co.h"
#include "net/http_client.h"
#include "net/loop.h"
#include "node/commands.h"
#include "node/probe_steps.h"
#include "node/process.h"
#include "node/say.h"

enum { STEP_MS = 15000, ARENA_BYTES = 8 * 1024 * 1024, STEPS_MAX = 16 };

static struct {
	struct probe probe;
	int64_t took_ms[STEPS_MAX]; /* -1: not done, or failed */
	int64_t total_ms;
	bool failed;
} run;

static bool run_step(const struct probe_step *step, int64_t *ret_ms)
{
	int64_t begun_ms = loop_now_ms();

	run.probe.deadline_ms = begun_ms + STEP_MS;
	run.probe.reason[0] = '\0';
	run.probe.arena = arena_new(ARENA_BYTES, NULL, NULL);
	bool good = step->run(&run.probe);

	assert(good || run.probe.reason[0] != '\0');
	arena_free(run.probe.arena);
	run.probe.arena = NULL;
	if (good) {
		*ret_ms = loop_now_ms() - begun_ms;
		printf("%-9s %6lld ms\n", step->name, (long long)*ret_ms);
	} else {
		printf("%-9s failed: %s\n", step->name, run.probe.reason);
	}
	fflush(stdout);
	return good;
}

static void run_steps(void *arg)
{
	(void)arg;
	co_sleep_ms(1); /* the loop's clock stands still while the loop does not run */
	int64_t begun_ms = loop_now_ms();

	for (size_t i = 0; i < PROBE_STEP_COUNT; i++) {
		const struct probe_step *step = &PROBE_STEPS[i];
		bool undoes = step->is_due != NULL;

		run.took_ms[i] = -1;
		if (undoes ? step->is_due(&run.probe) : !run.failed)
			run.failed |= !run_step(step, &run.took_ms[i]);
	}
	run.total_ms = loop_now_ms() - begun_ms;
	loop_stop();
}

static void write_metrics(FILE *out)
{
	fprintf(out,
	        "# HELP sebez_probe_success Whether every step of sebez probe succeeded.\n"
	        "# TYPE sebez_probe_success gauge\nsebez_probe_success %d\n"
	        "# HELP sebez_probe_timestamp_seconds When it ended.\n"
	        "# TYPE sebez_probe_timestamp_seconds gauge\n"
	        "sebez_probe_timestamp_seconds %lld\n"
	        "# HELP sebez_probe_step_seconds How long a step took; those that failed are "
	        "absent.\n# TYPE sebez_probe_step_seconds gauge\n",
	        !run.failed, (long long)time(NULL));
	for (size_t i = 0; i < PROBE_STEP_COUNT; i++)
		if (run.took_ms[i] >= 0)
			fprintf(out, "sebez_probe_step_seconds{step=\"%s\"} %lld.%03lld\n",
			        PROBE_STEPS[i].name, (long long)run.took_ms[i] / 1000,
			        (long long)run.took_ms[i] % 1000);
}

/* Whoever reads the file finds it whole: it is renamed when it is. */
static bool keep_metrics(const char *path)
{
	char fresh[1024];
	int length = snprintf(fresh, sizeof(fresh), "%s.new", path);
	FILE *out = length < (int)sizeof(fresh) ? fopen(fresh, "w") : NULL;

	if (out != NULL) {
		write_metrics(out);
		if (fclose(out) == 0 && rename(fresh, path) == 0)
			return true;
	}
	say("probe: cannot write %s", path);
	return false;
}

static bool is_base_url(const char *url)
{
	bool is_http = strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0;

	return is_http && url[strlen(url) - 1] != '/';
}

int probe_main(const struct config *config, const struct probe_options *options)
{
	assert(PROBE_STEP_COUNT <= STEPS_MAX);
	if (!is_base_url(options->url)) {
		say("probe: the URL is like https://shop.example.com");
		return NOT_UNDERSTOOD;
	}
	if (options->email != NULL && config->probe_password[0] == '\0') {
		say("probe: SEBEZ_PROBE_PASSWORD is the password of the account of --email");
		return NOT_UNDERSTOOD;
	}
	run.probe = (struct probe){.options = options, .password = config->probe_password};
	run.failed = false;
	if (process_start_http_client(config) < 0)
		return 1;
	if (co_start(run_steps, NULL) == 0)
		loop_run();
	else
		run.failed = true;
	http_client_stop();
	if (!run.failed)
		printf("all steps succeeded in %lld ms\n", (long long)run.total_ms);
	bool kept = options->metrics == NULL || keep_metrics(options->metrics);

	return !run.failed && kept ? 0 : 1;
}
