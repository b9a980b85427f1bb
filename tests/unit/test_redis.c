/* Redis against a real server, started by tests/unit/with_redis.sh: replies, deadlines, its death.
 */
#include "unit.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <signal.h>
#include <unistd.h>

#include "fibers.h"
#include "store/redis.h"

enum { FIBERS = 300, DEADLINE_MS = 10000, PATIENCE_MS = 10000 };

static struct redis *redis;

static int call(redisReply **ret, int64_t wait_ms, int argc, const char *const argv[])
{
	size_t lengths[8];
	for (int i = 0; i < argc; i++)
		lengths[i] = strlen(argv[i]);
	return redis_call(redis, loop_now_ms() + wait_ms, ret, argc, argv, lengths);
}

static void wait_until_up(void)
{
	int64_t end_ms = loop_now_ms() + PATIENCE_MS;
	while (!redis_is_up(redis) && loop_now_ms() < end_ms)
		co_sleep_ms(5);
	assert_true(redis_is_up(redis));
}

static struct gang gang;

static void set_and_get(void *arg)
{
	char key[32], value[32];
	redisReply *reply = NULL;
	snprintf(key, sizeof(key), "key-%d", (int)(uintptr_t)arg);
	wait_until_up();
	for (int i = 0; i < 20; i++) {
		snprintf(value, sizeof(value), "value-%d", i);
		assert_int_equal(
		    call(&reply, DEADLINE_MS, 3, (const char *const[]){"SET", key, value}), 0);
		freeReplyObject(reply);
		assert_int_equal(call(&reply, DEADLINE_MS, 2, (const char *const[]){"GET", key}),
		                 0);
		assert_int_equal(reply->type, REDIS_REPLY_STRING);
		assert_string_equal(reply->str, value);
		freeReplyObject(reply);
	}
	gang_leave(&gang);
}

static void join(void *arg)
{
	gang_join(&gang);
}

static void every_caller_gets_its_own_reply(void **state)
{
	for (unsigned i = 0; i < FIBERS; i++) {
		gang.running++;
		assert_int_equal(co_start(set_and_get, (void *)(uintptr_t)i), 0);
	}
	on_fiber(join, NULL);
}

static void nest(void *arg)
{
	redisReply *reply = NULL;
	const char *script = "return {1, {2, 'three'}}";
	wait_until_up();
	assert_int_equal(call(&reply, DEADLINE_MS, 3, (const char *const[]){"EVAL", script, "0"}),
	                 0);
	assert_int_equal(reply->elements, 2);
	assert_string_equal(reply->element[1]->element[1]->str, "three");
	freeReplyObject(reply);
	assert_int_equal(call(&reply, DEADLINE_MS, 1, (const char *const[]){"NONSENSE"}), 0);
	assert_int_equal(reply->type, REDIS_REPLY_ERROR);
	freeReplyObject(reply);
}

static void nested_replies_and_errors_arrive_whole(void **state)
{
	on_fiber(nest, NULL);
}

static void time_out(void *arg)
{
	redisReply *reply = NULL;
	wait_until_up();
	assert_int_equal(call(&reply, 20, 3, (const char *const[]){"BLPOP", "nothing", "0.2"}),
	                 -ETIMEDOUT);
	assert_null(reply);
	/* The late reply goes to nobody, and the next one to its caller. */
	assert_int_equal(call(&reply, DEADLINE_MS, 2, (const char *const[]){"ECHO", "here"}), 0);
	assert_string_equal(reply->str, "here");
	freeReplyObject(reply);
}

static void a_deadline_ends_a_call(void **state)
{
	on_fiber(time_out, NULL);
}

static void lose_it(void *arg)
{
	redisReply *reply = NULL;
	const char *const lua[] = {"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no"};
	wait_until_up();
	int r = call(&reply, DEADLINE_MS, 6, lua);
	if (r == 0)
		freeReplyObject(reply);
	else
		assert_int_equal(r, -EHOSTDOWN);
	int64_t end_ms = loop_now_ms() + PATIENCE_MS;
	while (redis_is_up(redis) && loop_now_ms() < end_ms)
		co_sleep_ms(1);
	assert_int_equal(call(&reply, DEADLINE_MS, 1, (const char *const[]){"PING"}), -EHOSTDOWN);
	wait_until_up();
	assert_int_equal(call(&reply, DEADLINE_MS, 1, (const char *const[]){"PING"}), 0);
	freeReplyObject(reply);
	redis_send(redis, 2, (const char *const[]){"INCR", "told"}, (const size_t[]){4, 4});
	assert_int_equal(call(&reply, DEADLINE_MS, 2, (const char *const[]){"GET", "told"}), 0);
	assert_string_equal(reply->str, "1");
	freeReplyObject(reply);
}

