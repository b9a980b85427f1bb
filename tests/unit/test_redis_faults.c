/* Redis as it should not be: servers of the test's own that refuse or fall silent, and a resolver
 * that does not answer. */
#include "unit.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <semaphore.h>
#include <unistd.h>

#include "base/limits.h"
#include "fibers.h"
#include "store/outage.h"
#include "store/redis.h"
#include "store/redis_internal.h"

enum { PATIENCE_MS = 10000, PATIENCE_S = 10 };

/* A server that gives the same answer to whatever comes, as often as it is told to. */
static struct fake {
	uv_tcp_t server;
	int port;
	const char *answer;
	int answers; /* left of the latest connection */
	int answers_each;
	int connections;
	uv_tcp_t *latest;
	char heard[4096];
} fake;

static void free_client(uv_handle_t *client)
{
	if (fake.latest == (uv_tcp_t *)client)
		fake.latest = NULL;
	free(client);
}

static void give_buffer(uv_handle_t *client, size_t size, uv_buf_t *ret)
{
	static char bytes[65536];

	*ret = uv_buf_init(bytes, sizeof(bytes));
}

static void on_read(uv_stream_t *client, ssize_t count, const uv_buf_t *buf)
{
	uv_buf_t answer = uv_buf_init((char *)fake.answer, (unsigned)strlen(fake.answer));

	if (count < 0) {
		uv_close((uv_handle_t *)client, free_client);
		return;
	}
	snprintf(fake.heard + strlen(fake.heard), sizeof(fake.heard) - strlen(fake.heard), "%.*s",
	         (int)count, buf->base);
	if (fake.answers-- > 0)
		(void)uv_try_write(client, &answer, 1);
}

static void on_client(uv_stream_t *server, int status)
{
	uv_tcp_t *client = calloc(1, sizeof(*client));

	assert_int_equal(uv_tcp_init(loop_uv(), client), 0);
	assert_int_equal(uv_accept(server, (uv_stream_t *)client), 0);
	assert_int_equal(uv_read_start((uv_stream_t *)client, give_buffer, on_read), 0);
	fake.latest = client;
	fake.answers = fake.answers_each;
	fake.connections++;
}

static void fake_begin(const char *answer, int answers_each)
{
	fake.answer = answer;
	fake.answers_each = answers_each;
	fake.connections = 0;
	fake.heard[0] = '\0';
}

static int fake_open(void **state)
{
	struct sockaddr_in address;
	int length = sizeof(address);

	assert_int_equal(uv_ip4_addr("127.0.0.1", 0, &address), 0);
	assert_int_equal(uv_tcp_init(loop_uv(), &fake.server), 0);
	assert_int_equal(uv_tcp_bind(&fake.server, (const struct sockaddr *)&address, 0), 0);
	assert_int_equal(uv_listen((uv_stream_t *)&fake.server, 64, on_client), 0);
	uv_tcp_getsockname(&fake.server, (struct sockaddr *)&address, &length);
	fake.port = ntohs(address.sin_port);
	return 0;
}

/* libuv and hiredis call this one. Of slow.test it knows nothing until it is let. */
static sem_t resolver;

int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                struct addrinfo **ret)
{
	struct found {
		struct addrinfo info;
		struct sockaddr_in address;
	} * found;
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_S;
	if (strcmp(host, "slow.test") == 0 ? sem_timedwait(&resolver, &until) != 0
	                                   : strcmp(host, "127.0.0.1") != 0)
		return EAI_AGAIN;
	found = calloc(1, sizeof(*found));
	(void)uv_ip4_addr("127.0.0.1", service == NULL ? 0 : atoi(service), &found->address);
	found->info = (struct addrinfo){.ai_family = AF_INET,
	                                .ai_socktype = SOCK_STREAM,
	                                .ai_addrlen = sizeof(found->address),
	                                .ai_addr = (struct sockaddr *)&found->address};
	*ret = &found->info;
	return 0;
}

void freeaddrinfo(struct addrinfo *found)
{
	free(found);
}

static char told[256]; /* of an outage, the latest reason */
static int told_count, over_count;

static void take_note(const char *store, const char *reason)
{
	assert_string_equal(store, "redis");
	if (reason == NULL)
		over_count++;
	else
		snprintf(told, sizeof(told), "%s", reason);
	told_count += reason != NULL;
}

static struct redis *open_at(const char *login, const char *host)
{
	struct redis *redis = NULL;
	char url[256];

	snprintf(url, sizeof(url), "redis://%s%s:%d", login, host, fake.port);
	assert_int_equal(redis_open(url, &redis), 0);
	return redis;
}

static void wait_until(struct redis *redis, bool up)
{
	int64_t end_ms = loop_now_ms() + PATIENCE_MS;

	while (redis_is_up(redis) != up && loop_now_ms() < end_ms)
		co_sleep_ms(5);
	assert_int_equal(redis_is_up(redis), up);
}

static void tell(struct redis *redis)
{
	redis_send(redis, 1, (const char *const[]){"NOTE"}, (const size_t[]){4});
}

