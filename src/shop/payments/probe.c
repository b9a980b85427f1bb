/* probe: what `sebez check` tells of the providers of payments. */
#include <assert.h>
#include <string.h>

#include "base/arena.h"
#include "net/http_client.h"
#include "net/loop.h"
#include "shop/payments/provider.h"

enum { ARENA_BYTES = 256 * 1024, CALL_MS = 15 * 1000, BODY_MAX = 256 * 1024 };

static const struct probed {
	const char *what; /* the setting of its key */
	const char *path; /* reads something that only who has a key may read */
} CHAPA_PROBE = {"CHAPA_SECRET_KEY", "/v1/banks"},
  STRIPE_PROBE = {"STRIPE_SECRET_KEY", "/v1/balance"};

static void probe(struct arena *arena, const struct probed *probed, const char *url,
                  const char *key, payments_report_fn *report, void *arg)
{
	const struct http_header headers[] = {
	    {"Authorization", arena_printf(arena, "Bearer %s", key)}};
	const struct http_client_request request = {
	    .method = "GET",
	    .url = arena_printf(arena, "%s%s", url, probed->path),
	    .headers = headers,
	    .header_count = 1,
	    .body_max = BODY_MAX,
	    .trusted = true,
	};
	struct http_client_response response;
	int rc = http_client_send(arena, &request, loop_now_ms() + CALL_MS, &response);

	if (rc < 0)
		report(arg, false, probed->what, response.error);
	else if (response.status == 200)
		report(arg, true, probed->what, "is taken");
	else
		report(arg, false, probed->what,
		       arena_printf(arena, "%s answers %d", url, response.status));
}

void payments_probe(const struct payment_settings *settings, payments_report_fn *report, void *arg)
{
	struct arena *arena = arena_new(ARENA_BYTES, NULL, NULL);

	assert(report != NULL && payment_settings_mistake(settings) == NULL);
	if (settings->chapa_secret_key[0] != 0)
		probe(arena, &CHAPA_PROBE, settings->chapa_url, settings->chapa_secret_key, report,
		      arg);
	if (settings->stripe_secret_key[0] != 0)
		probe(arena, &STRIPE_PROBE, settings->stripe_url, settings->stripe_secret_key,
		      report, arg);
	arena_free(arena);
}