static void a_lost_connection_comes_back(void **state)
{
	on_fiber(lose_it, NULL);
}

static char heard[64];

static void hear(void *arg, const char *bytes, size_t length)
{
	assert_true(length < sizeof(heard));
	memcpy(heard, bytes, length);
	heard[length] = '\0';
}

/* Publishes until it is heard: a subscription takes a moment. */
static void publish_until_heard(const char *channel, const char *text)
{
	int64_t end_ms = loop_now_ms() + PATIENCE_MS;

	while (strcmp(heard, text) != 0 && loop_now_ms() < end_ms) {
		redisReply *reply = NULL;
		if (call(&reply, DEADLINE_MS, 3, (const char *const[]){"PUBLISH", channel, text}) ==
		    0)
			freeReplyObject(reply);
		co_sleep_ms(5);
	}
	assert_string_equal(heard, text);
}

static void lend_an_ear(void *arg)
{
	static const char *const CHANNELS[] = {"one", "two"};
	static const struct redis_listener LISTENER = {
	    .channel_count = 2, .channels = CHANNELS, .message = hear};
	struct redis *ear = NULL;
	redisReply *reply = NULL;

	wait_until_up();
	assert_int_equal(redis_subscribe(getenv("SEBEZ_TEST_REDIS"), &LISTENER, &ear), 0);
	publish_until_heard("one", "first");
	publish_until_heard("two", "second");
	assert_int_equal(
	    call(&reply, DEADLINE_MS, 4, (const char *const[]){"CLIENT", "KILL", "TYPE", "pubsub"}),
	    0);
	freeReplyObject(reply);
	publish_until_heard("one", "third");
	redis_close(ear);
}

static void a_listener_hears_and_listens_again_when_it_was_cut_off(void **state)
{
	on_fiber(lend_an_ear, NULL);
}

static void find_nobody(void *arg)
{
	struct redis *nobody = NULL;
	redisReply *reply = NULL;
	assert_int_equal(redis_open("http://x", &nobody), -EINVAL);
	assert_int_equal(redis_open("unix:relative", &nobody), -EINVAL);
	assert_int_equal(redis_open("redis://:secret@127.0.0.1:0", &nobody), -EINVAL);
	assert_int_equal(redis_open("unix:/nonexistent/socket", &nobody), 0);
	co_sleep_ms(200);
	assert_false(redis_is_up(nobody));
	assert_int_equal(redis_call(nobody, loop_now_ms() + 100, &reply, 1,
	                            (const char *const[]){"PING"}, (const size_t[]){4}),
	                 -EHOSTDOWN);
	redis_close(nobody);
	assert_int_equal(redis_open("redis://:secret@127.0.0.1:1", &nobody), 0);
	co_sleep_ms(100);
	assert_false(redis_is_up(nobody));
	redis_close(nobody);
}

static void without_a_server_the_answer_is_immediate(void **state)
{
	on_fiber(find_nobody, NULL);
}

static int open_redis(void **state)
{
	return redis_open(getenv("SEBEZ_TEST_REDIS"), &redis);
}

static int close_redis(void **state)
{
	redis_close(redis);
	return 0;
}

int main(void)
{
	if (getenv("SEBEZ_TEST_REDIS") == NULL) {
		puts("SEBEZ_TEST_REDIS is not set: skipped");
		return 77;
	}
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_caller_gets_its_own_reply),
	    cmocka_unit_test(nested_replies_and_errors_arrive_whole),
	    cmocka_unit_test(a_deadline_ends_a_call),
	    cmocka_unit_test(a_lost_connection_comes_back),
	    cmocka_unit_test(a_listener_hears_and_listens_again_when_it_was_cut_off),
	    cmocka_unit_test(without_a_server_the_answer_is_immediate),
	};
	int failed = cmocka_run_group_tests(tests, open_redis, close_redis);
	loop_close();
	return failed;
}
