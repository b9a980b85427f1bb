#include "node/ready.h"

#include <stdio.h>

#include "node/ask_server.h"

int ready_main(const struct config *config)
{
	char answer[4096];
	int status = ask_server(config, "ready", "/readyz", answer, sizeof(answer));

	if (status >= 0)
		printf("%s\n", status == 200 ? "ready" : "not ready");
	return status == 200 ? 0 : 1;
}
