#include "node/startup.h"

#include <errno.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "node/say.h"
#include "shop/shop.h"

#define DEMO_ROW "'demo marketplace'"

static int ask(const struct services *services, const char *text, bool *ret_any)
{
	PGconn *conn = PQconnectdb(services->admin);
	PGresult *result = PQexec(conn, text);
	ExecStatusType status = PQresultStatus(result);
	int rc = status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK ? 0 : -EBADMSG;

	if (rc < 0)
		say("the database refused: %s", PQerrorMessage(conn));
	else if (ret_any != NULL)
		*ret_any = PQntuples(result) > 0;
	PQclear(result);
	PQfinish(conn);
	return rc;
}

int startup_demo_done(const struct services *services)
{
	return ask(services,
	           "insert into sebez_migration (name, sha256) values (" DEMO_ROW ", '') "
	           "on conflict do nothing",
	           NULL);
}

int startup_demo(const struct config *config, const struct services *services)
{
	const char *argv[] = {"sebez", "demo", NULL};
	struct child_spec spec = {.argv = argv, .output_fd = -1};
	char program[1024] = "";
	bool loaded = false;
	int rc;

	if (config->demo == 0)
		return 0;
	rc = ask(services, "select 1 from sebez_migration where name = " DEMO_ROW, &loaded);
	if (rc < 0 || loaded)
		return rc;
	if (readlink("/proc/self/exe", program, sizeof(program) - 1) <= 0)
		return -errno;
	/* A process of its own: loading runs on a loop, which the supervisor does not have. It
	 * borrows our services like any other tool. */
	spec.program = program;
	if (child_run(&spec) != 0)
		say("the demo marketplace was not loaded; serving without it");
	return 0;
}

void startup_announce(const struct config *config, int port)
{
	char host[80] = "";
	int configured;
	const char *shown = host;

	if (config_split_listen(config->listen, host, sizeof(host), &configured) &&
	    (strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0))
		shown = "localhost";
	if (strchr(shown, ':') != NULL)
		printf("\nSebez is running:  http://[%s]:%d\n", shown, port);
	else
		printf("\nSebez is running:  http://%s:%d\n", shown, port);
	printf("  API reference    /docs, /openapi.json\n"
	       "  health, metrics  /healthz, /readyz, /metrics\n");
	if (config->demo != 0)
		printf("%s", shop_demo_accounts());
	printf("Ctrl-C stops it.\n\n");
	fflush(stdout);
}
