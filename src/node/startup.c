#include "node/startup.h"

#include <stdio.h>
#include <string.h>

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
	printf("Ctrl-C stops it.\n\n");
	fflush(stdout);
}
