#include "node/startup.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "node/admin_db.h"
#include "node/say.h"
#include "node/schema.h"
#include "shop/shop.h"

#define DEMO_ROW "demo marketplace"

int startup_demo_done(const struct services *services)
{
	PGconn *conn;
	int rc = admin_db_open(services, false, &conn);

	if (rc < 0)
		return rc;
	rc = schema_record(conn, DEMO_ROW, "");
	PQfinish(conn);
	return rc;
}

static int is_loaded(const struct services *services, bool *ret)
{
	struct schema schema;
	PGconn *conn;
	int rc = admin_db_open(services, false, &conn);

	if (rc < 0)
		return rc;
	rc = schema_read(conn, &schema);
	if (rc == 0) {
		*ret = schema_value(&schema, DEMO_ROW) != NULL;
		schema_clear(&schema);
	}
	PQfinish(conn);
	return rc;
}

int startup_demo(const struct config *config, const struct services *services)
{
	const char *argv[] = {"sebez", "demo", NULL};
	struct child_spec spec = {.argv = argv, .output_fd = -1, .death_signal = SIGTERM};
	char program[1024] = "";
	bool loaded = false;
	int rc;

	assert(services->owner); /* the tool borrows them */
	if (config->demo == 0)
		return 0;
	rc = is_loaded(services, &loaded);
	if (rc < 0 || loaded)
		return rc;
	if (readlink("/proc/self/exe", program, sizeof(program) - 1) <= 0)
		return -errno;
	/* Runs as a separate process: loading needs an event loop, which the supervisor does not
	 * have. The process borrows our services like any other tool. */
	spec.program = program;
	if (child_run(&spec) != 0)
		say("loading the demo marketplace failed; serving without it");
	return 0;
}

void startup_url(const struct config *config, int port, char *ret, size_t size)
{
	char host[80] = "";
	int configured;
	const char *shown = host;

	if (config_split_listen(config->listen, host, sizeof(host), &configured) &&
	    (strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0))
		shown = "localhost";
	snprintf(ret, size, strchr(shown, ':') != NULL ? "http://[%s]:%d" : "http://%s:%d", shown,
	         port);
}

void startup_announce(const struct config *config, const char *url)
{
	printf("\nSebez is running:  %s\n", url);
	printf("  console          %s/console\n", url);
	printf("  API reference    /docs, /openapi.json\n"
	       "  health, metrics  /healthz, /readyz, /metrics\n");
	if (config->demo != 0)
		printf("  what it sends    %s/dev/push, /dev/sms\n",
		       config->smtp_url[0] == '\0' ? "/dev/mail, " : "");
	if (config->demo != 0)
		printf("%s", shop_demo_accounts());
	printf("Ctrl-C stops it.\n\n");
	fflush(stdout);
}
