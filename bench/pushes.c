/*
 * pushes: what a push message costs the process that sends it, in CPU: signing, encrypting, and the
 * call over HTTP/2 to a server that takes everything.
 *
 *   pushes URL CA_FILE REQUESTS AT_ONCE
 *
 * Prints lines "NAME COUNT CPU_US": how many were made, and the CPU time of one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/limits.h"
#include "net/co.h"
#include "net/http_client_group.h"
#include "net/loop.h"
#include "shop/push/provider.h"

enum { SIGNATURES = 2000, MESSAGES = 20000, DEADLINE_MS = 60 * 1000 };

static struct {
	const char *url;
	unsigned count, at_once, sent, answered, failed;
} calls;

static double cpu_us(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static void tell(const char *name, unsigned count, double before_us)
{
	printf("%s %u %.1f\n", name, count, (cpu_us() - before_us) / count);
}

static void check(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "pushes: %s\n", what);
	exit(1);
}

static void sign(void)
{
	uint8_t secret[P256_SECRET_BYTES] = {1};
	struct jwt_key *key = jwt_key_from_secret(secret);
	struct arena *arena = arena_new(64 * 1024 * 1024, NULL, NULL);
	double before_us = cpu_us();

	check(key != NULL, "no key");
	for (int i = 0; i < SIGNATURES; i++)
		check(apns_token(arena, key, "KEY1234567", "TEAM123456", i) != NULL, "no token");
	tell("es256", SIGNATURES, before_us);
	arena_free(arena);
	jwt_key_free(key);
}

/* To as many browsers as there are messages: the key agreement is the work. */
static void encrypt(void)
{
	static char text[200];
	struct web_push_sender *sender = web_push_sender_new();
	struct web_push_keys keys = {.auth = {1}};
	struct web_push_body body;
	EVP_PKEY *browser = p256_new();
	double before_us;

	check(sender != NULL && p256_point(browser, keys.point), "no keys");
	before_us = cpu_us();
	for (int i = 0; i < MESSAGES; i++) {
		struct arena *arena = arena_new(64 * 1024, NULL, NULL);

		check(web_push_encrypt(arena, sender, &keys, text, sizeof(text), NULL, &body) == 0,
		      "not encrypted");
		arena_free(arena);
	}
	tell("web_push", MESSAGES, before_us);
	EVP_PKEY_free(browser);
	web_push_sender_free(sender);
}

static void build(void)
{
	const struct fcm_server server = {"https://fcm.example", "shop", "token", false};
	struct push push = {.device = {.platform = PUSH_ANDROID, .address = "address"},
	                    .group = "conversation",
	                    .title = "Abebe",
	                    .body = "When does it ship?",
	                    .link = "/conversations/1",
	                    .badge = 1};
	struct push_request request;
	double before_us = cpu_us();

	for (int i = 0; i < MESSAGES; i++) {
		struct arena *arena = arena_new(64 * 1024, NULL, NULL);

		check(fcm_build(arena, &server, &push, 0, &request) == 0, "not built");
		arena_free(arena);
	}
	tell("fcm_build", MESSAGES, before_us);
}

static bool begin(struct http_client_group *group)
{
	static const char BODY[] = "{\"message\":{\"token\":\"t\",\"data\":{\"id\":\"1\"}}}";
	static const struct http_header HEADERS[] = {{"Authorization", "Bearer ya29.token"},
	                                             {"Content-Type", "application/json"}};
	const struct http_client_request request = {.method = "POST",
	                                            .url = calls.url,
	                                            .headers = HEADERS,
	                                            .header_count = 2,
	                                            .body = BODY,
	                                            .body_length = sizeof(BODY) - 1,
	                                            .trusted = true};

	return http_client_group_add(group, &request, loop_now_ms() + DEADLINE_MS, NULL);
}

static void call(void *arg)
{
	struct http_client_group *group = http_client_group_new(calls.at_once);
	struct http_client_finished finished;
	double before_us = cpu_us();

	(void)arg;
	check(group != NULL, "no memory");
	do {
		while (calls.sent < calls.count && begin(group))
			calls.sent++;
		if (http_client_group_next(group, &finished)) {
			calls.answered += finished.response.status == 200;
			if (finished.response.status != 200 && calls.failed++ == 0)
				fprintf(stderr, "pushes: %d %s\n", finished.response.status,
				        finished.response.error);
		}
	} while (calls.sent < calls.count || http_client_group_count(group) > 0);
	tell("call", calls.answered, before_us);
	if (calls.failed > 0)
		printf("failed %u 0\n", calls.failed);
	http_client_group_free(group);
	loop_stop();
}

int main(int argc, char **argv)
{
	struct http_client_options options = {0};

	check(argc == 5, "URL CA_FILE REQUESTS AT_ONCE");
	calls.url = argv[1];
	options.ca_file = argv[2];
	calls.count = (unsigned)atoi(argv[3]);
	calls.at_once = (unsigned)atoi(argv[4]);
	check(calls.at_once > 0 && calls.at_once <= LIMIT_CLIENT_GROUP_CALLS, "AT_ONCE");
	sign();
	encrypt();
	build();
	check(http_client_start(&options) == 0 && co_start(call, NULL) == 0, "not started");
	loop_run();
	http_client_stop();
	loop_close();
	return 0;
}
