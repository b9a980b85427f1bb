#include "store/outage.h"

#include <stdio.h>
#include <string.h>

#include "net/loop.h"

enum { QUIET_MS = 1000, FRESH_MS = 60 * 1000 };

static outage_fn *listener;

void outage_report(outage_fn *tell)
{
	listener = tell;
}

void outage_on(struct outage *outage, const char *store, const char *reason)
{
	char text[sizeof(outage->told)];

	outage->last_ms = loop_now_ms();
	snprintf(text, sizeof(text), "%s", reason[0] == '\0' ? "no response" : reason);
	text[strcspn(text, "\n")] =
	    '\0'; /* only the first line of libpq's message; the others are advice */
	if (strcmp(text, outage->told) == 0 || loop_now_ms() < outage->quiet_until_ms)
		return;
	memcpy(outage->told, text, sizeof(text));
	outage->quiet_until_ms = loop_now_ms() + QUIET_MS;
	if (listener != NULL)
		listener(store, text);
}

void outage_over(struct outage *outage, const char *store)
{
	if (outage->told[0] == '\0')
		return;
	outage->told[0] = '\0';
	if (listener != NULL)
		listener(store, NULL);
}

bool outage_is_on(const struct outage *outage)
{
	return outage->told[0] != '\0' && loop_now_ms() - outage->last_ms < FRESH_MS;
}
