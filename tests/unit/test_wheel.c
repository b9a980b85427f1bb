/* The timing wheel: fires what is due, not before, and lets go of what is removed. */
#include "unit.h"

#include "net/loop.h"
#include "net/wheel.h"

enum { TIMERS = 2000, LONGEST_MS = 4 * 60 * 1000 };

struct waiter {
	struct wheel_timer timer;
	int64_t due_ms;
	int fired;
};

static struct waiter waiters[TIMERS];
static struct wheel *wheel;
static int64_t now_ms;
static unsigned fired_count;

static struct waiter *waiter_of(struct wheel_timer *timer)
{
	return CONTAINER_OF(timer, struct waiter, timer);
}

static void on_fire(struct wheel_timer *timer)
{
	struct waiter *waiter = waiter_of(timer);

	assert_true(waiter->due_ms <= now_ms);
	waiter->fired++;
	fired_count++;
}

static void add(struct waiter *waiter, int64_t due_ms)
{
	waiter->due_ms = due_ms;
	wheel_add(wheel, &waiter->timer, due_ms);
}

static int set_up(void **state)
{
	memset(waiters, 0, sizeof(waiters));
	for (int i = 0; i < TIMERS; i++)
		wheel_timer_init(&waiters[i].timer);
	wheel = wheel_new(on_fire);
	now_ms = loop_now_ms();
	fired_count = 0;
	return 0;
}

static int tear_down(void **state)
{
	wheel_free(wheel);
	return 0;
}

/* In steps of any length; each fires in the turn after it is due, or before. */
static void everyone_fires_once_and_never_early(void **state)
{
	for (int i = 0; i < TIMERS; i++)
		add(&waiters[i], now_ms + random_between(0, LONGEST_MS));
	int64_t end_ms = now_ms + LONGEST_MS + 2 * WHEEL_TICK_MS;

	while (now_ms < end_ms) {
		now_ms += random_between(1, 1000);
		wheel_turn(wheel, now_ms);
		for (int i = 0; i < TIMERS; i++)
			assert_true(waiters[i].fired > 0 ||
			            waiters[i].due_ms > now_ms - 2 * WHEEL_TICK_MS);
	}
	for (int i = 0; i < TIMERS; i++)
		assert_int_equal(waiters[i].fired, 1);
	assert_int_equal(wheel_count(wheel), 0);
}

static void whoever_is_removed_does_not_fire(void **state)
{
	for (int i = 0; i < TIMERS; i++)
		add(&waiters[i], now_ms + random_between(0, 5000));
	for (int i = 0; i < TIMERS; i += 2) {
		wheel_remove(wheel, &waiters[i].timer);
		wheel_remove(wheel, &waiters[i].timer);
	}
	assert_int_equal(wheel_count(wheel), TIMERS / 2);
	now_ms += 6000;
	wheel_turn(wheel, now_ms);
	for (int i = 0; i < TIMERS; i++)
		assert_int_equal(waiters[i].fired, i % 2);
}

/* A machine that was asleep for longer than the wheel goes round. */
static void a_long_sleep_fires_all_that_is_due(void **state)
{
	for (int i = 0; i < TIMERS; i++)
		add(&waiters[i], now_ms + random_between(0, LONGEST_MS));
	now_ms += 10 * LONGEST_MS;
	wheel_turn(wheel, now_ms);
	assert_int_equal(fired_count, TIMERS);
}

static unsigned again_left;

static void fire_again(struct wheel_timer *timer)
{
	fired_count++;
	if (again_left-- > 0)
		wheel_add(wheel, timer, now_ms + 1);
}

static void a_callback_may_add_its_timer_again(void **state)
{
	wheel_free(wheel);
	wheel = wheel_new(fire_again);
	again_left = 5;
	add(&waiters[0], now_ms);
	for (int i = 0; i < 20; i++) {
		now_ms += WHEEL_TICK_MS;
		wheel_turn(wheel, now_ms);
	}
	assert_int_equal(fired_count, 6);
}

int main(void)
{
	random_begin();
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(everyone_fires_once_and_never_early, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(whoever_is_removed_does_not_fire, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_long_sleep_fires_all_that_is_due, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_callback_may_add_its_timer_again, set_up, tear_down),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	loop_close();
	return failed;
}