static void fall_silent(void *arg)
{
	struct redis *redis = open_at("", "127.0.0.1");
	redisReply *reply = NULL;
	int64_t end_ms = loop_now_ms() + PATIENCE_MS;

	wait_until(redis, true);
	for (int i = 0; i < LIMIT_REDIS_PENDING; i++)
		tell(redis);
	assert_int_equal(redis_call(redis, end_ms, &reply, 1, (const char *const[]){"PING"},
	                            (const size_t[]){4}),
	                 -EHOSTDOWN);
	while (redis_is_up(redis) && loop_now_ms() < end_ms) {
		tell(redis);
		co_sleep_ms(5);
	}
	assert_false(redis_is_up(redis));
	assert_string_equal(told, "no response");
	wait_until(redis, true);
	assert_int_equal(over_count, 1);
	redis_close(redis);
}

static void one_that_falls_silent_costs_no_memory_without_end(void **state)
{
	fake_begin("+PONG\r\n", 1);
	on_fiber(fall_silent, NULL);
}

static void be_refused(void *arg)
{
	const char *login = arg;
	struct redis *redis = open_at(login, "127.0.0.1");

	int64_t end_ms = loop_now_ms() + PATIENCE_MS;

	told_count = 0;
	co_sleep_ms(1000);
	while (told_count == 0 && loop_now_ms() < end_ms)
		co_sleep_ms(5);
	assert_false(redis_is_up(redis));
	/* With back-off it is six or fewer, without it dozens. */
	assert_in_range(fake.connections, 1, 10);
	assert_string_equal(told, fake.answer[1] == 'W' ? "WRONGPASS no" : "ERR too many");
	assert_int_equal(told_count, 1);
	redis_close(redis);
}

static void one_that_refuses_is_left_alone_for_longer_each_time(void **state)
{
	fake_begin("-ERR too many\r\n", 1);
	on_fiber(be_refused, (void *)"");
	fake_begin("-WRONGPASS no\r\n", 1);
	on_fiber(be_refused, (void *)":secret@");
}

static void log_in(void *arg)
{
	struct redis *redis = open_at("bob:p%40ss%3A@", "127.0.0.1");

	wait_until(redis, true);
	assert_non_null(strstr(fake.heard, "AUTH\r\n$3\r\nbob\r\n$5\r\np@ss:\r\n"));
	redis_close(redis);
}

static void a_login_is_decoded_and_has_a_user(void **state)
{
	fake_begin("+OK\r\n", 2);
	on_fiber(log_in, NULL);
}

static void look_up_slowly(void *arg)
{
	struct redis *redis = open_at("", "slow.test");

	co_sleep_ms(20); /* the loop turns while the resolver has not answered */
	assert_false(redis_is_up(redis));
	sem_post(&resolver);
	wait_until(redis, true);
	/* The next connection does not wait for the resolver. */
	uv_close((uv_handle_t *)fake.latest, free_client);
	wait_until(redis, false);
	wait_until(redis, true);
	sem_post(&resolver);
	redis_close(redis);
}

static void a_slow_resolver_stops_nobody(void **state)
{
	fake_begin("+PONG\r\n", 1);
	on_fiber(look_up_slowly, NULL);
}

static void find_no_name(void *arg)
{
	struct redis *redis = open_at("", "unknown.test");
	int64_t end_ms = loop_now_ms() + PATIENCE_MS;

	told[0] = '\0';
	while (told[0] == '\0' && loop_now_ms() < end_ms)
		co_sleep_ms(5);
	assert_string_equal(told, uv_strerror(UV_EAI_AGAIN));
	redis_close(redis);
}

static void a_name_that_is_unknown_is_told_of(void **state)
{
	on_fiber(find_no_name, NULL);
}

static void urls_are_taken_apart(void **state)
{
	static const char *const BAD[] = {
	    "redis://",        "redis://:6379",  "redis://h:",  "redis://h:0",
	    "redis://h:65536", "redis://h:6x",   "redis://u@h", "redis://:%zz@h",
	    "redis://:%00@h",  "redis://[::1",   "redis://[]",  "redis://[::1]x",
	    "redis://h:1/2",   "redis://h?db=1", "rediss://h",  "unix:x",
	};
	struct redis_url url;

	assert_int_equal(redis_url_parse("redis://[::1]:7000/", &url), 0);
	assert_string_equal(url.host, "::1");
	assert_int_equal(url.port, 7000);
	assert_null(url.password);
	redis_url_free(&url);
	assert_int_equal(redis_url_parse("redis://u%2F:a@b@cache.internal", &url), 0);
	assert_string_equal(url.host, "cache.internal");
	assert_int_equal(url.port, 6379);
	assert_string_equal(url.user, "u/");
	assert_string_equal(url.password, "a@b");
	redis_url_free(&url);
	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
		assert_int_equal(redis_url_parse(BAD[i], &url), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(urls_are_taken_apart),
	    cmocka_unit_test(one_that_falls_silent_costs_no_memory_without_end),
	    cmocka_unit_test(one_that_refuses_is_left_alone_for_longer_each_time),
	    cmocka_unit_test(a_login_is_decoded_and_has_a_user),
	    cmocka_unit_test(a_slow_resolver_stops_nobody),
	    cmocka_unit_test(a_name_that_is_unknown_is_told_of),
	};

	sem_init(&resolver, 0, 0);
	outage_report(take_note);
	int failed = cmocka_run_group_tests(tests, fake_open, NULL);
	loop_close();
	return failed;
}
